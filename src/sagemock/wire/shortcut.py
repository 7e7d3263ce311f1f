"""A WSGI shortcut: what AWS's protocols ask goes straight there, everything else to Flask.

Flask's routing costs more than most calls, and its import as much as the rest of a start. The
route behind it stays, for requests whose length is not told; both end in the same function.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sagemock.wire import answers
from sagemock.wire.answers import HttpAnswer, Later, refused, status_line
from sagemock.wire.front import Front
from sagemock.wire.rest_json import PATHS, RestAnswer

if TYPE_CHECKING:
    from sagemock.wire.faulty import CutAnswer
    from sagemock.wire.http_request import HttpRequest

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


class _Headers:
    """Headers of a request, by their names in HTTP.

    `names` has what they are called where they are kept, and `called` tells it of another one; only
    headers that we ask for ourselves come to stand there.
    """

    __slots__ = ("_called", "_kept", "_names")

    def __init__(
        self, kept: Mapping[str, Any], names: dict[str, str], called: Callable[[str], str]
    ) -> None:
        self._kept = kept
        self._names = names
        self._called = called

    def get(self, key: str, default: str) -> str:
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = self._called(key)
        value: str = self._kept.get(name, default)
        return value


def _in_environment(header: str) -> str:
    """What a WSGI environment calls a header."""
    name = _in_request(header)
    return name if name == "CONTENT_TYPE" else f"HTTP_{name}"


def _in_request(header: str) -> str:
    """What our HTTP server calls a header."""
    return header.upper().replace("-", "_")


class Shortcut:
    """A WSGI app around another, which is made when it is first needed."""

    def __init__(self, make_app: Callable[[], WsgiApp], front: Front) -> None:
        self._make_app = make_app
        self._app: WsgiApp | None = None
        self._making = threading.Lock()
        self._front = front
        self._names: dict[str, str] = {}
        self._names_of_request: dict[str, str] = {}

    @property
    def most_invoked(self) -> int:
        """How long the body of an invocation may be."""
        return self._front.rest_json.most_bytes

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The answer to one request."""
        answer = self._answer(
            (environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")),
            environ.get("CONTENT_LENGTH") or "",
            _Headers(environ, self._names, _in_environment),
            environ["wsgi.input"].read,
            answers.at_once,
        )
        if answer is None:
            return self._whole_app()(environ, start_response)
        status = status_line(answer.status)
        if answer.pieces is not None:
            start_response(status, answer.headers)
            return answer.pieces
        start_response(status, [*answer.headers, ("Content-Length", str(len(answer.body)))])
        return [answer.body]

    def at_once(
        self, request: "HttpRequest", later: Later
    ) -> "HttpAnswer | RestAnswer | CutAnswer | None":
        """The answer to a request of our HTTP server; None where the WSGI app has to be called."""
        sent: dict[str, str] = request.headers
        return self._answer(
            (request.command, request.path or "/"),
            sent.get("CONTENT_LENGTH", ""),
            _Headers(sent, self._names_of_request, _in_request),
            lambda _: request.body(),
            later,
        )

    def _answer(
        self,
        asked: tuple[str, str],
        length: str,
        headers: _Headers,
        read: Callable[[int], bytes],
        later: Later,
    ) -> "HttpAnswer | RestAnswer | CutAnswer | None":
        """The answer to what AWS's protocols ask, by method and path; None for all else."""
        method, path = asked
        if (
            method != "POST"
            or (path != "/" and not path.startswith(PATHS))
            or not (length.isascii() and length.isdecimal())
            or int(length) > self._front.max_body_bytes
            or self._front.guard.refusal("POST", headers) is not None
        ):
            return None
        body = read(int(length))
        if len(body) < int(length):
            # Cut short.
            request_id = self._front.ids.request_id()
            answer = refused(400, "SerializationException", None, request_id)
            self._front.note_refused(asked, headers, answer, "SerializationException", request_id)
            return answer
        if path == "/":
            return self._front.aws_json.answer(headers, body, later)
        return self._front.rest_json.answer(path, headers, body, later)

    def _whole_app(self) -> WsgiApp:
        if self._app is None:
            with self._making:
                self._app = self._app or self._make_app()
        return self._app
