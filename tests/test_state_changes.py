"""State changes: the events of each noun, whole, in AWS's words and forms of time."""

from typing import Any

import pytest

from conftest import TickingClock
from fictions import ANN, ARN, IMAGE, call, configure, create, make_model, update
from sagemock import Service

Members = dict[str, Any]

GROUP = {"ModelPackageGroupName": "churn"}
VERSION = f"{ARN}model-package/churn/1"
BY_ANN = {"IamIdentity": {"Arn": ANN.principal, "PrincipalId": ANN.principal_id}}
# A round time, so that the times of events can be read: the first call is one second later.
START = 1_800_000_000.0


def events(service: Service) -> list[Members]:
    found: list[Members] = service.events.page()["Events"]
    return found


def envelope(found: Members, kind: str, resource: str, time: str, detail: Members) -> Members:
    return {
        "version": "0",
        "id": found["id"],
        "detail-type": f"SageMaker {kind} State Change",
        "source": "aws.sagemaker",
        "account": "123456789012",
        "time": time,
        "region": "us-east-1",
        "resources": [f"{ARN}{resource}"],
        "detail": detail,
    }


def test_a_version_is_told_of_whole(service: Service, clock: TickingClock) -> None:
    containers = [{"Image": IMAGE, "ModelDataUrl": "s3://models/churn.tar.gz"}]
    specification = {
        "Containers": containers,
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    clock.time = START - 1
    call(service, "CreateModelPackageGroup", **GROUP)
    call(service, "CreateModelPackage", **GROUP, InferenceSpecification=specification)
    approval = {"ModelApprovalStatus": "Approved", "ApprovalDescription": "ok"}
    call(service, "UpdateModelPackage", ModelPackageArn=VERSION, **approval)
    created, approved = events(service)
    detail = {
        "ModelPackageGroupName": "churn",
        "ModelPackageVersion": 1,
        "ModelPackageArn": VERSION,
        "CreationTime": "2027-01-15T08:00:01Z",
        "CreatedBy": BY_ANN,
        "InferenceSpecification": specification,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": False,
        "ModelApprovalStatus": "PendingManualApproval",
    }
    resource = "model-package/churn/1"
    assert created == envelope(created, "Model Package", resource, "2027-01-15T08:00:01Z", detail)
    detail = {
        **detail,
        **approval,
        "LastModifiedTime": "2027-01-15T08:00:02Z",
        "LastModifiedBy": BY_ANN,
        "UpdatedModelPackageFields": ["ModelApprovalStatus", "ApprovalDescription"],
    }
    assert approved == envelope(approved, "Model Package", resource, "2027-01-15T08:00:02Z", detail)


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({}, None),
        ({"ModelApprovalStatus": "Approved"}, None),
        ({"ModelApprovalStatus": "Rejected"}, ["ModelApprovalStatus"]),
        ({"ApprovalDescription": "anew"}, ["ApprovalDescription"]),
        ({"CustomerMetadataProperties": {"a": "2"}}, ["CustomerMetadataProperties"]),
        ({"CustomerMetadataProperties": {"a": "1"}}, None),
        ({"CustomerMetadataPropertiesToRemove": ["a"]}, ["CustomerMetadataProperties"]),
        ({"SourceUri": "s3://source"}, ["sourceUri"]),
        (
            {
                "SourceUri": "s3://source",
                "ApprovalDescription": "anew",
                "ModelApprovalStatus": "Rejected",
                "ModelLifeCycle": {"Stage": "QA", "StageStatus": "Approved"},
            },
            ["ModelLifeCycle", "ModelApprovalStatus", "ApprovalDescription", "sourceUri"],
        ),
    ],
    ids=str,
)
def test_an_update_is_told_with_the_names_of_what_it_changed(
    service: Service, changed: Members, names: list[str] | None
) -> None:
    call(service, "CreateModelPackageGroup", **GROUP)
    call(
        service,
        "CreateModelPackage",
        **GROUP,
        ModelApprovalStatus="Approved",
        CustomerMetadataProperties={"a": "1"},
    )
    call(service, "UpdateModelPackage", ModelPackageArn=VERSION, **changed)
    created, updated = events(service)
    assert "UpdatedModelPackageFields" not in created["detail"]
    assert updated["detail"].get("UpdatedModelPackageFields") == names


def test_a_model_is_told_of_whole_when_it_is_made_and_when_it_goes(
    service: Service, clock: TickingClock
) -> None:
    clock.time = START
    make_model(service, "It", Tags=[{"Key": "team", "Value": "churn"}])
    call(service, "DeleteModel", ModelName="it")
    detail = {
        "ModelName": "It",
        "ModelArn": f"{ARN}model/it",
        "PrimaryContainer": {"Image": IMAGE},
        "EnableNetworkIsolation": False,
        "CreationTime": 1_800_000_001_000,
        "Tags": {"team": "churn"},
    }
    made, gone = events(service)
    assert made == envelope(made, "Model", "model/it", "2027-01-15T08:00:01Z", detail)
    assert gone == envelope(gone, "Model", "model/it", "2027-01-15T08:00:02Z", detail)
    assert made["id"] != gone["id"]


def test_an_endpoint_and_its_configuration_are_told_of_whole(
    service: Service, clock: TickingClock
) -> None:
    clock.time = START
    created = create(service, "It", Tags=[{"Key": "team", "Value": "churn"}])
    call(service, "AddTags", ResourceArn=f"{ARN}endpoint/it", Tags=[{"Key": "a", "Value": "1"}])
    configure(service, "next")
    update(service, "It", "next")
    _, config, creating, in_service, *_, updating, updated = events(service)
    assert config == envelope(
        config,
        "Endpoint Config",
        "endpoint-config/it",
        "2027-01-15T08:00:02Z",
        {
            "EndpointConfigName": "It",
            "EndpointConfigArn": f"{ARN}endpoint-config/it",
            "ProductionVariants": [
                {
                    "VariantName": "AllTraffic",
                    "ModelName": "It",
                    "InitialInstanceCount": 1,
                    "InstanceType": "ml.m5.large",
                    "InitialVariantWeight": 1.0,
                }
            ],
            "CreationTime": 1_800_000_002_000,
            "Tags": {"team": "churn"},
        },
    )
    detail = {
        "EndpointName": "It",
        "EndpointArn": f"{ARN}endpoint/it",
        "EndpointConfigName": "It",
        "ProductionVariants": [{"DesiredWeight": 1.0, "DesiredInstanceCount": 1}],
        "EndpointStatus": "CREATING",
        "CreationTime": 1_800_000_003_000,
        "LastModifiedTime": 1_800_000_003_000,
        "Tags": {},
    }
    endpoint = "Endpoint", "endpoint/it"
    assert creating == envelope(creating, *endpoint, "2027-01-15T08:00:03Z", detail)
    ready_ms = round(created["LastModifiedTime"] * 1000)
    detail = {**detail, "EndpointStatus": "IN_SERVICE", "LastModifiedTime": ready_ms}
    assert in_service == envelope(in_service, *endpoint, "2027-01-15T08:00:04Z", detail)
    assert updating["detail"]["Tags"] == updated["detail"]["Tags"] == {"a": "1"}
    assert updating["detail"]["EndpointStatus"] == "UPDATING"
    assert updated["detail"]["EndpointConfigName"] == "next"
