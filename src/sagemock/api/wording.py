"""AWS's words for broken constraints: texts, paths, printed values, and the order of both.

The framework behind SageMaker prints values as Java does and orders members and enum values as
its hash tables do; wire-protocol 3 has the evidence for each.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sagemock.api.service_model import Shape

MOST_REPORTED = 10
_ENUM_BUCKETS = 32
_MEMBER_BUCKETS = 16

NOT_NULL = "Member must not be null"
PATTERN = "Member must satisfy regular expression pattern: {}"
MIN_LENGTH = "Member must have length greater than or equal to {}"
MAX_LENGTH = "Member must have length less than or equal to {}"
MIN_VALUE = "Member must have value greater than or equal to {}"
MAX_VALUE = "Member must have value less than or equal to {}"
ENUM = "Member must satisfy enum value set: [{}]"
ELEMENT = "Member must satisfy constraint: [{}]"
MAP_KEY = "Map keys must satisfy constraint: [{}]"
MAP_VALUE = "Map value must satisfy constraint: [{}]"


def violations_message(violations: Sequence[str]) -> str:
    """All violations as one message; ten at most are told."""
    told = violations[:MOST_REPORTED]
    plural = "" if len(told) == 1 else "s"
    return f"{len(told)} validation error{plural} detected: {'; '.join(told)}"


def violation(value: str | None, path: str, constraint: str) -> str:
    """One violation; `value` is printed already, or None where it is not to be shown."""
    shown = "Value" if value is None else f"Value {value}"
    return f"{shown} at '{path}' failed to satisfy constraint: {constraint}"


def lower_first(member: str) -> str:
    """A member's name as it stands in a path and in a printed structure."""
    return member[:1].lower() + member[1:]


def printed(shapes: Mapping[str, Shape], shape_name: str, value: Any) -> str | None:
    """A value in quotes as Java prints it, `null` without; None where the shape is sensitive."""
    if value is None:
        return "null"
    if shapes[shape_name].get("sensitive"):
        return None
    return f"'{_printed(shapes, shape_name, value)}'"


def _printed(shapes: Mapping[str, Shape], shape_name: str, value: Any) -> str:
    if value is None:
        return "null"
    shape = shapes[shape_name]
    kind = shape["type"]
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "list":
        element = shape["member"]["shape"]
        return f"[{', '.join(_printed(shapes, element, each) for each in value)}]"
    if kind == "map":
        of = shape["value"]["shape"]
        entries = (f"{key}={_printed(shapes, of, each)}" for key, each in value.items())
        return f"{{{', '.join(entries)}}}"
    if kind == "structure":
        members = (
            f"{lower_first(name)}={_printed(shapes, member['shape'], value.get(name))}"
            for name, member in shape["members"].items()
        )
        return f"{shape_name}({', '.join(members)})"
    return str(value)


def enum_constraint(values: Iterable[str]) -> str:
    """The text of a broken enum, its values in the order AWS prints them (wire-protocol 3.5)."""
    buckets: list[list[str]] = [[] for _ in range(_ENUM_BUCKETS)]
    for value in values:
        # Inside a bucket the last declared comes first.
        buckets[java_hash(value) % _ENUM_BUCKETS].insert(0, value)
    return ENUM.format(", ".join(value for bucket in buckets for value in bucket))


def member_order(name: str) -> int:
    """A sort key: the order in which members of one structure are reported (wire-protocol 3.6)."""
    code = java_hash(lower_first(name))
    return (code ^ (code >> 16)) % _MEMBER_BUCKETS


def java_hash(text: str) -> int:
    """Java's String.hashCode as an unsigned 32-bit number."""
    code = 0
    units = text.encode("utf-16-be")
    for high, low in zip(units[::2], units[1::2], strict=True):
        code = (31 * code + high * 256 + low) & 0xFFFFFFFF
    return code
