"""The second gate: constraints. Every break of a request, in AWS's words and order.

Closures compiled from the shapes, over requests that have passed the first gate. A shape that
constrains nothing compiles to None and costs nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sagemock.api import wording
from sagemock.api.lazily import Lazily
from sagemock.api.patterns import JavaPattern
from sagemock.api.service_model import Shape

Check = Callable[[Any, str, list[str]], None]
"""Adds to the list what a value, found at a path, breaks."""

Test = tuple[Callable[[Any], bool], str]
"""Whether a scalar is fine, and what is said when it is not."""


class Constraints:
    """Checks for the shapes of one service, each compiled when it is first needed."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes
        self._checks = Lazily[Check | None](self._compile, self._forward)

    def check(self, shape_name: str) -> Check | None:
        """What finds the breaks in a value of this shape; None when it constrains nothing."""
        return self._checks[shape_name]

    def _forward(self, shape_name: str) -> Check:
        def later(value: Any, path: str, found: list[str]) -> None:
            check = self._checks[shape_name]
            if check is not None:
                check(value, path, found)

        return later

    def _compile(self, shape_name: str) -> Check | None:
        kind = self._shapes[shape_name]["type"]
        if kind == "structure":
            return self._structure(shape_name)
        if kind == "list":
            return self._list(shape_name)
        if kind == "map":
            return self._map(shape_name)
        if kind == "blob":
            # A body as it came: its length was looked at before it was read.
            return None
        return self._scalar(shape_name)

    def _structure(self, shape_name: str) -> Check | None:
        shape = self._shapes[shape_name]
        required = shape.get("required", ())
        members = [
            (name, wording.lower_first(name), name in required, self.check(member["shape"]))
            for name, member in sorted(
                shape["members"].items(), key=lambda item: wording.member_order(item[0])
            )
        ]
        members = [member for member in members if member[2] or member[3]]
        if not members:
            return None

        def structure(value: Any, path: str, found: list[str]) -> None:
            prefix = f"{path}." if path else ""
            for name, lower, is_required, check in members:
                member = value.get(name)
                if member is None:
                    if is_required:
                        where = prefix + lower
                        found.append(wording.violation("null", where, wording.NOT_NULL))
                elif check is not None:
                    check(member, prefix + lower, found)

        return structure

    def _list(self, shape_name: str) -> Check | None:
        shape = self._shapes[shape_name]
        element_name = shape["member"]["shape"]
        own = self._tests_check(shape_name, _length_tests(shape))
        if self._is_scalar(element_name):
            whole = self._bundle(shape_name, element_name, wording.ELEMENT, lambda value: value)
            return _in_turn(own, whole)
        element = self.check(element_name)
        if element is None:
            return own

        def each(value: Any, path: str, found: list[str]) -> None:
            for index, member in enumerate(value, start=1):
                element(member, f"{path}.{index}.member", found)

        return _in_turn(own, each)

    def _map(self, shape_name: str) -> Check | None:
        shape = self._shapes[shape_name]
        value_name = shape["value"]["shape"]
        own = self._tests_check(shape_name, _length_tests(shape))
        keys = self._bundle(shape_name, shape["key"]["shape"], wording.MAP_KEY, lambda value: value)
        if self._is_scalar(value_name):
            values = self._bundle(
                shape_name, value_name, wording.MAP_VALUE, lambda value: value.values()
            )
            return _in_turn(own, keys, values)
        value_check = self.check(value_name)
        if value_check is None:
            return _in_turn(own, keys)

        def each(value: Any, path: str, found: list[str]) -> None:
            for key, member in value.items():
                value_check(member, f"{path}.{key}.member", found)

        return _in_turn(own, keys, each)

    def _scalar(self, shape_name: str) -> Check | None:
        return self._tests_check(shape_name, self._scalar_tests(shape_name))

    def _tests_check(self, shape_name: str, tests: Sequence[Test]) -> Check | None:
        if not tests:
            return None

        def check(value: Any, path: str, found: list[str]) -> None:
            for is_fine, constraint in tests:
                if not is_fine(value):
                    shown = wording.printed(self._shapes, shape_name, value)
                    found.append(wording.violation(shown, path, constraint))

        return check

    def _bundle(
        self, shape_name: str, scalar_name: str, template: str, scalars: Callable[[Any], Any]
    ) -> Check | None:
        """Scalars inside a list or map: reported once, on the whole, with all constraints."""
        tests = [is_fine for is_fine, _ in self._scalar_tests(scalar_name)]
        if not tests:
            return None
        constraint = template.format(", ".join(_bundle_texts(self._shapes[scalar_name])))

        def check(value: Any, path: str, found: list[str]) -> None:
            for scalar in scalars(value):
                for is_fine in tests:
                    if not is_fine(scalar):
                        shown = wording.printed(self._shapes, shape_name, value)
                        found.append(wording.violation(shown, path, constraint))
                        return

        return check

    def _is_scalar(self, shape_name: str) -> bool:
        return self._shapes[shape_name]["type"] not in ("structure", "list", "map")

    def _scalar_tests(self, shape_name: str) -> list[Test]:
        """In the order of reporting: min, pattern, max, enum (wire-protocol 3.6)."""
        shape = self._shapes[shape_name]
        if shape["type"] != "string":
            return _value_tests(shape)
        minimum, maximum = _length_bounds(shape)
        return [*minimum, *_pattern_tests(shape), *maximum, *_enum_tests(shape)]


def _in_turn(*checks: Check | None) -> Check | None:
    given = [check for check in checks if check is not None]
    if len(given) <= 1:
        return given[0] if given else None

    def check(value: Any, path: str, found: list[str]) -> None:
        for each in given:
            each(value, path, found)

    return check


def _length_bounds(shape: Shape) -> tuple[list[Test], list[Test]]:
    """The tests of a length's min and of its max; a least length of 0 is always met."""
    least, most = shape.get("min", 0), shape.get("max", 0)
    minimum: Test = (lambda value: len(value) >= least, wording.MIN_LENGTH.format(least))
    maximum: Test = (lambda value: len(value) <= most, wording.MAX_LENGTH.format(most))
    return [minimum] if least else [], [maximum] if "max" in shape else []


def _length_tests(shape: Shape) -> list[Test]:
    minimum, maximum = _length_bounds(shape)
    return minimum + maximum


def _value_tests(shape: Shape) -> list[Test]:
    least, most = shape.get("min", 0), shape.get("max", 0)
    minimum: Test = (lambda value: value >= least, wording.MIN_VALUE.format(least))
    maximum: Test = (lambda value: value <= most, wording.MAX_VALUE.format(most))
    return [minimum] * ("min" in shape) + [maximum] * ("max" in shape)


def _pattern_tests(shape: Shape) -> list[Test]:
    if "pattern" not in shape:
        return []
    return [(JavaPattern(shape["pattern"]).matches, wording.PATTERN.format(shape["pattern"]))]


def _enum_tests(shape: Shape) -> list[Test]:
    if "enum" not in shape:
        return []
    values = frozenset(shape["enum"])
    return [(values.__contains__, wording.enum_constraint(shape["enum"]))]


def _bundle_texts(shape: Shape) -> list[str]:
    """All constraints of a scalar: max, min, pattern, enum; a missing minimum is told as 0."""
    texts: list[str] = []
    if shape["type"] == "string":
        if "max" in shape:
            texts.append(wording.MAX_LENGTH.format(shape["max"]))
        if "max" in shape or "min" in shape:
            texts.append(wording.MIN_LENGTH.format(shape.get("min", 0)))
    else:
        texts += [text for _, text in reversed(_value_tests(shape))]
    if "pattern" in shape:
        texts.append(wording.PATTERN.format(shape["pattern"]))
    if "enum" in shape:
        texts.append(wording.enum_constraint(shape["enum"]))
    return texts
