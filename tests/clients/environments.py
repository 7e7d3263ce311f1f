"""Environments for client programs whose pins fight the newest botocore: made once, then kept.

Python ones are virtual environments of this or another Python, Node ones folders of packages.

They lie in the user's cache folder, named by their pins, so that the next fresh clone finds them.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

if os.name == "posix":
    import fcntl


def cache_folder() -> Path:
    """Where client environments are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "sagemock", "clients")


def python_environment(name: str, *requirements: str, python: str = sys.executable) -> Path:
    """The folder of programs of a virtual environment with these requirements installed."""
    version = subprocess.run([python, "-VV"], check=True, capture_output=True, text=True).stdout

    def make(folder: Path) -> None:
        subprocess.run([python, "-m", "venv", folder], check=True)
        install = ("-m", "pip", "install", "--quiet", *requirements)
        subprocess.run([str(_programs(folder) / "python"), *install], check=True)

    return _programs(_made(name, (version, *requirements), make))


def node_environment(name: str, *packages: str) -> Path:
    """A folder in which these npm packages are installed; programs in it can import them."""

    def make(folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "package.json").write_text('{"private": true, "type": "module"}')
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", *packages]
        subprocess.run(install, cwd=folder, check=True)

    return _made(name, packages, make)


def _programs(folder: Path) -> Path:
    return folder / ("Scripts" if os.name == "nt" else "bin")


def _made(name: str, pins: tuple[str, ...], make: Callable[[Path], None]) -> Path:
    """The folder of these pins, made now if an earlier run did not finish it."""
    digest = hashlib.sha256("\n".join(pins).encode()).hexdigest()
    folder = cache_folder() / f"{name}-{digest[:12]}"
    complete = folder / "complete"
    with _alone(folder.with_suffix(".lock")):
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            complete.touch()
    return folder


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Held by one process at a time: tests that run beside each other share environments."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        if os.name == "posix":
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def clean_environment(url: str, home: Path) -> dict[str, str]:
    """Variables of a user without any AWS configuration, pointed at a server by its URL."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "HOME": str(home),
        "AWS_ENDPOINT_URL_SAGEMAKER": url,
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": url,
        "AWS_ACCESS_KEY_ID": "123456789012",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
