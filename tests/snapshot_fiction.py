"""A registry with one of everything that a snapshot can hold, and how snapshots are looked at."""

import json
from typing import Any

from conftest import FIXTURES
from fictions import ANN, ARN, IMAGE, call, variant
from sagemock import Service
from sagemock.operation import Caller
from sagemock.snapshot import canonical, parsed

VERSION_1 = FIXTURES / "snapshots" / "version-1.json"
BO = Caller("210987654321", "cn-north-1", "arn:aws-cn:iam::210987654321:user/bo", "AIDABO")
GROUP = "churn"
SPECIFICATION = {
    "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://models/churn.tar.gz"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
    "SupportedTransformInstanceTypes": ["ml.m5.large"],
    "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sagemaker:DescribeModelPackage",
        "Resource": f"{ARN}model-package/churn/2",
    },
}


def version(number: int) -> str:
    return f"{ARN}model-package/{GROUP}/{number}"


def play(service: Service) -> None:
    """Versions 2 and 10 of eleven are left, one is deployed; another account has a group too."""
    tags = [{"Key": "team", "Value": "crm"}, {"Key": "cost", "Value": "caf\u00e9"}]
    call(service, "CreateModelPackageGroup", ModelPackageGroupName=GROUP, Tags=tags)
    for _ in range(11):
        call(
            service,
            "CreateModelPackage",
            ModelPackageGroupName=GROUP,
            InferenceSpecification=SPECIFICATION,
        )
    for number in (1, *range(3, 10), 11):
        call(service, "DeleteModelPackage", ModelPackageName=version(number))
    approved = {"ModelApprovalStatus": "Approved", "CustomerMetadataProperties": {"auc": "0.91"}}
    call(service, "UpdateModelPackage", ModelPackageArn=version(2), **approved)
    policy = json.dumps(POLICY)
    call(service, "PutModelPackageGroupPolicy", ModelPackageGroupName=GROUP, ResourcePolicy=policy)
    call(
        service,
        "CreateModelPackage",
        ModelPackageName="Alone",
        InferenceSpecification=SPECIFICATION,
    )
    container = {"ModelPackageName": version(2), "Environment": {"B": "1", "A": "2"}}
    call(service, "CreateModel", ModelName="Churn", PrimaryContainer=container)
    variants = [variant("Churn", InitialVariantWeight=0.3)]
    call(service, "CreateEndpointConfig", EndpointConfigName="churn", ProductionVariants=variants)
    call(service, "CreateEndpoint", EndpointName="Churn", EndpointConfigName="churn")
    service.invoke("CreateModelPackageGroup", {"ModelPackageGroupName": GROUP}, BO, "r")


def text(service: Service) -> bytes:
    """The snapshot of a service as it is written to a file."""
    return canonical(service.snapshot())


def saved() -> Any:
    """The content of the snapshot that is kept with the tests."""
    return parsed(VERSION_1.read_bytes())


def lists(service: Service, caller: Caller = ANN) -> dict[str, Any]:
    """What all lists of an account and region answer."""
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("ListModelPackageGroups", {}),
        ("ListModelPackageGroups", {"SortBy": "Name", "NameContains": "a"}),
        ("ListModelPackages", {"ModelPackageType": "Both"}),
        ("ListModelPackages", {"ModelPackageType": "Both", "SortBy": "Name"}),
        ("ListModelPackages", {"ModelPackageType": "Versioned", "SortOrder": "Ascending"}),
        ("ListModelPackages", {"ModelPackageType": "Both", "ModelApprovalStatus": "Approved"}),
        ("ListModels", {}),
        ("ListEndpointConfigs", {}),
        ("ListEndpoints", {}),
        ("ListEndpoints", {"SortBy": "Status"}),
        ("Search", {"Resource": "ModelPackage"}),
        ("Search", {"Resource": "ModelPackageGroup", "SortBy": "LastModifiedTime"}),
    )
    return {
        f"{operation} {json.dumps(request)}": service.invoke(operation, request, caller)
        for operation, request in asked
    }
