"""The shortcut around Flask: what takes it, what does not, and that both end alike."""

import io
import json
from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask

from conftest import CountedIds
from fictions import create
from sagemock import Service, Settings
from sagemock.app import create_front
from sagemock.wire.front import Front
from sagemock.wire.shortcut import Environ, Shortcut, StartResponse

BODY = b'{"ModelPackageGroupName":"churn"}'
LARGEST = 100


def environ(**changes: Any) -> Environ:
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "HTTP_HOST": "localhost",
        "HTTP_X_AMZ_TARGET": "SageMaker.CreateModelPackageGroup",
        "CONTENT_LENGTH": str(len(BODY)),
        "wsgi.input": io.BytesIO(BODY),
        **changes,
    }


class Answer:
    """What came of one request."""

    def __init__(self, app: Any, asked: Environ) -> None:
        self.body = b"".join(app(asked, self.start))

    def start(self, status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        self.status = status
        self.headers = dict(headers)


class Behind:
    """An app that only notes that it was asked."""

    def __init__(self) -> None:
        self.made = 0
        self.asked = 0

    def make(self) -> "Behind":
        self.made += 1
        return self

    def __call__(self, _: Environ, start_response: StartResponse) -> Iterable[bytes]:
        self.asked += 1
        start_response("404 Not Found", [])
        return [b""]


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture
def shortcut(service: Service, behind: Behind) -> Shortcut:
    settings = Settings(max_body_bytes=LARGEST)
    return Shortcut(behind.make, Front.of(service, settings, CountedIds()))


def test_a_call_needs_no_flask(shortcut: Shortcut, behind: Behind) -> None:
    answer = Answer(shortcut, environ())
    assert answer.status == "200 OK"
    assert answer.headers == {
        "x-amzn-RequestId": "00000000-0000-4000-8000-000000000001",
        "Content-Type": "application/x-amz-json-1.1",
        "Content-Length": str(len(answer.body)),
    }
    assert behind.made == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"REQUEST_METHOD": "GET"},
        {"PATH_INFO": "/_sagemock/health"},
        {"PATH_INFO": "//"},
        {"CONTENT_LENGTH": ""},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "\u00b2"},
        {"CONTENT_LENGTH": str(LARGEST + 1)},
        {"HTTP_HOST": "evil.example.com"},
    ],
    ids=str,
)
def test_everything_else_goes_to_the_app_which_is_made_once(
    changes: dict[str, str], shortcut: Shortcut, behind: Behind
) -> None:
    for _ in range(2):
        assert Answer(shortcut, environ(**changes)).status == "404 Not Found"
    assert (behind.made, behind.asked) == (1, 2)


def test_a_body_cut_short_is_refused_and_not_run(shortcut: Shortcut, service: Service) -> None:
    answer = Answer(shortcut, environ(CONTENT_LENGTH=str(len(BODY) + 1)))
    assert answer.status == "400 Bad Request"
    assert json.loads(answer.body) == {"__type": "SerializationException"}
    assert Answer(shortcut, environ()).status == "200 OK"
    service.check()


def test_the_route_behind_answers_as_the_shortcut_does(app: Flask) -> None:
    taken = Answer(app.wsgi_app, environ())
    # A length that is not told goes through Flask, which reads to the end.
    told = environ(
        CONTENT_LENGTH="",
        HTTP_X_AMZ_TARGET="SageMaker.DescribeModelPackageGroup",
        **{"wsgi.input_terminated": True},
    )
    through_flask = Answer(app.wsgi_app, told)
    assert (taken.status, through_flask.status) == ("200 OK", "200 OK")
    assert json.loads(through_flask.body)["ModelPackageGroupName"] == "churn"
    assert set(taken.headers) == set(through_flask.headers)


def test_what_a_server_serves_has_both_ways(service: Service) -> None:
    front = create_front(service, Settings())
    assert Answer(front, environ()).status == "200 OK"
    health = Answer(front, environ(REQUEST_METHOD="GET", PATH_INFO="/_sagemock/health"))
    assert health.status == "200 OK"
    assert json.loads(health.body)["status"] == "ok"


def test_an_invocation_needs_no_flask_and_is_told_whole(
    shortcut: Shortcut, service: Service, behind: Behind
) -> None:
    create(service, "it")
    answer = Answer(shortcut, environ(PATH_INFO="/endpoints/it/invocations"))
    assert answer.status == "200 OK"
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert answer.headers["x-Amzn-Invoked-Production-Variant"] == "AllTraffic"
    refused = Answer(shortcut, environ(PATH_INFO="/endpoints/other/invocations"))
    assert refused.status == "400 Bad Request"
    assert behind.made == 0


def test_a_stream_is_handed_on_piece_by_piece(
    shortcut: Shortcut, service: Service, behind: Behind
) -> None:
    create(service, "it")
    service.canned.add({"reply": {"stream_chunks": ["a", "b", "c"]}})
    asked = environ(PATH_INFO="/endpoints/it/invocations-response-stream")
    started: list[Any] = []
    pieces = shortcut(asked, lambda *told: started.append(told))
    assert started[0][0] == "200 OK"
    assert "Content-Length" not in dict(started[0][1])
    assert [b":event-type" in piece for piece in pieces] == [True] * 3
    assert behind.made == 0


def test_a_path_that_only_begins_alike_goes_to_the_app(shortcut: Shortcut, behind: Behind) -> None:
    for path in ("/endpoints", "/endpointsx/it", "//endpoints/it/invocations"):
        assert Answer(shortcut, environ(PATH_INFO=path)).status == "404 Not Found"
    assert behind.asked == 3


def test_an_invocation_through_flask_answers_as_by_the_shortcut(
    app: Flask, service: Service
) -> None:
    create(service, "it")
    for path in ("/endpoints/it/invocations", "/endpoints/other/invocations"):
        taken = Answer(app.wsgi_app, environ(PATH_INFO=path))
        through_flask = Answer(
            app.wsgi_app,
            environ(PATH_INFO=path, CONTENT_LENGTH="", **{"wsgi.input_terminated": True}),
        )
        assert taken.status == through_flask.status
        assert taken.body == through_flask.body
        assert set(taken.headers) == set(through_flask.headers)
