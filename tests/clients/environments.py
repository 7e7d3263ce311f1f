"""Environments for client programs whose pins fight the newest botocore: made once, then kept.

They lie in the user's cache folder, named by their pins, so that the next fresh clone finds them.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


def cache_folder() -> Path:
    """Where client environments are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "sagemock", "clients")


def python_environment(name: str, *requirements: str) -> Path:
    """The folder of programs of a virtual environment with these requirements installed."""
    pins = "\n".join((sys.version, *requirements))
    folder = cache_folder() / f"{name}-{hashlib.sha256(pins.encode()).hexdigest()[:12]}"
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    complete = folder / "complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = ("-m", "pip", "install", "--quiet", *requirements)
        subprocess.run([str(programs / "python"), *install], check=True)
        complete.touch()
    return programs


def clean_environment(url: str, home: Path) -> dict[str, str]:
    """Variables of a user without any AWS configuration, pointed at a server by its URL."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "HOME": str(home),
        "AWS_ENDPOINT_URL_SAGEMAKER": url,
        "AWS_ACCESS_KEY_ID": "123456789012",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
