"""Shapes small enough to be written where they are used, and what breaks in them."""

from typing import Any

from sagemock.api.constraints import Constraints
from sagemock.api.wording import violations_message

Shape = dict[str, Any]

AT = "failed to satisfy constraint: Member must"
MATCH = f"{AT} satisfy regular expression pattern:"
SHORT = f"{AT} have length greater than or equal to"
LONG = f"{AT} have length less than or equal to"


def text(**traits: Any) -> Shape:
    return {"type": "string", **traits}


def number(**traits: Any) -> Shape:
    return {"type": "integer", **traits}


def list_of(member: Shape, **traits: Any) -> Shape:
    return {"type": "list", "member": member, **traits}


def map_of(key: Shape, value: Shape, **traits: Any) -> Shape:
    return {"type": "map", "key": key, "value": value, **traits}


def structure(required: tuple[str, ...] = (), /, **members: Shape) -> Shape:
    return {"type": "structure", "members": members, "required": list(required)}


def shapes_of(shape: Shape, name: str = "Input") -> dict[str, Shape]:
    """Shapes written inside one another, each under a name of its own."""
    flat = {name: dict(shape)}
    for part in ("member", "key", "value"):
        if part in shape:
            flat[name][part] = {"shape": f"{name}{part.title()}"}
            flat |= shapes_of(shape[part], f"{name}{part.title()}")
    if "members" in shape:
        flat[name]["members"] = {member: {"shape": member} for member in shape["members"]}
        for member, each in shape["members"].items():
            flat |= shapes_of(each, member)
    return flat


def found(shape: Shape, request: Any) -> list[str]:
    check = Constraints(shapes_of(shape)).check("Input")
    violations: list[str] = []
    if check is not None:
        check(request, "", violations)
    return violations


def message(shape: Shape, request: Any) -> str:
    return violations_message(found(shape, request))
