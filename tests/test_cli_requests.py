"""`sagemock requests`: the last calls on the command line."""

import json
import re
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from command_line import COMMAND, Started, assert_one_sentence, run
from test_cli_habits import on_a_terminal

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/chrun"


def called(url: str, operation: str, target: str | None = None, **members: Any) -> None:
    """Call an operation, whatever comes of it."""
    request = urllib.request.Request(  # noqa: S310 - the server just started
        url,
        json.dumps(members).encode(),
        {"X-Amz-Target": target or f"SageMaker.{operation}"},
    )
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - the same
    except urllib.error.HTTPError as refusal:
        refusal.close()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    started = Started(tmp_path_factory.mktemp("served"), "--db", ":memory:")
    called(started.url, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    called(started.url, "DescribeModelPackageGroup", ModelPackageGroupName="chrun")
    called(started.url, "", target="\x9bred")
    yield started.url
    assert started.stop()[0] == 0


def test_calls_are_told_the_latest_last_with_why_they_were_refused(url: str) -> None:
    result = run("requests", "--url", url)
    assert (result.returncode, result.stderr) == (0, "")
    cells = [re.split(r" {2,}", line) for line in result.stdout.splitlines()]
    assert all(re.fullmatch(TIME, row[0]) for row in cells if row[0])
    place = ["123456789012", "us-east-1"]
    assert [[*row[1:2], *row[3:]] for row in cells] == [
        ["200", *place, "CreateModelPackageGroup", "churn"],
        ["400", *place, "DescribeModelPackageGroup ValidationException", "chrun"],
        [f"ModelPackageGroup {ARN} does not exist."],
        ["There is a model package group 'churn'."],
        ["400", *place, "?red UnknownOperationException"],
        ["There is no operation of this name, or nothing at this path."],
    ]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ((), [1, 2, 3]),
        (("--failed",), [2, 3]),
        (("--limit", "1"), [3]),
        (("--operation", "CreateModelPackageGroup"), [1]),
        (("--operation", "create-model-package-group", "--failed"), []),
        (("--operation", "*ModelPackageGroup"), [1, 2]),
        (("--operation", "describe-*"), [2]),
        (("--operation", "Delete*"), []),
        (("--account", "210987654321"), []),
    ],
)
def test_calls_are_told_as_json_and_chosen(
    url: str, options: tuple[str, ...], numbers: list[int]
) -> None:
    result = run("requests", "--json", *options, SAGEMOCK_URL=url)
    assert result.returncode == 0, result.stderr
    assert [json.loads(line)["Number"] for line in result.stdout.splitlines()] == numbers


def test_calls_are_told_as_code_each_below_what_it_was(url: str) -> None:
    result = run("requests", "--as", "curl", "--url", url)
    blocks = result.stdout.split("\n\n")
    assert [block.splitlines()[0] for block in blocks[:3]] == [
        "# Call 1: CreateModelPackageGroup, 200",
        "# Call 2: DescribeModelPackageGroup, ValidationException",
        "# Call 3: ?red, UnknownOperationException",
    ]
    assert '--data-raw \'{"ModelPackageGroupName":"chrun"}\'' in blocks[1]
    assert (
        "client.create_model_package_group("
        in run("requests", "--as", "boto3", "--url", url).stdout
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--operation", "CreateModl"), "no operation 'CreateModl'; did you mean 'CreateModel'"),
        (
            ("--operation", "CreatModel*"),
            "no operation 'CreatModel\\*'; did you mean 'CreateModel'",
        ),
        (("--account", "12"), "An account id is 12 digits, not '12'\\.$"),
        (("--as", "perl"), "'perl' is not one of 'boto3', 'aws', 'curl'"),
        (("--as", "curl", "--json"), "printed as JSON or as code; leave out --json or --as"),
        (("--limit", "0"), "'--limit': it is a whole number from 1 to 1000, not '0'"),
        (("--limit", "1001"), "'--limit': it is a whole number from 1 to 1000, not '1001'"),
        (("--limit", "all"), "'--limit': it is a whole number from 1 to 1000, not 'all'"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(url: str, arguments: tuple[str, ...], said: str) -> None:
    assert_one_sentence(run("requests", *arguments, "--url", url), f"^sagemock: .*{said}")


def test_where_there_is_no_server_or_no_journal_one_sentence_says_so(tmp_path: Path) -> None:
    result = run("requests", "--url", "http://127.0.0.1:1")
    assert_one_sentence(result, "^sagemock: There is no sagemock at http://127.0.0.1:1: .*serve")
    started = Started(tmp_path, "--db", ":memory:", "--journal", "0")
    result = run("requests", "--follow", "--url", started.url)
    assert_one_sentence(result, "^sagemock: The journal is off; start sagemock with --journal")
    started.stop()


def operation_of(lines: IO[str]) -> str:
    return str(json.loads(lines.readline())["Operation"])


def test_calls_are_followed_over_a_reset_and_a_new_server_until_interrupted(tmp_path: Path) -> None:
    started = Started(tmp_path, "--db", ":memory:")
    called(started.url, "ListModels")
    following = subprocess.Popen(
        [*COMMAND, "requests", "--follow", "--json", "--url", started.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert following.stdout
    assert following.stderr
    assert operation_of(following.stdout) == "ListModels"
    called(started.url, "ListEndpoints")
    assert operation_of(following.stdout) == "ListEndpoints"
    request = urllib.request.Request(f"{started.url}/_sagemock/reset", method="POST")  # noqa: S310 - ours
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - the same
    called(started.url, "ListTags")
    assert operation_of(following.stdout) == "ListTags"
    started.stop()
    assert re.match("sagemock: There is no .* Waiting for it.", following.stderr.readline())
    port = started.url.rpartition(":")[2]
    again = Started(tmp_path, "--db", ":memory:", "--port", port)
    for _ in range(4):
        called(again.url, "ListModelPackages")
    for _ in range(4):
        assert operation_of(following.stdout) == "ListModelPackages"
    following.send_signal(signal.SIGINT)
    assert following.communicate(timeout=15) == ("", "\n")
    assert following.returncode == 130
    again.stop()


def test_the_setting_says_how_many_calls_are_kept(tmp_path: Path) -> None:
    started = Started(tmp_path, "--db", ":memory:", SAGEMOCK_JOURNAL="2")
    for operation in ("ListModels", "ListEndpoints", "ListTags"):
        called(started.url, operation)
    result = run("requests", "--json", "--url", started.url)
    told = [json.loads(line)["Operation"] for line in result.stdout.splitlines()]
    assert told == ["ListEndpoints", "ListTags"]
    started.stop()
    result = run("serve", "--journal", "-1", "--port", "0")
    assert_one_sentence(result, "The journal keeps from 0 to 100000 calls, not -1.")


def test_on_a_terminal_there_is_a_head_unless_there_is_nothing_below_it(url: str) -> None:
    _, shown = on_a_terminal("requests", "--limit", "1", "--url", url)
    assert re.match(r"\S*TIME +STATUS  MS +ACCOUNT +REGION +OPERATION", shown)
    assert max(map(len, re.sub(r"\x1b\[\d*m", "", shown).splitlines())) <= 80
    _, shown = on_a_terminal("requests", "--account", "210987654321", "--url", url)
    assert shown == "sagemock: None of the 3 calls that are kept matches.\n"


def test_on_a_terminal_what_does_not_fit_goes_on_below(url: str) -> None:
    _, shown = on_a_terminal("requests", "--limit", "2", "--failed", "--url", url, NO_COLOR="1")
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    assert [each for each in lines if each.startswith("    ")] == [
        "    DescribeModelPackageGroup ValidationException  chrun",
        "    ModelPackageGroup",
        f"    {ARN} does not",
        "    exist.",
        "    There is a model package group 'churn'.",
        "    ?red UnknownOperationException",
        "    There is no operation of this name, or nothing at this path.",
    ]


@pytest.mark.parametrize("options", [(), ("--json",), ("--as", "curl")])
def test_where_no_call_is_printed_a_sentence_on_stderr_says_why(
    url: str, options: tuple[str, ...]
) -> None:
    result = run("requests", "--account", "210987654321", "--url", url, *options)
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "sagemock: None of the 3 calls that are kept matches.\n"


def test_a_journal_of_one_call_or_none_is_told_so(tmp_path: Path) -> None:
    started = Started(tmp_path, "--db", ":memory:")
    none = run("requests", "--failed", "--url", started.url)
    assert (none.returncode, none.stdout) == (0, "")
    assert re.fullmatch(r"sagemock: There are no calls: .*\.\n", none.stderr)
    called(started.url, "ListModels")
    other = run("requests", "--failed", "--url", started.url)
    assert other.stderr == "sagemock: The one call that is kept does not match.\n"
    started.stop()
