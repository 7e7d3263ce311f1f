"""sagemaker-core, on which the SageMaker Python SDK v3 stands: its resource classes."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from client_programs import run_python
from deployable import CHURN, Deploy, deploying, running_models
from environments import clean_environment, python_environment
from expected import DEPLOY_MESSAGES, GROUP, LOOK_THERE, REGISTRY, VERSION_1

from real_models import near, read
from sagemock import RunningServer

pytestmark = pytest.mark.clients
VERSION = "2.27.0"
CLIENT = f"sagemaker-core {VERSION}"

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
CONTAINER = {"image": IMAGE, "model_data_url": "s3://models/churn/model.tar.gz"}
STATISTICS = {
    "statistics": {
        "content_type": "application/json",
        "s3_uri": "s3://models/churn/statistics.json",
    }
}
NEW = {
    "model_package_group_name": "churn",
    "model_package_version": 1,
    "model_package_arn": VERSION_1,
    "model_package_status": "Completed",
    "model_package_status_details": {"validation_statuses": [], "image_scan_statuses": []},
    "certify_for_marketplace": False,
    "model_approval_status": "PendingManualApproval",
}

Run = Callable[[str], Any]


@pytest.fixture(scope="module")
def python() -> Path:
    return python_environment("sagemaker-core", f"sagemaker-core=={VERSION}") / "python"


@pytest.fixture
def run(server: RunningServer, python: Path, tmp_path: Path) -> Run:
    return partial(
        run_python,
        python,
        "sagemaker_sdk_v3.py",
        variables=core_variables(server.url, tmp_path),
        folder=tmp_path,
    )


@pytest.fixture
def deploy(python: Path, tmp_path: Path) -> Iterator[Deploy]:
    with running_models(tmp_path) as server:
        run = partial(
            run_python,
            python,
            "sagemaker_core_deploy.py",
            variables=core_variables(server.url, tmp_path),
            folder=tmp_path,
        )
        yield deploying(run, server.url, tmp_path)


def core_variables(url: str, home: Path) -> dict[str, str]:
    """Variables of a user without any AWS configuration, who is not counted either."""
    config = home / "config.yaml"
    config.write_text(
        '{"SchemaVersion": "1.0", '
        '"SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": true}}}}'
    )
    return clean_environment(url, home) | {"SAGEMAKER_USER_CONFIG_OVERRIDE": str(config)}


def test_a_group_is_made_waited_for_tagged_deleted_and_waited_for(run: Run) -> None:
    group = {
        "model_package_group_name": "churn",
        "model_package_group_arn": GROUP,
        "model_package_group_description": "Who is about to leave",
        "model_package_group_status": "Completed",
    }
    assert run("group") == {
        "made": group,
        "got": group,
        "again": f"ValidationException: Model Package Group already exists: {GROUP}",
        "tags": [{"key": "team", "value": "risk"}, {"key": "tier", "value": "1"}],
        "left": [{"key": "tier", "value": "1"}],
        "gone": f"ValidationException: ModelPackageGroup {GROUP} does not exist.",
    }


def test_all_groups_are_found_over_several_pages(run: Run) -> None:
    assert run("groups") == {
        "none": [],
        "all": [f"churn-{number:02}" for number in range(11, -1, -1)],
        "some": ["churn-10", "churn-11"],
    }


def test_a_groups_policy_is_put_read_and_deleted(run: Run) -> None:
    missing = f"ValidationException: Cannot find resource policy for: {GROUP}"
    statement = {
        "Sid": "Read",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
        "Action": "sagemaker:DescribeModelPackageGroup",
        "Resource": GROUP,
    }
    assert run("policy") == {"before": missing, "statements": [statement], "after": missing}


def test_a_version_is_made_as_it_was_described_though_create_fails_on_its_name(run: Run) -> None:
    assert run("created") == {
        "failure": "KeyError('ModelPackageName')",
        "version": NEW
        | {
            "model_package_description": "Who is about to leave",
            "inference_specification": {"containers": [CONTAINER]},
            "additional_inference_specifications": [{"name": "gpu", "containers": [CONTAINER]}],
            "metadata_properties": {"commit_id": "0a1b2c", "generated_by": "ana"},
            "model_metrics": {"model_quality": STATISTICS},
            "drift_check_baselines": {"model_quality": STATISTICS},
            "customer_metadata_properties": {"trained-by": "ana"},
            "domain": "MACHINE_LEARNING",
            "task": "CLASSIFICATION",
            "skip_model_validation": "All",
            "model_card": card("Draft", "Logistic regression"),
            "model_life_cycle": {"stage": "Staging", "stage_status": "Pending"},
        },
    }


def test_an_update_is_seen_by_who_made_it_and_by_who_refreshes(run: Run) -> None:
    changed = card("Approved", "Second")
    assert run("updated") == {
        "version": NEW
        | {
            "model_approval_status": "Approved",
            "approval_description": "Good enough",
            "customer_metadata_properties": {"trained-by": "ana", "region": "eu"},
            "additional_inference_specifications": [{"name": "gpu", "containers": [CONTAINER]}],
            "source_uri": "s3://models/churn",
            "model_card": changed,
            "model_life_cycle": {"stage": "Production", "stage_status": "Ready"},
            "model_package_registration_type": "Registered",
        },
        "before": "PendingManualApproval",
        "after": "Approved",
        "card": changed["model_card_content"],
        "metadata": '{"intended_uses":{"risk_rating":"Low"}}',
    }


def test_versions_are_found_over_several_pages_by_approval_and_by_arn(run: Run) -> None:
    missing = f"{REGISTRY}:model-package/churn/99"
    assert run("versions") == {
        "all": list(range(12, 0, -1)),
        "oldest_first": list(range(1, 13)),
        "approved": [3],
        "batch": {f"{REGISTRY}:model-package/churn/3": "Approved"},
        "errors": {
            missing: {
                "error_code": "ValidationException",
                "error_response": f"ModelPackage {missing} does not exist.",
            }
        },
    }


def test_a_version_then_its_group_are_deleted_and_waited_for(run: Run) -> None:
    assert run("deleted") == {
        "full": (
            f"ConflictException: Model Package Group {GROUP} cannot be deleted because it "
            "contains Model Packages."
        ),
        "gone": f"ValidationException: ModelPackage {VERSION_1} does not exist.",
    }


def test_the_sdks_own_registration_finds_its_group_in_the_list_of_groups(run: Run) -> None:
    looked = ["ListModelPackageGroups", "ListModelPackageGroups"]
    assert run("from_containers") == [
        {
            "number": 1,
            "source": None,
            "containers": [CONTAINER],
            "sent": [*looked, "CreateModelPackageGroup", "CreateModelPackage"],
        },
        {
            "number": 2,
            "source": VERSION_1,
            "containers": [CONTAINER],
            "sent": [*looked, "CreateModelPackage"],
        },
        {
            "number": 3,
            "source": "https://example.com/churn.git",
            "containers": [CONTAINER],
            "sent": [*looked, "CreateModelPackage", "UpdateModelPackage"],
        },
    ]


def test_a_version_is_approved_deployed_called_and_taken_down(deploy: Deploy) -> None:
    seen = deploy("deploy", "numpy_churn", CHURN.body, status="PendingManualApproval")
    raw, answered = seen.pop("answers")
    assert near(answered, CHURN.answer)
    assert near(read("text/csv", raw.encode()), [[each] for each in CHURN.answer["churn"]])
    assert seen == {
        "endpoint": [f"{REGISTRY}:endpoint/churn-live", "one"],
        "container": [VERSION_1, "arn:aws:iam::123456789012:role/churn"],
        "environment": {"CUT_OFF": "0.5"},
        "told": ["text/csv", "blue"],
        "weights": [0.5, 0.5],
        "found": ["Churn-Live"],
        "left": [],
    }


def test_errors_of_a_deployment_have_aws_words(deploy: Deploy) -> None:
    seen = deploy("errors", "plain_score", b"[[60, 2]]", status="PendingManualApproval")
    from_model = seen.pop("from_model")
    assert from_model.startswith(
        "ModelError: Received client error (422) from primary with message "
        '"a row has 2 columns, the model knows 3\n'
    )
    assert from_model.endswith(LOOK_THERE)
    assert seen == {
        **{
            name: f"ValidationException: {DEPLOY_MESSAGES[name]}"
            for name in ("unapproved", "model", "no_config", "no_endpoint")
        },
        "gone": "ValidationError: Endpoint Churn-Live of account 123456789012 not found.",
    }


def card(status: str, caveats: str) -> dict[str, str]:
    """A card as the program writes it, blanks and all: the server keeps it to the letter."""
    return {
        "model_card_status": status,
        "model_card_content": '{"intended_uses": {"risk_rating": "Low"}, '
        '"additional_information": {"caveats_and_recommendations": ' + f'"{caveats}"' + "}}",
    }
