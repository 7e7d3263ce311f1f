"""Seeds that do not suit what is there: told with file and line, and nothing is changed."""

from pathlib import Path
from typing import Any

import pytest

from conftest import stored
from sagemock import Service
from sagemock.api.service_model import ServiceModel
from sagemock.seeds import SeedError
from seeding import (
    ARN,
    CARD,
    GROUP,
    IMAGE,
    POLICY,
    VERSION,
    Members,
    additional,
    ask,
    group,
    planting,
)


@pytest.fixture
def planted(service: Service, model: ServiceModel, tmp_path: Path) -> Any:
    return planting(service, model, tmp_path)


OF_GROUP = "write it as it is, or plant the seed under another group's name"
OF_VERSION = "write it as it is, or add a version to the list"
OF_PACKAGE = "write it as it is, or give the package another name"


def differs(present: str, given: str, remedy: str) -> str:
    said = f"it is {present} in the registry and {given} here, and SageMaker cannot change it"
    return f"{said}; {remedy}"


CANNOT: dict[str, tuple[Members, Members, str, str]] = {
    "a group's description": (
        group(ModelPackageGroupDescription="a"),
        group(ModelPackageGroupDescription="b", Tags={"not": "added"}),
        "line 8, groups[1].ModelPackageGroupDescription",
        differs('"a"', '"b"', OF_GROUP),
    ),
    "a version's description": (
        group({"ModelPackageDescription": "a"}),
        group({"ModelApprovalStatus": "Approved", "ModelPackageDescription": "b"}),
        "line 11, groups[1].versions[0].ModelPackageDescription",
        differs('"a"', '"b"', OF_VERSION),
    ),
    "a value deep in a version": (
        group({"ModelMetrics": {"Bias": {"Report": {"ContentType": "x", "S3Uri": "s3://a"}}}}),
        group({"ModelMetrics": {"Bias": {"Report": {"ContentType": "x", "S3Uri": "s3://b"}}}}),
        "line 14, groups[1].versions[0].ModelMetrics.Bias.Report.S3Uri",
        differs('"s3://a"', '"s3://b"', OF_VERSION),
    ),
    "a member that was not there": (
        group({}),
        group({"Task": "CLASSIFICATION"}),
        "line 10, groups[1].versions[0].Task",
        differs("not there", '"CLASSIFICATION"', OF_VERSION),
    ),
    "an additional specification": (
        group(additional(f"{IMAGE}:1")),
        group(additional(f"{IMAGE}:2")),
        "line 15, groups[1].versions[0].AdditionalInferenceSpecifications[0].Containers[0].Image",
        differs(f'"{IMAGE}:1"', f'"{IMAGE}:2"', "give it another name"),
    ),
    "an archived card": (
        group({"ModelCard": {"ModelCardContent": CARD, "ModelCardStatus": "Archived"}}),
        group({"ModelCard": {"ModelCardContent": {}}}),
        "line 10, groups[1].versions[0].ModelCard",
        "UpdateModelPackage is refused, ValidationException: Model Card is in Archived state",
    ),
    "an unversioned package": (
        {"packages": [{"ModelPackageName": "market", "ModelPackageDescription": "a"}]},
        {"packages": [{"ModelPackageName": "market", "ModelPackageDescription": "b"}]},
        "line 5, packages[0].ModelPackageDescription",
        differs('"a"', '"b"', OF_PACKAGE),
    ),
    "the card of an unversioned package, whose content is not told": (
        {"packages": [{"ModelPackageName": "m", "ModelCard": {"ModelCardContent": CARD}}]},
        {"packages": [{"ModelPackageName": "m", "ModelCard": {"ModelCardContent": {}}}]},
        "line 5, packages[0].ModelCard",
        f"it is another in the registry, and SageMaker cannot change it; {OF_PACKAGE}",
    ),
    "more tags than can be": (
        group(Tags={f"a{number}": "" for number in range(30)}),
        group(Tags={f"b{number}": "" for number in range(21)}),
        "line 8, groups[1].Tags",
        "there would be 51 tags with those that are there, and 50 is the most",
    ),
}


@pytest.mark.parametrize("what", CANNOT)
def test_what_cannot_be_changed_is_told_before_anything_is(
    what: str, service: Service, planted: Any, tmp_path: Path
) -> None:
    first, second, place, reason = CANNOT[what]
    planted(first)
    before = stored(service)
    # A group that would be made if anything were.
    second = {**second, "groups": [{"ModelPackageGroupName": "new"}, *second.get("groups", ())]}
    with pytest.raises(SeedError) as refused:
        planted(second)
    said = f"The seed {tmp_path / 'seed.json'} cannot be planted: {place}: {reason}."
    assert str(refused.value) == said
    assert stored(service) == before


def test_a_number_that_was_deleted_is_told_before_anything_is_changed(
    service: Service, planted: Any
) -> None:
    planted(group({}, {}))
    ask(service, "DeleteModelPackage", ModelPackageName=VERSION)
    before = stored(service)
    with pytest.raises(
        SeedError, match=r"line 6, .*: version 1 of churn is no more, and SageMaker"
    ):
        planted(group({}, {}, {}))
    assert stored(service) == before


def test_a_gap_beyond_what_a_seed_names_is_nothing_to_it(service: Service, planted: Any) -> None:
    planted(group({}, {}, {}))
    ask(service, "DeleteModelPackage", ModelPackageName=f"{ARN}model-package/churn/2")
    assert planted(group({})).arns("unchanged") == (GROUP, VERSION)


def test_a_version_that_got_another_number_is_taken_back(service: Service, planted: Any) -> None:
    planted(group({}, {}))
    ask(service, "DeleteModelPackage", ModelPackageName=f"{ARN}model-package/churn/2")
    with pytest.raises(SeedError, match="version 2 of churn is no more"):
        planted(group({}, {}))
    versions = ask(service, "ListModelPackages", ModelPackageGroupName="churn")
    assert [each["ModelPackageArn"] for each in versions["ModelPackageSummaryList"]] == [VERSION]


def test_a_refused_call_is_told_in_the_servers_words_with_its_line(planted: Any) -> None:
    source = f"{ARN}model-package/nowhere/1"
    said = (
        r"line 6, groups\[0\]\.versions\[0\]: CreateModelPackage is refused, ValidationException: "
    )
    with pytest.raises(
        SeedError, match=rf"{said}.*nowhere/1.* does not exist; what comes before it has been"
    ):
        planted(group({"SourceUri": source}))


OF_ANOTHER_GROUP = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "sagemaker:DescribeModelPackage",
    "Resource": f"{GROUP}-2",
}


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("{not json", "Not a JSON document"),
        ({"Version": "2012-10-17"}, "Missing Statement"),
        ({**POLICY, "Statement": OF_ANOTHER_GROUP}, "Resource arn"),
    ],
)
def test_a_policy_that_cannot_be_is_told_before_anything_is_written(
    service: Service, planted: Any, policy: Any, reason: str
) -> None:
    content = {"groups": [{"ModelPackageGroupName": "churn", "ResourcePolicy": policy}]}
    with pytest.raises(SeedError, match=rf"line \d+, .*ResourcePolicy: Invalid policy.*{reason}"):
        planted(content)
    assert ask(service, "ListModelPackageGroups")["ModelPackageGroupSummaryList"] == []
