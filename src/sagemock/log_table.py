"""A record of the activity log as a row for people, with short names, and what it changed."""

import json
from typing import Any

from sagemock.time_text import in_seconds

_SAID_ALREADY = ("LastModifiedTime", "LastModifiedBy")
_MOST_SHOWN = 200
# Their operations name them; the ARN of a version is long enough.
_KNOWN_BY_OPERATION = ("model-package/", "model-package-group/")

LOG_HEAD = ("TIME", "WHO", "OPERATION", "RESOURCE", "CHANGE")


def log_row(record: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """Time, who, operation, resource and change, each as short as it can be told apart."""
    return (
        in_seconds(record["Time"]).replace("T", " "),
        short_principal(record["Principal"]),
        record["Operation"],
        _short_resource(record["ResourceArn"]),
        record["Change"],
    )


def short_principal(principal: str) -> str:
    """The last name of a principal: of a user, or of a session of a role."""
    return principal.rpartition("/")[2] or principal


def _short_resource(arn: str) -> str:
    name = arn.split(":", 5)[-1]
    for prefix in _KNOWN_BY_OPERATION:
        name = name.removeprefix(prefix)
    return name


def log_changes(record: dict[str, Any]) -> list[str]:
    """What a record changed, a line a member; nothing for what was created or removed."""
    if record["Change"] != "changed":
        return []
    before, after = record.get("Before", {}), record.get("After", {})
    return [
        f"{name}: {_value(before.get(name))} -> {_value(after.get(name))}"
        for name in dict.fromkeys((*before, *after))
        if name not in _SAID_ALREADY
    ]


def _value(value: object) -> str:
    if value is None:
        return "-"
    # Strings are quoted only where that tells something: what cannot be printed is escaped.
    plain = isinstance(value, str) and value.isprintable() and value.strip() == value and value
    text = str(value) if plain else json.dumps(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
