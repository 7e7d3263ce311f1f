"""A client that costs little: prebuilt bytes out, whole answers in, over connections kept open.

It knows just enough HTTP for answers with a Content-Length. A peer that closes its connection after
an answer gets a new one for the next request, as any client would have to do.
"""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

Address = tuple[str, int]

_RECEIVED_AT_ONCE = 256 * 1024
_LONGEST_WAIT_S = 300
_LENGTH = b"\r\ncontent-length:"
_CLOSES = b"\r\nconnection: close"


class WireError(Exception):
    """A server went away, or answered what this client does not read."""


@dataclass(frozen=True)
class Answer:
    """A status and a body."""

    status: int
    body: bytes


class _Connection:
    """One connection, with one request under way at most."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket: socket.socket | None = None
        self._is_fresh = True
        self._closes = False
        self._request = b""
        self._received = bytearray()
        self._head = 0
        self._whole = 0

    def fileno(self) -> int:
        return self._socket.fileno() if self._socket else -1

    def send(self, request: bytes) -> None:
        """Send a request, over a new connection where there is none."""
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=_LONGEST_WAIT_S)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._is_fresh = True
        self._request = request
        self._received.clear()
        self._whole = 0
        try:
            self._socket.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            self._send_again()

    def receive(self) -> Answer | None:
        """Read what is there: the answer if that completes it, else None."""
        piece = self._read()
        if not piece:
            self._send_again()
            return None
        self._received += piece
        if not self._whole:
            self._read_head()
        if not self._whole or len(self._received) < self._whole:
            return None
        status = int(self._received[9:12])
        body = bytes(self._received[self._head : self._whole])
        self._is_fresh = False
        if self._closes:
            self.close()
        return Answer(status, body)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _read(self) -> bytes:
        if self._socket is None:
            raise WireError("nothing was sent")
        try:
            return self._socket.recv(_RECEIVED_AT_ONCE)
        except ConnectionResetError:
            return b""

    def _send_again(self) -> None:
        """Send once more what a connection closed while idle did not take."""
        self.close()
        if self._is_fresh or self._received:
            raise WireError(f"closed before the answer's end: {bytes(self._received[:200])!r}")
        self.send(self._request)

    def _read_head(self) -> None:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._received[:end]).lower() + b"\r\n"
        _, named, after = head.partition(_LENGTH)
        if not named:
            raise WireError(f"an answer without a length: {head[:200]!r}")
        self._head = end + 4
        self._whole = self._head + int(after.partition(b"\r\n")[0])
        self._closes = _CLOSES in head or head.startswith(b"http/1.0")


class Client:
    """Sends to one server, over one connection or several at once."""

    def __init__(self, address: Address, connections: int = 1) -> None:
        self._connections = [_Connection(address) for _ in range(connections)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for connection in self._connections:
            connection.close()

    def call(self, request: bytes) -> Answer:
        """One answer, waited for."""
        connection = self._connections[0]
        connection.send(request)
        while (answer := connection.receive()) is None:
            pass
        return answer

    def one_by_one(self, requests: Sequence[bytes]) -> tuple[list[Answer], float]:
        """The answers, each waited for before the next request, and the seconds all took."""
        started = time.perf_counter()
        answers = [self.call(request) for request in requests]
        return answers, time.perf_counter() - started

    def all_at_once(self, requests: Sequence[bytes]) -> tuple[list[Answer], float]:
        """The answers, in the requests' order, and the seconds all took together.

        Every connection has a request under way for as long as there are some left.
        """
        answers: dict[int, Answer] = {}
        waiting = iter(enumerate(requests))
        started = time.perf_counter()
        with selectors.DefaultSelector() as selector:
            for connection, (index, request) in zip(self._connections, waiting, strict=False):
                connection.send(request)
                selector.register(connection.fileno(), selectors.EVENT_READ, (connection, index))
            while len(answers) < len(requests):
                ready = selector.select(_LONGEST_WAIT_S)
                if not ready:
                    raise WireError("no answer in time")
                for key, _ in ready:
                    _go_on(selector, key, answers, waiting)
        seconds = time.perf_counter() - started
        return [answers[index] for index in range(len(requests))], seconds


def _go_on(
    selector: selectors.BaseSelector,
    key: selectors.SelectorKey,
    answers: dict[int, Answer],
    waiting: Iterator[tuple[int, bytes]],
) -> None:
    """Read what a connection has to say; send it the next request when its answer is whole."""
    connection: _Connection = key.data[0]
    index: int = key.data[1]
    answer = connection.receive()
    following: int | None = index
    if answer is not None:
        answers[index] = answer
        following, request = next(waiting, (None, b""))
        if following is not None:
            connection.send(request)
    # It may have another socket by now, even one of the same number.
    selector.unregister(key.fd)
    if following is not None:
        selector.register(connection.fileno(), selectors.EVENT_READ, (connection, following))
