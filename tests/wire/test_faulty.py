"""Faults as a client meets them: real boto3 over a real socket, and the bytes themselves."""

import http.client
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ResponseStreamingError
from urllib3.exceptions import ProtocolError

import sagemock
from conftest import stored
from fault_clients import ACCOUNT, THROTTLED, counts, trying, versions
from fictions import IMAGE, variant
from sagemock import RunningServer

MODES = ("legacy", "standard")
GROUP = "churn"


@pytest.fixture(scope="module")
def only_server() -> Iterator[RunningServer]:
    with sagemock.running(hold_s=5) as server:
        yield server


@pytest.fixture
def server(only_server: RunningServer) -> RunningServer:
    only_server.service.reset()
    with trying(only_server) as client:
        client.create_model_package_group(ModelPackageGroupName=GROUP)
    return only_server


@pytest.fixture
def unheld(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> RunningServer:
    """A server whose answers do not wait for what they have begun."""
    monkeypatch.setattr(server.service, "_hold_s", 0)
    return server


def add(server: RunningServer, fault: Any, operation: str = "*", **rule: Any) -> None:
    server.service.faults.add({"match": {"operation": operation}, "fault": fault, **rule})


def deployed(client: Any, name: str = "it") -> None:
    client.create_model(ModelName=name, PrimaryContainer={"Image": IMAGE})
    client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant(name)])
    client.create_endpoint(EndpointName=name, EndpointConfigName=name)


def status(client: Any, name: str = "it") -> Any:
    return client.describe_endpoint(EndpointName=name)["EndpointStatus"]


def posted(server: RunningServer, operation: str, body: bytes) -> bytes:
    """All bytes that come back for a call, until the server closes the connection."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: SageMaker.{operation}\r\n"
        length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall((head + length).encode() + body)
        return b"".join(iter(lambda: connection.recv(65536), b""))


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
    before = stored(server.service), server.service.event_log.page(after=0, limit=100)
    add(server, fault)
    for operation in ("CreateModelPackage", "DeleteModelPackageGroup"):
        posted(server, operation, json.dumps({"ModelPackageGroupName": GROUP}).encode())
    assert counts(server) == [(2, 2)]
    assert (stored(server.service), server.service.event_log.page(after=0, limit=100)) == before


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


def test_a_deployment_that_is_stuck_goes_on_when_its_rule_is_gone(unheld: RunningServer) -> None:
    with trying(unheld) as client:
        add(unheld, {"status": "stuck"}, "*", times=1)
        deployed(client)
        unheld.service.settle()
        assert status(client) == "Creating"
        deployed(client, "other")
        unheld.service.settle()
        assert status(client, "other") == "InService"
        assert status(client) == "Creating"
        unheld.service.faults.remove([each["id"] for each in unheld.service.faults.shown()])
        unheld.service.settle()
        assert status(client) == "InService"


def test_a_deployment_that_is_failing_fails_for_the_reason_given(server: RunningServer) -> None:
    with trying(server) as client:
        add(server, {"status": "failing", "reason": "Out of GPUs."}, "CreateEndpoint", times=1)
        deployed(client)
        endpoint = client.describe_endpoint(EndpointName="it")
        assert (endpoint["EndpointStatus"], endpoint["FailureReason"]) == ("Failed", "Out of GPUs.")
        client.delete_endpoint(EndpointName="it")
        client.create_endpoint(EndpointName="it", EndpointConfigName="it")
        assert status(client) == "InService"


def test_an_update_that_is_failing_rolls_back(server: RunningServer) -> None:
    with trying(server) as client:
        deployed(client)
        client.create_endpoint_config(EndpointConfigName="next", ProductionVariants=[variant("it")])
        add(server, {"status": "failing"}, "UpdateEndpoint")
        client.update_endpoint(EndpointName="it", EndpointConfigName="next")
        endpoint = client.describe_endpoint(EndpointName="it")
        assert endpoint["EndpointStatus"] == "InService"
        assert endpoint["EndpointConfigName"] == "it"
        assert endpoint["FailureReason"] == "A fault rule has this deployment fail."


def test_an_update_and_a_deletion_can_be_stuck(unheld: RunningServer) -> None:
    with trying(unheld) as client, trying(unheld, service="sagemaker-runtime") as runtime:
        deployed(client)
        unheld.service.settle()
        client.create_endpoint_config(EndpointConfigName="next", ProductionVariants=[variant("it")])
        add(unheld, {"status": "stuck"}, "UpdateEndpoint")
        client.update_endpoint(EndpointName="it", EndpointConfigName="next")
        unheld.service.settle()
        assert status(client) == "Updating"
        # What is replaced goes on answering.
        assert runtime.invoke_endpoint(EndpointName="it", Body=b"1")["Body"].read()
        unheld.service.faults.reset()
        unheld.service.settle()
        assert status(client) == "InService"
        add(unheld, {"status": "stuck"})
        client.delete_endpoint(EndpointName="it")
        unheld.service.settle()
        assert status(client) == "Deleting"
        unheld.service.faults.reset()
        unheld.service.settle()
        assert client.list_endpoints()["Endpoints"] == []


def test_a_status_is_not_left_behind_by_a_call_that_was_refused(server: RunningServer) -> None:
    with trying(server) as client:
        add(server, {"status": "failing"}, "CreateEndpoint", times=1)
        with pytest.raises(ClientError, match="Could not find"):
            client.create_endpoint(EndpointName="it", EndpointConfigName="none")
        deployed(client)
        assert status(client) == "InService"


def test_a_reset_lets_go_of_what_was_stuck(unheld: RunningServer) -> None:
    with trying(unheld) as client:
        add(unheld, {"status": "stuck"})
        deployed(client)
        unheld.service.reset()
        deployed(client)
        unheld.service.settle()
        assert status(client) == "InService"


def test_our_own_paths_never_go_wrong(server: RunningServer) -> None:
    add(server, {"cut": "before"})
    for path in ("health", "ready", "faults", "activity", "deployments"):
        assert asked(server, path=path)[0] == 200
    assert counts(server) == [(0, 0)]


def asked(
    server: RunningServer,
    method: str = "GET",
    content: object = None,
    query: str = "",
    path: str = "faults",
) -> tuple[int, Any]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    request = urllib.request.Request(  # noqa: S310 - the server just started
        f"{server.url}/_sagemock/{path}{query}", None if content is None else body, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_rules_are_added_shown_and_forgotten_over_http(server: RunningServer) -> None:
    rule = {"match": {"operation": "ListModels", "account": ACCOUNT}, "fault": {"cut": "before"}}
    counted = {"matched": 0, "applied": 0}
    first = server.service.faults._last_id + 1
    shown = [{"id": first, **rule, **counted}, {"id": first + 1, **rule, "times": 1, **counted}]
    assert asked(server) == (200, {"faults": []})
    assert asked(server, "POST", rule) == (200, {"faults": shown[:1], "added": [first]})
    assert asked(server, "POST", {"faults": [{**rule, "times": 1}]}) == (
        200,
        {"faults": shown, "added": [first + 1]},
    )
    assert asked(server, "DELETE", query=f"?id={first}") == (200, {"faults": shown[1:]})
    assert asked(server) == (200, {"faults": shown[1:]})
    assert asked(server, "DELETE") == (200, {"faults": []})


@pytest.mark.parametrize(
    ("method", "content", "query", "message"),
    [
        ("POST", b"{]", "", "The body is a JSON list of fault rules, a single one, or"),
        ("POST", [], "", "The body is a JSON list of fault rules, a single one, or"),
        ("POST", {"fault": {}}, "", "A fault rule is wrong at faults[0].fault: a fault is latency"),
        ("DELETE", None, "?id=999", "There is no fault rule 999; `sagemock faults list` shows"),
        ("DELETE", None, "?id=no", "The argument 'id' is a number from 1 on, not 'no'."),
        ("GET", None, "?id=1", "There is no argument 'id' here; there are none."),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(
    server: RunningServer, method: str, content: object, query: str, message: str
) -> None:
    code, answer = asked(server, method, content, query)
    assert (code, answer["__type"]) == (400, "ValidationException")
    assert answer["message"].startswith(message)
    assert asked(server) == (200, {"faults": []})
