"""Opening a database file: whose it is, whether it is whole, of which schema, and for writing.

A file that is damaged, of another program or of a newer sagemock is refused and left as it is.
Where a registry was, an empty one is never put in its place.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sagemock.ports import Kind
from sagemock.store.failures import StoreError
from sagemock.store.file_lock import FileLock, InUseError, lock_name
from sagemock.store.migrations import bring_up_to_date, has_list_rows, indexes_of, is_up_to_date
from sagemock.store.schema import APPLICATION_ID, VERSION, Index

Connect = Callable[..., sqlite3.Connection]

_BUSY_TIMEOUT_S = 30.0
_LONGEST_CHECK_S = 1.5
_FOR_WRITING = (
    "journal_mode = WAL",
    f"journal_size_limit = {64 * 1024 * 1024}",
    "cache_size = -6144",  # KiB
    # Pages that every write touches (the ends of indexes) go from the log to the file less often.
    "wal_autocheckpoint = 4000",
    # What a savepoint would take back is kept in memory, not in a file.
    "temp_store = MEMORY",
)


# There are as many readers as calls at once, each with pages of its own; the system keeps them too.
_FOR_READING = ("query_only = ON", "cache_size = -512")


@dataclass
class DatabaseFile:
    """An open database: the writer's connection, and how to make further ones."""

    path: Path
    writer: sqlite3.Connection
    indexes: tuple[Index, ...]
    _uri: str
    _connect: Connect
    _lock: FileLock | None

    def reader(self) -> sqlite3.Connection:
        """A connection that cannot write."""
        connection = _connection(self._uri, self._connect)
        for pragma in _FOR_READING:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def close(self) -> None:
        """Close the writer, and let others have the file."""
        self.writer.close()
        if self._lock is not None:
            self._lock.release()


def open_database(
    path: Path, kinds: Mapping[str, Kind], *, synchronous: str, connect: Connect
) -> DatabaseFile:
    """The database of a file, made if there is none; its folder too.

    A file that cannot be written is served for reading.
    Errors: StoreError, it is in use, damaged, of another program or another schema.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path = path.resolve()
        if path.is_dir():
            raise StoreError(f"Cannot open {path}: it is a folder.")
        lock = _locked(path)
    except OSError as error:
        raise StoreError(f"Cannot open {path}: {error.strerror}.") from error
    try:
        refuse_lost(path, lock)
        return _opened(path, kinds, synchronous, connect, lock)
    except sqlite3.Error as error:
        _release(lock)
        raise StoreError(f"Cannot use {path} as a database: {error}.") from error
    except StoreError:
        _release(lock)
        raise


def _locked(path: Path) -> FileLock | None:
    """The lock of a database; none for a file that nobody here can write."""
    try:
        return FileLock(path)
    except InUseError as in_use:
        process = f" (process {in_use.pid})" if in_use.pid else ""
        raise StoreError(
            f"{path} is in use by another sagemock{process}; stop that one or name another file."
        ) from in_use
    except OSError as error:
        unwritable = not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK)
        if path.exists() and unwritable:
            return None
        raise StoreError(f"Cannot lock {path}: {error.strerror} ({lock_name(path)}).") from error


def _release(lock: FileLock | None) -> None:
    if lock is not None:
        lock.release()


def refuse_lost(path: Path, lock: FileLock | None) -> None:
    """Refuse to begin anew where the marks of an earlier registry are."""
    if path.exists() and path.stat().st_size:
        return
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise StoreError(
            f"{path} is missing or empty, but its write-ahead log {log.name} is not: the registry"
            " was lost; put the file back, or delete the log as well to begin anew."
        )
    if path.exists() and lock is not None and lock.made:
        raise StoreError(
            f"{path} is empty, but held a registry before: it was lost; put the file back, or"
            " delete it to begin anew."
        )


def _opened(
    path: Path,
    kinds: Mapping[str, Kind],
    synchronous: str,
    connect: Connect,
    lock: FileLock | None,
) -> DatabaseFile:
    writable = lock is not None and (not path.exists() or os.access(path, os.W_OK))
    writer, uri = _first_connection(path, connect, writable=writable)
    try:
        version = version_of(path, writer)
        check_file(path, writer, version)
        if writable:
            for pragma in (*_FOR_WRITING, f"synchronous = {synchronous}"):
                writer.execute(f"PRAGMA {pragma}")
            bring_up_to_date(writer, path, version, kinds)
        else:
            _refuse_old(path, version)
        indexes = indexes_of(writer, kinds)
    except BaseException:
        writer.close()
        raise
    if lock is not None and writable:
        lock.mark_made()
    return DatabaseFile(path, writer, indexes, uri, connect, lock)


def _first_connection(
    path: Path, connect: Connect, *, writable: bool
) -> tuple[sqlite3.Connection, str]:
    """A connection that has read the file, and the name by which it found it."""
    uri = path.as_uri()
    connection = _connection(uri, connect)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema")
    except sqlite3.OperationalError:
        connection.close()
        if writable or _has_log(path):
            raise
        # A log cannot be made beside it; without one the file can be read as it lies.
        uri += "?immutable=1"
        connection = _connection(uri, connect)
    except BaseException:
        connection.close()
        raise
    return connection, uri


def _refuse_old(path: Path, version: int) -> None:
    if not is_up_to_date(version):
        raise StoreError(
            f"{path} has schema {version} and cannot be written; make it writable, so that it"
            f" can be brought to schema {VERSION}."
        )


def _connection(uri: str, connect: Connect) -> sqlite3.Connection:
    return connect(
        uri, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, uri=True
    )


def _has_log(path: Path) -> bool:
    with suppress(OSError):
        return path.with_name(path.name + "-wal").stat().st_size > 0
    return False


def version_of(path: Path, connection: sqlite3.Connection) -> int:
    """The schema of the file, 0 for a new one.

    Errors: StoreError, it is not ours or newer than this sagemock.
    """
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if (tables or version or application_id) and application_id != APPLICATION_ID:
        raise StoreError(f"{path} is a database of another program; name another file.")
    if version > VERSION:
        raise StoreError(
            f"{path} was written by a newer version of sagemock (schema {version}, this one knows"
            f" {VERSION}); use that version or name another file."
        )
    if not tables and application_id:
        raise StoreError(f"{path} has lost its tables; put a copy of the file back.")
    return int(version)


def check_file(path: Path, connection: sqlite3.Connection, version: int) -> None:
    """Refuse a damaged file. Of a very large one as much is looked at as a start has time for."""
    enough = threading.Timer(_LONGEST_CHECK_S, connection.interrupt)
    enough.start()
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict == "ok":
            verdict = _document_verdict(connection, version)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
            return
        verdict = str(error)
    finally:
        enough.cancel()
        enough.join()
    if verdict != "ok":
        reason = " ".join(str(verdict).replace("*** in database main ***", "").split())
        raise StoreError(f"{path} is damaged: {reason}; put a copy of the file back.")


def _document_verdict(connection: sqlite3.Connection, version: int) -> str:
    """What is wrong with a document; the pages around it can be whole all the same."""
    if not version:
        return "ok"
    valid = "json_valid(document)" + " AND json_valid(summary)" * has_list_rows(version)
    found = connection.execute(
        f"SELECT kind, name, number FROM resource WHERE NOT ({valid}) LIMIT 1"
    ).fetchone()
    return f"the document of {' '.join(map(str, found))} is no JSON" if found else "ok"
