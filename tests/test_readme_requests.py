"""README's chapter on the journal: what it shows is what comes of it."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sagemock import RunningServer

pytest_plugins = ["pytester"]

README = Path(__file__).parent.parent.joinpath("README.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"<!-- requests: (\w+) -->\n```\w+\n(.*?)```", README, re.DOTALL))
URL = "http://127.0.0.1:4577"
CHANGING = re.compile(r"^\S+Z  (\d+) +[\d.]+", re.MULTILINE)


def test_what_was_called_is_told_as_shown(server: RunningServer) -> None:
    program = BLOCKS["python"].replace(URL, server.url)
    called = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (called.returncode, called.stdout) == (0, "ValidationException\n"), called.stderr
    command = f"{shlex.quote(sys.executable)} -m sagemock"
    for shown in BLOCKS["shell"].split("$ ")[1:]:
        line, _, said = shown.partition("\n")
        result = subprocess.run(  # noqa: S602 - README's own lines
            line.replace("sagemock", command),
            shell=True,
            env={"SAGEMOCK_URL": server.url, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        told = result.stdout.replace(server.url, URL)
        assert CHANGING.sub(r"\1", told) == CHANGING.sub(r"\1", said), result.stderr


def test_calls_are_asserted_as_shown(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(BLOCKS["test"])
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(passed=2)
