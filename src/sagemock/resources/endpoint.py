"""Endpoints: deployments that answer, what may be asked of them and when.

A rule writes what is to be and leaves the endpoint due; `endpoint_moves` brings it there. What an
endpoint answers when invoked is `invocation`'s.
"""

from dataclasses import replace
from typing import Any

from sagemock.conditions import AllOf, Compare, Condition, Member, Modified
from sagemock.errors import ValidationException
from sagemock.lifecycle import Lifecycle
from sagemock.listing import ceil_ms, floor_ms, list_query
from sagemock.operation import Call, Members, operation
from sagemock.resource_type import ResourceType
from sagemock.resources.deployment import new_deployment, pending
from sagemock.resources.deployment_config import checked_deployment_config
from sagemock.resources.endpoint_config import (
    DUPLICATE_VARIANT,
    ENDPOINT_CONFIG,
    check_serverless,
    check_weight,
)
from sagemock.tagging import checked_tags

ENDPOINT = ResourceType(
    noun="Endpoint",
    arn_type="endpoint",
    not_found='Could not find endpoint "{arn}".',
    already_exists='Cannot create already existing endpoint "{arn}".',
    lower_case_arn=True,
    anonymous=True,
)

LIFECYCLE = Lifecycle(
    "EndpointStatus",
    {
        "": ("Creating",),
        "Creating": ("InService", "Failed"),
        "InService": ("Updating", "SystemUpdating", "OutOfService", "Deleting"),
        "Updating": ("InService",),
        # Of ours: a restarted server starts again what was in service.
        "SystemUpdating": ("InService", "OutOfService"),
        "OutOfService": ("Updating", "SystemUpdating", "InService", "Deleting"),
        "Failed": ("Deleting",),
        "Deleting": (),
    },
)
_AT_REST = ("InService", "OutOfService", "Failed")

IN_PROGRESS = 'Cannot update in-progress endpoint "{arn}".'
ONLY_DELETED = 'Endpoint "{arn}" has status {status}; it can only be deleted.'
NOT_SCALED = 'Endpoint "{arn}" has status {status}; its variants cannot be changed.'
NO_VARIANT = "Could not find variant '{name}' in endpoint \"{arn}\"."
NOT_SERVERLESS = "Variant '{name}' is not serverless; it has no ServerlessUpdateConfig."
SERVERLESS_COUNT = "Variant '{name}' is serverless; it has no DesiredInstanceCount."


@operation
def create_endpoint(call: Call, request: Members) -> Members:
    """Begin to deploy a configuration under a name; the endpoint is Creating until it answers.

    Errors: ValidationException, the name is taken, in whatever case, also by one that is being
    deleted; the configuration or a model of it is missing; a DeploymentConfig that cannot be.
    Cases: fixtures/conformance/endpoint/create_*.json
    """
    tags = checked_tags(request.get("Tags", []))
    name = request["EndpointName"]
    existing = call.store.get(ENDPOINT.arn_type, name)
    if existing is not None:
        arn = existing.document["EndpointArn"]
        raise ValidationException(ENDPOINT.already_exists.format(arn=arn))
    config = ENDPOINT_CONFIG.get(call, request["EndpointConfigName"])
    deployment = new_deployment(call, name, config)
    endpoint = {
        "EndpointName": name,
        "EndpointConfigName": config["EndpointConfigName"],
        **LIFECYCLE.to(None, "Creating"),
        "LastModifiedTime": call.now,
        "PendingDeploymentSummary": pending(deployment),
        "next": deployment,
    }
    if "DeploymentConfig" in request:
        endpoint["LastDeploymentConfig"] = checked_deployment_config(request["DeploymentConfig"])
    return ENDPOINT.add(call, name, endpoint, tags=tags, due=True)


@operation
def describe_endpoint(call: Call, request: Members) -> Members:
    """The endpoint with its variants as they are deployed.

    Errors: ValidationException, there is none.
    Cases: fixtures/conformance/endpoint/describe_*.json
    """
    return ENDPOINT.get(call, request["EndpointName"])


@operation
def update_endpoint(call: Call, request: Members) -> Members:
    """Begin to deploy another configuration; the present one serves until that answers.

    Errors: ValidationException, the endpoint is missing, in progress or failed; the configuration
    or a model of it is missing; a DeploymentConfig that cannot be.
    Cases: fixtures/conformance/endpoint/update_*.json
    """
    endpoint = _at_rest(call, request["EndpointName"])
    if not LIFECYCLE.allows(endpoint, "Updating"):
        raise _refused(ONLY_DELETED, endpoint)
    config = ENDPOINT_CONFIG.get(call, request["EndpointConfigName"])
    deployment = new_deployment(call, endpoint["EndpointName"], config)
    if request.get("RetainAllVariantProperties"):
        _retain(endpoint, deployment, request.get("ExcludeRetainedVariantProperties", ()))
    changes: Members = {
        **LIFECYCLE.to(endpoint, "Updating"),
        "PendingDeploymentSummary": pending(deployment),
        "next": deployment,
    }
    if "DeploymentConfig" in request:
        changes["LastDeploymentConfig"] = checked_deployment_config(request["DeploymentConfig"])
    elif not request.get("RetainDeploymentConfig"):
        changes["LastDeploymentConfig"] = None
    return ENDPOINT.change(call, endpoint, changes, due=True)


def _retain(endpoint: Members, deployment: Members, excluded: list[Members]) -> None:
    """Let the variants of a new deployment keep what theirs of the same name have now."""
    overridden = {each["VariantPropertyType"] for each in excluded}
    present = {each["VariantName"]: each for each in endpoint["ProductionVariants"]}
    for variant in deployment["variants"]:
        summary = variant["summary"]
        before = present.get(variant["name"])
        if before is None:
            continue
        if "DesiredWeight" not in overridden:
            summary |= dict.fromkeys(("CurrentWeight", "DesiredWeight"), before["DesiredWeight"])
        serverless = "DesiredServerlessConfig" in before or "DesiredServerlessConfig" in summary
        if "DesiredInstanceCount" not in overridden and not serverless:
            count = before["DesiredInstanceCount"]
            summary |= dict.fromkeys(("CurrentInstanceCount", "DesiredInstanceCount"), count)
    if "DataCaptureConfig" not in overridden:
        deployment["shown"].pop("DataCaptureConfig", None)
        if "DataCaptureConfig" in endpoint:
            deployment["shown"]["DataCaptureConfig"] = endpoint["DataCaptureConfig"]


@operation
def update_endpoint_weights_and_capacities(call: Call, request: Members) -> Members:
    """Change weights, instance counts or serverless limits of variants that are deployed.

    Errors: ValidationException, the endpoint is missing, in progress or not in service; a variant
    is missing, comes twice, or is of the other kind.
    Cases: fixtures/conformance/endpoint/weights_*.json
    """
    endpoint = _at_rest(call, request["EndpointName"])
    if endpoint["EndpointStatus"] != "InService":
        raise _refused(NOT_SCALED, endpoint)
    wished: dict[str, Members] = {}
    for each in request["DesiredWeightsAndCapacities"]:
        if each["VariantName"] in wished:
            raise ValidationException(DUPLICATE_VARIANT.format(name=each["VariantName"]))
        wished[each["VariantName"]] = each
    variants = [
        _scaled(each, wished.pop(each["VariantName"], {}))
        for each in endpoint["ProductionVariants"]
    ]
    for name in wished:
        raise ValidationException(NO_VARIANT.format(name=name, arn=endpoint["EndpointArn"]))
    changes = {**LIFECYCLE.to(endpoint, "Updating"), "ProductionVariants": variants}
    return ENDPOINT.change(call, endpoint, changes, due=True)


def _scaled(variant: Members, wished: Members) -> Members:
    """A variant's summary with what is desired of it from now on."""
    scaled = {**variant}
    if "DesiredWeight" in wished:
        check_weight(variant["VariantName"], wished["DesiredWeight"])
        scaled["DesiredWeight"] = wished["DesiredWeight"]
    serverless = variant.get("DesiredServerlessConfig")
    if "DesiredInstanceCount" in wished:
        if serverless is not None:
            raise ValidationException(SERVERLESS_COUNT.format(name=variant["VariantName"]))
        scaled["DesiredInstanceCount"] = wished["DesiredInstanceCount"]
    if "ServerlessUpdateConfig" in wished:
        if serverless is None:
            raise ValidationException(NOT_SERVERLESS.format(name=variant["VariantName"]))
        scaled["DesiredServerlessConfig"] = {**serverless, **wished["ServerlessUpdateConfig"]}
        check_serverless(variant["VariantName"], scaled["DesiredServerlessConfig"])
    return scaled


@operation
def list_endpoints(call: Call, request: Members) -> Members:
    """A page of endpoints, newest first unless asked otherwise.

    Errors: ValidationException, a NextToken of another list.
    Cases: fixtures/conformance/endpoint/list_*.json
    """
    query = list_query(ENDPOINT.arn_type, request, descending=True, after_included=True)
    status = Member(("EndpointStatus",))
    if request.get("SortBy") == "Status":
        query = replace(query, order=status)
    wanted: list[Condition] = []
    if "StatusEquals" in request:
        wanted.append(Compare(status, "=", request["StatusEquals"]))
    if "LastModifiedTimeAfter" in request:
        wanted.append(Compare(Modified(), ">", floor_ms(request["LastModifiedTimeAfter"])))
    if "LastModifiedTimeBefore" in request:
        wanted.append(Compare(Modified(), "<", ceil_ms(request["LastModifiedTimeBefore"])))
    return ENDPOINT.page(call, replace(query, where=AllOf(tuple(wanted)) if wanted else None))


@operation
def delete_endpoint(call: Call, request: Members) -> Members:
    """Begin to delete an endpoint; it is Deleting until nothing of it runs any more.

    Errors: ValidationException, there is none, or it is in progress.
    Cases: fixtures/conformance/endpoint/delete_*.json
    """
    endpoint = _at_rest(call, request["EndpointName"])
    return ENDPOINT.change(call, endpoint, LIFECYCLE.to(endpoint, "Deleting"), due=True)


def _at_rest(call: Call, name: str) -> Members:
    """The endpoint, if nothing is under way with it."""
    endpoint = ENDPOINT.get(call, name)
    if endpoint["EndpointStatus"] not in _AT_REST:
        raise _refused(IN_PROGRESS, endpoint)
    return endpoint


def _refused(text: str, endpoint: Members) -> ValidationException:
    status: Any = endpoint["EndpointStatus"]
    return ValidationException(text.format(arn=endpoint["EndpointArn"], status=status))
