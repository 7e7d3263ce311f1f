"""Calls that carry a token: made once, and answered as before when they come again (CP35, OQ16)."""

import hashlib
from collections.abc import Callable

import orjson

from sagemock.errors import ConflictException
from sagemock.operation import Call, Members
from sagemock.ports import Replay

PARAMETERS_DIFFER = (
    "The ClientToken {token} was used before for a {operation} call with other parameters."
)


def once(call: Call, request: Members, run: Callable[[], Members | None]) -> Members | None:
    """What running the call answers, or answered when its token was seen first.

    Errors: ConflictException, the token came with another request then.
    """
    operation, session = call.operation, call.store
    token = request.get(operation.token_member) if operation.token_member else None
    if token is None:
        return run()
    digest = _digest(request)
    seen = session.replay(operation.name, token)
    if seen is not None:
        if seen.digest != digest:
            message = PARAMETERS_DIFFER.format(token=token, operation=operation.name)
            raise ConflictException(message)
        return seen.answer
    answer = run()
    session.remember(operation.name, token, Replay(digest=digest, answer=answer or {}))
    return answer


def _digest(request: Members) -> str:
    return hashlib.sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).hexdigest()
