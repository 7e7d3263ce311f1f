"""The log as it is read: which records, in which order, on how many pages, in which words."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from conftest import TickingClock, stored
from fictions import ANN, ARN, call, configure, create, make_model, update
from sagemock import Service
from sagemock.operation import Caller
from sagemock.settling import PRINCIPAL

BEN = Caller("123456789012", "us-east-1", "arn:aws:iam::123456789012:user/ben", "AIDABEN")
ELSEWHERE = Caller("123456789012", "eu-west-1", ANN.principal, ANN.principal_id)
THEIRS = Caller("210987654321", "us-east-1", "arn:aws:iam::210987654321:user/zoe", "AIDAZOE")
GROUP, VERSION = f"{ARN}model-package-group/churn", f"{ARN}model-package/churn/1"
GROUP_NAME = {"ModelPackageGroupName": "churn"}
KNOWN = "account, actor, before, limit, operation, region, resource, since, until"

Members = dict[str, Any]


def asked(app: Flask, **arguments: Any) -> tuple[int, Members]:
    answer = app.test_client().get(f"/_sagemock/activity?{urlencode(arguments)}")
    return answer.status_code, json.loads(answer.data)


def activity(app: Flask, **arguments: Any) -> list[Members]:
    status, page = asked(app, **arguments)
    assert status == 200, page
    rows: list[Members] = page["Activity"]
    return rows


def told(app: Flask, **arguments: Any) -> list[str]:
    return [each["Operation"] for each in activity(app, **arguments)]


def pages(app: Flask, **arguments: Any) -> Iterator[list[Members]]:
    before: Members = {}
    while True:
        status, page = asked(app, **arguments, **before)
        assert status == 200, page
        yield page["Activity"]
        if "Before" not in page:
            return
        before = {"before": page["Before"]}


def register(service: Service, count: int, by: Caller = ANN) -> None:
    for _ in range(count):
        service.invoke("CreateModelPackage", GROUP_NAME, by)


@pytest.fixture
def reviewed(service: Service) -> Service:
    """A group and a version of ann's, which ben has approved and ann has thrown away."""
    call(service, "CreateModelPackageGroup", **GROUP_NAME)
    register(service, 1)
    approval = {"ModelApprovalStatus": "Approved", "ApprovalDescription": "good"}
    service.invoke("UpdateModelPackage", {"ModelPackageArn": VERSION, **approval}, BEN, "ben's")
    call(service, "DeleteModelPackage", ModelPackageName=VERSION)
    return service


def test_an_empty_log_is_an_empty_page(app: Flask) -> None:
    assert asked(app) == (200, {"Activity": []})


@pytest.mark.usefixtures("reviewed")
def test_a_record_says_who_did_what_to_what_and_why(app: Flask) -> None:
    (change,) = activity(app, actor=BEN.principal)
    by = {"IamIdentity": {"Arn": BEN.principal, "PrincipalId": BEN.principal_id}}
    assert change == {
        "Id": 3,
        "Time": change["After"]["LastModifiedTime"],
        "Operation": "UpdateModelPackage",
        "Change": "changed",
        "ResourceArn": VERSION,
        "Principal": BEN.principal,
        "RequestId": "ben's",
        "Before": {"ModelApprovalStatus": "PendingManualApproval"},
        "After": {
            "ModelApprovalStatus": "Approved",
            "ApprovalDescription": "good",
            "LastModifiedTime": change["Time"],
            "LastModifiedBy": by,
        },
        "Comment": "good",
    }


def test_what_was_created_is_told_without_members_and_what_was_removed_with_all(
    app: Flask, service: Service, clock: TickingClock
) -> None:
    call(service, "CreateModelPackageGroup", **GROUP_NAME, Tags=[{"Key": "a", "Value": "1"}])
    made = clock.time
    group = call(service, "DescribeModelPackageGroup", **GROUP_NAME)
    call(service, "DeleteModelPackageGroup", **GROUP_NAME)
    facts = {"ResourceArn": GROUP, "Principal": ANN.principal}
    assert activity(app) == [
        {
            **facts,
            "Id": 2,
            "Time": round(clock.time, 3),
            "Operation": "DeleteModelPackageGroup",
            "Change": "removed",
            "RequestId": "request of DeleteModelPackageGroup",
            "Before": {**group, "Tags": {"a": "1"}},
        },
        {
            **facts,
            "Id": 1,
            "Time": round(made, 3),
            "Operation": "CreateModelPackageGroup",
            "Change": "created",
            "RequestId": "request of CreateModelPackageGroup",
        },
    ]


@pytest.mark.usefixtures("reviewed")
def test_the_newest_comes_first(app: Flask) -> None:
    rows = activity(app)
    assert [each["Id"] for each in rows] == [4, 3, 2, 1]
    assert [each["Change"] for each in rows] == ["removed", "changed", "created", "created"]


@pytest.mark.usefixtures("reviewed")
@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ({"resource": VERSION}, [4, 3, 2]),
        ({"resource": GROUP}, [1]),
        ({"resource": f"{ARN}model-package/churn/2"}, []),
        ({"resource": f"{ARN}model/churn"}, []),
        ({"actor": BEN.principal}, [3]),
        ({"actor": BEN.principal.upper()}, []),
        ({"actor": "nobody"}, []),
        ({"operation": "CreateModelPackage"}, [2]),
        ({"operation": "createmodelpackage"}, []),
        ({"resource": VERSION, "actor": ANN.principal}, [4, 2]),
        ({"resource": VERSION, "actor": ANN.principal, "operation": "DeleteModelPackage"}, [4]),
        ({"resource": VERSION, "before": 4}, [3, 2]),
        ({"before": 1}, []),
    ],
)
def test_only_what_is_asked_for_is_told(app: Flask, arguments: Members, numbers: list[int]) -> None:
    assert [each["Id"] for each in activity(app, **arguments)] == numbers


@pytest.mark.usefixtures("reviewed")
def test_since_and_until_take_in_their_own_time(app: Flask) -> None:
    times = {each["Id"]: each["Time"] for each in activity(app)}

    def numbers(**arguments: Any) -> list[int]:
        return [each["Id"] for each in activity(app, **arguments)]

    assert numbers(since=times[3]) == [4, 3]
    assert numbers(since=times[3] + 0.001) == [4]
    assert numbers(until=times[2]) == [2, 1]
    assert numbers(until=times[2] - 0.001) == [1]
    assert numbers(since=times[2], until=times[3]) == [3, 2]
    assert numbers(since=times[3], until=times[2]) == []


def test_times_are_also_told_as_iso_8601(app: Flask, service: Service, clock: TickingClock) -> None:
    clock.time = 1_767_225_599.0
    call(service, "CreateModelPackageGroup", **GROUP_NAME)
    for text in ("2026-01-01T00:00:00Z", "2026-01-01T02:00:00+02:00", "2026-01-01"):
        assert told(app, since=text, until=text) == ["CreateModelPackageGroup"]
    assert told(app, since="2026-01-01T00:00:00.001Z") == []


def test_an_endpoint_is_found_by_its_arn_in_any_case_and_told_with_the_one_it_has(
    app: Flask, service: Service
) -> None:
    arn = create(service, "It")["EndpointArn"]
    assert arn == f"{ARN}endpoint/it"
    rows = activity(app, resource=arn)
    assert [each["Operation"] for each in rows] == ["Settle", "CreateEndpoint"]
    assert {each["ResourceArn"] for each in rows} == {arn}
    for name in ("It", "IT"):
        assert activity(app, resource=f"{ARN}endpoint/{name}") == rows
    assert told(app, resource=f"{ARN}endpoint-config/IT") == ["CreateEndpointConfig"]


def test_what_the_server_did_by_itself_is_told_as_its_own(app: Flask, service: Service) -> None:
    create(service, "it")
    (settled,) = activity(app, actor=PRINCIPAL)
    assert (settled["Operation"], settled["Change"]) == ("Settle", "changed")
    assert settled["Before"]["EndpointStatus"] == "Creating"
    assert settled["After"]["EndpointStatus"] == "InService"


def test_deployments_are_told_beside_the_changes(app: Flask, service: Service) -> None:
    create(service, "it")
    configure(service, "next")
    update(service, "it", "next")
    rows = [each for each in activity(app) if each["Change"] in {"deployed", "withdrawn"}]
    assert [(each["Change"], each["ResourceArn"], each["Operation"]) for each in rows] == [
        ("deployed", f"{ARN}model/next", "UpdateEndpoint"),
        ("withdrawn", f"{ARN}model/it", "CreateEndpoint"),
        ("deployed", f"{ARN}model/it", "CreateEndpoint"),
    ]
    assert [each["After"]["EndpointArn"] for each in rows] == [f"{ARN}endpoint/it"] * 3
    assert {each["Principal"] for each in rows} == {ANN.principal}
    assert told(app, resource=f"{ARN}model/next") == ["UpdateEndpoint", "CreateModel"]


def test_what_the_rules_keep_for_themselves_is_not_shown(app: Flask, service: Service) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
        "Action": "sagemaker:DescribeModelPackageGroup",
        "Resource": GROUP,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    call(service, "CreateModelPackageGroup", **GROUP_NAME)
    call(service, "PutModelPackageGroupPolicy", **GROUP_NAME, ResourcePolicy=policy)
    call(service, "DeleteModelPackageGroup", **GROUP_NAME)
    create(service, "it")
    call(service, "DeleteEndpoint", EndpointName="it")
    rows = activity(app)
    put = next(each for each in rows if each["Operation"] == "PutModelPackageGroupPolicy")
    assert not {"Before", "After"} & set(put)
    assert any(each["Change"] == "removed" and "endpoint/" in each["ResourceArn"] for each in rows)
    shown = {name for each in rows for side in ("Before", "After") for name in each.get(side, ())}
    assert shown
    assert not {name for name in shown if name[0].islower()}
    assert "210987654321" not in json.dumps(rows)


def test_all_accounts_and_regions_are_told_unless_one_is_asked_for(
    app: Flask, service: Service
) -> None:
    for caller in (ANN, ELSEWHERE, THEIRS):
        service.invoke("CreateModelPackageGroup", GROUP_NAME, caller)

    def arns(**arguments: Any) -> list[str]:
        return [each["ResourceArn"] for each in activity(app, **arguments)]

    ours, elsewhere, theirs = (
        f"arn:aws:sagemaker:{each.region}:{each.account}:model-package-group/churn"
        for each in (ANN, ELSEWHERE, THEIRS)
    )
    assert arns() == [theirs, elsewhere, ours]
    assert arns(account=ANN.account) == [elsewhere, ours]
    assert arns(region=ANN.region) == [theirs, ours]
    assert arns(account=ANN.account, region=ANN.region) == [ours]
    assert arns(account="000000000000") == []
    for arn in (ours, elsewhere, theirs):
        assert arns(resource=arn) == [arn]


def test_an_arn_of_another_partition_is_told_with_it(app: Flask, service: Service) -> None:
    china = Caller("123456789012", "cn-north-1", ANN.principal, ANN.principal_id)
    service.invoke("CreateModelPackageGroup", GROUP_NAME, china)
    arn = "arn:aws-cn:sagemaker:cn-north-1:123456789012:model-package-group/churn"
    assert [each["ResourceArn"] for each in activity(app, resource=arn)] == [arn]


@pytest.mark.parametrize("size", [1, 2, 7, 20, 21])
def test_pages_hold_each_record_once_in_order(app: Flask, service: Service, size: int) -> None:
    call(service, "CreateModelPackageGroup", **GROUP_NAME)
    register(service, 20)
    found = list(pages(app, limit=size))
    assert [each["Id"] for page in found for each in page] == list(range(21, 0, -1))
    assert all(len(page) == size for page in found[:-1])
    assert 0 < len(found[-1]) <= size


def test_what_is_written_between_pages_neither_repeats_nor_hides_a_record(
    app: Flask, service: Service
) -> None:
    call(service, "CreateModelPackageGroup", **GROUP_NAME)
    register(service, 10)
    seen: list[int] = []
    for page in pages(app, limit=3):
        seen += [each["Id"] for each in page]
        register(service, 2)
    assert seen == list(range(11, 0, -1))


def test_pages_are_of_what_was_asked_for(app: Flask, service: Service) -> None:
    call(service, "CreateModelPackageGroup", **GROUP_NAME)
    for _ in range(5):
        register(service, 1, BEN)
        register(service, 1, ANN)
    for arguments in ({"actor": BEN.principal}, {"resource": VERSION}):
        whole = activity(app, **arguments)
        assert [each for page in pages(app, limit=1, **arguments) for each in page] == whole
        assert whole


def test_a_page_is_of_a_hundred_records_unless_asked_otherwise(
    app: Flask, service: Service
) -> None:
    call(service, "CreateModelPackageGroup", **GROUP_NAME)
    register(service, 100)
    status, page = asked(app)
    assert (status, len(page["Activity"]), page["Before"]) == (200, 100, 2)


def test_a_page_is_of_a_thousand_records_at_most(app: Flask, service: Service) -> None:
    call(service, "CreateModelPackageGroup", **GROUP_NAME)
    register(service, 1000)
    for limit in (1000, 1001, 10**18 - 1):
        status, page = asked(app, limit=limit)
        assert (status, len(page["Activity"]), page["Before"]) == (200, 1000, 2)


NO_TIME = "A time is written like 2026-01-31T09:30:00Z, or as seconds since 1970, not '{}'."
NO_RESOURCE = "There is no resource of sagemock with the ARN '{}'."
NO_NUMBER = "The argument '{}' is a number from 1 on, not '{}'."
BAD_TIMES = ["yesterday", "", "nan", "inf", "1e400", "-1", "2026-13-01", "253402300800"]
BAD_NUMBERS = ["0", "-1", "1.5", "x", "", "²", "1" + "0" * 18, "4" * 30, "9" * 5000]
BAD_ARNS = [
    "x",
    "",
    "churn/1",
    f"{ARN}training-job/churn",
    f"{ARN}model-package/churn/0",
    f"{ARN}model-package-group/",
    "arn:aws:s3:::churn",
]


@pytest.mark.parametrize(
    ("argument", "text", "sentence"),
    [
        *((name, text, NO_TIME.format(text)) for text in BAD_TIMES for name in ("since", "until")),
        *(("resource", text, NO_RESOURCE.format(text)) for text in BAD_ARNS),
        *(
            (name, text, NO_NUMBER.format(name, text))
            for text in BAD_NUMBERS
            for name in ("limit", "before")
        ),
        ("arn", "x", f"There is no argument 'arn' here; there are {KNOWN}."),
        ("Limit", "1", f"There is no argument 'Limit' here; there are {KNOWN}."),
    ],
    ids=lambda value: value[:25],
)
def test_a_bad_argument_is_told_in_one_sentence(
    app: Flask, argument: str, text: str, sentence: str
) -> None:
    refusal = {"__type": "ValidationException", "message": sentence}
    assert asked(app, **{argument: text}) == (400, refusal)


def test_reading_the_log_writes_nothing(app: Flask, reviewed: Service) -> None:
    before = stored(reviewed)
    assert activity(app, resource=VERSION)
    asked(app, since="yesterday")
    assert stored(reviewed) == before


def test_a_call_that_was_refused_is_not_in_the_log(app: Flask, service: Service) -> None:
    make_model(service, "churn")
    before = activity(app)
    refused = app.test_client().post(
        "/", json={"ModelName": "churn"}, headers={"X-Amz-Target": "SageMaker.CreateModel"}
    )
    assert refused.status_code == 400
    assert activity(app) == before
