"""Time travel in databases of older schemas: what their records say is what is told."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from conftest import FIXTURES, TickingClock
from fictions import ANN
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.errors import ValidationException
from sagemock.operation import Caller

MODEL = ServiceModel.installed()

Members = dict[str, Any]


def opened(folder: Path, clock: TickingClock) -> Service:
    chosen = Settings(db=folder / "registry.db", durability="normal")
    return create_service(chosen, model=MODEL, clock=clock, strict=True)


KINDS = {
    "model-package-group": "ModelPackageGroup",
    "model-package": "ModelPackage",
    "model": "Model",
    "endpoint-config": "EndpointConfig",
    "endpoint": "Endpoint",
}


def shown(members: Members) -> Members:
    return {name: each for name, each in members.items() if name[0].isupper() and name != "Tags"}


def as_of(service: Service, record: Members, at_ms: int) -> Members | None:
    noun, number = KINDS[record["kind"]], record["number"]
    name = record["name"] + (f"/{number}" if number else "")
    caller = Caller(record["account"], record["region"], ANN.principal, ANN.principal_id)
    try:
        return service.invoke(f"Describe{noun}", {f"{noun}Name": name}, caller, as_of_ms=at_ms)
    except ValidationException:
        return None


def records_of(database: Path) -> Iterator[tuple[Any, list[Members]]]:
    """The records of a file by resource, in their order."""
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute("SELECT * FROM activity ORDER BY id").fetchall()
    connection.close()

    def key(record: Members) -> tuple[Any, ...]:
        place = (record["account"], record["region"], record["kind"])
        return (*place, record["name"].lower(), record["number"])

    decoded = [
        {**row, "before": json.loads(row["before"]), "after": json.loads(row["after"])}
        for row in map(dict, found)
    ]
    yield from ((each, list(rows)) for each, rows in groupby(sorted(decoded, key=key), key))


def check_moments(service: Service, records: list[Members]) -> int:
    """What each record says was before and after it is told; how many could be looked at."""
    looked_at = 0
    first = records[0]
    if min(each["at_ms"] for each in records) == first["at_ms"]:
        assert as_of(service, first, first["at_ms"] - 1) is None
    for number, record in enumerate(records):
        later = records[number + 1 :]
        # Times may be equal, and in one place the clock was turned back: a later one counts.
        if any(each["at_ms"] <= record["at_ms"] for each in later):
            continue
        looked_at += 1
        then = as_of(service, record, record["at_ms"])
        if record["change"] == "removed":
            assert then is None
            continue
        assert then is not None, record
        for change, side, other in (
            (record, "after", "before"),
            *((each, "before", "after") for each in later[:1]),
        ):
            # What was deployed is no other than before.
            if change["change"] in {"created", "changed", "removed"}:
                agrees(then, change[side], change[other])
    return looked_at


def agrees(then: Members, there: Members, not_there: Members) -> None:
    """A document has these members, and of the others none that is not among them."""
    assert {name: then.get(name) for name in shown(there)} == shown(there)
    assert not (set(shown(not_there)) - set(there)) & set(then)


@pytest.mark.parametrize("number", [2, 3])
def test_a_database_of_then_tells_what_its_records_say(number: int, tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "databases" / f"schema-{number}.db", tmp_path / "registry.db")
    kept = list(records_of(tmp_path / "registry.db"))
    service = opened(tmp_path, TickingClock(1_800_000_000))
    looked_at = sum(check_moments(service, records) for _, records in kept)
    service.close()
    assert looked_at > 80


def test_what_is_older_than_the_log_is_told_from_its_creation_on(tmp_path: Path) -> None:
    shutil.copy(FIXTURES / "databases" / "schema-1.db", tmp_path / "registry.db")
    service = opened(tmp_path, TickingClock(1_800_000_000))
    place = {"account": "111122223333", "region": "us-east-1"}
    bare = {**place, "kind": "model-package-group", "name": "bare", "number": 0}
    today = as_of(service, bare, 1_800_000_000_000)
    assert today
    created_ms = round(today["CreationTime"] * 1000)
    assert as_of(service, bare, created_ms) == today
    assert as_of(service, bare, created_ms - 1) is None
    tags = [{"Key": "new", "Value": "1"}]
    caller = Caller(place["account"], place["region"], ANN.principal, ANN.principal_id)
    service.invoke("AddTags", {"ResourceArn": today["ModelPackageGroupArn"], "Tags": tags}, caller)
    # It has a record now, though none of its creation.
    assert as_of(service, bare, created_ms) == today
    assert as_of(service, bare, created_ms - 1) is None
    service.close()
