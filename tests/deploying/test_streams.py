"""Answers that come in pieces, through boto3's event stream."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer, EventStreamMessage
from botocore.exceptions import ClientError, EventStreamError

from deploying.deployed import LIMIT_S, Deployed, eventually, processes_below
from deploying.programs import OBEYS, PID, says
from real_models import exchanges, put
from sagemock.serving import process_host
from sagemock.serving.process import WorkerLaunch


class Stream:
    """The pieces of one answer, as they come."""

    def __init__(self, deployed: Deployed, name: str, body: str, **members: Any) -> None:
        self.answer = deployed.runtime.invoke_endpoint_with_response_stream(
            EndpointName=name, Body=body, **members
        )
        self._events: Iterator[Any] = iter(self.answer["Body"])

    def next(self) -> str:
        return str(next(self._events)["PayloadPart"]["Bytes"].decode())

    def rest(self) -> list[str]:
        return [each["PayloadPart"]["Bytes"].decode() for each in self._events]

    def close(self) -> None:
        self.answer["Body"].close()


Ask = Callable[..., Stream]


@pytest.fixture
def ask(deployed: Deployed) -> Iterator[Ask]:
    """What asks an endpoint for a stream; all are closed with the test."""
    with ExitStack() as asked:

        def ask(name: str, body: str, **members: Any) -> Stream:
            return asked.enter_context(closing(Stream(deployed, name, body, **members)))

        yield ask


def last_frame(deployed: Deployed, name: str, body: str) -> EventStreamMessage:
    """The last frame of a stream; of an exception boto3 passes on the message alone."""
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{deployed.url}/endpoints/{name}/invocations-response-stream", body.encode()
    )
    frames = EventStreamBuffer()
    with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:  # noqa: S310 - the same
        frames.add_data(answer.read())
    return [*frames][-1]


def test_pieces_arrive_while_the_model_still_makes_others(deployed: Deployed, ask: Ask) -> None:
    name = deployed.run(OBEYS)
    latch = deployed.folder / "latch"
    stream = ask(name, f"pieces({str(latch)!r})", Accept="text/plain")
    assert stream.next() == "one"
    latch.touch()
    assert stream.rest() == ["two"]
    assert stream.answer["ContentType"] == "text/plain"
    assert stream.answer["InvokedProductionVariant"] == "AllTraffic"


def test_a_real_model_streams_its_chunks_or_breaks_off_after_them(
    deployed: Deployed, ask: Ask
) -> None:
    uri = put("plain_stream", deployed.buckets.folder, "s3://models/stream.tar.gz")
    name = deployed.deploy("it", {"Image": "x", "ModelDataUrl": uri})
    for exchange in exchanges("plain_stream"):
        body, content_type = exchange.body.decode(), exchange.content_type
        stream = ask(name, body, ContentType=content_type)
        assert exchange.chunks is not None
        assert [stream.next() for _ in exchange.chunks] == exchange.chunks
        if exchange.breaks is None:
            assert stream.rest() == []
            continue
        with pytest.raises(EventStreamError, match=exchange.breaks):
            stream.next()


@pytest.mark.parametrize(
    ("body", "last_words"),
    [("broken()", "ValueError: no more"), ("broken(lambda _: os._exit(3))", "said before")],
    ids=["raises", "crashes"],
)
def test_a_break_midway_is_a_model_stream_error(
    deployed: Deployed, ask: Ask, body: str, last_words: str
) -> None:
    name = deployed.run(OBEYS)
    deployed.ask(name, "print('said before') or 'said'")
    stream = ask(name, body)
    assert stream.next() == "one"
    with pytest.raises(EventStreamError) as error:
        stream.next()
    assert error.value.response["Error"]["Code"] == "ModelStreamError"
    assert error.value.response["Error"]["Message"] == (
        f"Container primary broke off its answer. The last line of its log: {last_words}"
    )
    eventually(lambda: deployed.answers(name, "yes"))


def test_a_stream_that_stalls_is_a_model_stream_error_too(
    deployed: Deployed, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        process_host, "WorkerLaunch", partial(WorkerLaunch, invocation_timeout_s=0.3)
    )
    name = deployed.run(OBEYS)
    stream = ask(name, f"pieces({str(deployed.folder / 'never')!r})")
    assert stream.next() == "one"
    with pytest.raises(EventStreamError) as error:
        stream.next()
    assert error.value.response["Error"]["Code"] == "ModelStreamError"
    assert deployed.ask(name) == "yes"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("broken()", "StreamBroken"),
        ("broken(lambda _: os._exit(3))", "StreamBroken"),
        ("pieces('/never')", "ModelInvocationTimeExceeded"),
    ],
)
def test_what_breaks_a_stream_off_has_a_code_and_is_the_last_frame(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, body: str, code: str
) -> None:
    monkeypatch.setattr(
        process_host, "WorkerLaunch", partial(WorkerLaunch, invocation_timeout_s=0.3)
    )
    frame = last_frame(deployed, deployed.run(OBEYS), body)
    assert frame.headers == {
        ":message-type": "exception",
        ":exception-type": "ModelStreamError",
        ":content-type": "application/json",
    }
    members = json.loads(frame.payload)
    assert members.pop("Message")
    assert members == {"ErrorCode": code}


def test_an_error_before_the_first_piece_is_a_model_error(deployed: Deployed, ask: Ask) -> None:
    name = deployed.run(OBEYS)
    with pytest.raises(ClientError) as error:
        ask(name, "refuse(400, 'not this')")
    assert error.value.response["Error"]["Code"] == "ModelError"
    assert error.value.response["OriginalStatusCode"] == 400


def test_an_answer_in_one_piece_is_a_stream_of_one(deployed: Deployed, ask: Ask) -> None:
    assert ask(deployed.run(OBEYS), "'whole'").rest() == ["whole"]


def test_a_stream_may_be_longer_than_any_other_answer(deployed: Deployed, ask: Ask) -> None:
    stream = ask(deployed.run(OBEYS), "(c * 1_000_000 for c in 'x' * 8)")
    assert sum(map(len, stream.rest())) == 8_000_000


def test_a_caller_that_leaves_midway_holds_up_nothing(deployed: Deployed, ask: Ask) -> None:
    name = deployed.run(OBEYS)
    before = deployed.ask(name, PID)
    stream = ask(name, "endless()")
    assert stream.next().startswith("on and on")
    stream.close()
    assert deployed.ask(name, PID) == before
    deployed.sagemaker.delete_endpoint(EndpointName=name)
    # Well within the time that a call under way would be waited for.
    eventually(lambda: deployed.is_gone(name), limit_s=5)


def test_a_stream_under_way_is_finished_by_the_model_that_is_replaced(
    deployed: Deployed, ask: Ask
) -> None:
    name = deployed.run(OBEYS)
    latch = deployed.folder / "latch"
    stream = ask(name, f"pieces({str(latch)!r})")
    assert stream.next() == "one"
    updated = deployed.update(name, deployed.program(says("new"), "new"), to="new")
    assert updated["EndpointStatus"] == "InService"
    assert deployed.ask(name) == "new"
    latch.touch()
    assert stream.rest() == ["two"]
    eventually(lambda: len(processes_below(deployed.folder)) == 1)
