"""The program that runs a model's code: SageMaker's contract with a container, as HTTP.

`process` starts it with whatever interpreter the code needs. So it imports nothing but the standard
library and the two files beside it, and keeps to Python 3.8. It listens on a free port of
127.0.0.1, says which in the first line of its output, loads the model, and answers `GET /ping` and
`POST /invocations` until its standard input ends, as it does when whoever started it dies.

Only our own client talks to it: requests are read as that writes them, others are hung up on.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
import traceback
from contextlib import suppress
from importlib import import_module
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from sagemock.serving.worker_handlers import Handlers, Reply

_LINE_BYTES = 65536
_WAITING_CONNECTIONS = 128
_ACCEPT_PAUSE_S = 0.05
_PLAIN_TEXT = "text/plain; charset=utf-8"
_NOT_LOADED = (503, "Service Unavailable", _PLAIN_TEXT, b"The model is being loaded.")
_NOT_FOUND = (404, "Not Found", _PLAIN_TEXT, b"Only GET /ping and POST /invocations are here.")
_READY = (200, "OK", None, b"")


class Server:
    """Answers on a port of its own, each connection in its own thread."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=_WAITING_CONNECTIONS)
        self.port: int = self._listening.getsockname()[1]
        self.handlers: Handlers | None = None

    def run(self) -> None:
        """Take connections, for ever."""
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                # Out of files, or gone before it was taken: neither is a reason to stop.
                time.sleep(_ACCEPT_PAUSE_S)
                continue
            try:
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
            except RuntimeError:
                connection.close()

    def _serve(self, connection: socket.socket) -> None:
        """Answer the requests of one connection until it ends."""
        # An asker that is gone, or not ours, is no news.
        with suppress(OSError, ValueError), connection, connection.makefile("rb") as reader:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self._answer_next(reader, connection):
                pass

    def _answer_next(self, reader: IO[bytes], connection: socket.socket) -> bool:
        """Answer the next request; False when the connection is to be closed."""
        line = reader.readline(_LINE_BYTES)
        if not line:
            return False
        method, path, _ = line.split(b" ")
        headers = _read_headers(reader)
        length = int(headers.pop("Content-Length", "0"))
        body = reader.read(length)
        if len(body) < length:
            return False
        if (method, path) == (b"POST", b"/invocations"):
            if self.handlers is None:
                connection.sendall(_whole(*_NOT_LOADED))
                return True
            return _send(connection, self.handlers.answer(body, headers))
        if (method, path) == (b"GET", b"/ping"):
            connection.sendall(_whole(*(_READY if self.handlers else _NOT_LOADED)))
        else:
            connection.sendall(_whole(*_NOT_FOUND))
        return True


def _read_headers(reader: IO[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    while True:
        name, colon, value = reader.readline(_LINE_BYTES).decode("latin-1").partition(":")
        if not colon:
            return headers
        headers[name] = value.strip()


def _send(connection: socket.socket, reply: Reply) -> bool:
    """Send a reply; False when it broke off, which only closing the connection can tell."""
    if reply.pieces is None:
        connection.sendall(
            _whole(reply.status, reply.phrase, reply.content_type, reply.body, reply.attributes)
        )
        return True
    head = _head(reply.status, reply.phrase, reply.content_type, reply.attributes)
    connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        try:
            piece = next(reply.pieces, None)
        except BaseException:  # noqa: BLE001 - user code may raise anything
            traceback.print_exc()
            return False
        if piece is None:
            connection.sendall(b"0\r\n\r\n")
            return True
        connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))


def _whole(
    status: int, phrase: str, content_type: str | None, body: bytes, attributes: str | None = None
) -> bytes:
    head = _head(status, phrase, content_type, attributes)
    return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)


def _head(status: int, phrase: str, content_type: str | None, attributes: str | None) -> bytes:
    lines = [f"HTTP/1.1 {status} {phrase}"]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    if attributes is not None:
        lines.append(f"X-Amzn-SageMaker-Custom-Attributes: {attributes}")
    # A line break in what user code chose would be read as a line of ours.
    lines = [line.replace("\r", " ").replace("\n", " ") for line in lines]
    return "\r\n".join([*lines, ""]).encode("latin-1", "replace")


def _end_with_parent() -> None:
    """Watch standard input from now on, and leave user code an empty one."""
    watched = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    threading.Thread(target=_end_after, args=(watched,), daemon=True).start()


def _end_after(watched: int) -> None:
    with suppress(OSError):
        while os.read(watched, 4096):
            pass
    # Started by hand it may be in the group of a shell, which is not its to end.
    if os.name == "posix" and os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def _announce(port: int) -> None:
    """Say the port; whatever is written to standard output from now on goes to the log."""
    os.write(1, b"sagemock-worker %d\n" % port)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(  # type: ignore[union-attr]
            encoding="utf-8", errors="backslashreplace", line_buffering=True
        )


def _load() -> Handlers:
    """The model's handlers, their model loaded. Errors: whatever user code raises."""
    base = os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")
    model_dir = os.path.join(base, "model")  # noqa: PTH118 - handlers expect a str
    os.environ["SM_MODEL_DIR"] = model_dir
    here = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120 - compared with strings
    others = [place for place in sys.path if os.path.realpath(place) != here]
    # Not imported above: a process that user code starts by `multiprocessing` imports this file
    # once more, with the path that user code has.
    sys.path[:] = [here, *others]
    handlers_class: type[Handlers] = import_module("worker_handlers").Handlers
    defaults = import_module("worker_codecs").defaults_of(os.environ.get("SAGEMOCK_FRAMEWORK"))
    # User code may have modules named like the files beside this one.
    sys.path[:] = others
    handlers = handlers_class(
        defaults,
        model_dir,
        os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT") or "application/json",
    )
    handlers.load(
        os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY") or os.path.join(model_dir, "code"),  # noqa: PTH118 - the same
        os.environ.get("SAGEMAKER_PROGRAM") or "inference.py",
    )
    return handlers


def _told(error: BaseException) -> str:
    """A traceback without the steps that led to user code: whoever reads it wrote that."""
    whole = traceback.TracebackException.from_exception(error)
    here = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120 - compared with strings
    theirs = [
        step
        for step in whole.stack
        if not step.filename.startswith((here, "<frozen importlib"))
        and os.sep + "importlib" + os.sep not in step.filename
    ]
    if theirs:
        whole.stack[:] = theirs
    return "".join(whole.format())


def main() -> None:
    """Serve until told to end; never returns."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    _end_with_parent()
    server = Server()
    _announce(server.port)
    threading.Thread(target=server.run, daemon=True).start()
    try:
        server.handlers = _load()
    except BaseException as error:  # noqa: BLE001 - user code may raise anything
        sys.stderr.write(_told(error))
        os._exit(1)
    never = threading.Event()
    # Not once for ever: a signal that another thread was given is seen when this one wakes.
    while not never.wait(1.0):
        continue


if __name__ == "__main__":
    main()
