"""The fixture models that need scikit-learn and XGBoost, trained and called with their versions."""

import subprocess
from pathlib import Path

import pytest
from environments import python_environment

from real_models import LIBRARIES, MODELS

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def python() -> Path:
    return python_environment("model-libraries", *LIBRARIES) / "python"


@pytest.mark.parametrize("model", ["sklearn_iris", "xgboost_wine"])
def test_what_is_committed_is_what_the_script_trains_today(model: str, python: Path) -> None:
    result = subprocess.run(
        [python, MODELS, "--check", model],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
