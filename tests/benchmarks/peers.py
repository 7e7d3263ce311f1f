"""The servers that are compared: started as processes of their own, watched, and stopped.

sagemock, moto's server, and the floor. What they write goes to a file each, in the run's folder.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from wire_client import Address, Client, WireError

HOST = "127.0.0.1"
_START_S = 60
_POLL_S = 0.001
_STOP_S = 15
_FLOOR = Path(__file__).with_name("floor.py")
_RECEIVER = Path(__file__).with_name("webhook_receiver.py")
_KIB = 1024


class Peer:
    """A server in a process of its own, from its start on."""

    def __init__(self, name: str, arguments: Sequence[str | Path], folder: Path) -> None:
        self.name = name
        self.address: Address = (HOST, _free_port())
        self._log = folder / f"{name}-{self.address[1]}.log"
        command = [sys.executable, *arguments, "--port", str(self.address[1])]
        # A setting in the caller's environment is no part of the benchmark.
        variables = {key: v for key, v in os.environ.items() if not key.startswith("SAGEMOCK_")}
        with self._log.open("wb") as log:
            self._started = time.perf_counter()
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=variables,
            )

    @property
    def url(self) -> str:
        """Where a client reaches it."""
        return f"http://{HOST}:{self.address[1]}"

    def first_answer_s(self, request: bytes) -> float:
        """Seconds from the start of the process to its first answer; waits for it."""
        while time.perf_counter() - self._started < _START_S:
            if self._process.poll() is not None:
                break
            try:
                with Client(self.address) as client:
                    answer = client.call(request)
            except (OSError, WireError):
                time.sleep(_POLL_S)
                continue
            if answer.status != 200:
                raise WireError(f"{self.name} answered {answer.status}: {answer.body[:200]!r}")
            return time.perf_counter() - self._started
        raise WireError(f"{self.name} does not answer: {self._log.read_text('utf-8')[-2000:]}")

    def cpu_s(self) -> float:
        """CPU seconds the process has used so far; of the clock, where there is no such reading."""
        if sys.platform != "linux":
            return time.perf_counter()
        # The clock of another process's CPU time, as clock_getcpuclockid(3) makes its number.
        return time.clock_gettime((~self._process.pid << 3) | 2)

    def resident_mib(self) -> float | None:
        """Memory the process holds, in MiB; None where the system does not tell."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text("utf-8")
        except OSError:
            return None
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / _KIB

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_STOP_S)


@contextmanager
def sagemock(
    folder: Path, durability: str, database: Path | None = None, *, options: Sequence[str] = ()
) -> Iterator[Peer]:
    """A sagemock on a database file, by default a new one, with further options.

    A version without the switch for durability syncs every commit.
    """
    file = database or folder / f"{durability}-{time.monotonic_ns()}.db"
    switch = ("--durability", durability) if knows_durability() else ()
    arguments = ["-m", "sagemock", "serve", "--db", file, *switch, *options]
    with _running(f"sagemock-{durability}", arguments, folder) as peer:
        yield peer


@contextmanager
def moto(folder: Path) -> Iterator[Peer]:
    """A server of moto's, with nothing in it."""
    with _running("moto", ["-m", "moto.server"], folder) as peer:
        yield peer


@contextmanager
def floor(folder: Path, answers: Path | None = None) -> Iterator[Peer]:
    """The floor; `answers` is a JSON file with a body for each operation."""
    given = ("--answers", answers) if answers else ()
    with _running("floor", [_FLOOR, *given], folder) as peer:
        yield peer


@contextmanager
def receiver(folder: Path) -> Iterator[Peer]:
    """A receiver of webhooks, which counts them."""
    with _running("receiver", [_RECEIVER], folder) as peer:
        yield peer


@cache
def knows_durability() -> bool:
    """Whether `sagemock serve` can be told how durable a commit is."""
    help_text = subprocess.run(
        [sys.executable, "-m", "sagemock", "serve", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return "--durability" in help_text


@contextmanager
def _running(name: str, arguments: Sequence[str | Path], folder: Path) -> Iterator[Peer]:
    peer = Peer(name, arguments, folder)
    try:
        yield peer
    finally:
        peer.stop()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
