"""README's lines on the clock: each prints what its comment says; the test is one that passes."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fictions import call
from running import Running
from sagemock import Service, create_app

pytest_plugins = ["pytester"]

README = Path(__file__).parent.parent.joinpath("README.md").read_text("utf-8")
PRINTED = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z, .+")


def test_each_line_prints_what_it_says(service: Service) -> None:
    block = re.search(r"<!-- session: clock -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert block
    running = Running(create_app(service=service))
    shown = []
    try:
        for line in block[1].splitlines():
            command, _, said = (part.strip() for part in line.partition("#"))
            if command.startswith("aws "):
                call(service, "CreateModelPackageGroup", ModelPackageGroupName="churn")
                continue
            result = subprocess.run(
                [sys.executable, "-m", *shlex.split(command)],
                env={"SAGEMOCK_URL": running.url},
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert (result.returncode, result.stderr) == (0, "")
            shown.append(result.stdout.strip())
            if PRINTED.fullmatch(said):
                assert result.stdout == f"{said}\n"
    finally:
        running.stop()
    assert [each.partition(", ")[2] for each in shown] == [
        *["standing still"] * 3,
        "running 30d behind the real time",
        "running, the real time",
    ]
    group = call(service, "DescribeModelPackageGroup", ModelPackageGroupName="churn")
    assert group["CreationTime"] == 1769851800


def test_the_test_passes_as_it_stands(pytester: pytest.Pytester) -> None:
    block = re.search(r"<!-- test file: test_time.py -->\n```python\n(.*?)```", README, re.DOTALL)
    assert block
    pytester.path.joinpath("test_time.py").write_text(block[1], "utf-8")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(passed=2)
