"""Events as lines of a file: JSON lines, appended."""

import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sagemock.eventing import Event, NotDeliveredError

_FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_MODE = 0o666

_BREAK = re.compile(r"[ \t\r\n]*[\r\n][ \t\r\n]*")
# Legal in strings of JSON, and line breaks to many who read lines.
_ESCAPED = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


class FileSink:
    """Appends a line of JSON for each event: its body, or the string that a body not JSON is.

    The file and its folder are made where they are not there. A file that is moved away or removed
    meanwhile is made again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._made: list[Path] = []

    def send(self, event: Event, body: str) -> None:  # noqa: ARG002 - the port's
        """Append a line; when it does not fit, nothing of it stays. Errors: NotDeliveredError."""
        line = _line(body)
        with self._told():
            file = self._open()
            try:
                _append(file, line)
                self._sync_moved(file)
            except BaseException:
                os.close(file)
                raise
            self.close()
            self._file = file

    def flush(self) -> None:
        """Return when all lines are on the disk. Errors: NotDeliveredError."""
        with self._told():
            if self._file is not None:
                _sync(self._file)
            for folder in self._made:
                _sync_folder(folder)
            self._made = []
            self.close()

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or error
            message = f"The file {self._path} cannot be written to: {reason}."
            raise NotDeliveredError(message) from error

    def _open(self) -> int:
        """The file that has the path now."""
        try:
            return os.open(self._path, _FLAGS)
        except FileNotFoundError:
            # A new name is only kept by its folder, and that one's by the folder above it.
            missing = [each for each in self._path.parents if not each.exists()]
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, _FLAGS | os.O_CREAT, _MODE)
            self._made += [self._path.parent, *(each.parent for each in missing)]
            return file

    def _sync_moved(self, file: int) -> None:
        """A file that is no longer the path's is not found again by `flush`: it is synced now."""
        if self._file is not None and not os.path.sameopenfile(self._file, file):
            _sync(self._file)


def _line(body: str) -> bytes:
    try:
        # Only its form matters: numbers are kept as they are written.
        json.loads(body, parse_int=str, parse_float=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        text = json.dumps(body, ensure_ascii=False)
    else:
        # Strings of JSON have no line breaks, so those there are stand between its parts.
        text = _BREAK.sub("", body).strip()
    # Half of a character pair has no UTF-8, but the same escape in Python and in JSON.
    return text.translate(_ESCAPED).encode("utf-8", "backslashreplace") + b"\n"


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON.")


def _append(file: int, line: bytes) -> None:
    """Write a line, in one piece unless the system takes but a part of it.

    A line that was torn by a crash is ended first. What was written of a line that cannot be
    written to its end is taken back.
    """
    length = _length(file)
    if length and _last_byte(file) != b"\n":
        line = b"\n" + line
    written = 0
    try:
        while written < len(line):
            # After a part comes an error that says why: a full disk, or a limit.
            written += os.write(file, line[written:])
    except BaseException:
        with suppress(OSError):
            # Not when somebody else has written after it.
            if written and _length(file) == length + written:
                os.ftruncate(file, length)
        raise


def _length(file: int) -> int:
    """Its bytes; none for what is no regular file, of which nothing can be taken back."""
    about = os.fstat(file)
    return about.st_size if stat.S_ISREG(about.st_mode) else 0


def _last_byte(file: int) -> bytes:
    os.lseek(file, -1, os.SEEK_END)
    return os.read(file, 1)


def _sync(file: int) -> None:
    if stat.S_ISREG(os.fstat(file).st_mode):
        os.fsync(file)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # Folders cannot be opened there.
    with suppress(FileNotFoundError):  # Removed meanwhile, with what was in it.
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
