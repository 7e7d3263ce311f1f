"""The control plane: awsJson 1.1, `POST /` with X-Amz-Target. One request in, one answer out.

Knows no framework. The order of its checks is that of wire-protocol 2.1: a body that is no JSON
comes before an unknown target, and both before anything about types.
"""

import logging
import time
from typing import TYPE_CHECKING

from sagemock.errors import (
    InternalFailure,
    SageMakerError,
    SerializationException,
    UnknownOperationException,
    ValidationException,
)
from sagemock.journal import Noted, word
from sagemock.operation import Caller
from sagemock.own_calls import OWN_CALL
from sagemock.ports import Ids
from sagemock.service import Service
from sagemock.settings import Settings
from sagemock.time_text import NoTimeError, epoch_ms
from sagemock.wire.answers import Headers, HttpAnswer, Later, at_once, failure, success
from sagemock.wire.caller import Callers
from sagemock.wire.json_body import parsed

if TYPE_CHECKING:
    from sagemock.wire.faulty import CutAnswer

AS_OF = "x-sagemock-as-of"
"""The header of a Describe that asks what was at a time."""

SERVICE = "sagemaker"
NO_OPERATION = "-"
_NOT_ASKED = "\n"  # no header's value

UNREADABLE_ENCODING = "Content-Encoding {encoding} is not supported; send the body as it is."

_log = logging.getLogger("sagemock.calls")


class AwsJson:
    """Answers the calls of one service."""

    def __init__(self, service: Service, settings: Settings, ids: Ids) -> None:
        self._service = service
        self._max_json_depth = settings.max_json_depth
        self._callers = Callers(settings)
        self._ids = ids

    def answer(
        self, headers: Headers, body: bytes, later: Later = at_once
    ) -> "HttpAnswer | CutAnswer":
        """The answer to one POST on `/`."""
        started = time.monotonic()
        request_id = self._ids.request_id()
        caller = self._callers.caller(headers.get("Authorization", ""))
        operation = self._operation_name(headers.get("X-Amz-Target", ""))
        faults, faulty = self._service.faults, None
        is_own = bool(headers.get(OWN_CALL, ""))
        try:
            if faults.rules and not is_own:
                from sagemock.wire.faulty import Faulty, members  # noqa: PLC0415 - few have rules

                request = members(body, self._max_json_depth)
                faulty = Faulty(faults, operation, caller, request)
                faulty.begin()
            answer = self._invoke(operation, headers, body, caller, request_id)
            outcome, http = "200", success(answer, request_id)
        except SageMakerError as error:
            member = self._service.model.message_member(error.code)
            outcome, http = error.code, failure(error, request_id, member)
        except Exception:  # noqa: BLE001 - the border: what is left is a fault of ours
            _log.exception("%s %s failed", request_id, operation)
            http = failure(InternalFailure(""), request_id)
            outcome = "InternalFailure"
        elapsed_ms = (time.monotonic() - started) * 1000
        later(
            lambda: _log.info(
                "%s %s %s %s %s %.1f ms",
                *(request_id, operation or "-", caller.account, caller.region, outcome, elapsed_ms),
            )
        )
        if is_own:
            return http
        code = None if outcome == "200" else outcome
        service, asked, target = (SERVICE, operation, "") if operation else self.asked(headers)
        self._service.journal.note(
            Noted(
                *(
                    self._service.clock.seen_at(time.time()),
                    elapsed_ms,
                    request_id,
                    caller,
                    service,
                    asked,
                ),
                *(http.status, code, body, http.body, target),
                as_of=word(headers.get(AS_OF, "")),
            )
        )
        return http if faulty is None else faulty.ended(http)

    def _invoke(
        self, operation: str, headers: Headers, body: bytes, caller: Caller, request_id: str
    ) -> dict[str, object] | None:
        encoding = headers.get("Content-Encoding", "identity")
        if encoding.lower() != "identity":
            raise SerializationException(UNREADABLE_ENCODING.format(encoding=encoding))
        request = parsed(body, self._max_json_depth)
        if not operation:
            raise UnknownOperationException
        as_of = headers.get(AS_OF, _NOT_ASKED)
        if as_of == _NOT_ASKED:
            return self._service.invoke(operation, request, caller, request_id)
        try:
            at_ms = epoch_ms(as_of)
        except NoTimeError as error:
            raise ValidationException(f"{AS_OF}: {error}") from error
        return self._service.invoke(operation, request, caller, request_id, as_of_ms=at_ms)

    def asked(self, headers: Headers) -> tuple[str, str, str]:
        """Service, operation and target of a request for the journal; an operation has no target.

        Where there is no such operation, that is told as it was asked for, without a service.
        """
        target = word(headers.get("X-Amz-Target", ""))
        operation = self._operation_name(target)
        if operation:
            return SERVICE, operation, ""
        name = target.removeprefix(f"{self._service.model.target_prefix}.")
        return "", name or NO_OPERATION, target

    def _operation_name(self, target: str) -> str:
        """The operation a target names, for a log too: empty where it names none that is known."""
        prefix, _, name = target.partition(".")
        if prefix != self._service.model.target_prefix:
            return ""
        return name if self._service.model.operation(name) else ""
