"""The AWS CLI, version 1, in an environment of its own, through the developer guide's flow."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployable import CHURN, registered, running_models
from environments import clean_environment, python_environment
from expected import DEPLOY_MESSAGES, GROUP, LOOK_THERE, MESSAGES, REGISTRY, VERSION_1

from real_models import near
from sagemock import RunningServer

pytestmark = pytest.mark.clients
VERSION = "1.46.3"
CLIENT = f"AWS CLI {VERSION}"


class Aws:
    """`aws sagemaker` as a user without any configuration runs it."""

    def __init__(self, program: Path, url: str, home: Path, service: str = "sagemaker") -> None:
        self._program = program
        self._service = service
        self._variables = clean_environment(url, home)
        self._home = home

    def __call__(self, *arguments: str) -> Any:
        result = self.run(*arguments)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout) if result.stdout else None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._program, self._service, *arguments],
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
def aws(server: RunningServer, program: Path, tmp_path: Path) -> Aws:
    return Aws(program, server.url, tmp_path)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[RunningServer]:
    """A server that runs models."""
    with running_models(tmp_path) as running:
        yield running


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
    assert arn == VERSION_1
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


def test_search_takes_shorthand_and_is_paged(aws: Aws) -> None:
    aws("create-model-package-group", "--model-package-group-name", "churn")
    for status in ("Approved", "Rejected", "Approved", "Approved"):
        aws(
            *("create-model-package", "--model-package-group-name", "churn"),
            *("--model-approval-status", status),
        )
    approved = (
        *("search", "--resource", "ModelPackage", "--sort-by", "ModelPackageVersion"),
        *("--sort-order", "Ascending", "--search-expression"),
        "Filters=[{Name=ModelApprovalStatus,Operator=Equals,Value=Approved}]",
    )
    numbers = "Results[].ModelPackage.ModelPackageVersion"
    assert aws(*approved, "--page-size", "2", "--query", numbers) == [1, 3, 4]
    first = aws(*approved, "--max-items", "2")
    assert [each["ModelPackage"]["ModelPackageArn"] for each in first["Results"]] == [
        f"{REGISTRY}:model-package/churn/1",
        f"{REGISTRY}:model-package/churn/3",
    ]
    assert aws(*approved, "--starting-token", first["NextToken"], "--query", numbers) == [4]


def test_tags_are_added_replaced_and_deleted(aws: Aws) -> None:
    aws("create-model-package-group", "--model-package-group-name", "churn")
    aws("add-tags", "--resource-arn", GROUP, "--tags", "Key=team,Value=growth", "Key=phase,Value=")
    replaced = aws("add-tags", "--resource-arn", GROUP, "--tags", "Key=phase,Value=prod")
    both = [{"Key": "team", "Value": "growth"}, {"Key": "phase", "Value": "prod"}]
    assert replaced["Tags"] == both
    assert aws("delete-tags", "--resource-arn", GROUP, "--tag-keys", "team") is None
    assert aws("list-tags", "--resource-arn", GROUP) == {"Tags": both[1:]}


def test_a_policy_comes_back_to_the_letter(aws: Aws, tmp_path: Path) -> None:
    name = ("--model-package-group-name", "churn")
    aws("create-model-package-group", *name)
    statement = {
        "Sid": "read",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Action": "sagemaker:DescribeModelPackageGroup",
        "Resource": GROUP,
    }
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    put = aws("put-model-package-group-policy", *name, "--resource-policy", f"file://{policy}")
    assert put == {"ModelPackageGroupArn": GROUP}
    got = aws("get-model-package-group-policy", *name)
    assert got == {"ResourcePolicy": policy.read_text()}
    assert aws("delete-model-package-group-policy", *name) is None
    assert (
        "(ValidationException) when calling the GetModelPackageGroupPolicy operation: "
        f"Cannot find resource policy for: {GROUP}"
    ) in aws.run("get-model-package-group-policy", *name).stderr


def test_a_batch_tells_what_it_found_and_what_not(aws: Aws) -> None:
    aws("create-model-package-group", "--model-package-group-name", "churn")
    aws("create-model-package", "--model-package-group-name", "churn")
    missing = f"{REGISTRY}:model-package/churn/2"
    batch = aws("batch-describe-model-package", "--model-package-arn-list", missing, VERSION_1)
    [found] = batch["ModelPackageSummaries"].values()
    assert found["ModelPackageArn"] == VERSION_1
    assert batch["BatchDescribeModelPackageErrorMap"] == {
        missing: {
            "ErrorCode": "ValidationException",
            "ErrorResponse": f"ModelPackage {missing} does not exist.",
        }
    }


def test_errors_are_told_in_aws_words(aws: Aws) -> None:
    again = ("create-model-package-group", "--model-package-group-name", "churn")
    aws(*again)
    for arguments, operation, message in (
        (again, "CreateModelPackageGroup", MESSAGES["again"]),
        (
            ("describe-model-package-group", "--model-package-group-name", "no"),
            "DescribeModelPackageGroup",
            MESSAGES["missing"],
        ),
    ):
        result = aws.run(*arguments)
        assert result.returncode in (254, 255)
        assert result.stderr.strip().endswith(
            f"An error occurred (ValidationException) when calling the {operation} operation: "
            f"{message}"
        )


def test_a_version_is_deployed_called_and_taken_down(
    host: RunningServer, program: Path, tmp_path: Path
) -> None:
    version = registered(host.url, tmp_path, "numpy_churn")
    aws = Aws(program, host.url, tmp_path)
    runtime = Aws(program, host.url, tmp_path, "sagemaker-runtime")
    live = ("--endpoint-name", "Churn-Live")
    start(aws, version)
    assert aws("wait", "endpoint-in-service", *live) is None
    described = aws("describe-endpoint", *live)
    assert described["EndpointArn"] == f"{REGISTRY}:endpoint/churn-live"
    assert described["EndpointStatus"] == "InService"
    assert isinstance(described["CreationTime"], float)

    customers = tmp_path / "customers.json"
    customers.write_bytes(CHURN.body)
    answered = runtime(
        *("invoke-endpoint", *live, "--body", f"fileb://{customers}"),
        *("--content-type", "application/json", "--accept", "application/json", "churn.json"),
    )
    assert answered == {"ContentType": "application/json", "InvokedProductionVariant": "blue"}
    assert near(json.loads((tmp_path / "churn.json").read_bytes()), CHURN.answer)

    assert aws("delete-endpoint", *live) is None
    assert aws("wait", "endpoint-deleted", *live) is None
    assert aws("delete-endpoint-config", "--endpoint-config-name", "one") is None
    assert aws("delete-model", "--model-name", "churn") is None
    assert aws("list-models") == {"Models": []}


def test_errors_of_a_deployment_are_told_in_aws_words(
    host: RunningServer, program: Path, tmp_path: Path
) -> None:
    version = registered(host.url, tmp_path, "plain_score", "PendingManualApproval")
    aws = Aws(program, host.url, tmp_path)
    runtime = Aws(program, host.url, tmp_path, "sagemaker-runtime")
    container = ("--primary-container", f"ModelPackageName={version}")
    unapproved = aws.run("create-model", "--model-name", "churn", *container)
    aws(
        *("update-model-package", "--model-package-arn", version),
        *("--model-approval-status", "Approved"),
    )
    start(aws, version)
    live = ("--endpoint-name", "Churn-Live")
    again = aws.run("create-endpoint", *live, "--endpoint-config-name", "one")
    no = ("--endpoint-name", "no")
    missing = aws.run("describe-endpoint", *no)
    never = aws.run("wait", "endpoint-in-service", *no)
    not_there = runtime.run("invoke-endpoint", *no, "--body", "e30=", "answer")
    narrow = tmp_path / "narrow.json"
    narrow.write_text("[[60, 2]]")
    from_model = runtime.run("invoke-endpoint", *live, "--body", f"fileb://{narrow}", "answer")
    for result, told in (
        (unapproved, ("ValidationException", "CreateModel", DEPLOY_MESSAGES["unapproved"])),
        (again, ("ValidationException", "CreateEndpoint", DEPLOY_MESSAGES["endpoint"])),
        (missing, ("ValidationException", "DescribeEndpoint", DEPLOY_MESSAGES["no_endpoint"])),
        (not_there, ("ValidationError", "InvokeEndpoint", DEPLOY_MESSAGES["not_there"])),
    ):
        code, operation, message = told
        assert result.returncode in (254, 255)
        assert result.stderr.strip().endswith(
            f"An error occurred ({code}) when calling the {operation} operation: {message}"
        )
    assert never.returncode == 255
    assert never.stderr.strip() == (
        "Waiter EndpointInService failed: Waiter encountered a terminal failure state: "
        "Matched expected service error code: ValidationException"
    )
    assert (
        "An error occurred (ModelError) when calling the InvokeEndpoint operation: Received client "
        'error (422) from primary with message "a row has 2 columns, the model knows 3'
    ) in from_model.stderr
    assert from_model.stderr.strip().endswith(LOOK_THERE)
    assert not (tmp_path / "answer").exists()


def start(aws: Aws, version: str) -> None:
    """An endpoint of a version, asked for."""
    aws(
        *("create-model", "--model-name", "churn"),
        *("--primary-container", f"ModelPackageName={version}"),
    )
    variant = "VariantName=blue,ModelName=churn,InstanceType=ml.m5.large,InitialInstanceCount=1"
    config = ("--endpoint-config-name", "one")
    aws("create-endpoint-config", *config, "--production-variants", variant)
    aws("create-endpoint", "--endpoint-name", "Churn-Live", *config)
