"""What is written down of a write: one record, in its transaction, that undoes it."""

import json
import sqlite3
from typing import Any

import pytest
from flask import Flask

from conftest import TickingClock
from fictions import configure, create, update
from sagemock import Service
from sagemock.errors import SageMakerError
from sagemock.operation import Caller

CALLER = Caller("123456789012", "us-east-1", "arn:aws:iam::123456789012:user/u", "AIDAU")
GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/churn"
VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"


def invoke(service: Service, operation: str, **request: Any) -> Any:
    return service.invoke(operation, request, CALLER, f"request of {operation}")


def records(service: Service) -> list[dict[str, Any]]:
    """The records of the store, in order; nothing reads them over the wire yet."""
    with sqlite3.connect(service._store._file.path) as connection:  # type: ignore[attr-defined]
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT * FROM activity ORDER BY id").fetchall()
    connection.close()
    return [
        {**row, "before": json.loads(row["before"]), "after": json.loads(row["after"])}
        for row in map(dict, rows)
    ]


@pytest.fixture
def version(service: Service) -> str:
    invoke(service, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    return str(
        invoke(service, "CreateModelPackage", ModelPackageGroupName="churn")["ModelPackageArn"]
    )


def test_a_creation_says_who_when_and_what(service: Service, clock: TickingClock) -> None:
    tags = [{"Key": "team", "Value": "growth"}]
    invoke(service, "CreateModelPackageGroup", ModelPackageGroupName="churn", Tags=tags)
    assert records(service) == [
        {
            "id": 1,
            "at_ms": round(clock.time * 1000),
            "account": "123456789012",
            "region": "us-east-1",
            "kind": "model-package-group",
            "name": "churn",
            "number": 0,
            "change": "created",
            "operation": "CreateModelPackageGroup",
            "principal": CALLER.principal,
            "request_id": "request of CreateModelPackageGroup",
            "before": {},
            "after": {},
        }
    ]


def test_a_change_keeps_the_members_it_touched_as_they_were_and_are(
    service: Service, version: str
) -> None:
    before = invoke(service, "DescribeModelPackage", ModelPackageName=version)
    invoke(
        service,
        "UpdateModelPackage",
        ModelPackageArn=version,
        ModelApprovalStatus="Approved",
        ApprovalDescription="by ana",
    )
    after = invoke(service, "DescribeModelPackage", ModelPackageName=version)
    record = records(service)[-1]
    assert (record["change"], record["name"], record["number"]) == ("changed", "churn", 1)
    assert record["before"] == {"ModelApprovalStatus": "PendingManualApproval"}
    assert record["after"] == {
        "ModelApprovalStatus": "Approved",
        "ApprovalDescription": "by ana",
        "LastModifiedTime": after["LastModifiedTime"],
        "LastModifiedBy": after["LastModifiedBy"],
    }
    undone = {name: value for name, value in after.items() if name not in record["after"]}
    assert undone | record["before"] == before


def test_a_removal_keeps_all_that_was_there(service: Service) -> None:
    tags = [{"Key": "team", "Value": "growth"}]
    invoke(service, "CreateModelPackageGroup", ModelPackageGroupName="churn", Tags=tags)
    group = invoke(service, "DescribeModelPackageGroup", ModelPackageGroupName="churn")
    invoke(service, "DeleteModelPackageGroup", ModelPackageGroupName="churn")
    record = records(service)[-1]
    assert record["change"] == "removed"
    assert record["before"] == {**group, "Tags": {"team": "growth"}}
    assert record["after"] == {}


def test_tags_and_policies_are_changes_of_what_they_belong_to(
    service: Service, version: str
) -> None:
    assert version == VERSION
    invoke(service, "AddTags", ResourceArn=GROUP, Tags=[{"Key": "a", "Value": "1"}])
    invoke(service, "DeleteTags", ResourceArn=GROUP, TagKeys=["a"])
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
                    "Action": "sagemaker:DescribeModelPackageGroup",
                    "Resource": GROUP,
                }
            ],
        }
    )
    name = {"ModelPackageGroupName": "churn"}
    invoke(service, "PutModelPackageGroupPolicy", **name, ResourcePolicy=policy)
    invoke(service, "DeleteModelPackageGroupPolicy", **name)
    assert [
        (each["operation"], each["before"], each["after"]) for each in records(service)[2:]
    ] == [
        ("AddTags", {"Tags": {}}, {"Tags": {"a": "1"}}),
        ("DeleteTags", {"Tags": {"a": "1"}}, {"Tags": {}}),
        ("PutModelPackageGroupPolicy", {}, {"resource_policy": policy}),
        ("DeleteModelPackageGroupPolicy", {"resource_policy": policy}, {}),
    ]
    assert {each["name"] for each in records(service)} == {"churn"}


def test_what_is_read_refused_or_replayed_is_not_written_down(
    service: Service, version: str
) -> None:
    create = {"ModelPackageGroupName": "churn", "ClientToken": "token"}
    invoke(service, "CreateModelPackage", **create)
    before = records(service)
    invoke(service, "CreateModelPackage", **create)
    invoke(service, "DescribeModelPackage", ModelPackageName=version)
    with pytest.raises(SageMakerError):
        invoke(service, "DeleteModelPackageGroup", ModelPackageGroupName="churn")
    assert records(service) == before


def test_the_life_of_an_endpoint_is_written_down_in_order(service: Service) -> None:
    create(service, "it")
    configure(service, "next")
    update(service, "it", "next")
    invoke(service, "DeleteEndpoint", EndpointName="it")
    told = [
        (each["operation"], each["change"], each["kind"], each["name"])
        for each in records(service)
        if each["kind"] == "endpoint" or each["change"] in {"deployed", "withdrawn"}
    ]
    assert told == [
        ("CreateEndpoint", "created", "endpoint", "it"),
        ("Settle", "changed", "endpoint", "it"),
        ("CreateEndpoint", "deployed", "model", "it"),
        ("UpdateEndpoint", "changed", "endpoint", "it"),
        ("CreateEndpoint", "withdrawn", "model", "it"),
        ("Settle", "changed", "endpoint", "it"),
        ("UpdateEndpoint", "deployed", "model", "next"),
        ("DeleteEndpoint", "changed", "endpoint", "it"),
        ("UpdateEndpoint", "withdrawn", "model", "next"),
        ("Settle", "removed", "endpoint", "it"),
    ]


def test_an_invocation_is_not_written_down(app: Flask, service: Service) -> None:
    create(service, "it")
    before = records(service)
    assert app.test_client().post("/endpoints/it/invocations", data=b"1").status_code == 200
    assert records(service) == before
