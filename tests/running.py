"""A real HTTP server in a thread, for tests that need sockets."""

import http.client
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sagemock.wire.server import Server

MAX_BODY = 8 * 1024 * 1024


class Running:
    """An app served on a free port until stopped."""

    def __init__(self, app: Any) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.connections: list[http.client.HTTPConnection] = []
        self.address: tuple[str, int] = self.listening.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        self.server = Server(
            app, self.listening, max_body_bytes=MAX_BODY, request_id=lambda: str(uuid.uuid4())
        )
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def stop(self) -> None:
        for connection in self.connections:
            connection.close()
        self.server.stop()
        self.thread.join(timeout=15)
        assert not self.thread.is_alive()

    def connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(*self.address, timeout=10)
        self.connections.append(connection)
        return connection

    def raw(self, sent: bytes) -> bytes:
        """What comes back for these bytes, until the server closes or goes quiet."""
        with socket.create_connection(self.address, timeout=10) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while piece := connection.recv(65536):
                received += piece
        return received


Serve = Callable[[Any], Running]


@contextmanager
def serving() -> Iterator[Serve]:
    """What serves apps, each until the block ends."""
    started: list[Running] = []

    def start(app: Any) -> Running:
        started.append(Running(app))
        return started[-1]

    yield start
    for each in started:
        each.stop()
