"""README's chapter on faults: its test file passes, its lines and its file are taken."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sagemock import RunningServer
from sagemock.faults import Faults

pytest_plugins = ["pytester"]

README = Path(__file__).parent.parent.joinpath("README.md").read_text("utf-8")


def block(mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found
    return found[1]


def test_the_fixture_is_used_as_shown(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("test_faults.py").write_text(block("test file: test_faults.py"), "utf-8")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error")
    result.assert_outcomes(passed=4)


def test_each_line_does_what_it_says(server: RunningServer) -> None:
    counts = []
    for line in block("faults").splitlines():
        program, *arguments = shlex.split(line)
        assert program == "sagemock"
        result = subprocess.run(
            [sys.executable, "-m", "sagemock", *arguments],
            env={"SAGEMOCK_URL": server.url},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (result.returncode, result.stderr) == (0, "")
        counts.append(len(server.service.faults.shown()))
    assert counts == [1, 2, 2, 0]


def test_the_file_is_one(tmp_path: Path) -> None:
    (tmp_path / "faults.yaml").write_text(block("faults file"), "utf-8")
    assert [each["fault"] for each in Faults(tmp_path / "faults.yaml").shown()] == [
        {"error": {"code": "ThrottlingException", "message": "Rate exceeded", "status": 400}},
        {"latency": [0.5, 3], "cut": "midway"},
        {"status": "stuck"},
    ]
