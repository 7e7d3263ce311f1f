"""A call of the journal as lines for people: what it was about, and what fits a terminal."""

from typing import Any

import pytest

from sagemock.journal_table import about, call_lines, head

HERE = "arn:aws:sagemaker:us-east-1:123456789012:"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
PLACE = "123456789012  us-east-1     "


def call(operation: str, request: Any = None, response: Any = None, **facts: Any) -> dict[str, Any]:
    return {
        "Time": 1_769_851_800.123,
        "Status": 200,
        "Ms": 0.44,
        "Account": "123456789012",
        "Region": "us-east-1",
        "Operation": operation,
        "Request": request,
        "Response": response,
        **facts,
    }


@pytest.mark.parametrize(
    ("operation", "request_members", "response", "name"),
    [
        # What the operation is named after, wherever it stands.
        ("CreateModel", {"ExecutionRoleArn": ROLE, "ModelName": "churn"}, {}, "churn"),
        ("CreateEndpoint", {"EndpointConfigName": "c", "EndpointName": "e"}, {}, "e"),
        ("CreateEndpointConfig", {"EndpointName": "e", "EndpointConfigName": "c"}, {}, "c"),
        ("DescribeModelPackage", {"ModelPackageName": f"{HERE}model-package/a/1"}, {}, "a/1"),
        ("UpdateModelPackage", {"ModelPackageArn": f"{HERE}model-package/a/2"}, {}, "a/2"),
        # A version has its number from the answer alone.
        (
            "CreateModelPackage",
            {"ModelPackageGroupName": "churn"},
            {"ModelPackageArn": f"{HERE}model-package/churn/3"},
            "churn/3",
        ),
        # Else what is named first; of an ARN the kind too, which nothing else tells.
        ("CreateModelPackage", {"ModelPackageGroupName": "churn"}, {"message": "No."}, "churn"),
        ("ListModelPackages", {"ModelPackageGroupName": "churn"}, {}, "churn"),
        ("AddTags", {"ResourceArn": f"{HERE}endpoint/it"}, {}, "endpoint/it"),
        # What names nothing.
        ("ListModels", {"NameContains": "a"}, {"Models": []}, ""),
        ("Search", {"Resource": "ModelPackage"}, {"Results": []}, ""),
        ("DescribeModel", {"ModelName": ["a"]}, {}, ""),
        ("DescribeModel", {"ModelName": ""}, {}, ""),
        ("DescribeModel", ["ModelName"], None, ""),
        ("ListModls", None, None, ""),
        # What no name can be.
        ("DescribeModel", {"ModelName": "arn:aws"}, {}, "arn:aws"),
        ("DescribeModel", {"ModelName": HERE}, {}, HERE),
        ("DescribeModel", {"ModelName": "x" * 101}, {}, "x" * 100 + "..."),
    ],
)
def test_a_call_is_about_what_it_is_named_after_else_about_what_it_names_first(
    operation: str, request_members: Any, response: Any, name: str
) -> None:
    assert about(call(operation, request_members, response)) == name


REFUSED = call(
    "DescribeModel",
    {"ModelName": "chrun"},
    Status=400,
    Error="ValidationException",
    WhyRefused="There is none,\nand never was.",
    Nearest="There is a model 'churn'.",
)


def test_off_a_terminal_a_call_is_a_line_however_long() -> None:
    first = f"2026-01-31T09:30:00.123Z  400     0.4          {PLACE}"
    assert call_lines(REFUSED) == [
        f"{first}  DescribeModel ValidationException  chrun",
        "    There is none,",
        "    and never was.",
        "    There is a model 'churn'.",
    ]


def test_on_a_terminal_a_line_is_broken_where_it_is_too_long_by_one_column() -> None:
    first = f"2026-01-31 09:30:00Z  400     0.4      {PLACE}"
    last = "DescribeModel ValidationException  chrun"
    below = ["    There is none,", "    and never was.", "    There is a model 'churn'."]
    width = len(f"{first}  {last}")
    assert call_lines(REFUSED, width) == [f"{first}  {last}", *below]
    assert call_lines(REFUSED, width - 1) == [first.rstrip(), f"    {last}", *below]


def test_wide_characters_take_their_two_columns() -> None:
    width = len(f"2026-01-31 09:30:00Z  400     0.4      {PLACE}  DescribeModel  模型")
    wide = call("DescribeModel", {"ModelName": "模型"})
    assert len(call_lines(wide, width)) == 2
    assert len(call_lines(wide, width + 2)) == 1


def test_what_would_steer_a_terminal_is_not_printed() -> None:
    steering = call("De\x1bl", {"ModelName": "a\nb\x9b"}, WhyRefused="no\x07", Region="\x1b")
    assert not [line for line in call_lines(steering) if not line.isprintable()]


def test_the_head_stands_above_its_columns_and_fits_80() -> None:
    narrow = "TIME                  STATUS  MS       ACCOUNT       REGION          OPERATION"
    assert head(80) == narrow
    assert head(len(narrow) + 10) == f"{narrow}  RESOURCE"
    line = call_lines(call("ListModels"), 100)[0]
    assert line.index("ListModels") == narrow.index("OPERATION")
