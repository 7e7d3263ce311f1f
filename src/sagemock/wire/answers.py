"""Answers as AWS frames them: status, the four headers SageMaker sends, compact JSON."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import ClassVar, Protocol

import orjson

from sagemock.errors import SageMakerError
from sagemock.json_document import JsonList
from sagemock.operation import Members

CONTENT_TYPE = "application/x-amz-json-1.1"
REQUEST_ID = "x-amzn-RequestId"
TOO_LARGE = "The request body is larger than {limit} bytes."


Later = Callable[[Callable[[], None]], None]
"""Takes what need not be done before an answer is sent."""


def at_once(act: Callable[[], None]) -> None:
    """Do it now: who asked does not tell when the answer is sent."""
    act()


class Headers(Protocol):
    """The headers of a request, looked up whatever their case."""

    def get(self, key: str, default: str) -> str:
        """A header's value, or the default."""
        ...


@dataclass(frozen=True)
class HttpAnswer:
    """What goes over the wire, but for Content-Length and Date: the HTTP server adds those."""

    status: int
    body: bytes
    request_id: str
    pieces: ClassVar[None] = None

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers of every answer (wire-protocol 1.2)."""
        return [(REQUEST_ID, self.request_id), ("Content-Type", CONTENT_TYPE)]


def success(answer: Members | None, request_id: str) -> HttpAnswer:
    """200 with the answer; an operation without output answers with no bytes at all."""
    body = b"" if answer is None else compact(answer)
    return HttpAnswer(status=200, body=body, request_id=request_id)


def failure(error: SageMakerError, request_id: str, message_member: str = "message") -> HttpAnswer:
    """An error with its `__type`; the message is left out where there is none."""
    return refused(error.status, error.code, error.message, request_id, message_member)


def refused(
    status: int, code: str, message: str | None, request_id: str, message_member: str = "message"
) -> HttpAnswer:
    """An error of this status and code."""
    body: Members = {"__type": code}
    if message is not None:
        body[message_member] = message
    return HttpAnswer(status=status, body=compact(body), request_id=request_id)


def too_large(limit: int, request_id: str) -> HttpAnswer:
    """The refusal of a body beyond the limit, in bytes."""
    message = TOO_LARGE.format(limit=limit)
    return refused(413, "RequestEntityTooLargeException", message, request_id)


@lru_cache
def status_line(status: int) -> str:
    """A status with its phrase; a fault may have one that has none, as 530."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Unknown"


def compact(members: Members) -> bytes:
    """JSON without a blank that need not be there (W7)."""
    ready = {name: value for name, value in members.items() if type(value) is JsonList}
    if not ready:
        return orjson.dumps(members)
    parts = (
        orjson.dumps(name)
        + b":"
        + (ready[name].text.encode() if name in ready else orjson.dumps(value))
        for name, value in members.items()
    )
    return b"{" + b",".join(parts) + b"}"
