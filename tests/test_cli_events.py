"""The command line that rehearses event rules: `events test`."""

import json
import logging
import os
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from command_line import COMMAND, Started, assert_one_sentence, run
from sagemock.cli import cli

FIXTURES = Path(__file__).parents[1] / "fixtures"
APPROVED = FIXTURES / "event_patterns" / "01-approved.json"
EXAMPLE = FIXTURES / "event_rules" / "example.yaml"
VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"
TOLD_APART = ("id", "time", "CreationTime", "LastModifiedTime")


def by_transition(line: str) -> dict[str, Any]:
    return {each["Transition"]: each for each in json.loads(line)["Transitions"]}


def test_a_rule_is_told_with_what_fires_it_and_a_sample_event() -> None:
    result = run("events", "test", str(APPROVED))
    assert (result.returncode, result.stderr) == (0, "")
    first, *lines = result.stdout.splitlines()
    assert first == "01-approved fires when"
    assert lines[0] == "  + a pending version is approved"
    assert "  - a version is registered (PendingManualApproval)" in lines
    begin = lines.index("The event when a pending version is approved:") + 1
    event = json.loads("\n".join(lines[begin:]))
    assert event["detail"]["ModelApprovalStatus"] == "Approved"


def test_a_rule_that_nothing_fires_was_read_all_the_same(tmp_path: Path) -> None:
    rule = tmp_path / "rule.json"
    rule.write_text('{"detail": {"ModelApprovalStatus": ["APPROVED"]}}', "utf-8")
    result = run("events", "test", str(rule))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("rule fires when\n  (never)\nand not when\n")
    assert 'What events have: "PendingManualApproval", "Approved", "Rejected".' in result.stdout


def test_each_rule_of_a_file_is_one_line_of_json() -> None:
    result = run("events", "test", "--json", str(EXAMPLE))
    assert (result.returncode, result.stderr) == (0, "")
    rules = [json.loads(line) for line in result.stdout.splitlines()]
    assert [set(rule) for rule in rules] == [{"Rule", "Transitions", "Notices"}] * 5
    assert [(rule["Rule"], len(rule["Notices"])) for rule in rules] == [
        ("approved", 0),
        ("in-service", 0),
        ("everything", 3),
        ("deploy", 0),
        ("rejected", 0),
    ]


def test_rules_are_told_one_after_the_other_with_a_blank_line_between() -> None:
    result = run("events", "test", str(EXAMPLE))
    heads = [line for line in result.stdout.splitlines() if line.endswith(" fires when")]
    assert heads == [
        f"{name} fires when"
        for name in ("approved", "in-service", "everything", "deploy", "rejected")
    ]
    assert result.stdout.count("}\n\n") == 4


def test_the_current_folder_is_not_touched_and_no_setting_is_read(tmp_path: Path) -> None:
    result = subprocess.run(
        [*COMMAND, "events", "test", str(APPROVED)],
        cwd=tmp_path,
        env={**os.environ, "SAGEMOCK_DB": "elsewhere.db", "SAGEMOCK_URL": "http://127.0.0.1:1"},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert list(tmp_path.iterdir()) == []


def test_logging_is_as_before_when_it_is_done(caplog: pytest.LogCaptureFixture) -> None:
    result = CliRunner().invoke(cli, ["events", "test", str(APPROVED)])
    assert (result.exit_code, caplog.records) == (0, [])
    logging.getLogger("sagemock").error("heard")
    assert caplog.messages == ["heard"]


def test_the_sample_events_are_those_that_a_server_sends(tmp_path: Path) -> None:
    """The same calls to a server give the same events, but for ids and times."""
    line = run("events", "test", "--json", str(APPROVED)).stdout
    transitions = by_transition(line)
    wanted = [
        *transitions["a version is registered (PendingManualApproval)"]["Events"],
        *transitions["a pending version is stamped with metadata"]["Events"],
        *transitions["a pending version is approved"]["Events"],
    ]
    registered = wanted[0]["detail"]
    started = Started(tmp_path, "--db", ":memory:")
    started.call("CreateModelPackageGroup", ModelPackageGroupName="churn")
    started.call(
        "CreateModelPackage",
        ModelPackageGroupName="churn",
        InferenceSpecification=registered["InferenceSpecification"],
        ModelMetrics=registered["ModelMetrics"],
    )
    for members in (
        {"CustomerMetadataProperties": {"ticket": "42"}},
        {"ModelApprovalStatus": "Approved", "ApprovalDescription": "reviewed"},
    ):
        started.call("UpdateModelPackage", ModelPackageArn=VERSION, **members)
    address = f"{started.url}/_sagemock/events"
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - the server just started
        sent = json.loads(answer.read())["Events"]
    assert started.stop()[0] == 0
    assert list(map(without_what_tells_apart, wanted)) == list(map(without_what_tells_apart, sent))


def without_what_tells_apart(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: type(below).__name__ if key in TOLD_APART else without_what_tells_apart(below)
            for key, below in value.items()
        }
    return [without_what_tells_apart(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}", r"^sagemock: The file \S+ has no event pattern: "),
        ("{", r"^sagemock: The file \S+ cannot be used: it is no JSON that can be read: "),
        ('{"detailType": ["x"]}', r"^sagemock: The file \S+ has `detailType`, as CDK's code "),
        ('{"source": "x"}', r'Write \["x"\]\.$'),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, content: str, said: str) -> None:
    rule = tmp_path / "rule.json"
    rule.write_text(content, "utf-8")
    assert_one_sentence(run("events", "test", str(rule)), said)


def test_a_file_that_is_not_there_and_none_at_all_are_mistakes(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "no.json")
    assert_one_sentence(run("events", "test", nowhere), "No such file or directory")
    assert_one_sentence(run("events", "test"), "Missing argument 'RULE'")


def test_the_help_says_what_can_be_tested() -> None:
    result = run("events", "test", "--help")
    assert result.returncode == 0
    for word in ("EventBridge", "CloudFormation", "--json", "Example: sagemock events test"):
        assert word in result.stdout
