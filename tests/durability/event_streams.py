"""What a target was told, held against the events of the log and against what exists.

A stream is all events that came to a target, in the order they came, over all servers of a test.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from durability.ledger import Ledger, written
from durability.receiver import Envelope
from durability.server_process import ServerProcess
from sagemock.server_client import ask

TOLD_WITHIN_S = 60
_LOOK_S = 0.02
_UPDATED = "UpdatedModelPackageFields"


def targets(server: ServerProcess) -> dict[str, dict[str, Any]]:
    """How delivery stands, by target."""
    shown = ask(_url(server), "/_sagemock/events/targets")["Targets"]
    return {each.pop("Target"): each for each in shown}


def wait_until_told(server: ServerProcess, *names: str) -> None:
    """Until these targets are behind nothing, or all."""
    deadline = time.monotonic() + TOLD_WITHIN_S
    while time.monotonic() < deadline:
        found = targets(server)
        if all(found[name]["Behind"] == 0 for name in names or found):
            return
        threading.Event().wait(_LOOK_S)
    raise AssertionError(f"not everything was told: {found}")


def wait_for_dead_letters(server: ServerProcess, count: int) -> list[dict[str, Any]]:
    """Until there are so many of them."""
    deadline = time.monotonic() + TOLD_WITHIN_S
    while time.monotonic() < deadline:
        found = dead_letters(server)
        if len(found) == count:
            return found
        threading.Event().wait(_LOOK_S)
    raise AssertionError(f"{count} dead letters, not {len(found)}")


def dead_letters(server: ServerProcess) -> list[dict[str, Any]]:
    """All dead letters, oldest first."""
    found: list[dict[str, Any]] = []
    after = 0
    while True:
        page = ask(_url(server), "/_sagemock/events/dead-letters", after=after, limit=1000)
        found += page["DeadLetters"]
        if "After" not in page:
            return found
        after = page["After"]


def listed(server: ServerProcess) -> list[Envelope]:
    """All events of the log, in its order."""
    found: list[Envelope] = []
    after = 0
    while True:
        page = ask(_url(server), "/_sagemock/events", after=after, limit=1000)
        found += page["Events"]
        if page["After"] == after:
            return found
        after = page["After"]


def lines(path: Path) -> list[Envelope]:
    """The events of a file of JSON lines, every one of them whole."""
    text = path.read_text("utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def repeated(stream: Sequence[Envelope]) -> int:
    """How many events came again."""
    return len(stream) - len({event["id"] for event in stream})


def stream_findings(stream: Sequence[Envelope], log: Sequence[Envelope]) -> dict[str, list[str]]:
    """What is wrong with a stream that is to bring the log's events; empty lists are the promise.

    Events may come again, from any earlier one on: what follows an event is the next one, or one
    that has come already.
    """
    place = {event["id"]: number for number, event in enumerate(log)}
    counted = Counter(event["id"] for event in stream)
    known = [event for event in stream if event["id"] in place]
    found: dict[str, list[str]] = {
        "lost": [_told(event) for event in log if event["id"] not in counted],
        "unasked": [_told(event) for event in stream if event["id"] not in place],
        "changed": [_told(event) for event in known if event != log[place[event["id"]]]],
        "skipped_to": [],
    }
    before = -1
    for event in known:
        number = place[event["id"]]
        if number > before + 1:
            found["skipped_to"].append(f"{_told(event)}, {number - before - 1} too early")
        before = number
    return found


def package_findings(log: Sequence[Envelope], ledgers: Sequence[Ledger]) -> dict[str, list[str]]:
    """What is wrong with a log of events, by what the writers of one group were answered."""
    registered: list[str] = []
    last: dict[str, Envelope] = {}
    found: dict[str, list[str]] = {
        "early_updates": [],
        "twice_registered": [],
        "not_as_written": [],
    }
    for event in log:
        arn = event["resources"][0]
        if _UPDATED not in event["detail"]:
            registered.append(arn)
            if arn in last:
                found["twice_registered"].append(_told(event))
        elif arn not in last:
            found["early_updates"].append(_told(event))
        last[arn] = event
    made = {arn for ledger in ledgers for arn in (*ledger.versions, *ledger.deleted)}
    found["not_told"] = sorted(made - set(registered))
    found["told_unasked"] = sorted(set(registered) - made)
    numbers = [number_of(arn) for arn in registered]
    found["out_of_order"] = [
        f"{after} after {before}" for before, after in pairwise(numbers) if after <= before
    ]
    for ledger in ledgers:
        for arn, version in ledger.versions.items():
            if arn in last and written(last[arn]["detail"]) != version:
                found["not_as_written"].append(f"{_told(last[arn])} for {version}")
    return found


def number_of(arn: str) -> int:
    """The version number in an ARN."""
    return int(arn.rpartition("/")[2])


def assert_none(found: dict[str, list[str]]) -> None:
    assert not any(found.values()), {kind: each for kind, each in found.items() if each}


def _told(event: Envelope) -> str:
    updated = event["detail"].get(_UPDATED, "registered")
    return f"{event['id']} {event['resources'][0]} {updated}"


def _url(server: ServerProcess) -> str:
    return f"http://127.0.0.1:{server.port}"
