"""Event patterns in the files in which people have them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sagemock.event_pattern import EventPattern
from sagemock.event_rule_files import RulePattern, read_patterns
from sagemock.eventing import EventRulesError

FIXTURES = Path(__file__).parents[1] / "fixtures"
PATTERN = {"source": ["aws.sagemaker"], "detail": {"ModelApprovalStatus": ["Approved"]}}
TEXT = json.dumps(PATTERN)

Given = Callable[..., Path]
Read = tuple[str, Any, tuple[str, ...]]


@pytest.fixture
def given(tmp_path: Path) -> Given:
    def write(content: object, name: str = "file.json") -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return path

    return write


def plain(rules: list[RulePattern]) -> list[Read]:
    return [(rule.name, rule.pattern and rule.pattern.content, rule.open_names) for rule in rules]


def refused(path: Path) -> str:
    with pytest.raises(EventRulesError) as caught:
        read_patterns(path)
    return str(caught.value)


def in_group(*wanted: object) -> dict[str, Any]:
    return {"detail": {"ModelPackageGroupName": list(wanted)}}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PATTERN, "file"),
        ({"title": "a fixture", "pattern": PATTERN}, "file"),
        ({"name": "ours", "pattern": PATTERN, "targets": []}, "ours"),
        ({"name": "ours", "pattern": TEXT}, "ours"),
        ({"Name": "put", "EventPattern": TEXT, "State": "ENABLED"}, "put"),
        ({"Rules": [{"Name": "listed", "EventPattern": TEXT}]}, "listed"),
        ({"rules": [{"pattern": PATTERN}]}, "file-1"),
        ({"EventPattern": PATTERN, "Targets": []}, "file"),
        ({"Type": "AWS::Events::Rule", "Properties": {"EventPattern": PATTERN}}, "file"),
        ({"Properties": {"Name": {"Ref": "Name"}, "EventPattern": PATTERN}}, "file"),
        ({"event_pattern": TEXT}, "file"),
        ({"resource": {"aws_cloudwatch_event_rule": {"tf": {"event_pattern": TEXT}}}}, "tf"),
        ({"EventPattern": {"Fn::Sub": TEXT}}, "file"),
        ({"EventPattern": {"Fn::Sub": [TEXT, {"Group": "churn"}]}}, "file"),
    ],
)
def test_a_pattern_is_found_in_each_form_that_people_have_it_in(
    given: Given, content: object, name: str
) -> None:
    assert plain(read_patterns(given(content))) == [(name, PATTERN, ())]


def test_a_template_gives_each_of_its_rules_by_its_logical_id(given: Given) -> None:
    other = {"source": ["aws.sagemaker"]}
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Approved": {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": PATTERN}},
            "Nightly": {
                "Type": "AWS::Events::Rule",
                "Properties": {"ScheduleExpression": "rate(1 day)"},
            },
            "All": {
                "Type": "AWS::Events::Rule",
                "Properties": {"Name": "all", "EventPattern": other},
            },
        },
    }
    assert plain(read_patterns(given(template))) == [
        ("Approved", PATTERN, ()),
        ("All", other, ()),
    ]


def test_our_example_gives_each_of_its_rules_and_one_without_a_pattern_is_for_all_events() -> None:
    rules = read_patterns(FIXTURES / "event_rules" / "example.yaml")
    assert [(rule.name, rule.pattern is None, rule.decides) for rule in rules] == [
        ("approved", False, False),
        ("in-service", False, False),
        ("everything", True, False),
        ("deploy", False, True),
        ("rejected", False, False),
    ]


@pytest.mark.parametrize(
    ("pattern", "filled", "open_names"),
    [
        (in_group({"Ref": "Group"}), in_group({"exists": True}), ['{"Ref": "Group"}']),
        (in_group({"Fn::Sub": "${Group}"}), in_group({"exists": True}), ["${Group}"]),
        (in_group("${var.group}"), in_group({"exists": True}), ["${var.group}"]),
        (in_group({"Fn::Sub": "churn"}), in_group({"wildcard": "churn"}), ["churn"]),
        (
            in_group("${var.team}${var.group}-v*", "fraud"),
            in_group({"wildcard": r"*-v\*"}, "fraud"),
            ["${var.team}${var.group}-v*"],
        ),
        (
            in_group({"Fn::Join": ["-", ["a", {"Ref": "B"}]]}),
            in_group({"exists": True}),
            ['{"Fn::Join": ["-", ["a", {"Ref": "B"}]]}'],
        ),
        (in_group({"prefix": "${a}-x"}), in_group({"wildcard": "*-x*"}), ["${a}-x"]),
        (in_group({"suffix": "x-${a}"}), in_group({"wildcard": "*x-*"}), ["x-${a}"]),
        (in_group({"prefix": "${a}"}), in_group({"exists": True}), ["${a}"]),
        (in_group({"wildcard": "*-${a}-*"}), in_group({"wildcard": "*-*-*"}), ["*-${a}-*"]),
        (
            in_group({"prefix": {"Fn::Sub": "${A}-x"}}),
            in_group({"wildcard": "*-x*"}),
            ["${A}-x"],
        ),
        (
            in_group({"anything-but": ["${a}", "b"]}),
            in_group({"anything-but": ["b"]}),
            ["${a}"],
        ),
        (
            in_group({"anything-but": [{"Ref": "A"}]}),
            in_group({"exists": True}),
            ['{"Ref": "A"}'],
        ),
        (
            {"detail": {"ModelPackageGroupName": {"Ref": "Groups"}}},
            in_group({"exists": True}),
            ['{"Ref": "Groups"}'],
        ),
        (
            {"source": ["aws.sagemaker"], "detail": {"Fn::If": ["A", {}, {}]}},
            {"source": ["aws.sagemaker"]},
            ['{"Fn::If": ["A", {}, {}]}'],
        ),
        (
            {"$or": [{"account": ["${a}"]}, {"region": ["${a}"]}]},
            {"$or": [{"account": [{"exists": True}]}, {"region": [{"exists": True}]}]},
            ["${a}"],
        ),
        (
            in_group("${a}-${b}-${c}-${d}-${e}-${f}"),
            in_group({"exists": True}),
            ["${a}-${b}-${c}-${d}-${e}-${f}"],
        ),
        # A field may be called so.
        ({"detail": {"Ref": ["x"]}}, {"detail": {"Ref": ["x"]}}, []),
    ],
)
def test_what_is_filled_in_on_deployment_fits_any_value(
    given: Given, pattern: dict[str, Any], filled: dict[str, Any], open_names: list[str]
) -> None:
    read = read_patterns(given({"Properties": {"EventPattern": pattern}}))
    assert plain(read) == [("file", filled, tuple(open_names))]
    assert EventPattern.of(filled).content == filled


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("event_patterns/[0-9]*")), ids=lambda p: p.stem
)
def test_the_rules_that_people_have_are_read_as_they_stand_in_templates(
    given: Given, path: Path
) -> None:
    text = json.dumps(json.loads(path.read_text("utf-8"))["pattern"])
    as_written = text.replace('"churn"', '{"Fn::Sub": "${Project}-${Id}"}')
    (rule,) = read_patterns(given({"EventPattern": json.loads(as_written)}))
    wildcard = {"detail": {"ModelPackageGroupName": "a-b"}}
    assert rule.pattern is not None
    assert rule.open_names == (("${Project}-${Id}",) if "churn" in text else ())
    wanted = rule.pattern.content.get("detail", {}).get("ModelPackageGroupName")
    if "churn" in text:
        assert EventPattern.of(in_group(*wanted)).matches(wildcard)


SHORT_FORMS = """
Resources:
  Approved:
    Type: AWS::Events::Rule
    Properties:
      EventPattern:
        source: [aws.sagemaker]
        detail:
          ModelPackageGroupName: [!Ref Group, !Sub "${Project}-group"]
      Targets: [{Arn: !GetAtt Pipeline.Arn, Id: !Join ["-", [a, !Ref b]], Extra: !Transform {a: b}}]
"""


def test_a_template_in_yaml_is_read_with_its_short_forms(given: Given) -> None:
    names = [{"exists": True}, {"wildcard": "*-group"}]
    pattern = {"source": ["aws.sagemaker"], "detail": {"ModelPackageGroupName": names}}
    assert plain(read_patterns(given(SHORT_FORMS, "template.yaml"))) == [
        ("Approved", pattern, ('{"Ref": "Group"}', "${Project}-group"))
    ]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ({}, "file.json", "has no event pattern"),
        ([], "file.json", "has no event pattern"),
        ({"Resources": {}}, "file.json", "has no event pattern"),
        ({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}, "file.json", "has no event pattern"),
        ({"Name": "a", "ScheduleExpression": "rate(1 day)"}, "file.json", "has no event pattern"),
        ({"source": ["aws.sagemaker"], "detailType": ["x"]}, "file.json", "as CDK's code spells"),
        ({"rules": [{"name": "a", "pattern": {"detailType": ["x"]}}]}, "file.json", "(rule a)"),
        ({"source": "aws.sagemaker"}, "file.json", 'Write ["aws.sagemaker"].'),
        (
            {"rules": [{"name": "a", "pattern": {"source": "c"}}]},
            "file.json",
            "cannot be (rule a): ",
        ),
        ({"Properties": {"EventPatern": {}}}, "file.json", "perhaps EventPattern is meant."),
        ({"name": "x", "patern": {"source": ["a"]}}, "file.json", "perhaps pattern is meant."),
        ({"EventPattern": "{"}, "file.json", "It is no JSON"),
        ("{", "file.json", "it is no JSON that can be read"),
        ('rules: "', "file.yaml", "it is no YAML that can be read"),
        (
            "pattern: {detail: {Group: [!!python/none x]}}",
            "file.yaml",
            "it is no YAML that can be read",
        ),
        ('resource "aws_cloudwatch_event_rule" "a" {}', "main.tf", "is source code"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_in_a_sentence(
    given: Given, content: object, name: str, said: str
) -> None:
    path = given(content, name)
    message = refused(path)
    assert message.startswith(f"The file {path} ")
    assert said in message


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "no.json"
    assert refused(path) == (
        f"The file {path} cannot be used: it cannot be read: No such file or directory."
    )
