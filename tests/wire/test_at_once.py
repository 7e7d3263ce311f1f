"""Answers without WSGI, which our HTTP server gives to what AWS's protocols ask."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from running import Serve, serving
from sagemock.wire.answers import HttpAnswer, Later
from sagemock.wire.http_request import HttpRequest
from sagemock.wire.server import _Channel

CALL = (
    b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: SageMaker.ListModelPackageGroups\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)


@dataclass
class Said:
    """An answer with any headers, whole or in pieces."""

    headers: list[tuple[str, str]]
    body: bytes = b"said"
    pieces: Any = None
    status: int = 200


class AtOnce:
    """An app that answers at once what it has to say, and `behind` what it has not."""

    def __init__(self, answer: Said | HttpAnswer | None) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, bytes]] = []

    def at_once(self, request: HttpRequest, _: Later) -> Any:
        self.asked.append((request.command, request.path, request.body()))
        return self.answer

    def __call__(self, _: Any, start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "6")])
        return [b"behind"]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves an app until the test is over."""
    with serving() as start:
        yield start


def ended(request: bytes) -> bytes:
    """The request, as the last of its connection."""
    return request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)


def test_an_app_that_has_nothing_to_say_at_once_is_called(serve: Serve) -> None:
    app = AtOnce(None)
    assert serve(app).raw(ended(CALL)).endswith(b"\r\n\r\nbehind")
    assert app.asked == [("POST", "/", b"{}")]


@pytest.mark.parametrize("size", [0, 1, 8191, 8192, 100_000])
def test_a_body_of_any_length_is_given_whole(serve: Serve, size: int) -> None:
    app = AtOnce(Said([], b""))
    body = b"x" * size
    head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()
    assert serve(app).raw(ended(head) + body).startswith(b"HTTP/1.1 200 OK\r\n")
    assert app.asked == [("POST", "/", body)]


def test_a_chunked_body_is_given_without_its_chunks(serve: Serve) -> None:
    app = AtOnce(Said([]))
    head = CALL.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked").removesuffix(b"{}")
    assert serve(app).raw(ended(head) + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n").endswith(b"said")
    assert app.asked == [("POST", "/", b"{}")]


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "\r\n\r\n<html>"])
def test_a_line_break_in_a_header_is_never_sent(serve: Serve, value: str) -> None:
    for request in (CALL, ended(CALL)):
        received = serve(AtOnce(Said([("X-Said", value)]))).raw(ended(request))
        assert received.startswith(b"HTTP/1.1 500 ")
        assert b"X-Said" not in received
        assert b"Set-Cookie" not in received


def test_pieces_are_sent_as_they_come_and_let_go_of_in_the_end(serve: Serve) -> None:
    over: list[str] = []

    def pieces() -> Iterator[bytes]:
        try:
            yield b"one"
            yield b"two"
        finally:
            over.append("over")

    received = serve(AtOnce(Said([("X-Said", "it")], pieces=pieces()))).raw(CALL)
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert body == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    assert over == ["over"]


def test_a_call_is_logged_behind_its_answer_and_noted_before_it(
    app: Flask,
    serve: Serve,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[int, int]] = []
    service = app.extensions["sagemock"]
    write_soon = _Channel.write_soon

    def watched(channel: _Channel, data: Any) -> int:
        seen.append((service.journal.newest, len(caplog.records)))
        return write_soon(channel, data)

    monkeypatch.setattr(_Channel, "write_soon", watched)
    running = serve(app)
    with caplog.at_level(logging.INFO, "sagemock.calls"):
        received = running.raw(ended(CALL))
        running.stop()
    assert json.loads(received.partition(b"\r\n\r\n")[2]) == {"ModelPackageGroupSummaryList": []}
    assert seen == [(1, 0)]
    assert [each.getMessage().split()[1] for each in caplog.records] == ["ListModelPackageGroups"]
