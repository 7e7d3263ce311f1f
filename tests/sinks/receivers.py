"""Receivers of webhooks: one that speaks HTTP, and one that says what a test has it say."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sagemock.eventing import Event, EventSink, NotDeliveredError

LIMIT_S = 20.0
EVENT = Event(1, {"id": "5b0f", "detail-type": "SageMaker Model State Change"})

Say = Callable[[socket.socket], None]


class HttpReceiver(ThreadingHTTPServer):
    """Answers with a status and headers, and keeps what it was sent."""

    def __init__(
        self,
        status: int = 200,
        *,
        answer: bytes = b"",
        headers: dict[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if tls:
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.status = status
        self.answer = answer
        self.headers = headers or {}
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.connections = 0
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def port(self) -> int:
        return self.server_port

    def handle_error(self, _request: object, _client: object) -> None:
        """What breaks off here is what a test has broken off."""

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join(LIMIT_S)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HttpReceiver

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_: object) -> None:
        """Not to the terminal."""


class ScriptedReceiver:
    """Reads a request for each step of its script and says what that has it say.

    A step of None stands for an end: the next request is read from the next connection.
    """

    def __init__(self, *script: bytes | Say | None) -> None:
        self._script = list(script)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(LIMIT_S)
        self.port = self._listening.getsockname()[1]
        self.bodies: list[bytes] = []
        self.connections = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while self._script:
            connection, _ = self._listening.accept()
            self.connections += 1
            with connection:
                connection.settimeout(LIMIT_S)
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        while self._script:
            if self._script[0] is None:
                self._script.pop(0)
                return
            body = _body(connection)
            if body is None:
                return
            self.bodies.append(body)
            step = self._script.pop(0)
            if isinstance(step, bytes):
                connection.sendall(step)
            elif step:
                step(connection)

    def close(self) -> None:
        self._thread.join(LIMIT_S)
        self._listening.close()
        assert not self._thread.is_alive()


def _body(connection: socket.socket) -> bytes | None:
    """The body of the next request; None at the end of the connection."""
    with connection.makefile("rb", buffering=0) as file:
        length = 0
        while line := file.readline():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            if line == b"\r\n":
                body = b""
                while len(body) < length:
                    body += file.read(length - len(body)) or b""
                return body
    return None


def drip(content: bytes) -> Say:
    """Says so much at once, then a byte now and then until nobody listens any more."""

    def say(connection: socket.socket) -> None:
        connection.sendall(content)
        try:
            while True:
                connection.sendall(b"x")
                threading.Event().wait(0.02)
        except OSError:
            return

    return say


def refusal(sink: EventSink, body: str = "{}") -> tuple[str, bool]:
    """Why an event is not taken, and whether it may be later; it is said before long."""
    begun = time.monotonic()
    with pytest.raises(NotDeliveredError) as refused:
        sink.send(EVENT, body)
    assert time.monotonic() - begun < LIMIT_S / 2
    return str(refused.value), refused.value.again
