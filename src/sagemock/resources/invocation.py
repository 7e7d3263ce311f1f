"""Invocations: which variant of an endpoint answers, and what a caller is told of its errors.

The data plane's rules. They read an endpoint and decide; whoever runs the fleets does the calling.
"""

from collections.abc import Mapping, Sequence

from sagemock.errors import ModelError, ValidationError
from sagemock.operation import Caller, Members
from sagemock.ports import Session

KIND = "endpoint"
"""The kind under which endpoints are stored."""

NOT_FOUND = "Endpoint {name} of account {account} not found."
NO_VARIANT = "Variant {variant} of endpoint {name} of account {account} not found."
ASYNCHRONOUS = (
    "Endpoint {name} of account {account} is asynchronous; it can only be invoked with "
    "InvokeEndpointAsync."
)
NO_TRAFFIC = "No variant of endpoint {name} of account {account} has a weight; name one."

NO_TARGET = (
    "The containers of endpoint {name} of account {account} are called directly: name one of "
    "{names} as TargetContainerHostname."
)
NO_CONTAINER = "Container {container} of endpoint {name} of account {account} not found."

ERROR = 'Received {whose} error ({status}) from {container} with message "{message}".'
LOOK_THERE = (
    " See https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
    "#logEventViewer:group=/aws/sagemaker/Endpoints/{name} in account {account} for more"
    " information."
)
TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container {container}. Review "
    "the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)
MOST_MESSAGE = 64 * 1024

_LIVE = ("InService", "Updating", "SystemUpdating", "RollingBack")


def live_endpoint(session: Session, name: str, caller: Caller) -> Members:
    """The endpoint of exactly this name, if it answers.

    Errors: ValidationError, there is none, or it is not in service yet or any more (the second in
    the words of the first: inferred); it is asynchronous.
    """
    row = session.get(KIND, name)
    here = {"name": name, "account": caller.account}
    if row is None or row.name != name or row.document["EndpointStatus"] not in _LIVE:
        raise ValidationError(NOT_FOUND.format(**here))
    endpoint = row.document
    if "current" not in endpoint:
        raise ValidationError(NOT_FOUND.format(**here))
    if "AsyncInferenceConfig" in endpoint:
        raise ValidationError(ASYNCHRONOUS.format(**here))
    return endpoint


def weights(endpoint: Members, target: str | None, caller: Caller) -> Mapping[str, float]:
    """The variants that may answer, each with its weight; a target alone.

    Errors: ValidationError, there is no such variant, or none with a weight.
    """
    variants: Sequence[Members] = endpoint["ProductionVariants"]
    here = {"name": endpoint["EndpointName"], "account": caller.account}
    if target is not None:
        if all(each["VariantName"] != target for each in variants):
            raise ValidationError(NO_VARIANT.format(variant=target, **here))
        return {target: 1.0}
    weighted = {
        each["VariantName"]: each["CurrentWeight"] for each in variants if each["CurrentWeight"] > 0
    }
    if not weighted:
        raise ValidationError(NO_TRAFFIC.format(**here))
    return weighted


def check_target(
    endpoint: Members, variant: str, target_container: str | None, caller: Caller
) -> None:
    """Refuse a target container where there is none to choose, and the lack of one where there is.

    Containers called directly are chosen by hostname; of those in a row there is nothing to choose.
    Errors: ValidationError; own texts.
    """
    deployed = next(each for each in endpoint["current"]["variants"] if each["name"] == variant)
    here = {"name": endpoint["EndpointName"], "account": caller.account}
    hostnames = [each["hostname"] for each in deployed["containers"]]
    if not deployed.get("direct") or len(hostnames) == 1:
        if target_container is not None and target_container not in hostnames:
            raise ValidationError(NO_CONTAINER.format(container=target_container, **here))
        return
    if target_container is None:
        raise ValidationError(NO_TARGET.format(names=", ".join(hostnames), **here))
    if target_container not in hostnames:
        raise ValidationError(NO_CONTAINER.format(container=target_container, **here))


def model_error(
    endpoint: Members, caller: Caller, container: str, status: int, said: str
) -> ModelError:
    """What a caller is told of a container that answered with an error, or with none (status 0)."""
    is_clients = 400 <= status < 500  # noqa: PLR2004 - HTTP's own bounds
    whose = "client" if is_clients else "server"
    name = endpoint["EndpointName"]
    said = said[:MOST_MESSAGE]
    message = ERROR.format(whose=whose, status=status, container=container, message=said)
    there = LOOK_THERE.format(region=caller.region, name=name, account=caller.account)
    return ModelError(
        message + there,
        {
            "ErrorCode": f"{whose.upper()}_ERROR_FROM_MODEL",
            "OriginalStatusCode": status,
            "OriginalMessage": said,
            "LogStreamArn": log_group(endpoint, caller),
        },
    )


def log_group(endpoint: Members, caller: Caller) -> str:
    """The ARN of the log group that an endpoint's containers write to, on AWS."""
    partition = endpoint["EndpointArn"].split(":")[1]
    return (
        f"arn:{partition}:logs:{caller.region}:{caller.account}:log-group:"
        f"/aws/sagemaker/Endpoints/{endpoint['EndpointName']}"
    )
