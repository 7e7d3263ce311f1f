"""SageMaker Runtime over real sockets: chunks, streams, bodies cut short or too long."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from rest_calls import (
    AMZN,
    FIXED,
    INVOKE,
    LIMIT,
    STREAM,
    canned,
    frames,
    the_call,
)

from fictions import create
from running import MAX_BODY, Running
from sagemock import Service


@pytest.fixture
def endpoint(service: Service) -> Service:
    """A service with an endpoint `it` that gives canned answers."""
    create(service, "it")
    return service


@pytest.fixture
def running(app: Flask, endpoint: Service) -> Iterator[Running]:
    endpoint.check()
    running = Running(app)
    yield running
    running.stop()


def sent(running: Running, path: str = INVOKE, body: Any = b"1,2", **headers: str) -> Any:
    connection = running.connect()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", path, body, given)
    return connection.getresponse()


def head(*lines: str, path: str = INVOKE) -> bytes:
    return "\r\n".join((f"POST {path} HTTP/1.1", "Host: localhost", *lines, "", "")).encode()


def test_an_answer_adds_length_and_date_and_no_more(running: Running) -> None:
    answer = sent(running)
    assert json.loads(answer.read()) == FIXED
    assert {name.lower() for name, _ in answer.getheaders()} == {
        "x-amzn-requestid",
        "content-type",
        "x-amzn-invoked-production-variant",
        "content-length",
        "date",
    }


def test_a_connection_serves_both_protocols(running: Running) -> None:
    connection = running.connect()
    for _ in range(2):
        connection.request("POST", INVOKE, b"1,2")
        assert connection.getresponse().read()
        socket = connection.sock
        target = {"X-Amz-Target": "SageMaker.ListEndpoints"}
        connection.request("POST", "/", b"{}", target)
        assert json.loads(connection.getresponse().read())["Endpoints"]
        assert connection.sock is socket


def test_a_body_in_chunks_is_read_whole(running: Running, service: Service) -> None:
    answer = sent(running, body=iter([b"one,", b"two"]), Content_Type="text/csv")
    assert (answer.status, json.loads(answer.read())) == (200, FIXED)
    asked = the_call(service)
    assert (asked["body"], asked["content_type"]) == ("one,two", "text/csv")


def test_a_stream_can_be_asked_for_in_chunks(running: Running, service: Service) -> None:
    canned(service, stream_chunks=["a", "b"])
    answer = sent(running, STREAM, iter([b"x"]))
    assert answer.getheader("Transfer-Encoding") == "chunked"
    assert frames(answer.read()) == [("PayloadPart", b"a"), ("PayloadPart", b"b")]


def test_a_stream_is_chunked_and_the_connection_goes_on(running: Running, service: Service) -> None:
    canned(service, stream_chunks=["a", "b"])
    connection = running.connect()
    for _ in range(2):
        connection.request("POST", STREAM, b"x")
        answer = connection.getresponse()
        assert answer.getheader("Content-Length") is None
        assert answer.getheader("Content-Type") == "application/vnd.amazon.eventstream"
        assert len(frames(answer.read())) == 2


def test_a_client_of_old_http_gets_its_stream_until_the_connection_ends(
    running: Running, service: Service
) -> None:
    canned(service, stream_chunks=["a", "b"])
    asked = head("Content-Length: 1", path=STREAM).replace(b"HTTP/1.1", b"HTTP/1.0") + b"x"
    told, _, body = running.raw(asked).partition(b"\r\n\r\n")
    assert b"chunked" not in told.lower()
    assert frames(body) == [("PayloadPart", b"a"), ("PayloadPart", b"b")]


def test_a_body_cut_short_is_refused_and_reaches_no_container(
    running: Running, service: Service
) -> None:
    received = running.raw(head("Content-Length: 100") + b"{")
    assert received == b"" or received.split()[1].startswith(b"4")
    chunked = running.raw(head("Transfer-Encoding: chunked") + b"5\r\nab")
    assert chunked == b"" or chunked.split()[1].startswith(b"4")
    assert service.canned.calls() == []


@pytest.mark.parametrize("size", [LIMIT + 1, MAX_BODY + 1_000_000])
def test_a_body_beyond_the_limit_is_refused_and_the_sender_can_read_it(
    size: int, running: Running
) -> None:
    answer = sent(running, body=b"x" * size)
    assert answer.status == 413
    assert answer.getheader("Content-Type") == "application/json"
    assert answer.getheader("x-amzn-ErrorType") is None
    message = f"HTTP content length exceeded {LIMIT} bytes."
    assert json.loads(answer.read()) == {"Message": message}


def test_a_header_with_odd_bytes_is_refused_or_served_but_breaks_nothing(running: Running) -> None:
    odd = f"{AMZN}Custom-Attributes: caf\u00e9".encode()
    received = running.raw(head("Content-Length: 0")[:-2] + odd + b"\r\n\r\n")
    assert received.split()[1] == b"400"
    body = json.loads(received.partition(b"\r\n\r\n")[2])
    assert "customAttributes" in body["Message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain; name=\u2713"},
        {f"{AMZN}Custom-Attributes": "a\r\nX-Evil: 1"},
        {f"{AMZN}Custom-Attributes": "caf\u00e9"},
    ],
    ids=["beyond latin 1", "two lines", "latin 1"],
)
def test_whatever_headers_an_answer_is_to_have_it_is_one(
    headers: dict[str, str], running: Running, service: Service
) -> None:
    try:
        canned(service, body="0.7", headers=headers)
    except ValueError:
        return
    answer = sent(running)
    body = answer.read()
    assert answer.getheader("X-Evil") is None
    # What a container says is its own; it is no fault of the server.
    assert answer.status in {200, 424}, body
    assert body == b"0.7" or "Message" in json.loads(body)
