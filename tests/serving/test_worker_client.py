"""The client of a worker against one that does what no worker of ours does."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from worker_programs import LIMIT_S

from sagemock.hosting import Invocation, NoAnswerError
from sagemock.serving.worker_client import Client

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BROKE_OFF = r"^Container first broke off its answer. So it said.$"


class Scripted:
    """Sends, for each request, the next of these answers, and hangs up where one is empty."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.heads: list[bytes] = []
        self.connections = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while self._answers:
            connection, _ = self._listening.accept()
            self.connections += 1
            with connection:
                connection.settimeout(LIMIT_S)
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        while self._answers and (head := connection.recv(65536)):
            self.heads.append(head)
            answer = self._answers.pop(0)
            connection.sendall(answer)
            if not answer.endswith(b"ok"):
                return

    def close(self) -> None:
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive()
        self._listening.close()


Make = Callable[..., tuple[Client, Scripted]]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes a client, and the worker with these answers that it asks."""
    made: list[Client | Scripted] = []

    def make_both(*answers: bytes, **options: Any) -> tuple[Client, Scripted]:
        worker = Scripted(*answers)
        given = {
            "container": "first",
            "timeout_s": LIMIT_S,
            "most_bytes": 10,
            "is_alive": lambda: True,
            "last_words": lambda: " So it said.",
            **options,
        }
        client = Client(worker.port, **given)
        # Clients first: a worker reads on until its connection is closed.
        made[:0] = [client]
        made.append(worker)
        return client, worker

    yield make_both
    for each in made:
        each.close()


def ask(client: Client) -> bytes:
    return b"".join(client.invoke(Invocation(b"body", "a/b")).chunks)


def test_a_kept_connection_that_closed_unanswered_is_replaced_once(make: Make) -> None:
    client, worker = make(ANSWER, b"", ANSWER, ANSWER)
    assert [ask(client), ask(client), ask(client)] == [b"ok"] * 3
    assert worker.connections == 2
    expected = b"POST /invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n"
    assert worker.heads == [expected + b"Content-Type: a/b\r\n\r\nbody"] * 4


def test_a_fresh_connection_that_closed_unanswered_is_not(make: Make) -> None:
    client, worker = make(ANSWER, b"", b"", ANSWER)
    assert ask(client) == b"ok"
    with pytest.raises(NoAnswerError, match=BROKE_OFF):
        ask(client)
    assert worker.connections == 2
    assert ask(client) == b"ok"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTT",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no",
        b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 \r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
    ],
)
def test_what_began_as_an_answer_is_not_asked_for_again(make: Make, answer: bytes) -> None:
    client, worker = make(ANSWER, answer)
    assert ask(client) == b"ok"
    with pytest.raises(NoAnswerError, match=BROKE_OFF):
        ask(client)
    assert worker.connections == 1


@pytest.mark.parametrize("rest", [b"", b"3\r\non", b"3\r\none\r\n", b"3\r\none\r\n0", b"x\r\n"])
def test_chunks_that_end_without_the_last_are_told(make: Make, rest: bytes) -> None:
    client, _ = make(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + rest)
    chunks = client.invoke(Invocation(b"")).chunks
    with pytest.raises(NoAnswerError, match=BROKE_OFF):
        list(chunks)


def test_a_port_that_may_be_anothers_by_now_is_not_asked(make: Make) -> None:
    alive = [True, False]
    client, worker = make(ANSWER, b"", is_alive=lambda: alive.pop(0))
    assert ask(client) == b"ok"
    with pytest.raises(NoAnswerError, match=BROKE_OFF):
        ask(client)
    assert (alive, worker.connections) == ([], 1)


@pytest.mark.parametrize(
    ("answer", "is_ready"),
    [(ANSWER, True), (ANSWER.replace(b"200", b"503"), False), (b"", False), (b"HTT", False)],
)
def test_it_is_ready_when_ping_is_answered_with_200(
    make: Make,
    answer: bytes,
    is_ready: bool,  # noqa: FBT001 - a column of the table
) -> None:
    client, worker = make(answer)
    assert client.is_ready(LIMIT_S) is is_ready
    assert worker.heads == [b"GET /ping HTTP/1.1\r\n\r\n"]


def test_a_ping_that_is_not_answered_in_time_is_no() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(
            silent.getsockname()[1],
            container="first",
            timeout_s=LIMIT_S,
            most_bytes=1,
            is_alive=lambda: True,
            last_words=str,
        )
        assert not client.is_ready(0.05)
        client.close()


def test_a_connection_that_comes_back_to_a_closed_client_is_closed(make: Make) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    client, _ = make(chunked)
    chunks = client.invoke(Invocation(b"")).chunks
    client.close()
    assert list(chunks) == [b"ok"]
    assert client._idle == []


def test_an_answer_is_read_however_its_bytes_come_apart() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nok"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def dribble() -> None:
            connection, _ = listening.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection:
                for each in (answer, chunked):
                    connection.recv(65536)
                    for byte in each:
                        connection.sendall(bytes([byte]))

        thread = threading.Thread(target=dribble)
        thread.start()
        client = Client(
            listening.getsockname()[1],
            container="first",
            timeout_s=LIMIT_S,
            most_bytes=10,
            is_alive=lambda: True,
            last_words=str,
        )
        whole = client.invoke(Invocation(b""))
        assert (whole.content_type, list(whole.chunks)) == ("a/b", [b"ok"])
        assert ask(client) == b"ok"
        client.close()
        thread.join(LIMIT_S)


def test_what_comes_behind_an_answer_is_not_taken_for_the_next_one(make: Make) -> None:
    client, worker = make(ANSWER + ANSWER, ANSWER)
    assert [ask(client), ask(client)] == [b"ok"] * 2
    assert worker.connections == 2


def test_a_head_without_an_end_is_no_answer(make: Make) -> None:
    client, _ = make(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000)
    with pytest.raises(NoAnswerError, match=BROKE_OFF):
        ask(client)
