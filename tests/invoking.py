"""Invocations of a service without a socket, and what containers answer in tests."""

from collections.abc import Callable
from typing import Any

import pytest

from fictions import (
    ANN,
)
from sagemock import Service
from sagemock.errors import ValidationError
from sagemock.hosting import Answer, Invocation, Standing
from sagemock.operation import Caller

LIMIT_S = 10
READY = Standing("ready")
NOT_FOUND = "Endpoint {name} of account 123456789012 not found."


def asked(
    service: Service, way: str = "invoke", body: bytes = b"1,2", by: Caller = ANN, **members: Any
) -> Any:
    runtime = service.runtime
    names = {"invoke": "InvokeEndpoint", "stream": "InvokeEndpointWithResponseStream"}
    operation = runtime.model.operation(names[way])
    assert operation is not None
    target = members.get("TargetContainerHostname")
    sent = Invocation(body=body, content_type="text/csv", target_container=target)
    request = {"EndpointName": "it", **members}
    return getattr(runtime, way)(operation, request, sent, by)


def refused(service: Service, **options: Any) -> str:
    with pytest.raises(ValidationError) as error:
        asked(service, **options)
    assert (error.value.code, error.value.status) == ("ValidationError", 400)
    return str(error.value.message)


def answers(status: int, *pieces: bytes, **members: Any) -> Callable[..., Answer]:
    return lambda *_: Answer(status, "text/plain", iter(pieces), **members)


def raises(error: Exception) -> Callable[..., Answer]:
    def fail(*_: Any) -> Answer:
        raise error

    return fail
