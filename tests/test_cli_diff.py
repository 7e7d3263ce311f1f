"""`sagemock diff` as its users have it: servers, snapshot files, exit codes and words."""

import json
import os
import pty
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command_line import assert_one_sentence, run
from sagemock.api.service_model import ServiceModel
from two_registries import Client, answering, moto_served, sagemock_served

HOME, AWAY = "123456789012", "111122223333"
STATUS = "ModelApprovalStatus"
CARD = json.dumps({"model_overview": {"model_creator": "ana"}})


def fill(url: str, account: str = "test", region: str = "us-east-1", **members: Any) -> None:
    """A registry of two groups, a version, and a package, with a bit of everything."""
    owner = HOME if account == "test" else account
    arn = f"arn:aws:sagemaker:{region}:{owner}"
    policy = {
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": "444455556666"},
            "Action": "sagemaker:DescribeModelPackageGroup",
            "Resource": f"{arn}:model-package-group/churn",
        }
    }
    with Client(url, account, region) as client:
        client.group(Tags=[{"Key": "team", "Value": "growth"}])
        client(
            "PutModelPackageGroupPolicy",
            ModelPackageGroupName="churn",
            ResourcePolicy=json.dumps(policy),
        )
        client.group("empty")
        client.version(
            CustomerMetadataProperties={"by": "ana"},
            ModelCard={"ModelCardContent": CARD, "ModelCardStatus": "Draft"},
            **members,
        )
        package = {"ModelPackageName": "lone", "Tags": [{"Key": "a", "Value": "b"}]}
        client("CreateModelPackage", **package)


@pytest.fixture
def a(model: ServiceModel) -> Iterator[str]:
    with sagemock_served(model) as url:
        yield url


@pytest.fixture
def b(model: ServiceModel) -> Iterator[str]:
    with sagemock_served(model) as url:
        yield url


def saved(url: str, file: Path) -> str:
    path = f"{url}/_sagemock/snapshot"
    with urllib.request.urlopen(path, timeout=10) as answer:  # noqa: S310 - the server just started
        file.write_bytes(answer.read())
    return str(file)


def diff(*arguments: str, **variables: str) -> tuple[int, str, str]:
    result = run("diff", *arguments, **{"COLUMNS": "100", **variables})
    return result.returncode, result.stdout, result.stderr


def found(*arguments: str) -> list[dict[str, Any]]:
    code, out, err = diff(*arguments, "--json")
    told: list[dict[str, Any]] = json.loads(out)["Differences"]
    assert (code, err) == (1 if told else 0, "")
    return told


def test_registries_that_hold_the_same_do_not_differ(a: str, b: str, tmp_path: Path) -> None:
    fill(a)
    fill(b, AWAY, "eu-west-1")
    file = saved(a, tmp_path / "a.json")
    for pair in ((a, b), (file, b), (a, file), (file, file), (a, a)):
        assert diff(*pair) == (0, "No differences.\n", "")


def test_what_the_api_tells_is_what_a_snapshot_of_it_holds(a: str, tmp_path: Path) -> None:
    fill(a)
    file = saved(a, tmp_path / "a.json")
    assert found(a, file, "--account-a", HOME, "--exact") == []


def test_differences_are_a_table_with_both_values(a: str, b: str) -> None:
    fill(a, ModelApprovalStatus="Approved")
    fill(b)
    with Client(b) as client:
        client.version(data="s3://b/2.tar.gz")
        client.group("other")
        client("DeleteModelPackage", ModelPackageName="lone")
    expected = f"""\
A: {a}
B: {b}
group churn version 1
  ModelApprovalStatus  "Approved"  "PendingManualApproval"
group churn version 2: only in B
group other: only in B, with no versions
package lone: only in A
4 differences.
"""
    assert diff(a, b) == (1, expected, "")


def test_json_has_whole_values(a: str, b: str) -> None:
    fill(a)
    fill(b)
    data = f"s3://b/{'x' * 500}.tar.gz"
    with Client(a) as client:
        client.version(data=data)
    with Client(b) as client:
        client.version(data="s3://b/2.tar.gz")
        client("AddTags", ResourceArn=_churn(), Tags=[{"Key": "cost", "Value": "1"}])
    code, out, err = diff(a, b, "--json")
    assert (code, err) == (1, "")
    assert json.loads(out) == {
        "A": a,
        "B": b,
        "Differences": [
            {"Group": "churn", "Member": "Tags.cost", "Only": "B", "A": None, "B": "1"},
            {
                "Group": "churn",
                "Version": 2,
                "Member": "InferenceSpecification.Containers.0.ModelDataUrl",
                "A": data,
                "B": "s3://b/2.tar.gz",
            },
        ],
        "NotCompared": [],
    }


def _churn() -> str:
    return f"arn:aws:sagemaker:us-east-1:{HOME}:model-package-group/churn"


def test_accounts_and_regions_can_be_chosen(a: str, b: str, tmp_path: Path) -> None:
    fill(a, HOME)
    fill(a, AWAY, "eu-west-1", ModelApprovalStatus="Rejected")
    fill(b, AWAY)
    file = saved(a, tmp_path / "a.json")
    status = {
        "Group": "churn",
        "Version": 1,
        "Member": STATUS,
        "A": "Rejected",
        "B": "PendingManualApproval",
    }
    choices = ("--account-a", AWAY, "--region-a", "eu-west-1")
    assert found(a, b, *choices, "--account-b", AWAY, "--region-b", "us-east-1") == [status]
    assert found(file, b, *choices, "--account-b", AWAY, "--region-b", "us-east-1") == [status]
    assert found(file, a, "--account", HOME) == []
    assert found(file, a, "--account", AWAY, "--region", "eu-west-1") == []
    assert found(a, b, "--account-a", HOME, "--account-b", AWAY) == []


def test_all_accounts_and_regions_are_compared_where_none_is_chosen(
    a: str, b: str, tmp_path: Path
) -> None:
    for url in (a, b):
        fill(url, HOME)
        fill(url, AWAY, "eu-west-1")
    file = saved(a, tmp_path / "a.json")
    with Client(b, AWAY, "eu-west-1") as client:
        client.group("late")
    late = {
        "Account": AWAY,
        "Region": "eu-west-1",
        "Group": "late",
        "Only": "B",
        "Versions": 0,
    }
    assert found(a, b) == [late]
    assert found(file, b) == [late]
    assert f"group late (account {AWAY}, eu-west-1): only in B" in diff(a, b)[1]


def test_only_named_groups_are_compared(a: str, b: str, tmp_path: Path) -> None:
    fill(a)
    fill(b)
    file = saved(a, tmp_path / "a.json")
    with Client(b) as client:
        client.version("churn")
        client.group("late")
        client("DeleteModelPackage", ModelPackageName="lone")
    late = {"Group": "late", "Only": "B", "Versions": 0}
    churn = {"Group": "churn", "Version": 2, "Only": "B"}
    for first in (a, file):
        assert found(first, b, "--group", "late") == [late]
        assert found(first, b, "--group", "late", "--group", "churn") == [churn, late]
        assert found(first, b, "--group", "empty") == []


def test_exact_compares_times_and_whole_arns(a: str, b: str) -> None:
    fill(a)
    fill(b, AWAY)
    members = {(each.get("Group"), each.get("Member")) for each in found(a, b, "--exact")}
    assert {
        ("churn", "ModelPackageGroupArn"),
        ("churn", "CreationTime"),
        ("churn", "ModelPackageArn"),
        (None, "ModelPackageArn"),
        ("churn", "ResourcePolicy.Statement.Resource"),
    } <= members


def test_a_server_that_is_no_sagemock_is_compared_too(a: str, tmp_path: Path) -> None:
    with moto_served() as url:
        compare_with_moto(a, url, tmp_path)


def compare_with_moto(a: str, url: str, tmp_path: Path) -> None:
    for each in (a, url):
        with Client(each) as client:
            client.group(Tags=[{"Key": "team", "Value": "growth"}])
    file = saved(a, tmp_path / "a.json")
    for first in (a, file):
        code, out, err = diff(first, url)
        assert (code, out) == (0, "No differences.\n")
        assert err == (
            "sagemock: The policies of groups are not told by both sides and not compared.\n"
        )
    with Client(url) as client:
        client("CreateModelPackageGroup", ModelPackageGroupName="more")
    code, out, _ = diff(a, url, "--json")
    told = json.loads(out)
    assert code == 1
    assert told["Differences"] == [{"Group": "more", "Only": "B", "Versions": 0}]
    assert told["NotCompared"] == ["policies of groups"]


def test_an_empty_registry_is_one(a: str, b: str, tmp_path: Path) -> None:
    nothing = saved(b, tmp_path / "nothing.json")
    assert diff(nothing, b) == (0, "No differences.\n", "")
    fill(a)
    expected = [
        {"Group": "churn", "Only": "A", "Versions": 1},
        {"Group": "empty", "Only": "A", "Versions": 0},
        {"Package": "lone", "Only": "A"},
    ]
    assert found(a, nothing) == expected
    assert found(a, b) == expected


def on_a_terminal(*arguments: str, **variables: str) -> str:
    """What a command prints where its output is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sagemock", *arguments],
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "COLUMNS": "80", **variables},
    )
    os.close(theirs)
    printed = b""
    try:
        while piece := os.read(ours, 65536):
            printed += piece
    except OSError:
        # How Linux says that the other end is closed.
        pass
    os.close(ours)
    process.wait(timeout=15)
    return printed.decode()


def test_a_terminal_has_colours_unless_they_are_not_wanted(a: str, b: str) -> None:
    fill(a)
    red = f"\x1b[31m{a}\x1b[0m"
    printed = on_a_terminal("diff", a, b, NO_COLOR="")
    assert red in printed
    plain = on_a_terminal("diff", a, b, NO_COLOR="yes, please")
    assert "\x1b[3" not in plain
    assert f"A: {a}\r\n" in plain
    assert "\x1b" not in diff(a, b, FORCE_COLOR="")[1]


def test_progress_is_told_on_a_terminal_only(a: str) -> None:
    fill(a)
    assert "\rRead 4 of 4 " in on_a_terminal("diff", a, a, "--account", HOME)
    assert diff(a, a, "--account", HOME)[2] == ""


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    file = tmp_path / "broken.json"
    file.write_text('{"accounts": ')
    return file


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("{a}",), "Missing argument 'B'"),
        (("{a}", "missing.json"), "'missing.json' is neither a server's address nor a snapshot"),
        (("{a}", "127.0.0.1:4577"), "'127.0.0.1:4577' is neither .* write http://127.0.0.1:4577"),
        (("{a}", "http://127.0.0.1:1"), "There is no server at http://127.0.0.1:1: "),
        (("{a}", "http://127.0.0.1:x"), "looks like http://127.0.0.1:4577, not "),
        (("{a}", "{broken}"), r"The snapshot .*broken\.json cannot be loaded: it is no JSON"),
        (("{a}", "{folder}"), "is neither a server's address nor a snapshot file that exists"),
        (("{a}", "{a}", "--account", "12"), "An account id is 12 digits, not '12'"),
        (("{a}", "{a}", "--region-a", "US East"), "A region looks like us-east-1"),
        (("{a}", "{a}", "--group", "missing"), "There is no group 'missing' on either side"),
        (("{a}", "{a}", "--profile", "work"), "Credentials of a profile go to AWS and to https"),
        (("{a}", "aws:work", "--region", "eu-west-1"), r"AWS \(profile work\) cannot be asked"),
        (("{a}", "aws", "--region", "eu-west-1"), "AWS cannot be asked: there are no credentials"),
        (("{two}", "{a}", "--account-a", AWAY + "0"), "An account id is 12 digits"),
        (
            ("{two}", "{a}", "--account-a", "999999999999"),
            "holds nothing of 999999999999; it holds",
        ),
        (("{two}", "{a}", "--account-b", HOME), "holds .* several places .*; choose one with"),
        (("{two}", "aws", "--region-b", "eu-west-1"), "holds .* several places .*--account-a"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(
    a: str, broken: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    if "{two}" in arguments:
        for account in (HOME, AWAY):
            with Client(a, account) as client:
                client.group()
    nothing = str(tmp_path / "nothing")
    names = {
        "a": a,
        "broken": str(broken),
        "folder": str(tmp_path),
        "two": saved(a, tmp_path / "two.json"),
    }
    result = run(
        "diff",
        *(each.format(**names) for each in arguments),
        AWS_ACCESS_KEY_ID="",
        AWS_CONFIG_FILE=nothing,
        AWS_SHARED_CREDENTIALS_FILE=nothing,
        AWS_EC2_METADATA_DISABLED="true",
    )
    assert_one_sentence(result, f"^sagemock: .*{said}")


def test_a_refusal_is_told_in_one_sentence(a: str) -> None:
    body = json.dumps({"__type": "AccessDeniedException", "message": "Not you."}).encode()
    with answering(lambda _: (400, body)) as url:
        assert_one_sentence(run("diff", a, url), f"^sagemock: {url} refuses ListModelPackageGroups")


def test_a_snapshot_is_held_against_a_server(a: str, tmp_path: Path) -> None:
    fill(a)
    file = saved(a, tmp_path / "before.json")
    same = run("snapshot", "diff", file, "--url", a)
    assert (same.returncode, same.stdout, same.stderr) == (0, "No differences.\n", "")
    with Client(a) as client:
        client.version()
        client("UpdateModelPackage", ModelPackageArn=_version(), ModelApprovalStatus="Approved")
    changed = run("snapshot", "diff", file, "--json", SAGEMOCK_URL=a)
    assert changed.returncode == 1
    assert json.loads(changed.stdout)["Differences"] == [
        {
            "Group": "churn",
            "Version": 1,
            "Member": STATUS,
            "A": "PendingManualApproval",
            "B": "Approved",
        },
        {"Group": "churn", "Version": 2, "Only": "B"},
    ]
    missing = run("snapshot", "diff", "missing.json", "--url", a)
    assert_one_sentence(missing, "^sagemock: There is no snapshot file 'missing.json'; make one")
    nobody = run("snapshot", "diff", file, "--url", "http://127.0.0.1:1")
    assert_one_sentence(nobody, "^sagemock: There is no server at http://127.0.0.1:1: ")


def _version() -> str:
    return f"arn:aws:sagemaker:us-east-1:{HOME}:model-package/churn/1"


@pytest.mark.parametrize("command", [("diff",), ("snapshot", "diff")])
def test_the_help_tells_exit_codes_and_an_example(command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    told = " ".join(result.stdout.split())
    assert result.returncode == 0
    assert "Exit code: 0 no difference, 1 differences, 2 a mistake, or what cannot be read." in told
    assert f"Example: sagemock {' '.join(command)} " in told
