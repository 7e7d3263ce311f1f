"""HTTP to a worker: invocations over connections that are kept, answers as they come.

Written by hand because `http.client` makes a call a third longer, and hands out chunks in pieces
of its own. It reads what `worker.py` writes, and takes anything else for a broken answer.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import NamedTuple

from sagemock.hosting import Answer, Invocation, NoAnswerError
from sagemock.serving.host import Whole

_LINE_BYTES = 65536
_HEAD_BYTES = 4 * _LINE_BYTES
_RECEIVED_BYTES = 8192
_MOST_RECEIVED_BYTES = 1024 * 1024
_MOST_IDLE = 16


class _NotAnsweredError(Exception):
    """A connection ended before the first byte of an answer."""


class TooLongError(ValueError):
    """An answer is longer than is read."""


class _Head(NamedTuple):
    status: int
    length: int | None
    content_type: str | None
    custom_attributes: str | None


class Connection:
    """A connection to the worker; closed by whatever goes wrong on it."""

    def __init__(self, port: int, timeout_s: float) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._timeout_s = timeout_s
        # What was received and not asked for yet. Usually a head comes with its body, in one piece.
        self._received = b""

    @property
    def is_at_rest(self) -> bool:
        """Whether all that was received has been read."""
        return not self._received

    def exchange(self, request: bytes, timeout_s: float) -> _Head:
        """Send a request and read the head of what is answered.

        Errors: _NotAnsweredError, OSError, or ValueError for what is no answer.
        """
        try:
            if timeout_s != self._timeout_s:
                self._socket.settimeout(timeout_s)
                self._timeout_s = timeout_s
            self._begin(request)
            return _head(self._read_until(b"\r\n\r\n", _HEAD_BYTES))
        except BaseException:
            self.close()
            raise

    def read(self, length: int) -> bytes:
        """As many bytes. Errors: OSError, or ValueError when there are fewer."""
        if len(self._received) < length:
            self._receive(length)
        received = self._received
        self._received = received[length:]
        return received[:length]

    def read_chunk(self, most_bytes: int) -> bytes:
        """The next chunk, empty after the last. Errors: TooLongError, and those of `read`."""
        length = int(self._read_until(b"\r\n", _LINE_BYTES), 16)
        if length > most_bytes:
            raise TooLongError
        return self.read(length + len(b"\r\n"))[:length]

    def close(self) -> None:
        """Close it, as often as one likes."""
        self._socket.close()

    def _begin(self, request: bytes) -> None:
        """Send a request, and receive the first bytes of its answer."""
        try:
            self._socket.sendall(request)
            self._received = self._socket.recv(_RECEIVED_BYTES)
        except ConnectionError as error:
            raise _NotAnsweredError from error
        if not self._received:
            raise _NotAnsweredError

    def _read_until(self, end: bytes, most_bytes: int) -> bytes:
        """What comes before an end, which is read too. Errors: those of `read`."""
        while (at := self._received.find(end)) < 0:
            if len(self._received) > most_bytes:
                raise ValueError("A line of an answer has no end.")
            self._receive(len(self._received) + 1)
        before, self._received = self._received[:at], self._received[at + len(end) :]
        return before

    def _receive(self, length: int) -> None:
        """Receive until so many bytes are there, or some more."""
        pieces, missing = [self._received], length - len(self._received)
        try:
            while missing > 0:
                piece = self._socket.recv(max(_RECEIVED_BYTES, min(missing, _MOST_RECEIVED_BYTES)))
                if not piece:
                    raise ValueError("An answer broke off.")  # noqa: TRY301 - to be closed too
                pieces.append(piece)
                missing -= len(piece)
        except BaseException:
            self.close()
            raise
        self._received = b"".join(pieces)


def _head(head: bytes) -> _Head:
    """The head of an answer, without the line that ends it. Errors: ValueError, it is none."""
    length, content_type, custom_attributes = None, None, None
    first, *lines = head.split(b"\r\n")
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise ValueError("A line of an answer's head is no header.")
        match name:
            case b"Content-Length":
                length = int(value)
            case b"Content-Type":
                content_type = value.strip().decode("latin-1")
            case b"X-Amzn-SageMaker-Custom-Attributes":
                custom_attributes = value.strip().decode("latin-1")
    if length is not None and length < 0:
        raise ValueError("An answer cannot have less than no length.")
    _, _, status = first.partition(b" ")
    return _Head(int(status[:3]), length, content_type, custom_attributes)


class Client:
    """Asks the worker that listens on a port of this machine; any thread may ask.

    `is_alive` tells whether that worker still has the port, `last_words` what to say of one that
    broke off. No answer longer than `most_bytes` is read.
    """

    def __init__(  # noqa: PLR0913 - all that it uses is passed in
        self,
        port: int,
        *,
        container: str,
        timeout_s: float,
        most_bytes: int,
        is_alive: Callable[[], bool],
        last_words: Callable[[], str],
    ) -> None:
        self._port = port
        self._container = container
        self._timeout_s = timeout_s
        self.most_bytes = most_bytes
        self._is_alive = is_alive
        self._last_words = last_words
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._is_closed = False

    def is_ready(self, timeout_s: float) -> bool:
        """Whether `GET /ping` is answered with 200, within this time."""
        try:
            head, connection = self._ask(b"GET /ping HTTP/1.1\r\n\r\n", timeout_s)
            self._read_whole(connection, head.length or 0)
        except (_NotAnsweredError, OSError, ValueError):
            return False
        return head.status == HTTPStatus.OK

    def invoke(self, invocation: Invocation) -> Answer:
        """What the worker answers. Errors: NoAnswerError."""
        try:
            head, connection = self._ask(_request(invocation), self._timeout_s)
            chunks: Iterator[bytes] = (
                _Stream(self, connection)
                if head.length is None
                else Whole(self._read_whole(connection, head.length))
            )
        except (_NotAnsweredError, OSError, ValueError) as error:
            raise self.no_answer(error) from error
        return Answer(
            head.status, head.content_type, chunks, head.custom_attributes, self._container
        )

    def no_answer(self, error: Exception) -> NoAnswerError:
        """The error for whoever called."""
        if isinstance(error, TimeoutError):
            message = f"Container {self._container} did not answer within {self._timeout_s:g} s."
            return NoAnswerError(message, container=self._container, timed_out=True)
        if isinstance(error, TooLongError):
            message = (
                f"The answer of container {self._container} is longer than {self.most_bytes} bytes."
            )
        else:
            message = f"Container {self._container} broke off its answer.{self._last_words()}"
        return NoAnswerError(message, container=self._container)

    def keep(self, connection: Connection) -> None:
        """Take back a connection whose answer was read to its end."""
        with self._lock:
            wanted = not self._is_closed and len(self._idle) < _MOST_IDLE
            # What is left would be taken for the beginning of the next answer.
            if wanted and connection.is_at_rest:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close all connections but those that an answer still comes from."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _ask(self, request: bytes, timeout_s: float) -> tuple[_Head, Connection]:
        connection = self._take()
        if connection:
            try:
                return connection.exchange(request, timeout_s), connection
            except _NotAnsweredError:
                pass  # It may have been closed while it was idle.
        if not self._is_alive():
            # Its port may be another program's by now.
            raise _NotAnsweredError
        connection = Connection(self._port, timeout_s)
        return connection.exchange(request, timeout_s), connection

    def _take(self) -> Connection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _read_whole(self, connection: Connection, length: int) -> bytes:
        if length > self.most_bytes:
            connection.close()
            raise TooLongError
        body = connection.read(length)
        self.keep(connection)
        return body


class _Stream:
    """The chunks of an answer, each as soon as it comes. Errors while iterating: NoAnswerError."""

    def __init__(self, client: Client, connection: Connection) -> None:
        self._client = client
        self._connection: Connection | None = connection
        self._allowed = client.most_bytes

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        connection = self._connection
        if connection is None:
            raise StopIteration
        try:
            chunk = connection.read_chunk(self._allowed)
        except (OSError, ValueError) as error:
            self.close()
            raise self._client.no_answer(error) from error
        self._allowed -= len(chunk)
        if not chunk:
            self._connection = None
            self._client.keep(connection)
            raise StopIteration
        return chunk

    def close(self) -> None:
        """Let go of the rest of the answer."""
        if self._connection:
            self._connection.close()
            self._connection = None


def _request(invocation: Invocation) -> bytes:
    lines = [
        "POST /invocations HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Length: {len(invocation.body)}",
    ]
    if invocation.content_type is not None:
        lines.append(f"Content-Type: {invocation.content_type}")
    if invocation.accept is not None:
        lines.append(f"Accept: {invocation.accept}")
    lines += [f"{name}: {value}" for name, value in invocation.headers.items()]
    head = "\r\n".join(lines)
    if head.count("\n") >= len(lines):
        # A line break in a value would be read as a header of its own.
        head = "\r\n".join(" ".join(line.split()) for line in lines)
    return b"%b\r\n\r\n%b" % (head.encode("latin-1", "replace"), invocation.body)
