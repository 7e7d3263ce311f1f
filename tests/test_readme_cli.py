"""The session at the command line in README runs as it stands, in a shell that knows nothing."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from command_line import run

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


def test_the_session_runs_where_there_is_no_aws_configuration(tmp_path: Path) -> None:
    session = re.search(r"<!-- session: command line -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert session
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, words in (("python", ""), ("sagemock", "-m sagemock")):
        # A link to the interpreter would lose its environment.
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
        (programs / name).chmod(0o755)
    shell = shutil.which("sh")
    assert shell
    result = subprocess.run(
        [shell, "-eu", "-c", session[1]],
        cwd=tmp_path,
        env={
            "HOME": str(tmp_path),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "SAGEMOCK_PORT": str(port),
            "SAGEMOCK_URL": f"http://127.0.0.1:{port}",
            "AWS_EC2_METADATA_DISABLED": "true",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert f"ok       sagemock {run('--version').stdout.split()[-1]} answers" in result.stdout
    assert not [line for line in lines if line.startswith(("wrong", "warning"))]
    assert [line.split("  ")[1] for line in lines if "  created  by " in line] == [
        "CreateModelPackageGroup"
    ]
    assert lines[-1] == "1"
    assert (tmp_path / ".aws" / "config").read_text().startswith("[profile local]\n")


def test_the_exit_codes_of_the_help_are_those_of_readme() -> None:
    said = re.search(r"^Exit codes: (.*)\.$", run("--help").stdout, re.MULTILINE)
    assert said
    codes = [each.split()[0] for each in said[1].split(", ")]
    table = README.partition("| exit code | means |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| (\d+) \|", table, re.MULTILINE) == codes


def test_the_mistake_that_is_shown_is_told_so() -> None:
    shown = re.search(r"\$ sagemock serv\n(.*)\n", README)
    assert shown
    assert run("serv").stderr == f"{shown[1]}\n"
