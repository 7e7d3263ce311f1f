"""R11: a registry that may not be written is still read, and says so to who would write."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from durability.counts import Counts
from durability.plain_client import PlainClient
from durability.refusals import assert_clear_refusal, assert_refused_in_a_sentence
from durability.server_process import Servers, fingerprint
from durability.small_disk import remount
from durability.writers import GROUP, Team

READ_ONLY = r"read-?only|not be written|cannot write|permission"
WRITES = 60
WHAT = ["the database", "all files", "all files and the folder"]


@pytest.fixture
def servers(logs: Path) -> Iterator[Servers]:
    """Servers that the bits of files bind, also where root tests."""
    prefix: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write every file, and there is no setpriv to take that from it")
        dropped = "-dac_override,-dac_read_search"
        prefix = ["setpriv", f"--bounding-set={dropped}", "--inh-caps=-all"]
        if subprocess.run([*prefix, "true"], check=False).returncode != 0:
            pytest.skip("root may write every file, and that cannot be taken from it here")
    servers = Servers(logs, prefix)
    yield servers
    servers.end()


def lock(db: Path, what: str) -> None:
    """Take the right to write from files of the database, and from its folder."""
    for path in db.parent.iterdir():
        if what != "the database" or path.suffix != ".lock":
            path.chmod(0o444)
    if what == "all files and the folder":
        db.parent.chmod(0o555)


def unlock(db: Path) -> None:
    db.parent.chmod(0o755)
    for path in db.parent.iterdir():
        path.chmod(0o644)


def refused_writes(client: PlainClient, team: Team) -> int:
    """One of every kind of write, each refused clearly."""
    arn = next(arn for ledger in team.ledgers for arn in ledger.versions)
    described = client.ok("DescribeModelPackageGroup", ModelPackageGroupName=GROUP)
    group = described["ModelPackageGroupArn"]
    answers = [
        client.call("CreateModelPackageGroup", ModelPackageGroupName="another"),
        client.call("CreateModelPackage", ModelPackageGroupName=GROUP),
        client.call("CreateModelPackage", ModelPackageGroupName=GROUP, ClientToken="t"),
        client.call("UpdateModelPackage", ModelPackageArn=arn, ModelApprovalStatus="Approved"),
        client.call("AddTags", ResourceArn=group, Tags=[{"Key": "k", "Value": "v"}]),
        client.call("DeleteModelPackage", ModelPackageName=arn),
    ]
    for answer in answers:
        assert_clear_refusal(answer, READ_ONLY)
    return len(answers)


def assert_only_writes_are_refused(
    servers: Servers,
    db: Path,
    team: Team,
    make_read_only: Callable[[], None],
    undo: Callable[[], None],
) -> dict[str, int]:
    """What was counted of a registry made read-only between two servers, and writable again."""
    server = servers.start(db)
    team.make_groups(server.client())
    team.write(server.port, WRITES)
    assert server.terminate() == 0
    make_read_only()
    before = fingerprint(db)
    server = servers.start(db)
    reader = server.client()
    assert not team.findings(reader, settled=True, all_versions=True)
    refused = refused_writes(reader, team)
    assert not team.findings(reader, settled=True, all_versions=True)
    assert server.terminate() == 0
    assert "Traceback" not in server.log
    assert fingerprint(db)[db.name] == before[db.name]
    undo()
    server = servers.start(db)
    team.write(server.port, WRITES)
    assert team.refusals == []
    found = team.findings(server.client(), settled=True, all_versions=True)
    server.end()
    assert not found, vars(found)
    return {"clear_refusals": refused, "acknowledged": team.acknowledged} | found.counts()


@pytest.mark.parametrize("what", WHAT)
def test_a_read_only_registry_is_read_and_refuses_writes(
    servers: Servers, db: Path, team: Team, what: str, counts: Counts
) -> None:
    counted = assert_only_writes_are_refused(
        servers, db, team, lambda: lock(db, what), lambda: unlock(db)
    )
    counts.add("R11 read-only registry", registries=1, **counted)


def test_a_registry_on_a_read_only_disk_is_read_and_refuses_writes(
    disk: Path, servers: Servers, team: Team, counts: Counts
) -> None:
    remount(disk, "size=64m")
    db = disk / "registry.db"
    counted = assert_only_writes_are_refused(
        servers, db, team, lambda: remount(disk, "ro"), lambda: remount(disk, "rw")
    )
    counts.add("R11 read-only registry", registries=1, **counted)


@pytest.mark.parametrize("what", [WHAT[0], WHAT[-1]])
def test_what_only_the_log_of_a_killed_server_holds_is_not_hidden_by_read_only_files(
    servers: Servers,
    db: Path,
    team: Team,
    what: str,
) -> None:
    """Everything acknowledged is shown, or the start is refused; never an older registry."""
    server = servers.start(db)
    team.make_groups(server.client())
    team.write(server.port, WRITES)
    server.kill()
    lock(db, what)
    before = fingerprint(db)
    assert db.with_name(f"{db.name}-wal").stat().st_size
    server = servers.attempt(db)
    if server.announced:
        reader = server.client()
        assert not team.findings(reader, settled=True, all_versions=True)
        refused_writes(reader, team)
        server.terminate()
    else:
        assert_refused_in_a_sentence(server, r"registry\.db", READ_ONLY)
    unlock(db)
    assert fingerprint(db) == before
    server = servers.start(db)
    assert not team.findings(server.client(), settled=True, all_versions=True)
