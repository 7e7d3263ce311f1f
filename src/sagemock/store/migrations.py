"""Bringing a database to the schema of today: its tables, its indexes, its list rows.

All in one transaction, after a copy of an older file has been put beside it.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from itertools import count
from pathlib import Path

from sagemock.ports import Kind
from sagemock.store.document_text import decoded, encoded
from sagemock.store.schema import (
    ACTIVITY_OF,
    APPLICATION_ID,
    DEAD_LETTERS,
    DECLARED,
    INDEXES,
    NOTABLE_ACTIVITY,
    POSITIONS,
    TABLES,
    VERSION,
    Index,
    declared_indexes,
)

_ROWS_AT_ONCE = 1000


def is_up_to_date(version: int) -> bool:
    """Whether the tables are those of today."""
    return version == VERSION


def has_list_rows(version: int) -> bool:
    """Whether resources have a list row beside their document."""
    return version > 1


def indexes_of(connection: sqlite3.Connection, kinds: Mapping[str, Kind]) -> tuple[Index, ...]:
    """Those of the indexes of today that a database has."""
    there = _existing(connection)
    wanted = (*INDEXES, *declared_indexes(kinds))
    return tuple(index for index in wanted if there.get(index.name) == index.statement)


def bring_up_to_date(
    connection: sqlite3.Connection, path: Path, version: int, kinds: Mapping[str, Kind]
) -> None:
    """Make what is missing in a database and change what is of old. A new one has version 0."""
    if version and not is_up_to_date(version):
        _back_up(connection, path, version)
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not is_up_to_date(version):
            _STEPS[version](connection)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        _match_indexes(connection, kinds)
        _match_list_rows(connection, kinds)
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """A copy of the file as it is, under a name that is free."""
    first = path.with_name(f"{path.name}.schema-{version}.backup")
    names = (first if n == 1 else first.with_name(f"{first.name}-{n}") for n in count(1))
    backup = next(name for name in names if not name.exists())
    unfinished = backup.with_name(f"{backup.name}.unfinished")
    try:
        with closing(sqlite3.connect(unfinished)) as copy:
            connection.backup(copy)
        with unfinished.open("rb+") as file:
            os.fsync(file.fileno())
        unfinished.replace(backup)
    finally:
        unfinished.unlink(missing_ok=True)


def _make(connection: sqlite3.Connection) -> None:
    for statement in TABLES:
        connection.execute(statement)


def _from_1(connection: sqlite3.Connection) -> None:
    """Tags go from ARNs to rows; resources get the time of their last change and a list row."""
    for name in ("resource_key", "resource_created", "resource_name"):
        connection.execute(f"DROP INDEX {name}")
    for table in ("resource", "tag"):
        connection.execute(f"ALTER TABLE {table} RENAME TO {table}_1")
    for statement in TABLES:
        if "TABLE counter" not in statement and "TABLE replayed_call" not in statement:
            connection.execute(statement)
    # The list row is a stand-in: the kinds' own are made right after.
    connection.execute(
        "INSERT INTO resource (id, kind, account, region, name, number, created_ms, modified_ms,"
        " late, summary, document)"
        " SELECT id, kind, account, region, name, number, created_ms, coalesce("
        "CAST(round(json_extract(document, '$.LastModifiedTime') * 1000) AS INTEGER), created_ms),"
        " coalesce(created_ms < max(created_ms) OVER (PARTITION BY kind, account, region, name"
        " ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0),"
        " '{}', document FROM resource_1"
    )
    connection.execute(
        "INSERT INTO name (kind, account, region, name)"
        " SELECT DISTINCT kind, account, region, name FROM resource"
    )
    connection.execute("INSERT INTO name_part (rowid, name) SELECT id, name FROM name")
    tags = connection.execute("SELECT arn, key, value FROM tag_1 ORDER BY id").fetchall()
    for arn, key, value in tags:
        _, _, _, region, account, resource = arn.split(":", 5)
        kind, _, label = resource.partition("/")
        name, _, number = label.partition("/")
        connection.execute(
            "INSERT INTO tag (resource, key, value) SELECT id, ?, ? FROM resource WHERE kind = ?"
            " AND account = ? AND region = ? AND name = ? AND number = ?",
            (key, value, kind, account, region, name, int(number or 0)),
        )
    for table in ("resource", "tag"):
        connection.execute(f"DROP TABLE {table}_1")


def _from_2(connection: sqlite3.Connection) -> None:
    """Resources may be due; records are found by what they are about."""
    connection.execute("ALTER TABLE resource ADD COLUMN due_ms INTEGER")
    connection.execute(ACTIVITY_OF)
    connection.execute(NOTABLE_ACTIVITY)
    _from_3(connection)


def _from_3(connection: sqlite3.Connection) -> None:
    """Readers of the log have positions, and dead letters."""
    connection.execute(POSITIONS)
    connection.execute(DEAD_LETTERS)


_STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_make, _from_1, _from_2, _from_3)
"""From each version to that of today; a new database has version 0."""


def _existing(connection: sqlite3.Connection) -> dict[str, str]:
    """The statements of our indexes in a database, by name."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'resource'"
        " AND sql IS NOT NULL"
    )
    return dict(found.fetchall())


def _match_indexes(connection: sqlite3.Connection, kinds: Mapping[str, Kind]) -> None:
    wanted = {each.name: each.statement for each in (*INDEXES, *declared_indexes(kinds))}
    existing = _existing(connection)
    for name, statement in existing.items():
        ours = name.startswith(DECLARED) or name in wanted
        if ours and wanted.get(name) != statement:
            connection.execute(f"DROP INDEX {name}")
    for name, statement in wanted.items():
        if existing.get(name) != statement:
            connection.execute(statement)


def _match_list_rows(connection: sqlite3.Connection, kinds: Mapping[str, Kind]) -> None:
    """Make the list rows anew of kinds that make them otherwise than before."""
    made_by = dict(connection.execute("SELECT kind, made_by FROM list_row").fetchall())
    for kind, facts in kinds.items():
        if made_by.get(kind) == facts.made_by:
            continue
        for rows in _batches(connection, kind):
            connection.executemany(
                "UPDATE resource SET summary = ? WHERE id = ?",
                [(encoded(facts.list_row(decoded(text))), row) for row, text in rows],
            )
        connection.execute(
            "INSERT INTO list_row (kind, made_by) VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET made_by = excluded.made_by",
            (kind, facts.made_by),
        )


def _batches(connection: sqlite3.Connection, kind: str) -> Iterator[list[tuple[int, str]]]:
    last = 0
    while rows := connection.execute(
        "SELECT id, document FROM resource WHERE kind = ? AND id > ? ORDER BY id LIMIT ?",
        (kind, last, _ROWS_AT_ONCE),
    ).fetchall():
        yield rows
        last = rows[-1][0]
