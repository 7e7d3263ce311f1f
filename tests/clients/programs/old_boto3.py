"""An old boto3 as a user runs it: its endpoint is an argument, since it reads none from variables.

Arguments: the endpoint, what to do, and what that needs as JSON: for `flow` the requests, since an
old boto3 refuses members that were added later. Times are printed as `datetime`, once boto3 has
read them. Python 3.8 must be able to read this file.
"""

import datetime as dt
import json
import sys
from typing import Any

import boto3
from botocore.exceptions import ClientError


def flow(client: Any, requests: Any) -> Any:
    """From a group to an approved version to nothing: what each step answered."""
    group = client.create_model_package_group(**requests["group"])["ModelPackageGroupArn"]
    version = client.create_model_package(ModelPackageGroupName=group, **requests["version"])
    arn = version["ModelPackageArn"]
    before = client.describe_model_package(ModelPackageName=arn)
    client.update_model_package(ModelPackageArn=arn, **requests["update"])
    after = client.describe_model_package(ModelPackageName=arn)
    listed = client.list_model_packages(
        ModelPackageGroupName="churn", ModelApprovalStatus="Approved"
    )
    found = client.search(
        Resource="ModelPackage",
        SearchExpression={
            "Filters": [{"Name": "ModelApprovalStatus", "Operator": "Equals", "Value": "Approved"}]
        },
    )
    client.add_tags(ResourceArn=group, Tags=[{"Key": "phase", "Value": "prod"}])
    tags = client.list_tags(ResourceArn=group)
    client.delete_tags(ResourceArn=group, TagKeys=["team"])
    described = client.describe_model_package_group(ModelPackageGroupName="churn")
    answers = {
        "version": arn,
        "before": _without_metadata(before),
        "after": _without_metadata(after),
        "listed": listed["ModelPackageSummaryList"],
        "found": [each["ModelPackage"]["ModelPackageArn"] for each in found["Results"]],
        "tags": tags["Tags"],
        "tags_left": client.list_tags(ResourceArn=group)["Tags"],
        "group": _without_metadata(described),
    }
    if hasattr(client, "batch_describe_model_package"):
        batch = client.batch_describe_model_package(ModelPackageArnList=[arn])
        answers["batch"] = batch["ModelPackageSummaries"]
    client.delete_model_package(ModelPackageName=arn)
    client.delete_model_package_group(ModelPackageGroupName="churn")
    left = client.list_model_package_groups()
    return {**answers, "left": left["ModelPackageGroupSummaryList"]}


def _without_metadata(answer: Any) -> Any:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def describe(client: Any, name: str) -> Any:
    """All that it shows of a version."""
    return _without_metadata(client.describe_model_package(ModelPackageName=name))


def policy(client: Any) -> Any:
    """A group's policy as it comes back, and what is said when there is none any more."""
    group = client.create_model_package_group(ModelPackageGroupName="churn")
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "read",
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
                    "Action": "sagemaker:DescribeModelPackageGroup",
                    "Resource": group["ModelPackageGroupArn"],
                }
            ],
        }
    )
    name = {"ModelPackageGroupName": "churn"}
    client.put_model_package_group_policy(ResourcePolicy=text, **name)
    got = client.get_model_package_group_policy(**name)["ResourcePolicy"]
    client.delete_model_package_group_policy(**name)
    return {
        "to_the_letter": got == text,
        "deleted": refused(client.get_model_package_group_policy, **name),
    }


def pages(client: Any) -> Any:
    """What the paginators collect, page by page."""
    for name in "abcde":
        client.create_model_package_group(ModelPackageGroupName=name)
        client.create_model_package(ModelPackageGroupName="a")
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
            for page in groups
        ],
        "versions": [
            [version["ModelPackageVersion"] for version in page["ModelPackageSummaryList"]]
            for page in versions
        ],
        "found": [
            [result["ModelPackage"]["ModelPackageVersion"] for result in page["Results"]]
            for page in found
        ],
    }


def times(client: Any) -> Any:
    """What a time bound is on the wire, and what it finds."""
    sent = []
    client.meta.events.register(
        "before-call.sagemaker.ListModelPackageGroups",
        lambda params, **_: sent.append(json.loads(params["body"])),
    )
    client.create_model_package_group(ModelPackageGroupName="churn")
    created = client.describe_model_package_group(ModelPackageGroupName="churn")["CreationTime"]
    a_second = dt.timedelta(seconds=1)

    def found(**bounds: Any) -> Any:
        page = client.list_model_package_groups(**bounds)
        return [group["ModelPackageGroupName"] for group in page["ModelPackageGroupSummaryList"]]

    return {
        "after_a_second_earlier": found(CreationTimeAfter=created - a_second),
        "before_its_own_second": found(CreationTimeBefore=created),
        "before_a_second_later": found(CreationTimeBefore=created + a_second),
        "sent_in_whole_seconds": sent[1] == {"CreationTimeBefore": int(created.timestamp())},
    }


def errors(client: Any) -> Any:
    """What a refused call raises."""
    group = {"ModelPackageGroupName": "churn"}
    client.create_model_package_group(**group)
    client.create_model_package(**group)
    return {
        "conflict": refused(client.delete_model_package_group, **group),
        "again": refused(client.create_model_package_group, **group),
        "missing": refused(client.describe_model_package_group, ModelPackageGroupName="no"),
        "constraint": refused(client.list_model_packages, MaxResults=1000),
    }


def refused(call: Any, **request: Any) -> Any:
    try:
        call(**request)
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


def main(endpoint: str, part: str, *arguments: str) -> None:
    client = boto3.client("sagemaker", endpoint_url=endpoint)
    parts = {
        "flow": flow,
        "describe": describe,
        "policy": policy,
        "pages": pages,
        "times": times,
        "errors": errors,
    }
    seen = parts[part](client, *map(json.loads, arguments))
    print(json.dumps(seen, default=lambda value: type(value).__name__))


main(*sys.argv[1:])
