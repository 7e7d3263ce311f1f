"""The command line that asks a server: `log` and `show`."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import Started, assert_one_sentence, run

VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    started = Started(tmp_path_factory.mktemp("served"), "--db", ":memory:")
    started.call("CreateModelPackageGroup", ModelPackageGroupName="churn")
    started.call("CreateModelPackage", ModelPackageGroupName="churn")
    started.call(
        "UpdateModelPackage",
        ModelPackageArn=VERSION,
        ModelApprovalStatus="Approved",
        ApprovalDescription="good enough",
    )
    yield started.url
    assert started.stop()[0] == 0


def test_the_log_is_told_newest_first_with_what_was_changed(url: str) -> None:
    result = run("log", SAGEMOCK_URL=url)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    heads = [line.split("  ")[1:4] for line in lines if not line.startswith(" ")]
    group = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/churn"
    assert heads == [
        ["UpdateModelPackage", VERSION, "changed"],
        ["CreateModelPackage", VERSION, "created"],
        ["CreateModelPackageGroup", group, "created"],
    ]
    assert lines[1:3] == [
        '    ModelApprovalStatus: "PendingManualApproval" -> "Approved"',
        '    ApprovalDescription: - -> "good enough"',
    ]


def test_one_resource_or_so_many_records_are_told_as_json(url: str) -> None:
    result = run("log", VERSION, "--limit", "1", "--json", "--url", url)
    (record,) = map(json.loads, result.stdout.splitlines())
    assert (record["Operation"], record["Comment"]) == ("UpdateModelPackage", "good enough")


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_log_of_nothing_is_a_sentence_on_stderr_alone(url: str, options: tuple[str, ...]) -> None:
    newest = run("log", "--limit", "1", "--url", url).stdout.split()[0]
    nobody = run("log", "--actor", "nobody", "--url", url, *options)
    assert (nobody.returncode, nobody.stdout) == (0, "")
    assert nobody.stderr == (
        f"sagemock: Nothing in the log matches; its newest record is of {newest}.\n"
    )


def test_an_empty_log_says_that_it_is(tmp_path: Path) -> None:
    started = Started(tmp_path, "--db", ":memory:")
    result = run("log", "--since", "2026-01-31", "--url", started.url)
    assert (result.returncode, result.stdout) == (0, "")
    assert re.fullmatch(r"sagemock: The log is empty: .*\.\n", result.stderr)
    started.stop()


def test_a_resource_is_shown_as_it_is_and_as_it_was(url: str) -> None:
    approved = json.loads(run("show", VERSION, "--url", url).stdout)
    assert approved["ModelApprovalStatus"] == "Approved"
    created = str(approved["CreationTime"])
    pending = json.loads(run("show", VERSION, "--at", created, "--url", url).stdout)
    assert pending["ModelApprovalStatus"] == "PendingManualApproval"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("log", "churn"),
            "An ARN looks like arn:aws:.*/churn/1, not 'churn'; `sagemock log --json`",
        ),
        (("log", "arn:churn"), "There is no resource of sagemock with the ARN 'arn:churn'"),
        (("log", "--since", "monday"), "A time is written like 2026-01-31T09:30:00Z"),
        (("log", "--limit", "0"), "'--limit': it is a whole number from 1 up, not '0'"),
        (("show", "churn/1"), "An ARN looks like arn:aws:.*/churn/1, not 'churn/1'; "),
        (("show", f"{VERSION}0"), "does not exist"),
        (("show", VERSION, "--at", "monday"), "A time is written like 2026-01-31T09:30:00Z"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(url: str, arguments: tuple[str, ...], said: str) -> None:
    assert_one_sentence(run(*arguments, "--url", url), f"^sagemock: .*{said}")


@pytest.mark.parametrize("command", [("log",), ("show", VERSION)])
def test_where_no_server_is_one_sentence_says_so(command: tuple[str, ...]) -> None:
    result = run(*command, "--url", "http://127.0.0.1:1")
    assert_one_sentence(result, "^sagemock: There is no sagemock at http://127.0.0.1:1: .*serve")
    result = run(*command, "--url", "nonsense")
    assert_one_sentence(result, "^sagemock: An address looks like http://127.0.0.1:4577, not 'nons")
