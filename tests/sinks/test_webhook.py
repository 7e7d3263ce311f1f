"""Events by HTTP, to receivers on real sockets."""

import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from receivers import EVENT, LIMIT_S, HttpReceiver, ScriptedReceiver, refusal

from sagemock.sinks.address import AddressGuard, Place
from sagemock.sinks.webhook import WebhookSink

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GONE = None

Serve = Callable[..., HttpReceiver]
Script = Callable[..., ScriptedReceiver]
Make = Callable[..., WebhookSink]


@pytest.fixture
def serve() -> Iterator[Serve]:
    made: list[HttpReceiver] = []

    def serve_one(*arguments: Any, **options: Any) -> HttpReceiver:
        made.append(HttpReceiver(*arguments, **options))
        return made[-1]

    yield serve_one
    for each in made:
        each.close()


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
def make(serve: Serve, script: Script) -> Iterator[Make]:  # noqa: ARG001 - closed after it
    """Makes a sink for a port of this machine, or a URL."""
    made: list[WebhookSink] = []

    def make_one(place: int | str, **options: Any) -> WebhookSink:
        url = place if isinstance(place, str) else f"http://127.0.0.1:{place}/events"
        options = {"headers": {}, "guard": AddressGuard(), "timeout_s": LIMIT_S, **options}
        made.append(WebhookSink(url, **options))
        return made[-1]

    yield make_one
    for each in made:
        each.close()


def test_an_event_is_posted(serve: Serve, make: Make) -> None:
    receiver = serve()
    url = f"http://127.0.0.1:{receiver.port}/a%20path/ü?token=1&x=ü#part"
    sink = make(url, headers={"Authorization": "Bearer me"})
    sink.send(EVENT, '{"name":"ü"}')
    sink.flush()
    body = '{"name":"ü"}'.encode()
    headers = {
        "Host": f"127.0.0.1:{receiver.port}",
        "Accept-Encoding": "identity",
        "Content-Length": str(len(body)),
        "Authorization": "Bearer me",
        "Content-Type": "application/json",
        "User-Agent": "sagemock",
        "X-Sagemock-Event-Id": "5b0f",
        "X-Sagemock-Event-Type": "SageMaker Model State Change",
    }
    assert receiver.seen == [("/a%20path/%C3%BC?token=1&x=%C3%BC", headers, body)]


def test_a_secret_signs_the_body_as_github_does(serve: Serve, make: Make) -> None:
    receiver = serve()
    # The example of GitHub's page "Validating webhook deliveries".
    secret = "It's a Secret to Everybody"  # noqa: S105 - everybody's
    make(receiver.port, secret=secret).send(EVENT, "Hello, World!")
    _, headers, _ = receiver.seen[0]
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert headers["X-Sagemock-Signature"] == signature
    assert headers["X-Hub-Signature-256"] == signature


def test_half_of_a_character_pair_is_posted_as_its_escape(serve: Serve, make: Make) -> None:
    receiver = serve()
    make(receiver.port).send(EVENT, '"\ud83d"')
    assert receiver.seen[0][2] == b'"\\ud83d"'


def test_no_proxy_of_the_environment_is_used(
    serve: Serve, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver, proxy = serve(), serve()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    make(receiver.port).send(EVENT, "{}")
    assert (len(receiver.seen), proxy.seen) == (1, [])


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_status_of_success_takes_the_event(serve: Serve, make: Make, status: int) -> None:
    receiver = serve(status)
    make(receiver.port).send(EVENT, "{}")
    assert len(receiver.seen) == 1


@pytest.mark.parametrize(
    ("status", "again"),
    [
        (101, False),
        (103, False),
        (400, False),
        (401, True),
        (403, False),
        (404, False),
        (405, False),
        (407, True),
        (408, True),
        (409, True),
        (410, False),
        (413, False),
        (422, False),
        (425, True),
        (429, True),
        (500, True),
        (501, True),
        (503, True),
        (599, True),
        (600, False),
    ],
)
def test_any_other_status_says_whether_to_try_again(
    serve: Serve,
    make: Make,
    status: int,
    again: bool,  # noqa: FBT001 - a column of the table
) -> None:
    receiver = serve(status)
    origin = f"http://127.0.0.1:{receiver.port}"
    told = f"The webhook at {origin} answered with {status}."
    assert refusal(make(receiver.port)) == (told, again)
    assert len(receiver.seen) == 1


def test_a_refusal_tells_the_beginning_of_the_answer_in_a_line(serve: Serve, make: Make) -> None:
    receiver = serve(400, answer=b"The signature\r\n\x1b is\xff wrong. " + b"x" * 500)
    told = f"The webhook at http://127.0.0.1:{receiver.port} answered with 400: "
    beginning = "The signature is\ufffd wrong. "
    assert refusal(make(receiver.port)) == (
        f"{told}{beginning}{'x' * (200 - len(beginning))}",
        False,
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(serve: Serve, make: Make, status: int) -> None:
    elsewhere = serve()
    location = f"http://127.0.0.1:{elsewhere.port}/"
    receiver = serve(status, headers={"Location": location})
    told = (
        f"The webhook at http://127.0.0.1:{receiver.port} answered with {status}, a redirect to "
        f"{location}. Redirects are not followed: name the address where events are taken as the "
        "webhook's URL."
    )
    assert refusal(make(receiver.port)) == (told, False)
    assert (len(receiver.seen), elsewhere.seen) == (1, [])


def test_a_connection_is_kept(serve: Serve, make: Make) -> None:
    receiver = serve(answer=b"thank you")
    sink = make(receiver.port)
    for _ in range(3):
        sink.send(EVENT, "{}")
    assert (len(receiver.seen), receiver.connections) == (3, 1)


def test_a_refusal_keeps_the_connection(serve: Serve, make: Make) -> None:
    receiver = serve(503)
    sink = make(receiver.port)
    refusal(sink)
    receiver.status = 200
    sink.send(EVENT, "{}")
    assert (len(receiver.seen), receiver.connections) == (2, 1)


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
        b"HTTP/1.0 200 OK\r\n\r\nto the end",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ],
)
def test_a_connection_closed_after_an_answer_is_opened_anew(
    script: Script, make: Make, answer: bytes
) -> None:
    receiver = script(answer, GONE, OK)
    sink = make(receiver.port)
    sink.send(EVENT, "1")
    sink.send(EVENT, "2")
    assert (receiver.bodies, receiver.connections) == ([b"1", b"2"], 2)


def test_a_kept_connection_closed_before_any_answer_is_tried_anew_once(
    script: Script, make: Make
) -> None:
    receiver = script(OK, b"", GONE, OK)
    sink = make(receiver.port)
    sink.send(EVENT, "1")
    sink.send(EVENT, "2")
    assert (receiver.bodies, receiver.connections) == ([b"1", b"2", b"2"], 2)


def test_a_connection_that_closes_twice_without_an_answer_refuses(
    script: Script, make: Make
) -> None:
    receiver = script(OK, b"", GONE, b"")
    sink = make(receiver.port)
    sink.send(EVENT, "1")
    origin = f"http://127.0.0.1:{receiver.port}"
    told = f"The webhook at {origin} closed the connection without an answer."
    assert refusal(sink, "2") == (told, True)
    assert receiver.bodies == [b"1", b"2", b"2"]


def test_a_new_connection_closed_before_any_answer_refuses(script: Script, make: Make) -> None:
    receiver = script(b"")
    origin = f"http://127.0.0.1:{receiver.port}"
    told = f"The webhook at {origin} closed the connection without an answer."
    assert refusal(make(receiver.port)) == (told, True)
    assert receiver.bodies == [b"{}"]


def test_an_answer_that_breaks_off_is_not_asked_for_again(script: Script, make: Make) -> None:
    receiver = script(OK, b"HTTP/1.1 2")
    sink = make(receiver.port)
    sink.send(EVENT, "1")
    told = f"The webhook at http://127.0.0.1:{receiver.port} answered with what is not HTTP."
    assert refusal(sink, "2") == (told, True)
    assert receiver.bodies == [b"1", b"2"]


@pytest.mark.skipif(sys.platform != "linux", reason="Elsewhere a reset may overtake what is said.")
def test_an_answer_that_is_reset_is_not_asked_for_again(script: Script, make: Make) -> None:
    def reset(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    receiver = script(OK, reset, GONE)
    sink = make(receiver.port)
    sink.send(EVENT, "1")
    told = f"The webhook at http://127.0.0.1:{receiver.port} cannot be reached: "
    assert refusal(sink, "2") == (f"{told}Connection reset by peer.", True)
    assert receiver.bodies == [b"1", b"2"]


def test_what_comes_unasked_is_not_taken_for_an_answer(script: Script, make: Make) -> None:
    sent = threading.Event()

    def say_more(connection: socket.socket) -> None:
        connection.sendall(OK)
        taken.wait(LIMIT_S)
        connection.sendall(OK)
        sent.set()
        with suppress(ConnectionError):
            connection.recv(1)

    taken = threading.Event()
    receiver = script(say_more, GONE, b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
    sink = make(receiver.port)
    sink.send(EVENT, "1")
    taken.set()
    assert sent.wait(LIMIT_S)
    origin = f"http://127.0.0.1:{receiver.port}"
    assert refusal(sink, "2") == (f"The webhook at {origin} answered with 500.", True)
    assert receiver.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.test ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Much: 1\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 70_000,
    ],
)
def test_what_is_not_http_is_told(script: Script, make: Make, answer: bytes) -> None:
    receiver = script(answer)
    told = f"The webhook at http://127.0.0.1:{receiver.port} answered with what is not HTTP."
    assert refusal(make(receiver.port)) == (told, True)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n" + b"x" * 65537,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + (b"1000\r\n" + b"x" * 4096 + b"\r\n") * 17
        + b"0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n",
    ],
)
def test_an_answer_that_is_not_read_to_its_end_ends_the_connection(
    script: Script, make: Make, answer: bytes
) -> None:
    receiver = script(answer, GONE, OK)
    sink = make(receiver.port)
    sink.send(EVENT, "1")
    sink.send(EVENT, "2")
    assert (receiver.bodies, receiver.connections) == ([b"1", b"2"], 2)


def test_the_longest_answer_that_is_read_keeps_the_connection(serve: Serve, make: Make) -> None:
    receiver = serve(answer=b"x" * 65536)
    sink = make(receiver.port)
    sink.send(EVENT, "1")
    sink.send(EVENT, "2")
    assert receiver.connections == 1


def test_an_answer_before_the_answer_ends_the_connection(script: Script, make: Make) -> None:
    receiver = script(b"HTTP/1.1 103 Early Hints\r\n\r\n", OK)
    sink = make(receiver.port)
    origin = f"http://127.0.0.1:{receiver.port}"
    assert refusal(sink, "1") == (f"The webhook at {origin} answered with 103.", False)
    sink.send(EVENT, "2")
    assert receiver.connections == 2


def test_a_receiver_that_is_not_there_may_come(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    told = f"The webhook at http://127.0.0.1:{port} cannot be reached: Connection refused."
    assert refusal(make(port)) == (told, True)


def test_what_the_guard_refuses_is_not_connected_to(make: Make) -> None:
    told, again = refusal(make("http://169.254.169.254/latest/meta-data"))
    assert (again, "allow_hosts" in told) == (False, True)
    assert told.startswith("The address 169.254.169.254 is link-local")


def test_a_kept_connection_stays_where_the_guard_let_it_go(serve: Serve, make: Make) -> None:
    receiver = serve()
    answers = ["127.0.0.1", "8.8.8.8"]

    def rebinding(_host: str, port: int) -> list[Place]:
        return [Place(socket.AF_INET, (answers.pop(0), port))]

    sink = make(f"http://receiver.test:{receiver.port}/", guard=AddressGuard(resolve=rebinding))
    sink.send(EVENT, "1")
    sink.send(EVENT, "2")
    assert [headers["Host"] for _, headers, _ in receiver.seen] == [
        f"receiver.test:{receiver.port}"
    ] * 2
    sink.close()
    told, again = refusal(sink)
    assert (again, told.partition(" is ")[0]) == (
        False,
        "The address 8.8.8.8 of the host receiver.test",
    )
