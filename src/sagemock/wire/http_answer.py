"""An answer as it goes out: waitress's tasks, with one send for the usual one and JSON refusals.

What AWS's protocols ask is answered without WSGI between: a call whose code has been out of a
processor's caches for a moment costs by how much of it there is.
"""

from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from waitress.task import ErrorTask, WSGITask
from waitress.utilities import build_http_date

from sagemock.pieces import let_go
from sagemock.wire.answers import REQUEST_ID, HttpAnswer, refused, status_line, too_large
from sagemock.wire.rest_json import PATHS, RestAnswer, too_long

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagemock.wire.faulty import CutAnswer

_CODES = {
    431: "RequestHeaderFieldsTooLargeException",
    500: "InternalFailure",
    501: "NotImplementedException",
}


def _with_aws_spelling(head: bytes) -> bytes:
    """An answer's head with the request id's header as AWS spells it; waitress capitalizes it."""
    return head.replace(REQUEST_ID.title().encode(), REQUEST_ID.encode(), 1)


class AnswerTask(WSGITask):
    """An answer of the application, head and body sent as one piece."""

    wrote_header: bool

    def execute(self) -> None:
        """Send what is answered at once, or else what the application answers."""
        at_once = self.channel.server.at_once
        afterwards: list[Callable[[], None]] = []
        answer = None if at_once is None else at_once(self.request, afterwards.append)
        if answer is None:
            super().execute()
            return
        try:
            self._send(answer)
        finally:
            for act in afterwards:
                act()

    def _send(self, answer: "HttpAnswer | RestAnswer | CutAnswer") -> None:
        pieces = answer.pieces
        try:
            headers = answer.headers
            for name, value in headers:
                if "\n" in value or "\r" in value:
                    # It would be read as a header of its own, or as the end of the head.
                    raise ValueError(f"the header {name} holds a line break")
                if name == "Content-Length":
                    self.content_length = int(value)
            self.complete = True
            self.status = status_line(answer.status)
            self.response_headers = headers
            if pieces is None:
                self.content_length = len(answer.body)
                self.write(answer.body)
                return
            for piece in pieces:
                self.write(piece)
        finally:
            if pieces is not None:
                let_go(pieces)

    def get_environment(self) -> dict[str, Any]:
        """The environment of a request, with its path as it was sent."""
        environ: dict[str, Any] = super().get_environment()
        # waitress takes `//path` for `/path`, and leaves an absolute URI without one empty.
        environ["PATH_INFO"] = self.request.path or "/"
        return environ

    def write(self, data: bytes) -> None:
        """Send a part of the answer, or all of it with its head."""
        if self.wrote_header or len(data) != self.content_length or not self.has_body:
            super().write(data)
            return
        # The head may still have to say that the connection ends here.
        head = self.build_response_header()
        self.wrote_header = True
        self.content_bytes_written = len(data)
        self.channel.write_soon(head + data)

    def build_response_header(self) -> bytes:
        """The head of the answer; waitress's own for any but the usual ones."""
        if (
            self.version != "1.1"
            or self.content_length is None
            or self.close_on_finish
            or self.request.connection_close
            or not self.has_body
        ):
            return _with_aws_spelling(super().build_response_header())
        lines = [f"HTTP/1.1 {self.status}"]
        given = set()
        for name, value in self.response_headers:
            lines.append(f"{name}: {value}")
            given.add(name.lower())
        if "content-length" not in given:
            lines.append(f"Content-Length: {self.content_length}")
        if "date" not in given:
            lines.append(f"Date: {_date(int(self.start_time))}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    """The value of a Date header, the same for all answers of a second."""
    return str(build_http_date(second))


class RefusalTask(ErrorTask):
    """waitress's own refusals, as JSON with a `__type`."""

    def build_response_header(self) -> bytes:
        """The head of the refusal."""
        return _with_aws_spelling(super().build_response_header())

    def execute(self) -> None:
        """Send the refusal, and close the connection behind it."""
        error = self.request.error
        code = _CODES.get(error.code, "SerializationException")
        request_id = self.channel.server.request_id()
        answer: HttpAnswer | RestAnswer
        if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            most = self.channel.server.max_body_bytes
            if str(self.request.path).startswith(PATHS):
                app = self.channel.server.app
                front = getattr(app, "wsgi_app", app)
                most = min(most, getattr(front, "most_invoked", most))
                answer = too_long(most, request_id)
            else:
                answer = too_large(most, request_id)
        else:
            answer = refused(error.code, code, str(error.body), request_id)
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend(answer.headers)
        self.set_close_on_finish()
        self.content_length = len(answer.body)
        self.write(answer.body)
