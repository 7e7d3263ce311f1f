"""Shapes of the service model as JSON Schema: for files that people write with AWS's members.

Types, members, enumerations and limits are told. Patterns are not: AWS's are Java's, and meant for
the whole value.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sagemock.api.service_model import Shape

Schema = dict[str, Any]

_TYPES = {
    "structure": "object",
    "map": "object",
    "list": "array",
    "string": "string",
    "blob": "string",
    "boolean": "boolean",
    "integer": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "timestamp": "number",
}
_LIMITS = {
    "string": ("minLength", "maxLength"),
    "list": ("minItems", "maxItems"),
    "map": ("minProperties", "maxProperties"),
}


def definitions(shapes: Mapping[str, Shape], names: Iterable[str]) -> dict[str, Schema]:
    """The schemas of shapes, and of all that they are made of, by the shapes' names.

    They refer to one another as `#/$defs/NAME`. A member that a structure does not name is refused.
    """
    found: dict[str, Schema] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _definition(shapes[name])
            waiting += _parts(shapes[name])
    return found


def reference(name: str) -> Schema:
    """The schema that stands for a shape elsewhere."""
    return {"$ref": f"#/$defs/{name}"}


def _parts(shape: Shape) -> list[str]:
    members = [each["shape"] for each in shape.get("members", {}).values()]
    return members + [shape[part]["shape"] for part in ("member", "key", "value") if part in shape]


def _definition(shape: Shape) -> Schema:
    kind = shape["type"]
    least, most = _LIMITS.get(kind, ("minimum", "maximum"))
    schema: Schema = {"type": _TYPES[kind]}
    schema |= {least: shape["min"]} if "min" in shape else {}
    schema |= {most: shape["max"]} if "max" in shape else {}
    schema |= {word: shape[word] for word in ("enum",) if word in shape}
    if shape.get("sensitive"):
        schema["writeOnly"] = True
    if kind == "structure":
        members = shape["members"]
        schema["properties"] = {name: reference(each["shape"]) for name, each in members.items()}
        schema["required"] = list(shape.get("required", ()))
        schema["additionalProperties"] = False
        schema |= {"minProperties": 1, "maxProperties": 1} if shape.get("union") else {}
    if kind == "list":
        schema["items"] = reference(shape["member"]["shape"])
    if kind == "map":
        schema["propertyNames"] = reference(shape["key"]["shape"])
        schema["additionalProperties"] = reference(shape["value"]["shape"])
    return schema
