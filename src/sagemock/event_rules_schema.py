"""What a file of event rules may be: a JSON Schema, and what is said of rules that do not fit it.

The kinds of targets are the entries of the schema's `oneOf`, and stand nowhere else.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagemock.schema_words import hint_at_type, listed, perhaps, place_text, said_of_type, shown

if TYPE_CHECKING:
    from jsonschema import ValidationError

SCHEMA = Path(__file__).with_name("event_rules.schema.json")

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LIMITS = {
    "minItems": "it must have {} at least",
    "maxItems": "it can have {} at most",
    "maxProperties": "it can have {} at most",
    "minLength": "it must have {} character at least",
    "maxLength": "it can have {} characters at most",
}

Members = dict[str, Any]


class WrongRulesError(Exception):
    """Why rules cannot be, as the end of a sentence; `where` is the place in them, or empty."""

    def __init__(self, said: str, where: str = "") -> None:
        self.said = said.rstrip(".")
        super().__init__(f"at {where}, {self.said}" if where else self.said)


def kinds() -> dict[str, str | None]:
    """The kinds of targets, each with the option that is the place in KIND=PLACE, if it has one."""
    branches = json.loads(SCHEMA.read_text("utf-8"))["$defs"]["target"]["oneOf"]
    names = [branch["required"][0] for branch in branches]
    return {
        name: branch["properties"][name].get("x-place")
        for name, branch in zip(names, branches, strict=True)
    }


def kinds_in(target: Mapping[str, Any], known: Iterable[str]) -> list[str]:
    """The kinds that a target names; one that fits the schema names one."""
    return [kind for kind in known if kind in target]


def checked_rules(content: object) -> Members:
    """Content that fits the schema. Errors: WrongRulesError, the first place that does not."""
    # Imported here: most servers are given no rules, and it is slow to import.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    schema = json.loads(SCHEMA.read_text("utf-8"))
    first = min(Draft202012Validator(schema).iter_errors(content), key=_order, default=None)
    if first is not None:
        known = list(kinds())
        sharper = _sharper(first, known)
        raise WrongRulesError(_said(sharper, known), place_of(content, sharper.absolute_path))
    checked: Any = content
    return dict(checked)


def _order(error: "ValidationError") -> tuple[list[int], int, bool]:
    """By rule, by target, the outermost first; keys nobody knows after the kind they depend on."""
    path = error.absolute_path
    positions = [step for step in path if isinstance(step, int)]
    return positions, len(path), error.validator == "unevaluatedProperties"


def _sharper(error: "ValidationError", known: list[str]) -> "ValidationError":
    """Of a target that is none of the kinds, what is wrong with it as the one kind it names."""
    target: Any = error.instance
    given = kinds_in(target, known) if error.validator == "oneOf" else []
    if len(given) != 1:
        return error
    branch = known.index(given[0])
    return min((each for each in error.context or () if each.schema_path[0] == branch), key=_order)


def _said(error: "ValidationError", kinds: list[str]) -> str:
    """What is wrong, as the end of a sentence."""
    value: Any = error.instance
    schema: Any = error.schema
    if schema is False:
        return "this kind is sent whole events, so it takes no Input, InputPath or InputTransformer"
    match error.validator:
        case "oneOf":
            said = _said_of_kinds(value, kinds)
        case "additionalProperties" | "unevaluatedProperties":
            known = [*schema["properties"], *(kinds if "oneOf" in schema else ())]
            said = _said_of_key(next(key for key in value if key not in known), known)
        case "required":
            missing = [key for key in schema["required"] if key not in value]
            said = f"{listed(missing)} must be given; known are {listed(schema['properties'])}"
        case "type":
            wanted = schema["type"]
            said = said_of_type(_value_shown(error), wanted) + hint_at_type(value, wanted)
        case "pattern":
            said = f"{_value_shown(error)} is not {schema['description']}"
        case _:
            limit = _LIMITS.get(str(error.validator))
            said = limit.format(error.validator_value) if limit else error.message
    return said


def _value_shown(error: "ValidationError") -> str:
    """The value that is wrong, unless nobody is to see it."""
    schema: Any = error.schema
    return "what is written" if schema.get("writeOnly") else shown(error.instance)


def _said_of_kinds(target: Members, kinds: list[str]) -> str:
    given = kinds_in(target, kinds)
    if given:
        return f"a target is of one kind, and here are {listed(given)}"
    near = (perhaps(key, kinds) for key in target)
    meant = next((each for each in near if each), "")
    return f"the target names no kind{meant}; known are {listed(kinds)}"


def _said_of_key(key: str, known: list[str]) -> str:
    if key == "EventPattern":
        return f"CloudFormation's EventPattern is called pattern here; known are {listed(known)}"
    return f"{shown(key)} is not known{perhaps(key, known)}; known are {listed(known)}"


def place_of(content: Any, path: Iterable[str | int]) -> str:
    """A place in the file, told from its rule where that has a name of its own."""
    steps = list(path)
    of_rule = ""
    if len(steps) > 1:
        rule = content["rules"][steps[1]]
        name = rule.get("name") if isinstance(rule, dict) else None
        if isinstance(name, str) and _NAME.fullmatch(name):
            of_rule, steps = f"the rule {name!r}", steps[2:]
    if not steps:
        return of_rule or "the top"
    return place_text(steps) + (f" of {of_rule}" if of_rule else "")
