"""README's lines on the clock: each prints what its comment says; the test is one that passes."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sagemock import RunningServer

pytest_plugins = ["pytester"]

README = Path(__file__).parent.parent.joinpath("README.md").read_text("utf-8")
PRINTED = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z, .+")


@pytest.mark.usefixtures("sagemock_clock")
def test_each_line_prints_what_it_says(
    sagemock_server: RunningServer, sagemock_client: Any
) -> None:
    block = re.search(r"<!-- session: clock -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert block
    shown = []
    for line in block[1].splitlines():
        command, _, said = (part.strip() for part in line.partition("#"))
        if command.startswith("aws "):
            sagemock_client.create_model_package_group(ModelPackageGroupName="churn")
            continue
        result = subprocess.run(
            [sys.executable, "-m", *shlex.split(command)],
            env={"SAGEMOCK_URL": sagemock_server.url},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (result.returncode, result.stderr) == (0, "")
        shown.append(result.stdout.strip())
        if PRINTED.fullmatch(said):
            assert result.stdout == f"{said}\n"
    assert [each.partition(", ")[2] for each in shown] == [
        *["standing still"] * 3,
        "running 30d behind the real time",
        "running, the real time",
    ]
    group = sagemock_client.describe_model_package_group(ModelPackageGroupName="churn")
    assert group["CreationTime"].timestamp() == 1769851800


def test_the_test_passes_as_it_stands(pytester: pytest.Pytester) -> None:
    block = re.search(r"<!-- test file: test_time.py -->\n```python\n(.*?)```", README, re.DOTALL)
    assert block
    pytester.path.joinpath("test_time.py").write_text(block[1], "utf-8")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(passed=2)
