"""All that a store holds, in SQL: read at once, and counted before it is replaced."""

from collections.abc import Callable, Iterable
from typing import Any

from sagemock.contents import Contents, Counted, Stored
from sagemock.store.document_text import decoded

Execute = Callable[..., Any]

_RESOURCES = (
    "SELECT id, account, region, kind, name, number, created_ms, modified_ms, due_ms, document"
    " FROM resource ORDER BY account, region, kind, id"
)
# What is counted for no account is the store's own.
_COUNTERS = (
    "SELECT account, region, scope, value FROM counter WHERE account <> ''"
    " ORDER BY account, region, scope"
)


def contents(execute: Execute) -> Contents:
    """What is stored of all accounts and regions."""
    tags: dict[int, dict[str, str]] = {}
    for resource, key, value in execute("SELECT resource, key, value FROM tag ORDER BY id"):
        tags.setdefault(resource, {})[key] = value
    resources = [
        Stored._make((*facts, decoded(document), tags.get(number, {})))
        for number, *facts, document in execute(_RESOURCES)
    ]
    return Contents(resources, [Counted._make(each) for each in execute(_COUNTERS)])


def counts(execute: Execute) -> dict[str, int]:
    """How many resources of each kind there are."""
    return dict(execute("SELECT kind, count(*) FROM resource GROUP BY kind ORDER BY kind"))


def put_counters(execute: Execute, counters: Iterable[Counted]) -> None:
    """Go on from these numbers."""
    for each in counters:
        execute("INSERT INTO counter (account, region, scope, value) VALUES (?, ?, ?, ?)", each)
