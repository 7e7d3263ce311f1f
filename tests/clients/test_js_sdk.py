"""The AWS SDK for JavaScript, version 3, on Node.js: dates, paginators and errors by class."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from client_programs import installed_for_node, run_node
from environments import clean_environment
from expected import GROUP, MESSAGES, PAGES, REGISTRY

from running import Running

pytestmark = pytest.mark.clients
VERSION = "3.1142.0"
CLIENT = f"AWS SDK for JavaScript {VERSION}"

Run = Callable[[str], Any]


@pytest.fixture(scope="module")
def packages() -> Path:
    return installed_for_node("js-sdk", f"@aws-sdk/client-sagemaker@{VERSION}")


@pytest.fixture
def run(server: Running, packages: Path, tmp_path: Path) -> Run:
    # This SDK reads its region from a variable of another name than boto3 does.
    variables = clean_environment(server.url, tmp_path) | {"AWS_REGION": "us-east-1"}
    return lambda part: run_node(packages, "js_sdk.mjs", part, variables=variables, folder=tmp_path)


def test_the_developer_guides_flow(run: Run) -> None:
    versions = [f"{REGISTRY}:model-package/churn/{number}" for number in (1, 2)]
    assert run("flow") == {
        "group": GROUP,
        "versions": versions,
        "described": "Who is about to leave",
        "before": "PendingManualApproval",
        "inference": {
            "Containers": [{"Image": "i:1", "ModelDataUrl": "s3://bucket/m.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
        },
        "metadata": {"trained-by": "ana"},
        "after": ["Approved", "Reviewed"],
        "modified": True,
        "approved": versions[:1],
        "tags": [{"Key": "team", "Value": "growth"}, {"Key": "phase", "Value": "prod"}],
        "found": versions[:1],
        "searchedTime": True,
        "left": [],
    }


def test_a_time_is_a_date_to_the_millisecond(run: Run, server: Running) -> None:
    sagemaker = boto3.client(
        "sagemaker",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="123456789012",
        aws_secret_access_key="secret",  # noqa: S106 - none
    )
    sagemaker.create_model_package_group(ModelPackageGroupName="churn")
    group = sagemaker.describe_model_package_group(ModelPackageGroupName="churn")
    sagemaker.close()
    date = {"isDate": True, "milliseconds": round(group["CreationTime"].timestamp() * 1000)}
    assert run("times") == [date, date]


def test_paginators_follow_all_pages(run: Run) -> None:
    assert run("pages") == PAGES


def test_errors_have_aws_words_and_names_and_are_not_tried_again(run: Run) -> None:
    refused = {
        "name": "ValidationException",
        "isConflict": False,
        "isSageMakers": True,
        "fault": "client",
        "status": 400,
        "attempts": 1,
        "hasRequestId": True,
    }
    errors = {name: refused | {"message": message} for name, message in MESSAGES.items()}
    errors["conflict"] |= {"name": "ConflictException", "isConflict": True}
    assert run("errors") == errors
