"""What all commands have in common: help that fits a screen, examples, JSON, colours, mistakes."""

import json
import os
import pty
import re
import select
import shlex
import struct
import subprocess
import sys
from collections.abc import Iterator
from fcntl import ioctl
from termios import TIOCSWINSZ
from typing import Any

import click
import pytest
from click.testing import CliRunner

from command_line import COMMAND, Started, assert_one_sentence, run
from sagemock.cli import cli
from sagemock.cli.options import tree
from sagemock.log_table import log_changes, log_row
from sagemock.text_table import columns_of, table, wrapped

TREE = dict(tree(cli))
COMMANDS = {name: each for name, each in TREE.items() if not isinstance(each, click.Group)}
# What they print is no data: a server's log, and a program for a shell.
WITHOUT_JSON = {"serve", "completion"}
VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    started = Started(tmp_path_factory.mktemp("served"), "--db", ":memory:")
    started.call("CreateModelPackageGroup", ModelPackageGroupName="churn")
    started.call("CreateModelPackage", ModelPackageGroupName="churn")
    started.call("UpdateModelPackage", ModelPackageArn=VERSION, ModelApprovalStatus="Approved")
    yield started.url
    assert started.stop()[0] == 0


def on_a_terminal(
    *arguments: str, typed: str = "", columns: int = 80, **variables: str
) -> tuple[int, str]:
    """The exit code of a command on a terminal of its own, and all that it showed there."""
    ours, its = pty.openpty()
    ioctl(its, TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")
    }
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=its,
        stdout=its,
        stderr=its,
        env={**kept, "TERM": "xterm", **variables},
    )
    os.close(its)
    os.write(ours, typed.encode())
    shown = b""
    while select.select([ours], [], [], 30)[0]:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux tells the end of a terminal so
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return process.wait(timeout=30), shown.decode().replace("\r\n", "\n")


def test_the_help_fits_a_screen_and_nothing_in_it_is_cut_off() -> None:
    result = run("--help")
    lines = result.stdout.splitlines()
    assert (result.returncode, result.stderr) == (0, "")
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "..." not in result.stdout


def test_the_help_begins_with_the_three_commands_that_most_people_need() -> None:
    lines = run("--help").stdout.splitlines()
    begin = lines.index("Start here:") + 1
    assert [line[2:26].strip() for line in lines[begin : begin + 3]] == [
        "sagemock serve",
        'eval "$(sagemock env)"',
        "sagemock log",
    ]
    assert lines[begin + 3] == ""


def test_the_help_names_every_command_once_and_the_exit_codes() -> None:
    said = run("--help").stdout
    for name in cli.commands:
        pattern = (
            rf"^(?:  sagemock {name} |  eval \"\$\(sagemock {name}\)\" |(?:\w[\w ]+)? +{name} )"
        )
        assert len(re.findall(pattern, said, re.MULTILINE)) == 1, name
    codes = "Exit codes: 0 done, 1 difference or failed check, 2 a mistake, 130 interrupted."
    assert codes in said.splitlines()


@pytest.mark.parametrize("name", TREE)
def test_every_command_has_a_help_and_an_example_that_is_right(name: str) -> None:
    command = TREE[name]
    assert command.help
    assert command.epilog
    assert command.epilog.startswith("Example: sagemock ")
    words = shlex.split(command.epilog.removeprefix("Example: sagemock "))
    assert words[: len(name.split())] == name.split()
    found: click.Command = cli
    context = click.Context(cli, info_name="sagemock")
    while isinstance(found, click.Group):
        found = found.commands[words.pop(0)]
        context = click.Context(found, info_name=found.name, parent=context)
    with found.make_context(found.name, words, parent=context.parent) as made:
        assert made.args == []


@pytest.mark.parametrize("name", TREE)
def test_the_help_of_a_command_shows_its_example(name: str) -> None:
    result = CliRunner().invoke(cli, [*name.split(), "--help"], terminal_width=80)
    assert result.exit_code == 0
    example = str(TREE[name].epilog)
    assert example in " ".join(result.output.split())
    assert max(map(len, result.output.splitlines())) <= 80


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - WITHOUT_JSON))
def test_every_command_that_prints_data_prints_json(name: str) -> None:
    assert "--json" in [opt for each in COMMANDS[name].params for opt in each.opts]


def test_coverage_as_json_has_the_rows_of_the_table() -> None:
    markdown = run("coverage", "--served").stdout.splitlines()
    shown = [json.loads(line) for line in run("coverage", "--served", "--json").stdout.splitlines()]
    assert [" ".join(map(str, row.values())) for row in shown] == [
        " ".join(row.strip("| ").split(" | ")) for row in markdown[2:-1]
    ]
    assert list(shown[0]) == [
        "operation",
        "level",
        *(name.strip() for name in markdown[0].strip("| ").split(" | ")[2:]),
    ]


def test_on_a_terminal_coverage_is_a_table_without_bars() -> None:
    code, shown = on_a_terminal("coverage", "--served", columns=120, NO_COLOR="1")
    head, first, *_ = shown.splitlines()
    assert code == 0
    assert head.split()[:2] == ["OPERATION", "LEVEL"]
    assert first.index("ruled") == head.index("LEVEL")
    assert "|" not in shown


def test_show_prints_the_same_with_json_and_without(url: str) -> None:
    said = run("show", VERSION, "--json", "--url", url).stdout
    assert said == run("show", VERSION, "--url", url).stdout
    assert json.loads(said)["ModelApprovalStatus"] == "Approved"


def test_on_a_terminal_the_log_is_a_table_as_wide_as_it(url: str) -> None:
    code, shown = on_a_terminal("log", "--url", url, columns=120, NO_COLOR="1")
    lines = shown.splitlines()
    assert code == 0
    assert re.fullmatch(r"TIME +WHO +OPERATION +RESOURCE +CHANGE", lines[0])
    assert re.fullmatch(r"\S{10} \S{8}Z  developer  UpdateModelPackage +churn/1 +changed", lines[1])
    assert lines[2] == "    ModelApprovalStatus: PendingManualApproval -> Approved"
    assert max(map(len, lines)) <= 120
    narrow = on_a_terminal("log", "--url", url, columns=60, NO_COLOR="1")[1].splitlines()
    assert max(map(len, narrow)) <= 60


def test_off_a_terminal_the_log_is_lines_and_with_json_it_is_json_on_one_too(url: str) -> None:
    lines = run("log", "--url", url, "--limit", "1").stdout.splitlines()
    assert lines[0].split("  ")[1:4] == ["UpdateModelPackage", VERSION, "changed"]
    shown = on_a_terminal("log", "--url", url, "--limit", "1", "--json")[1]
    assert json.loads(shown)["ResourceArn"] == VERSION


def test_a_log_of_nothing_says_so_on_a_terminal_without_a_head(url: str) -> None:
    code, shown = on_a_terminal("log", "--url", url, "--actor", "nobody")
    assert code == 0
    assert re.fullmatch(r"sagemock: Nothing in the log matches; .*\.\n", shown)


def test_colours_are_for_terminals_and_not_for_those_who_want_none(url: str) -> None:
    assert "\x1b[" in on_a_terminal("log", "--url", url)[1]
    assert "\x1b[" in on_a_terminal("log", "--url", url, NO_COLOR="")[1]
    for value in ("1", "0", "false", "anything"):
        assert "\x1b[" not in on_a_terminal("log", "--url", url, NO_COLOR=value)[1]
    assert "\x1b[" not in run("doctor", "--url", url).stdout


@pytest.mark.parametrize(
    ("words", "near"),
    [
        ("serv", "sagemock serve"),
        ("SERVE", "sagemock serve"),
        ("logs", "sagemock log"),
        ("doktor", "sagemock doctor"),
        ("create", "sagemock profile create"),
        ("profile creat x", "sagemock profile create"),
        ("events tets", "sagemock events test"),
        ("start", "sagemock serve"),
        ("status", "sagemock doctor"),
        ("help", "sagemock --help"),
        ("--port 4577", "sagemock serve --port"),
        ("--url http://127.0.0.1:1 log", "sagemock log --url"),
        ("events list", "sagemock events test"),
    ],
)
def test_a_wrong_command_is_one_sentence_with_the_nearest_right_one(words: str, near: str) -> None:
    assert_one_sentence(
        run(*words.split()),
        rf"^sagemock: There is no (command|option) '\S+'( here)?; did you mean '{near}'\?$",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("xyzzy", "There is no command 'xyzzy'; there are serve, env, log, "),
        ("serve --prot 1", r"No such option '--prot'; did you mean .*'--port'.*\?$"),
        ("log --xyz", "No such option '--xyz'; `sagemock log --help` lists those there are"),
        ("--xyz", "No such option '--xyz'; `sagemock --help` lists those there are"),
        ("show", "Missing argument 'ARN'; for example: sagemock show ARN --at 2026"),
        ("profile create", "Missing argument 'NAME'; for example: sagemock profile create local"),
        ("completion", "Missing argument 'SHELL'; for example: sagemock completion bash$"),
        ("completion tcsh", "Invalid value for 'SHELL': 'tcsh' is not one of 'bash', 'zsh', 'fis"),
        ("faults clear 0", "Invalid value for 'IDS': it is a whole number from 1 up, not '0'"),
        ("log --limit", "Option '--limit' requires an argument"),
        (
            "wait now",
            r"Got unexpected extra argument.*\(now\); for example: sagemock wait --timeout",
        ),
        ("env --shell nu", "A shell is sh, fish, powershell, not 'nu'"),
        ("env --url localhost:4577", "An address looks like http://127.0.0.1:4577, not 'local"),
        ("env --url http://h:port", "An address looks like http://127.0.0.1:4577, not 'http"),
        ("env --account 12", "An account id is 12 digits, not '12'"),
        ("env --region here", "A region looks like us-east-1, not 'here'"),
    ],
)
def test_a_mistake_is_one_sentence(words: str, said: str) -> None:
    assert_one_sentence(run(*words.split()), f"^sagemock: {said}")


def test_a_group_without_a_command_shows_its_help() -> None:
    result = run("profile")
    assert (result.returncode, result.stderr) == (0, "")
    assert "Example: sagemock profile create local --yes" in result.stdout
    assert "after showing the change." in " ".join(result.stdout.split())


# --- completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_that_of_click(shell: str) -> None:
    result = run("completion", shell)
    assert result.returncode == 0
    assert result.stdout == run(_SAGEMOCK_COMPLETE=f"{shell}_source").stdout + "\n"
    assert "_sagemock_completion" in result.stdout


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("sagemock ser", ["plain,serve"]),
        ("sagemock profile cr", ["plain,create"]),
        ("sagemock completion z", ["plain,zsh"]),
        ("sagemock wait --ti", ["plain,--timeout"]),
        ("sagemock env --shell f", ["plain,fish"]),
        ("sagemock serve --faults f", ["file,f"]),
        ("sagemock snapshot load f", ["file,f"]),
        ("sagemock no-such wo", []),
    ],
)
def test_words_are_completed(typed: str, completed: list[str]) -> None:
    result = run(
        _SAGEMOCK_COMPLETE="bash_complete",
        COMP_WORDS=typed,
        COMP_CWORD=str(len(typed.split()) - 1),
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.split() == completed


# --- tables


def test_columns_stand_below_each_other_and_nothing_is_lost() -> None:
    rows = [("a", "one two three four"), ("日本", "x" * 30)]
    lines = table(("N", "TEXT"), rows, 24)
    assert lines == [
        ["N     TEXT"],
        ["a     one two three four"],
        ["日本  xxxxxxxxxxxxxxxxxx", "      xxxxxxxxxxxx"],
    ]
    assert [columns_of(line) for line in lines[2]] == [24, 18]
    assert wrapped("one  two three", 8) == ["one  two", "three"]
    wide = table(("N", "TEXT"), [("e\u0301", "日本語日本語")], 11)
    assert wide == [["N  TEXT"], ["e\u0301  日本語日", "   本語"]]
    assert table(("N", "TEXT"), [("", "")], 3) == [["N  TEXT"], [""]]


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"Change": "created", "After": {"Name": "x"}}, []),
        (
            {
                "Change": "changed",
                "Before": {"A": None, "LastModifiedTime": 1},
                "After": {"A": "x", "B": {"c": 1}, "LastModifiedTime": 2},
            },
            ["A: - -> x", 'B: - -> {"c": 1}'],
        ),
        ({"Change": "changed", "After": {"A": "\x1b[31m"}}, [r'A: - -> "\u001b[31m"']),
        ({"Change": "changed", "After": {"LastModifiedTime": 2}}, []),
    ],
)
def test_a_row_of_the_log_has_short_names_and_a_line_for_each_change(
    members: dict[str, Any], told: list[str]
) -> None:
    record = {
        "Time": 1769851800.5,
        "Principal": "arn:aws:sts::123456789012:assumed-role/sagemock/developer",
        "Operation": "UpdateModelPackage",
        "ResourceArn": VERSION,
        **members,
    }
    assert log_row(record) == (
        "2026-01-31 09:30:00Z",
        "developer",
        "UpdateModelPackage",
        "churn/1",
        members["Change"],
    )
    assert log_changes(record) == told


def test_the_files_of_the_command_line_import_nothing_slow_for_the_help() -> None:
    program = (
        "import sys; before = set(sys.modules);"
        "from sagemock.cli import cli; cli.main(['--help'], standalone_mode=False);"
        "slow = {'flask', 'botocore', 'boto3', 'yaml', 'jsonschema', 'sqlite3', 'urllib.request'};"
        "print(*sorted(slow & set(sys.modules) - before), sep=',')"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("Usage: ")
    assert result.stdout.splitlines()[-1] == ""
