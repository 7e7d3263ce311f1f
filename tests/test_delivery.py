"""Delivery: what happened comes to each target, in its order, once it is committed."""

import json
import threading
from typing import Any

import pytest
from flask import Flask

from conftest import TickingClock
from fictions import call, create
from listed_sink import ListedSink, begin, models, names, standing, until
from sagemock import Service
from sagemock.delivery import Delivery
from sagemock.errors import ValidationException
from sagemock.event_rules import event_rules
from sagemock.eventing import Event, NotDeliveredError

Members = dict[str, Any]
GROUP = {"ModelPackageGroupName": "churn"}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries look about often, so that nobody waits for them to end."""
    monkeypatch.setattr("sagemock.delivery._LOOK_S", 0.02)
    monkeypatch.setattr("sagemock.delivery.FIRST_BREAK_S", 0.001)


def test_what_happened_is_delivered_whole_and_in_order(service: Service) -> None:
    sink = ListedSink()
    begin(service, sink)
    create(service, "it")
    call(service, "CreateModelPackageGroup", **GROUP)
    call(service, "CreateModelPackage", **GROUP)
    happened = service.events.page()["Events"]
    assert sink.wait_for_sent(len(happened)) == happened
    assert len(happened) == 5
    assert [json.loads(each) for each in sink.bodies] == happened
    numbers = [each.number for each in sink.sent]
    assert numbers == sorted(set(numbers))


def test_an_event_is_committed_when_it_is_delivered(service: Service) -> None:
    committed: list[bool] = []

    def look(event: Event) -> None:
        committed.append(event.envelope in service.events.page()["Events"])

    sink = ListedSink(look)
    begin(service, sink)
    models(service, "a", "b")
    sink.wait_for_sent(2)
    assert committed == [True, True]


def test_of_a_call_that_was_refused_nothing_is_delivered(service: Service) -> None:
    sink = ListedSink()
    begin(service, sink)
    models(service, "a")
    with pytest.raises(ValidationException):
        models(service, "a")
    models(service, "b")
    sink.wait_for_sent(2)
    assert names(sink) == ["a", "b"]


def test_of_what_was_rolled_back_nothing_is_delivered(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = ListedSink()
    begin(service, sink)
    run = service._run

    def failing(*arguments: Any) -> None:
        run(*arguments)
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(service, "_run", failing)
        with pytest.raises(RuntimeError):
            models(service, "lost")
    models(service, "kept")
    sink.wait_for_sent(1)
    assert names(sink) == ["kept"]


def test_a_target_gets_what_its_pattern_matches(service: Service) -> None:
    sink, everything = ListedSink(), ListedSink()
    begin(service, sink, pattern={"detail": {"ModelName": [{"prefix": "a"}]}})
    begin(service, everything, "everything")
    models(service, "a1", "b1", "a2", "b2")
    everything.wait_for_sent(4)
    sink.wait_for_sent(2)
    until(lambda: standing(service)["Behind"] == 0)
    assert names(sink) == ["a1", "a2"]


def test_a_target_is_sent_what_its_rule_chooses(service: Service) -> None:
    content = {
        "name": "chosen",
        "targets": [{"webhook": {"url": "http://127.0.0.1:1/"}, "InputPath": "$.detail.ModelName"}],
    }
    (chosen,) = event_rules({"rules": [content]})
    sink = ListedSink()
    delivery = Delivery(
        chosen.targets[0],
        chosen.pattern,
        sink,
        read=service.events.log.read,
        store=service._store,
        clock=TickingClock(),
    )
    service.events.deliveries.begin([delivery])
    models(service, "a")
    sink.wait_for_sent(1)
    assert sink.bodies == ['"a"']
    assert sink.envelopes == service.events.page()["Events"]


def test_a_new_target_begins_with_what_happens_from_then_on(service: Service) -> None:
    models(service, "before")
    sink = ListedSink()
    begin(service, sink)
    models(service, "after")
    sink.wait_for_sent(1)
    assert names(sink) == ["after"]


def test_targets_do_not_wait_for_each_other(service: Service) -> None:
    blocked, failing, free = (
        ListedSink(),
        ListedSink(lambda _: NotDeliveredError("It is away.")),
        ListedSink(),
    )
    blocked.block()
    begin(service, blocked, "blocked")
    begin(service, failing, "failing", attempts=185)
    begin(service, free, "free")
    models(service, "a", "b", "c")
    free.wait_for_sent(3)
    blocked.wait_for_tried(1)
    failing.wait_for_tried(2)
    assert (names(free), blocked.sent, failing.sent) == (["a", "b", "c"], [], [])
    blocked.let_go()
    failing.failing = lambda _: None
    blocked.wait_for_sent(3)
    failing.wait_for_sent(3)
    assert names(blocked) == names(failing) == ["a", "b", "c"]


def test_many_who_write_at_once_are_told_of_in_the_order_of_the_log(service: Service) -> None:
    sink = ListedSink()
    begin(service, sink)
    threads = [
        threading.Thread(target=models, args=(service, *(f"m{each}-{n}" for n in range(20))))
        for each in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sink.wait_for_sent(160) == service.events.page(limit=1000)["Events"]


def test_how_a_target_stands_is_told(app: Flask, service: Service) -> None:
    sink = ListedSink()
    begin(service, sink, pattern={"detail": {"ModelName": ["b"]}})
    models(service, "a", "b")
    # Nothing is sent of a group: it is passed over.
    call(service, "CreateModelPackageGroup", **GROUP)
    sink.wait_for_sent(1)
    until(lambda: standing(service)["Behind"] == 0)
    answer = app.test_client().get("/_sagemock/events/targets")
    assert (answer.status_code, json.loads(answer.data)) == (
        200,
        {
            "Targets": [
                {"Target": "listed/it", "Kind": "file", "Delivered": 1, "Position": 3, "Behind": 0}
            ]
        },
    )


def test_a_target_that_is_behind_says_by_how_much_and_why(service: Service) -> None:
    sink = ListedSink(lambda _: NotDeliveredError("It is away."))
    begin(service, sink, attempts=185)
    models(service, "a", "b")
    until(lambda: "Failure" in standing(service))
    stands = standing(service)
    assert stands.pop("Attempts") >= 1
    assert stands == {
        "Target": "listed/it",
        "Kind": "file",
        "Delivered": 0,
        "Position": 0,
        "Behind": 2,
        "Failure": "It is away.",
    }
