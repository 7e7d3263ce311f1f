"""The other end of a webhook: it keeps what it is sent, and fails as a test wants it to."""

import json
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LIMIT_S = 60

Envelope = dict[str, Any]


class Receiver:
    """Takes events at a port of its own, which it has from the start; nobody answers before `up`.

    `status` is what it answers with from then on; without one it says nothing until it has one.
    """

    def __init__(self) -> None:
        self._server = _Server(self._taken)
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()
        self._status: int | None = HTTPStatus.OK
        self._closed = False
        self._received: list[Envelope] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    @property
    def received(self) -> list[Envelope]:
        """All that came, also what was not answered with success, in the order it came."""
        with self._changed:
            return list(self._received)

    def up(self) -> None:
        """Listen, from now on."""
        self._server.server_activate()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def answer(self, status: int | None) -> None:
        """Answer so from now on, also those who wait; None lets them wait."""
        with self._changed:
            self._status = status
            self._changed.notify_all()

    def wait_for(self, reached: Callable[[list[Envelope]], bool]) -> None:
        """Until what was received is as it should be."""
        with self._changed:
            done = self._changed.wait_for(lambda: reached(self._received), LIMIT_S)
            assert done, f"{len(self._received)} events came"

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        assert self._server.faults == []

    def _taken(self, event: Envelope) -> int | None:
        """The status to answer with, once there is one; None at the end."""
        with self._changed:
            self._received.append(event)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed or self._status is not None)
            return self._status


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64

    def __init__(self, taken: Callable[[Envelope], int | None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.server_bind()
        self.taken = taken
        self.faults: list[str] = []
        self._connections: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that are open: nobody is left who would."""
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - its form
        error = sys.exception()
        # Who was killed does not wait for an answer.
        if not isinstance(error, ConnectionError):
            self.faults.append(repr(error))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        status = self.server.taken(json.loads(body)) if len(body) == length else None
        if status is None:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: what came is kept."""
