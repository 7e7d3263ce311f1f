"""Faults as a client meets them: real boto3 over a real socket, and the bytes themselves."""

import http.client
import json
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ResponseStreamingError
from urllib3.exceptions import ProtocolError

from conftest import stored
from fault_clients import (  # noqa: F401 - fixtures
    GROUP,
    THROTTLED,
    add,
    counts,
    deployed,
    empty_server,
    one_server,
    posted,
    trying,
    versions,
)
from sagemock import RunningServer

MODES = ("legacy", "standard")


@pytest.mark.parametrize("mode", MODES)
def test_throttling_is_survived_by_trying_again(server: RunningServer, mode: str) -> None:
    add(server, {"error": "ThrottlingException"}, "CreateModelPackage", times=2)
    with trying(server, mode=mode) as client:
        made = client.create_model_package(ModelPackageGroupName=GROUP)
        assert made["ModelPackageArn"].endswith(f"/{GROUP}/1")
        assert made["ResponseMetadata"]["RetryAttempts"] == 2
        assert versions(client, GROUP) == ["1"]
    assert counts(server) == [(3, 2)]


@pytest.mark.parametrize("mode", MODES)
def test_throttling_that_does_not_end_comes_to_the_user(server: RunningServer, mode: str) -> None:
    add(server, {"error": "ThrottlingException"}, "CreateModelPackage", times=10)
    with trying(server, mode=mode) as client:
        with pytest.raises(ClientError) as raised:
            client.create_model_package(ModelPackageGroupName=GROUP)
        assert raised.value.response["Error"] == {
            "Code": "ThrottlingException",
            "Message": "Rate exceeded",
        }
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert raised.value.response["ResponseMetadata"]["RetryAttempts"] == 2
        assert versions(client, GROUP) == []
    assert counts(server) == [(3, 3)]


def test_with_one_attempt_a_single_throttling_is_one_too_many(server: RunningServer) -> None:
    add(server, {"error": "ThrottlingException"}, times=1)
    message = THROTTLED.format("ListModels")
    with (
        trying(server, attempts=1) as client,
        pytest.raises(ClientError, match=message.replace("(", r"\(").replace(")", r"\)")),
    ):
        client.list_models()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_cut_connection_is_tried_again_and_makes_one_version(
    server: RunningServer, cut: str, mode: str
) -> None:
    add(server, {"cut": cut}, "CreateModelPackage", times=1)
    with trying(server, mode=mode) as client:
        # botocore has filled in a ClientToken, and sends the same again.
        made = client.create_model_package(ModelPackageGroupName=GROUP)
        assert made["ModelPackageArn"].endswith(f"/{GROUP}/1")
        assert made["ResponseMetadata"]["RetryAttempts"] == 1
        assert versions(client, GROUP) == ["1"]
    assert counts(server) == [(2, 1)]


def test_who_tries_again_by_hand_needs_a_token_of_their_own(server: RunningServer) -> None:
    add(server, {"cut": "after"}, "CreateModelPackage", times=4)
    with trying(server, attempts=1) as client:
        for token in ({}, {}, {"ClientToken": "mine"}, {"ClientToken": "mine"}):
            with pytest.raises(ConnectionClosedError):
                client.create_model_package(ModelPackageGroupName=GROUP, **token)
        # Each of the first two calls had a new token; the last two had the same.
        assert versions(client, GROUP) == ["1", "2", "3"]


def test_an_operation_without_a_token_finds_its_own_work_when_tried_again(
    server: RunningServer,
) -> None:
    add(server, {"cut": "after"}, "CreateModelPackageGroup", times=1)
    with trying(server) as client, pytest.raises(ClientError, match="already exists"):
        client.create_model_package_group(ModelPackageGroupName="other")


def test_boto3_takes_an_answer_that_is_cut_midway_for_a_whole_one(server: RunningServer) -> None:
    add(server, {"cut": "midway"}, "CreateModelPackage", times=1)
    with trying(server) as client:
        made = client.create_model_package(ModelPackageGroupName=GROUP)
        assert made.keys() == {"ResponseMetadata"}
        assert versions(client, GROUP) == ["1"]


def test_a_body_of_an_endpoint_that_is_cut_midway_is_noticed(server: RunningServer) -> None:
    with trying(server) as client, trying(server, service="sagemaker-runtime") as runtime:
        deployed(client)
        add(server, {"cut": "midway"}, "InvokeEndpoint", times=1)
        answer = runtime.invoke_endpoint(EndpointName="it", Body=b"1")
        with pytest.raises(ResponseStreamingError):
            answer["Body"].read()
        assert runtime.invoke_endpoint(EndpointName="it", Body=b"1")["Body"].read()


def test_a_stream_that_is_cut_midway_breaks_off(server: RunningServer) -> None:
    server.service.canned.add({"reply": {"stream_chunks": ["one ", "two ", "three"]}})
    with trying(server) as client, trying(server, service="sagemaker-runtime") as runtime:
        deployed(client)
        add(server, {"cut": "midway"}, times=1)
        stream = runtime.invoke_endpoint_with_response_stream(EndpointName="it", Body=b"1")
        events = iter(stream["Body"])
        seen = [next(events)["PayloadPart"]["Bytes"] for _ in range(2)]
        assert seen == [b"one ", b"two "]
        with pytest.raises(ProtocolError, match="ended prematurely"):
            next(events)
        again = runtime.invoke_endpoint_with_response_stream(EndpointName="it", Body=b"1")
        assert len(list(again["Body"])) == 3


@pytest.mark.parametrize("cut", ["before", "after"])
def test_not_a_byte_comes_of_what_is_cut_at_an_end(server: RunningServer, cut: str) -> None:
    add(server, {"cut": cut})
    assert posted(server, "ListModels", b"{}") == b""
    assert posted(server, "CreateModelPackage", b"{]") == b""
    assert posted(server, "Unheard", b"{}") == b""


@pytest.mark.parametrize(("cut", "sent"), [("after", b""), ("midway", b'{"Mode')])
def test_a_call_whose_length_is_not_told_is_cut_as_well(
    server: RunningServer, cut: str, sent: bytes
) -> None:
    add(server, {"cut": cut})
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    headers = {"X-Amz-Target": "SageMaker.ListModels"}
    connection.request("POST", "/", iter((b"{", b"}")), headers, encode_chunked=True)
    with pytest.raises((http.client.RemoteDisconnected, http.client.IncompleteRead)) as raised:
        connection.getresponse().read()
    assert getattr(raised.value, "partial", b"") == sent
    connection.close()


def test_half_of_the_body_comes_of_what_is_cut_midway(server: RunningServer) -> None:
    add(server, {"cut": "midway"})
    head, _, body = posted(server, "ListModels", b"{}").partition(b"\r\n\r\n")
    assert body == b'{"Models'[: len('{"Models":[]}') // 2]
    assert b"Content-Length: 13" in head
    # Of an answer without a body half would be all of it.
    sent = json.dumps({"ModelPackageGroupName": GROUP}).encode()
    assert posted(server, "DeleteModelPackageGroup", sent) == b""
    server.service.faults.reset()
    with trying(server) as client:
        assert client.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


@pytest.mark.parametrize(
    "fault", [{"error": "ThrottlingException"}, {"error": "InternalFailure"}, {"cut": "before"}]
)
def test_a_call_that_is_refused_or_lost_changes_nothing(server: RunningServer, fault: Any) -> None:
    before = stored(server.service), server.service.events.log.page(after=0, limit=100)
    add(server, fault)
    for operation in ("CreateModelPackage", "DeleteModelPackageGroup"):
        posted(server, operation, json.dumps({"ModelPackageGroupName": GROUP}).encode())
    assert counts(server) == [(2, 2)]
    assert (stored(server.service), server.service.events.log.page(after=0, limit=100)) == before


@pytest.mark.parametrize(
    ("error", "status_line", "body"),
    [
        (
            "ThrottlingException",
            b"HTTP/1.1 400 Bad Request",
            {"__type": "ThrottlingException", "message": "Rate exceeded"},
        ),
        (
            {"code": "ServiceUnavailable", "message": "Later."},
            b"HTTP/1.1 503 Service Unavailable",
            {"__type": "ServiceUnavailable", "message": "Later."},
        ),
        (
            # Its shape has a Message with a capital.
            {"code": "ResourceLimitExceeded", "message": "Enough."},
            b"HTTP/1.1 400 Bad Request",
            {"__type": "ResourceLimitExceeded", "Message": "Enough."},
        ),
        (
            {"code": "Odd", "message": "", "status": 530},
            b"HTTP/1.1 530 Unknown",
            {"__type": "Odd", "message": ""},
        ),
    ],
)
def test_an_error_looks_as_one_of_aws(
    server: RunningServer, error: Any, status_line: bytes, body: Any
) -> None:
    add(server, {"error": error})
    head, _, sent = posted(server, "ListModels", b"{}").partition(b"\r\n\r\n")
    assert head.startswith(status_line)
    assert b"Content-Type: application/x-amz-json-1.1" in head
    assert b"x-amzn-RequestId: " in head
    assert json.loads(sent) == body


def test_an_error_of_the_runtime_has_its_code_in_a_header(server: RunningServer) -> None:
    add(server, {"error": {"code": "ModelNotReadyException", "message": "Soon."}})
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request("POST", "/endpoints/it/invocations", b"1")
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())) == (429, {"Message": "Soon."})
    assert answer.headers["x-amzn-ErrorType"] == "ModelNotReadyException"
    connection.close()


def test_the_runtime_is_tried_again_too(server: RunningServer) -> None:
    with trying(server) as client, trying(server, service="sagemaker-runtime") as runtime:
        deployed(client)
        add(server, {"error": "ThrottlingException"}, "Invoke*", times=2)
        answer = runtime.invoke_endpoint(EndpointName="it", Body=b"1")
        assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert counts(server) == [(3, 2)]


def test_a_call_that_waits_holds_nobody_up(server: RunningServer) -> None:
    add(server, {"latency": 60}, "CreateModelPackage", times=1)
    sent = json.dumps({"ModelPackageGroupName": GROUP}).encode()
    late: list[bytes] = []
    waiting = threading.Thread(
        target=lambda: late.append(posted(server, "CreateModelPackage", sent)), daemon=True
    )
    waiting.start()
    ends = time.monotonic() + 10
    while counts(server) != [(1, 1)] and time.monotonic() < ends:
        waiting.join(0.01)
    with trying(server) as client:
        made = client.create_model_package(ModelPackageGroupName=GROUP)
        assert made["ModelPackageArn"].endswith("/1")
        assert late == []
        server.service.faults.close()  # as at the server's end: nobody waits any longer
        waiting.join(10)
        assert b"/2" in late[0]
    server.service.faults._closed.clear()


def test_a_latency_is_waited_before_an_error(server: RunningServer) -> None:
    add(server, {"latency": 0.2, "error": "ServiceUnavailable"})
    started = time.monotonic()
    assert b"503" in posted(server, "ListModels", b"{}")
    assert time.monotonic() - started >= 0.2
