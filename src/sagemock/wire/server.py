"""The HTTP server: waitress, with JSON for its own refusals and an orderly end.

waitress answers malformed requests and large bodies with text pages of its own; here they are JSON
like every other answer. A refused sender may still be sending: its bytes are read and dropped for
a while, for closing at once would take the answer from it. Asked to stop, the server takes no more
requests, answers those it has, and returns.
"""

import re
import socket
import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from waitress import receiver
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import (
    HTTPRequestParser,
    ParsingError,
    TransferEncodingNotImplemented,
)
from waitress.receiver import ChunkedReceiver
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge
from waitress.wasyncore import dispatcher

from sagemock.wire.answers import REQUEST_ID, refused, too_large

_THREADS = 16
_CONNECTIONS = 1000
_STALLED_S = 60
_CHUNK_LINE_BYTES = 64 * 1024
_LINGER_S = 5.0
_LINGER_BYTES = 256 * 1024 * 1024
_DRAIN_S = 8.0

_TRANSFER_ENCODING = re.compile(rb"(?im)^transfer-encoding:(.*)$")
_CONTENT_LENGTH = re.compile(rb"(?im)^content-length:")

_CODES = {
    431: "RequestHeaderFieldsTooLargeException",
    500: "InternalFailure",
    501: "NotImplementedException",
}


class _Parser(HTTPRequestParser):
    """A request that is refused when its length is not beyond doubt, or beyond the limits.

    What a second reader could take for the end of the body would hide a request (RFC 9112, 6.3).
    """

    def parse_header(self, header_plus: bytes) -> None:
        codings = _TRANSFER_ENCODING.findall(header_plus)
        if codings and [coding.strip().lower() for coding in codings] != [b"chunked"]:
            raise TransferEncodingNotImplemented("Transfer-Encoding requested is not supported.")
        if codings and _CONTENT_LENGTH.search(header_plus):
            raise ParsingError("Both Content-Length and Transfer-Encoding are given")
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("Bad URI") from error
        if codings and self.version != "1.1":
            # waitress takes the body for no body then, and what is in it for a second request.
            raise ParsingError("Transfer-Encoding is of HTTP/1.1")

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if self.error is not None:
            # What is refused already need not be sent.
            self.expect_continue = False
        body = self.body_rcv
        if isinstance(body, ChunkedReceiver) and not self.completed:
            if body.chunk_remainder >= self.adj.max_request_body_size:
                self._refuse(RequestEntityTooLarge("chunk too large"))
            elif len(body.control_line) + len(body.trailer) > _CHUNK_LINE_BYTES:
                self._refuse(BadRequest("Invalid chunk"))
        return consumed

    def _refuse(self, error: Error) -> None:
        self.error = error
        self.completed = True


def _with_aws_spelling(head: bytes) -> bytes:
    """An answer's head with the request id's header as AWS spells it; waitress capitalizes it."""
    return head.replace(REQUEST_ID.title().encode(), REQUEST_ID.encode(), 1)


class _Task(WSGITask):
    """An answer of the application."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        # waitress takes `//path` for `/path`, and leaves an absolute URI without one empty.
        environ["PATH_INFO"] = self.request.path or "/"
        return environ

    def build_response_header(self) -> bytes:
        return _with_aws_spelling(super().build_response_header())


class _JsonErrorTask(ErrorTask):
    """waitress's own refusals, as JSON with a `__type`."""

    def build_response_header(self) -> bytes:
        return _with_aws_spelling(super().build_response_header())

    def execute(self) -> None:
        error = self.request.error
        code = _CODES.get(error.code, "SerializationException")
        request_id = self.channel.server.request_id()
        if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            answer = too_large(self.channel.server.max_body_bytes, request_id)
        else:
            answer = refused(error.code, code, str(error.body), request_id)
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend(answer.headers)
        self.set_close_on_finish()
        self.content_length = len(answer.body)
        self.write(answer.body)


class _Channel(HTTPChannel):
    """A connection that lets a refused sender finish, and reads nothing more once draining."""

    task_class = _Task
    error_task_class = _JsonErrorTask
    parser_class = _Parser
    will_close: bool
    _refused = False
    lingers_until = 0.0
    _dropped = 0

    def readable(self) -> bool:
        if self.lingers_until:
            return True
        return bool(super().readable()) and not self.server.stopping

    def handle_read(self) -> None:
        if not self.lingers_until:
            super().handle_read()
            return
        try:
            # At the end of what is sent, `recv` itself closes the connection.
            self._dropped += len(self.recv(self.adj.recv_bytes))
        except OSError:
            self.handle_close()
        if self._dropped > _LINGER_BYTES:
            self.handle_close()

    def handle_close(self) -> None:
        midway = self._refused and self.will_close and self.connected
        if not midway or self.lingers_until or self.server.stopping:
            super().handle_close()
            return
        self.lingers_until = time.time() + _LINGER_S
        self.will_close = False
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            super().handle_close()

    def service(self) -> None:
        self._refused = self.requests[0].error is not None
        super().service()

    def is_idle(self) -> bool:
        """Whether nothing is being answered or still to be sent."""
        return not self.requests and not self.total_outbufs_len


class Server(TcpWSGIServer):
    """Serves one WSGI app on one listening socket until told to stop."""

    channel_class = _Channel

    def __init__(
        self,
        app: Any,
        listening: socket.socket,
        *,
        max_body_bytes: int,
        request_id: Callable[[], str],
    ) -> None:
        self.stopping = False
        self.max_body_bytes = max_body_bytes
        self.request_id = request_id
        # Both end in `$`, which a line's end may follow: what is a chunk's size would be in doubt.
        receiver.ONLY_HEXDIG_RE = re.compile(rb"[0-9a-fA-F]+\Z")
        receiver.CHUNK_EXT_RE = re.compile(receiver.CHUNK_EXT_RE.pattern.rstrip(b"$") + rb"\Z")
        adjustments = Adjustments(
            ident=None,
            threads=_THREADS,
            connection_limit=_CONNECTIONS,
            channel_timeout=_STALLED_S,
            cleanup_interval=10,
            # What is not read goes to a temporary file: no thread waits for whoever reads slowly.
            outbuf_high_watermark=sys.maxsize,
            max_request_body_size=max_body_bytes + 1,  # waitress refuses the bound itself
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=True,
            log_socket_errors=False,
        )
        super().__init__(
            app,
            _sock=listening,
            adj=adjustments,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
            bind_socket=False,
        )

    def stop(self) -> None:
        """Ask the server to finish; safe from signal handlers and other threads."""
        self.stopping = True
        self.pull_trigger()

    def run(self) -> None:
        """Serve until `stop`, then answer what has been received, and return."""
        while not self.stopping:
            self._poll(1)
        self.accepting = False
        dispatcher.close(self)
        deadline = time.monotonic() + _DRAIN_S
        while self.active_channels and time.monotonic() < deadline:
            for channel in list(self.active_channels.values()):
                if channel.is_idle():
                    channel.handle_close()
            self._poll(0.1)
        self.task_dispatcher.shutdown(timeout=1)
        self.trigger.close()

    def maintenance(self, now: float) -> None:
        """Close what has stalled, and what has lingered long enough."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            if 0 < channel.lingers_until < now:
                channel.will_close = True

    def _poll(self, timeout_s: float) -> None:
        self.asyncore.loop(timeout=timeout_s, map=self._map, use_poll=True, count=1)
