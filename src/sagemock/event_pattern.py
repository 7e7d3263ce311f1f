"""Event patterns as EventBridge has them: which events a rule is for.

A pattern is read once, into the fields it wants and what each may hold; an event is then only
looked up. What happens to an event that matches is not said here.
Source: EventBridge's user guide, "Comparison operators for use in event patterns", and the
library that AWS matches with, github.com/aws/event-ruler.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sagemock.event_matchers import (
    MATCHERS,
    EventPatternError,
    Test,
    anything,
    exact,
    only,
    refuse,
)
from sagemock.json_document import TOO_DEEP, depth, parsed

__all__ = ["EventPattern", "EventPatternError"]

MOST_LEVELS = 100
"""How deep a pattern can nest, our choice: whoever looks an event up goes as deep."""
MOST_BRANCHES = 1000
"""How many combinations `$or` can make, our choice."""

OR = "$or"
RESERVED = frozenset(
    [
        *MATCHERS,
        *("exists", "html", "regex", "=", "<", "<=", ">", ">=", "not-wildcard"),
        *("not-equals-ignore-case", "ip-address-in-range", "ip-address-not-in-range"),
        *("date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"),
    ]
)
"""Names that no field inside `$or` can have."""


class EventPattern:
    """A pattern in hand: it says of one event after the other whether it matches."""

    def __init__(self, content: dict[str, Any], branches: "list[list[_Wanted]]") -> None:
        self._content = content
        self._branches = branches

    @classmethod
    def of(cls, pattern: object) -> "EventPattern":
        """The pattern that a JSON object is, or a JSON text. Errors: EventPatternError."""
        content = _read(pattern) if isinstance(pattern, str) else pattern
        if not isinstance(content, dict):
            refuse("Filter is not an object", "", 'Write it like {"source": ["aws.sagemaker"]}.')
        if depth(content) > MOST_LEVELS:
            _refuse_depth()
        branches = _branches(content, (), [{}], inside_or=False)
        return cls(content, [_wanted(branch) for branch in branches])

    @property
    def content(self) -> Mapping[str, Any]:
        """The pattern as it was given, read if it was a text."""
        return self._content

    def matches(self, envelope: Mapping[str, Any]) -> bool:
        """Whether an event is one that the pattern is for; the event is its whole envelope."""
        return any(_object_matches(branch, envelope) for branch in self._branches)


def _refuse_depth() -> NoReturn:
    refuse(f"It nests deeper than {MOST_LEVELS} levels")


def _read(text: str) -> Any:
    try:
        return parsed(text)
    except ValueError as error:
        if str(error) == TOO_DEEP:
            _refuse_depth()
        refuse(f"It is no JSON: {error}")


# A pattern is one branch, or with `$or` several: of each field, what it may hold. A branch wants
# all of its fields, and an event matches if it has all that one branch wants.


def _branches(
    pattern: dict[str, Any], path: tuple[str, ...], begun: "list[_Branch]", *, inside_or: bool
) -> "list[_Branch]":
    """The branches that were begun, each with the fields of an object added to it."""
    if not pattern:
        refuse("Empty objects are not allowed", _shown(path))
    for name, value in pattern.items():
        here = (*path, name)
        if not isinstance(name, str):
            refuse(f"The name of a field must be a string, not {name!r}", _shown(path))
        if name == OR and _is_or(value):
            begun = _alternatives(value, path, begun)
            continue
        if inside_or and name in RESERVED:
            reason = f"{name} is a reserved name, which cannot be used inside {OR},"
            refuse(reason, _shown(here))
        if isinstance(value, dict):
            begun = _branches(value, here, begun, inside_or=inside_or)
        elif isinstance(value, list):
            # A name may hold dots of its own; the path is their sum.
            field, leaf = _shown(here), _leaf(value, _shown(here))
            if field.count(".") >= MOST_LEVELS:
                _refuse_depth()
            for branch in begun:
                # Of two demands on one field the later counts: event-ruler, JsonRuleCompiler.
                branch[field] = leaf
        else:
            fix = f"Write {json.dumps([value], default=str)}."
            refuse(f'"{name}" must be an object or an array', _shown(here), fix)
    return begun


def _alternatives(
    alternatives: list[Any], path: tuple[str, ...], begun: "list[_Branch]"
) -> "list[_Branch]":
    here = _shown((*path, OR))
    if len(alternatives) < 2:  # noqa: PLR2004 - one alternative is none
        refuse(f"There must have at least 2 Objects in {OR} relationship", here)
    found: list[_Branch] = []
    for each in alternatives:
        if not isinstance(each, dict):
            refuse(f"Only JSON object is allowed in array of {OR} relationship", here)
        copies = [dict(branch) for branch in begun]
        found += _branches(each, path, copies, inside_or=True)
        if len(found) > MOST_BRANCHES:
            refuse(f"{OR} makes more than {MOST_BRANCHES} combinations", here)
    return found


def _is_or(value: object) -> bool:
    """Whether what stands under `$or` is alternatives; if not, it is a field of that name.

    Source: event-ruler's README, "The backward compatibility of using $or as field name".
    """
    if not isinstance(value, list):
        return False
    return any(isinstance(each, dict) and not each.keys() <= RESERVED for each in value)


def _shown(path: Sequence[str]) -> str:
    return ".".join(path)


# What a field may hold.


class _Leaf:
    """What one field may hold: any of its values will do."""

    def __init__(self, tests: list[Test], *, absent: bool = False) -> None:
        self.absent = absent
        self._tests = tests

    def accepts(self, value: Any) -> bool:
        for test in self._tests:  # noqa: SIM110 - this runs for every event; a generator is slower
            if test(value):
                return True
        return False

    def of_present(self) -> "_Leaf":
        """The same, of a field that must be there."""
        return _Leaf(self._tests)


_Branch = dict[str, _Leaf]


def _leaf(values: list[Any], path: str) -> _Leaf:
    if not values:
        refuse("Empty arrays are not allowed", path, "Leave the field out to match any value.")
    tests = exact([each for each in values if not isinstance(each, dict)], path)
    absent = False
    for matcher in (each for each in values if isinstance(each, dict)):
        name, operand = only(matcher, path, "Match expression name not found")
        if name == "exists":
            if not isinstance(operand, bool):
                refuse("exists match pattern must be either true or false", path)
            absent = absent or not operand
            tests += [anything] if operand else []
        elif name in MATCHERS:
            tests.append(MATCHERS[name](operand, path))
        else:
            fix = f"A match is one of {', '.join(sorted([*MATCHERS, 'exists']))}."
            refuse(f"Unrecognized match type {name}", path, fix)
    return _Leaf(tests, absent=absent)


# How an event is looked up. EventBridge joins names by dots, in patterns and in events: the field
# a.b is the b of a, and also what has the name "a.b". Of a list any value will do; fields below a
# list must be those of one element.


@dataclass(frozen=True, eq=False)
class _Step:
    """The way from some place to a field: by which names it can go on, and to where then.

    None, if the field is here.
    """

    ways: "tuple[tuple[str, _Step], ...]"


_Wanted = tuple[_Step, _Leaf]


def _wanted(branch: _Branch) -> list[_Wanted]:
    """The fields of a branch in the order of their names, in which EventBridge looks at them."""
    return [(_way(path.split(".")), branch[path]) for path in sorted(branch)]


def _way(names: list[str]) -> _Step:
    steps = [_Step(())]  # from the end: the step at n has n names to go
    for begin in reversed(range(len(names))):
        ways = [(_shown(names[begin : len(names) - left]), step) for left, step in enumerate(steps)]
        steps.append(_Step(tuple(ways)))
    return steps[-1]


def _value_matches(wanted: list[_Wanted], value: Any) -> bool:
    if isinstance(value, dict):
        return _object_matches(wanted, value)
    if isinstance(value, list):
        return _list_matches(wanted, value)
    # A value has no fields: what is wanted below it is absent.
    return all(leaf.absent if step.ways else leaf.accepts(value) for step, leaf in wanted)


def _object_matches(wanted: list[_Wanted], members: Mapping[str, Any]) -> bool:
    below: dict[str, list[_Wanted]] = {}
    for step, leaf in wanted:
        found = [(name, further) for name, further in step.ways if name in members]
        if not found:
            # Also where a field should be and an object is: only a value makes it exist.
            if not leaf.absent:
                return False
        elif len(found) == 1:
            name, further = found[0]
            below.setdefault(name, []).append((further, leaf))
        elif not _any_matches([(further, members[name]) for name, further in found], leaf):
            return False
    for name, further_wanted in below.items():
        if not _value_matches(further_wanted, members[name]):
            return False
    return True


def _any_matches(found: list[tuple[_Step, Any]], leaf: _Leaf) -> bool:
    """Whether a field is as wanted, where one name has dots and others lead to the same field."""
    present = leaf.of_present()
    if any(_value_matches([(step, present)], value) for step, value in found):
        return True
    return leaf.absent and not any(_exists(step, value) for step, value in found)


def _exists(step: _Step, value: Any) -> bool:
    return _value_matches([(step, _Leaf([anything]))], value)


def _list_matches(wanted: list[_Wanted], elements: list[Any]) -> bool:
    objects, values = _flat(elements)
    below: list[_Wanted] = []
    for step, leaf in wanted:
        if step.ways:
            below.append((step, leaf))
        elif not (any(map(leaf.accepts, values)) if values else leaf.absent):
            return False
    if not objects:
        return all(leaf.absent for _, leaf in below)
    below = _settled(below, objects)
    return any(_object_matches(below, each) for each in objects)


def _settled(wanted: list[_Wanted], objects: list[dict[str, Any]]) -> list[_Wanted]:
    """What is wanted of one element, once it is seen what no element has.

    A field may be absent from one element only if EventBridge has looked at another field of that
    element before; if not, it must be absent from all of them.
    Source: event-ruler's NameState.getNameTransitions.
    """
    for place, (step, leaf) in enumerate(wanted):
        if not leaf.absent:
            break
        if any(_exists(step, each) for each in objects):
            return [*wanted[:place], (step, leaf.of_present()), *wanted[place + 1 :]]
    return wanted


def _flat(elements: list[Any]) -> tuple[list[dict[str, Any]], list[Any]]:
    """The objects and the values of a list and of those in it, however deep they nest."""
    objects: list[dict[str, Any]] = []
    values: list[Any] = []
    lists = [elements]
    while lists:
        for each in lists.pop():
            if isinstance(each, list):
                lists.append(each)
            elif isinstance(each, dict):
                objects.append(each)
            else:
                values.append(each)
    return objects, values
