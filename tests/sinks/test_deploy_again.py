"""What the target `deploy` does with an event that it has had before, wholly or in part."""

from collections.abc import Iterator
from typing import Any

import pytest
from approvals import BROKEN, CREATION, ENDPOINT, READY, STARTING, UPDATE, Approvals, Between

from sagemock.api.service_model import ServiceModel
from sagemock.eventing import Event


@pytest.fixture
def approvals(model: ServiceModel) -> Iterator[Approvals]:
    approvals = Approvals(model)
    yield approvals
    approvals.service.close()


class CrashError(Exception):
    """The process has ended."""


def crash() -> None:
    raise CrashError


def brought_in_vain(approvals: Approvals, before: str) -> Event:
    """The event of an approval, whose target crashed just before an operation."""
    approvals.events()
    approvals.new_sink(invoke=Between(approvals, before, crash))
    approvals.register("Approved")
    (event,) = approvals.events()
    with pytest.raises(CrashError):
        approvals.sink.send(event, "")
    approvals.new_sink()
    return event


@pytest.mark.parametrize("crashed_before", CREATION)
def test_a_second_try_takes_up_what_is_there(approvals: Approvals, crashed_before: str) -> None:
    approvals.sink.send(brought_in_vain(approvals, crashed_before), "")
    assert approvals.served() == 1
    assert approvals.operations() == CREATION


def test_a_second_try_at_an_update_takes_up_what_is_there(approvals: Approvals) -> None:
    approvals.approved()
    approvals.sink.send(brought_in_vain(approvals, "UpdateEndpoint"), "")
    assert approvals.served() == 2
    assert approvals.operations() == CREATION + UPDATE


def test_a_second_try_does_not_repeat_an_update_that_was_begun(approvals: Approvals) -> None:
    approvals.new_sink(invoke=Between(approvals, "UpdateEndpoint", crash, after=True))
    approvals.approved()
    approvals.events()
    approvals.register("Approved")
    (event,) = approvals.events()
    with pytest.raises(CrashError):
        approvals.sink.send(event, "")
    approvals.sink.send(event, "")
    assert approvals.served() == 2
    assert approvals.operations() == CREATION + UPDATE


def decided(approvals: Approvals) -> list[Event]:
    """The events of two approvals and a rejection; the first version serves in the end."""
    approvals.register("Approved")
    second = approvals.register("Approved")
    events = approvals.deliver()
    approvals.decide(second, "Rejected")
    events += approvals.deliver()
    assert approvals.served() == 1
    return events


def test_events_that_come_again_are_recognized(approvals: Approvals) -> None:
    events = decided(approvals)
    done = approvals.done()
    for _ in range(2):
        approvals.new_sink()
        for event in events:
            approvals.sink.send(event, "")
    assert approvals.served() == 1
    assert approvals.done() == done


@pytest.mark.parametrize("plan", [STARTING, BROKEN])
def test_an_event_that_comes_again_does_not_repeat_what_it_began(
    approvals: Approvals, plan: Any
) -> None:
    approvals.approved()
    approvals.events()
    approvals.serving.plan = lambda _: plan
    approvals.register("Approved")
    (event,) = approvals.deliver()
    done = approvals.done()
    approvals.new_sink()
    approvals.sink.send(event, "")
    assert approvals.done() == done


def test_an_event_that_comes_again_does_not_bring_back_a_deleted_endpoint(
    approvals: Approvals,
) -> None:
    approvals.register("Approved")
    (event,) = approvals.deliver()
    approvals.call("DeleteEndpoint", EndpointName=ENDPOINT)
    approvals.new_sink()
    approvals.sink.send(event, "")
    assert approvals.status() is None


def test_the_last_approval_serves_also_where_earlier_events_mean_more_when_they_come_again(
    approvals: Approvals,
) -> None:
    version = approvals.register()
    approvals.decide(version)
    approvals.decide(version, "Rejected")
    # Nothing is approved while these are brought; when they come again, it is.
    events = approvals.deliver()
    approvals.decide(version)
    approvals.register("Approved")
    events += approvals.deliver()
    assert approvals.served() == 2
    approvals.new_sink()
    for event in events:
        approvals.sink.send(event, "")
    assert approvals.served() == 2


def test_the_last_approval_serves_also_where_a_rejection_means_more_when_it_comes_again(
    approvals: Approvals,
) -> None:
    first, serving = approvals.approved(deployed=False), approvals.approved()
    approvals.events()
    approvals.serving.plan = lambda _: BROKEN
    approvals.decide(serving, "Rejected")
    events = approvals.deliver()
    approvals.register("Approved")
    for status in ("Rejected", "Approved"):
        approvals.decide(first, status)
        events += approvals.deliver()
    assert approvals.served() == 2
    approvals.serving.plan = lambda _: READY
    approvals.new_sink()
    for event in events:
        approvals.sink.send(event, "")
    assert approvals.served() == 1
