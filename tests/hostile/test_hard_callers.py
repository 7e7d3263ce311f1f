"""Callers of endpoints that send too much, stop half-way, do not read, vanish, or are too many.

The rest of the server goes on as if they were not there.
"""

import contextlib
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from hostile.line import LIMIT_S, Answer, all_answers
from hostile.served import Served, serving, within

_MOST = 6_291_456
_MOST_BODY = 8 * 1024 * 1024
_PATH = "/endpoints/{name}/invocations"
_STREAM = "/endpoints/streams/invocations-response-stream"
_PROMPT_S = 2.0
_SLOW_S = 1.0
_RULES = [
    {"match": {"endpoint": "slow"}, "reply": {"body": "at last", "delay": _SLOW_S}},
    {"match": {"endpoint": "streams"}, "reply": {"stream_chunks": ["x" * 100_000] * 40}},
    {"match": {"endpoint": "echoes"}, "reply": {"template": "$body"}},
]


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, tell: Callable[[str], None]
) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("callers")) as served:
        for name in ("slow", "streams", "echoes"):
            served.deploy(name)
        served.send("POST", "/_sagemock/serving/rules", json.dumps(_RULES).encode())
        before_mb = served.memory_mb()
        yield served
        after_mb = served.memory_mb()
        tell(f"hostile: hard callers: memory {before_mb:.0f} MB before, {after_mb:.0f} MB after")


def _head(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()


def _raw(served: Served, sent: bytes, *, closed: bool = True) -> list[Answer]:
    """Every answer to these bytes, the sender's side closed after them."""
    received = b""
    with socket.create_connection(served.address, timeout=LIMIT_S) as connection:
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            connection.sendall(sent)
            if closed:
                connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(1 << 20):
                received += piece
    return all_answers(received)


def _vanish(served: Served, sent: bytes, *, read: int = 0) -> None:
    """Send this, read so much of the answer, and reset the connection."""
    connection = socket.create_connection(served.address, timeout=LIMIT_S)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.sendall(sent)
    if read:
        connection.recv(read)
    connection.close()


def _assert_prompt(served: Served) -> None:
    started = time.monotonic()
    served.call("DescribeEndpoint", {"EndpointName": "slow"})
    assert time.monotonic() - started < _PROMPT_S


@pytest.mark.parametrize(
    ("size", "status"),
    [(0, 200), (_MOST, 200), (_MOST + 1, 413), (_MOST_BODY + 1, 413)],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_is_answered_up_to_the_limit_and_refused_beyond(
    served: Served, size: int, status: int, *, chunked: bool
) -> None:
    body, path = b"a" * size, _PATH.format(name="echoes")
    if chunked:
        coded = b"%x\r\n%b\r\n" % (size, body) if size else b""
        sent = _head(path, "Transfer-Encoding: chunked", "Connection: close") + coded + b"0\r\n\r\n"
    else:
        sent = _head(path, f"Content-Length: {size}", "Connection: close") + body
    (answer,) = _raw(served, sent, closed=False)
    assert answer.status == status
    if status == 200:
        assert answer.body == body
        return
    assert answer.header("Content-Type") == "application/json"
    said = f"HTTP content length exceeded {_MOST} bytes."
    assert json.loads(answer.body) == {"Message": said}


def test_a_body_without_a_type_or_of_any_encoding_is_passed_on_as_it_is(served: Served) -> None:
    for header in ("X: y", "Content-Encoding: gzip", "Content-Encoding: nope", "Content-Type:"):
        answer = served.send("POST", _PATH.format(name="echoes"), b"\x1f\x8b", header)
        assert (answer.status, answer.body) == (200, b"\x1f\xef\xbf\xbd"), header


def test_a_body_that_is_waited_for_is_asked_for(served: Served) -> None:
    head = _head(_PATH.format(name="echoes"), "Content-Length: 2", "Expect: 100-continue")
    with socket.create_connection(served.address, timeout=LIMIT_S) as connection:
        connection.sendall(head)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"ab")
        assert connection.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize(
    "cut",
    [
        _head(_PATH.format(name="slow"), "Content-Length: 10") + b"abc",
        _head(_PATH.format(name="slow"), "Transfer-Encoding: chunked") + b"5\r\nabc",
        _head(_PATH.format(name="slow"), "Transfer-Encoding: chunked") + b"3\r\nabc\r\n",
        _head(_STREAM, "Content-Length: 10") + b"abc",
        _head(_STREAM, "Content-Length: 6000000") + b"abc" * 1_000_000,
    ],
    ids=lambda cut: f"{len(cut)} bytes",
)
def test_a_body_cut_short_reaches_no_model(served: Served, cut: bytes) -> None:
    served.send("DELETE", "/_sagemock/serving/calls")
    assert [answer.status for answer in _raw(served, cut)] in ([400], [])
    assert json.loads(served.send("GET", "/_sagemock/serving/calls").body) == {"calls": []}


def test_100_callers_of_a_slow_model_delay_nobody_else(served: Served) -> None:
    answers: Counter[int] = Counter()
    started = time.monotonic()

    def call() -> None:
        answer = served.send("POST", _PATH.format(name="slow"), b"1,2")
        answers[answer.status] += 1
        if answer.status == 503:
            assert answer.header("x-amzn-ErrorType") == "ServiceUnavailable"
            assert json.loads(answer.body)["Message"]

    callers = [threading.Thread(target=call) for _ in range(100)]
    for caller in callers:
        caller.start()
    while any(caller.is_alive() for caller in callers):
        _assert_prompt(served)
        assert served.send("POST", _PATH.format(name="echoes"), b"1").status in (200, 503)
    took_s = time.monotonic() - started
    assert answers.keys() <= {200, 503}
    assert answers[200] >= 50
    assert answers.total() == 100
    assert _SLOW_S <= took_s < 10


def test_callers_that_do_not_read_their_streams_delay_nobody(served: Served) -> None:
    with ExitStack() as deaf:
        for _ in range(40):
            connection = socket.create_connection(served.address, timeout=LIMIT_S)
            deaf.enter_context(connection).sendall(_head(_STREAM, "Content-Length: 1") + b"a")
            assert connection.recv(12) == b"HTTP/1.1 200"
        for _ in range(20):
            _assert_prompt(served)
        assert served.send("POST", _PATH.format(name="echoes"), b"1").body == b"1"


@pytest.mark.parametrize("read", [0, 1000])
def test_callers_that_vanish_from_a_stream_delay_nobody(served: Served, read: int) -> None:
    for _ in range(100):
        _vanish(served, _head(_STREAM, "Content-Length: 1") + b"a", read=read)
    _assert_prompt(served)


def test_callers_that_vanish_before_their_answer_delay_nobody(served: Served) -> None:
    for _ in range(60):
        _vanish(served, _head(_PATH.format(name="slow"), "Content-Length: 1") + b"a")
    _assert_prompt(served)
    # They keep their places until the model has answered.
    path = _PATH.format(name="slow")
    assert within(10, lambda: served.send("POST", path, b"1").status == 200)


def test_a_caller_that_vanishes_cannot_write_a_line_of_the_log(served: Served) -> None:
    forged = "2026-01-01%2000:00:00,000%20forged"
    for _ in range(60):
        _vanish(served, _head(f"/endpoints/x%0a{forged}/invocations", "Content-Length: 0"))
        _vanish(served, _head(f"/endpoints/streams/x%0a{forged}", "Content-Length: 0"))
    _assert_prompt(served)
    assert "\n2026-01-01 00:00:00,000 forged" not in served.log()


def test_a_stream_reaches_an_old_client_whole(served: Served) -> None:
    """HTTP/1.0 knows no chunks: the connection's end is the stream's."""
    sent = _head(_STREAM, "Content-Length: 1").replace(b"HTTP/1.1", b"HTTP/1.0") + b"a"
    received = b""
    with socket.create_connection(served.address, timeout=LIMIT_S) as connection:
        connection.sendall(sent)
        while piece := connection.recv(1 << 20):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"200 OK" in head
    assert b"chunked" not in head.lower()
    assert body.count(b"PayloadPart") == 40


def test_nothing_in_the_log_tells_of_a_failure(served: Served) -> None:
    assert served.tracebacks() == ""
    assert not served.odd_log_lines()


def test_the_server_is_well_and_at_rest_afterwards(served: Served) -> None:
    assert served.is_well()
    assert served.comes_to_rest()
