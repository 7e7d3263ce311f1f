"""How long a webhook waits: no longer than it is given, whatever the other side does."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from receivers import EVENT, LIMIT_S, ScriptedReceiver, drip, refusal

from sagemock.sinks.webhook import AddressGuard, WebhookSink

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GONE = None

Make = Callable[..., WebhookSink]
Script = Callable[..., ScriptedReceiver]


@pytest.fixture
def script() -> Iterator[Script]:
    made: list[ScriptedReceiver] = []

    def script_one(*steps: Any) -> ScriptedReceiver:
        made.append(ScriptedReceiver(*steps))
        return made[-1]

    yield script_one
    for each in made:
        each.close()


@pytest.fixture
def make(script: Script) -> Iterator[Make]:  # noqa: ARG001 - closed after it
    made: list[WebhookSink] = []

    def make_one(port: int, timeout_s: float) -> WebhookSink:
        url = f"http://127.0.0.1:{port}/events"
        made.append(WebhookSink(url, headers={}, timeout_s=timeout_s, guard=AddressGuard()))
        return made[-1]

    yield make_one
    for each in made:
        each.close()


@pytest.mark.parametrize(
    "beginning", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 100 Continue\r\n\r\n"]
)
def test_an_answer_in_drips_is_not_waited_for(script: Script, make: Make, beginning: bytes) -> None:
    receiver = script(drip(beginning))
    told = f"The webhook at http://127.0.0.1:{receiver.port} did not answer within 0.3 s."
    assert refusal(make(receiver.port, timeout_s=0.3)) == (told, True)


def test_no_answer_is_not_waited_for(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        told = f"The webhook at http://127.0.0.1:{port} did not answer within 0.1 s."
        assert refusal(make(port, timeout_s=0.1)) == (told, True)


def test_a_body_that_nobody_reads_is_not_waited_for(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        told = f"The webhook at http://127.0.0.1:{port} did not answer within 0.2 s."
        assert refusal(make(port, timeout_s=0.2), "x" * 50_000_000) == (told, True)


def test_a_body_that_is_read_in_drips_is_not_waited_for(make: Make) -> None:
    def read() -> None:
        connection, _ = listening.accept()
        with connection, suppress(ConnectionError):
            while connection.recv(65536):
                is_refused.wait(0.02)

    is_refused = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        reading = threading.Thread(target=read)
        reading.start()
        port = listening.getsockname()[1]
        told = f"The webhook at http://127.0.0.1:{port} did not answer within 0.3 s."
        begun = time.monotonic()
        assert refusal(make(port, timeout_s=0.3), "x" * 20_000_000) == (told, True)
        assert time.monotonic() - begun < 3.0
        is_refused.set()
        reading.join(LIMIT_S)
    assert not reading.is_alive()


def test_a_status_counts_though_the_rest_comes_in_drips(script: Script, make: Make) -> None:
    receiver = script(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"), GONE, OK)
    sink = make(receiver.port, timeout_s=0.3)
    sink.send(EVENT, "1")
    sink.send(EVENT, "2")
    assert (receiver.bodies, receiver.connections) == ([b"1", b"2"], 2)
