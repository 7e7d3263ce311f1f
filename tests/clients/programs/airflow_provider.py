"""Airflow's SageMaker hook and operator as a task runs them: `hook`, `operator` or `rollback`.

Without a database and without a scheduler: what a task would do is called here.
"""

import json
import sys
from typing import Any

from airflow.providers.amazon.aws.hooks.sagemaker import SageMakerHook
from airflow.providers.amazon.aws.operators.sagemaker import (
    ApprovalStatus,
    SageMakerRegisterModelVersionOperator,
)
from botocore.exceptions import ClientError


def hook() -> Any:
    """What the hook's own method answers the first time, the second time, and for a bad name."""
    hook = SageMakerHook(aws_conn_id=None)
    created = [hook.create_model_package_group("churn", "Who is about to leave") for _ in range(2)]
    refused = ""
    try:
        hook.create_model_package_group("not_a_name")
    except ClientError as error:
        refused = error.response["Error"]["Code"]
    group = hook.conn.describe_model_package_group(ModelPackageGroupName="churn")
    listed = hook.conn.list_model_package_groups()["ModelPackageGroupSummaryList"]
    return {
        "created": created,
        "refused": refused,
        "group": [group["ModelPackageGroupArn"], group["ModelPackageGroupDescription"]],
        "listed": [each["ModelPackageGroupName"] for each in listed],
    }


def operator() -> Any:
    """Two runs of a task that registers a version, by the connection `aws_default`."""
    registered = [
        register("first", package_desc="First try"),
        register("second", model_approval=ApprovalStatus.APPROVED),
    ]
    client = SageMakerHook().conn
    versions = [client.describe_model_package(ModelPackageName=arn) for arn in registered]
    return {
        "registered": registered,
        "descriptions": [version.get("ModelPackageDescription") for version in versions],
        "approvals": [version["ModelApprovalStatus"] for version in versions],
        "inference": versions[0]["InferenceSpecification"],
    }


def rollback() -> Any:
    """What is left of a group that the operator made for a version which was then refused."""
    refused = ""
    try:
        register("refused", extras={"CustomerMetadataProperties": {"key": "v" * 300}})
    except ClientError as error:
        refused = error.response["Error"]["Code"]
    groups = SageMakerHook().conn.list_model_package_groups()["ModelPackageGroupSummaryList"]
    return {"refused": refused, "left": groups}


def register(task: str, **arguments: Any) -> Any:
    return SageMakerRegisterModelVersionOperator(
        task_id=task,
        image_uri="123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
        model_url="s3://bucket/m.tar.gz",
        package_group_name="churn",
        **arguments,
    ).execute({})


print(json.dumps({"hook": hook, "operator": operator, "rollback": rollback}[sys.argv[1]]()))
