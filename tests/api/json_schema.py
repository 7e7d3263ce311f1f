"""A second opinion on requests: JSON Schema, written from the same shapes by other means.

`Oracle.verdict` says of a parsed body whether it is accepted, badly typed or breaks constraints,
and which. It shares nothing with the validator but the translation of patterns; schemas follow
JSON Schema 2020-12 and are read by `jsonschema`.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import regex
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from sagemock.api.patterns import translate

Shape = Mapping[str, Any]
Break = tuple[str, str]
"""Where a constraint is broken, and which."""

CONTAINERS = ("structure", "list", "map")
LENGTHS = {
    "string": ("minLength", "maxLength"),
    "list": ("minItems", "maxItems"),
    "map": ("minProperties", "maxProperties"),
}
JSON_TYPES = {
    "structure": "object",
    "map": "object",
    "list": "array",
    "string": "string",
    "boolean": "boolean",
    "integer": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "timestamp": "number",
}
# Beyond these a number is of the wrong type; JSON Schema's own bounds are the model's constraints.
RANGES = {
    "integer": (-(2**31), 2**31 - 1),
    "long": (-(2**63), 2**63 - 1),
    "float": (None, None),
    "double": (None, None),
    "timestamp": (-62135596800, 253402300799.999999),
}
TEXTS = {
    **dict.fromkeys(("minLength", "minItems", "minProperties"), "length greater than or equal to"),
    **dict.fromkeys(("maxLength", "maxItems", "maxProperties"), "length less than or equal to"),
    "minimum": "value greater than or equal to",
    "maximum": "value less than or equal to",
}
BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
NAMED_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class NamedFloat(float):
    """A number that was given by its name: it alone may be infinite."""


@dataclass(frozen=True)
class Verdict:
    """What is left of a body, and what is wrong with it."""

    request: Any
    badly_typed: bool
    breaks: frozenset[Break]

    @property
    def kind(self) -> str:
        if self.badly_typed:
            return "badly typed"
        return "constraint broken" if self.breaks else "accepted"


def schema_of(shapes: Mapping[str, Shape], shape_name: str) -> dict[str, Any]:
    """The JSON Schema of a shape, with all shapes it needs."""
    return {
        "$schema": Draft202012Validator.META_SCHEMA["$id"],
        "$ref": f"#/$defs/{shape_name}",
        "$defs": {name: definition(shapes[name]) for name in reachable(shapes, shape_name)},
    }


def reachable(shapes: Mapping[str, Shape], shape_name: str) -> set[str]:
    """The names of a shape and of all it is made of."""
    found: set[str] = set()
    waiting = [shape_name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            shape = shapes[name]
            waiting += [each["shape"] for each in shape.get("members", {}).values()]
            waiting += [
                shape[part]["shape"] for part in ("member", "key", "value") if part in shape
            ]
    return found


def definition(shape: Shape) -> dict[str, Any]:
    """One shape's schema."""
    kind = shape["type"]
    schema: dict[str, Any] = {"type": JSON_TYPES[kind]}
    least, most = LENGTHS.get(kind, ("minimum", "maximum"))
    schema |= {least: shape["min"]} if "min" in shape else {}
    schema |= {most: shape["max"]} if "max" in shape else {}
    schema |= {word: shape[word] for word in ("pattern", "enum") if word in shape}
    if kind in RANGES:
        schema["range"] = RANGES[kind]
    if kind == "structure":
        schema["properties"] = {
            name: reference(member) for name, member in shape["members"].items()
        }
        schema["required"] = shape.get("required", [])
        if shape.get("union"):
            schema |= {"minProperties": 1, "maxProperties": 1}
    if kind == "list":
        schema["items"] = reference(shape["member"])
    if kind == "map":
        schema["propertyNames"] = reference(shape["key"])
        schema["additionalProperties"] = reference(shape["value"])
    return schema


def reference(member: Shape) -> dict[str, str]:
    return {"$ref": f"#/$defs/{member['shape']}"}


@cache
def compiled(java: str) -> regex.Pattern[str]:
    return regex.compile(translate(java))


def whole_match(_: Any, java: str, value: Any, __: Any) -> Iterator[ValidationError]:
    """`pattern` as AWS means it: the whole value, in Java's dialect."""
    if isinstance(value, str) and compiled(java).fullmatch(value) is None:
        yield ValidationError(f"{value!r} does not match {java!r}")


def in_range(_: Any, bounds: Any, value: Any, __: Any) -> Iterator[ValidationError]:
    """`range`: what the type itself can hold."""
    if isinstance(value, NamedFloat) or not is_number(value):
        return
    least, most = bounds
    try:
        fits = math.isfinite(float(value)) if least is None else least <= value <= most
    except OverflowError:
        fits = False
    if not fits:
        yield ValidationError(f"{value!r} is out of range")


def at_least(_: Any, least: Any, value: Any, __: Any) -> Iterator[ValidationError]:
    """`minimum`, which NaN is beyond: our choice, for the stock keyword lets it through."""
    if is_number(value) and not value >= least:
        yield ValidationError(f"{value!r} is less than {least}")


def at_most(_: Any, most: Any, value: Any, __: Any) -> Iterator[ValidationError]:
    """`maximum`, which NaN is beyond too."""
    if is_number(value) and not value <= most:
        yield ValidationError(f"{value!r} is greater than {most}")


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


JavaValidator = extend(  # type: ignore[no-untyped-call]  # its stub says nothing
    Draft202012Validator,
    validators={
        "pattern": whole_match,
        "range": in_range,
        "minimum": at_least,
        "maximum": at_most,
    },
)


class Oracle:
    """Verdicts on bodies of one shape."""

    def __init__(self, shapes: Mapping[str, Shape], shape_name: str) -> None:
        self._shapes = shapes
        self._shape_name = shape_name
        self._validator = JavaValidator(schema_of(shapes, shape_name))

    def verdict(self, body: Any) -> Verdict:
        request = self._lenient(self._shape_name, body)
        errors = list(self._validator.iter_errors(request))
        if any(is_type_error(error) for error in errors):
            return Verdict(request, badly_typed=True, breaks=frozenset())
        breaks = frozenset(each for error in errors for each in self._breaks(error))
        return Verdict(request, badly_typed=False, breaks=breaks)

    def _lenient(self, shape_name: str, value: Any) -> Any:
        """The value after the service's leniencies: what is dropped, cut off or read as another."""
        shape = self._shapes[shape_name]
        match shape["type"], value:
            case "structure", dict():
                return {
                    name: self._lenient(shape["members"][name]["shape"], each)
                    for name, each in value.items()
                    if name in shape["members"] and each is not None
                }
            case "list", list():
                return [self._lenient(shape["member"]["shape"], each) for each in value]
            case "map", dict():
                of = shape["value"]["shape"]
                return {key: self._lenient(of, each) for key, each in value.items()}
        return lenient_scalar(shape["type"], value)

    def _breaks(self, error: ValidationError) -> Iterator[Break]:
        path, bundle = self._place(error.absolute_path)
        expected: Any = error.validator_value
        given: Any = error.instance
        if "propertyNames" in error.absolute_schema_path:
            yield path, "Map keys must satisfy constraint"
        elif error.validator == "required":
            for name in set(expected) - set(given):
                yield f"{path}.{lower_first(name)}".lstrip("."), "Member must not be null"
        elif bundle:
            yield path, bundle
        else:
            yield path, constraint(str(error.validator), expected)

    def _place(self, path: Iterable[str | int]) -> tuple[str, str | None]:
        """A path in AWS's spelling, and how scalars inside a list or map are reported on it."""
        name = self._shape_name
        steps: list[str] = []
        for step in path:
            shape = self._shapes[name]
            if shape["type"] == "structure":
                name = shape["members"][step]["shape"]
                steps.append(lower_first(str(step)))
                continue
            inside = "member" if shape["type"] == "list" else "value"
            name = shape[inside]["shape"]
            if self._shapes[name]["type"] not in CONTAINERS:
                noun = "Member" if inside == "member" else "Map value"
                return ".".join(steps), f"{noun} must satisfy constraint"
            steps += [str(step + 1 if isinstance(step, int) else step), "member"]
        return ".".join(steps), None


def lenient_scalar(kind: str, value: Any) -> Any:
    match kind, value:
        case "boolean", str():
            return BOOLEANS.get(value.lower(), value)
        case "integer" | "long", float() if math.isfinite(value):
            return math.trunc(value)
        case "float" | "double", str() if value in NAMED_FLOATS:
            return NamedFloat(NAMED_FLOATS[value])
        case "float" | "double", int() if not isinstance(value, bool) and abs(value) < 2**1023:
            return float(value)
    return value


def is_type_error(error: ValidationError) -> bool:
    """Also a union with no member or several: only a structure has both keywords."""
    if error.validator in ("minProperties", "maxProperties"):
        return isinstance(error.schema, dict) and "properties" in error.schema
    return error.validator in ("type", "range")


def constraint(keyword: str, expected: Any) -> str:
    """The text of one broken keyword; enum values sorted, for their order is another matter."""
    if keyword == "pattern":
        return f"Member must satisfy regular expression pattern: {expected}"
    if keyword == "enum":
        return f"Member must satisfy enum value set: [{', '.join(sorted(expected))}]"
    return f"Member must have {TEXTS[keyword]} {expected}"


def lower_first(name: str) -> str:
    return name[0].lower() + name[1:]
