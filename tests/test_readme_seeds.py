"""README's chapter on seeds: its file is planted, and its commands answer as it says."""

import os
import re
import shlex
import subprocess
from pathlib import Path

from command_line import COMMAND, Started
from sagemock import RunningServer

README = Path(__file__).parent.parent / "README.md"


def block(mark: str, language: str) -> str:
    """What stands in README's block of code behind a mark."""
    pattern = rf"<!-- {mark} -->\n```{language}\n(.*?)```"
    found = re.search(pattern, README.read_text("utf-8"), re.DOTALL)
    assert found, mark
    return found[1]


def answered(line: str, folder: Path, url: str) -> str:
    """What a command prints in a folder."""
    words = shlex.split(line)
    command = [*COMMAND, *words[1:]] if words[0] == "sagemock" else words
    variables = {**os.environ, "SAGEMOCK_URL": url}
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, timeout=30, check=False
    )
    return done.stdout + done.stderr


def test_its_commands_answer_as_it_says(server: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "churn.yaml").write_text(block("seed", "yaml"), "utf-8")
    session = ""
    for line in block("seed session", "console").splitlines():
        if line.startswith("$ "):
            session += f"{line}\n{answered(line.removeprefix('$ '), tmp_path, server.url)}"
    assert session == block("seed session", "console")


def test_a_server_starts_with_its_seed(tmp_path: Path) -> None:
    (tmp_path / "churn.yaml").write_text(block("seed", "yaml"), "utf-8")
    server = Started(tmp_path, "--db", ":memory:", "--seed", "churn.yaml")
    versions = server.call("ListModelPackages", ModelPackageGroupName="churn")
    server.stop()
    assert [each["ModelPackageVersion"] for each in versions["ModelPackageSummaryList"]] == [2, 1]
