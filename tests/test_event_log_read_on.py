"""The event log read on: each batch goes forward from where the one before has left resources."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import TickingClock
from event_histories import MODEL, all_events, served
from fictions import ARN, call, configure, create, update
from sagemock import Service, Settings, event_log
from sagemock.hosting import Standing
from standing_serving import StandingServing, service_on
from travels import HISTORIES, STEPS, Step, made, played

if TYPE_CHECKING:
    from sagemock.eventing import Event

GROUP = {"ModelPackageGroupName": "churn"}
VERSION = f"{ARN}model-package/churn/1"


@HISTORIES
@given(st.lists(STEPS, min_size=20, max_size=40))
def test_who_reads_on_from_batch_to_batch_reads_the_same_events(steps: list[Step]) -> None:
    with served() as service:
        followed: list[Event] = []
        place = 0
        for step in (made, *steps):
            played(service, step)
            batch = service.events.log.read(place)
            followed += batch.events
            place = batch.last
        seen = all_events(service)
        assert followed == seen[: len(followed)]
        for at_once, resources in ((1, 200), (2, 200), (7, 200), (3, 2)):
            few = mock.patch.object(event_log, "_DELIVERED_AT_ONCE", at_once)
            with few, mock.patch.object(event_log, "_RESOURCES_KEPT", resources):
                # What was made for another is met on the way, until it is forgotten.
                assert all_events(service, None) == seen
                service.events.log.forget()
                assert all_events(service, None) == seen


def test_who_reads_on_is_told_of_no_failure_that_is_over() -> None:
    serving = StandingServing(lambda _: Standing("ready"))
    service = service_on(serving, Settings(db=":memory:"), model=MODEL, clock=TickingClock())
    create(service, "it")
    for config, standing in (("bad", Standing("failed", "It broke.")), ("good", Standing("ready"))):
        serving.plan = lambda _, standing=standing: standing  # type: ignore[misc]  # a default
        configure(service, config)
        update(service, "it", config)
    seen = all_events(service)
    with mock.patch.object(event_log, "_DELIVERED_AT_ONCE", 1):
        assert all_events(service, None) == seen
    service.close()
    reasons = [each.envelope["detail"].get("FailureReason") for each in seen]
    assert sum(reason is not None for reason in reasons) >= 1
    assert reasons[-1] is None


def test_nothing_is_left_of_a_log_that_was_emptied(service: Service) -> None:
    def register(stamp: str) -> None:
        call(service, "CreateModelPackageGroup", **GROUP)
        call(service, "CreateModelPackage", **GROUP, CustomerMetadataProperties={"of": stamp})

    register("one")
    place = service.events.log.read(0).last
    service.reset()
    register("other")
    call(service, "UpdateModelPackage", ModelPackageArn=VERSION, ModelApprovalStatus="Approved")
    (event,) = service.events.log.read(place).events
    assert event.envelope["detail"]["CustomerMetadataProperties"] == {"of": "other"}


class CountingStore:
    """A store that counts the records which are read to learn what a resource was."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.read = 0

    @contextmanager
    def reading(self, *place: str) -> Iterator[Any]:
        with self._store.reading(*place) as session:
            activities = session.activities

            def count(query: Any) -> Any:
                found = activities(query)
                self.read += len(found)
                return found

            session.activities = count
            yield session

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.parametrize("reader", ["a target", "a page"])
def test_a_long_history_of_one_version_is_gone_through_once(
    service: Service, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    call(service, "CreateModelPackageGroup", **GROUP)
    call(service, "CreateModelPackage", **GROUP)
    for number in range(600):
        stamp = {"stamp": str(number)}
        call(
            service, "UpdateModelPackage", ModelPackageArn=VERSION, CustomerMetadataProperties=stamp
        )
    counting = CountingStore(service._store)
    monkeypatch.setattr(service.events.log, "_store", counting)
    if reader == "a target":
        found = [each.envelope for each in all_events(service, None)]
    else:
        found = service.events.page(limit=1000)["Events"]
    assert len(found) == 601
    assert counting.read <= 601
