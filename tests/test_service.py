"""The service without a socket: the order of its gates, its refusals, faults of its own."""

import logging
import sqlite3

import pytest
from flask import Flask

from conftest import TickingClock, stored
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.errors import (
    ConflictException,
    SerializationException,
    ServiceUnavailable,
    UnknownOperationException,
    ValidationException,
)
from sagemock.operation import Call, Caller, Members

CALLER = Caller("123456789012", "us-east-1", "arn:aws:iam::123456789012:user/u", "AIDAU")


def test_types_come_before_constraints_and_constraints_before_rules(service: Service) -> None:
    missing = {"ModelPackageName": "nope", "IncludedData": "Nothing"}
    with pytest.raises(SerializationException):
        service.invoke("DescribeModelPackage", missing | {"ModelPackageName": 1}, CALLER)
    with pytest.raises(ValidationException, match="1 validation error detected"):
        service.invoke("DescribeModelPackage", missing, CALLER)
    with pytest.raises(ValidationException, match="does not exist"):
        service.invoke("DescribeModelPackage", {"ModelPackageName": "nope"}, CALLER)


def test_an_operation_nobody_knows_has_no_message(service: Service) -> None:
    with pytest.raises(UnknownOperationException) as caught:
        service.invoke("MakeCoffee", {}, CALLER)
    assert caught.value.message is None


def test_an_operation_that_is_not_served_says_where_coverage_is_listed(service: Service) -> None:
    with pytest.raises(UnknownOperationException, match=r"ListTrainingJobs.*`sagemock coverage`"):
        service.invoke("ListTrainingJobs", {}, CALLER)


def test_a_refused_call_does_not_use_up_its_token(service: Service) -> None:
    request = {"ModelPackageGroupName": "churn", "ClientToken": "t"}
    with pytest.raises(ValidationException):
        service.invoke("CreateModelPackage", request, CALLER)
    service.invoke("CreateModelPackageGroup", {"ModelPackageGroupName": "churn"}, CALLER)
    first = service.invoke("CreateModelPackage", request, CALLER)
    assert service.invoke("CreateModelPackage", request, CALLER) == first
    with pytest.raises(ConflictException):
        service.invoke("CreateModelPackage", request | {"Task": "OTHER"}, CALLER)


def test_a_token_is_known_only_where_it_was_used(service: Service) -> None:
    elsewhere = Caller("123456789012", "eu-west-1", CALLER.principal, CALLER.principal_id)
    request = {"ModelPackageGroupName": "churn", "ClientToken": "t"}
    for caller in (CALLER, elsewhere):
        service.invoke("CreateModelPackageGroup", {"ModelPackageGroupName": "churn"}, caller)
        answer = service.invoke("CreateModelPackage", request, caller)
        assert answer
        assert caller.region in answer["ModelPackageArn"]


def test_time_of_a_package_never_runs_backwards(service: Service, clock: TickingClock) -> None:
    service.invoke("CreateModelPackageGroup", {"ModelPackageGroupName": "churn"}, CALLER)
    answer = service.invoke("CreateModelPackage", {"ModelPackageGroupName": "churn"}, CALLER)
    assert answer
    update = {"ModelPackageArn": answer["ModelPackageArn"]}
    times = []
    for moved in (10, -1000, 5):
        clock.time += moved
        service.invoke("UpdateModelPackage", update, CALLER)
        version = service.invoke("DescribeModelPackage", {"ModelPackageName": "churn/1"}, CALLER)
        assert version
        times.append(version["LastModifiedTime"])
    assert times == sorted(times)


def test_a_fault_of_ours_is_an_internal_failure_that_keeps_nothing(
    app: Flask, service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(call: Call, _: Members) -> Members:
        call.store.next_number("scope")
        raise sqlite3.OperationalError

    monkeypatch.setitem(service._rules, "CreateModelPackageGroup", fail)
    before = stored(service)
    with caplog.at_level(logging.INFO):
        answer = app.test_client().post(
            "/",
            json={"ModelPackageGroupName": "secret-name"},
            headers={"X-Amz-Target": "SageMaker.CreateModelPackageGroup"},
        )
    request_id = answer.headers["x-amzn-RequestId"]
    assert answer.status_code == 500
    assert answer.get_json(force=True) == {"__type": "InternalFailure", "message": ""}
    assert stored(service) == before
    assert request_id in caplog.text
    assert "secret-name" not in caplog.text


def test_a_rule_named_after_no_operation_is_refused_at_the_start(model: ServiceModel) -> None:
    def make_coffee(call: Call, request: Members) -> Members:
        return {call.operation.name: request}

    with pytest.raises(LookupError, match="makecoffee"):
        model.match_rules({"makecoffee": make_coffee})


def test_in_tests_a_stored_member_that_describe_does_not_show_is_an_error(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def describe(_: Call, request: Members) -> Members:
        return {"ModelPackageGroupNmae": request["ModelPackageGroupName"]}

    monkeypatch.setitem(service._rules, "DescribeModelPackageGroup", describe)
    with pytest.raises(LookupError, match="ModelPackageGroupNmae"):
        service.invoke("DescribeModelPackageGroup", {"ModelPackageGroupName": "g"}, CALLER)


def test_a_closed_store_is_not_ready() -> None:
    service = create_service(Settings(db=":memory:"))
    service.check()
    service.close()
    with pytest.raises(ServiceUnavailable, match="unable to open"):
        service.check()


def test_members_that_update_does_not_know_change_nothing(service: Service) -> None:
    service.invoke("CreateModelPackageGroup", {"ModelPackageGroupName": "churn"}, CALLER)
    request = {"ModelPackageGroupName": "churn", "ModelPackageDescription": "first"}
    answer = service.invoke("CreateModelPackage", request, CALLER)
    assert answer
    update = {"ModelPackageArn": answer["ModelPackageArn"], "ModelPackageDescription": "second"}
    service.invoke("UpdateModelPackage", update, CALLER)
    version = service.invoke("DescribeModelPackage", {"ModelPackageName": "churn/1"}, CALLER)
    assert version
    assert version["ModelPackageDescription"] == "first"


def test_the_deepest_json_that_can_be_allowed_does_not_exhaust_the_stack(
    service: Service, model: ServiceModel
) -> None:
    expression: Members = {"Operator": "And"}
    for _ in range(127):
        expression = {"SubExpressions": [expression]}
    search = model.operation("Search")
    assert search
    request = {"Resource": "Model", "SearchExpression": expression}
    assert service._validator.validate(search, request) == request
