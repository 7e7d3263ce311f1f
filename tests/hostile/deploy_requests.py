"""What makes requests for models, configurations and endpoints good: names that lead somewhere.

Their images and archives are nowhere, so that endpoints give canned answers and nothing is run.
"""

import copy
import random
from collections.abc import Callable, Mapping
from typing import Any

Members = dict[str, Any]

ARN = "arn:aws:sagemaker:us-east-1:123456789012"
APPROVED = f"{ARN}:model-package/g5/6"
"""The version that may be deployed, as long as nobody rejects it."""

MODELS = [f"m{number}" for number in range(5)]
CONFIGS = [f"c{number}" for number in range(5)]
ENDPOINTS = [f"n{number}" for number in range(8)]
VARIANTS = ["v0", "v1"]

WEIGHTS = {
    "CreateModel": 3,
    "CreateEndpointConfig": 3,
    "CreateEndpoint": 3,
    "UpdateEndpoint": 3,
    "UpdateEndpointWeightsAndCapacities": 2,
    "DeleteModel": 2,
}
"""How often those are drawn that need more good luck than others."""

_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
_SPECIFICATION = {
    "Containers": [{"Image": _IMAGE, "ModelDataUrl": "s3://bucket/key/model.tar.gz"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}
_FROM_PACKAGE = {"ModelPackageName": APPROVED}
_BLUE_GREEN = {
    "TrafficRoutingConfiguration": {
        "Type": "CANARY",
        "WaitIntervalInSeconds": 60,
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 30},
    }
}
_ROLLING = {
    "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 20},
    "WaitIntervalInSeconds": 60,
}
_DEPLOYMENTS = ({"BlueGreenUpdatePolicy": _BLUE_GREEN}, {"RollingUpdatePolicy": _ROLLING})


def beginning() -> list[tuple[str, Members]]:
    """Calls after which there is something deployed, and more to deploy."""
    version = {
        "ModelPackageGroupName": "g5",
        "ModelApprovalStatus": "Approved",
        "InferenceSpecification": _SPECIFICATION,
    }
    calls: list[tuple[str, Members]] = [("CreateModelPackage", version)]
    for number, name in enumerate(MODELS):
        container = {"Image": _IMAGE} if number % 2 else _FROM_PACKAGE
        calls.append(("CreateModel", {"ModelName": name, "PrimaryContainer": container}))
    for name, model in zip(CONFIGS, MODELS, strict=True):
        variants = [_variant(each, model) for each in VARIANTS]
        config = {"EndpointConfigName": name, "ProductionVariants": variants}
        calls.append(("CreateEndpointConfig", config))
    for number, name in enumerate(ENDPOINTS):
        endpoint = {"EndpointName": name, "EndpointConfigName": CONFIGS[number % 5]}
        calls.append(("CreateEndpoint", endpoint))
    return calls


def _variant(name: str, model: str) -> Members:
    instances = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    return {"VariantName": name, "ModelName": model, **instances}


LINKS: Mapping[str, Callable[[random.Random], Any]] = {
    "ModelName": lambda draw: _cased(draw, draw.choice(MODELS)),
    "EndpointConfigName": lambda draw: _cased(draw, draw.choice(CONFIGS)),
    "EndpointName": lambda draw: _cased(draw, draw.choice(ENDPOINTS)),
    "VariantName": lambda draw: draw.choice(VARIANTS),
    "StatusEquals": lambda draw: draw.choice(["InService", "InService", "Failed"]),
    "LastModifiedTimeAfter": lambda draw: draw.choice([0, 1_600_000_000.25]),
    "LastModifiedTimeBefore": lambda _: 4_000_000_000,
}


def taggable(draw: random.Random) -> str:
    """The rest of the ARN of something that has tags."""
    kind, names = draw.choice(
        [("model", MODELS), ("endpoint-config", CONFIGS), ("endpoint", ENDPOINTS)]
    )
    return f"{kind}/{_cased(draw, draw.choice(names))}"


def _cased(draw: random.Random, name: str) -> str:
    return name.upper() if draw.random() < 0.1 else name


def _new_model(draw: random.Random, request: Members) -> None:
    request["ModelName"] = f"m{draw.randrange(3, 40)}"
    _distinct_tags(draw, request)
    if draw.random() < 0.6:
        request.pop("Containers", None)
        request["PrimaryContainer"] = _container(draw, request.get("PrimaryContainer", {}))
        request.pop("InferenceExecutionConfig", None)
        return
    request.pop("PrimaryContainer", None)
    containers = (request.get("Containers") or [{}]) * draw.randint(1, 2)
    made = [_container(draw, each) for each in containers[:15]]
    for number, container in enumerate(made):
        container["ContainerHostname"] = f"h{number}"
    request["Containers"] = made


def _container(draw: random.Random, given: Members) -> Members:
    gone = ["ModelDataSource" if draw.random() < 0.5 else "ModelDataUrl"]
    if draw.random() < 0.4:
        gone += ["Image", "ModelDataUrl", "ModelDataSource", "InferenceSpecificationName"]
        base: Members = dict(_FROM_PACKAGE)
    else:
        gone += ["ModelPackageName", "InferenceSpecificationName", "Mode"]
        base = {"Image": _IMAGE}
    container = {name: value for name, value in given.items() if name not in gone} | base
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    if source:
        source |= {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/key/"}
    return container


def _new_config(draw: random.Random, request: Members) -> None:
    request["EndpointConfigName"] = f"c{draw.randrange(3, 40)}"
    _distinct_tags(draw, request)
    for member, prefix in (("ProductionVariants", "v"), ("ShadowProductionVariants", "s")):
        for number, variant in enumerate(request.get(member, ())):
            variant.update(_variant(f"{prefix}{number}", draw.choice(MODELS)))
            if draw.random() < 0.3:
                _make_serverless(variant)
            else:
                variant.pop("ServerlessConfig", None)


def _make_serverless(variant: Members) -> None:
    kept = {name: variant[name] for name in ("VariantName", "ModelName")}
    variant.clear()
    variant.update(kept, ServerlessConfig={"MemorySizeInMB": 2048, "MaxConcurrency": 5})


def _new_endpoint(draw: random.Random, request: Members) -> None:
    request["EndpointName"] = f"n{draw.randrange(3, 40)}"
    _distinct_tags(draw, request)
    _deployment(draw, request)


def _deployment(draw: random.Random, request: Members) -> None:
    if "DeploymentConfig" in request:
        # A case may be made bad in place.
        request["DeploymentConfig"] = copy.deepcopy(draw.choice(_DEPLOYMENTS))


def _scaled(draw: random.Random, request: Members) -> None:
    names = VARIANTS[: draw.randint(1, 2)]
    changes: list[Members] = [{"DesiredWeight": 0.5}, {"DesiredInstanceCount": 2}]
    request["DesiredWeightsAndCapacities"] = [
        {"VariantName": name, **draw.choice(changes)} for name in names
    ]


def _distinct_tags(_: random.Random, request: Members) -> None:
    if "Tags" in request:
        request["Tags"] = list({tag["Key"]: tag for tag in request["Tags"]}.values())


def _one_of_many(member: str, prefix: str) -> Callable[[random.Random, Members], None]:
    """Deletes what a case has made, rather than what all others lead to."""

    def choose(draw: random.Random, request: Members) -> None:
        request[member] = f"{prefix}{draw.randrange(4, 14)}"

    return choose


MADE_POSSIBLE: Mapping[str, Callable[[random.Random, Members], None]] = {
    "CreateModel": _new_model,
    "CreateEndpointConfig": _new_config,
    "CreateEndpoint": _new_endpoint,
    "UpdateEndpoint": _deployment,
    "UpdateEndpointWeightsAndCapacities": _scaled,
    "DeleteModel": _one_of_many("ModelName", "m"),
    "DeleteEndpointConfig": _one_of_many("EndpointConfigName", "c"),
    "DeleteEndpoint": _one_of_many("EndpointName", "n"),
}
