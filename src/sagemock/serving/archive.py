"""Archives of model data and of source code, unpacked without trusting them.

Everything is checked here, on every version of Python alike; tarfile only reads the headers, and
what it reads is bounded. An archive is taken whole or refused whole.
"""

import gzip
import re
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

_CHUNK = 1024 * 1024
_BLOCK = 512
_MOST_HEADERS = 256 * 1024
_MOST_DEPTH = 100
_MOST_SHOWN = 200
_DRIVE = re.compile(r"[A-Za-z]:")
# Before 3.11.10 tarfile takes hours for a header of digits; no file has a name of so many.
_LONG_NUMBER = re.compile(rb"[0-9]{256}")
_KINDS = {
    tarfile.SYMTYPE: "a symbolic link; SageMaker takes no archive with links",
    tarfile.LNKTYPE: "a hard link; SageMaker takes no archive with links",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a named pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}
# What tarfile may stumble over in a header that makes no sense.
_NONSENSE = (tarfile.TarError, ValueError, LookupError, OverflowError, RecursionError)


class ArchiveError(Exception):
    """An archive that is not unpacked; the message is a sentence that names it and the reason."""


class _RefusedError(Exception):
    """Why an archive is refused, as the sentence goes on after its name."""


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold.

    `members` counts files and folders, those too that only a path names. Unpacked, it has at most
    `total_bytes`, and beyond `unsuspicious_bytes` at most `ratio` times what the archive has.
    """

    total_bytes: int = 20 * 1024**3
    unsuspicious_bytes: int = 100 * 1024**2
    ratio: int = 1000
    members: int = 100_000


def extract(
    archive: Path, target: Path, *, called: str | None = None, limits: Limits | None = None
) -> None:
    """Unpack a gzipped tar archive into a folder that is new or empty.

    Files are ours, readable by all, executable where they were. Of two files of one name the later
    stays, as in tar. `called` is what a message calls the archive, by default its file's name.
    Errors: ArchiveError, it is refused, damaged or cannot be read, or there is no room for it; then
    the folder is gone. FileExistsError, the folder holds something.
    """
    if target.is_dir() and any(target.iterdir()):
        raise FileExistsError(f"{target} is not empty.")
    try:
        _extract(archive, target, limits or Limits())
    except BaseException as error:
        shutil.rmtree(target, ignore_errors=True)
        reason = _reason(error)
        if reason is None:
            raise
        raise ArchiveError(f"{called or archive.name} {reason}.") from error


def _reason(error: BaseException) -> str | None:
    if isinstance(error, _RefusedError):
        return str(error)
    if isinstance(error, OSError):
        return f"cannot be unpacked: {error.strerror or error}"
    return None


def _extract(archive: Path, target: Path, limits: Limits) -> None:
    size = archive.stat().st_size
    most = min(limits.total_bytes, max(limits.unsuspicious_bytes, limits.ratio * size))
    with gzip.open(archive) as file:
        tape = _Tape(cast("IO[bytes]", file), most)
        folder = _Folder(target, limits.members)
        for member in _members(tape):
            parts = _parts(member.name)
            if member.isdir():
                folder.make(parts)
            else:
                tape.expect(member.size)
                executable = bool(member.mode & 0o111)
                with folder.open(parts, executable=executable) as copy:
                    tape.copy(member.size, copy)
        tape.run_out()


def _members(tape: "_Tape") -> Iterator[tarfile.TarInfo]:
    """The files and folders on a tape, one after the other; whoever asks reads the file's bytes."""
    try:
        tar = tarfile.TarFile(fileobj=cast("IO[bytes]", tape))
    except _NONSENSE:
        raise _RefusedError("is no gzip-compressed tar archive") from None
    last = None
    while (member := _next(tar, tape)) is not None:
        last = _shown(member.name)
        if not member.isdir() and member.type not in {tarfile.REGTYPE, tarfile.AREGTYPE}:
            kind = _KINDS.get(member.type, "neither a file nor a folder")
            raise _RefusedError(f"holds '{last}', {kind}")
        if member.size < 0:
            raise _RefusedError(f"is damaged: '{last}' has less than no bytes")
        yield member
        tape.skip_to(tar.offset)
    # tarfile takes a header that it cannot read for the end.
    if any(tape.header):
        raise _RefusedError(f"is damaged after '{last}'")


def _next(tar: Any, tape: "_Tape") -> tarfile.TarInfo | None:
    tar.members.clear()  # It would keep them all.
    tape.header_bytes = 0
    try:
        return cast("tarfile.TarInfo | None", tar.next())
    except _NONSENSE:
        raise _RefusedError("is damaged: it has a header that makes no sense") from None


def _parts(name: str) -> tuple[str, ...]:
    """The folders that a path names and its last part; none for the root itself."""
    shown = _shown(name)
    if name.startswith(("/", "\\")):
        raise _RefusedError(f"holds '{shown}', an absolute path")
    parts = tuple(part for part in name.split("/") if part not in {"", "."})
    if ".." in parts:
        raise _RefusedError(f"holds '{shown}', a path with '..'")
    if any(_DRIVE.match(part) for part in parts):
        raise _RefusedError(f"holds '{shown}', a path with a drive letter")
    if "\\" in name or "\0" in name:
        raise _RefusedError(f"holds '{shown}', a path with a backslash or a zero byte")
    if len(parts) > _MOST_DEPTH:
        raise _RefusedError(f"holds '{shown}', more than {_MOST_DEPTH} folders deep")
    return parts


def _shown(name: str) -> str:
    """A name as it may stand in a message: one line, and not too long."""
    plain = name if name.isprintable() else name.encode("unicode_escape").decode("ascii")
    return plain if len(plain) <= _MOST_SHOWN else f"{plain[:_MOST_SHOWN]}..."


class _Tape:
    """The tar archive inside: read forwards only, and no further than `most` bytes.

    tarfile reads the headers by `read`; `header` is the last of them. The files' bytes are taken
    by `copy`.
    """

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file = file
        self._most = most
        self._position = 0
        self.header = b""
        self.header_bytes = 0

    def tell(self) -> int:
        return self._position

    def seek(self, position: int) -> None:
        raise _RefusedError(f"is damaged: it jumps from byte {self._position} to {position}")

    def read(self, size: int) -> bytes:
        self.header_bytes += abs(size)
        if size < 0 or self.header_bytes > _MOST_HEADERS:
            raise _RefusedError("is damaged: it has a header of excessive size")
        self.header = self._take(size)
        if _LONG_NUMBER.search(self.header):
            raise _RefusedError("is damaged: it has a header with an excessive number")
        return self.header

    def expect(self, size: int) -> None:
        """Refuse what is too much before any of it is written."""
        if self._position + size > self._most:
            raise _RefusedError(f"unpacks to more than {self._most} bytes")

    def copy(self, size: int, copy: IO[bytes]) -> None:
        while size > 0:
            data = self._take(min(size, _CHUNK))
            if not data:
                raise _RefusedError("is incomplete: it ends in the middle of a file")
            copy.write(data)
            size -= len(data)

    def skip_to(self, position: int) -> None:
        if not 0 <= position - self._position < _BLOCK:
            raise _RefusedError("is damaged: a file is not as long as its header says")
        self._take(position - self._position)

    def run_out(self) -> None:
        """Read to the end, where gzip's checksum stands."""
        while self._take(_CHUNK):
            continue

    def _take(self, size: int) -> bytes:
        try:
            data = self._file.read(size)
        except EOFError:
            raise _RefusedError("is incomplete: it ends in the middle") from None
        except gzip.BadGzipFile as error:
            if self._position == 0:
                raise _RefusedError("is no gzip-compressed tar archive") from None
            raise _RefusedError(f"is damaged: {str(error).rstrip('.')}") from None
        except zlib.error:
            raise _RefusedError("is damaged: its compressed data makes no sense") from None
        self._position += len(data)
        self.expect(0)
        return data


class _Folder:
    """The folder that is filled: never through a link, for none is made in it."""

    def __init__(self, root: Path, most: int) -> None:
        self._root = root
        self._most = most
        self._files: set[tuple[str, ...]] = set()
        self._folders: set[tuple[str, ...]] = {()}
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o755)

    def make(self, parts: tuple[str, ...]) -> None:
        """A folder and those above it, as far as they are not there."""
        for depth in range(1, len(parts) + 1):
            folder = parts[:depth]
            if folder in self._files:
                raise _RefusedError(f"holds '{_shown('/'.join(folder))}' as a file and as a folder")
            if folder not in self._folders:
                self._folders.add(folder)
                self._count()
                path = self._root.joinpath(*folder)
                path.mkdir()
                path.chmod(0o755)

    def open(self, parts: tuple[str, ...], *, executable: bool) -> IO[bytes]:
        """A file to be written."""
        self.make(parts[:-1])
        if parts in self._folders:
            raise _RefusedError(f"holds '{_shown('/'.join(parts))}' as a file and as a folder")
        if parts not in self._files:
            self._files.add(parts)
            self._count()
        path = self._root.joinpath(*parts)
        file = path.open("wb")
        path.chmod(0o755 if executable else 0o644)
        return file

    def _count(self) -> None:
        if len(self._files) + len(self._folders) - 1 > self._most:
            raise _RefusedError(f"holds more than {self._most} files and folders")
