"""Client programs: the interpreters that run them, and what they print.

A program in `programs` does as a user would, and prints one JSON object with what it saw.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from environments import node_environment

PROGRAMS = Path(__file__).parent / "programs"
PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")


def found_python(*versions: str) -> str:
    """The first of these Pythons (`3.8`) that is on this machine; without one, a skip."""
    for version in versions:
        on_path = shutil.which(f"python{version}")
        made_by_pyenv = sorted((PYENV / "versions").glob(f"{version}.*/bin/python"))
        for program in (on_path, *map(str, reversed(made_by_pyenv))):
            # pyenv puts a python3.8 on the path that only says which versions it has.
            if program and _answers(program):
                return program
    pytest.skip(f"no Python {' or '.join(versions)} on the path or under {PYENV}/versions")


def _answers(python: str) -> bool:
    return subprocess.run([python, "-VV"], capture_output=True, check=False).returncode == 0


def run_python(
    python: str | Path, program: str, *arguments: str, variables: Mapping[str, str], folder: Path
) -> Any:
    """What a Python program saw."""
    return _seen([python, PROGRAMS / program, *arguments], variables, folder)


def run_node(
    packages: Path, program: str, *arguments: str, variables: Mapping[str, str], folder: Path
) -> Any:
    """What a Node program saw, run from a copy that has these packages beside it."""
    copy = shutil.copy(PROGRAMS / program, folder)
    (folder / "node_modules").symlink_to(packages / "node_modules", target_is_directory=True)
    return _seen(["node", copy, *arguments], variables, folder)


def installed_for_node(name: str, *packages: str) -> Path:
    """A folder with these npm packages; without Node.js on this machine, a skip."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("no Node.js with npm on the path")
    return node_environment(name, *packages)


def _seen(command: list[str | Path], variables: Mapping[str, str], folder: Path) -> Any:
    result = subprocess.run(
        command,
        env=variables,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
