"""aiobotocore as a user without any configuration runs it: `flow`, `storm`, `pages` or `errors`."""

import asyncio
import json
import sys
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import ClientError

CALLERS = 20


async def flow(client: Any) -> Any:
    """From a group to an approved version to nothing."""
    await client.create_model_package_group(
        ModelPackageGroupName="churn", Tags=[{"Key": "team", "Value": "growth"}]
    )
    version = await client.create_model_package(
        ModelPackageGroupName="churn", CustomerMetadataProperties={"trained-by": "ana"}
    )
    arn = version["ModelPackageArn"]
    before = await client.describe_model_package(ModelPackageName=arn)
    await client.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    approved = await client.list_model_packages(
        ModelPackageGroupName="churn", ModelApprovalStatus="Approved"
    )
    group = await client.describe_model_package_group(ModelPackageGroupName="churn")
    tags = await client.list_tags(ResourceArn=group["ModelPackageGroupArn"])
    found = await client.search(Resource="ModelPackageGroup")
    await client.delete_model_package(ModelPackageName=arn)
    await client.delete_model_package_group(ModelPackageGroupName="churn")
    left = await client.list_model_package_groups()
    return {
        "version": arn,
        "before": before["ModelApprovalStatus"],
        "metadata": before["CustomerMetadataProperties"],
        "created": str(type(before["CreationTime"])),
        "approved": [each["ModelPackageArn"] for each in approved["ModelPackageSummaryList"]],
        "tags": tags["Tags"],
        "found": [each["ModelPackageGroup"]["ModelPackageGroupName"] for each in found["Results"]],
        "left": left["ModelPackageGroupSummaryList"],
    }


async def storm(client: Any) -> Any:
    """Many versions registered at once; each must be the one its caller described."""
    await client.create_model_package_group(ModelPackageGroupName="churn")

    async def register(number: int) -> tuple[str, str, str]:
        said = f"caller {number}"
        made = await client.create_model_package(
            ModelPackageGroupName="churn", ModelPackageDescription=said
        )
        seen = await client.describe_model_package(ModelPackageName=made["ModelPackageArn"])
        return made["ModelPackageArn"], said, seen["ModelPackageDescription"]

    registered = await asyncio.gather(*(register(number) for number in range(CALLERS)))
    return {
        "versions": [arn for arn, _, _ in registered],
        "mixed_up": [arn for arn, said, seen in registered if said != seen],
    }


async def pages(client: Any) -> Any:
    """What the asynchronous paginators collect, page by page."""
    for name in "abcde":
        await client.create_model_package_group(ModelPackageGroupName=name)
        await client.create_model_package(ModelPackageGroupName="a")
    by_two = {"PaginationConfig": {"PageSize": 2}}
    groups = client.get_paginator("list_model_package_groups").paginate(SortBy="Name", **by_two)
    versions = client.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName="a", **by_two
    )
    found = client.get_paginator("search").paginate(
        Resource="ModelPackage", SortBy="ModelPackageVersion", SortOrder="Ascending", **by_two
    )
    return {
        "groups": [
            [group["ModelPackageGroupName"] for group in page["ModelPackageGroupSummaryList"]]
            async for page in groups
        ],
        "versions": [
            [version["ModelPackageVersion"] for version in page["ModelPackageSummaryList"]]
            async for page in versions
        ],
        "found": [
            [result["ModelPackage"]["ModelPackageVersion"] for result in page["Results"]]
            async for page in found
        ],
    }


async def errors(client: Any) -> Any:
    """What a refused call raises."""
    group = {"ModelPackageGroupName": "churn"}
    await client.create_model_package_group(**group)
    await client.create_model_package(**group)
    return {
        "conflict": await refused(client.delete_model_package_group(**group)),
        "again": await refused(client.create_model_package_group(**group)),
        "missing": await refused(client.describe_model_package_group(ModelPackageGroupName="no")),
        "constraint": await refused(client.list_model_packages(MaxResults=1000)),
    }


async def refused(call: Any) -> Any:
    try:
        await call
    except ClientError as error:
        answer = error.response
        return {
            "class": type(error).__name__,
            "code": answer["Error"]["Code"],
            "message": answer["Error"]["Message"],
            "status": answer["ResponseMetadata"]["HTTPStatusCode"],
            "retries": answer["ResponseMetadata"]["RetryAttempts"],
        }
    raise AssertionError("it was not refused")


async def main(part: str) -> None:
    config = AioConfig(max_pool_connections=CALLERS)
    async with get_session().create_client("sagemaker", config=config) as client:
        parts = {"flow": flow, "storm": storm, "pages": pages, "errors": errors}
        print(json.dumps(await parts[part](client)))


asyncio.run(main(sys.argv[1]))
