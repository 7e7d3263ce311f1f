"""How far each target has come: kept over an end, a start and a crash, and never too far."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import TickingClock
from listed_sink import LIMIT_S, ListedSink, begin, models, names, until
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.eventing import Event, NotDeliveredError
from sagemock.ports import ActivityQuery

Opened = Callable[[], Service]

DAY_S = 24 * 60 * 60


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries look about often, so that nobody waits for them to end."""
    monkeypatch.setattr("sagemock.delivery._LOOK_S", 0.02)
    monkeypatch.setattr("sagemock.delivery.FIRST_BREAK_S", 0.001)


@pytest.fixture
def opened(tmp_path: Path, model: ServiceModel, clock: TickingClock) -> Iterator[Opened]:
    """Opens a service on one file; the one before is closed."""
    services: list[Service] = []

    def open_service() -> Service:
        for each in services:
            each.close()
        services.clear()
        settings = Settings(db=tmp_path / "registry.db", durability="normal")
        services.append(create_service(settings, model=model, clock=clock, strict=True))
        return services[0]

    yield open_service
    for each in services:
        each.close()


def test_after_a_clean_end_nothing_comes_twice_and_nothing_is_lost(opened: Opened) -> None:
    sinks = []
    for round_ in ("a", "b", "c"):
        service = opened()
        sinks.append(ListedSink())
        begin(service, sinks[-1])
        models(service, f"{round_}1", f"{round_}2")
    opened()
    assert [names(each) for each in sinks] == [["a1", "a2"], ["b1", "b2"], ["c1", "c2"]]
    assert all(each.closed for each in sinks)


def test_an_end_delivers_what_is_left(opened: Opened) -> None:
    service = opened()
    sink = ListedSink()
    begin(service, sink)
    models(service, *(f"m{number}" for number in range(300)))
    opened()
    assert names(sink) == [f"m{number}" for number in range(300)]


def test_what_was_not_delivered_comes_when_it_is_opened_again(opened: Opened) -> None:
    service = opened()
    failing = ListedSink(lambda _: NotDeliveredError("It is away."))
    begin(service, failing, attempts=185)
    models(service, "a", "b")
    failing.wait_for_tried(1)
    again = opened()
    assert failing.sent == []
    sink = ListedSink()
    begin(again, sink, attempts=185)
    models(again, "c")
    sink.wait_for_sent(3)
    assert names(sink) == ["a", "b", "c"]
    assert sink.sent[0] == failing.tried[0]


def test_a_target_that_is_put_back_into_the_rules_goes_on_where_it_was(opened: Opened) -> None:
    first = ListedSink()
    service = opened()
    begin(service, first)
    models(service, "a")
    service = opened()
    models(service, "meanwhile")
    second, other = ListedSink(), ListedSink()
    service = opened()
    begin(service, second)
    begin(service, other, "other")
    models(service, "b")
    second.wait_for_sent(2)
    other.wait_for_sent(1)
    assert (names(first), names(second), names(other)) == (["a"], ["meanwhile", "b"], ["b"])


@pytest.fixture
def short_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sagemock.delivery._DRAIN_S", 0.2)
    monkeypatch.setattr("sagemock.delivery._END_S", 0.2)


@pytest.mark.usefixtures("short_end")
def test_an_end_does_not_wait_for_targets_that_never_answer(opened: Opened) -> None:
    service = opened()
    blocked = [ListedSink() for _ in range(6)]
    for number, sink in enumerate(blocked):
        sink.block()
        begin(service, sink, f"blocked{number}")
    models(service, "a")
    for sink in blocked:
        sink.wait_for_tried(1)
    began = time.monotonic()
    service = opened()
    # All of them share what time there is.
    assert time.monotonic() - began < 1.5
    again = ListedSink()
    begin(service, again, "blocked0")
    again.wait_for_sent(1)
    assert names(again) == ["a"]
    for sink in blocked:
        sink.let_go()


@pytest.mark.usefixtures("short_end")
def test_all_targets_are_let_go_of_at_once(opened: Opened) -> None:
    together = threading.Barrier(3)

    class SlowlyClosed(ListedSink):
        def close(self) -> None:
            together.wait(LIMIT_S)
            super().close()

    sinks = [SlowlyClosed() for _ in range(3)]
    service = opened()
    for number, sink in enumerate(sinks):
        begin(service, sink, f"target-{number}")
    service.close()
    assert all(each.closed for each in sinks)


def test_an_end_does_not_go_on_for_ever_with_a_slow_target(opened: Opened) -> None:
    def slow(_: Event) -> None:
        # The time a delivery takes, not a wait for something.
        threading.Event().wait(0.1)

    service = opened()
    sink, rest = ListedSink(slow), ListedSink()
    begin(service, sink)
    models(service, *(f"m{number}" for number in range(100)))
    service = opened()
    begin(service, rest)
    sent = len(sink.sent)
    assert 0 < sent < 50
    rest.wait_for_sent(100 - sent)
    assert names(sink) + names(rest) == [f"m{number}" for number in range(100)]


def test_a_position_is_only_saved_once_what_was_sent_is_safe(opened: Opened) -> None:
    service = opened()
    sink, again = ListedSink(), ListedSink()
    sink.flushing = lambda: NotDeliveredError("The disk is full.")
    begin(service, sink)
    models(service, "a")
    sink.wait_for_sent(1)
    service = opened()
    begin(service, again)
    again.wait_for_sent(1)
    assert names(sink) == names(again) == ["a"]


def test_positions_are_saved_while_it_runs(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagemock.delivery._SAVE_SENT_S", 0.01)
    sink = ListedSink()
    delivery = begin(service, sink)
    models(service, "a", "b")
    until(lambda: delivery.saved == 2)
    assert service._store.position("listed/it") == 2
    assert sink.flushed[-1] == 2


def test_what_was_sent_since_the_last_save_comes_again_after_a_crash(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagemock.delivery._SAVE_SENT_S", 3600.0)
    sink, after = ListedSink(), ListedSink()
    begin(service, sink)
    models(service, "a", "b")
    sink.wait_for_sent(2)
    # The position as a crash would leave it, taken up by another that has the name.
    begin(service, after)
    after.wait_for_sent(2)
    assert after.sent == sink.sent


def test_a_file_that_was_put_back_to_an_earlier_state_is_delivered_of(service: Service) -> None:
    service._store.put_position("listed/it", 1000)
    sink = ListedSink()
    begin(service, sink)
    models(service, "a")
    sink.wait_for_sent(1)
    assert names(sink) == ["a"]


def kept(service: Service) -> list[str]:
    """The models of the records there are, oldest first."""
    records = service._store.activities(ActivityQuery(limit=1000, oldest_first=True))
    return [each.activity.name for each in records]


def test_no_record_is_forgotten_that_a_target_has_yet_to_read(
    tmp_path: Path, model: ServiceModel, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagemock.delivery._SAVE_SENT_S", 0.01)
    settings = Settings(db=tmp_path / "registry.db", activity_days=1.0)
    service = create_service(settings, model=model, clock=clock, strict=True)
    slow, quick = ListedSink(), ListedSink()
    second = begin(service, quick, "quick")
    first = begin(service, slow, "slow")
    models(service, "a")
    slow.wait_for_sent(1)
    until(lambda: first.saved == 1)
    slow.block()
    models(service, "b", "c")
    clock.time += 2 * DAY_S
    models(service, "d")
    quick.wait_for_sent(4)
    until(lambda: second.saved == 4)
    service.forget_activity()
    assert kept(service) == ["b", "c", "d"]
    slow.let_go()
    slow.wait_for_sent(4)
    until(lambda: first.saved == 4)
    service.forget_activity()
    assert kept(service) == ["d"]
    assert names(slow) == ["a", "b", "c", "d"]
    service.close()


def test_without_targets_records_are_forgotten_by_their_age(
    tmp_path: Path, model: ServiceModel, clock: TickingClock
) -> None:
    settings = Settings(db=tmp_path / "registry.db", activity_days=1.0)
    service = create_service(settings, model=model, clock=clock, strict=True)
    models(service, "a")
    clock.time += 2 * DAY_S
    models(service, "b")
    service.forget_activity()
    assert service.events.deliveries.read_by_all() is None
    assert kept(service) == ["b"]
    service.close()
