"""Bytes that are no orderly HTTP, and senders that stop, crawl or vanish, against a real server.

`raw_framing` and `raw_messages` have the bytes. Each is refused as JSON or closed, hides no second
request, and leaves the server well, at rest and as fast as before.
"""

import contextlib
import json
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hostile.line import LIMIT_S, Line, all_answers
from hostile.raw_framing import CHUNKS, LENGTHS, SMUGGLED, Bytes
from hostile.raw_messages import HEADERS, LINES, OTHER_PROTOCOLS, PIPELINES
from hostile.served import Served, plain_call, serving
from running import Running

GROUPS: Mapping[str, Bytes] = {
    "lengths": LENGTHS,
    "chunks": CHUNKS,
    "smuggled": SMUGGLED,
    "lines": LINES,
    "headers": HEADERS,
    "protocols": OTHER_PROTOCOLS,
    "pipelines": PIPELINES,
}
CASES = [(group, name) for group, cases in GROUPS.items() for name in cases]

_HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: SageMaker.ListModelPackages\r\n"
_PROMPT_S = 2.0
_HALVES = (
    b"",
    b"POST / HT",
    _HEAD,
    _HEAD + b"X-Lo",
    _HEAD + b"Content-Length: 1000\r\n\r\n",
    _HEAD + b'Content-Length: 1000\r\n\r\n{"a":',
    _HEAD + b"Content-Length: 8000000\r\n\r\n" + b"[" * 700_000,
    _HEAD + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n1",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
)


@dataclass
class Beaten:
    """A server, and how fast it was before anything bad came."""

    served: Served
    before_ms: float
    answers: int = 0


@pytest.fixture(scope="module")
def beaten(
    tmp_path_factory: pytest.TempPathFactory, tell: Callable[[str], None]
) -> Iterator[Beaten]:
    with serving(tmp_path_factory.mktemp("raw")) as served:
        served.plain_call_ms()
        beaten = Beaten(served, served.plain_call_ms())
        yield beaten
        tell(
            f"hostile: {len(CASES)} raw requests, {beaten.answers} answers to them",
        )


@pytest.fixture
def served(beaten: Beaten) -> Served:
    return beaten.served


def received_for(served: Served, sent: bytes) -> bytes:
    """What comes back for these bytes, the sender's side closed after them."""
    received = b""
    with socket.create_connection(served.address, timeout=LIMIT_S) as connection:
        # A refused sender may find the connection closed before all is sent, or read.
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(1 << 16):
                received += piece
    return received


def assert_prompt(served: Served) -> None:
    """A plain call on another connection is answered at once."""
    started = time.monotonic()
    served.call("ListModelPackages", {})
    assert time.monotonic() - started < _PROMPT_S


@pytest.mark.parametrize(("group", "name"), CASES)
def test_bytes_that_are_no_orderly_http_are_answered_as_they_may_be(
    beaten: Beaten, group: str, name: str
) -> None:
    sent, allowed = GROUPS[group][name]
    answers = all_answers(received_for(beaten.served, sent))
    assert " ".join(str(answer.status) for answer in answers) in allowed, answers
    for answer in answers:
        body = json.loads(answer.body)
        assert answer.status == 200 or body["__type"].isalpha(), answer
        assert b"Traceback" not in answer.body
    assert beaten.served.is_well()
    beaten.answers += len(answers)


def test_our_own_path_is_one_path_however_many_slashes_lead_to_it(tmp_path: Path) -> None:
    """Who keeps `/_sagemock/` from others, in front of the server, must not be got around."""
    with serving(tmp_path) as served:
        for path in (b"//_sagemock/reset", b"///moto-api/reset", b"/%2f_sagemock/reset"):
            sent = b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
            statuses = [answer.status for answer in all_answers(received_for(served, sent))]
            assert statuses in ([400], [403], [404], []), path


@pytest.mark.parametrize("half", _HALVES, ids=lambda half: f"{len(half)} bytes, {half[-12:]!r}")
def test_64_senders_that_stop_half_way_delay_nobody(served: Served, half: bytes) -> None:
    with ExitStack() as stopped:
        for _ in range(64):
            connection = socket.create_connection(served.address, timeout=LIMIT_S)
            stopped.enter_context(connection).sendall(half)
        for _ in range(10):
            assert_prompt(served)


def test_64_bodies_announced_at_ten_gigabytes_delay_nobody(served: Served) -> None:
    with ExitStack() as announced:
        for _ in range(64):
            connection = socket.create_connection(served.address, timeout=LIMIT_S)
            announced.enter_context(connection)
            connection.sendall(_HEAD + b"Content-Length: 10737418240\r\n\r\n{")
            assert connection.recv(12) == b"HTTP/1.1 413"
        for _ in range(10):
            assert_prompt(served)


def test_a_request_of_one_byte_at_a_time_is_answered_and_delays_nobody(served: Served) -> None:
    sent = plain_call("ListModelPackages", {})
    with socket.create_connection(served.address, timeout=LIMIT_S) as connection:
        connection.sendall(sent[:-20])
        connection.settimeout(0.1)
        for byte in sent[-20:]:
            with pytest.raises(TimeoutError):
                connection.recv(1)
            assert_prompt(served)
            connection.sendall(bytes([byte]))
        connection.settimeout(LIMIT_S)
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_senders_that_never_read_their_answers_delay_nobody() -> None:
    """Twenty are more than there are threads, and twenty answers more than a socket takes."""
    large = b" " * (2 << 20)

    def answering(environ: Any, start_response: Any) -> list[bytes]:
        body = large if environ["PATH_INFO"] == "/large" else b"{}"
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    running = Running(answering)
    with ExitStack() as deaf:
        deaf.callback(running.stop)
        for _ in range(20):
            connection = deaf.enter_context(socket.create_connection(running.address, LIMIT_S))
            connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
            assert connection.recv(12) == b"HTTP/1.1 200"
        with closing(Line(running.address)) as line:
            for _ in range(500):
                small = line.exchange(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert small is not None
                assert small.body == b"{}"


@pytest.mark.parametrize("sent", [b"", _HALVES[5], plain_call("ListModelPackages", {})])
def test_senders_that_reset_the_connection_delay_nobody(served: Served, sent: bytes) -> None:
    for _ in range(200):
        connection = socket.create_connection(served.address, timeout=LIMIT_S)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(sent)
        connection.close()
    assert_prompt(served)


def test_a_body_that_is_waited_for_is_asked_for(served: Served) -> None:
    head = _HEAD + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(served.address, timeout=LIMIT_S) as connection:
        connection.sendall(head)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_a_connection_that_was_answered_an_error_serves_the_next_call(served: Served) -> None:
    with closing(Line(served.address)) as line:
        for body, status in ((b"[", 400), (b"{}", 200), (b"\xff", 400), (b"{}", 200)):
            answer = line.exchange(_HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            assert answer is not None
            assert (answer.status, line.is_open()) == (status, True)


def test_nothing_in_the_log_tells_of_a_failure(served: Served) -> None:
    assert served.tracebacks() == ""


def test_no_sender_can_write_a_line_of_the_log(served: Served) -> None:
    assert not served.odd_log_lines()


def test_no_thread_goes_on_computing_afterwards(served: Served) -> None:
    assert served.comes_to_rest()


def test_a_plain_call_is_no_slower_afterwards(beaten: Beaten) -> None:
    assert beaten.served.stays_as_fast_as(beaten.before_ms)
