"""Events as lines of a file."""

import errno
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sagemock.eventing import Event, NotDeliveredError
from sagemock.sinks.file import FileSink

EVENT = Event(1, {"id": "5b0f", "detail-type": "SageMaker Model State Change"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "here" / "events.jsonl"


@pytest.fixture
def sink(path: Path) -> Iterator[FileSink]:
    sink = FileSink(path)
    yield sink
    sink.close()


def test_each_event_is_a_line(sink: FileSink, path: Path) -> None:
    sink.send(EVENT, '{"id":"1"}')
    sink.send(EVENT, '{"id":"2"}')
    sink.flush()
    assert path.read_bytes() == b'{"id":"1"}\n{"id":"2"}\n'


def test_what_is_there_stays(sink: FileSink, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"id":"0"}\n')
    sink.send(EVENT, '{"id":"1"}')
    assert path.read_bytes() == b'{"id":"0"}\n{"id":"1"}\n'


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ('{"a": 1,\r\n    "b": [\n\t2\n]\n}\n', '{"a": 1,"b": [2]}'),
        (' {"a":1} ', '{"a":1}'),
        ('{"n":1.0,"big":1e400,"a":1,"a":2}\n', '{"n":1.0,"big":1e400,"a":1,"a":2}'),
        ("7" * 5000, "7" * 5000),
        ('"two\\nlines"', '"two\\nlines"'),
        ('"ü \u2028 \u2029 \x85"', '"ü \\u2028 \\u2029 \\u0085"'),
        ('"half \ud83d"', '"half \\ud83d"'),
        ("plain", '"plain"'),
        ('two\nlines, a " and a \ud83d', '"two\\nlines, a \\" and a \\ud83d"'),
        ("", '""'),
        ("NaN", '"NaN"'),
        ("[" * 100_000, f'"{"[" * 100_000}"'),
    ],
)
def test_a_body_is_one_line_of_json(sink: FileSink, path: Path, body: str, line: str) -> None:
    sink.send(EVENT, body)
    assert path.read_text("utf-8") == f"{line}\n"
    assert len(path.read_text("utf-8").splitlines()) == 1


def test_a_body_that_is_not_json_is_read_back_as_it_was(sink: FileSink, path: Path) -> None:
    sink.send(EVENT, "Version 3 of churn\nis Approved.")
    assert json.loads(path.read_text("utf-8")) == "Version 3 of churn\nis Approved."


def test_a_torn_line_is_ended_first(sink: FileSink, path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b'{"id":"0"}\n{"id":')
    sink.send(EVENT, '{"id":"1"}')
    assert path.read_bytes() == b'{"id":"0"}\n{"id":\n{"id":"1"}\n'


@pytest.mark.skipif(sys.platform == "win32", reason="An open file cannot be moved there.")
def test_a_file_that_is_moved_away_is_made_again(sink: FileSink, path: Path) -> None:
    sink.send(EVENT, "1")
    moved = path.rename(path.with_name("events.jsonl.1"))
    sink.send(EVENT, "2")
    assert (moved.read_bytes(), path.read_bytes()) == (b"1\n", b"2\n")


def test_a_folder_that_is_removed_is_made_again(sink: FileSink, path: Path) -> None:
    sink.send(EVENT, "1")
    sink.flush()
    path.unlink()
    path.parent.rmdir()
    sink.send(EVENT, "2")
    sink.flush()
    assert path.read_bytes() == b"2\n"


def test_a_line_is_one_write(sink: FileSink, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"torn")
    written: list[bytes] = []
    write = os.write

    def noting(file: int, content: bytes) -> int:
        written.append(bytes(content))
        return write(file, content)

    monkeypatch.setattr(os, "write", noting)
    sink.send(EVENT, "1")
    assert written == [b"\n1\n"]


@pytest.mark.parametrize("before", [b'{"id":"0"}\n', b'{"id":"0"}\n{"id":', b""])
def test_nothing_stays_of_a_line_that_does_not_fit(
    sink: FileSink, path: Path, before: bytes
) -> None:
    resource = pytest.importorskip("resource", reason="Windows has no limits of a file's length.")
    path.parent.mkdir(parents=True)
    path.write_bytes(before)
    _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 5, hard))
        with pytest.raises(NotDeliveredError) as refused:
            sink.send(EVENT, '{"id":"1"}')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert refused.value.again
    reason = os.strerror(errno.EFBIG)
    assert str(refused.value) == f"The file {path} cannot be written to: {reason}."
    assert path.read_bytes() == before


def test_what_somebody_else_wrote_after_a_torn_line_stays(
    sink: FileSink, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    left = [3]

    def filling(file: int, content: bytes) -> int:
        if left:
            return write(file, content[: left.pop()])
        with path.open("ab") as other:
            other.write(b"other\n")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", filling)
    with pytest.raises(NotDeliveredError, match="No space left on device"):
        sink.send(EVENT, '{"id":"1"}')
    assert path.read_bytes() == b'{"iother\n'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Only Linux has /dev/full.")
def test_a_full_disk_is_told_as_the_system_says_it() -> None:
    sink = FileSink(Path("/dev/full"))
    with pytest.raises(NotDeliveredError) as refused:
        sink.send(EVENT, "1")
    assert refused.value.again
    reason = os.strerror(errno.ENOSPC)
    assert str(refused.value) == f"The file /dev/full cannot be written to: {reason}."


def test_a_path_that_can_be_no_file_is_told(tmp_path: Path) -> None:
    tmp_path.joinpath("file").touch()
    with pytest.raises(NotDeliveredError, match=r"^The file .* cannot be written to: ") as refused:
        FileSink(tmp_path / "file" / "events.jsonl").send(EVENT, "1")
    assert refused.value.again


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """What was synced, as `named` has it."""
    synced: list[tuple[int, int]] = []
    sync = os.fsync

    def noting(file: int) -> None:
        about = os.fstat(file)
        synced.append((about.st_dev, about.st_ino))
        sync(file)

    monkeypatch.setattr(os, "fsync", noting)
    return synced


def named(path: Path) -> tuple[int, int]:
    return path.stat().st_dev, path.stat().st_ino


def test_a_flush_syncs_what_was_written_since(
    sink: FileSink, path: Path, synced: list[tuple[int, int]]
) -> None:
    path.parent.mkdir(parents=True)
    path.touch()
    sink.flush()
    sink.send(EVENT, "1")
    sink.send(EVENT, "2")
    assert synced == []
    sink.flush()
    sink.flush()
    assert synced == [named(path)]


@pytest.mark.skipif(sys.platform == "win32", reason="Folders cannot be synced there.")
def test_a_new_file_is_synced_with_the_folders_that_name_it(
    sink: FileSink, path: Path, tmp_path: Path, synced: list[tuple[int, int]]
) -> None:
    sink.send(EVENT, "1")
    sink.flush()
    folders = [path.parent, path.parent.parent, tmp_path]
    assert synced == [named(path), *(named(each) for each in folders)]


@pytest.mark.skipif(sys.platform == "win32", reason="An open file cannot be moved there.")
def test_a_file_that_is_moved_away_is_synced_before_it_is_let_go(
    sink: FileSink, path: Path, synced: list[tuple[int, int]]
) -> None:
    path.parent.mkdir(parents=True)
    path.touch()
    sink.send(EVENT, "1")
    moved = path.rename(path.with_name("events.jsonl.1"))
    path.touch()
    sink.send(EVENT, "2")
    sink.flush()
    assert synced == [named(moved), named(path)]


def test_a_sync_that_fails_is_told(
    sink: FileSink, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    sink.send(EVENT, "1")
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(NotDeliveredError) as refused:
        sink.flush()
    assert refused.value.again
    assert str(refused.value) == f"The file {path} cannot be written to: Input/output error."
