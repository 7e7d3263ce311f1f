"""What the AWS sinks say of events that they cannot deliver, and whether to try again."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aws_peers import EVENT, Cloud, Stub, lead_astray, moto_server, refusal, stubs

from sagemock.eventing import EventSink, NotDeliveredError
from sagemock.sinks.aws import AwsEndpoint, EventBridgeSink, LambdaSink, SnsSink, SqsSink

HTML = "<html>It works!</html>"
SINKS: dict[str, Callable[[AwsEndpoint], EventSink]] = {
    "EventBridge": EventBridgeSink,
    "SQS": lambda endpoint: SqsSink(endpoint, queue_url=f"{endpoint.endpoint_url}/0/q"),
    "SNS": lambda endpoint: SnsSink(endpoint, topic_arn="arn:aws:sns:eu-west-1:000000000000:t"),
    "Lambda": lambda endpoint: LambdaSink(endpoint, function="deploy"),
}


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


@pytest.mark.parametrize(
    ("code", "again"),
    [
        ("ThrottlingException", True),
        ("InternalFailure", True),
        ("InternalException", True),
        ("MalformedDetail", False),
        ("NotAuthorizedForDetailTypeException", False),
    ],
)
def test_an_entry_that_failed_is_told(stub: Callable[..., Stub], code: str, *, again: bool) -> None:
    entry = {"ErrorCode": code, "ErrorMessage": "It cannot be."}
    server = stub(text=json.dumps({"FailedEntryCount": 1, "Entries": [entry]}))
    refused = refusal(EventBridgeSink(server.endpoint, source_alias="local.sagemaker"))
    url = server.endpoint.endpoint_url
    assert str(refused) == f"EventBridge at {url} refuses the event: {code}, It cannot be."
    assert refused.again is again
    assert len(server.asked) == 1


@pytest.fixture
def full() -> Iterator[AwsEndpoint]:
    """A server that takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield AwsEndpoint(f"http://127.0.0.1:{server.getsockname()[1]}", timeout_s=0.05)


@pytest.mark.parametrize("service", SINKS)
def test_where_nothing_listens_it_may_later(service: str) -> None:
    refused = refusal(SINKS[service](AwsEndpoint("http://127.0.0.1:1")))
    assert str(refused).startswith(
        f"{service} at http://127.0.0.1:1 does not answer: Could not connect to the endpoint URL: "
    )
    assert refused.again is True


@pytest.mark.parametrize("service", SINKS)
def test_who_does_not_answer_in_time_may_later(service: str, full: AwsEndpoint) -> None:
    refused = refusal(SINKS[service](full))
    assert str(refused).startswith(
        f"{service} at {full.endpoint_url} does not answer: Read timeout on endpoint URL: "
    )
    assert refused.again is True


@pytest.mark.parametrize(
    ("service", "status"),
    [
        ("EventBridge", 500),
        ("SQS", 503),
        ("SNS", 502),
        ("Lambda", 500),
        ("Lambda", 429),
        ("SQS", 408),
    ],
)
def test_a_server_in_trouble_is_asked_once_and_may_be_again(
    stub: Callable[..., Stub], service: str, status: int
) -> None:
    server = stub(status, "<html>Trouble.</html>")
    refused = refusal(SINKS[service](server.endpoint))
    assert (refused.again, len(server.asked)) == (True, 1)


@pytest.mark.parametrize(
    ("service", "code", "again"),
    [
        ("EventBridge", "ThrottlingException", True),
        ("EventBridge", "InternalException", True),
        ("EventBridge", "AccessDeniedException", False),
        ("EventBridge", "ResourceNotFoundException", False),
        ("SQS", "RequestThrottled", True),
        ("SQS", "AccessDeniedException", False),
        ("SQS", "InvalidMessageContents", False),
        ("Lambda", "TooManyRequestsException", True),
        ("Lambda", "ResourceConflictException", True),
        ("Lambda", "ResourceNotFoundException", False),
        ("Lambda", "InvalidRequestContentException", False),
    ],
)
def test_a_refusal_says_by_its_code_whether_it_lasts(
    stub: Callable[..., Stub], service: str, code: str, *, again: bool
) -> None:
    server = stub(400, json.dumps({"__type": code, "code": code, "message": "Not\n today."}))
    refused = refusal(SINKS[service](server.endpoint))
    url = server.endpoint.endpoint_url
    assert str(refused) == f"{service} at {url} refuses the event: {code}, Not today."
    assert refused.again is again


@pytest.mark.parametrize(
    ("code", "again"),
    [("Throttling", True), ("KMSThrottling", True), ("AuthorizationError", False)],
)
def test_a_refusal_in_xml_says_the_same(
    stub: Callable[..., Stub], code: str, *, again: bool
) -> None:
    error = f"<Error><Code>{code}</Code><Message>Not today</Message></Error>"
    server = stub(400, f"<ErrorResponse>{error}</ErrorResponse>")
    refused = refusal(SINKS["SNS"](server.endpoint))
    url = server.endpoint.endpoint_url
    assert str(refused) == f"SNS at {url} refuses the event: {code}, Not today."
    assert refused.again is again


def test_a_queue_that_does_not_exist_is_not_tried_again(moto: Cloud) -> None:
    url = f"{moto.endpoint.endpoint_url}/123456789012/none"
    refused = refusal(SqsSink(moto.endpoint, queue_url=url))
    assert str(refused) == (
        f"SQS at {moto.endpoint.endpoint_url} refuses the event: "
        "AWS.SimpleQueueService.NonExistentQueue, The specified queue does not exist."
    )
    assert refused.again is False


def test_a_topic_that_does_not_exist_is_not_tried_again(moto: Cloud) -> None:
    refused = refusal(SINKS["SNS"](moto.endpoint))
    assert str(refused).startswith(
        f"SNS at {moto.endpoint.endpoint_url} refuses the event: NotFound, "
    )
    assert refused.again is False


@pytest.mark.parametrize(
    ("service", "text"),
    [
        *(("EventBridge", text) for text in (HTML, "{}", "[]", "[1]", "3", "\udcff", "")),
        *(("SNS", text) for text in (HTML, "{}", "")),
        ("SQS", "{}"),
    ],
)
def test_an_answer_that_is_not_of_the_service_counts_as_none(
    stub: Callable[..., Stub], service: str, text: str
) -> None:
    server = stub(200, text)
    refused = refusal(SINKS[service](server.endpoint))
    assert str(refused) == (
        f"{service} at {server.endpoint.endpoint_url} does not answer as that service does: "
        "check the target's endpoint_url."
    )
    assert refused.again is True


@pytest.mark.parametrize("service", SINKS)
@pytest.mark.parametrize(
    ("url", "region", "reason"),
    [
        ("localhost", None, "Invalid endpoint: localhost"),
        ("http://127.0.0.1:1", "no region", "Provided region_name 'no region' doesn't match"),
    ],
)
def test_a_target_that_can_be_none_is_not_tried_again(
    service: str, url: str, region: str | None, reason: str
) -> None:
    refused = refusal(SINKS[service](AwsEndpoint(url, region)))
    assert str(refused).startswith(f"{service} at {url} cannot be sent the event: {reason}")
    assert refused.again is False


def test_a_call_that_botocore_does_not_let_pass_is_not_tried_again(
    stub: Callable[..., Stub],
) -> None:
    server = stub()
    refused = refusal(LambdaSink(server.endpoint, function=""))
    assert str(refused) == (
        f"Lambda at {server.endpoint.endpoint_url} cannot be sent the event: Parameter validation "
        "failed: Invalid length for parameter FunctionName, value: 0, valid min length: 1."
    )
    assert (refused.again, server.asked) == (False, [])


def test_a_sink_delivers_again_once_its_server_is_up(stub: Callable[..., Stub]) -> None:
    is_up = False
    server = stub(answer=lambda _: (202 if is_up else 503, ""))
    sink = LambdaSink(replace(server.endpoint, timeout_s=2), function="deploy")
    with pytest.raises(NotDeliveredError):
        sink.send(EVENT, "{}")
    is_up = True
    sink.send(EVENT, "{}")
    sink.close()
    assert [body for _, _, body in server.asked] == ["{}", "{}"]
