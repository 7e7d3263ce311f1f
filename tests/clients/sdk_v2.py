"""The SageMaker Python SDK, version 2: its environment, and the variables of who uses it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from client_programs import PROGRAMS
from environments import clean_environment, python_environment

VERSION = "2.257.7"
CLIENT = f"SageMaker Python SDK {VERSION}"
# moto's own `server` extra would triple what is installed for S3 and Resource Groups.
BESIDE = ("moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5")


def sdk_python() -> Path:
    """A Python with the SDK, and with moto."""
    return python_environment("sagemaker-sdk-v2", f"sagemaker=={VERSION}", *BESIDE) / "python"


def sdk_variables(url: str, home: Path) -> dict[str, str]:
    """Variables of a user without any AWS configuration, who is not counted either."""
    config = home / "config.yaml"
    config.write_text(
        '{"SchemaVersion": "1.0", '
        '"SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": true}}}}'
    )
    return clean_environment(url, home) | {
        "SAGEMAKER_SUPPRESS_V2_WARNING": "1",
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(config),
    }


@contextmanager
def moto_beside(python: Path, home: Path) -> Iterator[str]:
    """The URL of a server for AWS's other services."""
    with subprocess.Popen(
        [python, PROGRAMS / "moto_beside.py"],
        env=clean_environment("", home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as beside:
        assert beside.stdout
        yield beside.stdout.readline().strip()
        # Leaving closes its input, and that ends it.
