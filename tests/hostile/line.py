"""A connection that sends any bytes, and reads answers so strictly that a stray byte shows."""

import contextlib
import re
import socket
import time
from dataclasses import dataclass

LIMIT_S = 10
"""No answer takes longer, whatever was sent."""


class BadAnswerError(Exception):
    """What came is no HTTP answer; the message has the bytes."""


@dataclass(frozen=True)
class Answer:
    """One answer, and what it did to the connection."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float = 0.0
    surplus: bytes = b""

    def header(self, name: str) -> str:
        """The value of a header; empty where it is absent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def closes(self) -> bool:
        return self.header("Connection").lower() == "close"


class Line:
    """A connection to a server, opened anew when the server has closed it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._socket: socket.socket | None = None

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def exchange(self, sent: bytes, *, bodyless: bool = False) -> Answer | None:
        """The answer to these bytes; None when the connection was closed without one.

        Errors: BadAnswerError, what came is none; TimeoutError.
        """
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=LIMIT_S)
        started = time.perf_counter()
        # It may be refused before all is sent, and the answer be there.
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            self._socket.sendall(sent)
        answer, rest = self._read(self._socket, bodyless=bodyless)
        if answer is None or answer.closes:
            self.close()
        if answer is None:
            return None
        seconds = time.perf_counter() - started
        return Answer(answer.status, answer.headers, answer.body, seconds, rest)

    def is_open(self) -> bool:
        """Whether the connection stands, and nothing came over it unasked."""
        if self._socket is None:
            return False
        self._socket.settimeout(0)
        try:
            self._socket.recv(1)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False
        else:
            return False
        finally:
            self._socket.settimeout(LIMIT_S)

    @staticmethod
    def _read(connection: socket.socket, *, bodyless: bool) -> tuple[Answer | None, bytes]:
        received = b""
        while True:
            answer, rest = first_answer(received, bodyless=bodyless)
            if answer is not None:
                return answer, rest
            try:
                piece = connection.recv(1 << 20)
            except ConnectionResetError:
                piece = b""
            if not piece:
                if received:
                    raise BadAnswerError(f"cut short: {received[:500]!r}")
                return None, b""
            received += piece


def first_answer(received: bytes, *, bodyless: bool = False) -> tuple[Answer | None, bytes]:
    """The first answer of what was received, and the bytes after it; None while it is not whole.

    An interim 100 is passed over.
    Errors: BadAnswerError, this is the beginning of no answer, or of one without a length.
    """
    head, end, rest = received.partition(b"\r\n\r\n")
    if not end:
        if received and received[:7] != b"HTTP/1."[: len(received)]:
            raise BadAnswerError(f"no answer: {received[:500]!r}")
        return None, received
    first, *lines = head.decode("latin-1").split("\r\n")
    if first.startswith("HTTP/1.1 100 "):
        return first_answer(rest, bodyless=bodyless)
    version, _, status = first.partition(" ")
    if version not in ("HTTP/1.0", "HTTP/1.1") or not status[:3].isdigit():
        raise BadAnswerError(f"no answer: {received[:500]!r}")
    pairs = (line.partition(":") for line in lines)
    headers = tuple((name, value.strip()) for name, _, value in pairs)
    answer = Answer(int(status[:3]), headers, b"")
    length = answer.header("Content-Length")
    if answer.header("Transfer-Encoding") == "chunked" and not length:
        body, after = _unchunked(rest)
        return (None, received) if body is None else (Answer(answer.status, headers, body), after)
    if not length.isdigit():
        raise BadAnswerError(f"an answer without a length: {received[:500]!r}")
    size = 0 if bodyless else int(length)
    if len(rest) < size:
        return None, received
    return Answer(answer.status, headers, rest[:size]), rest[size:]


def _unchunked(received: bytes) -> tuple[bytes | None, bytes]:
    """A body that came in chunks, and the bytes after it; None while it is not whole.

    Errors: BadAnswerError, these are no chunks.
    """
    body, at = bytearray(), 0
    while (end := received.find(b"\r\n", at)) >= 0:
        size = received[at:end]
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size):
            raise BadAnswerError(f"no chunk: {size[:100]!r}")
        at = end + 2
        chunk, at = received[at : at + int(size, 16)], at + int(size, 16)
        if len(received) < at + 2:
            break
        if received[at : at + 2] != b"\r\n":
            raise BadAnswerError(f"a chunk without an end: {received[at : at + 50]!r}")
        at += 2
        if not chunk:
            return bytes(body), received[at:]
        body += chunk
    return None, received


def all_answers(received: bytes) -> list[Answer]:
    """Every answer of what was received until the server closed.

    Errors: BadAnswerError, there is something else in it.
    """
    answers = []
    while received:
        answer, received = first_answer(received)
        if answer is None:
            raise BadAnswerError(f"cut short: {received[:500]!r}")
        answers.append(answer)
    return answers
