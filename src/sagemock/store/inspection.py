"""A look at a database file from outside, by somebody who will not serve it: nothing is changed.

Not for servers: they open a file, which locks it and brings it up to date.
"""

import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

from sagemock.store.database_file import check_file, refuse_lost, version_of
from sagemock.store.failures import StoreError
from sagemock.store.file_lock import LOCKED_BYTE, MADE, lock_name
from sagemock.store.schema import VERSION

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_MOST_COPIED = 256 * 1024 * 1024


@dataclass(frozen=True)
class Inspection:
    """What a file is: `schema` is 0 where it was not looked into, `holder` a process that has it.

    The number of a process is 0 when it is not known.
    """

    exists: bool
    holder: int | None = None
    schema: int = 0

    @property
    def is_older(self) -> bool:
        """Whether the next server will bring it up to date."""
        return 0 < self.schema < VERSION


def inspect(path: Path) -> Inspection:
    """What a database file is. One that a server holds is not looked into: that server has.

    Errors: StoreError, a server would refuse it.
    """
    path = path.resolve()
    if path.is_dir():
        raise StoreError(f"Cannot open {path}: it is a folder.")
    holder, was_made = _lock_of(path)
    if holder is not None:
        return Inspection(path.exists(), holder)
    refuse_lost(path, None)
    try:
        if not path.exists():
            return Inspection(exists=False)
        if not path.stat().st_size:
            return _empty(path, was_made=was_made)
        return Inspection(exists=True, schema=_schema(path))
    except OSError as error:
        raise StoreError(f"Cannot open {path}: {error.strerror}.") from error
    except sqlite3.Error as error:
        raise StoreError(f"Cannot use {path} as a database: {error}.") from error


def _empty(path: Path, *, was_made: bool) -> Inspection:
    if was_made:
        raise StoreError(
            f"{path} is empty, but held a registry before: it was lost; put the file back, or"
            " delete it to begin anew."
        )
    return Inspection(exists=True)


def _schema(path: Path) -> int:
    log = path.with_name(path.name + "-wal")
    if not log.exists() or not log.stat().st_size:
        # Opened in any other way, SQLite would put files beside it.
        return _checked(path, path)
    if path.stat().st_size + log.stat().st_size > _MOST_COPIED:
        return 0
    with tempfile.TemporaryDirectory(prefix="sagemock-") as folder:
        copy = Path(folder, path.name)
        copyfile(path, copy)
        copyfile(log, copy.with_name(log.name))
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return _checked(copy, path)


def _checked(file: Path, path: Path) -> int:
    """The schema of a file, which is told as `path`. Errors: StoreError; sqlite3.Error."""
    # What cannot be read is told by the system's own word for it.
    with file.open("rb"):
        uri = f"{file.as_uri()}?immutable=1"
    with closing(sqlite3.connect(uri, uri=True, check_same_thread=False)) as connection:
        version = version_of(path, connection)
        check_file(path, connection, version)
    return version


def _lock_of(path: Path) -> tuple[int | None, bool]:
    """The process that has a database now, None when nobody has, and whether one had made it."""
    try:
        number = os.open(lock_name(path), os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    except OSError:
        return None, False
    try:
        words = os.read(number, 100).decode("ascii", "replace").split()
        pid = int(words[0]) if words and words[0].isdecimal() else 0
        return None if _is_free(number) else pid, MADE in words[1:]
    finally:
        os.close(number)


def _is_free(number: int) -> bool:
    try:
        if sys.platform == "win32":
            os.lseek(number, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            # Shared: those who only look do not take each other for a server.
            fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
