"""The command line that asks a server: `log` and `show`."""

import json
from collections.abc import Iterator

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
    nobody = run("log", "--actor", "nobody", "--url", url)
    assert (nobody.returncode, nobody.stdout) == (0, "")


def test_a_resource_is_shown_as_it_is_and_as_it_was(url: str) -> None:
    approved = json.loads(run("show", VERSION, "--url", url).stdout)
    assert approved["ModelApprovalStatus"] == "Approved"
    created = str(approved["CreationTime"])
    pending = json.loads(run("show", VERSION, "--at", created, "--url", url).stdout)
    assert pending["ModelApprovalStatus"] == "PendingManualApproval"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("log", "churn"), "There is no resource of sagemock with the ARN 'churn'"),
        (("log", "--since", "monday"), "A time is written like 2026-01-31T09:30:00Z"),
        (("log", "--limit", "0"), "0 is not in the range"),
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
    assert_one_sentence(run(*command, "--url", "nonsense"), "^sagemock: There is no sagemock at")
