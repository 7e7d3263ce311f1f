"""Archives made in memory, and a place to unpack them."""

import io
import struct
import tarfile
from pathlib import Path
from typing import NamedTuple

import pytest

from sagemock.serving.archive import ArchiveError, Limits, extract

BLOCK = 512


class Member(NamedTuple):
    name: str
    data: bytes = b""
    type: bytes = tarfile.REGTYPE
    mode: int = 0o644
    linkname: str = ""


def tar(*members: Member, tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tar_format) as archive:
        for member in members:
            info = tarfile.TarInfo(member.name)
            info.size, info.type = len(member.data), member.type
            info.mode, info.linkname = member.mode, member.linkname
            archive.addfile(info, io.BytesIO(member.data))
    return file.getvalue()


def header(name: bytes, size: bytes, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A header block as no writer would make it, with the checksum that belongs to it."""
    block = struct.pack(
        "100s8s8s8s12s12s8sc100s8s247x",
        name,
        b"0000644",
        b"0000000",
        b"0000000",
        size,
        b"00000000000",
        b" " * 8,
        kind,
        b"",
        b"ustar\x0000",
    )
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def octal(size: int) -> bytes:
    return b"%011o" % size


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


class Unpacker:
    """Puts archives beside an empty place for what they hold."""

    def __init__(self, folder: Path) -> None:
        self.archive = folder / "model.tar.gz"
        self.target = folder / "unpacked"

    def __call__(self, packed: bytes, limits: Limits | None = None) -> dict[str, bytes | None]:
        self.archive.write_bytes(packed)
        extract(self.archive, self.target, limits=limits)
        return self.tree()

    def tree(self) -> dict[str, bytes | None]:
        return {
            str(path.relative_to(self.target)): None if path.is_dir() else path.read_bytes()
            for path in self.target.rglob("*")
        }

    def refusal(self, packed: bytes, limits: Limits | None = None) -> str:
        """Why an archive is refused, after it was seen that nothing is left of it."""
        with pytest.raises(ArchiveError) as refused:
            self(packed, limits)
        assert list(self.archive.parent.iterdir()) == [self.archive]
        return str(refused.value)
