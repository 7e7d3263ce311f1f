"""R11: on a full disk writes are refused clearly, reads go on, and writes resume by themselves.

Full is a limit on the size of the server's files, or a small file system of its own. Either is
lifted while the server runs.
"""

import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from durability.counts import Counts
from durability.refusals import assert_clear_refusal, assert_refused_in_a_sentence
from durability.server_process import ServerProcess, Servers
from durability.small_disk import remount
from durability.writers import GROUP, Team

ROOM_BYTES = 300_000
MANY = 100_000
"""More writes than there is room for."""

FULL = r"\bfull\b"
# SQLite has no word of its own for a file that may not grow.
FULL_OR_FAILED = r"\bfull\b|too large|disk I/O error"


@pytest.fixture
def team(kill_seed: int) -> Iterator[Team]:
    """Four writers of long texts, which fill what room there is."""
    team = Team(4, seed=kill_seed, padding=900)
    yield team
    team.close()


def limit_file_size(pid: int, limit_bytes: int) -> None:
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit_bytes, hard))


def largest_file(folder: Path) -> int:
    return max(path.stat().st_size for path in folder.iterdir())


def assert_writes_are_refused_until_there_is_room(
    server: ServerProcess, team: Team, reason: str, make_room: Callable[[], None]
) -> int:
    """How many writes were refused."""
    team.write(server.port, MANY)
    refusals = team.refusals
    assert refusals
    for answer in refusals:
        assert_clear_refusal(answer, reason)
    reader = server.client()
    found = team.findings(reader, settled=True, all_versions=True)
    assert not found, vars(found)
    make_room()
    before = team.acknowledged
    team.write(server.port, 60)
    assert team.refusals == []
    assert team.acknowledged >= before + 60
    found = team.findings(reader, settled=True, all_versions=True)
    assert not found, vars(found)
    assert "Traceback" not in server.log
    return len(refusals)


@pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="limits of a running process are Linux's to set"
)
def test_a_file_that_may_not_grow_stops_writes_only_until_it_may(
    servers: Servers, db: Path, team: Team, counts: Counts
) -> None:
    server = servers.start(db)
    team.make_groups(server.client())
    team.write(server.port, 50)
    limit_file_size(server.pid, largest_file(db.parent) + ROOM_BYTES)
    refused = assert_writes_are_refused_until_there_is_room(
        server, team, FULL_OR_FAILED, lambda: limit_file_size(server.pid, resource.RLIM_INFINITY)
    )
    server.kill()
    found = team.findings(servers.start(db).client(), settled=True, all_versions=True)
    counts.add(
        "R11 file that may not grow",
        acknowledged=team.acknowledged,
        clear_refusals=refused,
        **found.counts(),
    )
    assert not found, vars(found)


def make_room_on(disk: Path) -> None:
    remount(disk, "size=64m")


def test_a_full_disk_stops_writes_only_until_there_is_room(
    disk: Path, servers: Servers, team: Team, counts: Counts
) -> None:
    db = disk / "registry.db"
    server = servers.start(db)
    team.make_groups(server.client())
    refused = assert_writes_are_refused_until_there_is_room(
        server, team, FULL, lambda: make_room_on(disk)
    )
    server.kill()
    server = servers.start(db)
    found = team.findings(server.client(), settled=True, all_versions=True)
    counts.add(
        "R11 full disk",
        acknowledged=team.acknowledged,
        clear_refusals=refused,
        **found.counts(),
    )
    server.end()
    assert not found, vars(found)


@pytest.mark.parametrize("ends", ["kill -9", "SIGTERM"])
def test_a_start_on_a_full_disk_shows_everything_or_says_why_not(
    disk: Path, servers: Servers, team: Team, ends: str, counts: Counts
) -> None:
    db = disk / "registry.db"
    server = servers.start(db)
    team.make_groups(server.client())
    team.write(server.port, MANY)
    if ends == "kill -9":
        server.kill()
    else:
        server.terminate()
    (disk / "other").write_bytes(b"x" * shutil.disk_usage(disk).free)
    server = servers.attempt(db)
    served = bool(server.announced)
    if served:
        reader = server.client()
        assert not team.findings(reader, settled=True)
        assert_clear_refusal(reader.call("CreateModelPackage", ModelPackageGroupName=GROUP), FULL)
    else:
        assert_refused_in_a_sentence(server, r"registry\.db", FULL)
    server.end()
    make_room_on(disk)
    server = servers.start(db)
    found = team.findings(server.client(), settled=True, all_versions=True)
    server.end()
    counts.add(
        "R11 start on a full disk",
        starts=1,
        refused_in_a_sentence=not served,
        all_shown=served,
        **found.counts(),
    )
    assert not found, vars(found)
