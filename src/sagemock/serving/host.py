"""What stands behind one container, as whoever runs fleets sees it."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sagemock.hosting import Answer, Invocation
from sagemock.serving.choice import Chosen

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,149}")


class HostFailed(Exception):  # noqa: N818 - a fact about a container, told as such
    """A container cannot be hosted; the message is part of a FailureReason."""


class Whole:
    """The chunks of an answer that has been read to its end: one of them, its body."""

    __slots__ = ("_body",)

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        body, self._body = self._body, None
        if body is None:
            raise StopIteration
        return body


class Host(Protocol):
    """What stands behind one container, from its start to its stop."""

    backend: str
    why: str
    """Why nothing real runs behind it; nothing where something does, or nobody wants it to."""

    def start(self) -> None:
        """Start it and return when it answers. Errors: HostFailed."""
        ...

    def invoke(self, invocation: Invocation) -> Answer:
        """What it answers. Errors: NoAnswerError."""
        ...

    def log_tail(self) -> str:
        """The last lines of what it wrote."""
        ...

    def stop(self) -> None:
        """Stop it, and leave nothing behind."""
        ...


class NotRunnable(Exception):  # noqa: N818 - a fact about a container, told as such
    """There is nothing of this container to run; the message says why, in sentences."""


@dataclass(frozen=True)
class ProcessSettings:
    """How workers are run, if they are: by which interpreter, in what environment."""

    python: str
    interpreters: Sequence[Chosen]
    environment: Mapping[str, str]
    allowed: bool


def folder_name(name: str) -> str:
    """A name as that of a folder: where names are merely warned about, one may be a way out."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    return f"_{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:32]}"
