"""Our own path of the journal, and which calls come to stand in it."""

import io
import json
from typing import Any

import pytest
from flask import Flask
from rest_calls import INVOKE, LIMIT, STREAM, canned, post

from fictions import create
from sagemock import Service, Settings, create_app
from sagemock.app import create_service
from sagemock.service import NOT_SERVED
from sagemock.wire.journal_paths import OFF

PATH = "/_sagemock/requests"
SCOPE = "AWS4-HMAC-SHA256 Credential=210987654321/20260101/eu-west-1/sagemaker/aws4_request"
KNOWN = "account, after, bodies, limit, operation, status"
UNTOLD = "There is no operation of this name, or nothing at this path."


def called(app: Flask, operation: str, body: Any = b"{}", **headers: Any) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    target = {"X-Amz-Target": f"SageMaker.{operation}"}
    return app.test_client().post("/", data=body, headers={**target, **given})


def page(app: Flask, query: str = "") -> Any:
    answer = app.test_client().get(f"{PATH}{query}")
    assert answer.status_code == 200, answer.data
    return json.loads(answer.data)


def only(app: Flask) -> Any:
    """The one call there is, without what no test can foretell."""
    (row,) = page(app)["Requests"]
    assert row.pop("Time") > 1_700_000_000
    assert row.pop("Ms") >= 0
    return row


HERE = {
    "Number": 1,
    "RequestId": "00000000-0000-4000-8000-000000000001",
    "Account": "123456789012",
    "Region": "us-east-1",
    "Principal": "arn:aws:sts::123456789012:assumed-role/sagemock/developer",
}


def test_a_call_stands_there_with_its_caller_and_no_credentials(app: Flask) -> None:
    called(
        app,
        "CreateModelPackageGroup",
        b'{"ModelPackageGroupName":"churn"}',
        Authorization=f"{SCOPE}, SignedHeaders=host, Signature=abc",
    )
    arn = "arn:aws:sagemaker:eu-west-1:210987654321:model-package-group/churn"
    assert only(app) == {
        **HERE,
        "Account": "210987654321",
        "Region": "eu-west-1",
        "Principal": "arn:aws:sts::210987654321:assumed-role/sagemock/developer",
        "Service": "sagemaker",
        "Operation": "CreateModelPackageGroup",
        "Status": 200,
        "Request": {"ModelPackageGroupName": "churn"},
        "Response": {"ModelPackageGroupArn": arn},
    }


def test_a_refused_call_says_why_and_what_may_have_been_meant(app: Flask) -> None:
    called(app, "CreateModelPackageGroup", b'{"ModelPackageGroupName":"churn"}')
    called(app, "DescribeModelPackageGroup", b'{"ModelPackageGroupName":"chrun"}')
    row = page(app)["Requests"][1]
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/chrun"
    told = {name: row[name] for name in ("Status", "Error", "WhyRefused", "Nearest")}
    assert told == {
        "Status": 400,
        "Error": "ValidationException",
        "WhyRefused": f"ModelPackageGroup {arn} does not exist.",
        "Nearest": "There is a model package group 'churn'.",
    }


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        (
            "ListModels",
            b"{",
            {
                "Service": "sagemaker",
                "Operation": "ListModels",
                "Error": "SerializationException",
                "Request": {"Size": 1, "Text": "{"},
                "Response": {"__type": "SerializationException"},
                "WhyRefused": "The body is no JSON, or a member of it has the wrong type.",
            },
        ),
        (
            "ListModls",
            b"",
            {
                "Operation": "ListModls",
                "Target": "SageMaker.ListModls",
                "Error": "UnknownOperationException",
                "Request": None,
                "Response": {"__type": "UnknownOperationException"},
                "WhyRefused": UNTOLD,
                "Nearest": "There is an operation 'ListModels'.",
            },
        ),
        (
            "ListTrainingJobs",
            b"{}",
            {
                "Service": "sagemaker",
                "Operation": "ListTrainingJobs",
                "Error": "UnknownOperationException",
                "Request": {},
                "Response": {
                    "__type": "UnknownOperationException",
                    "message": NOT_SERVED.format(operation="ListTrainingJobs"),
                },
                "WhyRefused": NOT_SERVED.format(operation="ListTrainingJobs"),
            },
        ),
    ],
)
def test_what_cannot_be_read_or_is_not_known_stands_there_too(
    app: Flask, operation: str, body: bytes, expected: dict[str, Any]
) -> None:
    called(app, operation, body)
    assert only(app) == {**HERE, "Status": 400, **expected}


def test_a_call_without_a_target_or_of_another_service_stands_there(app: Flask) -> None:
    app.test_client().post("/", data=b"{}")
    called(app, "x" * 1000, **{"X-Amz-Target": "DynamoDB_20120810.ListTables"})
    rows = page(app)["Requests"]
    assert [(each["Operation"], each.get("Target")) for each in rows] == [
        ("-", None),
        ("DynamoDB_20120810.ListTables",) * 2,
    ]


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Host": "evil.example"}, "Host 'evil.example' is not served; "),
        ({"Origin": "http://evil.example"}, "Requests of other web pages are not served; "),
    ],
)
def test_what_the_guard_keeps_out_stands_there_without_its_body(
    app: Flask, headers: dict[str, str], why: str
) -> None:
    called(app, "ListModels", Authorization=SCOPE, **headers)
    row = only(app)
    assert row.pop("WhyRefused").startswith(why)
    assert row.pop("Response")["__type"] == "AccessDeniedException"
    assert row == {
        **HERE,
        "Account": "210987654321",
        "Region": "eu-west-1",
        "Principal": "arn:aws:sts::210987654321:assumed-role/sagemock/developer",
        "Service": "sagemaker",
        "Operation": "ListModels",
        "Status": 403,
        "Error": "AccessDeniedException",
    }


def test_a_question_of_a_web_page_beforehand_stands_there(app: Flask) -> None:
    app.test_client().options("/")
    assert (only(app)["Operation"], page(app)["Newest"]) == ("OPTIONS /", 1)


@pytest.mark.parametrize("path", [PATH, "/_sagemock/health", "/nowhere", "/favicon.ico"])
def test_what_is_no_call_does_not_stand_there(app: Flask, path: str) -> None:
    app.test_client().get(path)
    app.test_client().post(path, headers={"Host": "evil.example"})
    assert page(app)["Requests"] == []


def test_what_is_too_long_stands_there(service: Service) -> None:
    create(service, "it")
    app = create_app(Settings(db=":memory:", max_body_bytes=10), service=service)
    called(app, "ListModels", b"x" * 11)
    post(app, body=b"x" * 11)
    rows = page(app)["Requests"]
    assert [(each["Operation"], each["Status"], each.get("Error")) for each in rows] == [
        ("ListModels", 413, "RequestEntityTooLargeException"),
        (f"POST {INVOKE}", 413, None),
    ]


def test_a_body_beyond_the_limit_of_invocations_is_cut_there(app: Flask, service: Service) -> None:
    create(service, "it")
    post(app, body=b"x" * (LIMIT + 1))
    row = only(app)
    body = {"Size": LIMIT + 1, "Text": "x" * 1024, "Cut": True}
    assert (row["Status"], row["Request"]["Body"]) == (413, body)


def test_a_body_that_was_cut_short_on_its_way_stands_there(app: Flask) -> None:
    app.test_client().post(
        "/",
        input_stream=io.BytesIO(b"{"),
        headers={"Content-Length": "2", "X-Amz-Target": "SageMaker.ListModels"},
    )
    row = only(app)
    assert (row["Operation"], row["Error"]) == ("ListModels", "SerializationException")


def test_an_invocation_stands_there_with_its_members(app: Flask, service: Service) -> None:
    create(service, "it")
    canned(service, body="0.7", headers={"Content-Type": "text/csv"})
    post(app, Content_Type="text/csv", Accept="text/plain", amzn={"Target-Variant": "AllTraffic"})
    assert only(app) == {
        **HERE,
        "Service": "sagemaker-runtime",
        "Operation": "InvokeEndpoint",
        "Path": INVOKE,
        "Status": 200,
        "Request": {
            "EndpointName": "it",
            "ContentType": "text/csv",
            "Accept": "text/plain",
            "TargetVariant": "AllTraffic",
            "Body": {"Size": 3, "Text": "1,2"},
        },
        "Response": {
            "ContentType": "text/csv",
            "InvokedProductionVariant": "AllTraffic",
            "Body": {"Size": 3, "Text": "0.7"},
        },
    }


def test_a_refused_invocation_says_why(app: Flask, service: Service) -> None:
    create(service, "it")
    post(app, "/endpoints/its/invocations")
    row = only(app)
    assert (row["Error"], row["WhyRefused"], row["Nearest"]) == (
        "ValidationError",
        "Endpoint its of account 123456789012 not found.",
        "There is an endpoint 'it'.",
    )


def test_a_path_of_no_invocation_stands_there(app: Flask) -> None:
    post(app, "/endpoints/it/nothing")
    row = only(app)
    assert (row["Operation"], row["Path"]) == (
        "POST /endpoints/it/nothing",
        "/endpoints/it/nothing",
    )
    assert row["WhyRefused"] == UNTOLD


def test_a_stream_stands_there_with_what_has_come(app: Flask, service: Service) -> None:
    create(service, "it")
    canned(service, body="0.7")
    assert post(app, STREAM).data
    row = only(app)
    assert row["Operation"] == "InvokeEndpointWithResponseStream"
    assert row["Response"]["Body"] == {"Size": 3, "Text": "0.7"}


def test_calls_are_asked_for_page_by_page(app: Flask) -> None:
    for operation in ("ListModels", "ListModls", "ListEndpoints", "ListModels"):
        called(app, operation)

    def asked(query: str) -> tuple[list[int], int]:
        answer = page(app, query)
        return [each["Number"] for each in answer["Requests"]], answer["After"]

    assert asked("") == ([1, 2, 3, 4], 4)
    assert asked("?limit=2") == ([3, 4], 4)
    assert asked("?after=0&limit=2") == ([1, 2], 2)
    assert asked("?after=2&limit=2") == ([3, 4], 4)
    assert asked("?after=9") == ([], 4)
    assert asked("?operation=list-models") == ([1, 4], 4)
    assert asked("?operation=ListModls") == ([2], 4)
    assert asked("?operation=List*ls") == ([1, 2, 4], 4)
    assert asked("?operation=*-endpoints") == ([3], 4)
    assert asked("?operation=Delete*") == ([], 4)
    assert asked("?status=failed") == asked("?status=400") == asked("?status=4xx") == ([2], 4)
    assert asked("?status=200&limit=1") == ([4], 4)
    assert asked("?account=210987654321") == ([], 4)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("after=-1", "The argument 'after' is a number from 0 on, not '-1'."),
        ("limit=0", "The argument 'limit' is a number from 1 on, not '0'."),
        ("status=bad", "A status is a number like 400, a class like 4xx, or failed, not 'bad'."),
        ("status=99", "A status is a number like 400, a class like 4xx, or failed, not '99'."),
        ("bodies=half", "The argument 'bodies' is whole, not 'half'."),
        ("account=12", "An account id is 12 digits, not '12'."),
        ("operation=Fly", "There is no operation 'Fly'."),
        ("operation=Fly*", "There is no operation 'Fly*'."),
        (
            "operation=CreateModl",
            "There is no operation 'CreateModl'; did you mean 'CreateModel'?",
        ),
        (
            "since=1",
            f"There is no argument 'since' here; there are {KNOWN}.",
        ),
    ],
)
def test_a_mistake_in_what_is_asked_is_told(app: Flask, query: str, message: str) -> None:
    answer = app.test_client().get(f"{PATH}?{query}")
    refusal = {"__type": "ValidationException", "message": message}
    assert (answer.status_code, json.loads(answer.data)) == (400, refusal)


def test_calls_are_forgotten_when_that_is_asked_for_and_at_a_reset(app: Flask) -> None:
    called(app, "ListModels")
    answer = app.test_client().delete(PATH)
    assert (answer.status_code, json.loads(answer.data)) == (200, {"forgotten": 1})
    assert page(app)["Requests"] == []
    called(app, "ListModels")
    app.test_client().post("/_sagemock/reset")
    assert (page(app)["Requests"], page(app)["Newest"]) == ([], 2)


def test_where_the_journal_is_off_that_is_said() -> None:
    settings = Settings(db=":memory:", journal=0)
    service = create_service(settings)
    app = create_app(settings, service=service)
    called(app, "ListModels")
    answer = app.test_client().get(PATH)
    assert (answer.status_code, json.loads(answer.data)["message"]) == (400, OFF)
    service.close()


def test_calls_have_the_time_that_the_servers_clock_shows(service: Service, app: Flask) -> None:
    service.clock.freeze("2020-01-31T09:30:00Z")
    target = {"X-Amz-Target": "SageMaker.ListModels"}
    app.test_client().post("/", data=b"{}", headers=target)
    answer = app.test_client().get("/_sagemock/requests")
    assert [each["Time"] for each in json.loads(answer.data)["Requests"]] == [1_580_463_000.0]
