"""R9: between a write's request and its answer its bytes are synced, seen in the system calls."""

import shutil
import time
from pathlib import Path

import pytest

from durability.counts import Counts
from durability.plain_client import PlainClient, together
from durability.server_process import Servers
from durability.system_calls import Trace, read_trace, tracing

CALLS = 10
TRACED_WITHIN_S = 20


@pytest.fixture(scope="module", autouse=True)
def _strace(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips where system calls cannot be seen."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    folder = tmp_path_factory.mktemp("strace")
    servers = Servers(folder)
    probe = servers.attempt(":memory:", prefix=tracing(folder / "trace"))
    servers.end()
    if not probe.announced:
        pytest.skip(f"strace may not trace here: {probe.log.strip()}")


def traced_writes(servers: Servers, db: Path, clients: int, *options: str) -> Trace:
    """What the system calls of a server show while so many clients create versions."""
    trace = db.with_name("trace")
    server = servers.start(db, *options, prefix=tracing(trace))
    server.client().ok("CreateModelPackageGroup", ModelPackageGroupName="g")

    def create(client: PlainClient, _: int) -> None:
        for _ in range(CALLS):
            client.ok("CreateModelPackage", ModelPackageGroupName="g")

    together(server.port, clients, create)
    # Its end syncs the file once more, which is no part of what is looked at.
    server.kill()
    return read_trace(whole_trace(trace, server.pid))


def whole_trace(trace: Path, pid: int) -> list[str]:
    """The lines of a trace once the tracer has noted how the server ended."""
    deadline = time.monotonic() + TRACED_WITHIN_S
    while time.monotonic() < deadline:
        lines = trace.read_text("utf-8", "replace").splitlines()
        if any(line.startswith(f"{pid} ") and "+++ killed" in line for line in lines):
            return lines
    raise AssertionError(f"the trace has no end: {lines[-3:]}")


@pytest.mark.parametrize("clients", [1, 8])
def test_a_write_is_synced_between_its_request_and_its_answer(
    servers: Servers, db: Path, clients: int, counts: Counts
) -> None:
    trace = traced_writes(servers, db, clients)
    answers = len(trace.before_answers)
    unsynced = trace.before_answers.count(0)
    counts.add(
        "R9 power loss, full durability",
        answers=answers,
        syncs=trace.syncs,
        without_a_sync_in_their_time=unsynced,
    )
    assert answers == 1 + clients * CALLS
    assert unsynced == 0


def test_with_normal_durability_there_are_fewer_syncs(
    servers: Servers, db: Path, counts: Counts
) -> None:
    trace = traced_writes(servers, db, 1, "--durability", "normal")
    answers = len(trace.before_answers)
    unsynced = trace.before_answers.count(0)
    counts.add("R9 power loss, normal durability", answers=answers, syncs=trace.syncs)
    assert answers == 1 + CALLS
    assert unsynced > answers / 2
