"""What comes out of an archive, and what must not be in one."""

import gzip
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from archives import BLOCK, Member, Unpacker, header, octal, padded, tar
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemock.serving.archive import ArchiveError, extract


@pytest.fixture
def unpack(tmp_path: Path) -> Unpacker:
    return Unpacker(tmp_path)


@pytest.mark.parametrize(
    "tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
)
def test_files_and_folders_come_out_as_they_were(unpack: Unpacker, tar_format: int) -> None:
    deep = f"{'d' * 90}/{'e' * 80}/f.txt"
    packed = tar(
        Member("./model.joblib", b"weights" * 1000),
        Member("code", type=tarfile.DIRTYPE),
        Member("code/inference.py", b"pass\n"),
        Member("empty/", type=tarfile.DIRTYPE),
        Member(deep, b"far below"),
        tar_format=tar_format,
    )
    assert unpack(gzip.compress(packed)) == {
        "model.joblib": b"weights" * 1000,
        "code": None,
        "code/inference.py": b"pass\n",
        "empty": None,
        "d" * 90: None,
        f"{'d' * 90}/{'e' * 80}": None,
        deep: b"far below",
    }


def test_names_may_have_any_letters(unpack: Unpacker) -> None:
    names = ["Modell für Müller.bin", "模型/权重.bin", "a b'c\"d.txt", "..hidden", "x..", "ab:c"]
    tree = unpack(gzip.compress(tar(*(Member(name, name.encode()) for name in names))))
    assert {name: data for name, data in tree.items() if data is not None} == {
        name: name.encode() for name in names
    }


def test_modes_are_ours_and_executables_stay_so(unpack: Unpacker) -> None:
    before = os.umask(0o077)
    try:
        unpack(
            gzip.compress(
                tar(
                    Member("open", mode=0o666),
                    Member("closed", mode=0o000),
                    Member("program", mode=0o6711),
                    Member("folder", mode=0o1777, type=tarfile.DIRTYPE),
                    Member("locked", mode=0o000, type=tarfile.DIRTYPE),
                    Member("locked/unnamed/file"),
                )
            )
        )
    finally:
        os.umask(before)
    paths = [unpack.target, *unpack.target.rglob("*")]
    assert {path.name: oct(path.stat().st_mode & 0o7777) for path in paths} == {
        "unpacked": "0o755",
        "open": "0o644",
        "closed": "0o644",
        "program": "0o755",
        "folder": "0o755",
        "locked": "0o755",
        "unnamed": "0o755",
        "file": "0o644",
    }
    assert {path.stat().st_uid for path in paths} == {os.geteuid()}


def test_of_two_files_of_one_name_the_later_stays(unpack: Unpacker) -> None:
    packed = tar(Member("a", b"a long first one"), Member("./a", b"second"))
    assert unpack(gzip.compress(packed)) == {"a": b"second"}


def test_an_archive_may_be_compressed_in_parts(unpack: Unpacker) -> None:
    packed = tar(Member("a", bytes(range(256)) * 40))
    parts = gzip.compress(packed[:700]) + gzip.compress(packed[700:])
    assert unpack(parts) == {"a": bytes(range(256)) * 40}


def test_an_archive_without_its_closing_blocks_is_whole(unpack: Unpacker) -> None:
    packed = header(b"a", octal(3)) + padded(b"abc")
    assert unpack(gzip.compress(packed)) == {"a": b"abc"}


def test_an_archive_of_nothing_gives_an_empty_folder(unpack: Unpacker) -> None:
    assert unpack(gzip.compress(tar(Member(".", type=tarfile.DIRTYPE)))) == {}
    assert unpack(gzip.compress(tar())) == {}


def test_a_folder_that_holds_something_is_left_alone(unpack: Unpacker) -> None:
    unpack.target.mkdir()
    (unpack.target / "mine").write_bytes(b"kept")
    with pytest.raises(FileExistsError):
        unpack(gzip.compress(tar(Member("a"))))
    assert unpack.tree() == {"mine": b"kept"}


LINKS = "SageMaker takes no archive with links."


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (
            Member("code/x", type=tarfile.SYMTYPE, linkname="inference.py"),
            f"'code/x', a symbolic link; {LINKS}",
        ),
        (Member("x", type=tarfile.SYMTYPE, linkname="/etc"), f"'x', a symbolic link; {LINKS}"),
        (Member("x", type=tarfile.LNKTYPE, linkname="first"), f"'x', a hard link; {LINKS}"),
        (Member("x", type=tarfile.CHRTYPE), "'x', a device."),
        (Member("x", type=tarfile.BLKTYPE), "'x', a device."),
        (Member("x", type=tarfile.FIFOTYPE), "'x', a named pipe."),
        (Member("x", type=b"Z"), "'x', neither a file nor a folder."),
        (Member("/etc/passwd"), "'/etc/passwd', an absolute path."),
        (Member("//host/share"), "'//host/share', an absolute path."),
        (Member("\\x"), "'\\x', an absolute path."),
        (Member(".."), "'..', a path with '..'."),
        (Member("a/../../b"), "'a/../../b', a path with '..'."),
        (Member("a/..", type=tarfile.DIRTYPE), "'a/..', a path with '..'."),
        (Member("C:/x"), "'C:/x', a path with a drive letter."),
        (Member("c:x"), "'c:x', a path with a drive letter."),
        (Member("a/d:/x"), "'a/d:/x', a path with a drive letter."),
        (Member("a\\..\\..\\b"), "'a\\..\\..\\b', a path with a backslash or a zero byte."),
        (Member("first/x"), "'first' as a file and as a folder."),
        (Member("first", type=tarfile.DIRTYPE), "'first' as a file and as a folder."),
        (Member("folder"), "'folder' as a file and as a folder."),
        (Member("a/" * 100 + "b"), f"'{('a/' * 100 + 'b')[:200]}...', more than 100 folders deep."),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_could_leave_the_folder_is_refused(
    unpack: Unpacker, member: Member, reason: str
) -> None:
    packed = tar(
        Member("first", b"good"), Member("folder", type=tarfile.DIRTYPE), member, Member("last")
    )
    assert unpack.refusal(gzip.compress(packed)) == f"model.tar.gz holds {reason}"


def test_an_absolute_folder_is_refused(unpack: Unpacker) -> None:
    packed = header(b"/tmp/x/", octal(0), tarfile.DIRTYPE) + bytes(2 * BLOCK)
    assert unpack.refusal(gzip.compress(packed)) == "model.tar.gz holds '/tmp/x', an absolute path."


def test_a_zero_byte_in_a_name_is_refused(unpack: Unpacker) -> None:
    record = b"13 path=a\x00bc\n"
    packed = (
        header(b"pax", octal(len(record)), tarfile.XHDTYPE)
        + padded(record)
        + header(b"x", octal(0))
        + bytes(2 * BLOCK)
    )
    assert unpack.refusal(gzip.compress(packed)) == (
        "model.tar.gz holds 'a\\x00bc', a path with a backslash or a zero byte."
    )


def test_sparse_files_are_refused(unpack: Unpacker) -> None:
    packed = header(b"x", octal(0), tarfile.GNUTYPE_SPARSE) + bytes(2 * BLOCK)
    assert unpack.refusal(gzip.compress(packed)) == "model.tar.gz holds 'x', a sparse file."


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/a\nERROR forged line", r"/a\nERROR forged line"),
        ("/\x1b[31mred", r"/\x1b[31mred"),
        ("/" + b"\xff\xfe".decode("utf-8", "surrogateescape"), r"/\udcff\udcfe"),
        ("/" + "x" * 1000, "/" + "x" * 199 + "..."),
    ],
)
def test_a_name_is_told_in_one_plain_line(unpack: Unpacker, name: str, shown: str) -> None:
    packed = gzip.compress(tar(Member(name), tar_format=tarfile.GNU_FORMAT))
    assert unpack.refusal(packed) == f"model.tar.gz holds '{shown}', an absolute path."


def test_a_name_that_no_file_can_have_is_refused(unpack: Unpacker) -> None:
    packed = gzip.compress(tar(Member("first"), Member("x" * 300)))
    assert unpack.refusal(packed) == "model.tar.gz cannot be unpacked: File name too long."


def test_an_archive_is_called_as_the_caller_says(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError) as refused:
        extract(tmp_path / "none", tmp_path / "into", called="s3://bucket/model.tar.gz")
    assert str(refused.value) == (
        "s3://bucket/model.tar.gz cannot be unpacked: No such file or directory."
    )


PARTS = st.sampled_from(["a", "b", "..", ".", "", "C:", "\\", "c\\..", "...", "\n", "~", "é"])
NAMES = st.lists(PARTS, min_size=1, max_size=5).map("/".join).filter(bool)
KINDS = st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE])
MEMBERS = st.builds(
    Member, NAMES, st.just(b"data"), KINDS, linkname=st.sampled_from(["..", "/", "a", "../a"])
)


def inhabitants(folder: Path) -> Iterator[str]:
    yield from (str(path.relative_to(folder)) for path in folder.rglob("*"))


@settings(max_examples=300, deadline=None)
@given(st.lists(MEMBERS, max_size=4))
def test_no_archive_touches_anything_outside_its_folder(members: list[Member]) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "a").write_bytes(b"neighbour")
        unpacker = Unpacker(root / "b" / "c")
        unpacker.archive.parent.mkdir(parents=True)
        before = {*inhabitants(root), "b/c/model.tar.gz"}
        try:
            unpacker(gzip.compress(tar(*members), 1))
        except ArchiveError:
            assert set(inhabitants(root)) == before
        outside = {name for name in inhabitants(root) if not name.startswith("b/c/unpacked")}
        assert outside == before
        assert (root / "a").read_bytes() == b"neighbour"
        assert not any(path.is_symlink() for path in root.rglob("*"))
