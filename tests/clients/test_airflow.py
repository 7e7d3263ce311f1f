"""Airflow's SageMaker hook and operator, called as a task does, without scheduler or database."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from client_programs import run_python
from deployable import CHURN, deploying, registered, running_models
from environments import clean_environment, python_environment
from expected import GROUP, REGISTRY

from real_models import near
from sagemock import RunningServer

pytestmark = pytest.mark.clients
VERSION = "9.39.0"
AIRFLOW = "3.3.2"
CLIENT = f"Airflow {AIRFLOW}, Amazon provider {VERSION}"


@pytest.fixture(scope="module")
def python() -> Path:
    provider = f"apache-airflow-providers-amazon=={VERSION}"
    return python_environment("airflow", provider, f"apache-airflow=={AIRFLOW}") / "python"


@pytest.fixture
def variables(server: RunningServer, tmp_path: Path) -> dict[str, str]:
    """Those of a user whose AWS configuration lies in the environment."""
    return airflow_variables(server.url, tmp_path)


def airflow_variables(url: str, home: Path) -> dict[str, str]:
    return clean_environment(url, home) | {
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        # It logs to the standard output, where the program prints what it saw.
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
    }


@pytest.fixture
def host(tmp_path: Path) -> Iterator[RunningServer]:
    """A server that runs models."""
    with running_models(tmp_path) as running:
        yield running


@pytest.fixture
def connected(variables: dict[str, str], server: RunningServer) -> dict[str, str]:
    """Those of a user whose AWS configuration lies in Airflow's connection, and only there."""
    connection = {
        "conn_type": "aws",
        "login": "111111111111",
        "password": "secret",
        "extra": {"region_name": "eu-west-1", "endpoint_url": server.url},
    }
    kept = {name: value for name, value in variables.items() if not name.startswith("AWS_")}
    return kept | {"AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection)}


def test_the_hook_knows_a_group_that_is_there_from_a_bad_name(
    python: Path, variables: dict[str, str], tmp_path: Path
) -> None:
    seen = run_python(python, "airflow_provider.py", "hook", variables=variables, folder=tmp_path)
    assert seen == {
        "created": [True, False],
        "refused": "ValidationException",
        "group": [GROUP, "Who is about to leave"],
        "listed": ["churn"],
    }


def test_the_operator_registers_by_its_connection(
    python: Path, connected: dict[str, str], tmp_path: Path
) -> None:
    seen = run_python(
        python, "airflow_provider.py", "operator", variables=connected, folder=tmp_path
    )
    group = "arn:aws:sagemaker:eu-west-1:111111111111:model-package/churn"
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
    assert seen == {
        "registered": [f"{group}/1", f"{group}/2"],
        "descriptions": ["First try", ""],
        "approvals": ["PendingManualApproval", "Approved"],
        "inference": {
            "Containers": [{"Image": image, "ModelDataUrl": "s3://bucket/m.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    }


def test_the_operator_takes_back_the_group_of_a_refused_version(
    python: Path, connected: dict[str, str], tmp_path: Path
) -> None:
    seen = run_python(
        python, "airflow_provider.py", "rollback", variables=connected, folder=tmp_path
    )
    assert seen == {"refused": "ValidationException", "left": []}


def test_the_operators_deploy_a_version_change_it_over_and_take_it_down(
    host: RunningServer, python: Path, tmp_path: Path
) -> None:
    variables = airflow_variables(host.url, tmp_path)
    run = partial(run_python, python, "airflow_deploy.py", variables=variables, folder=tmp_path)
    seen = deploying(run, host.url, tmp_path)("deploy", "numpy_churn", CHURN.body)
    assert near(seen.pop("answers"), [CHURN.answer, CHURN.answer])
    endpoint = f"{REGISTRY}:endpoint/churn-live"
    assert seen == {
        "model": f"{REGISTRY}:model/churn",
        "config": f"{REGISTRY}:endpoint-config/one",
        "created": [endpoint, "InService", "one"],
        # It knows by the error's first words that there is an endpoint to update.
        "updated": [endpoint, "InService", "two"],
        "left": [[], []],
    }


def test_a_task_fails_whose_model_cannot_be_started(
    host: RunningServer, python: Path, tmp_path: Path
) -> None:
    version = registered(host.url, tmp_path, "plain_score")
    (tmp_path / "models" / "plain_score" / "model.tar.gz").write_bytes(b"no archive")
    seen = run_python(
        python,
        *("airflow_deploy.py", "failing", version),
        variables=airflow_variables(host.url, tmp_path),
        folder=tmp_path,
    )
    assert seen.pop("told").startswith("Waiter EndpointInService failed: ")
    assert "model.tar.gz is no gzip-compressed tar archive." in seen.pop("reason")
    assert seen == {"status": "Failed"}
