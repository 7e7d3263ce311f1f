"""The server's threads: what a leader must not lose, and what one stuck answer must not hold up."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from running import Running, Serve, serving

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
REQUEST = HEAD + b"\r\n{}"
LIMIT_S = 10


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answers with what was sent."""
    body: bytes = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class Gate:
    """An app that answers once it is opened, and counts who waits."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.waiting = threading.Semaphore(0)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/slow":
            self.waiting.release()
            self.opened.wait(LIMIT_S)
        return echo(environ, start_response)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves an app until the test is over."""
    with serving() as start:
        yield start


def read_answers(connection: socket.socket, count: int) -> bytes:
    received = b""
    while received.count(b"HTTP/1.1 200 OK") < count or not received.endswith(b"{}"):
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


def test_requests_sent_together_are_answered_in_order(serve: Any) -> None:
    running = serve(echo)
    sent = b"".join(
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n%03d" % number
        for number in range(200)
    )
    received = running.raw(sent)
    bodies = [part[:3] for part in received.split(b"\r\n\r\n")[1:]]
    assert bodies == [b"%03d" % number for number in range(200)]


def test_a_request_sent_while_another_is_answered_is_not_forgotten(serve: Any) -> None:
    gate = Gate()
    running = serve(gate)
    with socket.create_connection(running.address, timeout=LIMIT_S) as connection:
        connection.sendall(REQUEST.replace(b"/", b"/slow", 1))
        assert gate.waiting.acquire(timeout=LIMIT_S)
        connection.sendall(REQUEST + REQUEST)
        gate.opened.set()
        started = time.monotonic()
        read_answers(connection, 3)
        # The leader looks after all connections once a second: this must not wait for that.
        assert time.monotonic() - started < 0.5


def test_a_sender_that_ends_before_its_answer_gets_it(serve: Any) -> None:
    gate = Gate()
    running = serve(gate)
    with socket.create_connection(running.address, timeout=LIMIT_S) as connection:
        connection.sendall(REQUEST.replace(b"/", b"/slow", 1))
        connection.shutdown(socket.SHUT_WR)
        assert gate.waiting.acquire(timeout=LIMIT_S)
        gate.opened.set()
        assert read_answers(connection, 1).endswith(b"\r\n\r\n{}")
        assert connection.recv(1) == b""


def test_answers_that_wait_hold_up_no_other(serve: Any) -> None:
    gate = Gate()
    running = serve(gate)
    slow = [running.connect() for _ in range(32)]
    for connection in slow:
        connection.request("POST", "/slow", b"{}")
    for _ in slow:
        assert gate.waiting.acquire(timeout=LIMIT_S)
    quick = running.connect()
    started = time.monotonic()
    for _ in range(100):
        quick.request("POST", "/", b"{}")
        assert quick.getresponse().read() == b"{}"
    assert time.monotonic() - started < 5
    gate.opened.set()
    assert [connection.getresponse().read() for connection in slow] == [b"{}"] * 32


def test_no_answer_is_late_when_many_connections_ask_at_once(serve: Any) -> None:
    running = serve(echo)

    def slowest(number: int) -> float:
        connection = http.client.HTTPConnection(*running.address)
        worst = 0.0
        for turn in range(150):
            body = b"%d-%d" % (number, turn)
            started = time.monotonic()
            connection.request("POST", "/", body)
            assert connection.getresponse().read() == body
            worst = max(worst, time.monotonic() - started)
        connection.close()
        return worst

    with ThreadPoolExecutor(16) as pool:
        worst = max(pool.map(slowest, range(16)))
    # A wake-up that gets lost shows as the second after which the leader looks again.
    assert worst < 0.9


def test_large_and_small_answers_reach_a_slow_reader_in_order(serve: Any) -> None:
    running = serve(echo)
    bodies = [b"x" * 2_000_000, *(b"%03d" % number for number in range(60))] * 4
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
    sent = b"".join(head % len(body) + body for body in bodies)
    with socket.create_connection(running.address, timeout=LIMIT_S) as connection:
        sender = threading.Thread(target=connection.sendall, args=(sent,), daemon=True)
        sender.start()
        answers = connection.makefile("rb")
        for body in bodies:
            assert answers.readline() == b"HTTP/1.1 200 OK\r\n"
            assert answers.readline() == b"Content-Length: %d\r\n" % len(body)
            assert answers.readline().startswith(b"Date: ")
            assert answers.readline() == b"\r\n"
            assert answers.read(len(body)) == body
        sender.join(LIMIT_S)
    assert not sender.is_alive()


def test_what_still_waits_is_sent_before_what_is_new(serve: Any) -> None:
    def leaves_some(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        channel = environ["waitress.client_disconnected"].__self__
        with channel.outbuf_lock:
            channel.outbufs[-1].append(b"first ")
            channel.total_outbufs_len += 6
        return echo(environ, start_response)

    assert serve(leaves_some).raw(REQUEST).startswith(b"first HTTP/1.1 200 OK\r\n")


def test_a_client_that_goes_away_before_its_answer_harms_nobody(serve: Any) -> None:
    gate = Gate()
    running = serve(gate)
    for _ in range(20):
        connection = socket.create_connection(running.address, timeout=LIMIT_S)
        connection.sendall(REQUEST.replace(b"/", b"/slow", 1))
        assert gate.waiting.acquire(timeout=LIMIT_S)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    gate.opened.set()
    assert running.raw(REQUEST).endswith(b"{}")
    deadline = time.monotonic() + LIMIT_S
    while running.server.active_channels and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not running.server.active_channels


def test_an_app_that_exits_ends_only_its_connection(serve: Any) -> None:
    def exits(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/exit":
            raise SystemExit
        return echo(environ, start_response)

    running = serve(exits)
    for _ in range(60):
        assert running.raw(REQUEST.replace(b"/", b"/exit", 1)) == b""
    assert running.raw(REQUEST).endswith(b"{}")


def test_a_server_ends_and_lets_its_client_go_though_an_answer_is_stuck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sagemock.wire.server._DRAIN_S", 0.3)
    gate = Gate()
    running = Running(gate)
    connection = http.client.HTTPConnection(*running.address)
    connection.request("POST", "/slow", b"{}")
    assert gate.waiting.acquire(timeout=LIMIT_S)
    started = time.monotonic()
    running.stop()
    assert time.monotonic() - started < 5
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.getresponse()
    running.server.stop()
    gate.opened.set()
    deadline = time.monotonic() + LIMIT_S
    while running.server.trigger._fds and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not running.server.trigger._fds


def test_a_server_may_end_while_it_is_still_being_told_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    running = Running(echo)
    connection = socket.create_connection(running.address, timeout=LIMIT_S)
    connection.sendall(REQUEST)
    read_answers(connection, 1)
    wake = running.server._wake

    def wake_late() -> None:
        if threading.current_thread() is threading.main_thread():
            # Its end wakes the leader, which sees that it is to stop.
            connection.close()
            running.thread.join(0.5)
        wake()

    monkeypatch.setattr(running.server, "_wake", wake_late)
    running.stop()


def test_servers_can_be_started_and_stopped_many_times() -> None:
    threads = threading.active_count()
    for _ in range(30):
        running = Running(echo)
        connection = running.connect()
        connection.request("POST", "/", b"{}")
        assert connection.getresponse().read() == b"{}"
        running.stop()
        running.server.stop()
    assert threading.active_count() <= threads


def test_a_server_stopped_before_it_runs_ends_at_once() -> None:
    running = Running.__new__(Running)
    started = time.monotonic()
    Running.__init__(running, echo)
    running.stop()
    assert time.monotonic() - started < 5
