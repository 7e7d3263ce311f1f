"""Every statement of every call made to fail once: a JSON 503, and the state as before."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from conftest import CountedIds, TickingClock, stored
from sagemock import Service, Settings, create_app, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.app import stored_kinds
from sagemock.store.sqlite_store import SqliteStore

ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"
GROUP = f"{ACCOUNT}:model-package-group/churn"
VERSION = f"{ACCOUNT}:model-package/churn/1"
TAGS = [{"Key": "team", "Value": "growth"}]
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "sagemaker:DescribeModelPackage",
            "Resource": GROUP,
        },
    }
)
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("CreateModelPackageGroup", {"ModelPackageGroupName": "fraud", "Tags": TAGS}),
    ("CreateModelPackage", {"ModelPackageGroupName": "churn", "ClientToken": "new"}),
    ("CreateModelPackage", {"ModelPackageGroupName": "churn", "ClientToken": "seen"}),
    ("UpdateModelPackage", {"ModelPackageArn": VERSION, "ModelApprovalStatus": "Approved"}),
    ("DeleteModelPackage", {"ModelPackageName": VERSION}),
    ("DeleteModelPackageGroup", {"ModelPackageGroupName": "empty"}),
    ("AddTags", {"ResourceArn": GROUP, "Tags": [{"Key": "stage", "Value": "test"}, *TAGS]}),
    ("DeleteTags", {"ResourceArn": GROUP, "TagKeys": ["team", "none"]}),
    (
        "PutModelPackageGroupPolicy",
        {"ModelPackageGroupName": "churn", "ResourcePolicy": POLICY},
    ),
    ("DeleteModelPackageGroupPolicy", {"ModelPackageGroupName": "empty"}),
    ("DescribeModelPackage", {"ModelPackageName": VERSION}),
    ("DescribeModelPackageGroup", {"ModelPackageGroupName": "churn"}),
    ("GetModelPackageGroupPolicy", {"ModelPackageGroupName": "empty"}),
    ("ListModelPackages", {"ModelPackageGroupName": "churn", "ModelApprovalStatus": "Approved"}),
    (
        "ListModelPackages",
        {"ModelPackageGroupName": "churn", "ModelApprovalStatus": "Approved", "SortBy": "Name"},
    ),
    ("ListModelPackageGroups", {"NameContains": "c"}),
    ("ListTags", {"ResourceArn": GROUP}),
    ("BatchDescribeModelPackage", {"ModelPackageArnList": [VERSION]}),
    ("Search", {"Resource": "ModelPackageGroup"}),
    ("GetSearchSuggestions", {"Resource": "ModelPackageGroup"}),
]


class Failing(sqlite3.Connection):
    """A connection whose statements can be made to fail."""

    fails: Callable[[str], bool] = staticmethod(lambda _: False)

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        if type(self).fails(sql):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        return super().execute(sql, *arguments)


@pytest.fixture
def service(
    model: ServiceModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    monkeypatch.setattr(Failing, "fails", staticmethod(lambda _: False))
    store = SqliteStore(
        tmp_path / "test.db",
        kinds=stored_kinds(model),
        durability="normal",
        connect=partial(sqlite3.connect, factory=Failing),
    )
    service = create_service(Settings(), model=model, store=store, clock=TickingClock())
    yield service
    service.close()


@pytest.fixture
def app(service: Service) -> Flask:
    app = create_app(Settings(), service=service, ids=CountedIds())
    for name in ("churn", "empty"):
        assert ask(app, "CreateModelPackageGroup", {"ModelPackageGroupName": name, "Tags": TAGS})
        policy = {"ModelPackageGroupName": name, "ResourcePolicy": POLICY.replace("churn", name)}
        assert ask(app, "PutModelPackageGroupPolicy", policy)[0] == 200
    version = {"ModelPackageGroupName": "churn", "ClientToken": "seen"}
    assert ask(app, "CreateModelPackage", version)[0] == 200
    return app


def ask(app: Flask, operation: str, request: dict[str, Any]) -> tuple[int, Any]:
    answer = app.test_client().post(
        "/", data=json.dumps(request), headers={"X-Amz-Target": f"SageMaker.{operation}"}
    )
    return answer.status_code, json.loads(answer.data or b"null")


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
def test_a_statement_that_fails_leaves_the_state_and_says_so(
    call: tuple[str, dict[str, Any]],
    app: Flask,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    operation, request_body = call
    before = stored(service)
    failed: list[str] = []
    while True:
        seen: list[str] = []

        def nth(sql: str, seen: list[str] = seen, number: int = len(failed)) -> bool:
            seen.append(sql)
            return len(seen) == number + 1

        monkeypatch.setattr(Failing, "fails", staticmethod(nth))
        status, body = ask(app, operation, request_body)
        monkeypatch.setattr(Failing, "fails", staticmethod(lambda _: False))
        if len(seen) <= len(failed):
            break
        failed.append(seen[len(failed)])
        assert status == 503, failed[-1]
        assert body == {
            "__type": "ServiceUnavailable",
            "message": "The registry's storage cannot be used now: disk I/O error.",
        }
        assert stored(service) == before, failed[-1]
    record_property("statements", len(failed))
    assert status == 200
    assert len(failed) >= 2
    writes = not operation.startswith(("Describe", "List", "Get", "Search", "Batch"))
    assert ("COMMIT" in failed) == writes
    replayed = request_body.get("ClientToken") == "seen"
    assert (stored(service) != before) == (writes and not replayed)
