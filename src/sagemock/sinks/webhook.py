"""Events by HTTP: each is posted to a URL, signed where there is a secret.

Redirects are not followed, and no proxy of the environment is used: where an event goes is what
the rules file says and the guard lets through.
"""

import hashlib
import hmac
import http.client
import io
import selectors
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from sagemock.eventing import Event, NotDeliveredError
from sagemock.sinks.address import AddressGuard
from sagemock.sinks.webhook_url import WebhookUrl, checked_headers

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["AddressGuard", "WebhookSink"]

_MOST_ANSWER_BYTES = 64 * 1024
_SHOWN_CHARACTERS = 200

# Those of EventBridge's API destinations (AWS's user guide, "API destinations"), and, our choice,
# the two of HTTP that say by their definition that the same request may be repeated.
_AGAIN = frozenset(
    (
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
    )
)


class WebhookSink:
    """Posts each event to a URL, over a connection that is kept.

    `headers` are sent besides those of its own. With a secret the body is signed as GitHub signs
    its webhooks: HMAC-SHA256 of its bytes, in hexadecimal. `timeout_s` is for a whole exchange,
    from finding the host to the end of the answer.
    Errors: ValueError, a URL, header, secret or time that cannot be; a sentence says why.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: str | None = None,
        headers: Mapping[str, str],
        timeout_s: float = 5.0,
        guard: AddressGuard,
    ) -> None:
        self._url = WebhookUrl.parse(url)
        if secret == "":
            raise ValueError("An empty secret signs nothing: give the webhook one, or none.")
        if not 0 < timeout_s < float("inf"):
            raise ValueError(f"The time-out of a webhook is a number of seconds, not {timeout_s}.")
        self._secret = None if secret is None else secret.encode()
        self._headers = {
            **checked_headers(headers),
            "Content-Type": "application/json",
            "User-Agent": "sagemock",
        }
        self._timeout_s = timeout_s
        self._connection = _Connection(self._url, guard)

    def send(self, event: Event, body: str) -> None:
        """Post an event; any status of 2xx takes it.

        What has such a status is taken even if the rest of the answer breaks off.
        Errors: NotDeliveredError.
        """
        # Half of a character pair has no UTF-8, but the same escape in Python and in JSON.
        content = body.encode("utf-8", "backslashreplace")
        try:
            status, told = self._exchanged(content, self._headers_of(event, content))
        except TimeoutError as error:
            message = f"{self._subject()} did not answer within {self._timeout_s:g} s."
            raise NotDeliveredError(message) from error
        except (OSError, http.client.HTTPException) as error:
            message = f"{self._subject()} {_failure(error)}"
            raise NotDeliveredError(message) from error
        self._judge(status, told)

    def flush(self) -> None:
        """Nothing is waited for: what was answered is the receiver's to keep."""

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _headers_of(self, event: Event, content: bytes) -> dict[str, str]:
        headers = {
            **self._headers,
            "X-Sagemock-Event-Id": str(event.envelope["id"]),
            "X-Sagemock-Event-Type": str(event.envelope["detail-type"]),
        }
        if self._secret is not None:
            signature = hmac.new(self._secret, content, hashlib.sha256).hexdigest()
            headers["X-Sagemock-Signature"] = f"sha256={signature}"
            headers["X-Hub-Signature-256"] = f"sha256={signature}"
        return headers

    def _exchanged(self, content: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """The status of the answer, and what it says in a line."""
        connection = self._connection
        connection.allow(self._timeout_s)
        try:
            is_kept = connection.is_kept()
            try:
                return self._asked(content, headers)
            except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                if not is_kept or connection.has_answered:
                    raise
            # It was closed while it was idle, so nobody has seen this request.
            connection.close()
            return self._asked(content, headers)
        except BaseException:
            connection.close()
            raise

    def _asked(self, content: bytes, headers: dict[str, str]) -> tuple[int, str]:
        connection = self._connection
        connection.has_answered = False
        connection.request("POST", self._url.target, body=content, headers=headers)
        with connection.getresponse() as response:
            told = b""
            with suppress(OSError, http.client.HTTPException):
                # One more than is allowed tells whether there is more.
                told = response.read(_MOST_ANSWER_BYTES + 1)
            if not response.isclosed() or response.status < HTTPStatus.OK:
                # What is left would be read as the answer to the next event.
                connection.close()
            location = response.getheader("Location")
        if location and 300 <= response.status < 400:  # noqa: PLR2004 - HTTP's
            return response.status, _line(location)
        return response.status, _line(told.decode("utf-8", "replace"))

    def _judge(self, status: int, told: str) -> None:
        """Errors: NotDeliveredError, unless the status takes the event."""
        kind = status // 100
        if kind == 2:  # noqa: PLR2004 - HTTP's
            return
        answered = f"{self._subject()} answered with {status}"
        if kind == 3:  # noqa: PLR2004 - HTTP's
            message = (
                f"{answered}, a redirect to {told or 'nowhere'}. Redirects are not followed: name "
                "the address where events are taken as the webhook's URL."
            )
            raise NotDeliveredError(message, again=False)
        message = f"{answered}: {told}" if told else f"{answered}."
        raise NotDeliveredError(message, again=kind == 5 or status in _AGAIN)  # noqa: PLR2004

    def _subject(self) -> str:
        return f"The webhook at {self._url.origin}"


class _Connection(http.client.HTTPConnection):
    """A connection to an address that the guard let through, each exchange in a time of its own.

    It is opened by the first request, and anew by a request after it was closed.
    """

    def __init__(self, url: WebhookUrl, guard: AddressGuard) -> None:
        super().__init__(url.host, url.port)
        self.default_port = url.default_port
        self.has_answered = False
        self._guard = guard
        self._tls = ssl.create_default_context() if url.is_tls else None
        self._ends = 0.0

    def allow(self, timeout_s: float) -> None:
        """Begin an exchange, with this time for all of it."""
        self._ends = time.monotonic() + timeout_s

    def left_s(self) -> float:
        """What is left of the time of this exchange. Errors: TimeoutError, nothing is."""
        left_s = self._ends - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return left_s

    def is_kept(self) -> bool:
        """Whether it is still open from an exchange before. What has broken since is closed."""
        if self.sock is None:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self.sock, selectors.EVENT_READ)
            # Nothing is to come between exchanges but an end, or what nobody has asked for.
            if selector.select(0):
                self.close()
        return self.sock is not None

    def connect(self) -> None:
        """Open it. Errors: NotDeliveredError, OSError."""
        connection = self._guard.connect(self.host, self.port, self.left_s())
        try:
            connection.settimeout(self.left_s())
            if self._tls:
                # No certificate has the dot that may end a name.
                name = self.host.removesuffix(".")
                connection = self._tls.wrap_socket(connection, server_hostname=name)
        except BaseException:
            connection.close()
            raise
        self.sock = _Socket(connection, self)


class _Socket:
    """As much of a socket as http.client uses; it waits no longer than an exchange has left."""

    def __init__(self, connection: socket.socket, exchange: _Connection) -> None:
        self._socket = connection
        self._exchange = exchange

    def fileno(self) -> int:
        return self._socket.fileno()

    def sendall(self, content: bytes) -> None:
        left = memoryview(content)
        while left:
            self._socket.settimeout(self._exchange.left_s())
            left = left[self._socket.send(left) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        assert mode == "rb"  # noqa: S101 - http.client asks for no other
        return io.BufferedReader(_Reader(self._socket, self._exchange))

    def close(self) -> None:
        self._socket.close()


class _Reader(io.RawIOBase):
    """What comes from a socket. The socket stays open until this is closed, too."""

    def __init__(self, connection: socket.socket, exchange: _Connection) -> None:
        super().__init__()
        self._socket = connection
        self._file = connection.makefile("rb", buffering=0)
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        self._socket.settimeout(self._exchange.left_s())
        length = self._file.readinto(buffer)
        if length:
            self._exchange.has_answered = True
        return length

    def close(self) -> None:
        self._file.close()
        super().close()


def _failure(error: Exception) -> str:
    """What went wrong in an exchange, as the end of a sentence."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that does not hold: {error.verify_message}."
    if isinstance(error, http.client.RemoteDisconnected):
        return "closed the connection without an answer."
    if isinstance(error, http.client.HTTPException):
        return "answered with what is not HTTP."
    return f"cannot be reached: {getattr(error, 'strerror', None) or error}."


def _line(text: str) -> str:
    """The beginning of a text, in a line of printable characters."""
    shown = "".join(each if each.isprintable() else " " for each in text[: 4 * _SHOWN_CHARACTERS])
    return " ".join(shown.split())[:_SHOWN_CHARACTERS]
