"""What a canned rule may be: a JSON Schema, and a file of rules read by it."""

import json
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagemock.hosting import CannedRuleError
from sagemock.json_document import refuse_constant

if TYPE_CHECKING:
    import regex

SCHEMA = Path(__file__).with_name("canned_rules.schema.json")

_MOST_SHOWN = 300
_MOST_UNFOLDED = 50_000
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|.", re.DOTALL)
_SHOWN_HEADERS = "Content-Type and X-Amzn-SageMaker-Custom-Attributes"
_HEADERS = ("content-type", "x-amzn-sagemaker-custom-attributes")
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
        said = broken.message
        if len(said) > _MOST_SHOWN:
            # It begins with what was sent, and ends with what is wrong about it.
            said = f"... {said[-_MOST_SHOWN:]}"
        message = f"A canned rule is wrong at {where or 'the top'}: {said}."
        raise CannedRuleError(message)
    for position, rule in enumerate(rules):
        _check_texts(position, rule)
        given = [name for name in _BODIES if name in rule["reply"]]
        if len(given) > 1:
            message = f"Rule {position} replies with {' and '.join(given)}; only one can be."
            raise CannedRuleError(message)
    checked: list[dict[str, Any]] = rules
    return checked


def _check_texts(position: int, rule: dict[str, Any]) -> None:
    """Refuse what cannot be sent: half a character, a header that is no printable ASCII."""
    try:
        json.dumps(rule, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        message = f"Rule {position} holds half of a character: {error.reason}."
        raise CannedRuleError(message) from error
    for name, value in rule["reply"].get("headers", {}).items():
        if name.lower() not in _HEADERS:
            message = (
                f"Rule {position} replies with a header {name!r}; only {_SHOWN_HEADERS} are sent."
            )
            raise CannedRuleError(message)
        if not (value.isascii() and value.isprintable()):
            message = f"Rule {position} replies with a header {name!r} that is no printable ASCII."
            raise CannedRuleError(message)


def compiled(expression: str) -> "regex.Pattern[str]":
    """A regular expression that ends; of those of Python, which know no recursion.

    Errors: CannedRuleError, it is none, or repeats too much: it would be unfolded in memory.
    """
    import regex  # noqa: PLC0415 - few rules have one, and it is slow to import

    shown = expression if len(expression) <= _MOST_SHOWN else f"{expression[:_MOST_SHOWN]}..."
    if _unfolded(expression) > _MOST_UNFOLDED:
        message = f"The body_regex {shown!r} cannot be read: it repeats too much."
        raise CannedRuleError(message)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(expression, re.DOTALL)
            return regex.compile(expression, regex.DOTALL)
    except (re.error, regex.error, ValueError, OverflowError, RecursionError) as error:
        message = f"The body_regex {shown!r} cannot be read: {error}."
        raise CannedRuleError(message) from error


def _unfolded(expression: str) -> int:
    """About how many steps an expression has once its counted repeats are written out."""
    open_groups, last = [0], 0
    for token in _TOKEN.finditer(expression):
        text = token.group()
        if text == "(":
            open_groups.append(0)
        elif text == ")" and len(open_groups) > 1:
            last = open_groups.pop()
            open_groups[-1] += last
        elif token[1]:
            times = max(int(token[1]), int(token[2] or 0), 1)
            open_groups[-1] += last * (times - 1)
            last *= times
        else:
            open_groups[-1] += 1
            last = 1
    return sum(open_groups)


def rules_of(file: Path) -> list[dict[str, Any]]:
    """The rules of a JSON file. Errors: CannedRuleError, it cannot be read or holds none."""
    try:
        content = json.loads(file.read_text("utf-8"), parse_constant=refuse_constant)
    except OSError as error:
        message = f"The file of canned rules {file} cannot be read: {error.strerror}."
        raise CannedRuleError(message) from error
    except (ValueError, RecursionError) as error:
        message = f"The file of canned rules {file} is no JSON: {error}."
        raise CannedRuleError(message) from error
    return checked_rules(content)
