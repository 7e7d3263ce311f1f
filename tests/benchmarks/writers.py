"""P6 and P10: many writers at once.

P6 is taken below HTTP, in this process: 32 threads register over one service whose commits take
2 ms or more, since a quiet disk would hide what they share. P10 is taken over HTTP.
"""

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import peers
from contenders import WrongAnswerError, contender, registered_numbers
from figures import Figure, at_least, at_most, compared
from prebuilt import ACCOUNT, REGION, registration, version_arn
from run import Run
from stores import service_with
from throughput import wait_for

from sagemock import Service
from sagemock.operation import Caller
from sagemock.store.group_commit import MOST_AT_ONCE

WRITERS = 32
CREATORS = 64
COMMIT_S = 0.002
_GROUP = "crowded"
_CALLER = Caller(
    account=ACCOUNT,
    region=REGION,
    principal=f"arn:aws:sts::{ACCOUNT}:assumed-role/benchmark/writer",
    principal_id="AROABENCHMARK:writer",
)


def group_commit_figures(run: Run) -> list[Figure]:
    """P6: all writers share commits, against each committing alone, in turn."""
    run.say(f"P6: {WRITERS} writers, a commit takes {COMMIT_S * 1000:g} ms")
    together: list[float] = []
    alone: list[float] = []
    with ExitStack() as stack:
        shared = stack.enter_context(_slow_service(run.folder / "shared.db", together=MOST_AT_ONCE))
        single = stack.enter_context(_slow_service(run.folder / "single.db", together=1))
        for _ in range(run.amount.rounds):
            together.append(_per_s(shared, run.amount.calls_of_a_writer))
            alone.append(_per_s(single, run.amount.calls_of_a_writer))
        for service in (shared, single):
            _check(service, WRITERS * run.amount.calls_of_a_writer * run.amount.rounds)
    ours, peer, ratio = compared(together, alone)
    what = f"{WRITERS} writers, FULL, a commit of 2 ms, against one commit each"
    return [Figure("P6", what, ours, peer, "/s", ratio, at_least(6))]


def creators_figures(run: Run) -> list[Figure]:
    """P10: numbers missing, numbers given twice, and answers of 5xx."""
    run.say(f"P10: {CREATORS} creators at once")
    calls = CREATORS * run.amount.calls_of_a_creator
    requests = run.prebuilt.registrations(_GROUP, 0, calls)
    with ExitStack() as stack:
        server = stack.enter_context(peers.sagemock(run.folder, "full"))
        wait_for(run, [server])
        ours = stack.enter_context(contender(server, run.prebuilt, connections=CREATORS))
        ours.create_group(_GROUP)
        answers, _ = ours.take(requests, alone=False)
        listed = list(ours.listed_numbers(_GROUP))
    failed = [answer for answer in answers if answer.status >= 500]
    given = registered_numbers([each for each in answers if each not in failed], _GROUP)
    if sorted(given) != listed:
        raise WrongAnswerError(f"{len(given)} versions acknowledged, {len(listed)} listed")
    of = f"{CREATORS} creators at once, {calls:,} registrations, FULL"
    counts = {
        "gaps": len(set(range(1, max(given) + 1)) - set(given)),
        "duplicates": len(given) - len(set(given)),
        "5xx": len(failed),
    }
    return [
        Figure("P10", f"{of}: {name}", float(count), goal=at_most(0))
        for name, count in counts.items()
    ]


def _per_s(service: Service, calls: int) -> float:
    body = registration(_GROUP)

    def write(_: int) -> None:
        for _ in range(calls):
            service.invoke("CreateModelPackage", body, _CALLER)

    with ThreadPoolExecutor(WRITERS) as pool:
        started = time.perf_counter()
        list(pool.map(write, range(WRITERS)))
        return WRITERS * calls / (time.perf_counter() - started)


def _check(service: Service, count: int) -> None:
    """See that all were registered: the last number is there, and none after it."""
    asked = {"ModelPackageGroupName": _GROUP, "MaxResults": 1, "SortOrder": "Descending"}
    answer = service.invoke("ListModelPackages", asked, _CALLER) or {}
    (newest,) = answer["ModelPackageSummaryList"]
    if newest["ModelPackageArn"] != version_arn(_GROUP, count):
        raise WrongAnswerError(f"{count} registered, the newest is {newest['ModelPackageArn']}")


@contextmanager
def _slow_service(database: Path, *, together: int) -> Iterator[Service]:
    """A service whose commits take a while, and answer for so many calls at most."""
    connect = partial(sqlite3.connect, factory=_SlowConnection)
    service = service_with(database, connect=connect, together=together)
    service.invoke("CreateModelPackageGroup", {"ModelPackageGroupName": _GROUP}, _CALLER)
    try:
        yield service
    finally:
        service.close()


class _SlowConnection(sqlite3.Connection):
    """A connection whose COMMIT takes COMMIT_S longer."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if sql == "COMMIT":
            time.sleep(COMMIT_S)
        return super().execute(sql, parameters)
