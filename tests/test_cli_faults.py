"""The command line that has calls go wrong: `sagemock faults`, and `serve --faults`."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from command_line import Started, assert_one_sentence, run
from fault_clients import THROTTLED, trying_at
from sagemock import Settings

FILE = """
# Every third call is too late.
faults:
  - match: {operation: "Describe*", principal: "*:user/ann"}
    fault: {latency: [0.5, 2]}
    probability: 0.25
    seed: 7
"""
FROM_FILE = {
    "match": {"operation": "Describe*", "principal": "*:user/ann"},
    "fault": {"latency": [0.5, 2]},
    "probability": 0.25,
    "seed": 7,
    "matched": 0,
    "applied": 0,
    "from_file": True,
}
THROTTLING = ("--operation", "CreateModelPackageGroup", "--error", "ThrottlingException")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "faults.yaml").write_text(FILE)
    started = Started(folder, "--db", ":memory:", "--faults", "faults.yaml")
    yield started
    assert started.stop()[0] == 0


@pytest.fixture
def url(served: Started) -> str:
    """A server with nothing but the rules of its file."""
    assert run("faults", "clear", "--url", served.url).returncode == 0
    return served.url


def printed(*arguments: str, url: str) -> str:
    result = run("faults", *arguments, SAGEMOCK_URL=url)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def rules(url: str) -> list[dict[str, Any]]:
    """All rules, without their ids."""
    shown: list[dict[str, Any]] = json.loads(printed("list", "--json", url=url))["faults"]
    return [{key: value for key, value in each.items() if key != "id"} for each in shown]


def test_a_server_starts_with_the_rules_of_a_file(url: str) -> None:
    assert rules(url) == [FROM_FILE]


def test_a_reset_keeps_the_rules_of_the_file_and_no_other(url: str) -> None:
    printed("add", *THROTTLING, url=url)
    printed("clear", "1", url=url)
    reset = urllib.request.Request(f"{url}/_sagemock/reset", method="POST")  # noqa: S310 - just started
    with urllib.request.urlopen(reset, timeout=10) as answer:  # noqa: S310 - the same
        assert answer.status == 200
    assert rules(url) == [FROM_FILE]


def test_a_rule_is_added_by_options_and_applies(url: str) -> None:
    added = json.loads(printed("add", *THROTTLING, "--times", "1", "--json", url=url))["faults"]
    assert len(added) == 1
    with trying_at(url, attempts=2) as client:
        client.create_model_package_group(ModelPackageGroupName="churn")
    assert rules(url) == [
        {
            "match": {"operation": "CreateModelPackageGroup"},
            "fault": {"error": "ThrottlingException"},
            "times": 1,
            "matched": 2,
            "applied": 1,
        },
        FROM_FILE,
    ]


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (
            ("--error", "Slow", "--message", "Wait.", "--http-status", "503", "--after", "2"),
            {"fault": {"error": {"code": "Slow", "message": "Wait.", "status": 503}}, "after": 2},
        ),
        (
            ("--resource", "churn*", "--account", "222222222222", "--region", "eu-*", "--cut",
             "midway", "--principal", "*ann"),
            {
                "match": {
                    "resource": "churn*",
                    "account": "222222222222",
                    "region": "eu-*",
                    "principal": "*ann",
                },
                "fault": {"cut": "midway"},
            },
        ),
        (("--latency", "2"), {"fault": {"latency": 2.0}}),
        (
            ("--latency", "0.5-3", "--probability", "0.3", "--seed", "7"),
            {"fault": {"latency": [0.5, 3.0]}, "probability": 0.3, "seed": 7},
        ),
        (
            ("--status", "failing", "--reason", "Out of GPUs."),
            {"fault": {"status": "failing", "reason": "Out of GPUs."}},
        ),
    ],
)  # fmt: skip
def test_each_option_is_a_member_of_the_rule(
    options: tuple[str, ...], rule: dict[str, Any], url: str
) -> None:
    printed("add", *options, url=url)
    assert rules(url) == [{**rule, "matched": 0, "applied": 0}, FROM_FILE]


def test_rules_of_a_file_are_added(url: str, tmp_path: Path) -> None:
    (tmp_path / "more.json").write_text('[{"fault": {"cut": "before"}, "times": 3}]')
    printed("add", str(tmp_path / "more.json"), url=url)
    assert rules(url) == [
        {"fault": {"cut": "before"}, "times": 3, "matched": 0, "applied": 0},
        FROM_FILE,
    ]


def test_rules_are_told_in_a_table_for_people(url: str) -> None:
    added = printed("add", *THROTTLING, "--times", "2", "--latency", "1", "--after", "4", url=url)
    number = added.splitlines()[1].split()[0]
    assert added.split("\n")[0].split() == ["ID", "CALLS", "FAULT", "APPLIED", "MATCHED"]
    listed = printed("list", url=url).splitlines()
    assert [" ".join(line.split()) for line in listed[1:]] == [
        (
            f"{number} CreateModelPackageGroup late by 1 s, then ThrottlingException, from "
            "call 5 on 0 of 2 0"
        ),
        "1 Describe*, principal *:user/ann late by 0.5-2 s, 25 % of the time 0 0",
    ]


def test_one_is_taken_away_or_all(url: str) -> None:
    first, second = (
        json.loads(printed("add", "--cut", each, "--json", url=url))["faults"][0]["id"]
        for each in ("before", "after")
    )
    left = json.loads(printed("clear", str(first), "--json", url=url))["faults"]
    assert [each["id"] for each in left] == [second, 1]
    printed("clear", url=url)
    assert rules(url) == [FROM_FILE]
    assert printed("clear", "1", url=url) == "No fault rules; every call goes through.\n"


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        (("add",), "Say what goes wrong; for example: sagemock faults add --operation"),
        (("add", "x.yaml", "--http-status", "500"), "not --http-status as well"),
        (("add", "none.yaml"), r"none\.yaml cannot be used: it cannot be read"),
        (("add", "--times", "2"), "fault: a fault is latency, error, cut or status"),
        (("add", "--latency", "2s"), "seconds, 2 or a range as 0.5-3, not '2s'"),
        (("add", "--cut", "befor"), "perhaps before is meant"),
        (("add", "--operation", "CreateModl", "--cut", "before"), "perhaps CreateModel is meant"),
        (("add", "--message", "x"), "name its code with error"),
        (("clear", "99999"), "There is no fault rule 99999; `sagemock faults list` shows"),
        (("remove",), "There is no command 'remove'"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: tuple[str, ...], pattern: str, url: str) -> None:
    assert_one_sentence(run("faults", *arguments, SAGEMOCK_URL=url), pattern)
    assert rules(url) == [FROM_FILE]


def test_a_file_that_cannot_be_keeps_the_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "faults.yaml").write_text("fault: {cut: before}\ntimes: 0\n")
    result = run(
        *("serve", "--port", "0", "--db", ":memory:"), SAGEMOCK_FAULTS=str(tmp_path / "faults.yaml")
    )
    assert_one_sentence(result, r"faults\.yaml cannot be used: .* faults\[0\]\.times: it must be 1")


def test_no_server_is_a_mistake_too() -> None:
    result = run("faults", "list", "--url", "http://127.0.0.1:9")
    assert_one_sentence(result, "There is no sagemock at http://127.0.0.1:9")


def test_a_user_sees_what_was_said_for_them(url: str) -> None:
    printed("add", *THROTTLING, "--message", "Come back on Monday.", url=url)
    with trying_at(url) as client, pytest.raises(ClientError) as raised:
        client.create_model_package_group(ModelPackageGroupName="later")
    said = f"{THROTTLED.format('CreateModelPackageGroup')} (reached max retries: 2): "
    assert str(raised.value) == f"{said}Come back on Monday."


def test_no_file_is_the_default() -> None:
    assert Settings().faults is None
