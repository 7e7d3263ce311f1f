"""T1: how soon a new test session has its first answer, against moto's server in a thread.

Each is taken in a process of its own, in turn. The client is botocore's in both: its model of
SageMaker is large, and what it takes to read is in both figures. So they are told with it, without
it, and with all that Python, pytest and boto3 take before.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from figures import Figure, at_most, compared
from run import Run

_PROGRAM = Path(__file__).with_name("first_call.py")
_LIMIT_S = 60


@dataclass(frozen=True)
class FirstCall:
    """Seconds from a process's start to its end of the call, from the first import, for the client.

    Those for the client are among those from the first import.
    """

    whole_s: float
    work_s: float
    client_s: float


def session_figures(run: Run) -> list[Figure]:
    """T1 with the client, without it, and from the start of the process."""
    run.say("T1: first calls of new test sessions")
    taken: dict[str, list[FirstCall]] = {"sagemock": [], "moto": []}
    for name in taken:
        first_call(run, name)  # the first of all compiles what it imports
    for _ in range(run.amount.starts):
        for name, calls in taken.items():
            calls.append(first_call(run, name))
    ours, moto = taken["sagemock"], taken["moto"]
    work, peer, ratio = compared([each.work_s for each in ours], [each.work_s for each in moto])
    what = "first call of a test session, from the import of the server, against moto's in a thread"
    figures = [Figure("T1", what, work, peer, "s", ratio, at_most(0.35))]
    for what, mine, theirs in (
        ("the same without the making of the client", _serving_s(ours), _serving_s(moto)),
        ("the same from the start of the process", _whole_s(ours), _whole_s(moto)),
    ):
        median_s, peer_s, ratio = compared(mine, theirs)
        figures.append(Figure("T1", what, median_s, peer_s, "s", ratio))
    return figures


def first_call(run: Run, name: str) -> FirstCall:
    """The first call in a new process."""
    # Compiled once for both, whatever the caller's environment says of it.
    variables = {
        key: value
        for key, value in os.environ.items()
        if key != "PYTHONDONTWRITEBYTECODE" and not key.startswith(("AWS_", "SAGEMOCK_"))
    }
    variables |= {
        "PYTHONPYCACHEPREFIX": str(run.folder / "compiled"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    began = time.perf_counter()
    result = subprocess.run(
        [sys.executable, _PROGRAM, name],
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=True,
        cwd=run.folder,
        env=variables,
    )
    whole_s = time.perf_counter() - began
    work, client, *_ = result.stdout.split()
    return FirstCall(whole_s, float(work), float(client))


def _serving_s(calls: list[FirstCall]) -> list[float]:
    return [each.work_s - each.client_s for each in calls]


def _whole_s(calls: list[FirstCall]) -> list[float]:
    return [each.whole_s for each in calls]
