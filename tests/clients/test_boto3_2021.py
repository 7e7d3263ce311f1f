"""boto3 of July 2021, on a Python of its time: it knows fewer members, and sends older times."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3_deployment import check_deployed, check_errors, deploying_boto3
from client_programs import found_python, run_python
from deployable import Deploy, running_models
from environments import clean_environment, python_environment
from expected import GROUP, PAGES, VERSION_1, botocore_errors

from sagemock import RunningServer

pytestmark = pytest.mark.clients
VERSION = "1.17.112"
CLIENT = f"boto3 {VERSION} (2021)"

DESCRIPTION = {
    "ModelPackageDescription": "First try",
    "InferenceSpecification": {
        "Containers": [{"Image": "i:1", "ModelDataUrl": "s3://bucket/m.tar.gz"}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    },
    "MetadataProperties": {"CommitId": "abc"},
    "ModelMetrics": {
        "ModelQuality": {
            "Statistics": {"ContentType": "application/json", "S3Uri": "s3://bucket/s.json"}
        }
    },
}
APPROVAL = {"ModelApprovalStatus": "Approved", "ApprovalDescription": "Reviewed"}

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def python() -> Path:
    # It runs on 3.6 to 3.11; its copy of six does not import on anything newer.
    interpreter = found_python("3.9", "3.8", "3.10", "3.11")
    return python_environment("boto3-2021", f"boto3=={VERSION}", python=interpreter) / "python"


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
        "version": DESCRIPTION,
        "update": APPROVAL,
    }
    summary = {
        "ModelPackageGroupName": "churn",
        "ModelPackageVersion": 1,
        "ModelPackageArn": VERSION_1,
        "ModelPackageDescription": "First try",
        "CreationTime": "datetime",
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
    }
    # It knows no way to show an IAM caller, so who created a thing has no members.
    before = {
        **summary,
        **DESCRIPTION,
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": False,
        "CreatedBy": {},
        "ModelApprovalStatus": "PendingManualApproval",
    }
    modified = {"LastModifiedTime": "datetime", "LastModifiedBy": {}}
    assert run("flow", json.dumps(requests)) == {
        "version": VERSION_1,
        "before": before,
        "after": {**before, **APPROVAL, **modified},
        "listed": [summary],
        "found": [VERSION_1],
        "tags": [{"Key": "team", "Value": "growth"}, {"Key": "phase", "Value": "prod"}],
        "tags_left": [{"Key": "phase", "Value": "prod"}],
        "group": {
            "ModelPackageGroupName": "churn",
            "ModelPackageGroupArn": GROUP,
            "ModelPackageGroupDescription": "Who is about to leave",
            "CreationTime": "datetime",
            "CreatedBy": {},
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


def test_it_passes_over_what_a_newer_client_gave_a_version(run: Run, server: RunningServer) -> None:
    newer = server.client()
    newer.create_model_package_group(ModelPackageGroupName="churn")
    newer.create_model_package(
        ModelPackageGroupName="churn",
        ModelPackageDescription="From a newer client",
        CustomerMetadataProperties={"trained-by": "ana"},
        SourceUri="s3://bucket/mlflow",
        SkipModelValidation="All",
        ModelLifeCycle={"Stage": "Development", "StageStatus": "InProgress"},
        ModelCard={"ModelCardStatus": "Draft", "ModelCardContent": "{}"},
    )
    assert run("describe", json.dumps(VERSION_1)) == {
        "ModelPackageGroupName": "churn",
        "ModelPackageVersion": 1,
        "ModelPackageArn": VERSION_1,
        "ModelPackageDescription": "From a newer client",
        "CreationTime": "datetime",
        "CreatedBy": {},
        "CertifyForMarketplace": False,
        "ModelApprovalStatus": "PendingManualApproval",
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
    }


def test_a_version_is_deployed_called_changed_over_and_taken_down(deploy: Deploy) -> None:
    check_deployed(deploy)


def test_errors_of_a_deployment_have_aws_words_and_names(deploy: Deploy) -> None:
    check_errors(deploy)
