"""SageMaker Runtime without a socket: what one invocation goes through.

Constraints, the endpoint, the variant, its containers, and what a caller is told. Nothing is
written: an invocation is a read of the store and a call to a fleet.
"""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from sagemock.api.service_model import ServiceModel
from sagemock.api.validation import Validator
from sagemock.errors import ModelStreamError, ServiceUnavailable, ValidationError
from sagemock.hosting import Answer, Invocation, NoAnswerError, NotRunningError, Serving
from sagemock.operation import Caller, Members, Operation
from sagemock.pieces import let_go
from sagemock.ports import StorageFailed, Store
from sagemock.resources.invocation import (
    TIMED_OUT,
    check_target,
    live_endpoint,
    model_error,
    weights,
)
from sagemock.routing import Routing
from sagemock.storage import UNAVAILABLE

INVOKE, STREAM = "InvokeEndpoint", "InvokeEndpointWithResponseStream"
SERVED = (INVOKE, STREAM)
"""The operations of SageMaker Runtime that are served."""

TOO_LONG = "The model's answer is longer than {most} bytes."

_SUCCESSES = range(200, 300)
_MOST_COPIES = 8
"""As many calls to shadow variants at once; what comes beside them is not copied."""
_MOST_READ = 1000
_MOST_KEPT = 1024
"""As many characters are remembered of the members of a request."""
_PATIENCE_S = 5.0

_log = logging.getLogger("sagemock.runtime")


class Invoked(NamedTuple):
    """Which variant answered, and what its container said beside the body."""

    variant: str
    content_type: str | None
    custom_attributes: str | None


class _Known:
    """An endpoint as it was after so many commits, and what has been found out of it since.

    `shares` has the weights of those that may answer, by the variant that was asked for, and
    `checked` which target container may be asked for of which variant.
    """

    def __init__(self, commits: int, endpoint: Members) -> None:
        self.commits = commits
        self.endpoint = endpoint
        self.shares: dict[str | None, Mapping[str, float]] = {}
        self.checked: set[tuple[str, str | None]] = set()


class Runtime:
    """Invokes the endpoints of one store."""

    def __init__(
        self, *, model: Callable[[], ServiceModel], store: Store, serving: Serving, routing: Routing
    ) -> None:
        self._read_model = model
        self._store = store
        self._serving = serving
        self._routing = routing
        self._read: dict[tuple[str, str, str], _Known] = {}
        self._kept: set[tuple[str, ...]] = set()
        self._copies = threading.BoundedSemaphore(_MOST_COPIES)

    @cached_property
    def model(self) -> ServiceModel:
        """The service model, read at the first invocation."""
        return self._read_model()

    @cached_property
    def most_bytes(self) -> int:
        """How long a body may be, of a request and of an answer that is no stream."""
        return int(self.model.shapes["BodyBlob"]["max"])

    def invoke(
        self, operation: Operation, request: Members, invocation: Invocation, caller: Caller
    ) -> tuple[Invoked, bytes]:
        """What an endpoint answers, whole; `request` has the members of headers and path.

        Errors: ValidationError, a broken constraint, or no such endpoint or variant; ModelError,
        its container answered with an error, too much, or not at all.
        """
        endpoint, variant, answer = self._ask(operation, request, invocation, caller)
        try:
            body = self._whole(answer)
        except NoAnswerError as failure:
            raise _no_answer(endpoint, caller, failure) from failure
        return _invoked(variant, answer), body

    def stream(
        self, operation: Operation, request: Members, invocation: Invocation, caller: Caller
    ) -> tuple[Invoked, Iterator[bytes]]:
        """What an endpoint answers, in the pieces in which it comes.

        Errors: those of `invoke`, before the first piece; ModelStreamError, while they come.
        """
        _, variant, answer = self._ask(operation, request, invocation, caller)
        return _invoked(variant, answer), _pieces(answer)

    def _ask(
        self, operation: Operation, request: Members, invocation: Invocation, caller: Caller
    ) -> tuple[Members, str, Answer]:
        self._check(operation, request)
        known = self._endpoint(request["EndpointName"], caller)
        endpoint = known.endpoint
        try:
            variant, answer = self._ask_variant(known, request, invocation, caller)
        except NotRunningError as failure:
            # An update may have replaced the fleet since the endpoint was read; or the server was
            # started again, and the fleet is about to come back.
            before = endpoint["current"]["fleet"]
            is_back = self._is_ready(before)
            known = self._endpoint(request["EndpointName"], caller)
            endpoint = known.endpoint
            if endpoint["current"]["fleet"] == before and not is_back:
                raise _no_answer(endpoint, caller, failure) from failure
            try:
                variant, answer = self._ask_variant(known, request, invocation, caller)
            except NotRunningError as again:
                raise _no_answer(endpoint, caller, again) from again
        try:
            if answer.status not in _SUCCESSES:
                said = self._whole(answer).decode(errors="replace")
                raise model_error(endpoint, caller, answer.container, answer.status, said)
        except NoAnswerError as failure:
            raise _no_answer(endpoint, caller, failure) from failure
        return endpoint, variant, answer

    def _check(self, operation: Operation, request: Members) -> None:
        """Refuse members that break a constraint; those that kept all lately are known."""
        asked = (operation.name, *itertools.chain.from_iterable(request.items()))
        if asked in self._kept:
            return
        broken = self._validator.broken(operation, {**request, "Body": b""})
        if broken is not None:
            raise ValidationError(broken.message)
        if len(self._kept) >= _MOST_READ:
            self._kept.clear()
        if sum(map(len, asked)) <= _MOST_KEPT:
            self._kept.add(asked)

    def _is_ready(self, fleet: str) -> bool:
        """Whether a fleet that is starting is ready in a moment."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            seen = self._serving.changes()
            standing = self._serving.observe(fleet)
            left_s = deadline - time.monotonic()
            if standing is None or standing.state != "starting" or left_s <= 0:
                return standing is not None and standing.state == "ready"
            self._serving.wait_for_change(seen, left_s)

    def _ask_variant(
        self, known: _Known, request: Members, invocation: Invocation, caller: Caller
    ) -> tuple[str, Answer]:
        endpoint, target = known.endpoint, request.get("TargetVariant")
        shares = known.shares.get(target)
        if shares is None:
            shares = known.shares[target] = weights(endpoint, target, caller)
        variant = self._routing.choose(endpoint["EndpointArn"], shares)
        asked = (variant, invocation.target_container)
        if asked not in known.checked:
            check_target(endpoint, *asked, caller)
            known.checked.add(asked)
        try:
            answer = self._serving.invoke(endpoint["current"]["fleet"], variant, invocation)
        except NotRunningError:
            raise
        except NoAnswerError as failure:
            raise _no_answer(endpoint, caller, failure) from failure
        if endpoint["current"]["shadows"]:
            self._copy_to_shadows(endpoint, invocation)
        return variant, answer

    @cached_property
    def _validator(self) -> Validator:
        return Validator(self.model)

    def _endpoint(self, name: str, caller: Caller) -> _Known:
        """The endpoint, read anew when something was committed since it was read last."""
        key = (caller.account, caller.region, name)
        # Asked before it is read: what is committed meanwhile is read the next time.
        commits = self._store.commits()
        known = self._read.get(key)
        if known is not None and known.commits == commits:
            return known
        try:
            with self._store.reading(caller.account, caller.region) as session:
                endpoint = live_endpoint(session, name, caller)
        except StorageFailed as failure:
            raise ServiceUnavailable(UNAVAILABLE.format(reason=failure)) from failure
        if len(self._read) >= _MOST_READ:
            self._read.clear()
        known = self._read[key] = _Known(commits, endpoint)
        return known

    def _whole(self, answer: Answer) -> bytes:
        pieces: list[bytes] = []
        left = self.most_bytes
        for piece in answer.chunks:
            pieces.append(piece)
            left -= len(piece)
            if left < 0:
                let_go(answer.chunks)
                message = TOO_LONG.format(most=self.most_bytes)
                raise NoAnswerError(message, container=answer.container)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _copy_to_shadows(self, endpoint: Members, invocation: Invocation) -> None:
        """Send what a variant is sent to the shadow variants too; what they answer is dropped."""
        deployment = endpoint["current"]
        for shadow in deployment["shadows"]:
            if self._copies.acquire(blocking=False):
                arguments = (deployment["fleet"], shadow["name"], invocation)
                threading.Thread(target=self._ask_shadow, args=arguments, daemon=True).start()

    def _ask_shadow(self, fleet: str, variant: str, invocation: Invocation) -> None:
        try:
            self._whole(self._serving.invoke(fleet, variant, invocation))
        except NoAnswerError as failure:
            _log.warning("The shadow variant %s did not answer: %s", variant, failure)
        finally:
            self._copies.release()


def _invoked(variant: str, answer: Answer) -> Invoked:
    return Invoked(
        variant=variant,
        content_type=answer.content_type,
        custom_attributes=answer.custom_attributes,
    )


def _pieces(answer: Answer) -> Iterator[bytes]:
    try:
        yield from answer.chunks
    except NoAnswerError as failure:
        _log.warning("A stream was broken off: %s", failure)
        code = "ModelInvocationTimeExceeded" if failure.timed_out else "StreamBroken"
        raise ModelStreamError(str(failure), {"ErrorCode": code}) from failure
    finally:
        let_go(answer.chunks)


def _no_answer(endpoint: Members, caller: Caller, failure: NoAnswerError) -> Exception:
    """What a caller is told of a container that did not answer."""
    said = TIMED_OUT.format(container=failure.container) if failure.timed_out else str(failure)
    return model_error(endpoint, caller, failure.container, 0, said)
