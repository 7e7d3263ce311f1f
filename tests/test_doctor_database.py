"""What the doctor says of a database: whose it is and whether it is whole. It leaves no trace."""

import fcntl
import shutil
import signal
import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest

from command_line import Started
from sagemock import doctor
from sagemock.store.schema import VERSION


def database(path: Path) -> list[tuple[str, str]]:
    return [(each.verdict, each.told) for each in doctor.database_findings(str(path))]


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        each.name: (each.read_bytes(), each.stat().st_mtime_ns)
        for each in folder.iterdir()
        if each.is_file()
    }


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A database that a server made and left in good order."""
    started = Started(tmp_path, "--db", "it.db")
    started.call("CreateModelPackageGroup", ModelPackageGroupName="churn")
    assert started.stop()[0] == 0
    return tmp_path / "it.db"


def test_a_database_is_looked_into_and_left_as_it_is(made: Path) -> None:
    before = contents(made.parent)
    assert database(made) == [("ok", f"{made} is whole and free, with schema {VERSION}.")]
    assert contents(made.parent) == before


def test_a_database_that_a_server_has_is_named_with_its_process(tmp_path: Path) -> None:
    started = Started(tmp_path, "--db", "it.db")
    path, pid = tmp_path / "it.db", started.process.pid
    assert database(path) == [("ok", f"{path} is served by a running sagemock (process {pid}).")]
    started.call("CreateModelPackageGroup", ModelPackageGroupName="still-served")
    assert started.stop()[0] == 0


def test_a_database_of_a_killed_server_is_read_from_a_copy(tmp_path: Path) -> None:
    started = Started(tmp_path, "--db", "it.db")
    started.call("CreateModelPackageGroup", ModelPackageGroupName="churn")
    started.stop(signal.SIGKILL)
    path = tmp_path / "it.db"
    assert path.with_name("it.db-wal").stat().st_size
    before = contents(tmp_path)
    assert database(path) == [("ok", f"{path} is whole and free, with schema {VERSION}.")]
    assert contents(tmp_path) == before


def test_a_large_log_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = Started(tmp_path, "--db", "it.db")
    started.stop(signal.SIGKILL)
    monkeypatch.setattr("sagemock.store.inspection._MOST_COPIED", 1)
    path = tmp_path / "it.db"
    assert database(path) == [("ok", f"{path} is free; it was not looked into.")]


def test_a_database_that_is_not_there_yet_is_well(tmp_path: Path) -> None:
    path = tmp_path / "no" / "it.db"
    assert database(path) == [("ok", f"There is no {path} yet; `sagemock serve` makes it.")]
    assert list(tmp_path.iterdir()) == []


def test_an_older_schema_is_brought_up_to_date_by_the_next_server(made: Path) -> None:
    with sqlite3.connect(made) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION - 1}")
    connection.close()
    assert database(made) == [
        (
            "ok",
            (
                f"{made} has schema {VERSION - 1}; the next `sagemock serve` brings it to"
                f" {VERSION}, after a copy of it was put beside it."
            ),
        )
    ]


def test_a_newer_schema_and_a_foreign_database_are_wrong(made: Path) -> None:
    with sqlite3.connect(made) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    ((verdict, told),) = database(made)
    assert verdict == "wrong"
    assert told.startswith(f"{made} was written by a newer version of sagemock (schema 99, ")
    with sqlite3.connect(made) as connection:
        connection.execute("PRAGMA application_id = 1")
    connection.close()
    told = f"{made} is a database of another program; name another file."
    assert database(made) == [("wrong", told)]


def test_what_is_no_database_or_damaged_is_wrong(made: Path) -> None:
    content = made.read_bytes()
    made.write_bytes(content[:8192] + b"\xff" * 4096 + content[12288:])
    ((verdict, told),) = database(made)
    assert verdict == "wrong"
    assert told.startswith(f"{made} is damaged: ")
    made.write_text("notes " * 1000)
    told = f"Cannot use {made} as a database: file is not a database."
    assert database(made) == [("wrong", told)]


def test_a_registry_that_was_lost_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "it.db"
    (tmp_path / "it.db-wal").write_bytes(b"x")
    ((verdict, told),) = database(path)
    assert verdict == "wrong"
    assert told.startswith(f"{path} is missing or empty, but its write-ahead log it.db-wal is not")


def test_a_file_that_was_emptied_is_wrong_and_one_that_was_always_empty_is_not(
    made: Path,
) -> None:
    made.write_bytes(b"")
    ((verdict, told),) = database(made)
    assert verdict == "wrong"
    assert told.startswith(f"{made} is empty, but held a registry before: it was lost; ")
    made.with_name("it.db.lock").unlink()
    assert database(made) == [("ok", f"{made} is free; it was not looked into.")]


def test_a_lock_that_does_not_say_whose_it_is(tmp_path: Path) -> None:
    path = tmp_path / "it.db"
    with (tmp_path / "it.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert database(path) == [("ok", f"{path} is served by a running sagemock.")]
    assert database(path) == [("ok", f"There is no {path} yet; `sagemock serve` makes it.")]


def test_a_folder_or_a_place_below_a_file_is_wrong(tmp_path: Path) -> None:
    assert database(tmp_path) == [("wrong", f"Cannot open {tmp_path}: it is a folder.")]
    file = tmp_path / "file"
    file.write_text("")
    assert ("wrong", f"{file} is a file, and the database is to be below it.") in database(
        file / "it.db"
    )


def test_what_cannot_be_written_is_wrong(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # For root everything can be.
    monkeypatch.setattr(doctor, "_writable", lambda path: path != made.parent)
    told = f"{made.parent} cannot be written by you, so nothing can be registered."
    assert database(made)[1:] == [("wrong", told)]


@pytest.mark.parametrize(("free_mib", "verdict"), [(50, "warning"), (2, "wrong"), (500, None)])
def test_a_disk_that_is_nearly_full_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mib: int, verdict: str | None
) -> None:
    usage = SimpleNamespace(free=free_mib * 1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    told = f"The disk of {tmp_path} has {free_mib} MiB left."
    assert database(tmp_path / "it.db")[1:] == ([(verdict, told)] if verdict else [])
