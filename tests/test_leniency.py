"""`--validation warn`: what breaks a constraint is served, logged and counted; nothing else is."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from conftest import FIXTURES
from sagemock import Settings, create_app, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.conformance import read_cases
from test_wire_cases import CASES as WIRE_CASES
from test_wire_cases import body_of

BROKEN = [
    name
    for name, case in WIRE_CASES.items()
    if "detected: Value" in str(case["response"].get("json", {}).get("message"))
]
BROKEN_CALLS = [
    (case.name, step["call"], step.get("with", {}))
    for case in read_cases(FIXTURES / "conformance")
    for step in case.content["steps"]
    if "detected: " in step.get("error", {}).get("message", "")
]


@pytest.fixture
def lenient(model: ServiceModel) -> Iterator[Flask]:
    settings = Settings(db=":memory:", validation="warn")
    service = create_service(settings, model=model)
    yield create_app(settings, service=service)
    service.close()


def call(app: Flask, operation: str, **members: Any) -> tuple[int, Any]:
    headers = {"X-Amz-Target": f"SageMaker.{operation}"}
    answer = app.test_client().post("/", data=json.dumps(members), headers=headers)
    return answer.status_code, json.loads(answer.data) if answer.data else None


def tolerated(app: Flask) -> int:
    health = app.test_client().get("/_sagemock/health").get_json()
    return int(health["tolerated"])


def test_a_broken_constraint_is_served_logged_and_counted(
    lenient: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    status, answer = call(lenient, "CreateModelPackageGroup", ModelPackageGroupName="my_group")
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/my_group"
    assert (status, answer) == (200, {"ModelPackageGroupArn": arn})
    with caplog.at_level(logging.WARNING):
        status, answer = call(lenient, "CreateModelPackage", ModelPackageGroupName="my_group")
    assert status == 200
    assert answer["ModelPackageArn"].endswith(":model-package/my_group/1")
    assert "CreateModelPackage served; AWS would say: 1 validation error detected" in caplog.text
    status, answer = call(lenient, "DescribeModelPackage", ModelPackageName="my_group/1")
    assert answer["ModelPackageVersion"] == 1
    assert tolerated(lenient) == 3


def test_names_that_no_pattern_would_pass_are_kept_and_found(lenient: Flask) -> None:
    for name in ("with blank", "näme", "dots.and_more", "x" * 200, "a:b", "trailing-"):
        assert call(lenient, "CreateModelPackageGroup", ModelPackageGroupName=name)[0] == 200
        created = call(lenient, "CreateModelPackage", ModelPackageGroupName=name)[1]
        version = call(lenient, "DescribeModelPackage", ModelPackageName=created["ModelPackageArn"])
        assert version[1]["ModelPackageGroupName"] == name
        updated = call(
            lenient,
            "UpdateModelPackage",
            ModelPackageArn=created["ModelPackageArn"],
            ModelApprovalStatus="Maybe",
        )
        assert updated[0] == 200


@pytest.mark.parametrize("name", ["", "a/b", "a/1", "/"])
def test_a_name_that_cannot_stand_in_an_arn_is_refused(name: str, lenient: Flask) -> None:
    status, answer = call(lenient, "CreateModelPackageGroup", ModelPackageGroupName=name)
    assert status == 400
    assert answer["message"] == f"The name '{name}' cannot stand in an ARN."


def test_a_wrong_type_is_refused_all_the_same(lenient: Flask) -> None:
    status, answer = call(lenient, "CreateModelPackageGroup", ModelPackageGroupName=7)
    assert (status, answer["__type"]) == (400, "SerializationException")
    assert tolerated(lenient) == 0


def test_a_missing_member_is_refused_all_the_same(lenient: Flask) -> None:
    status, answer = call(lenient, "CreateModelPackageGroup")
    assert (status, answer["__type"]) == (400, "ValidationException")
    assert "Member must not be null" in answer["message"]
    assert tolerated(lenient) == 0


def test_a_rule_is_a_rule_all_the_same(lenient: Flask) -> None:
    status, answer = call(lenient, "DescribeModelPackageGroup", ModelPackageGroupName="a_b")
    assert status == 400
    assert answer["message"].endswith("does not exist.")


@pytest.mark.parametrize("name", BROKEN)
def test_no_broken_constraint_breaks_the_server(name: str, lenient: Flask) -> None:
    request = WIRE_CASES[name]["request"]
    answer = lenient.test_client().post("/", headers=request["headers"], data=body_of(request))
    assert answer.status_code in (200, 400), answer.data


def test_no_broken_call_of_the_cases_breaks_the_server(lenient: Flask) -> None:
    assert len(BROKEN_CALLS) > 100
    for name, operation, members in BROKEN_CALLS:
        status, answer = call(lenient, operation, **members)
        assert status in (200, 400), (name, answer)


def test_strict_is_the_default(app: Flask) -> None:
    assert call(app, "CreateModelPackageGroup", ModelPackageGroupName="my_group")[0] == 400
    assert tolerated(app) == 0
