"""What a rule for faults may be: a JSON Schema, and what is said of rules that do not fit it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagemock.faulting import FaultRuleError
from sagemock.schema_words import hint_at_type, listed, perhaps, place_text, said_of_type, shown

if TYPE_CHECKING:
    from jsonschema import ValidationError

SCHEMA = Path(__file__).with_name("faults.schema.json")

_LIMITS = {
    "minItems": "it must have {} parts, the least and the most",
    "maxItems": "it can have {} parts at most",
    "minProperties": "a fault is latency, error, cut or status, and none of them is given",
    "minLength": "it must have {} character at least",
    "maxLength": "it can have {} characters at most",
    "minimum": "it must be {} at least",
    "exclusiveMinimum": "it must be more than {}",
    "maximum": "it can be {} at most",
}
_ENDS = ("error", "cut", "status")

Members = dict[str, Any]


def checked_faults(content: object) -> list[Members]:
    """Rules that can be; a single one may stand without a list, and a list without `faults`.

    Errors: FaultRuleError, the first that breaks the schema, or contradicts itself.
    """
    # Imported here: most servers are given no rules, and it is slow to import.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    rules: Any = content
    if isinstance(rules, dict) and "faults" not in rules:
        rules = [rules]
    whole: Any = {"faults": rules} if isinstance(rules, list) else rules
    schema = json.loads(SCHEMA.read_text("utf-8"))
    errors = Draft202012Validator(schema).iter_errors(whole)
    first = min(errors, key=lambda each: _order(each.absolute_path), default=None)
    if first is not None:
        raise _error(first.absolute_path, _said(first))
    for position, rule in enumerate(whole["faults"]):
        mistake = _contradiction(rule)
        if mistake:
            raise _error(("faults", position, "fault"), mistake)
    checked: list[Members] = whole["faults"]
    return checked


def _order(path: Iterable[str | int]) -> list[str]:
    """By the place in the file; a rule's number as wide as any."""
    return [f"{step:09}" if isinstance(step, int) else step for step in path]


def _error(path: Iterable[str | int], said: str) -> FaultRuleError:
    where = place_text(path) or "the top"
    return FaultRuleError(f"A fault rule is wrong at {where}: {said.rstrip('.')}.")


def refused_rule(position: int, member: str, said: str) -> FaultRuleError:
    """What is wrong with a rule that fits the schema, with its place."""
    return _error(("faults", position, *member.split(".")), said)


def _contradiction(rule: Members) -> str | None:
    """What is wrong with a fault whose members are right one by one."""
    fault = rule["fault"]
    given = [each for each in _ENDS if each in fault]
    latency = fault.get("latency", 0)
    if len(given) > 1:
        return f"a call ends in one way, and here are {listed(given)}; make a rule of each"
    if fault.keys() == {"reason"}:
        return "a reason belongs to the status failing; write status: failing beside it"
    if "reason" in fault and fault.get("status") != "failing":
        return "a reason belongs to the status failing; take it out, or write status: failing"
    if isinstance(latency, list) and latency[0] > latency[1]:
        return f"a latency goes from its least to its most, not from {latency[0]} to {latency[1]}"
    return None


def _said(error: "ValidationError") -> str:
    """What is wrong, as the end of a sentence."""
    value: Any = error.instance
    schema: Any = error.schema
    expected: Any = error.validator_value
    match error.validator:
        case "additionalProperties":
            known = [each for each in schema["properties"] if "$comment" not in each]
            unknown = next(key for key in value if key not in known)
            return f"{shown(unknown)} is not known{perhaps(unknown, known)}; {_known(known)}"
        case "required":
            missing = listed([each for each in expected if each not in value])
            return f"{missing} must be given; {_known(schema['properties'])}"
        case "type":
            # Nobody means the text `true` here.
            hint = "" if isinstance(value, bool) else hint_at_type(value, expected)
            return said_of_type(shown(value), expected) + hint
        case "enum":
            near = perhaps(value, expected) if isinstance(value, str) else ""
            return f"{shown(value)} is not known{near}; {_known(expected)}"
        case "pattern":
            return f"{shown(value)} is not {schema['description']}"
    limit = _LIMITS.get(str(error.validator))
    return limit.format(expected) if limit else error.message


def _known(words: Iterable[str]) -> str:
    shown_only = ("id", "matched", "applied", "from_file")
    return f"known are {listed([each for each in words if each not in shown_only])}"
