"""What becomes of events that a target does not take, or that nobody can write down just now."""

import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from listed_sink import ListedSink, begin, failing_of, models, names, standing, until
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.eventing import Event, NotDeliveredError
from sagemock.ports import StorageFailed

AWAY = NotDeliveredError("It is away.")
NEVER = NotDeliveredError("It is too long.", again=False)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long."""
    monkeypatch.setattr("sagemock.delivery._LOOK_S", 0.02)
    monkeypatch.setattr("sagemock.delivery.FIRST_BREAK_S", 0.001)
    monkeypatch.setattr("sagemock.delivery._STORAGE_BREAK_S", 0.01)


def test_what_was_not_taken_is_tried_again_after_longer_and_longer_breaks(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagemock.delivery.FIRST_BREAK_S", 0.02)
    times: list[float] = []

    def failing(_: Event) -> Exception | None:
        times.append(time.monotonic())
        return AWAY if len(times) <= 4 else None

    sink = ListedSink(failing)
    begin(service, sink, attempts=5)
    models(service, "a", "b")
    sink.wait_for_sent(2)
    assert names(sink) == ["a", "b"]
    assert [each.number for each in sink.tried] == [1, 1, 1, 1, 1, 2]
    breaks = [second - first for first, second in pairwise(times)]
    least = (0.02, 0.04, 0.08, 0.16)
    assert [waited >= each for waited, each in zip(breaks, least, strict=False)] == [True] * 4


def test_no_break_is_longer_than_the_longest(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagemock.delivery.LONGEST_BREAK_S", 0.002)
    sink = ListedSink(lambda _: AWAY if len(sink.tried) <= 40 else None)
    begin(service, sink, attempts=50)
    models(service, "a")
    # Were the breaks to grow on, this would take ages.
    sink.wait_for_sent(1)
    assert len(sink.tried) == 41


def test_what_is_tried_in_vain_becomes_a_dead_letter_and_the_next_goes_on(service: Service) -> None:
    sink = ListedSink(failing_of(AWAY, "a"))
    begin(service, sink, attempts=3)
    models(service, "a", "b")
    sink.wait_for_sent(1)
    assert names(sink) == ["b"]
    assert [each.number for each in sink.tried] == [1, 1, 1, 2]
    assert buried(service) == [1]
    until(lambda: standing(service)["Behind"] == 0)
    assert standing(service) == {
        "Target": "listed/it",
        "Kind": "file",
        "Delivered": 1,
        "DeadLetters": 1,
        "Position": 2,
        "Behind": 0,
    }


def test_what_is_in_vain_for_ever_is_tried_once(service: Service) -> None:
    sink = ListedSink(failing_of(NEVER, "a"))
    begin(service, sink, attempts=3)
    models(service, "a", "b")
    sink.wait_for_sent(1)
    assert [each.number for each in sink.tried] == [1, 2]
    (found,) = service.events.dead_letters(0, 100)
    assert (found.attempts, found.reason) == (1, "It is too long.")


def test_an_error_that_no_sink_should_raise_counts_as_a_failure(service: Service) -> None:
    sink = ListedSink(failing_of(KeyError("url"), "a"))
    begin(service, sink, attempts=2)
    models(service, "a", "b")
    sink.wait_for_sent(1)
    assert [each.number for each in sink.tried] == [1, 1, 2]
    (found,) = service.events.dead_letters(0, 100)
    assert (found.attempts, found.reason) == (2, "It failed: KeyError('url').")


def test_a_failure_without_a_word_is_a_failure(service: Service) -> None:
    sink = ListedSink(failing_of(NotDeliveredError(""), "a"))
    begin(service, sink, attempts=2)
    models(service, "a", "b")
    sink.wait_for_sent(1)
    assert buried(service) == [1]
    assert service.events.dead_letters(0, 100)[0].reason


def test_a_target_that_is_busy_is_waited_for(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagemock.delivery.BUSY_BREAK_S", 0.001)
    busy = NotDeliveredError("It is busy.", busy=True)
    answers = [busy, AWAY, *[busy] * 9, AWAY, busy, AWAY]
    sink = ListedSink(lambda _: answers.pop(0) if answers else None)
    begin(service, sink, attempts=3)
    models(service, "a", "b")
    sink.wait_for_sent(1)
    assert names(sink) == ["b"]
    (found,) = service.events.dead_letters(0, 100)
    # To be busy is no failed attempt.
    assert (found.number, found.attempts, found.reason) == (1, 3, "It is away.")
    assert [each.number for each in sink.tried] == [1] * 14 + [2]


def test_each_event_has_all_its_attempts(service: Service) -> None:
    sink = ListedSink(failing_of(AWAY, "a", "b"))
    begin(service, sink, attempts=2)
    models(service, "a", "b", "c")
    sink.wait_for_sent(1)
    assert [each.number for each in sink.tried] == [1, 1, 2, 2, 3]
    assert [each.attempts for each in service.events.dead_letters(0, 100)] == [2, 2]


def buried(service: Service) -> list[int]:
    """The numbers of the records whose events are dead letters."""
    return [each.number for each in service.events.dead_letters(0, 100)]


def reset(service: Service) -> None:
    """Reset a service as somebody else would, who must not be kept waiting."""
    thread = threading.Thread(target=service.reset)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()


def test_after_a_reset_only_what_is_new_is_delivered(service: Service) -> None:
    sink = ListedSink()
    begin(service, sink)
    models(service, "a", "b")
    sink.wait_for_sent(2)
    reset(service)
    assert standing(service)["Position"] == 0
    assert service._store.position("listed/it") == 0
    models(service, "c")
    sink.wait_for_sent(3)
    assert names(sink) == ["a", "b", "c"]


def test_what_was_read_before_a_reset_is_not_delivered_after_it(service: Service) -> None:
    sink = ListedSink()
    sink.block()
    service._store.put_position("listed/it", 0)
    models(service, "a", "b", "c")
    begin(service, sink)
    # All of them were read at once; the first is on its way and cannot be called back.
    sink.wait_for_tried(1)
    reset(service)
    models(service, "new")
    sink.let_go()
    sink.wait_for_sent(2)
    assert names(sink) == ["a", "new"]
    until(lambda: standing(service)["Behind"] == 0)
    assert standing(service)["Position"] == 1


def test_a_reset_ends_the_break_of_a_target_that_was_failing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagemock.delivery.FIRST_BREAK_S", 3600.0)
    monkeypatch.setattr("sagemock.delivery.LONGEST_BREAK_S", 3600.0)
    sink = ListedSink(failing_of(AWAY, "a"))
    begin(service, sink)
    models(service, "a")
    until(lambda: "Failure" in standing(service))
    reset(service)
    models(service, "new")
    sink.wait_for_sent(1)
    assert names(sink) == ["new"]


def test_after_a_reset_a_target_that_was_failing_gets_only_what_is_new(service: Service) -> None:
    sink = ListedSink(lambda _: AWAY)
    begin(service, sink, attempts=185)
    models(service, "a", "b")
    sink.wait_for_tried(2)
    reset(service)
    sink.failing = lambda _: None
    models(service, "new")
    sink.wait_for_sent(1)
    assert names(sink) == ["new"]
    assert buried(service) == []


def test_a_failure_of_before_a_reset_is_not_told_after_it(service: Service) -> None:
    sink = ListedSink(lambda _: AWAY)
    sink.block()
    begin(service, sink, pattern={"detail": {"ModelName": ["a"]}})
    models(service, "a")
    sink.wait_for_tried(1)
    reset(service)
    sink.let_go()
    models(service, "new")
    until(lambda: standing(service)["Behind"] == 0)
    assert standing(service) == {
        "Target": "listed/it",
        "Kind": "file",
        "Delivered": 0,
        "Position": 1,
        "Behind": 0,
    }


def test_what_a_target_refuses_for_ever_after_a_reset_is_no_dead_letter(service: Service) -> None:
    sink = ListedSink(failing_of(NEVER, "a"))
    sink.block()
    begin(service, sink)
    models(service, "a")
    sink.wait_for_tried(1)
    reset(service)
    sink.let_go()
    models(service, "new")
    sink.wait_for_sent(1)
    assert (names(sink), buried(service)) == (["new"], [])


def failing_first(times: int, work: Callable[..., Any]) -> Callable[..., Any]:
    """What fails some times, as a storage does that is away, before it works."""
    left = [None] * times

    def failing(*arguments: Any) -> Any:
        if left:
            left.pop()
            raise StorageFailed("the disk is away")
        return work(*arguments)

    return failing


def test_while_no_position_can_be_saved_delivery_goes_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagemock.delivery._SAVE_SENT_S", 0.0)
    sink = ListedSink()
    delivery = begin(service, sink)
    store = service._store
    monkeypatch.setattr(store, "put_position", failing_first(3, store.put_position))
    models(service, "a", "b")
    sink.wait_for_sent(2)
    until(lambda: delivery.saved == 2)
    assert store.position("listed/it") == 2
    assert names(sink) == ["a", "b"]


def test_while_no_dead_letter_can_be_kept_its_event_is_not_passed_over(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = ListedSink(failing_of(NEVER, "a"))
    begin(service, sink)
    store = service._store
    monkeypatch.setattr(store, "bury", failing_first(2, store.bury))
    models(service, "a", "b")
    sink.wait_for_sent(1)
    assert [each.number for each in sink.tried] == [1, 1, 1, 2]
    assert buried(service) == [1]


def test_while_the_log_cannot_be_read_nothing_is_lost(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = service._store
    monkeypatch.setattr(store, "activities", failing_first(3, store.activities))
    sink = ListedSink()
    begin(service, sink)
    models(service, "a", "b")
    sink.wait_for_sent(2)
    assert names(sink) == ["a", "b"]


def test_an_error_of_ours_while_reading_ends_no_delivery(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, failures = service.events.log.read, [LookupError("a bug"), LookupError("a bug")]

    def failing(after: int) -> Any:
        if failures:
            raise failures.pop()
        return read(after)

    monkeypatch.setattr(service.events.log, "read", failing)
    sink = ListedSink()
    begin(service, sink)
    models(service, "a")
    sink.wait_for_sent(1)
    assert failures == []


def test_nothing_sent_is_passed_over_by_a_dead_letter_before_it_is_safe(
    tmp_path: Path, model: ServiceModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagemock.delivery._SAVE_SENT_S", 3600.0)
    settings = Settings(db=tmp_path / "registry.db")
    service = create_service(settings, model=model, strict=True)
    sink = ListedSink(failing_of(NEVER, "b"))
    begin(service, sink)
    models(service, "a", "b", "c")
    sink.wait_for_sent(2)
    # A crash now: the position is behind a and b.
    assert service._store.position("listed/it") == 2
    assert sink.flushed == [1]
    service.close()
