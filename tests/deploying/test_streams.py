"""Answers that come in pieces, through boto3's event stream."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError
from deploying.deployed import Deployed, eventually, processes_below
from deploying.programs import OBEYS, PID, says

from real_models import exchanges, put
from sagemock.serving import hosts
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


def test_pieces_arrive_while_the_model_still_makes_others(deployed: Deployed) -> None:
    name = deployed.run(OBEYS)
    latch = deployed.folder / "latch"
    stream = Stream(deployed, name, f"pieces({str(latch)!r})", Accept="text/plain")
    assert stream.next() == "one"
    latch.touch()
    assert stream.rest() == ["two"]
    assert stream.answer["ContentType"] == "text/plain"
    assert stream.answer["InvokedProductionVariant"] == "AllTraffic"


def test_a_real_model_streams_its_chunks_or_breaks_off_after_them(deployed: Deployed) -> None:
    uri = put("plain_stream", deployed.buckets.folder, "s3://models/stream.tar.gz")
    name = deployed.deploy("it", {"Image": "x", "ModelDataUrl": uri})
    for exchange in exchanges("plain_stream"):
        body, content_type = exchange.body.decode(), exchange.content_type
        stream = Stream(deployed, name, body, ContentType=content_type)
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
    deployed: Deployed, body: str, last_words: str
) -> None:
    name = deployed.run(OBEYS)
    deployed.ask(name, "print('said before') or 'said'")
    stream = Stream(deployed, name, body)
    assert stream.next() == "one"
    with pytest.raises(EventStreamError) as error:
        stream.next()
    assert error.value.response["Error"]["Code"] == "ModelStreamError"
    assert error.value.response["Error"]["Message"] == (
        f"Container primary broke off its answer. The last line of its log: {last_words}"
    )
    assert error.value.response["ErrorCode"] == "StreamBroken"
    eventually(lambda: deployed.answers(name, "yes"))


def test_a_stream_that_stalls_is_a_model_stream_error_too(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "WorkerLaunch", partial(WorkerLaunch, invocation_timeout_s=0.3))
    name = deployed.run(OBEYS)
    stream = Stream(deployed, name, f"pieces({str(deployed.folder / 'never')!r})")
    assert stream.next() == "one"
    with pytest.raises(EventStreamError) as error:
        stream.next()
    assert error.value.response["ErrorCode"] == "ModelInvocationTimeExceeded"
    assert deployed.ask(name) == "yes"


def test_an_error_before_the_first_piece_is_a_model_error(deployed: Deployed) -> None:
    name = deployed.run(OBEYS)
    with pytest.raises(ClientError) as error:
        Stream(deployed, name, "refuse(400, 'not this')")
    assert error.value.response["Error"]["Code"] == "ModelError"
    assert error.value.response["OriginalStatusCode"] == 400


def test_an_answer_in_one_piece_is_a_stream_of_one(deployed: Deployed) -> None:
    assert Stream(deployed, deployed.run(OBEYS), "'whole'").rest() == ["whole"]


def test_a_stream_may_be_longer_than_any_other_answer(deployed: Deployed) -> None:
    stream = Stream(deployed, deployed.run(OBEYS), "(c * 1_000_000 for c in 'x' * 8)")
    assert sum(map(len, stream.rest())) == 8_000_000


def test_a_caller_that_leaves_midway_holds_up_nothing(deployed: Deployed) -> None:
    name = deployed.run(OBEYS)
    before = deployed.ask(name, PID)
    stream = Stream(deployed, name, "endless()")
    assert stream.next().startswith("on and on")
    stream.close()
    assert deployed.ask(name, PID) == before
    deployed.sagemaker.delete_endpoint(EndpointName=name)
    # Well within the time that a call under way would be waited for.
    eventually(lambda: deployed.is_gone(name), limit_s=5)


def test_a_stream_under_way_is_finished_by_the_model_that_is_replaced(deployed: Deployed) -> None:
    name = deployed.run(OBEYS)
    latch = deployed.folder / "latch"
    stream = Stream(deployed, name, f"pieces({str(latch)!r})")
    assert stream.next() == "one"
    updated = deployed.update(name, deployed.program(says("new"), "new"), to="new")
    assert updated["EndpointStatus"] == "InService"
    assert deployed.ask(name) == "new"
    latch.touch()
    assert stream.rest() == ["two"]
    eventually(lambda: len(processes_below(deployed.folder)) == 1)
