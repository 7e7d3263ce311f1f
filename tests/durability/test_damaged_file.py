"""R12, R22: a damaged or newer database is refused in a sentence, kept, never begun anew."""

import contextlib
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from durability.counts import Counts
from durability.plain_client import Members, connected
from durability.refusals import assert_refused_in_a_sentence
from durability.server_process import Servers, fingerprint
from durability.writers import Team, seeded

PAGE = 4096
GROUPS = 3
VERSIONS = 240
Damage = Callable[[Path, random.Random], None]


@dataclass(frozen=True)
class Registry:
    """A registry on disk, and what it shows."""

    db: Path
    shown: list[Members]


def listed(port: int) -> list[Members]:
    with connected(port) as client:
        groups = client.listed("ListModelPackageGroups")
        versions = client.listed("ListModelPackages", ModelPackageType="Versioned")
    return [*groups, *versions]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry of some hundred pages, stopped in order."""
    folder = tmp_path_factory.mktemp("whole")
    servers = Servers(folder)
    db = folder / "registry" / "registry.db"
    server = servers.start(db)
    client = server.client()
    for group in range(GROUPS):
        client.ok("CreateModelPackageGroup", ModelPackageGroupName=f"g{group}")
    for number in range(VERSIONS):
        client.ok(
            "CreateModelPackage",
            ModelPackageGroupName=f"g{number % GROUPS}",
            ModelPackageDescription=f"{number} " + "text " * 180,
        )
    shown = listed(server.port)
    assert server.terminate() == 0
    yield Registry(db, shown)
    servers.end()


@pytest.fixture
def copied(whole: Registry, tmp_path: Path) -> Path:
    """The registry's folder copied whole, whatever lies in it: its database."""
    return Path(shutil.copytree(whole.db.parent, tmp_path / "registry")) / whole.db.name


def overwrite(db: Path, offset: int, content: bytes) -> None:
    with db.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def truncate(db: Path, size: int) -> None:
    with db.open("r+b") as file:
        file.truncate(size)


def pages(db: Path) -> int:
    return db.stat().st_size // PAGE


DAMAGES: dict[str, Damage] = {
    "header zeroed": lambda db, _: overwrite(db, 0, bytes(100)),
    "header of another program": lambda db, _: overwrite(db, 0, b"no database " * 8),
    "cut in the middle": lambda db, _: truncate(db, pages(db) // 2 * PAGE),
    "cut within a page": lambda db, _: truncate(db, pages(db) // 2 * PAGE + 1000),
    "only the first page left": lambda db, _: truncate(db, PAGE),
    "cut to nothing": lambda db, _: truncate(db, 0),
    "second page zeroed": lambda db, _: overwrite(db, PAGE, bytes(PAGE)),
    "middle page zeroed": lambda db, _: overwrite(db, pages(db) // 2 * PAGE, bytes(PAGE)),
    "middle pages random": lambda db, chance: overwrite(
        db, pages(db) // 2 * PAGE, chance.randbytes(8 * PAGE)
    ),
    "last page random": lambda db, chance: overwrite(
        db, (pages(db) - 1) * PAGE, chance.randbytes(PAGE)
    ),
    "first page kept, all others zeroed": lambda db, _: overwrite(
        db, PAGE, bytes((pages(db) - 1) * PAGE)
    ),
}


def assert_refused_and_kept(servers: Servers, db: Path, *said: str) -> None:
    before = fingerprint(db)
    assert_refused_in_a_sentence(servers.attempt(db), r"registry\.db", *said)
    assert fingerprint(db) == before


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_registry_is_refused_and_kept(
    servers: Servers, copied: Path, kill_seed: int, damage: str, counts: Counts
) -> None:
    assert pages(copied) > 50
    DAMAGES[damage](copied, seeded(kill_seed))
    assert_refused_and_kept(servers, copied)
    counts.add("R12 damaged file", damages=1, refused_and_kept=1)


def test_a_copy_that_is_not_damaged_serves(servers: Servers, copied: Path, whole: Registry) -> None:
    """Without this, all the refusals could be for another reason than the damage."""
    assert listed(servers.start(copied).port) == whole.shown


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_a_log_without_its_database_is_refused_and_kept(
    servers: Servers, db: Path, team: Team, left: str, counts: Counts
) -> None:
    server = servers.start(db)
    team.make_groups(server.client())
    team.write(server.port, 60)
    server.kill()
    log = db.with_name(f"{db.name}-wal")
    assert log.stat().st_size
    db.unlink()
    if left == "an empty file":
        db.touch()
    assert_refused_and_kept(servers, db)
    assert db.exists() == (left == "an empty file")
    counts.add("R12 damaged file", damages=1, refused_and_kept=1)


def test_an_empty_file_that_never_was_a_registry_begins_as_one(servers: Servers) -> None:
    with tempfile.NamedTemporaryFile(suffix=".db") as fresh:
        server = servers.start(fresh.name)
        assert listed(server.port) == []
        server.client().ok("CreateModelPackageGroup", ModelPackageGroupName="g")
        assert server.terminate() == 0
        for path in Path(fresh.name).parent.glob(f"{Path(fresh.name).name}?*"):
            path.unlink()


def test_a_database_of_a_newer_schema_is_refused_and_kept(
    servers: Servers, copied: Path, counts: Counts
) -> None:
    with contextlib.closing(sqlite3.connect(copied)) as connection:
        connection.execute("PRAGMA user_version = 999")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert_refused_and_kept(servers, copied, "999")
    counts.add("R22 newer schema", refused_and_kept=1)
