"""Requests to SageMaker Runtime over HTTP in a few words, and what is answered."""

import json
from typing import Any

from botocore.eventstream import EventStreamBuffer
from flask import Flask

from sagemock import Service

INVOKE = "/endpoints/it/invocations"
STREAM = "/endpoints/it/invocations-response-stream"
ASYNC = "/endpoints/it/async-invocations"
LIMIT = 6_291_456
AMZN = "X-Amzn-SageMaker-"
FIRST_ID = "00000000-0000-4000-8000-000000000001"
NOT_FOUND = "Endpoint other of account 123456789012 not found."
FIXED = {"sagemock": "A canned answer: nothing real runs behind this endpoint."}

Reply = dict[str, Any]


def post(app: Flask, path: str = INVOKE, body: bytes = b"1,2", **headers: Any) -> Any:
    """The answer to a POST; headers by name, with `_` for `-`; those of SageMaker as `amzn`."""
    amzn = headers.pop("amzn", {})
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given |= {f"{AMZN}{name}": value for name, value in amzn.items()}
    return app.test_client().post(path, data=body, headers=given)


def canned(service: Service, **reply: Any) -> None:
    service.canned.reset()
    service.canned.add({"reply": reply})


def the_call(service: Service) -> Reply:
    (asked,) = service.canned.calls()
    return asked


def error_of(answer: Any) -> tuple[int, str | None, Reply]:
    """Status, code and body of an error, which is all that it tells."""
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Length"] == str(len(answer.data))
    return answer.status_code, answer.headers.get("x-amzn-ErrorType"), json.loads(answer.data)


def frames(sent: bytes) -> list[tuple[str, bytes]]:
    """What the frames of a stream say, as botocore reads them."""
    buffer = EventStreamBuffer()
    buffer.add_data(sent)
    kinds = (":event-type", ":exception-type")
    return [
        (next(m.headers[kind] for kind in kinds if kind in m.headers), m.payload) for m in buffer
    ]
