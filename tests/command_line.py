"""The command line as tests use it: served as a process, or run to its end."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "sagemock"]


class Started:
    """`sagemock serve` as a process that has said it listens."""

    def __init__(self, folder: Path, *options: str, **variables: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", *options],
            cwd=folder,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.announced = self.process.stdout.readline()
        self.url = self.announced.split()[-1]
        self.to_paste = self.process.stdout.readline()
        self.to_paste_too = self.process.stdout.readline()

    def call(self, operation: str, **members: Any) -> Any:
        request = urllib.request.Request(  # noqa: S310 - the server just started
            self.url,
            json.dumps(members).encode(),
            {"X-Amz-Target": f"SageMaker.{operation}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
            return json.loads(answer.read())

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=15)
        return self.process.returncode, errors


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, **variables},
        check=False,
    )


def assert_one_sentence(result: subprocess.CompletedProcess[str], pattern: str) -> None:
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert re.search(pattern, result.stderr), result.stderr
