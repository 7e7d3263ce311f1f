"""The path of the clock over HTTP."""

import json
from typing import Any

import pytest
from flask import Flask

from conftest import TickingClock
from sagemock import Service, Settings, create_app, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.clock import TOO_FAR
from sagemock.wire.clock_paths import NO_TURN

PATH = "/_sagemock/clock"
NOON = "2026-01-31T12:00:00Z"
NOON_S = 1769860800.0
FROZEN = {"time": "2026-01-31T12:00:00.000Z", "epoch_s": NOON_S, "frozen": True}


def shown(state: Any) -> dict[str, Any]:
    """A state without what depends on the real time."""
    return {name: state[name] for name in ("time", "epoch_s", "frozen")}


def read(answer: Any) -> Any:
    return json.loads(answer.data)


def turned(app: Flask, content: Any, method: str = "POST") -> dict[str, Any]:
    answer = app.test_client().open(PATH, method=method, json=content)
    assert answer.status_code == 200, answer.data
    state: dict[str, Any] = read(answer)
    return state


def refusal(app: Flask, **sent: Any) -> str:
    answer = app.test_client().post(PATH, **sent)
    assert (answer.status_code, read(answer)["__type"]) == (400, "ValidationException")
    return str(read(answer)["message"])


def test_it_tells_the_real_time_while_it_is_not_turned(app: Flask, clock: TickingClock) -> None:
    expected = {
        "time": "2023-11-14T22:13:21.123Z",
        "epoch_s": 1700000001.123,
        "frozen": False,
        "offset_s": 0.0,
        "real_time": "2023-11-14T22:13:21.123Z",
    }
    assert read(app.test_client().get(PATH)) == expected
    assert clock.time == 1700000001.123


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_it_is_frozen_moved_and_reset(method: str, app: Flask) -> None:
    assert shown(turned(app, {"freeze": NOON}, method)) == FROZEN
    assert turned(app, {"advance": "2h"}, method)["epoch_s"] == NOON_S + 7200
    assert turned(app, {"advance": -7200}, method)["epoch_s"] == NOON_S
    assert turned(app, {"back": "1d"}, method)["time"] == "2026-01-30T12:00:00.000Z"
    state = read(app.test_client().get(PATH))
    assert shown(state) == {**FROZEN, "time": "2026-01-30T12:00:00.000Z", "epoch_s": NOON_S - 86400}
    assert not turned(app, {"resume": True}, method)["frozen"]
    state = turned(app, {"offset": "-30d"}, method)
    assert (state["frozen"], state["offset_s"]) == (False, -30 * 86400.0)
    assert turned(app, {"reset": True}, method)["offset_s"] == 0.0


def test_true_or_null_freezes_it_at_what_it_shows(app: Flask, clock: TickingClock) -> None:
    turned(app, {"offset": "1d"})
    at_s = clock.time + 1 + 86400
    for value in (True, None):
        assert turned(app, {"freeze": value})["epoch_s"] == at_s


def test_deleted_it_is_as_at_the_start(model: ServiceModel) -> None:
    settings = Settings(db=":memory:", freeze=NOON)
    service = create_service(settings, model=model)
    app = create_app(settings, service=service)
    turned(app, {"offset": "1d"})
    answer = app.test_client().delete(PATH)
    assert (answer.status_code, shown(read(answer))) == (200, FROZEN)
    service.close()


@pytest.mark.parametrize("path", ["/_sagemock/reset", "/moto-api/reset"])
def test_a_reset_of_everything_is_one_of_the_clock(path: str, app: Flask) -> None:
    turned(app, {"freeze": NOON})
    app.test_client().post(path)
    assert read(app.test_client().get(PATH))["offset_s"] == 0.0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"3",
        b"{}",
        b'{"advance": "2h", "back": "1h"}',
        b'{"forward": "2h"}',
        b'{"resume": false}',
        b'{"reset": 1.5}',
        b'{"advance": 1, "advance": 2}',
        b'{"advance": NaN}',
    ],
)
def test_what_does_not_say_how_to_turn_it_is_refused(body: bytes, app: Flask) -> None:
    assert refusal(app, data=body) == NO_TURN
    assert read(app.test_client().get(PATH))["offset_s"] == 0.0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            {"advance": "soon"},
            "A duration is written like 90s, 15m, 2h, 7d or -1h30m, or as seconds, not 'soon'.",
        ),
        (
            {"back": None},
            "A duration is written like 90s, 15m, 2h, 7d or -1h30m, or as seconds, not 'None'.",
        ),
        (
            {"freeze": "noon"},
            "A time is written like 2026-01-31T09:30:00Z, or as seconds since 1970, not 'noon'.",
        ),
        (
            {"advance": "9000000000000"},
            TOO_FAR,
        ),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    content: dict[str, Any], sentence: str, app: Flask
) -> None:
    assert refusal(app, json=content) == sentence


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_an_unknown_argument_is_refused(method: str, app: Flask) -> None:
    answer = app.test_client().open(f"{PATH}?advance=2h", method=method, json={"resume": True})
    assert answer.status_code == 400
    assert read(answer)["message"] == "There is no argument 'advance' here; there are none."


def test_what_was_is_asked_for_by_the_header_in_the_time_that_is_shown(app: Flask) -> None:
    group = {"ModelPackageGroupName": "churn"}

    def call(operation: str, content: Any, **headers: str) -> Any:
        sent = {"X-Amz-Target": f"SageMaker.{operation}", **headers}
        return app.test_client().post("/", json=content, headers=sent)

    turned(app, {"freeze": NOON})
    call("CreateModelPackageGroup", group)
    turned(app, {"back": "1d"})
    then = {"x-sagemock-as-of": "2026-01-31T11:59:59Z"}
    assert call("DescribeModelPackageGroup", group, **then).status_code == 400
    answer = call("DescribeModelPackageGroup", group, **{"x-sagemock-as-of": NOON})
    assert read(answer)["CreationTime"] == NOON_S


def test_a_page_goes_on_where_it_ended_though_the_clock_was_turned(app: Flask) -> None:
    def listed(**asked: Any) -> Any:
        sent = {"X-Amz-Target": "SageMaker.ListModelPackageGroups"}
        return read(app.test_client().post("/", json={"MaxResults": 1, **asked}, headers=sent))

    for name in ("churn", "fraud"):
        turned(app, {"advance": "1d"})
        target = {"X-Amz-Target": "SageMaker.CreateModelPackageGroup"}
        app.test_client().post("/", json={"ModelPackageGroupName": name}, headers=target)
    names: list[str] = []
    token: dict[str, Any] = {}
    for _ in range(2):
        page = listed(SortOrder="Ascending", **token)
        names += [each["ModelPackageGroupName"] for each in page["ModelPackageGroupSummaryList"]]
        token = {"NextToken": page.get("NextToken")}
        turned(app, {"back": "300d"})
    assert (names, token) == (["churn", "fraud"], {"NextToken": None})


def test_it_is_the_clock_of_the_service(app: Flask, service: Service) -> None:
    turned(app, {"freeze": 0})
    assert service.clock.now() == 0
