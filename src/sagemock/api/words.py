"""Words of enums inside a value: the first that its shape does not know, wherever it stands.

For documents that were stored, and come back from a file. Of a request all constraints are looked
at, in constraints.py.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from sagemock.api.lazily import Lazily
from sagemock.api.service_model import Shape


class UnknownWord(NamedTuple):
    """A word that is none of an enum's, where it stands in a value, and the enum's words."""

    place: tuple[str | int, ...]
    word: str
    known: tuple[str, ...]


Look = Callable[[Any], UnknownWord | None]
"""Finds the first unknown word of a value that has the right type."""


class Words:
    """Looks for unknown words in values of one service's shapes."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes
        self._looks = Lazily[Look | None](self._compile, self._forward)

    def unknown(self, shape_name: str, value: Any) -> UnknownWord | None:
        """The first word in a value of this shape that no enum has; None where all are known."""
        look = self._looks[shape_name]
        return None if look is None else look(value)

    def _forward(self, shape_name: str) -> Look:
        return lambda value: self.unknown(shape_name, value)

    def _compile(self, shape_name: str) -> Look | None:
        """What looks into a shape; None where no enum is in it, which costs nothing then."""
        shape = self._shapes[shape_name]
        match shape["type"]:
            case "structure":
                return self._structure(shape)
            case "list":
                inner = self._looks[shape["member"]["shape"]]
                return inner and _all(inner, enumerate)
            case "map":
                return self._map(shape)
        return _word(tuple(shape["enum"])) if "enum" in shape else None

    def _structure(self, shape: Shape) -> Look | None:
        looks = [(name, self._looks[each["shape"]]) for name, each in shape["members"].items()]
        inner = [(name, look) for name, look in looks if look is not None]
        if not inner:
            return None

        def structure(value: Any) -> UnknownWord | None:
            found = (_in(name, look, value.get(name)) for name, look in inner)
            return next(filter(None, found), None)

        return structure

    def _map(self, shape: Shape) -> Look | None:
        keys = self._looks[shape["key"]["shape"]]
        values = self._looks[shape["value"]["shape"]]
        of_keys = keys and _all(keys, lambda value: ((key, key) for key in value))
        of_values = values and _all(values, lambda value: value.items())
        if of_keys is None or of_values is None:
            return of_keys or of_values
        return lambda value: of_keys(value) or of_values(value)


def _in(step: str | int, look: Look, value: Any) -> UnknownWord | None:
    found = None if value is None else look(value)
    return None if found is None else found._replace(place=(step, *found.place))


def _all(look: Look, steps: Callable[[Any], Iterator[tuple[Any, Any]] | Any]) -> Look:
    def each(value: Any) -> UnknownWord | None:
        return next(filter(None, (_in(step, look, inner) for step, inner in steps(value))), None)

    return each


def _word(known: tuple[str, ...]) -> Look:
    words = frozenset(known)
    return lambda value: None if value in words else UnknownWord((), value, known)
