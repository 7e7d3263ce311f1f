"""The activity log in SQL: records by what they are about, or along their order."""

from collections.abc import Callable, Sequence
from typing import Any

from sagemock.ports import Activity, ActivityQuery, Change, Recorded
from sagemock.store.document_text import decoded

Execute = Callable[..., Any]

FORGOTTEN_AT_ONCE = 1000
_KEPT_SINCE = "activities kept since"

_FACTS = "at_ms, change, kind, name, number, operation, principal, request_id, before, after"


def activities(execute: Execute, query: ActivityQuery) -> list[Recorded]:
    """The records a query asks for, in its order."""
    clauses: list[str] = ["1"]
    values: list[Any] = []
    for condition, value in (
        ("account = ?", query.account),
        ("region = ?", query.region),
        ("id < ?", query.before_id),
        ("id > ?", query.after_id),
        ("principal = ?", query.principal),
        ("operation = ?", query.operation),
        ("at_ms >= ?", query.since_ms),
        ("at_ms <= ?", query.until_ms),
    ):
        if value is not None:
            clauses.append(condition)
            values.append(value)
    # By what it is about, or along the order: any other way would have to sort all there is.
    source = "NOT INDEXED"
    order = "ASC" if query.oldest_first else "DESC"
    if query.resource is not None:
        clauses += ["kind = ?", "lower(name) = lower(?)", "number = ?"]
        values += query.resource
        source = "INDEXED BY activity_of"
    found = execute(
        f"SELECT id, account, region, {_FACTS} FROM activity {source}"
        f" WHERE {' AND '.join(clauses)} ORDER BY id {order} LIMIT ?",
        (*values, query.limit),
    )
    return [
        Recorded(number, account, region, _activity(facts))
        for number, account, region, *facts in found
    ]


def notable(execute: Execute, place: tuple[str, str], change: Change, most: int) -> list[Activity]:
    """The newest records of a change that leaves its resource as it was."""
    found = execute(
        f"SELECT {_FACTS} FROM activity INDEXED BY activity_notable WHERE account = ?"
        " AND region = ? AND change = ? AND change NOT IN ('created', 'changed', 'removed')"
        " ORDER BY id DESC LIMIT ?",
        (*place, change, most),
    )
    return [_activity(facts) for facts in found]


def forget(execute: Execute, before_ms: int, read: int | None) -> int:
    """Forget some of the oldest records, if they are of before a time, and note that time.

    Those after `read` stay, where that is given: somebody has yet to read them.
    """
    # The newest stays whatever its age: its number is what the next one goes on from.
    oldest = execute(
        "SELECT id, at_ms FROM activity NOT INDEXED WHERE id < (SELECT max(id) FROM activity)"
        " AND id <= coalesce(?, id) ORDER BY id LIMIT ?",
        (read, FORGOTTEN_AT_ONCE),
    ).fetchall()
    count = next((n for n, (_, at_ms) in enumerate(oldest) if at_ms >= before_ms), len(oldest))
    if count:
        execute("DELETE FROM activity WHERE id <= ?", (oldest[count - 1][0],))
        keep_since(execute, before_ms)
    return count


def keep_since(execute: Execute, since_ms: int) -> None:
    """Note that records of before a time are not there, unless it was a later time already."""
    execute(
        "INSERT INTO counter (account, region, scope, value) VALUES ('', '', ?, ?)"
        " ON CONFLICT DO UPDATE SET value = max(value, excluded.value)",
        (_KEPT_SINCE, since_ms),
    )


def kept_since_ms(execute: Execute) -> int:
    """The latest time of before which records were forgotten."""
    found = execute(
        "SELECT value FROM counter WHERE account = '' AND region = '' AND scope = ?", (_KEPT_SINCE,)
    ).fetchone()
    return int(found[0]) if found else 0


def _activity(facts: Sequence[Any]) -> Activity:
    """A record from its columns, in the order in which they are read."""
    before, after = map(decoded, facts[-2:])
    return Activity(*facts[:-2], before=before, after=after)  # type: ignore[misc]
