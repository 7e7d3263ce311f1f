"""README holds what it says: its table is fresh, its examples and commands run."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import sagemock
from sagemock.cli import cli
from sagemock.coverage import coverage_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"<!-- example -->\n```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with sagemock.running(db=tmp_path / ".sagemock" / "sagemock.db") as server:
        yield server.url


def test_the_table_of_served_operations_is_fresh() -> None:
    table = README.partition("<!-- served -->\n")[2].partition("<!-- /served -->")[0]
    assert table.strip() == coverage_table(served_only=True), (
        "paste the output of `sagemock coverage --served` between README's markers"
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_runs_where_there_is_no_aws_configuration(
    example: str, url: str, tmp_path: Path
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    result = subprocess.run(
        [sys.executable, "-c", example.replace("http://127.0.0.1:4577", url)],
        env=kept | {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() in [*re.findall(r"It prints `(.*)`\.", README), "[]"]


def test_the_profile_works_where_there_is_no_other_configuration(url: str, tmp_path: Path) -> None:
    config = re.search(r"<!-- config -->\n```ini\n(.*?)```", README, re.DOTALL)
    assert config
    (tmp_path / "config").write_text(config[1].replace("http://127.0.0.1:4577", url))
    program = (
        "import boto3; client = boto3.Session(profile_name='local').client('sagemaker');"
        "print(client.list_model_package_groups()['ModelPackageGroupSummaryList'])"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=kept | {"AWS_CONFIG_FILE": str(tmp_path / "config"), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.stdout == "[]\n", result.stderr


def test_there_are_examples_and_the_three_commands() -> None:
    assert len(EXAMPLES) == 2
    commands = re.findall(r"<!-- command: (\w+) -->\n```sh\n(.*)\n```", README)
    assert [name for name, _ in commands] == ["serve", "tests", "benchmark"]
    for _, command in commands:
        assert re.match(r"python3 -m venv (\S+) && \1/bin/pip install .* && \1/bin/", command)


def commands_of(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        yield command
        if isinstance(command, click.Group):
            yield from commands_of(command)


def test_every_command_and_option_that_is_named_exists() -> None:
    for command in re.findall(r"sagemock (serve|coverage|log|show|events)", README):
        assert command in cli.commands
    options = {
        option for command in commands_of(cli) for each in command.params for option in each.opts
    }
    tests = Path(__file__).parent
    for path in (tests / "benchmarks" / "__main__.py", *tests.glob("*/conftest.py")):
        options |= set(re.findall(r'"(--[a-z-]+)"', path.read_text("utf-8")))
    for option in re.findall(r"`(?:(?:sagemock \w+|pytest [\w/]+) )?(--[a-z0-9-]+)", README):
        assert option in options | {"--help"}, option
