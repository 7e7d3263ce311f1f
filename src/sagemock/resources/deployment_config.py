"""Deployment configurations: what AWS demands of the policies by which traffic moves over.

They are kept and shown; here all traffic moves at once.
"""

from sagemock.errors import ValidationException
from sagemock.operation import Members

TWO_POLICIES = "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified."
NO_SIZE = "{member} is required where the traffic routing type is {type}."
FOREIGN_SIZE = "{member} cannot be specified where the traffic routing type is {type}."
OUT_OF_BOUNDS = "{member} has to be between {least}% and {most}% of the capacity, not {value}%."

_SIZES = {"CANARY": ("CanarySize", 1), "LINEAR": ("LinearStepSize", 10)}
_MOST_PERCENT = 50
_LEAST_ROLLING_PERCENT = 5


def checked_deployment_config(config: Members) -> Members:
    """A DeploymentConfig that can be.

    Errors: ValidationException, two policies; a size that is missing, out of place or out of
    bounds. Source: the service model's documentation; own texts.
    """
    blue_green = config.get("BlueGreenUpdatePolicy")
    rolling = config.get("RollingUpdatePolicy")
    if blue_green is not None and rolling is not None:
        raise ValidationException(TWO_POLICIES)
    if blue_green is not None:
        _check_routing(blue_green["TrafficRoutingConfiguration"])
    if rolling is not None:
        size = rolling["MaximumBatchSize"]
        _check_percent("MaximumBatchSize", size, _LEAST_ROLLING_PERCENT)
    return config


def _check_routing(routing: Members) -> None:
    kind = routing["Type"]
    for named, (member, least_percent) in _SIZES.items():
        if kind == named and member not in routing:
            raise ValidationException(NO_SIZE.format(member=member, type=kind))
        if kind != named and member in routing:
            raise ValidationException(FOREIGN_SIZE.format(member=member, type=kind))
        if kind == named:
            _check_percent(member, routing[member], least_percent)


def _check_percent(member: str, size: Members, least: int) -> None:
    value = size["Value"]
    if size["Type"] == "CAPACITY_PERCENT" and not least <= value <= _MOST_PERCENT:
        raise ValidationException(
            OUT_OF_BOUNDS.format(member=member, least=least, most=_MOST_PERCENT, value=value)
        )
