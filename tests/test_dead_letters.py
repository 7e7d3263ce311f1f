"""Dead letters over HTTP: told, tried again, forgotten."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from conftest import TickingClock
from listed_sink import ListedSink, begin, failing_of, models, names, until
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.eventing import NotDeliveredError

Members = dict[str, Any]

AWAY = NotDeliveredError("It is away.")
NEVER = NotDeliveredError("It is too long.", again=False)
LETTERS = "/_sagemock/events/dead-letters"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long."""
    monkeypatch.setattr("sagemock.delivery._LOOK_S", 0.02)
    monkeypatch.setattr("sagemock.delivery.FIRST_BREAK_S", 0.001)


def letters(app: Flask, query: str = "") -> Members:
    answer = app.test_client().get(f"{LETTERS}{query}")
    assert answer.status_code == 200
    found: Members = json.loads(answer.data)
    return found


def dead(app: Flask) -> list[tuple[int, str]]:
    """The number and the model of each dead letter."""
    return [
        (each["Id"], each["Event"]["detail"]["ModelName"]) for each in letters(app)["DeadLetters"]
    ]


def retried(app: Flask, query: str = "") -> int:
    answer = app.test_client().post(f"{LETTERS}/retry{query}")
    assert answer.status_code == 200
    count: int = json.loads(answer.data)["tried"]
    return count


def forgotten(app: Flask, query: str = "") -> int:
    answer = app.test_client().delete(f"{LETTERS}{query}")
    assert answer.status_code == 200
    count: int = json.loads(answer.data)["forgotten"]
    return count


def test_a_dead_letter_is_told_whole(app: Flask, service: Service) -> None:
    sink = ListedSink(failing_of(AWAY, "a"))
    begin(service, sink, attempts=3)
    models(service, "a", "b")
    sink.wait_for_sent(1)
    # The clock of deliveries goes on whenever it is read: once an attempt, and then for this.
    assert letters(app) == {
        "DeadLetters": [
            {
                "Id": 1,
                "Target": "listed/it",
                "Time": 2_000_000_004.0,
                "Attempts": 3,
                "Reason": "It is away.",
                "Event": service.events.page()["Events"][0],
            }
        ]
    }


def test_dead_letters_are_told_in_pages(app: Flask, service: Service) -> None:
    sink = ListedSink(failing_of(NEVER, "a", "b", "c"))
    begin(service, sink)
    models(service, "a", "b", "c", "d")
    sink.wait_for_sent(1)

    def page(query: str) -> tuple[list[int], int | None]:
        found = letters(app, query)
        return [each["Id"] for each in found["DeadLetters"]], found.get("After")

    assert page("") == ([1, 2, 3], None)
    assert page("?limit=2") == ([1, 2], 2)
    assert page("?limit=2&after=2") == ([3], None)
    assert page("?limit=3") == ([1, 2, 3], 3)
    assert page("?after=3") == ([], None)


def test_a_dead_letter_outlives_its_record_and_the_service(
    tmp_path: Path, model: ServiceModel, clock: TickingClock
) -> None:
    settings = Settings(db=tmp_path / "registry.db", activity_days=1.0)
    service = create_service(settings, model=model, clock=clock, strict=True)
    sink = ListedSink(failing_of(NEVER, "a"))
    begin(service, sink)
    models(service, "a", "b")
    sink.wait_for_sent(1)
    (event,) = (each for each in service.events.page()["Events"] if each["resources"][0][-1] == "a")
    service.close()
    clock.time += 2 * 24 * 60 * 60
    again = create_service(settings, model=model, clock=clock, strict=True)
    again.forget_activity()
    (letter,) = again.events.dead_letters(0, 10)
    assert (letter.number, letter.envelope) == (1, event)
    assert event not in again.events.page()["Events"]
    taking = ListedSink()
    begin(again, taking)
    assert again.events.retry_dead_letters(None) == (1, 0)
    assert taking.wait_for_sent(1) == [event]
    again.close()


@pytest.fixture
def buried(service: Service) -> ListedSink:
    """A sink that did not take what it was told of the models a and b, and took the rest."""
    sink = ListedSink(failing_of(NEVER, "a", "b"))
    begin(service, sink)
    models(service, "a", "b", "c")
    sink.wait_for_sent(1)
    return sink


def test_all_dead_letters_are_tried_again_and_those_taken_vanish(
    app: Flask, buried: ListedSink
) -> None:
    assert dead(app) == [(1, "a"), (2, "b")]
    buried.failing = lambda _: None
    assert retried(app) == 2
    buried.wait_for_sent(3)
    assert names(buried) == ["c", "a", "b"]
    until(lambda: dead(app) == [])
    assert retried(app) == 0


def test_one_dead_letter_is_tried_again(app: Flask, buried: ListedSink) -> None:
    buried.failing = lambda _: None
    assert retried(app, "?id=2") == 1
    buried.wait_for_sent(2)
    assert names(buried) == ["c", "b"]
    until(lambda: dead(app) == [(1, "a")])


def test_a_dead_letter_that_is_not_taken_again_stays_as_it_was(
    app: Flask, service: Service, buried: ListedSink
) -> None:
    before = letters(app)
    buried.failing = failing_of(AWAY, "b")
    assert retried(app) == 2
    buried.wait_for_sent(2)
    models(service, "d")
    buried.wait_for_sent(3)
    assert names(buried) == ["c", "a", "d"]
    # Each was tried once, and then what is new.
    assert [each.number for each in buried.tried] == [1, 2, 3, 1, 2, 4]
    assert letters(app) == {"DeadLetters": before["DeadLetters"][1:]}


def test_a_dead_letter_is_kept_until_what_was_sent_is_safe(app: Flask, buried: ListedSink) -> None:
    buried.failing = lambda _: None
    buried.flushing = lambda: NotDeliveredError("The disk is full.")
    assert retried(app, "?id=1") == 1
    buried.wait_for_sent(2)
    buried.flushing = lambda: None
    assert retried(app, "?id=2") == 1
    until(lambda: dead(app) == [(1, "a")])
    assert names(buried) == ["c", "a", "b"]


def test_a_dead_letter_of_after_a_reset_is_not_taken_for_one_of_before(
    app: Flask, service: Service, buried: ListedSink
) -> None:
    buried.block()
    buried.failing = lambda _: None
    assert retried(app) == 2
    buried.wait_for_tried(4)
    service.reset()
    other = ListedSink(failing_of(NEVER, "new"))
    begin(service, other, "other")
    models(service, "new")
    until(lambda: dead(app) == [(1, "new")])
    buried.let_go()
    buried.wait_for_sent(3)
    assert names(buried) == ["c", "a", "new"]
    assert dead(app) == [(1, "new")]


@pytest.mark.parametrize("query", ["?id=3", "?id=999"])
@pytest.mark.usefixtures("buried")
def test_a_dead_letter_that_is_not_there_is_neither_tried_nor_forgotten(
    app: Flask, query: str
) -> None:
    answer = app.test_client().post(f"{LETTERS}/retry{query}")
    assert answer.status_code == 404
    assert json.loads(answer.data)["message"] == f"There is no dead letter {query[4:]}."
    assert forgotten(app, query) == 0
    assert dead(app) == [(1, "a"), (2, "b")]


def test_dead_letters_of_a_target_that_is_gone_are_not_tried(
    service: Service, app: Flask, buried: ListedSink
) -> None:
    (first, *_) = service.events.dead_letters(0, 10)
    service._store.bury(first._replace(target="gone/it", number=0))
    assert [each["Target"] for each in letters(app)["DeadLetters"]] == [
        "listed/it",
        "listed/it",
        "gone/it",
    ]
    buried.failing = lambda _: None
    assert retried(app) == 2
    until(lambda: [each.target for each in service.events.dead_letters(0, 10)] == ["gone/it"])
    assert retried(app) == 0


@pytest.mark.usefixtures("buried")
def test_dead_letters_are_forgotten_one_or_all(app: Flask) -> None:
    assert forgotten(app, "?id=1") == 1
    assert dead(app) == [(2, "b")]
    assert forgotten(app, "?id=1") == 0
    assert forgotten(app) == 1
    assert (dead(app), forgotten(app)) == ([], 0)


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("POST", f"{LETTERS}/retry?id=0", "The argument 'id' is a number from 1 on, not '0'."),
        ("POST", f"{LETTERS}/retry?Id=1", "There is no argument 'Id' here; there are id."),
        ("DELETE", f"{LETTERS}?id=a", "The argument 'id' is a number from 1 on, not 'a'."),
        ("DELETE", f"{LETTERS}?all=1", "There is no argument 'all' here; there are id."),
        ("GET", f"{LETTERS}?limit=0", "The argument 'limit' is a number from 1 on, not '0'."),
        ("GET", f"{LETTERS}?after=x", "The argument 'after' is a number from 0 on, not 'x'."),
        ("GET", f"{LETTERS}?id=1", "There is no argument 'id' here; there are after, limit."),
        (
            "GET",
            "/_sagemock/events/targets?limit=1",
            "There is no argument 'limit' here; there are none.",
        ),
    ],
)
@pytest.mark.usefixtures("buried")
def test_what_cannot_be_asked_of_dead_letters_is_refused_and_changes_nothing(
    app: Flask, method: str, path: str, message: str
) -> None:
    answer = app.test_client().open(path, method=method)
    assert (answer.status_code, json.loads(answer.data)) == (
        400,
        {"__type": "ValidationException", "message": message},
    )
    assert dead(app) == [(1, "a"), (2, "b")]


@pytest.mark.usefixtures("buried")
def test_dead_letters_are_gone_after_a_reset(app: Flask, service: Service) -> None:
    assert dead(app) == [(1, "a"), (2, "b")]
    service.reset()
    assert (dead(app), retried(app)) == ([], 0)
