"""The AWS CLI, version 1, in an environment of its own, through the developer guide's flow."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from environments import clean_environment, python_environment

from running import Running
from sagemock import Settings, create_app, create_service
from sagemock.api.service_model import ServiceModel

pytestmark = pytest.mark.clients
VERSION = "1.46.3"
CLIENT = f"AWS CLI {VERSION}"


class Aws:
    """`aws sagemaker` as a user without any configuration runs it."""

    def __init__(self, program: Path, url: str, home: Path) -> None:
        self._program = program
        self._variables = clean_environment(url, home)
        self._home = home

    def __call__(self, *arguments: str) -> Any:
        result = self.run(*arguments)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout) if result.stdout else None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, "sagemaker", *arguments],
            env=self._variables,
            cwd=self._home,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture(scope="module")
def program() -> Path:
    return python_environment("awscli", f"awscli=={VERSION}") / "aws"


@pytest.fixture
def aws(model: ServiceModel, program: Path, tmp_path: Path) -> Iterator[Aws]:
    service = create_service(Settings(db=":memory:"), model=model)
    running = Running(create_app(service=service))
    yield Aws(program, running.url, tmp_path)
    running.stop()
    service.close()


def test_the_developer_guides_flow(aws: Aws, tmp_path: Path) -> None:
    group = aws(
        *("create-model-package-group", "--model-package-group-name", "churn"),
        *("--model-package-group-description", "Who is about to leave"),
        *("--tags", "Key=team,Value=growth"),
    )["ModelPackageGroupArn"]
    request = tmp_path / "version.json"
    request.write_text(
        json.dumps(
            {
                "ModelPackageGroupName": "churn",
                "InferenceSpecification": {
                    "Containers": [{"Image": "i:1", "ModelDataUrl": "s3://bucket/m.tar.gz"}],
                    "SupportedContentTypes": ["text/csv"],
                },
                "CustomerMetadataProperties": {"trained-by": "ana"},
            }
        )
    )
    arn = aws("create-model-package", "--cli-input-json", f"file://{request}")["ModelPackageArn"]
    assert arn == "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"
    aws(
        *("update-model-package", "--model-package-arn", arn),
        *("--model-approval-status", "Approved"),
    )
    version = aws("describe-model-package", "--model-package-name", arn)
    assert version["ModelApprovalStatus"] == "Approved"
    # Version 1 of the CLI prints times as they come over the wire: they must be numbers.
    assert isinstance(version["CreationTime"], float)
    assert aws("list-tags", "--resource-arn", group)["Tags"] == [{"Key": "team", "Value": "growth"}]
    assert aws("delete-model-package", "--model-package-name", arn) is None
    assert aws("delete-model-package-group", "--model-package-group-name", "churn") is None


def test_pages_are_followed_and_queried(aws: Aws) -> None:
    aws("create-model-package-group", "--model-package-group-name", "churn")
    for _ in range(5):
        aws("create-model-package", "--model-package-group-name", "churn")
    numbers = aws(
        *("list-model-packages", "--model-package-group-name", "churn", "--page-size", "2"),
        *("--query", "ModelPackageSummaryList[].ModelPackageVersion"),
    )
    assert numbers == [5, 4, 3, 2, 1]
    first = aws("list-model-packages", "--model-package-group-name", "churn", "--max-items", "2")
    assert len(first["ModelPackageSummaryList"]) == 2
    rest = aws(
        *("list-model-packages", "--model-package-group-name", "churn"),
        *("--starting-token", first["NextToken"]),
    )
    assert [each["ModelPackageVersion"] for each in rest["ModelPackageSummaryList"]] == [3, 2, 1]


def test_an_error_is_told_in_aws_words(aws: Aws) -> None:
    result = aws.run("describe-model-package-group", "--model-package-group-name", "nope")
    assert result.returncode in (254, 255)
    assert (
        "An error occurred (ValidationException) when calling the DescribeModelPackageGroup "
        "operation: ModelPackageGroup arn:aws:sagemaker:us-east-1:123456789012:"
        "model-package-group/nope does not exist."
    ) in result.stderr
