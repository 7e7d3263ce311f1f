"""The sinks that speak AWS APIs, against moto's server and against one that answers as told."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aws_peers import (
    ENVELOPE,
    EVENT,
    PACKAGE,
    REGION,
    Cloud,
    Members,
    Stub,
    lead_astray,
    moto_server,
    refusal,
    send,
    stubs,
)

from sagemock.eventing import Event, NotDeliveredError
from sagemock.sinks.aws import EventBridgeSink, LambdaSink, SnsSink, SqsSink

FUNCTION = "arn:aws:lambda:us-east-2:000000000000:function:deploy"


@pytest.fixture(autouse=True)
def _led_astray(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lead_astray(monkeypatch, tmp_path)


@pytest.fixture
def stub() -> Iterator[Callable[..., Stub]]:
    with stubs() as make:
        yield make


@pytest.fixture(scope="module")
def moto() -> Iterator[Cloud]:
    with moto_server() as cloud:
        yield cloud


@pytest.mark.parametrize("bus", ["default", "registry"])
def test_an_event_on_a_bus_comes_whole_to_the_target_of_a_rule(moto: Cloud, bus: str) -> None:
    queue = moto.queue(f"of-bus-{bus}")
    moto.rule(bus, queue)
    send(EventBridgeSink(moto.endpoint, bus=bus))
    [message] = moto.messages(queue)
    came = json.loads(message["Body"])
    of_bus = {"id", "account"}
    assert {name: value for name, value in came.items() if name not in of_bus} == {
        name: value for name, value in ENVELOPE.items() if name not in of_bus
    }


def test_a_bus_is_given_the_parts_of_the_envelope_and_not_the_body(
    stub: Callable[..., Stub],
) -> None:
    bus = f"arn:aws:events:us-east-2:{'0' * 12}:event-bus/b"
    server = stub(text='{"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]}')
    sink = EventBridgeSink(server.endpoint, bus=bus)
    sink.send(EVENT, "something else")
    sink.close()
    [(_, headers, asked)] = server.asked
    assert json.loads(asked) == {
        "Entries": [
            {
                "Source": "aws.sagemaker",
                "DetailType": "SageMaker Model Package State Change",
                "Detail": '{"ModelPackageVersion":3,"ApprovalDescription":"für alle"}',
                "Resources": [PACKAGE],
                "Time": 1767605400,
                "EventBusName": bus,
            }
        ]
    }
    assert "Credential=test/" in headers["Authorization"]
    assert "/us-east-2/events/" in headers["Authorization"]
    assert "X-Amz-Security-Token" not in headers


def as_strict_as_aws(asked: Members) -> tuple[int, str]:
    """How EventBridge answers: no source may begin with `aws.`."""
    if asked["Entries"][0]["Source"].startswith("aws."):
        refused = {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": "Not authorized for the source.",
        }
        return 200, json.dumps({"FailedEntryCount": 1, "Entries": [refused]})
    return 200, json.dumps({"FailedEntryCount": 0, "Entries": [{"EventId": "e"}]})


def test_a_source_that_is_refused_is_told_with_what_helps(stub: Callable[..., Stub]) -> None:
    server = stub(answer=as_strict_as_aws)
    refused = refusal(EventBridgeSink(server.endpoint))
    assert str(refused) == (
        f"EventBridge at {server.endpoint.endpoint_url} refuses events of the source "
        "'aws.sagemaker' (Not authorized for the source), as AWS does: set source_alias of the "
        "target in the rules file, to local.sagemaker for instance, and match that source in the "
        "rules there."
    )
    assert refused.again is False


def test_with_an_alias_the_refused_event_and_all_that_follow_are_sent_as_that(
    stub: Callable[..., Stub], caplog: pytest.LogCaptureFixture
) -> None:
    server = stub(answer=as_strict_as_aws)
    send(EventBridgeSink(server.endpoint, source_alias="local.sagemaker"), EVENT, EVENT)
    sources = [json.loads(asked)["Entries"][0]["Source"] for _, _, asked in server.asked]
    assert sources == ["aws.sagemaker", "local.sagemaker", "local.sagemaker"]
    [told] = [each for each in caplog.messages if "local.sagemaker" in each]
    assert told == (
        f"EventBridge at {server.endpoint.endpoint_url} refuses events of the source "
        "'aws.sagemaker': they are sent as 'local.sagemaker' from now on, which is what its rules "
        "have to match."
    )


def test_an_alias_that_is_refused_too_is_told(stub: Callable[..., Stub]) -> None:
    server = stub(answer=as_strict_as_aws)
    refused = refusal(EventBridgeSink(server.endpoint, source_alias="aws.alias"))
    assert str(refused) == (
        f"EventBridge at {server.endpoint.endpoint_url} refuses the event: "
        "NotAuthorizedForSourceException, Not authorized for the source."
    )
    assert (refused.again, len(server.asked)) == (False, 2)


def test_where_no_source_is_refused_the_alias_is_not_used(moto: Cloud) -> None:
    queue = moto.queue("of-bus-aliased")
    moto.rule("aliased", queue)
    send(EventBridgeSink(moto.endpoint, bus="aliased", source_alias="local.sagemaker"))
    assert [json.loads(each["Body"])["source"] for each in moto.messages(queue)] == [
        "aws.sagemaker"
    ]


def test_a_queue_gets_the_body_as_it_is(moto: Cloud) -> None:
    queue = moto.queue("plain")
    sink = SqsSink(moto.endpoint, queue_url=queue, message_group="not for such a queue")
    sink.send(EVENT, "a body, für alle")
    sink.close()
    [message] = moto.messages(queue)
    assert message["Body"] == "a body, für alle"
    assert "MessageGroupId" not in message["Attributes"]


@pytest.mark.parametrize(("group", "expected"), [(None, PACKAGE), ("all", "all")])
def test_a_fifo_queue_takes_an_event_once_in_the_group_of_its_resource_or_the_given_one(
    moto: Cloud, group: str | None, expected: str
) -> None:
    queue = moto.queue(f"{group}.fifo")
    send(SqsSink(moto.endpoint, queue_url=queue, message_group=group), EVENT, EVENT)
    [message] = moto.messages(queue)
    assert json.loads(message["Body"]) == ENVELOPE
    assert message["Attributes"]["MessageGroupId"] == expected
    assert message["Attributes"]["MessageDeduplicationId"] == ENVELOPE["id"]


def test_a_group_that_would_be_too_long_is_the_end_of_the_arn(moto: Cloud) -> None:
    arn = f"{PACKAGE.removesuffix('/churn/3')}/{'g' * 63}/{'1' * 12}"
    queue = moto.queue("long.fifo")
    send(SqsSink(moto.endpoint, queue_url=queue), Event(8, {**ENVELOPE, "resources": [arn]}))
    [message] = moto.messages(queue)
    assert len(arn) > 128
    assert message["Attributes"]["MessageGroupId"] == arn[-128:]


def test_an_event_is_sent_in_its_region_unless_the_endpoint_has_one(moto: Cloud) -> None:
    elsewhere = Event(8, {**ENVELOPE, "region": "us-east-2"})
    queue = moto.queue("regional")
    sink = SqsSink(moto.endpoint, queue_url=queue)
    sink.send(EVENT, "own")
    with pytest.raises(NotDeliveredError):
        sink.send(elsewhere, "lost")
    sink.close()
    send(SqsSink(replace(moto.endpoint, region=REGION), queue_url=queue), elsewhere)
    assert [each["Body"] for each in moto.messages(queue)] == [
        "own",
        json.dumps(elsewhere.envelope),
    ]


def test_a_topic_hands_an_event_to_what_subscribes_to_it(moto: Cloud) -> None:
    queue = moto.queue("subscribed")
    elsewhere = Event(8, {**ENVELOPE, "region": "us-east-2"})
    send(SnsSink(moto.endpoint, topic_arn=moto.topic("plain", queue)), EVENT, elsewhere)
    assert [json.loads(each["Body"]) for each in moto.messages(queue)] == [
        ENVELOPE,
        elsewhere.envelope,
    ]


def test_a_fifo_topic_keeps_the_events_of_a_resource_together(moto: Cloud) -> None:
    queue = moto.queue("subscribed.fifo")
    send(SnsSink(moto.endpoint, topic_arn=moto.topic("ordered.fifo", queue)))
    [message] = moto.messages(queue)
    assert json.loads(message["Body"]) == ENVELOPE
    assert message["Attributes"]["MessageGroupId"] == PACKAGE
    assert message["Attributes"]["MessageDeduplicationId"] == ENVELOPE["id"]


@pytest.mark.parametrize(
    ("function", "path", "region"),
    [
        ("deploy", "deploy", REGION),
        (FUNCTION, FUNCTION.replace(":", "%3A"), "us-east-2"),
    ],
)
def test_a_lambda_function_is_invoked_and_not_waited_for(
    stub: Callable[..., Stub], function: str, path: str, region: str
) -> None:
    server = stub(202)
    send(LambdaSink(server.endpoint, function=function))
    [(asked, headers, body)] = server.asked
    assert asked == f"/2015-03-31/functions/{path}/invocations"
    assert headers["X-Amz-Invocation-Type"] == "Event"
    assert f"/{region}/lambda/" in headers["Authorization"]
    assert json.loads(body) == ENVELOPE


def test_the_credentials_of_the_target_are_used(stub: Callable[..., Stub]) -> None:
    server = stub(202)
    endpoint = replace(server.endpoint, access_key_id="mine")
    send(LambdaSink(endpoint, function="deploy"))
    [(_, headers, _)] = server.asked
    assert "Credential=mine/" in headers["Authorization"]


def test_events_of_other_regions_have_connections_of_their_own_all_closed_at_the_end(
    stub: Callable[..., Stub],
) -> None:
    server = stub(202)
    regions = [REGION, "us-east-2", REGION]
    send(
        LambdaSink(server.endpoint, function="deploy"),
        *(Event(8, {**ENVELOPE, "region": region}) for region in regions),
    )
    assert [headers["Authorization"].split("/")[2] for _, headers, _ in server.asked] == regions
