"""How a fault comes out of the wire: late, as an error of AWS's, or as a connection that is cut.

One `Faulty` is one call of either protocol. What becomes of which call is chosen by `faults`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from sagemock.errors import SageMakerError, SerializationException
from sagemock.fault_rules import Asked, Fault, Refusal
from sagemock.faults import Faults
from sagemock.operation import Caller
from sagemock.pieces import Pieces, let_go
from sagemock.wire.json_body import parsed


class ConnectionCutError(ConnectionError):
    """Raised where the next byte would be sent: the server closes the connection and says nothing.

    An OSError, for that is what servers take for a client that has gone.
    """


class ConnectionCut(SageMakerError):  # noqa: N818 - named as errors that clients see are
    """The call is not run, for nobody could be told; only the log shows this code."""


class Answered(Protocol):
    """An answer of either protocol."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers, without a length."""
        ...

    @property
    def body(self) -> bytes:
        """The body, where it is whole."""
        ...

    @property
    def pieces(self) -> Iterator[bytes] | None:
        """The body, where it is a stream."""
        ...


@dataclass(frozen=True)
class CutAnswer:
    """An answer of which `pieces` are sent, and then the connection is closed.

    `body` is what would have been sent.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    pieces: Iterator[bytes]


Answer = TypeVar("Answer", bound=Answered)


class Faulty:
    """What becomes of one call where a rule applies to it; `request` has its members."""

    def __init__(
        self, faults: Faults, operation: str, caller: Caller, request: Mapping[str, Any]
    ) -> None:
        self._faults = faults
        self._asked = Asked(operation, caller.account, caller.region, caller.principal, request)
        self._fault: Fault | None = faults.choose(self._asked)

    def begin(self) -> None:
        """Wait as long as the call is to wait; before it is run, and holding nothing.

        Errors: SageMakerError, the call is to be refused and must not be run.
        """
        fault = self._fault
        if fault is None:
            return
        if fault.latency_s:
            self._faults.wait(fault.latency_s)
        if fault.refusal is not None:
            raise _error(fault.refusal)
        if fault.cut == "before":
            raise ConnectionCut
        if fault.status is not None:
            self._faults.await_status(self._asked, fault)

    def ended(self, answer: Answer) -> Answer | CutAnswer:
        """What is sent of an answer."""
        fault = self._fault
        if fault is None:
            return answer
        if fault.status is not None and answer.status != HTTPStatus.OK:
            self._faults.withdraw_status(self._asked, fault)
        if fault.cut is None:
            return answer
        if fault.cut == "midway":
            return _half(answer)
        if answer.pieces is not None:
            let_go(answer.pieces)
        return CutAnswer(answer.status, answer.headers, answer.body, _nothing())


def members(body: bytes, max_depth: int) -> Mapping[str, Any]:
    """The members of a body, for rules to look at; none where it cannot be read."""
    try:
        request = parsed(body, max_depth)
    except SerializationException:
        return {}
    return request if isinstance(request, dict) else {}


def _error(refusal: Refusal) -> SageMakerError:
    """The error of a refusal; its class is named after the code, as all of AWS's are."""
    made: type[SageMakerError] = type(refusal.code, (SageMakerError,), {"status": refusal.status})
    return made(refusal.message)


def _half(answer: Answered) -> CutAnswer:
    """An answer cut in the middle of its body; one without a body is cut before its first byte."""
    if answer.pieces is not None:
        pieces = answer.pieces
        sent: Iterator[bytes] = Pieces(_most(pieces), lambda: let_go(pieces))
        return CutAnswer(answer.status, answer.headers, b"", sent)
    # Without a body a client could not see that anything is missing.
    if not answer.body:
        return CutAnswer(answer.status, answer.headers, b"", _nothing())
    headers = [*answer.headers, ("Content-Length", str(len(answer.body)))]
    return CutAnswer(answer.status, headers, answer.body, _most(iter((answer.body,))))


def _nothing() -> Iterator[bytes]:
    """No byte, not even of the head: servers send it with the first piece."""
    raise ConnectionCutError
    yield b""


def _most(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces up to the middle of the last one; then the connection is cut."""
    last = b""
    for piece in pieces:
        if last:
            yield last
        last = piece
    if last[: len(last) // 2]:
        yield last[: len(last) // 2]
    raise ConnectionCutError
