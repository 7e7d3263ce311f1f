"""The AWS SDK for JavaScript, version 3, on Node.js: dates, paginators and errors by class."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from client_programs import installed_for_node, run_node
from deployable import BROKEN, CHURN, LOGS, STREAM, Deploy, deploying, running_models
from environments import clean_environment
from expected import DEPLOY_MESSAGES, GROUP, LOOK_THERE, MESSAGES, PAGES, REGISTRY

from real_models import near
from sagemock import RunningServer

pytestmark = pytest.mark.clients
VERSION = "3.1142.0"
CLIENT = f"AWS SDK for JavaScript {VERSION}"

Run = Callable[[str], Any]


@pytest.fixture(scope="module")
def packages() -> Path:
    clients = ("client-sagemaker", "client-sagemaker-runtime")
    return installed_for_node("js-sdk", *(f"@aws-sdk/{each}@{VERSION}" for each in clients))


@pytest.fixture
def run(server: RunningServer, packages: Path, tmp_path: Path) -> Run:
    # This SDK reads its region from a variable of another name than boto3 does.
    variables = clean_environment(server.url, tmp_path) | {"AWS_REGION": "us-east-1"}
    return lambda part: run_node(packages, "js_sdk.mjs", part, variables=variables, folder=tmp_path)


@pytest.fixture
def deploy(packages: Path, tmp_path: Path) -> Iterator[Deploy]:
    with running_models(tmp_path) as server:
        variables = clean_environment(server.url, tmp_path) | {"AWS_REGION": "us-east-1"}
        run = partial(run_node, packages, "js_deploy.mjs", variables=variables, folder=tmp_path)
        yield deploying(run, server.url, tmp_path)


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


def test_a_time_is_a_date_to_the_millisecond(run: Run, server: RunningServer) -> None:
    sagemaker = server.client()
    sagemaker.create_model_package_group(ModelPackageGroupName="churn")
    group = sagemaker.describe_model_package_group(ModelPackageGroupName="churn")
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


def test_a_version_is_deployed_called_changed_over_and_taken_down(deploy: Deploy) -> None:
    seen = deploy("deploy", "numpy_churn", CHURN.body)
    assert near(
        seen.pop("answers"),
        [[variant, "application/json", CHURN.answer] for variant in ("blue", "green", "green")],
    )
    assert seen == {
        "status": "InService",
        "created": True,
        "variants": [["blue", 1]],
        "waited": ["SUCCESS"] * 4,
        "left": [[], [], []],
    }


def test_errors_of_a_deployment_have_aws_words_and_classes(deploy: Deploy) -> None:
    seen = deploy("errors", "numpy_churn")
    answered = {"attempts": 1, "hasRequestId": True}
    refused = answered | {
        "name": "ValidationException",
        "instanceOf": ["SageMakerServiceException"],
        "status": 400,
    }
    runtimes = "SageMakerRuntimeServiceException"
    said = seen["from_model"].pop("original")
    assert said.startswith("send application/json or text/csv, not image/png\n")
    assert seen == {
        "endpoint": refused | {"message": DEPLOY_MESSAGES["endpoint"]},
        "no_endpoint": refused | {"message": DEPLOY_MESSAGES["no_endpoint"]},
        "not_there": refused
        | {
            "name": "ValidationError",
            "instanceOf": [runtimes, "ValidationError"],
            "message": DEPLOY_MESSAGES["not_there"],
        },
        "from_model": answered
        | {
            "name": "ModelError",
            "instanceOf": ["ModelError", runtimes],
            "status": 424,
            "message": f'Received client error (415) from primary with message "{said}".'
            + LOOK_THERE,
            "code": "CLIENT_ERROR_FROM_MODEL",
            "originalStatus": 415,
            "log": f"{LOGS}/Churn-Live",
        },
    }


def test_streams_are_read_chunk_by_chunk_and_a_broken_one_is_thrown(deploy: Deploy) -> None:
    whole = [STREAM.chunks, "text/plain", "blue"]
    assert deploy("stream", "plain_stream", STREAM.body, BROKEN.body, STREAM.body) == [
        whole,
        [BROKEN.chunks, "ModelStreamError", True, "StreamBroken"],
        whole,
    ]
