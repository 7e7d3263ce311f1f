"""The Store port on SQLite: one writer, readers of their own, an answer only after its COMMIT.

Write-ahead logging, so that readers never wait for the writer nor it for them. A database on disk
is synced at every commit. `:memory:` is the same store on a file in a temporary folder, not synced
and removed when the store is closed or forgotten.
"""

import json
import sqlite3
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sagemock.ports import AlreadyThere, Query, Replay, Row, Session
from sagemock.store.query_sql import after_clause, order, sort_value, where_clause
from sagemock.store.schema import APPLICATION_ID, TABLE_NAMES, TABLES, VERSION

IN_MEMORY = ":memory:"
_BUSY_TIMEOUT_S = 30.0


class StoreError(Exception):
    """The database cannot be used; the message is one sentence naming the file and the reason."""


class SqliteStore:
    """A store on one database file, made if there is none; its folder too.

    Errors: StoreError, the file cannot be opened, is no database or not one of ours.
    """

    def __init__(self, database: str | Path) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._synchronous = "FULL"
        if str(database) == IN_MEMORY:
            self._folder = tempfile.TemporaryDirectory(
                prefix="sagemock-", ignore_cleanup_errors=True
            )
            self._synchronous = "OFF"
            database = Path(self._folder.name, "sagemock.db")
        self._path = Path(database)
        self._readers: deque[sqlite3.Connection] = deque()
        self._lock = threading.Lock()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
        except OSError as error:
            raise StoreError(f"Cannot open {self._path}: {error.strerror}.") from error
        except sqlite3.Error as error:
            raise StoreError(f"Cannot open {self._path}: {error}.") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._writer.close()
            raise StoreError(f"Cannot use {self._path} as a database: {error}.") from error
        except StoreError:
            self._writer.close()
            raise

    @contextmanager
    def reading(self, account: str, region: str) -> Iterator[Session]:
        """A session on one snapshot, on a connection no other call uses meanwhile."""
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
        try:
            connection.execute("BEGIN")
            yield _SqliteSession(connection, account, region)
        finally:
            connection.rollback()
            self._readers.append(connection)

    @contextmanager
    def writing(self, account: str, region: str) -> Iterator[Session]:
        """A session of the one writer; committed when the block ends, rolled back if it raises."""
        with self._lock, _transaction(self._writer):
            yield _SqliteSession(self._writer, account, region)

    def check(self) -> None:
        """Look at the file once, as a reader does."""
        with self.reading("", "") as session:
            session.has_numbered("", "")

    def reset(self) -> None:
        """Empty all tables, in one transaction."""
        with self._lock, _transaction(self._writer):
            for table in TABLE_NAMES:
                self._writer.execute(f"DELETE FROM {table}")

    def close(self) -> None:
        """Close all connections; a temporary database is removed."""
        with self._lock:
            while self._readers:
                self._readers.pop().close()
            self._writer.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self._path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )

    def _prepare(self) -> None:
        """Make the tables, or see that they are ours. A foreign file is not touched."""
        writer = self._writer
        (application_id,) = writer.execute("PRAGMA application_id").fetchone()
        (version,) = writer.execute("PRAGMA user_version").fetchone()
        (tables,) = writer.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if (tables or version or application_id) and application_id != APPLICATION_ID:
            raise StoreError(f"{self._path} is a database of another program; name another file.")
        if tables and version != VERSION:
            raise StoreError(
                f"{self._path} was written by another version of sagemock (schema {version}, this "
                f"one knows {VERSION}); use that version or name another file."
            )
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute(f"PRAGMA synchronous = {self._synchronous}")
        if not tables:
            with _transaction(writer):
                for statement in TABLES:
                    writer.execute(statement)
                writer.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                writer.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite itself has rolled back after some failures (a full disk); then there is none.
        with suppress(sqlite3.OperationalError):
            connection.execute("ROLLBACK")
        raise


class _SqliteSession:
    """One call's view: a connection inside a transaction, bound to an account and a region."""

    def __init__(self, connection: sqlite3.Connection, account: str, region: str) -> None:
        self._execute = connection.execute
        self._account = account
        self._region = region

    def get(self, kind: str, name: str, number: int = 0) -> Row | None:
        found = self._execute(
            "SELECT name, number, created_ms, document, NULL FROM resource WHERE kind = ?"
            " AND account = ? AND region = ? AND lower(name) = lower(?) AND number = ?",
            (kind, self._account, self._region, name, number),
        ).fetchone()
        return _row(found) if found else None

    def add(
        self, kind: str, name: str, number: int, created_ms: int, document: Mapping[str, Any]
    ) -> None:
        existing = self.get(kind, name, number)
        if existing is not None:
            raise AlreadyThere(existing.name)
        self._execute(
            "INSERT INTO resource (kind, account, region, name, number, created_ms, document)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (kind, self._account, self._region, name, number, created_ms, _json(document)),
        )

    def put(self, kind: str, name: str, number: int, document: Mapping[str, Any]) -> None:
        self._execute(
            "UPDATE resource SET document = ? WHERE kind = ? AND account = ? AND region = ?"
            " AND lower(name) = lower(?) AND number = ?",
            (_json(document), kind, self._account, self._region, name, number),
        )

    def remove(self, kind: str, name: str, number: int = 0) -> None:
        self._execute(
            "DELETE FROM resource WHERE kind = ? AND account = ? AND region = ?"
            " AND lower(name) = lower(?) AND number = ?",
            (kind, self._account, self._region, name, number),
        )

    def has_numbered(self, kind: str, name: str) -> bool:
        found = self._execute(
            "SELECT 1 FROM resource WHERE kind = ? AND account = ? AND region = ?"
            " AND lower(name) = lower(?) AND number > 0 LIMIT 1",
            (kind, self._account, self._region, name),
        ).fetchone()
        return found is not None

    def page(self, query: Query) -> list[Row]:
        where, values = where_clause(query, self._account, self._region)
        sort, sort_values = sort_value(query)
        rows = (
            "SELECT name, number, created_ms, document, "
            f"{sort} AS sort_value FROM resource WHERE {where}"
        )
        after, after_values = after_clause(query, query.after) if query.after else ("1", [])
        direction = "DESC" if query.descending else "ASC"
        ordered = ", ".join(f"{column} {direction}" for column in order(query))
        found = self._execute(
            f"SELECT * FROM ({rows}) WHERE {after} ORDER BY {ordered} LIMIT ?",
            [*sort_values, *values, *after_values, query.limit],
        )
        return [_row(each) for each in found]

    def count(self, query: Query, most: int) -> int:
        where, values = where_clause(query, self._account, self._region)
        rows = f"SELECT 1 FROM resource WHERE {where} LIMIT ?"
        (count,) = self._execute(
            f"SELECT count(*) FROM ({rows})",
            [*values, most],
        ).fetchone()
        return int(count)

    def tag_keys(self, arn_prefix: str) -> list[str]:
        found = self._execute(
            "SELECT DISTINCT key FROM tag WHERE substr(arn, 1, ?) = ? ORDER BY key",
            (len(arn_prefix), arn_prefix),
        )
        return [key for (key,) in found]

    def next_number(self, scope: str) -> int:
        (number,) = self._execute(
            "INSERT INTO counter (account, region, scope, value) VALUES (?, ?, ?, 1)"
            " ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value",
            (self._account, self._region, scope),
        ).fetchone()
        return int(number)

    def end_numbers(self, scope: str) -> None:
        self._execute(
            "DELETE FROM counter WHERE account = ? AND region = ? AND scope = ?",
            (self._account, self._region, scope),
        )

    def tags(self, arn: str) -> dict[str, str]:
        return dict(self._execute("SELECT key, value FROM tag WHERE arn = ? ORDER BY id", (arn,)))

    def put_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        for key, value in tags.items():
            self._execute(
                "INSERT INTO tag (arn, key, value) VALUES (?, ?, ?)"
                " ON CONFLICT (arn, key) DO UPDATE SET value = excluded.value",
                (arn, key, value),
            )

    def remove_tags(self, arn: str, keys: Iterable[str]) -> None:
        for key in keys:
            self._execute("DELETE FROM tag WHERE arn = ? AND key = ?", (arn, key))

    def replay(self, operation: str, token: str) -> Replay | None:
        found = self._execute(
            "SELECT digest, answer FROM replayed_call WHERE account = ? AND region = ?"
            " AND operation = ? AND token = ?",
            (self._account, self._region, operation, token),
        ).fetchone()
        return Replay(digest=found[0], answer=json.loads(found[1])) if found else None

    def remember(self, operation: str, token: str, replay: Replay) -> None:
        self._execute(
            "INSERT INTO replayed_call (account, region, operation, token, digest, answer)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (self._account, self._region, operation, token, replay.digest, _json(replay.answer)),
        )


def _row(found: tuple[str, int, int, str, str | float | None]) -> Row:
    name, number, created_ms, document, sort_value = found
    return Row(
        name=name,
        number=number,
        created_ms=created_ms,
        document=json.loads(document),
        sort_value=sort_value,
    )


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
