"""Deployments: what an endpoint runs, or is to run, of a configuration and its models.

A deployment is the rules' own document inside its endpoint's. Everything it needs is copied into
it when it is asked for: configuration and models may be deleted while the endpoint lives.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sagemock.activity import note_deployment
from sagemock.arn import Arn
from sagemock.errors import ValidationException
from sagemock.hosting import Container, Fleet, Variant
from sagemock.operation import Call, Members
from sagemock.resources.model import MODEL

NO_INFERENCE_COMPONENTS = (
    "Variant '{name}' has no ModelName; inference components are not served by sagemock."
)

_FLEETS = "fleets"
"""The counter that fleets are numbered by: a number is never given twice."""

_NOT_HOSTED = ("digest", "source", "many")
_AS_CONFIGURED = (
    "AsyncInferenceConfig",
    "ExplainerConfig",
    "MetricsConfig",
    "CrossRegionTrafficConfig",
)
_KEPT = ("ManagedInstanceScaling", "RoutingConfig")
_PENDING = ("InstanceType", "AcceleratorType")


def new_deployment(call: Call, endpoint_name: str, config: Members) -> Members:
    """The deployment of a configuration, with a fleet of its own.

    Errors: ValidationException, a model of it is missing by now.
    """
    number = call.store.next_number(_FLEETS)
    caller = call.caller
    return {
        "fleet": f"{caller.account}/{caller.region}/{endpoint_name.lower()}/{number}",
        "config": config["EndpointConfigName"],
        "variants": [_variant(call, each) for each in config["ProductionVariants"]],
        "shadows": [_variant(call, each) for each in config.get("ShadowProductionVariants", ())],
        "shown": _shown(config),
        "by": caller.principal,
        "operation": call.operation.name,
        "request_id": call.request_id,
        "asked": call.now,
    }


def _variant(call: Call, variant: Members) -> Members:
    if "ModelName" not in variant:
        raise ValidationException(NO_INFERENCE_COMPONENTS.format(name=variant["VariantName"]))
    model = MODEL.get(call, variant["ModelName"])
    timeout_s = variant.get("ContainerStartupHealthCheckTimeoutInSeconds")
    mode = model.get("InferenceExecutionConfig", {}).get("Mode")
    return {
        "name": variant["VariantName"],
        "model": model["ModelName"],
        "model_arn": model["ModelArn"],
        "containers": model["containers"],
        **({"direct": True} if mode == "Direct" else {}),
        **({"startup_timeout_s": timeout_s} if timeout_s is not None else {}),
        "summary": _summary(call, variant, model["containers"]),
        "pending": {name: variant[name] for name in _PENDING if name in variant},
    }


def _summary(call: Call, variant: Members, containers: list[Members]) -> Members:
    """The variant as DescribeEndpoint shows it once it is in service."""
    weight = variant["InitialVariantWeight"]
    summary = {
        "VariantName": variant["VariantName"],
        "DeployedImages": [_image(call, each) for each in containers],
        "CurrentWeight": weight,
        "DesiredWeight": weight,
        **{name: variant[name] for name in _KEPT if name in variant},
    }
    if "ServerlessConfig" in variant:
        serverless = variant["ServerlessConfig"]
        return summary | {
            "CurrentInstanceCount": 0,
            "DesiredInstanceCount": 0,
            "CurrentServerlessConfig": serverless,
            "DesiredServerlessConfig": serverless,
        }
    count = variant.get("InitialInstanceCount", 1)
    return summary | {"CurrentInstanceCount": count, "DesiredInstanceCount": count}


def _image(call: Call, container: Members) -> Members:
    image, digest = container["image"], container.get("digest")
    pinned = f"{image.partition('@')[0]}@{digest}" if digest else image
    return {"SpecifiedImage": image, "ResolvedImage": pinned, "ResolutionTime": call.now}


def _shown(config: Members) -> Members:
    """What DescribeEndpoint shows of the configuration itself."""
    shown: Members = {name: config[name] for name in _AS_CONFIGURED if name in config}
    if "DataCaptureConfig" in config:
        capture = config["DataCaptureConfig"]
        shown["DataCaptureConfig"] = {
            "EnableCapture": capture.get("EnableCapture", False),
            # Nothing is captured here, so nothing says it is.
            "CaptureStatus": "Stopped",
            "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
            "DestinationS3Uri": capture["DestinationS3Uri"],
            "KmsKeyId": capture.get("KmsKeyId", ""),
        }
    return shown


def in_service(deployment: Members) -> Members:
    """The members of an endpoint that a deployment brings when it goes into service."""
    shadows = [each["summary"] for each in deployment["shadows"]]
    return {
        **dict.fromkeys((*_AS_CONFIGURED, "DataCaptureConfig")),
        **deployment["shown"],
        "EndpointConfigName": deployment["config"],
        "ProductionVariants": [each["summary"] for each in deployment["variants"]],
        "ShadowProductionVariants": shadows or None,
    }


def pending(deployment: Members) -> Members:
    """The PendingDeploymentSummary of a deployment that is under way."""
    summary: Members = {
        "EndpointConfigName": deployment["config"],
        "ProductionVariants": _pending(deployment["variants"]),
        "StartTime": deployment["asked"],
    }
    if deployment["shadows"]:
        summary["ShadowProductionVariants"] = _pending(deployment["shadows"])
    return summary


def _pending(variants: list[Members]) -> list[Members]:
    return [
        {
            **{name: value for name, value in each["summary"].items() if name != "CurrentWeight"},
            "CurrentInstanceCount": 0,
            **each["pending"],
        }
        for each in variants
    ]


def fleet_of(endpoint: Members, deployment: Members) -> Fleet:
    """A deployment's fleet, as it is started."""
    arn = Arn.parse(endpoint["EndpointArn"])
    if arn is None:
        message = f"a stored endpoint without an ARN of ours: {endpoint['EndpointArn']}"
        raise ValueError(message)
    return Fleet(
        id=deployment["fleet"],
        account=arn.account,
        region=arn.region,
        endpoint=endpoint["EndpointName"],
        variants=tuple(map(_hosted, (*deployment["variants"], *deployment["shadows"]))),
    )


def _hosted(variant: Mapping[str, Any]) -> Variant:
    return Variant(
        name=variant["name"],
        model=variant["model"],
        containers=tuple(map(_container, variant["containers"])),
        direct=variant.get("direct", False),
        startup_timeout_s=variant.get("startup_timeout_s"),
        was_real=variant.get("was_real", False),
    )


def _container(container: Mapping[str, Any]) -> Container:
    told = {name: value for name, value in container.items() if name not in _NOT_HOSTED}
    return Container(**told)


def whereabouts(endpoint: Members, deployment: Members) -> Iterator[Members]:
    """Where each version is that a deployment has, or each model that is made of none."""
    for variant in deployment["variants"]:
        packages = [each["package"] for each in variant["containers"] if "package" in each]
        for subject in dict.fromkeys(packages) or (variant["model_arn"],):
            yield {
                "SubjectArn": subject,
                "ModelArn": variant["model_arn"],
                "EndpointArn": endpoint["EndpointArn"],
                "EndpointConfigName": deployment["config"],
                "VariantName": variant["name"],
                "Weight": variant["summary"]["CurrentWeight"],
                "StartTime": deployment.get("started", deployment["asked"]),
            }


def note_deployed(call: Call, endpoint: Members, deployment: Members) -> None:
    """Write down, at each version or model that is deployed now, where it is."""
    for where in whereabouts(endpoint, deployment):
        _note(call, deployment, where, ended=False)


def note_withdrawn(call: Call, endpoint: Members, deployment: Members, outcome: str) -> None:
    """Write down that a deployment has ended, and how: Replaced, Deleted or Failed."""
    for where in whereabouts(endpoint, deployment):
        _note(call, deployment, {**where, "EndTime": call.now, "Outcome": outcome}, ended=True)


def _note(call: Call, deployment: Members, where: Members, *, ended: bool) -> None:
    subject = where["SubjectArn"]
    arn = Arn.parse(subject)
    note_deployment(
        call,
        (arn.type, arn.name, arn.number) if arn else ("", subject, 0),
        where,
        ended=ended,
        by=(deployment["operation"], deployment["by"], deployment["request_id"]),
    )
