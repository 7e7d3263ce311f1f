"""The HTTP server over real sockets: framing, refusals, stalled senders, keep-alive, draining."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from running import MAX_BODY, Running

LIST_GROUPS = {"X-Amz-Target": "SageMaker.ListModelPackageGroups"}


@pytest.fixture
def running(app: Flask) -> Iterator[Running]:
    running = Running(app)
    yield running
    running.stop()


def post(connection: http.client.HTTPConnection, body: bytes = b"{}") -> tuple[int, Any]:
    connection.request("POST", "/", body, LIST_GROUPS)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def assert_json_refusal(received: bytes, *statuses: int) -> None:
    head, _, body = received.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    assert status in statuses, received
    assert "__type" in json.loads(body)
    assert b"<" not in body


def test_an_answer_carries_the_four_headers_of_aws_and_no_more(running: Running) -> None:
    connection = running.connect()
    connection.request("POST", "/", b"{}", LIST_GROUPS)
    answer = connection.getresponse()
    assert answer.read() == b'{"ModelPackageGroupSummaryList":[]}'
    assert {name.lower() for name, _ in answer.getheaders()} == {
        "x-amzn-requestid",
        "content-type",
        "content-length",
        "date",
    }


def test_a_connection_serves_many_calls(running: Running) -> None:
    connection = running.connect()
    post(connection)
    first = connection.sock
    post(connection)
    assert connection.sock is first


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"HTTP/1.1\r\nConnection: close", b"Connection: close"),
        (b"HTTP/1.0", b"Connection: close"),
        (b"HTTP/1.0\r\nConnection: keep-alive", b"Connection: Keep-Alive"),
    ],
)
def test_an_answer_says_whether_the_connection_goes_on(
    running: Running, line: bytes, told: bytes
) -> None:
    sent = b"POST / " + line + b"\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
    head = running.raw(sent).partition(b"\r\n\r\n")[0]
    assert told in head.split(b"\r\n")


def test_a_body_over_the_limit_is_refused_in_json_and_the_sender_can_read_it(
    running: Running,
) -> None:
    connection = running.connect()
    assert post(connection, b"[" * MAX_BODY)[0] == 400
    status, body = post(connection, b"[" * (MAX_BODY + 1_000_000))
    assert status == 413
    assert body == {
        "__type": "RequestEntityTooLargeException",
        "message": f"The request body is larger than {MAX_BODY} bytes.",
    }


def test_a_body_announced_at_ten_gigabytes_is_refused_before_it_comes(running: Running) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10737418240\r\n\r\n"
    assert_json_refusal(running.raw(head), 413)


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: +16",
        b"Content-Length: -1",
        b"Content-Length: abc",
        b"Content-Length: 2\r\nContent-Length: 3",
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: chunked, gzip",
        b"Transfer-Encoding: chunked, chunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding:",
        b"Transfer-Encoding: ,",
        b"Transfer-Encoding: \t",
        b"Content-Length: 4\r\nTransfer-Encoding: chunked",
    ],
)
def test_framing_that_could_hide_a_request_is_refused(running: Running, header: bytes) -> None:
    sent = b"POST / HTTP/1.1\r\nHost: localhost\r\n" + header + b"\r\n\r\n{}"
    assert_json_refusal(running.raw(sent), 400, 501)


def test_a_chunk_size_of_forty_digits_is_refused(running: Running) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert_json_refusal(running.raw(head + b"1" * 40 + b"\r\n{}\r\n0\r\n\r\n"), 413)


def test_a_chunk_size_that_never_ends_is_refused(running: Running) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert_json_refusal(running.raw(head + b"1" * 1_000_000), 400)


def test_a_bad_chunk_size_is_refused(running: Running) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert_json_refusal(running.raw(head + b"0x2\r\n{}\r\n0\r\n\r\n"), 400)


def test_a_chunked_body_is_read(running: Running) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: SageMaker.ListModelPackages\r\n"
    received = running.raw(head + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
    assert received.endswith(b'{"ModelPackageSummaryList":[]}')


def test_a_body_that_will_be_refused_is_not_asked_for(running: Running) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10737418240\r\n"
    assert_json_refusal(running.raw(head + b"Expect: 100-continue\r\n\r\n"), 413)


def test_a_uri_that_is_none_is_refused(running: Running) -> None:
    assert_json_refusal(running.raw(b"GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n"), 400)


def test_the_request_id_is_spelled_as_aws_spells_it(running: Running) -> None:
    good = b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for sent in (good, b"NONSENSE\r\n\r\n"):
        assert b"\r\nx-amzn-RequestId: " in running.raw(sent)


def test_a_request_line_that_is_none_is_refused(running: Running) -> None:
    assert_json_refusal(running.raw(b"NONSENSE\r\n\r\n"), 400)


def test_large_headers_reach_the_application(running: Running) -> None:
    connection = running.connect()
    target = "SageMaker." + "A" * 6000
    connection.request("POST", "/", b"{}", {"X-Amz-Target": target, "X-Long": "b" * 10_000})
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())) == (
        400,
        {"__type": "UnknownOperationException"},
    )


def test_a_body_cut_short_is_no_server_error(running: Running) -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
    received = running.raw(head)
    assert received == b"" or received.split()[1].startswith(b"4")


def test_stalled_senders_do_not_delay_others(running: Running) -> None:
    stalled = [socket.create_connection(running.address) for _ in range(64)]
    for connection in stalled:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
    started = time.monotonic()
    assert post(running.connect())[0] == 200
    assert time.monotonic() - started < 2
    for connection in stalled:
        connection.close()


def test_a_failure_of_the_application_itself_is_json() -> None:
    def broken(_environ: object, _start_response: object) -> list[bytes]:
        message = "broken"
        raise RuntimeError(message)

    running = Running(broken)
    try:
        assert_json_refusal(running.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 500)
    finally:
        running.stop()


def test_a_stopping_server_answers_what_it_has_received() -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(_environ: object, start_response: Any) -> list[bytes]:
        entered.set()
        leave.wait(10)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"{}"]

    running = Running(slow)
    connection = running.connect()
    idle = running.connect()
    idle.connect()
    connection.request("POST", "/", b"{}")
    assert entered.wait(10)
    running.server.stop()
    time.sleep(0.2)
    leave.set()
    assert connection.getresponse().read() == b"{}"
    running.stop()
    assert running.listening.fileno() == -1


def test_a_refused_sender_that_never_ends_is_let_go(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagemock.wire.server._LINGER_BYTES", 1_000_000)
    with socket.create_connection(running.address, timeout=10) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"
        )
        with pytest.raises(OSError, match=r"reset|pipe|aborted"):
            connection.sendall(b"x" * 100_000_000)


def test_a_sender_that_lingers_is_closed_after_a_while(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagemock.wire.server._LINGER_S", 0.2)
    monkeypatch.setattr(running.server.adj, "cleanup_interval", 0.1)
    running.server.next_channel_cleanup = 0
    with socket.create_connection(running.address, timeout=10) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"
        )
        while connection.recv(65536):
            continue
        deadline = time.monotonic() + 20
        while running.server.active_channels and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not running.server.active_channels
