"""Seeds with several mistakes, and with what Describe answers pasted in: told all at once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sagemock import Service
from sagemock.api.service_model import ServiceModel
from sagemock.seeds import SeedError, read_seed
from seeding import (
    CARD,
    GROUP,
    SPECIFICATION,
    VERSION,
    Members,
    ask,
    group,
    planting,
    written,
)


@pytest.fixture
def refused(model: ServiceModel, tmp_path: Path) -> Callable[[str], list[str]]:
    """The lines in which it is told what is wrong with a file of YAML."""

    def lines(text: str) -> list[str]:
        path = tmp_path / "seed.yaml"
        path.write_text(text, "utf-8")
        with pytest.raises(SeedError) as error:
            read_seed(path, model)
        told = str(error.value).removeprefix(f"The seed {path} cannot be planted: ")
        return told.split("\n")

    return lines


def test_mistakes_of_all_kinds_are_told_at_once_in_the_order_of_their_lines(
    refused: Callable[[str], list[str]],
) -> None:
    told = refused(
        """
account: 12
groups:
- ModelPackageGroupName: not_so
  ModelPackageGroupDescription: 7
  Tags: [{Key: a, Value: b}, {Key: a, Value: c}]
  versions:
  - ModelAprovalStatus: Approved
  - Domain: 1
    ModelMetrics: {Bias: {Report: {ContentType: x, S3Uri: nowhere}}}
  - InferenceSpecification: {Containers: [{Image: a}]}
    SourceUri: s3://a
  - ModelCard: {ModelCardContent: {model_overvew: {}}}
- ModelPackageGroupName: twice
- ModelPackageGroupName: Twice
packages:
- Tags: {}
"""
    )
    assert told[0] == "11 things are wrong with it."
    starts = [
        "line 2, account: 12 stands where text must be; put it in quotes.",
        "line 4, groups[0].ModelPackageGroupName: Value 'not_so' at ",
        "line 5, groups[0].ModelPackageGroupDescription: 7 stands where text must be; put",
        "line 6, groups[0].Tags: Tag key 'a' is given more than once.",
        "line 8, groups[0].versions[0].ModelAprovalStatus: 'ModelAprovalStatus' is not known, per",
        "line 9, groups[0].versions[1].Domain: 1 stands where text must be; put it in quotes.",
        "line 10, groups[0].versions[1].ModelMetrics.Bias.Report.S3Uri: Value 'nowhere' at ",
        "line 11, groups[0].versions[2]: SourceUri and InferenceSpecification cannot both be",
        "line 13, groups[0].versions[3].ModelCard: Model card content does not follow the model",
        "line 15, groups[2].ModelPackageGroupName: Twice stands at line 14 already.",
        "line 17, packages[0]: ModelPackageName must be given.",
    ]
    assert len(told) == 1 + len(starts)
    for line, start in zip(told[1:], starts, strict=True):
        assert line.startswith(f"  {start}")
        assert line.endswith(".")


def test_of_many_mistakes_twenty_are_told_and_how_many_more_there_are(
    refused: Callable[[str], list[str]],
) -> None:
    versions = "".join("  - Domain: 1\n" for _ in range(23))
    told = refused(f"groups:\n- ModelPackageGroupName: churn\n  versions:\n{versions}")
    assert told[0] == "23 things are wrong with it."
    assert told[1].startswith("  line 4, groups[0].versions[0].Domain: 1 stands where text")
    assert told[20].startswith("  line 23, groups[0].versions[19].Domain: ")
    assert told[21:] == ["  And 3 more."]


def test_a_misspelled_member_is_one_mistake_though_it_must_be_given(
    refused: Callable[[str], list[str]],
) -> None:
    (told,) = refused("groups:\n- ModelPackageGroupNam: churn")
    assert told.startswith("line 2, groups[0].ModelPackageGroupNam: 'ModelPackageGroupNam' is not")
    assert "perhaps ModelPackageGroupName is meant" in told


def test_members_that_must_be_given_are_one_mistake(
    refused: Callable[[str], list[str]],
) -> None:
    text = "groups:\n- ModelPackageGroupName: churn\n  versions:\n  - ValidationSpecification: {}\n"
    (told,) = refused(text)
    assert told.endswith(
        "ValidationSpecification: ValidationRole and ValidationProfiles must be given."
    )


def test_a_value_of_a_wrong_type_is_no_unknown_word_besides(
    refused: Callable[[str], list[str]],
) -> None:
    text = "groups:\n- ModelPackageGroupName: churn\n  versions:\n  - ModelApprovalStatus: 7\n"
    (told,) = refused(text)
    assert told.endswith("ModelApprovalStatus: 7 stands where text must be; put it in quotes.")


def test_tags_policy_card_and_specifications_are_looked_at_whatever_else_is_wrong(
    refused: Callable[[str], list[str]],
) -> None:
    told = refused(
        """
groups:
- ModelPackageGroupName: not_so
  ModelPackageGroupDescription: 7
  Tags: {'aws:team': growth}
  ResourcePolicy: not json
  versions:
  - Domain: 1
    ModelPackageDescription: {}
    SourceUri: ''
    ModelCard: {ModelCardContent: {model_overvew: {}}}
    AdditionalInferenceSpecifications:
    - {Name: a, Containers: [{Image: a}]}
    - {Name: a, Containers: [{Image: b}]}
    InferenceSpecification:
      Containers: [{Image: a, ModelDataUrl: s3://a, ModelDataSource: {S3DataSource: {S3Uri: s3://a,
        S3DataType: S3Prefix, CompressionType: None}}}]
"""
    )
    starts = [
        "line 3, groups[0].ModelPackageGroupName: Value 'not_so' at ",
        "line 4, groups[0].ModelPackageGroupDescription: 7 stands where text must be",
        "line 5, groups[0].Tags: Tag key 'aws:team' is not allowed",
        "line 6, groups[0].ResourcePolicy: Invalid policy provided: Not a JSON document.",
        "line 8, groups[0].versions[0]: SourceUri and InferenceSpecification cannot both",
        "line 8, groups[0].versions[0].Domain: 1 stands where text must be",
        "line 9, groups[0].versions[0].ModelPackageDescription: an object stands where text",
        "line 11, groups[0].versions[0].ModelCard: Model card content does not follow",
        "line 12, groups[0].versions[0].AdditionalInferenceSpecifications: ",
    ]
    assert told[0] == f"{len(starts)} things are wrong with it."
    for line, start in zip(told[1:], starts, strict=True):
        assert line.startswith(f"  {start}")


def policy_of(group: str, account: str = "${AWS::AccountId}") -> Members:
    arn = f"arn:aws:sagemaker:eu-west-1:{account}:model-package-group/{group}"
    told = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": arn}
    return {"ModelPackageGroupName": group, "ResourcePolicy": {"Statement": told}}


def test_a_policy_of_another_group_is_told_without_a_server(
    model: ServiceModel, tmp_path: Path
) -> None:
    other = {**policy_of("churn"), "ModelPackageGroupName": "fraud"}
    path = written(tmp_path, {"groups": [other, policy_of("churn"), policy_of("x", "1" * 12)]})
    with pytest.raises(
        SeedError, match=r"groups\[0\]\.ResourcePolicy: .* does not belong to the g"
    ):
        read_seed(path, model)


def test_all_policies_of_another_account_are_told_at_once_before_anything_is_written(
    service: Service, model: ServiceModel, tmp_path: Path
) -> None:
    groups = [policy_of("a", "1" * 12), policy_of("b"), policy_of("c", "2" * 12)]
    with pytest.raises(SeedError) as error:
        planting(service, model, tmp_path)({"region": "eu-west-1", "groups": groups})
    told = str(error.value).split("\n  ")
    assert told[0].endswith("2 things are wrong with it.")
    assert [each.partition(": ")[0].partition(", ")[2] for each in told[1:]] == [
        "groups[0].ResourcePolicy",
        "groups[2].ResourcePolicy",
    ]
    assert ask(service, "ListModelPackageGroups")["ModelPackageGroupSummaryList"] == []


# What AWS tells of a version and its client sends nobody, from the service model itself.
def only_described(model: ServiceModel, thing: str, *operations: str) -> set[str]:
    shapes: Any = model.shapes
    sent = {name for each in operations for name in shapes[f"{each}{thing}Input"]["members"]}
    # By their ARNs resources are named in other calls, and AWS makes them.
    arn = {f"{thing}Arn"}
    return (set(shapes[f"Describe{thing}Output"]["members"]) - sent) | arn


@pytest.fixture
def described(service: Service, model: ServiceModel, tmp_path: Path) -> tuple[Members, Members]:
    """What Describe answers of a group and of its version, as boto3 has it."""
    version = {
        "ModelApprovalStatus": "Approved",
        "ApprovalDescription": "AUC 0.81",
        "InferenceSpecification": SPECIFICATION,
        "ModelCard": {"ModelCardContent": CARD, "ModelCardStatus": "Draft"},
        "CustomerMetadataProperties": {"commit": "3f2c1a9"},
    }
    planting(service, model, tmp_path)(group(version, ModelPackageGroupDescription="Who may leave"))
    of_group = ask(service, "DescribeModelPackageGroup", ModelPackageGroupName="churn")
    of_version = ask(service, "DescribeModelPackage", ModelPackageName=VERSION)
    of_sdk = {"ResponseMetadata": {"HTTPStatusCode": 200}}
    return {**of_group, **of_sdk}, {**of_version, **of_sdk}


def test_what_describe_answers_is_told_at_once_with_all_that_is_to_be_taken_out(
    described: tuple[Members, Members], model: ServiceModel, tmp_path: Path
) -> None:
    of_group, of_version = described
    path = written(tmp_path, {"groups": [{**of_group, "versions": [of_version]}]})
    with pytest.raises(SeedError) as error:
        read_seed(path, model)
    head, group_line, version_line = str(error.value).split("\n")
    assert head.endswith("2 things are wrong with it.")
    named = [
        name for name in of_group if name in only_described(model, "ModelPackageGroup", "Create")
    ]
    assert group_line == (
        f"  line 3, groups[0]: AWS sets {', '.join(named)} and ResponseMetadata itself; take "
        "them out."
    )
    ours = only_described(model, "ModelPackage", "Create", "Update")
    named = [name for name in of_version if name in ours - {"ModelPackageVersion"}]
    line = path.read_text("utf-8").splitlines().index('   "versions": [') + 2
    assert version_line == (
        f"  line {line}, groups[0].versions[0]: AWS sets {', '.join(named)} and ResponseMetadata "
        "itself; take them out, also ModelPackageGroupName (a version is of the group it stands "
        "under) and ModelPackageVersion (versions are numbered in the order of the list)."
    )


def test_without_what_is_to_be_taken_out_it_is_what_is_there(
    described: tuple[Members, Members], service: Service, model: ServiceModel, tmp_path: Path
) -> None:
    of_group, of_version = described
    path = written(tmp_path, {"groups": [{**of_group, "versions": [of_version]}]})
    with pytest.raises(SeedError) as error:
        read_seed(path, model)
    said = [line for line in str(error.value).split("\n") if "AWS sets" in line]
    kept = [
        {name: value for name, value in each.items() if name not in line or name == wanted}
        for each, line, wanted in zip(
            (of_group, of_version), said, ("ModelPackageGroupName", ""), strict=True
        )
    ]
    planted = planting(service, model, tmp_path)({"groups": [{**kept[0], "versions": [kept[1]]}]})
    assert planted.arns("unchanged") == (GROUP, VERSION)


def test_a_package_is_told_what_to_take_out_beside_what_else_is_wrong(
    model: ServiceModel, tmp_path: Path
) -> None:
    package = {
        "ModelPackageArn": "arn:aws:x",
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
        "Task": "AUDIO",
    }
    path = tmp_path / "seed.json"
    path.write_text(json.dumps({"packages": [package]}), "utf-8")
    with pytest.raises(SeedError) as error:
        read_seed(path, model)
    assert str(error.value).split("\n  ")[1:] == [
        "line 1, packages[0]: ModelPackageName must be given.",
        (
            "line 1, packages[0]: AWS sets ModelPackageArn and ModelPackageStatus itself; take "
            "them out, also ModelApprovalStatus (an unversioned package is neither approved nor "
            "rejected)."
        ),
    ]


AT_THE_TOP = {
    "a group": (
        "ModelPackageGroup",
        {"ModelPackageGroupName": GROUP},
        "members of a group; put them together in the list `groups`.",
    ),
    "a version": (
        "ModelPackage",
        {"ModelPackageName": VERSION},
        (
            "members of a version; put them together in the list `versions` of its group, which is "
            "in the list `groups`."
        ),
    ),
    "a package": (
        "ModelPackage",
        {"ModelPackageName": "market"},
        "members of a package; put them together in the list `packages`.",
    ),
}


@pytest.mark.parametrize("what", AT_THE_TOP)
def test_a_describe_answer_for_a_whole_file_is_told_where_it_goes_and_what_is_too_much(
    what: str, service: Service, model: ServiceModel, tmp_path: Path
) -> None:
    noun, key, where = AT_THE_TOP[what]
    made = {**group({}), "packages": [{"ModelPackageName": "market"}]}
    planting(service, model, tmp_path)(made)
    answer = ask(service, f"Describe{noun}", **key)
    path = written(tmp_path, {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}})
    with pytest.raises(SeedError) as error:
        read_seed(path, model)
    head, first, second = str(error.value).split("\n")
    assert head.endswith("2 things are wrong with it.")
    assert first.startswith("  line 1: ModelPackage")
    assert first.endswith(f" more are {where}")
    assert second.startswith("  line 1: AWS sets ")
    for each in only_described(model, noun, "Create", *(["Update"] * (noun == "ModelPackage"))):
        assert (each in second) == (each in answer)


@pytest.mark.parametrize(
    ("listing", "where"),
    [
        ("ModelPackageGroup", "in the list `groups`."),
        (
            "ModelPackage",
            "in the list `versions` of its group, which is in the list `groups`.",
        ),
    ],
)
def test_a_list_answer_for_a_whole_file_is_one_sentence(
    listing: str, where: str, service: Service, model: ServiceModel, tmp_path: Path
) -> None:
    member = f"{listing}SummaryList"
    rows = list(ask(service, f"List{listing}s")[member])
    path = written(tmp_path, {member: rows, "NextToken": "x", "ResponseMetadata": {}})
    with pytest.raises(SeedError) as error:
        read_seed(path, model)
    assert str(error.value) == (
        f"The seed {path} cannot be planted: line 1: this is what List{listing}s answers, which "
        f"has not all members; put what Describe{listing} answers of each {where}"
    )


def test_members_without_the_list_they_belong_in_are_told_where_they_go(
    refused: Callable[[str], list[str]],
) -> None:
    assert refused("account: '123456789012'\nversions: []") == [
        "line 1: versions is a member of a group; put it in the list `groups`."
    ]
    _, *told = refused("ModelPackageGroupName: a\nversions: []\ngroup: []")
    assert told == [
        (
            "  line 1: ModelPackageGroupName and versions are members of a group; put them "
            "together in the list `groups`."
        ),
        (
            "  line 3, group: 'group' is not known, perhaps groups is meant; known are account, "
            "region, groups and packages."
        ),
    ]
