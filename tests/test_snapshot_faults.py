"""A load is all or nothing: for those who read meanwhile, when the storage fails, when killed."""

import contextlib
import http.client
import itertools
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from command_line import Started
from conftest import TickingClock, stored
from fictions import ANN, call
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.app import stored_kinds
from sagemock.errors import ServiceUnavailable
from sagemock.snapshot import canonical, parsed
from sagemock.store.sqlite_store import SqliteStore
from snapshot_fiction import GROUP, saved, text

OLD, NEW = 300, 400
"""How many groups there are before a load and after it."""
Members = dict[str, Any]


class Failing(sqlite3.Connection):
    """A connection whose statements can be made to fail."""

    fails: Callable[[str], bool] = staticmethod(lambda _: False)

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        if type(self).fails(sql):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return super().execute(sql, *arguments)


@pytest.fixture
def failing(
    model: ServiceModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    monkeypatch.setattr(Failing, "fails", staticmethod(lambda _: False))
    store = SqliteStore(
        tmp_path / "test.db",
        kinds=stored_kinds(model),
        durability="normal",
        connect=partial(sqlite3.connect, factory=Failing),
    )
    service = create_service(Settings(), model=model, store=store, clock=TickingClock())
    yield service
    service.close()


def test_whichever_statement_fails_everything_is_as_it_was(
    failing: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(failing, "CreateModelPackageGroup", ModelPackageGroupName="mine")
    before, content = stored(failing), saved()
    failed: list[str] = []
    while "COMMIT" not in failed:
        seen: list[str] = []

        def nth(sql: str, seen: list[str] = seen, number: int = len(failed)) -> bool:
            seen.append(sql)
            return len(seen) == number + 1

        with monkeypatch.context() as broken:
            broken.setattr(Failing, "fails", staticmethod(nth))
            with pytest.raises(ServiceUnavailable, match="is full"):
                failing.load(content)
        failed.append(seen[len(failed)])
        assert stored(failing) == before
    written = "\n".join(failed)
    for table in ("resource", "name", "name_part", "tag", "counter"):
        assert f"DELETE FROM {table}\n" in written  # noqa: S608 - nothing is asked with it
        assert f"INSERT INTO {table} (" in written
    assert failing.load(content)["replaced"] == {"ModelPackageGroup": 1}
    assert text(failing) == canonical(content)


def groups(count: int, name: str) -> bytes:
    """The snapshot of so many groups whose names begin so."""
    form = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/{}"
    resources = [
        {
            "document": {
                "CreationTime": 1_700_000_000.123,
                "ModelPackageGroupArn": form.format(f"{name}-{number:05d}"),
                "ModelPackageGroupName": f"{name}-{number:05d}",
                "ModelPackageGroupStatus": "Completed",
            }
        }
        for number in range(count)
    ]
    place = {"counters": {}, "resources": {"ModelPackageGroup": resources}}
    accounts = {ANN.account: {ANN.region: place}}
    return canonical({"accounts": accounts, "sagemock": {"snapshot": 1}})


def test_whoever_reads_meanwhile_sees_all_of_the_old_or_all_of_the_new(
    model: ServiceModel, tmp_path: Path
) -> None:
    settings = Settings(db=tmp_path / "test.db", durability="normal")
    service = create_service(settings, model=model)
    old, new = parsed(groups(OLD, "old")), parsed(groups(NEW, "new"))
    service.load(old)
    seen: list[tuple[int, set[str]]] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            (place,) = service.snapshot()["accounts"][ANN.account].values()
            documents = [each["document"] for each in place["resources"]["ModelPackageGroup"]]
            names = {each["ModelPackageGroupName"].partition("-")[0] for each in documents}
            seen.append((len(documents), names))

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for content in (new, old, new, old, new):
            before = len(seen)
            service.load(content)
            while len(seen) < before + 2:
                assert any(reader.is_alive() for reader in readers)
    finally:
        done.set()
        for reader in readers:
            reader.join()
        service.close()
    assert {count for count, _ in seen} == {OLD, NEW}
    assert all(names == {"old" if count == OLD else "new"} for count, names in seen)


def test_calls_meanwhile_are_answered_before_or_after_it(
    model: ServiceModel, tmp_path: Path
) -> None:
    settings = Settings(db=tmp_path / "test.db", durability="normal")
    service = create_service(settings, model=model)
    content = saved()
    service.load(content)
    numbers: list[int] = []
    done = threading.Event()

    def register() -> None:
        while not done.is_set():
            answer = call(service, "CreateModelPackage", ModelPackageGroupName=GROUP)
            numbers.append(int(answer["ModelPackageArn"].rpartition("/")[2]))

    writer = threading.Thread(target=register)
    writer.start()
    try:
        for _ in range(5):
            before = len(numbers)
            service.load(content)
            while len(numbers) < before + 3:
                assert writer.is_alive()
    finally:
        done.set()
        writer.join()
    # Each load begins the numbers anew, and there is no gap and no other beginning.
    assert all(after in {12, before + 1} for before, after in itertools.pairwise(numbers))
    assert numbers.count(12) >= 5
    service.close()


def put(url: str, content: bytes) -> None:
    request = urllib.request.Request(f"{url}/_sagemock/snapshot", content, method="PUT")  # noqa: S310 - the server just started
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
        answer.read()


def put_until_killed(url: str, content: bytes) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        put(url, content)


def test_kill_9_in_the_middle_leaves_all_of_the_old_or_all_of_the_new(tmp_path: Path) -> None:
    old, new = groups(OLD, "old"), groups(10 * NEW, "new")
    options = ("--db", str(tmp_path / "test.db"), "--durability", "normal")
    server = Started(tmp_path, *options)
    begun = time.monotonic()
    put(server.url, new)
    whole_s = time.monotonic() - begun
    outcomes = []
    for part in (0.3, 0.7, 0.9):
        put(server.url, old)
        loading = threading.Thread(target=put_until_killed, args=(server.url, new))
        loading.start()
        # So that the moment is another one each time.
        threading.Event().wait(part * whole_s)
        server.process.kill()
        server.process.communicate()
        loading.join()
        server = Started(tmp_path, *options)
        with urllib.request.urlopen(f"{server.url}/_sagemock/snapshot") as answer:  # noqa: S310 - the server just started
            found = answer.read()
        assert found in {old, new}
        outcomes.append(found == old)
    assert server.stop()[0] == 0
    # At least one was killed before its commit.
    assert any(outcomes)
