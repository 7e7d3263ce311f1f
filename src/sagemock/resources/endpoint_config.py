"""Endpoint configurations: which models are to be hosted together, and how traffic is shared.

A configuration never changes; an endpoint is updated by giving it another one.
"""

from collections.abc import Iterator

from sagemock.errors import ValidationException
from sagemock.listing import list_query
from sagemock.operation import Call, Members, operation
from sagemock.resource_type import ResourceType
from sagemock.resources.model import CONFIGS_KIND, MODEL
from sagemock.tagging import checked_tags

ENDPOINT_CONFIG = ResourceType(
    noun="EndpointConfig",
    arn_type=CONFIGS_KIND,
    not_found='Could not find endpoint configuration "{arn}".',
    already_exists='Cannot create already existing endpoint configuration "{arn}".',
    lower_case_arn=True,
    anonymous=True,
)

DUPLICATE_VARIANT = "Variant name '{name}' is given more than once."
SERVERLESS_WITH_INSTANCES = (
    "Variant '{name}' has a ServerlessConfig; {member} cannot be specified beside it."
)
SCALING_NOT_SUPPORTED = (
    "ManagedInstanceScaling is not supported with the given EndpointConfig setup."
)
MEMORY_STEPS = "MemorySizeInMB of variant '{name}' is a multiple of {step}; {size} is none."
NO_SERVERLESS_SOURCE = (
    "Variant '{name}' is serverless; the ModelDataSource of model '{model}' cannot be used with it."
)
NO_MODEL = (
    "Variant '{name}' has no ModelName; variants for inference components need an ExecutionRoleArn."
)
ONE_SHADOW = (
    "Where there are ShadowProductionVariants, there is one of them and one of ProductionVariants."
)
PROVISIONED = (
    "ProvisionedConcurrency of variant '{name}' is {provisioned}, more than its MaxConcurrency of "
    "{most}."
)
NO_WEIGHT = "The weight of variant '{name}' is a number from 0 to {most}."
MOST_WEIGHT = 3.4028234663852886e38
MEMORY_STEP_MB = 1024

_OF_INSTANCES = (
    "InitialInstanceCount",
    "InstanceType",
    "InstancePools",
    "AcceleratorType",
    "VolumeSizeInGB",
)


@operation
def create_endpoint_config(call: Call, request: Members) -> Members:
    """Make a configuration; each variant's model has to exist.

    Errors: ValidationException, the name is taken, in whatever case; a model is missing; two
    variants have one name; a variant is both serverless and on instances.
    Cases: fixtures/conformance/endpoint_config/create_*.json
    """
    tags = checked_tags(request.get("Tags", []))
    if "ShadowProductionVariants" in request and not _is_pair(request):
        raise ValidationException(ONE_SHADOW)
    names: set[str] = set()
    for variant in _variants(request):
        if variant["VariantName"] in names:
            raise ValidationException(DUPLICATE_VARIANT.format(name=variant["VariantName"]))
        names.add(variant["VariantName"])
        check_weight(variant["VariantName"], variant.get("InitialVariantWeight", 1.0))
        _check_kind(variant)
        _check_model(call, request, variant)
    config = {name: value for name, value in request.items() if name != "Tags"}
    for member in ("ProductionVariants", "ShadowProductionVariants"):
        if member in config:
            config[member] = [{"InitialVariantWeight": 1.0, **each} for each in config[member]]
    return ENDPOINT_CONFIG.add(call, config["EndpointConfigName"], config, tags=tags)


def _variants(request: Members) -> Iterator[Members]:
    yield from request["ProductionVariants"]
    yield from request.get("ShadowProductionVariants", ())


def _is_pair(request: Members) -> bool:
    return len(request["ProductionVariants"]) == len(request["ShadowProductionVariants"]) == 1


def check_weight(name: str, weight: float) -> None:
    """Refuse a weight that is no 32-bit float, which the service's model makes it. Own text."""
    if not 0 <= weight <= MOST_WEIGHT:
        raise ValidationException(NO_WEIGHT.format(name=name, most=MOST_WEIGHT))


def _check_kind(variant: Members) -> None:
    serverless, name = variant.get("ServerlessConfig"), variant["VariantName"]
    if serverless is None:
        return
    for member in _OF_INSTANCES:
        if member in variant:
            raise ValidationException(SERVERLESS_WITH_INSTANCES.format(name=name, member=member))
    if "ManagedInstanceScaling" in variant:
        raise ValidationException(SCALING_NOT_SUPPORTED)
    check_serverless(name, serverless)


def check_serverless(name: str, serverless: Members) -> None:
    """Refuse a serverless configuration that cannot be. Source: the service model's texts."""
    size, most = serverless["MemorySizeInMB"], serverless["MaxConcurrency"]
    provisioned = serverless.get("ProvisionedConcurrency", 0)
    if provisioned > most:
        raise ValidationException(PROVISIONED.format(name=name, most=most, provisioned=provisioned))
    if size % MEMORY_STEP_MB:
        raise ValidationException(MEMORY_STEPS.format(name=name, step=MEMORY_STEP_MB, size=size))


def _check_model(call: Call, request: Members, variant: Members) -> None:
    name = variant["VariantName"]
    if "ModelName" not in variant:
        if "ExecutionRoleArn" not in request:
            raise ValidationException(NO_MODEL.format(name=name))
        return
    model = MODEL.get(call, variant["ModelName"])
    if "ServerlessConfig" in variant and any(each.get("source") for each in model["containers"]):
        raise ValidationException(
            NO_SERVERLESS_SOURCE.format(name=name, model=variant["ModelName"])
        )


@operation
def describe_endpoint_config(call: Call, request: Members) -> Members:
    """The configuration as it was asked for, with the default weights filled in.

    Errors: ValidationException, there is none.
    Cases: fixtures/conformance/endpoint_config/describe_*.json
    """
    return ENDPOINT_CONFIG.get(call, request["EndpointConfigName"])


@operation
def list_endpoint_configs(call: Call, request: Members) -> Members:
    """A page of configurations, newest first unless asked otherwise.

    Errors: ValidationException, a NextToken of another list.
    Cases: fixtures/conformance/endpoint_config/list_*.json
    """
    query = list_query(ENDPOINT_CONFIG.arn_type, request, descending=True, after_included=True)
    return ENDPOINT_CONFIG.page(call, query)


@operation
def delete_endpoint_config(call: Call, request: Members) -> Members:
    """Delete a configuration, even one in use: an endpoint goes on with what it has.

    Errors: ValidationException, there is none.
    Cases: fixtures/conformance/endpoint_config/delete_*.json
    """
    config = ENDPOINT_CONFIG.get(call, request["EndpointConfigName"])
    return ENDPOINT_CONFIG.remove(call, config)
