"""AWS's words: frames, printed values, and both hash orders, against recorded answers."""

from typing import Any

import pytest

from sagemock.api import wording
from sagemock.api.service_model import ServiceModel

SHAPES: dict[str, dict[str, Any]] = {
    "Text": {"type": "string"},
    "Secret": {"type": "string", "sensitive": True},
    "Flag": {"type": "boolean"},
    "Count": {"type": "integer"},
    "Ratio": {"type": "float"},
    "Texts": {"type": "list", "member": {"shape": "Text"}},
    "Lists": {"type": "list", "member": {"shape": "Texts"}},
    "TextMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    "Tag": {"type": "structure", "members": {"Key": {"shape": "Text"}, "Value": {"shape": "Text"}}},
    "Tags": {"type": "list", "member": {"shape": "Tag"}},
    "MetricTransformation": {
        "type": "structure",
        "members": {
            "MetricName": {"shape": "Text"},
            "Enabled": {"shape": "Flag"},
            "Tags": {"shape": "Tags"},
            "DefaultValue": {"shape": "Count"},
        },
    },
}


@pytest.mark.parametrize(
    ("shape_name", "value", "expected"),
    [
        ("Text", "text", "'text'"),
        ("Text", "", "''"),
        ("Text", "ssd-coco-'17-202308", "'ssd-coco-'17-202308'"),
        ("Text", "a\n\\ä", "'a\n\\ä'"),
        ("Text", "x" * 5000, f"'{'x' * 5000}'"),
        ("Count", 101, "'101'"),
        ("Ratio", 0.25, "'0.25'"),
        ("Flag", True, "'true'"),
        ("Flag", False, "'false'"),
        ("Text", None, "null"),
        ("Texts", ["a", "b", "c"], "'[a, b, c]'"),
        ("Texts", [], "'[]'"),
        ("Lists", [["a"], []], "'[[a], []]'"),
        ("TextMap", {"k": "v", "k2": "v2"}, "'{k=v, k2=v2}'"),
        ("TextMap", {}, "'{}'"),
        ("Tag", {"Value": "v", "Key": "k"}, "'Tag(key=k, value=v)'"),
        (
            "Tags",
            [{"Key": "a"}, {"Key": "b", "Value": "c"}],
            "'[Tag(key=a, value=null), Tag(key=b, value=c)]'",
        ),
        (
            "MetricTransformation",
            {"MetricName": "metric1", "Enabled": True, "Tags": []},
            "'MetricTransformation(metricName=metric1, enabled=true, tags=[], defaultValue=null)'",
        ),
    ],
    ids=range(18),
)
def test_a_value_is_printed_as_java_prints_it(shape_name: str, value: Any, expected: str) -> None:
    assert wording.printed(SHAPES, shape_name, value) == expected


def test_a_sensitive_value_is_not_printed() -> None:
    assert wording.printed(SHAPES, "Secret", "hush") is None
    assert wording.violation(None, "clientSecret", "so") == (
        "Value at 'clientSecret' failed to satisfy constraint: so"
    )


def test_a_missing_sensitive_value_is_null_like_any_other() -> None:
    assert wording.printed(SHAPES, "Secret", None) == "null"


def test_a_violation_names_value_path_and_constraint() -> None:
    assert wording.violation("null", "tags.1.member.key", wording.NOT_NULL) == (
        "Value null at 'tags.1.member.key' failed to satisfy constraint: Member must not be null"
    )


def test_one_violation_is_told_in_the_singular() -> None:
    assert wording.violations_message(["a"]) == "1 validation error detected: a"


def test_more_violations_are_told_in_the_plural() -> None:
    assert wording.violations_message(["a", "b"]) == "2 validation errors detected: a; b"


def test_ten_violations_are_told_and_no_more() -> None:
    found = [f"v{number}" for number in range(1, 13)]
    expected = "10 validation errors detected: v1; v2; v3; v4; v5; v6; v7; v8; v9; v10"
    assert wording.violations_message(found[:10]) == expected
    assert wording.violations_message(found) == expected


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("S3Uri", "s3Uri"),
        ("VpcConfig", "vpcConfig"),
        ("EnableSSMAccess", "enableSSMAccess"),
        ("A", "a"),
        ("", ""),
    ],
)
def test_only_the_first_letter_of_a_member_is_lowered(member: str, expected: str) -> None:
    assert wording.lower_first(member) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a", 97),
        ("ab", 97 * 31 + 98),
        ("hello", 99162322),
        ("polygenelubricants", 0x80000000),  # Integer.MIN_VALUE in Java
        ("😀", 0xD83D * 31 + 0xDE00),  # two UTF-16 units
    ],
)
def test_the_hash_is_javas(text: str, expected: int) -> None:
    assert wording.java_hash(text) == expected


# Values in the order the model declared them, and as AWS prints them.
ENUMS = {
    "TrainingInputMode": "Pipe, FastFile, File",
    "ModelApprovalStatus": "PendingManualApproval, Approved, Rejected",
    "ModelPackageStatus": "Deleting, Completed, InProgress, Pending, Failed",
    "SortOrder": "Descending, Ascending",
    "ModelPackageType": "Both, Versioned, Unversioned",
    "ProblemType": "Regression, MulticlassClassification, BinaryClassification",
    "SkipModelValidation": "All, None",
    "ModelPackageSortBy": "Name, CreationTime",
    "ContainerMode": "SingleModel, MultiModel",
}
SEARCHABLE = (
    "Pipeline, ModelPackageGroup, TrainingJob, HubContent, ExperimentTrialComponent, "
    "FeatureMetadata, FeatureGroup, Model, HyperParameterTuningJob, Endpoint, PipelineVersion, "
    "PipelineExecution, ModelCard, Project, ExperimentTrial, Image, Job, ImageVersion, "
    "ModelPackage, Experiment"
)


@pytest.mark.parametrize("name", ENUMS)
def test_enum_values_are_printed_in_awss_order(model: ServiceModel, name: str) -> None:
    assert wording.enum_constraint(model.shapes[name]["enum"]) == (
        f"Member must satisfy enum value set: [{ENUMS[name]}]"
    )


def test_a_long_enum_is_in_the_same_order(model: ServiceModel) -> None:
    known = SEARCHABLE.split(", ")
    values = [value for value in model.shapes["ResourceType"]["enum"] if value in known]
    assert wording.enum_constraint(values) == f"Member must satisfy enum value set: [{SEARCHABLE}]"


@pytest.mark.parametrize(
    "recorded",
    [
        ["ml.p2.xlarge", "ml.m5.4xlarge", "ml.m4.16xlarge", "ml.p3.16xlarge", "ml.m5.large"],
        ["ml.r5d.12xlarge", "ml.r5.12xlarge", "ml.p2.xlarge", "ml.m5.4xlarge"],
    ],
    ids=["CreateTrainingJob", "CreateEndpointConfig"],
)
def test_a_recorded_enum_of_instance_types_begins_in_the_same_order(recorded: list[str]) -> None:
    assert wording.enum_constraint(sorted(recorded)) == (
        f"Member must satisfy enum value set: [{', '.join(recorded)}]"
    )


def test_of_values_in_one_bucket_the_last_declared_comes_first() -> None:
    # "Aa" and "BB" have one hash in Java.
    assert wording.java_hash("Aa") == wording.java_hash("BB")
    assert wording.enum_constraint(["Aa", "BB"]).endswith("[BB, Aa]")
    assert wording.enum_constraint(["BB", "Aa"]).endswith("[Aa, BB]")


def test_members_are_ordered_by_javas_hash_map() -> None:
    # DescribeUserProfile declares DomainId first and reports it last.
    assert wording.member_order("UserProfileName") < wording.member_order("DomainId")
    code = wording.java_hash("domainId")
    assert wording.member_order("DomainId") == (code ^ code >> 16) & 15
