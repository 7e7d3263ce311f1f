"""The data plane: SageMaker Runtime's REST-JSON, by path on the same port.

One request in, one answer out; a stream goes out as event-stream frames. Knows no framework. Which
header carries which member, and which path is which operation, is read from the service model.
"""

import logging
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from sagemock.errors import (
    InternalFailure,
    ModelError,
    ModelStreamError,
    SageMakerError,
    ServiceUnavailable,
    UnknownOperationException,
)
from sagemock.hosting import Invocation
from sagemock.journal import Noted, Streamed, word
from sagemock.operation import Caller, Members, Operation
from sagemock.pieces import Pieces
from sagemock.ports import Ids
from sagemock.runtime import SERVED, STREAM, Invoked
from sagemock.service import NOT_SERVED, Service
from sagemock.settings import Settings
from sagemock.wire.answers import REQUEST_ID, Headers, Later, at_once, compact
from sagemock.wire.caller import Callers
from sagemock.wire.event_stream import exception_frame, part_frame

if TYPE_CHECKING:
    from sagemock.wire.faulty import CutAnswer

PATHS = "/endpoints/"
"""How the paths of the data plane begin."""

SERVICE = "sagemaker-runtime"

TOO_MANY = "{most} invocations are under way; wait for some of them to be answered."
MOST_AT_ONCE = 80

TOO_LONG = "HTTP content length exceeded {most} bytes."

_JSON = "application/json"
_EVENT_STREAM = "application/vnd.amazon.eventstream"
_ERROR_TYPE = "x-amzn-ErrorType"
_TO_CONTAINER = ("CustomAttributes", "TargetModel", "InferenceId", "SessionId")
_MOST_PATHS = 1000
_LONGEST_PATH = 256
_IN_PATH = re.compile(r"\{(\w+)\}")

_log = logging.getLogger("sagemock.calls")


class RestAnswer(NamedTuple):
    """What goes over the wire, but for Date. `pieces` is a stream; a whole body has a length."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    pieces: Iterator[bytes] | None = None
    streamed: Streamed | None = None


@dataclass(frozen=True)
class _Route:
    operation: Operation
    path: re.Pattern[str]
    headers: Mapping[str, str]
    shown: Mapping[str, str]

    def answer_headers(self, invoked: Invoked, request_id: str) -> list[tuple[str, str]]:
        """What a container said beside the body, in the headers that carry it."""
        values = (
            ("ContentType", invoked.content_type),
            ("InvokedProductionVariant", invoked.variant),
            ("CustomAttributes", invoked.custom_attributes),
        )
        said = [(self.shown[member], _printable(value)) for member, value in values if value]
        return [(REQUEST_ID, request_id), *said]


class RestJson:
    """Answers the invocations of one service."""

    def __init__(self, service: Service, settings: Settings, ids: Ids) -> None:
        self._service = service
        self._callers = Callers(settings)
        self._ids = ids
        # Some threads are left for other calls while models take their time. Taken from and put
        # back without a lock, for a list does each in one step.
        self._free = [None] * MOST_AT_ONCE
        self._lately: dict[str, tuple[_Route, str]] = {}

    @property
    def most_bytes(self) -> int:
        """How long the body of an invocation may be."""
        return self._service.runtime.most_bytes

    def answer(
        self, path: str, headers: Headers, body: bytes, later: Later = at_once
    ) -> "RestAnswer | CutAnswer":
        """The answer to one POST below `/endpoints/`."""
        started = time.monotonic()
        request_id = self._ids.request_id()
        caller = self._callers.caller(headers.get("Authorization", ""))
        outcome, operation = "200", "-"
        route, request = None, None
        faults, faulty = self._service.faults, None
        try:
            route, name = self._route(path)
            operation = route.operation.name
            request = _members(route, name, headers)
            if faults.rules:
                from sagemock.wire.faulty import Faulty  # noqa: PLC0415 - few have rules

                faulty = Faulty(faults, operation, caller, request)
                faulty.begin()
            answer = self._one_of_few(route, request, body, caller, request_id)
        except SageMakerError as error:
            outcome, answer = error.code, failure(error, request_id)
        except Exception:  # noqa: BLE001 - the border: what is left is a fault of ours
            _log.exception("%s %s failed", request_id, operation)
            outcome, answer = "InternalFailure", failure(InternalFailure(""), request_id)
        if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            outcome = str(answer.status)
        elapsed_ms = (time.monotonic() - started) * 1000
        later(
            lambda: _log.info(
                "%s %s %s %s %s %.1f ms",
                *(request_id, operation, caller.account, caller.region, outcome, elapsed_ms),
            )
        )
        code = None if outcome.isdecimal() else outcome
        self._service.journal.note(
            Noted(
                *(self._service.clock.seen_at(time.time()), elapsed_ms, request_id, caller),
                *(SERVICE if route else "", operation if route else word(f"POST {path}")),
                status=answer.status,
                error=code,
                request=body,
                answer=answer.streamed or answer.body,
                path=word(path),
                sent=request,
                told=answer.headers if route else (),
                shown=route.shown if route else None,
                carried=route.headers if route else None,
            )
        )
        return answer if faulty is None else faulty.ended(answer)

    def _invoke(
        self,
        route: _Route,
        request: Members,
        body: bytes,
        caller: Caller,
        request_id: str,
    ) -> RestAnswer:
        runtime = self._service.runtime
        operation = route.operation
        if operation.name not in SERVED:
            raise UnknownOperationException(NOT_SERVED.format(operation=operation.name))
        if len(body) > runtime.most_bytes:
            return too_long(runtime.most_bytes, request_id)
        invocation = _invocation(route, request, body)
        self._service.glance()
        if operation.name == STREAM:
            invoked, pieces = runtime.stream(operation, request, invocation, caller)
            sent = [*route.answer_headers(invoked, request_id), ("Content-Type", _EVENT_STREAM)]
            streamed = Streamed()
            return RestAnswer(200, sent, pieces=_frames(pieces, streamed), streamed=streamed)
        invoked, answered = runtime.invoke(operation, request, invocation, caller)
        return RestAnswer(200, route.answer_headers(invoked, request_id), answered)

    def _one_of_few(
        self, route: _Route, request: Members, body: bytes, caller: Caller, request_id: str
    ) -> RestAnswer:
        """The answer of one of the invocations that there may be at once, a stream to its end."""
        try:
            place = self._free.pop()
        except IndexError:
            raise ServiceUnavailable(TOO_MANY.format(most=MOST_AT_ONCE)) from None
        streams = False
        try:
            answer = self._invoke(route, request, body, caller, request_id)
            if answer.pieces is None:
                return answer
            streams = True
            pieces = Pieces(answer.pieces, lambda: self._free.append(place))
            return answer._replace(pieces=pieces)
        finally:
            if not streams:
                self._free.append(place)

    def _route(self, path: str) -> tuple[_Route, str]:
        known = self._lately.get(path)
        if known is not None:
            return known
        for route in self._routes:
            match = route.path.fullmatch(path)
            if match is not None:
                if len(self._lately) >= _MOST_PATHS:
                    self._lately.clear()
                if len(path) <= _LONGEST_PATH:
                    self._lately[path] = route, match[1]
                return route, match[1]
        raise UnknownOperationException

    @cached_property
    def _routes(self) -> list[_Route]:
        model = self._service.runtime.model
        routes = []
        for name in model.operation_names():
            operation = model.operation(name)
            if operation is None or operation.input is None:
                continue
            pattern = _IN_PATH.sub("([^/]*)", model.request_uri(name))
            routes.append(
                _Route(
                    operation,
                    re.compile(pattern),
                    _in_headers(model.shapes, operation.input),
                    _in_headers(model.shapes, str(operation.output)),
                )
            )
        return routes


def _printable(value: str) -> str:
    """A header's value; where names are merely warned about, one may hold anything."""
    if value.isascii() and value.isprintable():
        return value
    return "".join(each if " " <= each <= "~" else "?" for each in value)


def _in_headers(shapes: Mapping[str, Mapping[str, Any]], shape: str) -> dict[str, str]:
    """The members of a shape that travel in headers, each with its header."""
    return {
        member: facts["locationName"]
        for member, facts in shapes[shape]["members"].items()
        if facts.get("location") == "header"
    }


def _members(route: _Route, name: str, headers: Headers) -> Members:
    request: Members = {"EndpointName": name}
    for member, header in route.headers.items():
        value = headers.get(header, "")
        if value:
            request[member] = value
    return request


def _invocation(route: _Route, request: Members, body: bytes) -> Invocation:
    passed_on = {
        route.headers[member]: request[member] for member in _TO_CONTAINER if member in request
    }
    return Invocation(
        body=body,
        content_type=request.get("ContentType"),
        accept=request.get("Accept"),
        headers=passed_on,
        target_container=request.get("TargetContainerHostname"),
    )


def _frames(pieces: Iterator[bytes], streamed: Streamed) -> Iterator[bytes]:
    """The frames of a stream; what breaks it off is the last one."""
    try:
        for piece in pieces:
            if piece:
                streamed.add(piece)
                yield part_frame(piece)
    except ModelStreamError as error:
        streamed.broken_by = error.message
        yield exception_frame(error.code, {"Message": error.message, **error.details})


def failure(error: SageMakerError, request_id: str) -> RestAnswer:
    """An error: its code in a header, and `Message` with a capital."""
    details = error.details if isinstance(error, ModelError) else {}
    members: Members = {**details}
    if error.message is not None:
        members["Message"] = error.message
    status = HTTPStatus.NOT_FOUND if isinstance(error, UnknownOperationException) else error.status
    headers = [(REQUEST_ID, request_id), (_ERROR_TYPE, error.code), ("Content-Type", _JSON)]
    return RestAnswer(status, headers, compact(members))


def too_long(most: int, request_id: str) -> RestAnswer:
    """The refusal of a body beyond the limit, which has no code (wire-protocol 2.2)."""
    headers = [(REQUEST_ID, request_id), ("Content-Type", _JSON)]
    return RestAnswer(413, headers, compact({"Message": TOO_LONG.format(most=most)}))
