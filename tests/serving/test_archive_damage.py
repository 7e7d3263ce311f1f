"""Archives that are too much, cut off, damaged or none at all: nothing of them stays behind."""

import gzip
import io
import os
import tarfile
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from archives import BLOCK, Member, Unpacker, header, octal, padded, tar
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemock.serving.archive import ArchiveError, Limits

MIB = 1024**2


@pytest.fixture
def unpack(tmp_path: Path) -> Unpacker:
    return Unpacker(tmp_path)


def test_more_files_than_allowed_are_refused(unpack: Unpacker) -> None:
    packed = gzip.compress(tar(*(Member(f"f{number}") for number in range(11))))
    assert unpack.refusal(packed, Limits(members=10)) == (
        "model.tar.gz holds more than 10 files and folders."
    )
    assert len(unpack(packed, Limits(members=11))) == 11


def test_folders_that_only_paths_name_count_too(unpack: Unpacker) -> None:
    packed = gzip.compress(tar(Member("a/b/c/d/file"), Member("e/f/g/h/file")))
    assert unpack.refusal(packed, Limits(members=9)) == (
        "model.tar.gz holds more than 9 files and folders."
    )
    assert len(unpack(packed, Limits(members=10))) == 10


def test_more_bytes_than_allowed_are_refused_before_they_are_written(unpack: Unpacker) -> None:
    packed = header(b"x", octal(8 * 1024**3 - 1)) + bytes(BLOCK)
    assert unpack.refusal(gzip.compress(packed), Limits(total_bytes=4 * 1024**3)) == (
        "model.tar.gz unpacks to more than 104857600 bytes."
    )
    limits = Limits(total_bytes=4 * 1024**3, unsuspicious_bytes=1024**4)
    assert unpack.refusal(gzip.compress(packed), limits) == (
        "model.tar.gz unpacks to more than 4294967296 bytes."
    )


def test_many_files_together_are_held_against_the_same_limit(unpack: Unpacker) -> None:
    data = os.urandom(50_000)
    packed = gzip.compress(tar(*(Member(f"f{number}", data) for number in range(10))))
    assert unpack.refusal(packed, Limits(total_bytes=400_000)) == (
        "model.tar.gz unpacks to more than 400000 bytes."
    )


def test_a_bomb_is_known_by_its_ratio(unpack: Unpacker) -> None:
    packed = gzip.compress(tar(Member("zeros", bytes(8 * MIB))))
    limits = Limits(unsuspicious_bytes=MIB, ratio=100)
    assert unpack.refusal(packed, limits) == (
        f"model.tar.gz unpacks to more than {max(MIB, 100 * len(packed))} bytes."
    )
    assert unpack(packed) == {"zeros": bytes(8 * MIB)}


def test_a_bomb_behind_the_end_of_the_archive_is_refused(unpack: Unpacker) -> None:
    packed = gzip.compress(tar(Member("a", b"good")) + bytes(8 * MIB))
    assert unpack.refusal(packed, Limits(unsuspicious_bytes=MIB, ratio=100)) == (
        f"model.tar.gz unpacks to more than {max(MIB, 100 * len(packed))} bytes."
    )


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_that_would_fill_the_memory_is_refused(unpack: Unpacker, kind: bytes) -> None:
    packed = header(b"x", octal(64 * MIB), kind) + bytes(64 * MIB)
    assert unpack.refusal(gzip.compress(packed, 1)) == (
        "model.tar.gz is damaged: it has a header of excessive size."
    )


def test_many_headers_before_one_file_are_refused(unpack: Unpacker) -> None:
    name = header(b"x", octal(BLOCK), tarfile.GNUTYPE_LONGNAME) + padded(b"name")
    packed = header(b"first", octal(0)) + name * 5000 + header(b"x", octal(0)) + bytes(2 * BLOCK)
    assert unpack.refusal(gzip.compress(packed)) in {
        "model.tar.gz is damaged: it has a header of excessive size.",
        "model.tar.gz is damaged: it has a header that makes no sense.",  # Python's stack ends.
    }


def test_a_header_of_digits_is_refused_at_once(unpack: Unpacker) -> None:
    digits = b"1" * 20_000
    packed = header(b"x", octal(len(digits)), tarfile.XHDTYPE) + padded(digits) + bytes(2 * BLOCK)
    assert unpack.refusal(gzip.compress(packed)) == (
        "model.tar.gz is damaged: it has a header with an excessive number."
    )


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.DIRTYPE, b"Z"])
def test_a_size_below_nothing_is_refused(unpack: Unpacker, kind: bytes) -> None:
    packed = header(b"a", octal(3)) + padded(b"abc")
    packed += header(b"x", b"\xff" * 11 + b"\x00", kind) + bytes(8 * BLOCK)
    assert unpack.refusal(gzip.compress(packed)).startswith("model.tar.gz ")


def test_an_interruption_leaves_nothing_behind(
    unpack: Unpacker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sagemock.serving.archive._Tape.run_out", interrupt)
    with pytest.raises(KeyboardInterrupt):
        unpack(gzip.compress(tar(Member("a", b"data"))))
    assert not unpack.target.exists()


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("inference.py", "pass")
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        tar(Member("a")),
        zipped(),
        gzip.compress(b""),
        gzip.compress(b"text" * 1000),
        gzip.compress(zipped()),
        gzip.compress(gzip.compress(tar(Member("a")))),
        zlib.compress(tar(Member("a"))),
    ],
    ids=["nothing", "text", "tar", "zip", "gz", "text.gz", "zip.gz", "tar.gz.gz", "tar.zlib"],
)
def test_what_is_no_gzipped_tar_archive_is_told_so(unpack: Unpacker, data: bytes) -> None:
    assert unpack.refusal(data) == "model.tar.gz is no gzip-compressed tar archive."


def test_an_archive_cut_off_anywhere_is_refused(unpack: Unpacker) -> None:
    data = bytes(range(256)) * 4
    packed = gzip.compress(tar(Member("a", data), Member("b", data[::-1])))
    reasons = {unpack.refusal(packed[:end]) for end in range(1, len(packed))}
    assert "model.tar.gz is incomplete: it ends in the middle." in reasons
    assert reasons <= {
        "model.tar.gz is incomplete: it ends in the middle.",
        "model.tar.gz is no gzip-compressed tar archive.",
    }


def test_a_tar_cut_off_within_its_compression_is_refused(unpack: Unpacker) -> None:
    packed = tar(Member("a", b"x" * 5000), Member("b"))
    assert unpack.refusal(gzip.compress(packed[: BLOCK + 4000])) == (
        "model.tar.gz is incomplete: it ends in the middle of a file."
    )
    in_next_header = BLOCK + len(padded(b"x" * 5000)) + 100
    assert unpack.refusal(gzip.compress(packed[:in_next_header])) == (
        "model.tar.gz is damaged after 'a'."
    )


def test_a_damaged_archive_is_refused(unpack: Unpacker) -> None:
    packed = tar(Member("a", os.urandom(20_000)), Member("b"))
    good = gzip.compress(packed)
    broken_checksum = good[:-8] + bytes(8)
    assert unpack.refusal(broken_checksum).startswith("model.tar.gz is damaged: CRC check failed")
    no_such_kind_of_block = good[:10] + b"\x07" + good[11:]
    assert unpack.refusal(no_such_kind_of_block) == (
        "model.tar.gz is damaged: its compressed data makes no sense."
    )
    broken_header = packed[: BLOCK + 20_480] + b"garbage!" * 64 + packed[BLOCK + 20_480 + BLOCK :]
    assert unpack.refusal(gzip.compress(broken_header)) == "model.tar.gz is damaged after 'a'."
    followed = good + b"something else"
    assert unpack.refusal(followed).startswith("model.tar.gz is damaged: Not a gzipped file")


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, BLOCK - 1), st.binary(max_size=8))),
)
def test_whatever_is_changed_in_an_archive_it_is_unpacked_or_refused(
    tar_format: int, changes: list[tuple[int, int, bytes]]
) -> None:
    members = (Member("x" * 200, b"data"), Member("d/é", b"z" * 3000), Member("last"))
    packed = bytearray(tar(*members, tar_format=tar_format))
    for number, offset, data in changes:
        start = number % (len(packed) // BLOCK) * BLOCK
        packed[start + offset : start + offset + len(data)] = data
        block = bytes(packed[start : start + BLOCK])
        checksum = sum(block[:148]) + sum(block[156:]) + 8 * ord(" ")
        packed[start + 148 : start + 156] = b"%06o\0 " % checksum
    with TemporaryDirectory() as folder, suppress(ArchiveError):
        Unpacker(Path(folder))(gzip.compress(packed, 1))
