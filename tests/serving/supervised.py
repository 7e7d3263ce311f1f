"""Supervised workers for tests, and what this process has open because of them."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from worker_programs import make_container, measured

from sagemock.hosting import Answer, Invocation
from sagemock.serving.process import WorkerLaunch, WorkerProcess

# What it is sent is what it does.
OBEYS = """
    import os, signal, subprocess, sys, time
    def wait_for(path):
        while not os.path.exists(path):
            time.sleep(0.005)
    def pieces(latch):
        yield "one"
        wait_for(latch)
        yield "two"
    def broken():
        yield "one"
        raise OSError("no more")
    def model_fn(model_dir): return None
    def input_fn(body, content_type): return body
    def predict_fn(data, model): return eval(data)
    def output_fn(prediction, accept): return prediction
"""
Make = Callable[..., WorkerProcess]


def launch(folder: Path, program: str = OBEYS, **options: Any) -> WorkerLaunch:
    make_container(folder, program)
    given: dict[str, Any] = {
        "python": sys.executable,
        "folder": folder,
        "code": folder / "opt" / "ml" / "code",
        "server_environment": os.environ,
        "region": "eu-west-3",
        **options,
        "environment": {**measured(), **options.get("environment", {})},
    }
    return WorkerLaunch(**given)


@pytest.fixture(name="make")
def supervised(tmp_path: Path) -> Iterator[Make]:
    """What makes a worker, not yet started; all are stopped with the test."""
    made: list[WorkerProcess] = []

    def make(program: str = OBEYS, **options: Any) -> WorkerProcess:
        made.append(WorkerProcess(launch(tmp_path / str(len(made)), program, **options)))
        return made[-1]

    yield make
    for worker in made:
        worker.stop()


@pytest.fixture(name="worker")
def obedient(make: Make) -> WorkerProcess:
    """A worker that does what it is sent."""
    worker = make()
    worker.start()
    return worker


def send(worker: WorkerProcess, body: str) -> Answer:
    return worker.invoke(Invocation(body.encode()))


def ask(worker: WorkerProcess, body: str) -> str:
    return b"".join(send(worker, body).chunks).decode()


def pid_of(worker: WorkerProcess) -> int:
    return int(ask(worker, "str(os.getpid())"))


def open_files() -> list[str]:
    """What this process has open, by the names that Linux gives it."""
    found = []
    for number in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(str(number.readlink()))
    return found


def open_files_of(worker: WorkerProcess) -> list[str]:
    return [name for name in open_files() if name.startswith(str(worker._launch.folder))]


def sockets() -> int:
    return sum(name.startswith("socket:") for name in open_files())
