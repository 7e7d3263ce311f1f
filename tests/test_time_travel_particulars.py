"""Time travel in particulars: names, clocks, the header, and `show`."""

import json
from typing import Any

import pytest
from flask import Flask

from conftest import TickingClock, stored
from fictions import ANN, ARN, call, configure, create, describe, make_model, update, variant
from sagemock import Service
from sagemock.api.service_model import ServiceModel
from sagemock.errors import ValidationException
from sagemock.operation import Caller
from travels import at_rest, everything, told

MODEL = ServiceModel.installed()
GROUP = {"ModelPackageGroupName": "churn"}
VERSION = f"{ARN}model-package/churn/1"

Members = dict[str, Any]


def refusal(service: Service, asked: tuple[str, str], at_ms: int | None) -> str:
    answer = told(service, asked, at_ms)
    assert isinstance(answer, str), answer
    return answer


def now_ms(clock: TickingClock) -> int:
    return round(clock.time * 1000)


def version_of(service: Service, at_ms: int | None = None) -> Members:
    answer = told(service, ("ModelPackage", "churn/1"), at_ms)
    assert isinstance(answer, dict), answer
    return answer


@pytest.fixture
def version(service: Service) -> str:
    call(service, "CreateModelPackageGroup", **GROUP)
    call(service, "CreateModelPackage", **GROUP)
    return VERSION


def decide(service: Service, status: str, at_s: float, clock: TickingClock) -> None:
    """Change the version's approval at a time; the clock ticks when it is read."""
    clock.time = at_s - 1
    call(service, "UpdateModelPackage", ModelPackageArn=VERSION, ModelApprovalStatus=status)
    assert clock.time == at_s


def test_a_change_is_told_from_its_own_millisecond_on(
    service: Service, version: str, clock: TickingClock
) -> None:
    before = version_of(service)
    decide(service, "Approved", 1_800_000_000.25, clock)
    after = version_of(service)
    assert version_of(service, 1_800_000_000_249) == before
    assert version_of(service, 1_800_000_000_250) == after
    assert after["ModelPackageArn"] == version


def test_of_a_time_to_come_what_is_now_is_told(service: Service, version: str) -> None:
    assert version_of(service, 253_402_300_799_999) == version_of(service)
    assert version


@pytest.mark.usefixtures("version")
def test_before_it_was_made_it_is_missing_in_the_words_of_its_describe(service: Service) -> None:
    missing = f"ValidationException: ModelPackage {VERSION} does not exist."
    assert refusal(service, ("ModelPackage", "churn/1"), 0) == missing


def test_each_of_those_that_had_one_name_is_told_of_its_own_time(
    service: Service, clock: TickingClock
) -> None:
    moments = []
    for text in ("first", "second", "third"):
        call(service, "CreateModelPackageGroup", **GROUP, ModelPackageGroupDescription=text)
        moments.append((now_ms(clock), text))
        call(service, "DeleteModelPackageGroup", **GROUP)
        moments.append((now_ms(clock), ""))
    for at_ms, text in moments:
        answer = told(service, ("ModelPackageGroup", "churn"), at_ms)
        assert (answer["ModelPackageGroupDescription"] if isinstance(answer, dict) else "") == text


@pytest.mark.parametrize("there_today", ["CHURN", "churn", None])
def test_a_name_is_spelled_as_it_was_then(
    service: Service, clock: TickingClock, there_today: str | None
) -> None:
    call(service, "CreateModelPackageGroup", **GROUP)
    at_ms = now_ms(clock)
    then = {name: told(service, ("ModelPackageGroup", name)) for name in ("churn", "CHURN")}
    call(service, "DeleteModelPackageGroup", **GROUP)
    if there_today:
        call(service, "CreateModelPackageGroup", ModelPackageGroupName=there_today)
    assert "capitalization" in then["CHURN"]
    for name, answer in then.items():
        assert told(service, ("ModelPackageGroup", name), at_ms) == answer


@pytest.mark.parametrize("there_today", ["IT", "it", None])
def test_an_endpoint_of_then_is_found_whatever_the_case(
    service: Service, clock: TickingClock, there_today: str | None
) -> None:
    then = create(service, "it")
    at_ms = now_ms(clock)
    call(service, "DeleteEndpoint", EndpointName="It")
    at_rest(service)
    if there_today:
        call(service, "CreateEndpoint", EndpointName=there_today, EndpointConfigName="it")
    for name in ("it", "IT", "iT"):
        assert told(service, ("Endpoint", name), at_ms) == then


def test_an_endpoint_is_told_with_what_it_ran_then(service: Service, clock: TickingClock) -> None:
    make_model(service, "a")
    first = create(service, "it", variant("a", "one"), variant("a", "two"))
    moments = [(now_ms(clock), first)]
    wished = [{"VariantName": "one", "DesiredWeight": 0.25}]
    call(
        service,
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="it",
        DesiredWeightsAndCapacities=wished,
    )
    at_rest(service)
    moments.append((now_ms(clock), describe(service, "it")))
    configure(service, "next")
    last = update(service, "it", "next")
    moments.append((now_ms(clock), last))
    shown = [each["EndpointConfigName"] for _, each in moments]
    assert shown == ["it", "it", "next"]
    assert first["ProductionVariants"] != moments[1][1]["ProductionVariants"]
    for at_ms, then in moments:
        assert told(service, ("Endpoint", "it"), at_ms) == then


def test_more_records_than_are_read_at_once_are_all_undone(
    service: Service, version: str, clock: TickingClock
) -> None:
    at_ms, before = now_ms(clock), version_of(service)
    for number in range(1001):
        call(
            service,
            "UpdateModelPackage",
            ModelPackageArn=version,
            CustomerMetadataProperties={"number": str(number)},
        )
    assert version_of(service, at_ms + 500) == before


@pytest.mark.usefixtures("version")
def test_where_the_clock_was_turned_back_the_last_write_of_a_time_or_before_it_counts(
    service: Service, clock: TickingClock
) -> None:
    """No write is later than the time asked for, in the order of the commits and so by the log."""
    for status, at_s in (("Approved", 2e9), ("Rejected", 1.8e9), ("PendingManualApproval", 2.1e9)):
        decide(service, status, at_s, clock)
    expected = {
        1_799_999_999_999: "PendingManualApproval",
        1_800_000_000_000: "Rejected",
        2_000_000_000_000: "Rejected",
        2_099_999_999_999: "Rejected",
        2_100_000_000_000: "PendingManualApproval",
    }
    told_of = {at_ms: version_of(service, at_ms)["ModelApprovalStatus"] for at_ms in expected}
    assert told_of == expected
    # Of the two that were pending only the later one had been decided about.
    assert "LastModifiedTime" not in version_of(service, 1_799_999_999_999)


def test_what_was_changed_by_a_clock_before_its_creation_is_told_of_that_time(
    service: Service, clock: TickingClock
) -> None:
    clock.time = 2e9
    call(service, "CreateModelPackageGroup", **GROUP)
    call(service, "CreateModelPackage", **GROUP)
    decide(service, "Approved", 1.8e9, clock)
    assert version_of(service, 1_800_000_000_000)["ModelApprovalStatus"] == "Approved"
    assert "does not exist" in refusal(service, ("ModelPackage", "churn/1"), 1_799_999_999_999)


def test_of_another_account_and_region_nothing_is_told(service: Service, version: str) -> None:
    for place in (("123456789012", "eu-west-1"), ("210987654321", "us-east-1")):
        caller = Caller(*place, ANN.principal, ANN.principal_id)
        with pytest.raises(ValidationException, match="does not exist"):
            service.invoke(
                "DescribeModelPackage", {"ModelPackageName": "churn/1"}, caller, as_of_ms=2 * 10**12
            )
    assert version


def post(app: Flask, operation: str, at: str, **request: Any) -> tuple[int, Members]:
    headers = {"X-Amz-Target": f"SageMaker.{operation}", "x-sagemock-as-of": at}
    answer = app.test_client().post("/", json=request, headers=headers)
    return answer.status_code, json.loads(answer.data)


@pytest.mark.usefixtures("version")
def test_the_header_of_a_describe_tells_what_was(
    app: Flask, service: Service, clock: TickingClock
) -> None:
    decide(service, "Approved", 1_800_000_000.0, clock)
    for at in ("1799999999.999", "2027-01-15T07:59:59.999Z", "2027-01-15T08:59:59.999+01:00"):
        status, then = post(app, "DescribeModelPackage", at, ModelPackageName="churn/1")
        assert (status, then["ModelApprovalStatus"]) == (200, "PendingManualApproval")
    status, then = post(app, "DescribeModelPackage", "1800000000", ModelPackageName="churn/1")
    assert (status, then["ModelApprovalStatus"]) == (200, "Approved")


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("ListModelPackages", {}),
        ("ListTags", {"ResourceArn": f"{ARN}model-package-group/churn"}),
        ("Search", {"Resource": "ModelPackage"}),
        ("GetModelPackageGroupPolicy", GROUP),
        ("BatchDescribeModelPackage", {"ModelPackageArnList": [VERSION]}),
        ("CreateModelPackageGroup", {"ModelPackageGroupName": "new"}),
        ("UpdateModelPackage", {"ModelPackageArn": VERSION, "ModelApprovalStatus": "Approved"}),
        ("AddTags", {"ResourceArn": f"{ARN}model-package-group/churn", "Tags": []}),
        ("DeleteModelPackage", {"ModelPackageName": VERSION}),
    ],
)
def test_the_header_on_anything_else_is_refused_and_nothing_changes(
    app: Flask, service: Service, operation: str, request_: Members
) -> None:
    before = stored(service)
    status, refused = post(app, operation, "1700000000", **request_)
    assert (status, refused) == (
        400,
        {
            "__type": "ValidationException",
            "message": f"{operation} tells of today only; x-sagemock-as-of is for Describe "
            "operations.",
        },
    )
    assert stored(service) == before


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize("at", ["yesterday", "", " ", "nan", "-1", "1e400", "2026-02-30", "1,2"])
def test_a_header_that_is_no_time_is_refused_in_one_sentence(app: Flask, at: str) -> None:
    status, refused = post(app, "DescribeModelPackage", at, ModelPackageName="churn/1")
    assert (status, refused["__type"]) == (400, "ValidationException")
    assert refused["message"].startswith("x-sagemock-as-of: A time is written like 2026-01-31T")
    assert refused["message"].endswith(f"not '{at}'.")


def get(app: Flask, path: str) -> tuple[int, Members]:
    answer = app.test_client().get(path)
    return answer.status_code, json.loads(answer.data)


@pytest.mark.usefixtures("version")
def test_a_resource_is_shown_by_its_arn_as_it_is_and_was(
    app: Flask, service: Service, clock: TickingClock
) -> None:
    before = version_of(service)
    decide(service, "Approved", 1_800_000_000.0, clock)
    path = f"/_sagemock/show?arn={VERSION}"
    assert get(app, path) == (200, version_of(service))
    assert get(app, f"{path}&at=1799999999.999") == (200, before)
    assert get(app, f"{path}&at=2027-01-15T07:59:59.999Z") == (200, before)


def test_whatever_has_an_arn_is_shown_by_it(app: Flask, service: Service) -> None:
    create(service, "It")
    call(service, "CreateModelPackage", ModelPackageName="alone", **PACKAGE)
    for noun, kind, name in (
        ("Endpoint", "endpoint", "it"),
        ("EndpointConfig", "endpoint-config", "it"),
        ("Model", "model", "It"),
        ("ModelPackage", "model-package", "alone"),
    ):
        described = told(service, (noun, name))
        assert isinstance(described, dict)
        assert get(app, f"/_sagemock/show?arn={ARN}{kind}/{name}") == (200, described)


PACKAGE = {
    "InferenceSpecification": {
        "Containers": [{"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"}],
        "SupportedTransformInstanceTypes": ["ml.m5.large"],
        "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
}


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "There is no resource of sagemock with the ARN ''."),
        ("arn=churn/1", "There is no resource of sagemock with the ARN 'churn/1'."),
        (f"arn={VERSION}&at=noon", "A time is written like 2026-01-31T09:30:00Z, or as seconds"),
        (f"arn={VERSION}&at=", "A time is written like 2026-01-31T09:30:00Z, or as seconds"),
        (f"arn={VERSION}&time=1700000000", "There is no argument 'time' here; there are arn, at."),
        (f"arn={VERSION}&at=0", f"ModelPackage {VERSION} does not exist."),
        (f"arn={ARN}model/none", "Could not find model"),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_sentence(
    app: Flask, query: str, sentence: str
) -> None:
    status, refused = get(app, f"/_sagemock/show?{query}")
    assert (status, refused["__type"]) == (400, "ValidationException")
    assert refused["message"].startswith(sentence)


def test_looking_back_writes_nothing(app: Flask, service: Service) -> None:
    create(service, "it")
    before = stored(service)
    everything(service, 1_700_000_003_000)
    get(app, f"/_sagemock/show?arn={ARN}endpoint/it&at=1700000003")
    assert stored(service) == before
