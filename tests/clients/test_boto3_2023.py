"""boto3 of June 2023, shortly before it read an endpoint from the environment (1.28)."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3_deployment import check_deployed, check_errors, deploying_boto3
from client_programs import run_python
from deployable import Deploy, running_models
from environments import clean_environment, python_environment
from expected import GROUP, PAGES, VERSION_1, botocore_errors

from sagemock import RunningServer

pytestmark = pytest.mark.clients
VERSION = "1.26.165"
CLIENT = f"boto3 {VERSION} (2023)"

INFERENCE = {
    "Containers": [
        {
            "Image": "i:1",
            "ModelDataUrl": "s3://bucket/m.tar.gz",
            "Environment": {"LOG_LEVEL": "info"},
            "ModelInput": {"DataInputConfig": "{}"},
            "Framework": "XGBOOST",
            "FrameworkVersion": "1.5",
            "NearestModelName": "xgb",
        }
    ],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}
STATISTICS = {
    "ModelQuality": {
        "Statistics": {"ContentType": "application/json", "S3Uri": "s3://bucket/s.json"}
    }
}
DESCRIPTION = {
    "ModelPackageDescription": "First try",
    "InferenceSpecification": INFERENCE,
    "MetadataProperties": {"CommitId": "abc"},
    "ModelMetrics": STATISTICS,
    "DriftCheckBaselines": STATISTICS,
    "Domain": "MACHINE_LEARNING",
    "Task": "CLASSIFICATION",
    "SamplePayloadUrl": "s3://bucket/payload.tar.gz",
}
EDGE = {"Name": "edge", "Containers": [{"Image": "i:2", "ModelDataUrl": "s3://bucket/m.tar.gz"}]}
CLOUD = {"Name": "cloud", "Containers": [{"Image": "i:3", "ModelDataUrl": "s3://bucket/m.tar.gz"}]}
APPROVAL = {"ModelApprovalStatus": "Approved", "ApprovalDescription": "Reviewed"}

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def python() -> Path:
    return python_environment("boto3-2023", f"boto3=={VERSION}") / "python"


@pytest.fixture
def run(server: RunningServer, python: Path, tmp_path: Path) -> Run:
    variables = clean_environment(server.url, tmp_path)
    return lambda *arguments: run_python(
        python, "old_boto3.py", server.url, *arguments, variables=variables, folder=tmp_path
    )


@pytest.fixture
def deploy(python: Path, tmp_path: Path) -> Iterator[Deploy]:
    with running_models(tmp_path) as server:
        yield deploying_boto3(server.url, python, tmp_path)


def test_the_developer_guides_flow(run: Run) -> None:
    requests = {
        "group": {
            "ModelPackageGroupName": "churn",
            "ModelPackageGroupDescription": "Who is about to leave",
            "Tags": [{"Key": "team", "Value": "growth"}],
        },
        "version": {
            **DESCRIPTION,
            "CustomerMetadataProperties": {"trained-by": "ana", "attempt": "7"},
            "AdditionalInferenceSpecifications": [EDGE],
        },
        "update": {
            **APPROVAL,
            "CustomerMetadataProperties": {"reviewed-by": "ben"},
            "CustomerMetadataPropertiesToRemove": ["attempt"],
            "AdditionalInferenceSpecificationsToAdd": [CLOUD],
        },
    }
    flow = run("flow", json.dumps(requests))
    caller = flow["group"]["CreatedBy"]
    assert caller["IamIdentity"]["Arn"].startswith("arn:aws:sts::123456789012:assumed-role/")
    summary = {
        "ModelPackageGroupName": "churn",
        "ModelPackageVersion": 1,
        "ModelPackageArn": VERSION_1,
        "ModelPackageDescription": "First try",
        "CreationTime": "datetime",
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
    }
    before = {
        **summary,
        **DESCRIPTION,
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": False,
        "CreatedBy": caller,
        "ModelApprovalStatus": "PendingManualApproval",
        "CustomerMetadataProperties": {"trained-by": "ana", "attempt": "7"},
        "AdditionalInferenceSpecifications": [EDGE],
    }
    after = {
        **before,
        **APPROVAL,
        "LastModifiedTime": "datetime",
        "LastModifiedBy": caller,
        "CustomerMetadataProperties": {"trained-by": "ana", "reviewed-by": "ben"},
        "AdditionalInferenceSpecifications": [EDGE, CLOUD],
    }
    assert flow == {
        "version": VERSION_1,
        "before": before,
        "after": after,
        "listed": [summary],
        "batch": {VERSION_1: {**summary, "InferenceSpecification": INFERENCE}},
        "found": [VERSION_1],
        "tags": [{"Key": "team", "Value": "growth"}, {"Key": "phase", "Value": "prod"}],
        "tags_left": [{"Key": "phase", "Value": "prod"}],
        "group": {
            "ModelPackageGroupName": "churn",
            "ModelPackageGroupArn": GROUP,
            "ModelPackageGroupDescription": "Who is about to leave",
            "CreationTime": "datetime",
            "CreatedBy": caller,
            "ModelPackageGroupStatus": "Completed",
        },
        "left": [],
    }


def test_a_policy_comes_back_to_the_letter(run: Run) -> None:
    missing = f"Cannot find resource policy for: {GROUP}"
    assert run("policy") == {
        "to_the_letter": True,
        "deleted": botocore_errors()["missing"] | {"message": missing},
    }


def test_paginators_follow_all_pages(run: Run) -> None:
    assert run("pages") == PAGES


def test_time_bounds_come_in_whole_seconds(run: Run) -> None:
    assert run("times") == {
        "sent_in_whole_seconds": True,
        "after_a_second_earlier": ["churn"],
        "before_its_own_second": [],
        "before_a_second_later": ["churn"],
    }


def test_errors_have_aws_words_and_are_not_tried_again(run: Run) -> None:
    assert run("errors") == botocore_errors()


def test_a_version_is_deployed_called_changed_over_and_taken_down(deploy: Deploy) -> None:
    check_deployed(deploy)


def test_errors_of_a_deployment_have_aws_words_and_names(deploy: Deploy) -> None:
    check_errors(deploy)
