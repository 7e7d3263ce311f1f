"""The first gate: JSON types. A parsed body goes in, a request of the modelled members comes out.

Closures compiled from the shapes. Members the shape does not name and nulls are dropped; the first
value of a wrong type, in the body's own order, is a SerializationException in the words of
wire-protocol 2.3. Two leniencies of the real service are kept: a fraction given for an integer is
cut off, and true/false/yes/no/1/0 given as strings are booleans.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from sagemock.api.lazily import Lazily
from sagemock.api.service_model import Shape
from sagemock.errors import SerializationException

Parse = Callable[[Any], Any]

NOT_CONVERTIBLE = "{token} can not be converted to {target}"
STRUCTURE_FOUND = "Start of structure or map found where not expected"
LIST_FOUND = "Start of list found where not expected"
UNEXPECTED_FIELD = "Unexpected field type"
ONE_MEMBER = "Exactly one member of {shape} must be set"

_CONTAINERS: Mapping[type, str] = {dict: STRUCTURE_FOUND, list: LIST_FOUND}
_TARGETS = {
    "string": "a String",
    "boolean": "a Boolean",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "timestamp": "milliseconds since epoch",
}
_INTEGER_BITS = {"integer": 32, "long": 64}
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_YEAR_1, _YEAR_10000 = -62135596800, 253402300800


class JsonTypes:
    """Parsers for the shapes of one service, each compiled when it is first needed."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes
        self._parsers = Lazily[Parse](self._compile, self._forward)

    def parser(self, shape_name: str) -> Parse:
        """What turns a JSON value into a value of this shape."""
        return self._parsers[shape_name]

    def _forward(self, shape_name: str) -> Parse:
        def later(value: Any) -> Any:
            return self._parsers[shape_name](value)

        return later

    def _compile(self, shape_name: str) -> Parse:
        shape = self._shapes[shape_name]
        kind = shape["type"]
        if kind == "structure":
            return self._structure(shape_name, shape)
        if kind == "list":
            return _list(self.parser(shape["member"]["shape"]))
        if kind == "map":
            return _map(self.parser(shape["key"]["shape"]), self.parser(shape["value"]["shape"]))
        return _SCALARS[kind]

    def _structure(self, shape_name: str, shape: Shape) -> Parse:
        members = {name: self.parser(member["shape"]) for name, member in shape["members"].items()}
        union = bool(shape.get("union"))

        def structure(value: Any) -> Any:
            if type(value) is not dict:
                raise _no_container(value)
            known = {}
            for name, each in value.items():
                parse = members.get(name)
                if parse is not None and each is not None:
                    known[name] = parse(each)
            if union and len(known) != 1:
                raise SerializationException(ONE_MEMBER.format(shape=shape_name))
            return known

        return structure


def _list(element: Parse) -> Parse:
    def parse(value: Any) -> Any:
        if type(value) is not list:
            raise _no_container(value)
        return [element(each) for each in value]

    return parse


def _map(key: Parse, element: Parse) -> Parse:
    def parse(value: Any) -> Any:
        if type(value) is not dict:
            raise _no_container(value)
        return {key(name): element(each) for name, each in value.items()}

    return parse


def _string(value: Any) -> Any:
    if type(value) is not str:
        raise _no_scalar(value, "string")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            # Half a surrogate pair: JSON can spell it, no encoding of text can hold it.
            raise SerializationException from None
    return value


def _boolean(value: Any) -> Any:
    if type(value) is bool:
        return value
    if type(value) is str and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    raise _no_scalar(value, "boolean")


def _integer(kind: str) -> Parse:
    limit = 2 ** (_INTEGER_BITS[kind] - 1)

    def parse(value: Any) -> Any:
        number = math.trunc(value) if type(value) is float and math.isfinite(value) else value
        if type(number) is not int or not -limit <= number < limit:
            raise _no_scalar(value, kind)
        return number

    return parse


def _float(kind: str) -> Parse:
    def parse(value: Any) -> Any:
        if type(value) is str and value in _FLOATS:
            return _FLOATS[value]
        if type(value) not in (int, float):
            raise _no_scalar(value, kind)
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise _no_scalar(value, kind)
        return number

    return parse


def _timestamp(value: Any) -> Any:
    if type(value) not in (int, float) or not _YEAR_1 <= value < _YEAR_10000:
        raise _no_scalar(value, "timestamp")
    return value


_SCALARS: Mapping[str, Parse] = {
    "string": _string,
    "boolean": _boolean,
    "integer": _integer("integer"),
    "long": _integer("long"),
    "float": _float("float"),
    "double": _float("double"),
    "timestamp": _timestamp,
}


def _no_scalar(value: Any, kind: str) -> SerializationException:
    scalar = NOT_CONVERTIBLE.format(token=_token(value), target=_TARGETS[kind])
    return SerializationException(_CONTAINERS.get(type(value), scalar))


def _no_container(value: Any) -> SerializationException:
    return SerializationException(_CONTAINERS.get(type(value), UNEXPECTED_FIELD))


def _token(value: Any) -> str:
    """What the service calls a JSON token it did not expect."""
    if value is None:
        return "NULL_VALUE"
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    if isinstance(value, int):
        return "NUMBER_VALUE"
    return "DECIMAL_VALUE" if isinstance(value, float) else "STRING_VALUE"
