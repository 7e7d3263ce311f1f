"""Requests far beyond the service's limits, to a server that refuses and to one that only warns.

What a limit keeps from the rules and the store of the first reaches those of the second.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from hostile.line import Line
from hostile.served import Served, plain_call, serving, within

_ARN = "arn:aws:sagemaker:us-east-1:123456789012"
_GROUP = f"{_ARN}:model-package-group/g"
_VERSION = f"{_ARN}:model-package/g/1"


def _search(**members: Any) -> tuple[str, dict[str, Any]]:
    return "Search", {"Resource": "ModelPackage", **members}


def _filtered(operator: str, value: str, count: int = 1) -> tuple[str, dict[str, Any]]:
    each = {"Name": "ModelPackageGroupName", "Operator": operator, "Value": value}
    return _search(SearchExpression={"Filters": [each] * count})


def _nested(levels: int) -> tuple[str, dict[str, Any]]:
    expression: dict[str, Any] = {"Filters": [{"Name": "CreationTime", "Operator": "Exists"}]}
    for _ in range(levels):
        expression = {"SubExpressions": [expression]}
    return _search(SearchExpression=expression)


_VISIBLE = {"Key": "Tags.a", "Value": "b"}
_UPDATE = {"ModelPackageArn": _VERSION}
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "2000 visibility conditions": _search(VisibilityConditions=[_VISIBLE] * 2000),
    "200000 values": _filtered("In", "a," * 200_000),
    "20 times 500 values": _filtered("In", "a," * 500, 20),
    "a long part of a name": _filtered("Contains", "a" * 60_000),
    "2000 filters": _filtered("Equals", "a", 2000),
    "49 levels": _nested(49),
    "62 levels": _nested(62),
    "a long name to sort by": _search(SortBy="CustomerMetadataProperties." + "a" * 60_000),
    "a quote to sort by": _search(SortBy='CustomerMetadataProperties.a"]\x00.b'),
    "the largest page": _search(MaxResults=2_147_483_647),
    "a page below nothing": ("ListModelPackages", {"MaxResults": -2_147_483_648}),
    "a long name to look for": ("ListModelPackageGroups", {"NameContains": "%" * 60_000}),
    "a NUL to look for": ("ListModelPackageGroups", {"NameContains": "\x00"}),
    "the smallest time": ("ListModelPackages", {"CreationTimeAfter": 5e-324}),
    "the earliest time": ("ListModelPackages", {"CreationTimeBefore": -62_135_596_800}),
    "a long token": ("ListModelPackages", {"NextToken": "a" * 100_000}),
    "20000 tag keys": ("DeleteTags", {"ResourceArn": _GROUP, "TagKeys": ["a"] * 20_000}),
    "5000 tags": (
        "AddTags",
        {"ResourceArn": _GROUP, "Tags": [{"Key": str(n), "Value": ""} for n in range(5000)]},
    ),
    "a long tag": (
        "AddTags",
        {"ResourceArn": _GROUP, "Tags": [{"Key": "a" * 10**6, "Value": "\x00" * 10**6}]},
    ),
    "5000 ARNs": ("BatchDescribeModelPackage", {"ModelPackageArnList": [_VERSION] * 5000}),
    "a long name": ("CreateModelPackageGroup", {"ModelPackageGroupName": "a" * 10**6}),
    "a name without an end": ("CreateModelPackageGroup", {"ModelPackageGroupName": "a-" * 30_000}),
    "a name with a NUL": ("CreateModelPackageGroup", {"ModelPackageGroupName": "a\x00b"}),
    "no name": ("CreateModelPackageGroup", {"ModelPackageGroupName": ""}),
    "a name like a version's": ("CreateModelPackage", {"ModelPackageName": "g/1"}),
    "a name like an ARN": ("CreateModelPackage", {"ModelPackageName": _GROUP}),
    "version 0": ("DescribeModelPackage", {"ModelPackageName": "g/0"}),
    "a version beyond numbers": ("DescribeModelPackage", {"ModelPackageName": "g/" + "9" * 5000}),
    "a version in superscript": ("DescribeModelPackage", {"ModelPackageName": "g/²"}),
    "a long description": (
        "CreateModelPackage",
        {"ModelPackageGroupName": "g", "ModelPackageDescription": "a" * 7_000_000},
    ),
    "no containers": (
        "CreateModelPackage",
        {"ModelPackageGroupName": "g", "InferenceSpecification": {"Containers": []}},
    ),
    "a long client token": ("UpdateModelPackage", {**_UPDATE, "ClientToken": "a" * 100_000}),
    "odd keys": (
        "UpdateModelPackage",
        {
            **_UPDATE,
            "CustomerMetadataProperties": {"": "", "\x00": "a", '"': "b", "a" * 10**5: "c"},
        },
    ),
    "100000 keys to remove": (
        "UpdateModelPackage",
        {**_UPDATE, "CustomerMetadataPropertiesToRemove": ["a"] * 100_000},
    ),
    "a hint of NULs": (
        "GetSearchSuggestions",
        {
            "Resource": "ModelPackage",
            "SuggestionQuery": {"PropertyNameQuery": {"PropertyNameHint": "\x00" * 5000}},
        },
    ),
}


@pytest.fixture(scope="module", params=["strict", "warn"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("limits")
    with serving(folder, "--validation", request.param) as served:
        served.call("CreateModelPackageGroup", {"ModelPackageGroupName": "g"})
        served.call("CreateModelPackage", {"ModelPackageGroupName": "g"})
        yield served


@pytest.mark.parametrize("name", CALLS)
def test_what_is_beyond_a_limit_is_no_server_error(served: Served, name: str) -> None:
    with closing(Line(served.address)) as line:
        answer = line.exchange(plain_call(*CALLS[name]))
    assert answer is not None
    assert answer.status in (200, 400), answer


def test_nothing_in_the_log_tells_of_a_failure(served: Served) -> None:
    assert served.tracebacks() == ""


def test_a_value_in_the_log_stays_on_its_line(served: Served) -> None:
    forged = "a\n2026-01-01 00:00:00,000 forged"
    seen = served.log().count(" ListModelPackageGroups ")
    with closing(Line(served.address)) as line:
        line.exchange(plain_call("ListModelPackageGroups", {"NameContains": forged}))
    assert within(10, lambda: served.log().count(" ListModelPackageGroups ") > seen)
    assert "\n2026-01-01 00:00:00,000 forged" not in served.log()
