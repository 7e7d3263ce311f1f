"""Our own paths: alive, ready, forget everything."""

import json
from importlib.metadata import version
from typing import Any

import pytest
from flask import Flask

from conftest import stored
from sagemock import Service, Settings, create_app
from sagemock.app import create_service
from sagemock.operation import Caller
from sagemock.wire.flask_app import NOT_OURS

ANN = Caller("123456789012", "us-east-1", "arn:aws:iam::123456789012:user/ann", "AIDAANN")
BEN = Caller("210987654321", "eu-west-1", "arn:aws:iam::210987654321:user/ben", "AIDABEN")
GROUP = {"ModelPackageGroupName": "churn"}
GROUP_ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/churn"
RESETS = ["/_sagemock/reset", "/moto-api/reset"]
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
                "Action": "sagemaker:DescribeModelPackageGroup",
                "Resource": GROUP_ARN,
            }
        ],
    }
)


def fill(service: Service) -> None:
    """Something of everything that is stored, in two accounts and regions."""
    tagged = {**GROUP, "Tags": [{"Key": "team", "Value": "risk"}]}
    policy = {**GROUP, "ResourcePolicy": POLICY}
    service.invoke("CreateModelPackageGroup", tagged, ANN)
    service.invoke("PutModelPackageGroupPolicy", policy, ANN)
    service.invoke("CreateModelPackage", {**GROUP, "ClientToken": "once"}, ANN)
    service.invoke("CreateModelPackage", GROUP, ANN)
    service.invoke("CreateModelPackageGroup", GROUP, BEN)


def refusal_of(path: str) -> tuple[int, dict[str, str]]:
    """What a path that is not served is told; below our own, what is."""
    refusal = {"__type": "UnknownOperationException"}
    if path.startswith("/_sagemock"):
        refusal["message"] = NOT_OURS
    return 404, refusal


def asked(app: Flask, path: str, method: str = "GET") -> tuple[int, Any]:
    answer = app.test_client().open(path, method=method)
    return answer.status_code, json.loads(answer.data)


def test_health_tells_versions_and_whose_calls_are_that_name_nobody(app: Flask) -> None:
    assert asked(app, "/_sagemock/health") == (
        200,
        {
            "status": "ok",
            "version": version("sagemock"),
            "botocore": version("botocore"),
            "tolerated": 0,
            "account": "123456789012",
            "region": "us-east-1",
        },
    )


def test_health_does_not_look_at_the_store() -> None:
    service = create_service(Settings(db=":memory:"))
    app = create_app(Settings(db=":memory:"), service=service)
    service.close()
    assert asked(app, "/_sagemock/health")[0] == 200


def test_ready_says_that_the_store_can_be_read(app: Flask) -> None:
    assert asked(app, "/_sagemock/ready") == (200, {"status": "ready"})


def test_ready_fails_in_json_without_a_traceback_when_the_store_cannot_be_read() -> None:
    service = create_service(Settings(db=":memory:"))
    app = create_app(Settings(db=":memory:"), service=service)
    service.close()
    answer = app.test_client().get("/_sagemock/ready")
    assert answer.status_code == 503
    assert json.loads(answer.data) == {
        "__type": "ServiceUnavailable",
        "message": "The registry's storage cannot be used now: unable to open database file.",
    }
    assert b"Traceback" not in answer.data
    assert b"sqlite" not in answer.data


@pytest.mark.parametrize("path", ["/_sagemock/health", "/_sagemock/ready"])
def test_looking_changes_nothing(path: str, app: Flask, service: Service) -> None:
    fill(service)
    before = stored(service)
    asked(app, path)
    assert stored(service) == before


@pytest.mark.parametrize("path", RESETS)
def test_reset_empties_everything_of_every_account_and_region(
    path: str, app: Flask, service: Service
) -> None:
    empty = stored(service)
    fill(service)
    assert stored(service) != empty
    assert asked(app, path, "POST") == (200, {"status": "ok"})
    assert stored(service) == empty


@pytest.mark.parametrize("path", RESETS)
def test_after_a_reset_all_begins_anew(path: str, app: Flask, service: Service) -> None:
    fill(service)
    asked(app, path, "POST")
    service.invoke("CreateModelPackageGroup", GROUP, ANN)
    assert service.invoke("ListTags", {"ResourceArn": GROUP_ARN}, ANN) == {"Tags": []}
    # Neither the number nor the token of before is remembered.
    package = service.invoke(
        "CreateModelPackage",
        {**GROUP, "ClientToken": "once", "ModelPackageDescription": "new"},
        ANN,
    )
    assert package == {
        "ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"
    }


@pytest.mark.parametrize("path", RESETS)
def test_an_empty_registry_can_be_reset(path: str, app: Flask) -> None:
    assert asked(app, path, "POST") == (200, {"status": "ok"})
    assert asked(app, path, "POST") == (200, {"status": "ok"})


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", RESETS)
def test_nothing_but_a_post_resets(path: str, method: str, app: Flask, service: Service) -> None:
    fill(service)
    before = stored(service)
    assert asked(app, path, method) == refusal_of(path)
    assert stored(service) == before


@pytest.mark.parametrize("path", RESETS)
def test_asking_for_the_head_of_a_reset_changes_nothing(
    path: str, app: Flask, service: Service
) -> None:
    fill(service)
    before = stored(service)
    assert app.test_client().head(path).status_code == 404
    assert stored(service) == before


@pytest.mark.parametrize("path", ["/_sagemock/health", "/_sagemock/ready"])
def test_health_and_readiness_are_only_looked_at(path: str, app: Flask) -> None:
    assert asked(app, path, "POST") == refusal_of(path)


@pytest.mark.parametrize("path", ["/_sagemock", "/_sagemock/", "/moto-api", "/_sagemock/RESET"])
def test_there_are_no_other_paths_of_our_own(path: str, app: Flask) -> None:
    assert asked(app, path, "POST") == refusal_of(path)
    assert asked(app, path) == refusal_of(path)


def test_what_is_ours_is_plain_json_without_cors(app: Flask) -> None:
    answer = app.test_client().get("/_sagemock/health")
    assert answer.headers["Content-Type"] == "application/json"
    assert "Access-Control-Allow-Origin" not in answer.headers
