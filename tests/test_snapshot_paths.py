"""Snapshots over HTTP: of any length, and refused as everything else is."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from conftest import CountedIds, stored
from fictions import call
from running import MAX_BODY, Running
from sagemock import Service, Settings, create_app
from sagemock.wire.long_bodies import SNAPSHOT_TIMES
from snapshot_fiction import VERSION_1, play, saved, text

PATH = "/_sagemock/snapshot"


def asked(app: Flask, method: str, path: str = PATH, **how: Any) -> tuple[int, bytes]:
    answer = app.test_client().open(path, method=method, **how)
    return answer.status_code, answer.data


def refused(answer: tuple[int, bytes]) -> tuple[int, str]:
    body = json.loads(answer[1])
    return answer[0], f"{body['__type']}: {body['message']}"


def test_what_is_got_can_be_put(app: Flask, service: Service) -> None:
    play(service)
    answer = app.test_client().get(PATH)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.data == VERSION_1.read_bytes()
    service.reset()
    status, body = asked(app, "PUT", data=answer.data)
    assert status == 200
    assert json.loads(body)["loaded"]["ModelPackage"] == 3
    assert text(service) == VERSION_1.read_bytes()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"path": f"{PATH}?region=x"}, "There is no argument 'region' here; there are none."),
        ({"data": b"{"}, "The snapshot cannot be loaded: it is no JSON: Expecting property name"),
        ({"data": b"{}"}, "The snapshot cannot be loaded: it is no snapshot of sagemock"),
        ({"headers": {"Content-Length": ""}}, "The length of the snapshot is not told"),
    ],
)
def test_a_wrong_one_is_refused_in_a_sentence(
    answer: dict[str, Any], said: str, app: Flask, service: Service
) -> None:
    call(service, "CreateModelPackageGroup", ModelPackageGroupName="mine")
    before = stored(service)
    status, message = refused(asked(app, "PUT", **answer))
    assert status == 400
    assert message.startswith(f"ValidationException: {said}")
    assert stored(service) == before


def test_a_page_of_another_site_cannot_load_one(app: Flask, service: Service) -> None:
    before = stored(service)
    headers = {"Origin": "http://elsewhere.example"}
    answer = asked(app, "PUT", data=VERSION_1.read_bytes(), headers=headers)
    assert answer[0] == 403
    assert stored(service) == before


def test_it_may_be_longer_than_any_other_body_but_not_endless(service: Service) -> None:
    settings = Settings(db=":memory:", max_body_bytes=len(VERSION_1.read_bytes()) // 4)
    app = create_app(settings, service=service, ids=CountedIds())
    kept = VERSION_1.read_bytes()
    assert asked(app, "PUT", data=kept)[0] == 200
    assert asked(app, "POST", "/", data=kept)[0] == 413
    most = settings.max_body_bytes * SNAPSHOT_TIMES
    assert asked(app, "PUT", data=kept.ljust(most))[0] == 200
    status, message = refused(asked(app, "PUT", data=kept.ljust(most + 1)))
    assert status == 400
    assert message == (
        f"ValidationException: The snapshot is longer than {most} bytes; start sagemock with a "
        f"larger --max-body-bytes, of which a snapshot may be {SNAPSHOT_TIMES} times as long."
    )


class TestServed:
    @pytest.fixture
    def running(self, app: Flask) -> Iterator[Running]:
        running = Running(app)
        yield running
        running.stop()

    def test_a_long_one_is_taken_from_the_network(self, running: Running, service: Service) -> None:
        content = json.dumps(saved()).encode().ljust(MAX_BODY + 1)
        connection = running.connect()
        connection.request("PUT", PATH, content)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        assert text(service) == VERSION_1.read_bytes()
        # In chunks too, and with what makes a head unusual.
        connection.request(
            "PUT",
            PATH,
            iter([content[:100], content[100:]]),
            {"X-Odd": "\u00fc"},
            encode_chunked=True,
        )
        answer = connection.getresponse()
        counts = json.loads(body)["loaded"]
        assert json.loads(answer.read()) == {"loaded": counts, "replaced": counts}

    @pytest.mark.parametrize(
        ("method", "path"), [("PUT", "/_sagemock/show"), ("POST", PATH), ("POST", "/")]
    )
    def test_no_other_body_may_be_so_long(self, method: str, path: str, running: Running) -> None:
        connection = running.connect()
        connection.request(method, path, b" " * (MAX_BODY + 1))
        assert connection.getresponse().status == 413

    def test_one_beyond_its_own_limit_is_refused_before_it_is_read(self, running: Running) -> None:
        length = (MAX_BODY + 1) * SNAPSHOT_TIMES
        head = f"PUT {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        assert running.raw(head.encode()).startswith(b"HTTP/1.1 413 ")
