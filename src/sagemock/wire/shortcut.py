"""A WSGI shortcut: what AWS's protocols ask goes straight there, everything else to Flask.

Flask's routing costs more than most calls, and its import as much as the rest of a start. The
route behind it stays, for requests whose length is not told; both end in the same function.
"""

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from sagemock.wire.answers import HttpAnswer, refused, status_line
from sagemock.wire.front import Front
from sagemock.wire.rest_json import PATHS, RestAnswer

if TYPE_CHECKING:
    from sagemock.wire.faulty import CutAnswer

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


class _Headers:
    """The headers of a WSGI environment, by their names in HTTP."""

    def __init__(self, environ: Environ, names: dict[str, str]) -> None:
        self._environ = environ
        self._names = names

    def get(self, key: str, default: str) -> str:
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = _in_environment(key)
        value: str = self._environ.get(name, default)
        return value


def _in_environment(header: str) -> str:
    """What a WSGI environment calls a header."""
    name = header.upper().replace("-", "_")
    return name if name == "CONTENT_TYPE" else f"HTTP_{name}"


class Shortcut:
    """A WSGI app around another, which is made when it is first needed."""

    def __init__(self, make_app: Callable[[], WsgiApp], front: Front) -> None:
        self._make_app = make_app
        self._app: WsgiApp | None = None
        self._making = threading.Lock()
        self._front = front
        # Only headers that we ask for ourselves come to stand here.
        self._names: dict[str, str] = {}

    @property
    def most_invoked(self) -> int:
        """How long the body of an invocation may be."""
        return self._front.rest_json.most_bytes

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The answer to one request."""
        headers = _Headers(environ, self._names)
        length = environ.get("CONTENT_LENGTH") or ""
        path: str = environ.get("PATH_INFO", "")
        if (
            environ["REQUEST_METHOD"] != "POST"
            or (path != "/" and not path.startswith(PATHS))
            or not (length.isascii() and length.isdecimal())
            or int(length) > self._front.max_body_bytes
            or self._front.guard.refusal("POST", headers) is not None
        ):
            return self._whole_app()(environ, start_response)
        body: bytes = environ["wsgi.input"].read(int(length))
        if len(body) < int(length):
            # Cut short.
            answer: HttpAnswer | RestAnswer | CutAnswer
            request_id = self._front.ids.request_id()
            answer = refused(400, "SerializationException", None, request_id)
            asked = ("POST", path)
            self._front.note_refused(asked, headers, answer, "SerializationException", request_id)
        elif path == "/":
            answer = self._front.aws_json.answer(headers, body)
        else:
            answer = self._front.rest_json.answer(path, headers, body)
        status = status_line(answer.status)
        if answer.pieces is not None:
            start_response(status, answer.headers)
            return answer.pieces
        start_response(status, [*answer.headers, ("Content-Length", str(len(answer.body)))])
        return [answer.body]

    def _whole_app(self) -> WsgiApp:
        if self._app is None:
            with self._making:
                self._app = self._app or self._make_app()
        return self._app
