"""Airflow's SageMaker hook and operator, called as a task does, without scheduler or database."""

import json
from pathlib import Path

import pytest
from client_programs import run_python
from environments import clean_environment, python_environment
from expected import GROUP

from running import Running

pytestmark = pytest.mark.clients
VERSION = "9.39.0"
AIRFLOW = "3.3.2"
CLIENT = f"Airflow {AIRFLOW}, Amazon provider {VERSION}"


@pytest.fixture(scope="module")
def python() -> Path:
    provider = f"apache-airflow-providers-amazon=={VERSION}"
    return python_environment("airflow", provider, f"apache-airflow=={AIRFLOW}") / "python"


@pytest.fixture
def variables(server: Running, tmp_path: Path) -> dict[str, str]:
    """Those of a user whose AWS configuration lies in the environment."""
    return clean_environment(server.url, tmp_path) | {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        # It logs to the standard output, where the program prints what it saw.
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
    }


@pytest.fixture
def connected(variables: dict[str, str], server: Running) -> dict[str, str]:
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
