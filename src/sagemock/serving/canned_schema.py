"""What a canned rule may be: a JSON Schema, and a file of rules read by it."""

import json
from pathlib import Path
from typing import Any

from sagemock.hosting import CannedRuleError

SCHEMA = Path(__file__).with_name("canned_rules.schema.json")

_BODIES = ("body", "template", "file", "stream_chunks")


def checked_rules(content: object) -> list[dict[str, Any]]:
    """Rules that can be; a single one may stand without a list, and a list as a GET shows it.

    Errors: CannedRuleError, the first that breaks the schema, or has two bodies.
    """
    # Imported here: most servers are given no rules, and it is slow to import.
    from jsonschema import Draft202012Validator  # noqa: PLC0415
    from jsonschema.exceptions import best_match  # noqa: PLC0415

    rules: Any = content
    if isinstance(rules, dict):
        rules = rules["rules"] if rules.keys() == {"rules"} else [rules]
    schema = json.loads(SCHEMA.read_text("utf-8"))
    broken = best_match(Draft202012Validator(schema).iter_errors(rules))
    if broken is not None:
        where = "".join(f"[{step!r}]" for step in broken.absolute_path)
        message = f"A canned rule is wrong at {where or 'the top'}: {broken.message}."
        raise CannedRuleError(message)
    for position, rule in enumerate(rules):
        given = [name for name in _BODIES if name in rule["reply"]]
        if len(given) > 1:
            message = f"Rule {position} replies with {' and '.join(given)}; only one can be."
            raise CannedRuleError(message)
    checked: list[dict[str, Any]] = rules
    return checked


def rules_of(file: Path) -> list[dict[str, Any]]:
    """The rules of a JSON file. Errors: CannedRuleError, it cannot be read or holds none."""
    try:
        return checked_rules(json.loads(file.read_text("utf-8")))
    except OSError as error:
        message = f"The file of canned rules {file} cannot be read: {error.strerror}."
        raise CannedRuleError(message) from error
    except json.JSONDecodeError as error:
        message = f"The file of canned rules {file} is no JSON: {error}."
        raise CannedRuleError(message) from error
