"""The oldest botocore that is supported: the conformance cases on its service model.

The newest one is what every other test runs on. A case that needs members or constraints of a newer
model says so itself and is skipped here, visibly.
"""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
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
