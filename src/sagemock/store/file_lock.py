"""One process owns a database file: a lock beside it, which goes when the process does.

The operating system's own lock, in a few lines: what libraries there are import asyncio for it,
which every start would pay for.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

MADE = "registry"
# Windows locks bytes, and what is locked cannot be read: a byte far behind the text is taken.
LOCKED_BYTE = 1 << 20


class InUseError(Exception):
    """Another process has the lock. `pid` is its number, 0 when it is not known."""

    def __init__(self, pid: int) -> None:
        super().__init__(pid)
        self.pid = pid


def lock_name(database: Path) -> Path:
    """The file that is locked for a database: beside it, for SQLite has locks of its own on it."""
    return database.with_name(database.name + ".lock")


class FileLock:
    """The lock of a database, held until released.

    Errors: InUseError, another has it; OSError, the file of the lock cannot be made.
    """

    def __init__(self, database: Path) -> None:
        self._file = os.open(lock_name(database), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._take()
        except OSError as error:
            pid, _ = self._content()
            os.close(self._file)
            if sys.platform == "win32" or isinstance(error, BlockingIOError):
                raise InUseError(pid) from error
            raise
        _, self.made = self._content()
        """Whether there was a registry in the database before."""
        self._write()

    def mark_made(self) -> None:
        """Write down that the database holds a registry now."""
        if not self.made:
            self.made = True
            self._write()

    def release(self) -> None:
        """Let others have the database. The file stays: to remove it would be a race."""
        with suppress(OSError):
            os.close(self._file)

    def _take(self) -> None:
        if sys.platform == "win32":
            os.lseek(self._file, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(self._file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _content(self) -> tuple[int, bool]:
        """The process that wrote the lock last, and whether it had made a registry."""
        os.lseek(self._file, 0, os.SEEK_SET)
        words = os.read(self._file, 100).decode("ascii", "replace").split()
        pid = int(words[0]) if words and words[0].isdecimal() else 0
        return pid, MADE in words[1:]

    def _write(self) -> None:
        os.lseek(self._file, 0, os.SEEK_SET)
        # On a full disk the lock holds all the same; only its text is an old one.
        with suppress(OSError):
            os.write(self._file, f"{os.getpid():<10} {MADE if self.made else '':<10}\n".encode())
