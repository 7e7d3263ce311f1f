"""The Store port on SQLite: one writer with group commit, readers of their own.

Write-ahead logging, so that readers never wait for the writer nor it for them. A database on disk
is synced at every commit; `normal` leaves that to the operating system, and a power cut may then
cost the last moments. `:memory:` is the same store on a file in a temporary folder, not synced and
removed when the store is closed or forgotten.
"""

import sqlite3
import tempfile
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from sagemock.contents import Contents
from sagemock.eventing import DeadLetter
from sagemock.ports import ActivityQuery, Due, Kind, Recorded, Session, StorageFailed
from sagemock.store import contents_sql, readers_sql
from sagemock.store.activity_sql import (
    FORGOTTEN_AT_ONCE,
    activities,
    forget,
    keep_since,
    kept_since_ms,
)
from sagemock.store.database_file import Connect, open_database
from sagemock.store.failures import StoreError, is_storage_failure
from sagemock.store.group_commit import MOST_AT_ONCE, GroupCommit
from sagemock.store.plan import Planner
from sagemock.store.schema import TABLE_NAMES
from sagemock.store.session import SqliteSession

__all__ = ["IN_MEMORY", "SqliteStore", "StoreError"]

T = TypeVar("T")

IN_MEMORY = ":memory:"
_SYNCHRONOUS = {"full": "FULL", "normal": "NORMAL"}
_NO_KINDS: Mapping[str, Kind] = MappingProxyType({})


class SqliteStore:
    """A store on one database file, made if there is none; its folder too.

    `kinds` tells what lists show and what is looked up by index; `commit_together` is how many
    calls one COMMIT answers for at most.
    Errors: StoreError, the file cannot be opened, is in use, damaged or not one of ours.
    """

    def __init__(
        self,
        database: str | Path,
        *,
        kinds: Mapping[str, Kind] = _NO_KINDS,
        durability: str = "full",
        commit_together: int = MOST_AT_ONCE,
        connect: Connect = sqlite3.connect,
    ) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        synchronous = _SYNCHRONOUS[durability]
        if str(database) == IN_MEMORY:
            self._folder = tempfile.TemporaryDirectory(
                prefix="sagemock-", ignore_cleanup_errors=True
            )
            synchronous = "OFF"
            database = Path(self._folder.name, "sagemock.db")
        self._file = open_database(Path(database), kinds, synchronous=synchronous, connect=connect)
        self._kinds = kinds
        self._planner = Planner(self._file.indexes, kinds)
        self._readers: deque[sqlite3.Connection] = deque()
        self._commits = GroupCommit(self._file.writer, is_storage_failure, commit_together)

    @contextmanager
    def reading(self, account: str, region: str) -> Iterator[Session]:
        """A session on one snapshot, on a connection no other call uses meanwhile."""
        with self._snapshot() as connection:
            yield self._session(connection, account, region)

    def write(self, account: str, region: str, work: Callable[[Session], T]) -> T:
        """What the work returns, once it is committed together with its neighbours'."""
        session = self._session(self._file.writer, account, region)
        return self._writing(lambda: work(session))

    def commits(self) -> int:
        """How often something was committed so far; nobody else writes to the file."""
        return self._commits.count

    def wait_for_commit(self, seen: int, timeout_s: float) -> None:
        """Wait until there have been more commits than `seen`, for so long, or to be woken."""
        self._commits.wait(seen, timeout_s)

    def wake(self) -> None:
        """Let whoever waits for a commit look up."""
        self._commits.wake()

    def due(self) -> list[Due]:
        """All resources that have yet to move, earliest first."""
        return self._everywhere("due_ms IS NOT NULL ORDER BY due_ms, id")

    def places(self, kind: str) -> list[Due]:
        """All resources of a kind, due or not."""
        return self._everywhere("kind = ? ORDER BY id", kind)

    def activities(self, query: ActivityQuery) -> list[Recorded]:
        """The records a query asks for, in its order."""
        with self._snapshot() as connection:
            return activities(connection.execute, query)

    def forget_activities(self, before_ms: int, read: int | None = None) -> int:
        """Forget the records of before a time, some at once, so that nobody waits for long."""
        forgotten = 0
        while True:
            count = self._writing(lambda: forget(self._file.writer.execute, before_ms, read))
            forgotten += count
            if count < FORGOTTEN_AT_ONCE:
                return forgotten

    def activities_since_ms(self) -> int:
        """From when on all records are there."""
        with self._snapshot() as connection:
            return kept_since_ms(connection.execute)

    def newest_record(self) -> int:
        """The number of the newest record."""
        with self._snapshot() as connection:
            return readers_sql.newest_record(connection.execute)

    def position(self, reader: str) -> int | None:
        """How far a reader of the records has come."""
        with self._snapshot() as connection:
            return readers_sql.position(connection.execute, reader)

    def put_position(self, reader: str, record: int) -> None:
        """Note how far a reader has come."""
        self._writing(lambda: readers_sql.put_position(self._file.writer.execute, reader, record))

    def bury(self, letter: DeadLetter) -> None:
        """Keep a dead letter, and pass over its record, in one transaction."""
        self._writing(lambda: readers_sql.bury(self._file.writer.execute, letter))

    def dead_letters(self, after_id: int, most: int) -> list[DeadLetter]:
        """The dead letters after one, oldest first."""
        with self._snapshot() as connection:
            return readers_sql.dead_letters(connection.execute, after_id, most)

    def forget_dead_letters(self, ids: Collection[int] | None = None) -> int:
        """Forget these dead letters, or all."""
        execute = self._file.writer.execute
        return self._writing(lambda: readers_sql.forget_dead_letters(execute, ids))

    def noted(self) -> set[tuple[str, str]]:
        """The accounts and regions of records that tell more than a change."""
        with self._snapshot() as connection:
            found = connection.execute(
                "SELECT DISTINCT account, region FROM activity INDEXED BY activity_notable"
                " WHERE change NOT IN ('created', 'changed', 'removed')"
            )
            return set(found)

    def contents(self) -> Contents:
        """What is stored of all accounts and regions, on one snapshot."""
        with self._snapshot() as connection:
            return contents_sql.contents(connection.execute)

    def replace(self, contents: Contents, since_ms: int) -> Mapping[str, int]:
        """Put this in the place of everything, in one transaction; how much there was."""
        return self._writing(lambda: self._replace(contents, since_ms))

    def check(self) -> None:
        """Look at the file once, as a reader does."""
        with self.reading("", "") as session:
            session.has_numbered("", "")

    def reset(self) -> None:
        """Empty all tables and send readers back to the beginning, in one transaction."""
        self._writing(self._empty)

    def close(self) -> None:
        """Close all connections; a temporary database is removed."""
        while self._readers:
            self._readers.pop().close()
        self._commits.close(self._file.close)
        if self._folder is not None:
            self._folder.cleanup()

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._readers.pop() if self._readers else self._file.reader()
        except sqlite3.Error as error:
            raise _failed(error) from error
        try:
            connection.execute("BEGIN")
            yield connection
        except sqlite3.Error as error:
            raise _failed(error) from error
        finally:
            with suppress(sqlite3.Error):
                connection.rollback()
            self._readers.append(connection)

    def _everywhere(self, condition: str, *values: str) -> list[Due]:
        with self._snapshot() as connection:
            found = connection.execute(
                "SELECT due_ms, account, region, kind, name, number FROM resource"
                f" WHERE {condition}",
                values,
            )
            return [Due._make(row) for row in found]

    def _writing(self, work: Callable[[], T]) -> T:
        try:
            return self._commits.run(work)
        except sqlite3.Error as error:
            raise _failed(error) from error

    def _empty(self) -> None:
        for table in TABLE_NAMES:
            self._file.writer.execute(f"DELETE FROM {table}")
        readers_sql.rewind_positions(self._file.writer.execute)

    def _replace(self, contents: Contents, since_ms: int) -> Mapping[str, int]:
        execute = self._file.writer.execute
        there_were = contents_sql.counts(execute)
        self._empty()
        for stored in contents.resources:
            session = self._session(self._file.writer, stored.account, stored.region)
            session.restore(stored)
        contents_sql.put_counters(execute, contents.counters)
        keep_since(execute, since_ms)
        return there_were

    def _session(self, connection: sqlite3.Connection, account: str, region: str) -> SqliteSession:
        return SqliteSession(connection, self._planner, self._kinds, account, region)


def _failed(error: sqlite3.Error) -> Exception:
    """The port's error for what is the storage's fault; any other is a mistake of ours."""
    return StorageFailed(str(error)) if is_storage_failure(error) else error
