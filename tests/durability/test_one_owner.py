"""R13: one process owns a file and one a port; a second says so, and the first goes on."""

import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from durability.counts import Counts
from durability.refusals import assert_refused_in_a_sentence
from durability.server_process import ServerProcess, Servers
from sagemock.store.sqlite_store import SqliteStore, StoreError

Way = Callable[[Path], tuple[str, Path]]
"""How a user may name a database: the path as it is given, and the folder it is given in."""


def through_a_link(db: Path) -> tuple[str, Path]:
    link = db.parent.parent / "link.db"
    link.symlink_to(db)
    return str(link), db.parent


def through_a_linked_folder(db: Path) -> tuple[str, Path]:
    folder = db.parent.parent / "linked"
    folder.symlink_to(db.parent)
    return str(folder / db.name), db.parent


WAYS: dict[str, Way] = {
    "the same path": lambda db: (str(db), db.parent),
    "a relative path": lambda db: (db.name, db.parent),
    "a symbolic link": through_a_link,
    "a linked folder": through_a_linked_folder,
}


def assert_goes_on(server: ServerProcess, name: str) -> None:
    client = server.client()
    client.ok("CreateModelPackageGroup", ModelPackageGroupName=name)
    client.ok("DescribeModelPackageGroup", ModelPackageGroupName=name)


@pytest.mark.parametrize("way", WAYS)
def test_a_second_server_on_a_file_is_refused_and_the_first_goes_on(
    servers: Servers, db: Path, way: str, counts: Counts
) -> None:
    first = servers.start(db)
    assert_goes_on(first, "before")
    path, folder = WAYS[way](db)
    second = servers.attempt(path, cwd=folder)
    named = rf"{re.escape(Path(path).name)}|{re.escape(db.name)}"
    assert_refused_in_a_sentence(second, named, rf"\b{first.pid}\b")
    assert_goes_on(first, "after")
    counts.add("R13 second server on a file, the first goes on", refused=1)


def test_after_kill_9_of_the_owner_the_next_one_starts_at_once(
    servers: Servers, db: Path, counts: Counts
) -> None:
    first = servers.start(db)
    assert_goes_on(first, "before")
    first.kill()
    second = servers.start(db)
    assert_goes_on(second, "after")
    second.client().ok("DescribeModelPackageGroup", ModelPackageGroupName="before")
    counts.add("R13 start after kill -9 of the owner", starts=1, slowest_s=second.start_s)
    assert second.start_s < 5


def test_of_servers_started_together_on_a_new_file_one_serves(
    servers: Servers, db: Path, counts: Counts
) -> None:
    with ThreadPoolExecutor(4) as pool:
        attempts = list(pool.map(servers.attempt, [db] * 4))
    (winner,) = (server for server in attempts if server.announced)
    for server in attempts:
        if server is not winner:
            assert_refused_in_a_sentence(server, r"registry\.db")
    assert_goes_on(winner, "g")
    counts.add("R13 started together on a new file", serves=1, refused=3)


def test_a_taken_port_is_refused_and_its_server_goes_on(
    servers: Servers, db: Path, counts: Counts
) -> None:
    first = servers.start(db)
    second = servers.attempt(db.with_name("other.db"), "--port", str(first.port))
    assert_refused_in_a_sentence(second, rf"\b{first.port}\b", "in use")
    assert_goes_on(first, "g")
    counts.add("R13 taken port, its server goes on", refused=1)


def test_a_second_store_in_one_process_is_refused_and_takes_no_lock_away(
    servers: Servers, db: Path
) -> None:
    """POSIX drops a process's locks on a file when it closes any descriptor of it."""
    first = SqliteStore(db)
    with pytest.raises(StoreError, match=rf"registry\.db.*\b{os.getpid()}\b"):
        SqliteStore(db)
    assert_refused_in_a_sentence(servers.attempt(db), r"registry\.db", rf"\b{os.getpid()}\b")
    first.close()
    again = SqliteStore(db)
    again.close()
    assert_goes_on(servers.start(db), "g")
