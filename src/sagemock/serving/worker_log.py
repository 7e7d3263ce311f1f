"""A worker's log: a file that it writes to directly, kept from growing without bound."""

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import IO

_KEPT_BYTES = 1024 * 1024
_READ_BYTES = 64 * 1024
_SHOWN_LINES = 20
_SHOWN_CHARACTERS = 2000

# Not where it follows a folder: a container's own root has an opt/ml too.
_HARD_CODED = re.compile(r"(?<![\w.\\/-])/opt/ml/")


class WorkerLog:
    """The log in a container's folder, and what went before in a second file beside it."""

    def __init__(self, folder: Path, *, most_bytes: int = 10 * 1024 * 1024) -> None:
        self.path = folder / "worker.log"
        self._previous = folder / "worker.log.1"
        self._most_bytes = most_bytes

    def open(self) -> IO[bytes]:
        """The file to write to. It is for appending, so that cutting it short leaves no hole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.cut()
        return self.path.open("ab", buffering=0)

    def cut(self) -> None:
        """Start over when it has grown too long, keeping its last megabyte.

        Lines written at that very moment may be lost.
        """
        with suppress(OSError):
            if self.path.stat().st_size > self._most_bytes:
                self._previous.write_bytes(_end_of(self.path, _KEPT_BYTES))
                os.truncate(self.path, 0)

    def tail(self) -> str:
        """The last lines: at most 20, of 2,000 characters together."""
        lines = self._last_text().splitlines()[-_SHOWN_LINES:]
        return "\n".join(lines)[-_SHOWN_CHARACTERS:]

    def last_line(self) -> str:
        """The last line that says something, or nothing."""
        return self.tail().rstrip().rpartition("\n")[2].strip()

    def mentions_opt_ml(self) -> bool:
        """Whether a path under a real container's /opt/ml is in it."""
        return bool(_HARD_CODED.search(self._last_text()))

    def _last_text(self) -> str:
        text = _end_of(self.path, _READ_BYTES)
        if len(text) < _READ_BYTES:
            text = _end_of(self._previous, _READ_BYTES) + text
        return text.decode("utf-8", "replace").rstrip()


def _end_of(path: Path, most_bytes: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - most_bytes))
            return file.read(most_bytes)
    except OSError:
        return b""
