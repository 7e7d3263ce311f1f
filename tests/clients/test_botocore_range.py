"""The oldest botocore that is supported: the cases, and a deployment, on its service model.

The newest one is what every other test runs on. A case that needs members or constraints of a newer
model says so itself and is skipped here, visibly.
"""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from boto3_deployment import check_deployed, check_errors, deploying_boto3
from deployable import Deploy
from environments import python_environment

pytestmark = pytest.mark.clients
OLDEST = "1.31.0"
CLIENT = f"botocore {OLDEST} (as the server's service model)"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def python() -> Path:
    """A Python with the oldest botocore and what else the server and its cases need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    others = [each for each in project["dependencies"] if not each.startswith("botocore")]
    requirements = (f"botocore=={OLDEST}", "hypothesis", "pytest", *others)
    return python_environment("botocore", *requirements) / "python"


@pytest.fixture
def deploy(python: Path, tmp_path: Path) -> Iterator[Deploy]:
    """The newest boto3 before a server on the oldest botocore, as `sagemock serve` starts it."""
    bucket = tmp_path / "models"
    bucket.mkdir()
    log = (tmp_path / "log").open("w")
    command = (
        *(str(python), "-m", "sagemock", "serve", "--port", "0", "--db", ":memory:"),
        *("--bucket", f"models={bucket}", "--interpreter", f"image:*={sys.executable}"),
        *("--hold-s", "20"),
    )
    with (
        log,
        subprocess.Popen(
            command,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as server,
    ):
        assert server.stdout
        url = server.stdout.readline().split()[-1]
        yield deploying_boto3(url, sys.executable, tmp_path)
        server.terminate()


def test_the_oldest_supported_botocore_is_the_one_that_is_tested() -> None:
    assert f'"botocore>={OLDEST}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_the_cases_hold_on_the_oldest_supported_botocore(python: Path) -> None:
    result = subprocess.run(
        [
            str(python),
            "-m",
            "pytest",
            "-q",
            "-rs",
            "-p",
            "no:cacheprovider",
            "tests/test_conformance.py::test_case",
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stdout[-3000:]
    closing = re.search(r"(\d+) passed, (\d+) skipped", result.stdout)
    assert closing
    passed, skipped = map(int, closing.groups())
    assert passed > 2 * skipped


def test_a_version_is_deployed_called_changed_over_and_taken_down_there_too(
    deploy: Deploy,
) -> None:
    check_deployed(deploy)


def test_errors_of_a_deployment_are_the_same_there(deploy: Deploy) -> None:
    check_errors(deploy)
