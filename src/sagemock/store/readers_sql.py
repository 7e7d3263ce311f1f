"""Readers of the activity log in SQL: how far each has come, and what it could not pass on."""

from collections.abc import Callable, Collection
from typing import Any

from sagemock.eventing import DeadLetter
from sagemock.store.document_text import decoded, encoded

Execute = Callable[..., Any]

_LETTERS = "dead letters"


def newest_record(execute: Execute) -> int:
    """The number of the newest record; 0 where there is none."""
    newest: int = execute("SELECT coalesce(max(id), 0) FROM activity").fetchone()[0]
    return newest


def position(execute: Execute, reader: str) -> int | None:
    """The number of the last record a reader is done with; None for one that is not known."""
    found = execute("SELECT record FROM position WHERE reader = ?", (reader,)).fetchone()
    return int(found[0]) if found else None


def put_position(execute: Execute, reader: str, record: int) -> None:
    """Note how far a reader has come."""
    execute(
        "INSERT INTO position (reader, record) VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET record = excluded.record",
        (reader, record),
    )


def rewind_positions(execute: Execute) -> None:
    """Send all readers back to the beginning."""
    execute("UPDATE position SET record = 0")


def bury(execute: Execute, letter: DeadLetter) -> None:
    """Keep a letter, under a number that is never given again, and pass over its record."""
    (number,) = execute(
        "INSERT INTO counter (account, region, scope, value) VALUES ('', '', ?, 1)"
        " ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value",
        (_LETTERS,),
    ).fetchone()
    execute(
        "INSERT INTO dead_letter (id, reader, record, at_ms, attempts, reason, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            letter.target,
            letter.number,
            letter.at_ms,
            letter.attempts,
            letter.reason,
            encoded(letter.envelope),
        ),
    )
    put_position(execute, letter.target, letter.number)


def dead_letters(execute: Execute, after_id: int, most: int) -> list[DeadLetter]:
    """The letters after one, oldest first."""
    found = execute(
        "SELECT id, reader, record, at_ms, attempts, reason, content FROM dead_letter"
        " WHERE id > ? ORDER BY id LIMIT ?",
        (after_id, most),
    )
    return [DeadLetter._make((*facts, decoded(content))) for *facts, content in found]


def forget_dead_letters(execute: Execute, ids: Collection[int] | None) -> int:
    """Forget these letters, or all; how many there were."""
    if ids is None:
        count: int = execute("DELETE FROM dead_letter").rowcount
        return count
    return sum(
        execute("DELETE FROM dead_letter WHERE id = ?", (number,)).rowcount for number in ids
    )
