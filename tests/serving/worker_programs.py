"""Workers for tests: the worker's script started as it is by hand, and containers' folders."""

import contextlib
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

from sagemock import serving

SCRIPT = Path(serving.__file__).parent / "worker.py"
LIMIT_S = 15
ECHO = """
    def model_fn(model_dir): return None
    def transform_fn(model, body, content_type, accept): return body
"""

Received = tuple[int, bytes, dict[str, str]]


def eventually(holds: Callable[[], bool], *, limit_s: float = LIMIT_S) -> None:
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.005)


def is_running(pid: int) -> bool:
    """Whether a process is there and not only waiting to be collected."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return bool(state) and not state.startswith("Z")


def make_container(folder: Path, program: str, **others: str) -> Path:
    """A container's root with the program in it, and other modules beside that by their names."""
    base = folder / "opt" / "ml"
    for name in ("model", "code", "tmp"):
        (base / name).mkdir(parents=True, exist_ok=True)
    for name, text in {"inference": program, **others}.items():
        (base / "code" / f"{name}.py").write_text(dedent(text), "utf-8")
    return folder


def measured() -> dict[str, str]:
    """What lets coverage measure a worker, when it measures the tests."""
    name = "COVERAGE_PROCESS_CONFIG"
    return {name: os.environ[name]} if name in os.environ else {}


class ByHand:
    """The worker's script, started without the server."""

    def __init__(self, folder: Path, program: str, **variables: str) -> None:
        self.base = make_container(folder, program) / "opt" / "ml"
        self._log = folder / "worker.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env={
                    "PATH": os.environ["PATH"],
                    "SAGEMAKER_BASE_DIR": str(self.base),
                    "SAGEMAKER_SUBMIT_DIRECTORY": str(self.base / "code"),
                    **measured(),
                    **variables,
                },
            )
        assert self.process.stdout
        self.first_line = self.process.stdout.readline()
        self.connection = self.connect()

    def connect(self) -> http.client.HTTPConnection:
        port = int(self.first_line.split()[1])
        return http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)

    def ready(self) -> "ByHand":
        eventually(lambda: self.ask("GET", "/ping")[0] == 200)
        return self

    def ask(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Received:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body, named)
        answer = self.connection.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())

    def post(self, body: bytes | str = b"", **headers: str) -> Received:
        return self.ask("POST", "/invocations", body, **headers)

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8")

    def ended(self) -> int:
        return self.process.wait(LIMIT_S)

    def close(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.ended()
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()


Start = Callable[..., ByHand]


@contextlib.contextmanager
def by_hand(folder: Path) -> Iterator[Start]:
    """What starts a worker with a program, in a folder of its own; all end with the block."""
    started: list[ByHand] = []

    def start(program: str, **variables: str) -> ByHand:
        started.append(ByHand(folder / str(len(started)), program, **variables))
        return started[-1]

    yield start
    for worker in started:
        worker.close()
