"""`sagemock serve` as a process of its own: started, killed, told to stop, or refusing to start."""

import hashlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from durability.plain_client import PlainClient

START_WITHIN_S = 20
STOP_WITHIN_S = 10
# A killed process writes no coverage; the user's own settings are no part of a test.
NOT_PASSED_ON = ("AWS_", "COV", "SAGEMOCK_")


@dataclass(frozen=True)
class Refusal:
    """How a server ended that would not start."""

    code: int
    output: str
    errors: str


class ServerProcess:
    """A server on a free port. `prefix` is a program that starts it, with its options."""

    def __init__(
        self,
        folder: Path,
        log: Path,
        db: Path | str,
        *options: str,
        prefix: Sequence[str],
        start_within_s: float,
    ) -> None:
        self._log = log
        started = time.monotonic()
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [
                    *(*prefix, sys.executable, "-m", "sagemock", "serve"),
                    *("--db", str(db), "--port", "0", *options),
                ],
                cwd=folder,
                env={k: v for k, v in os.environ.items() if not k.startswith(NOT_PASSED_ON)},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.announced = self._first_line(start_within_s)
        self.start_s = time.monotonic() - started
        found = re.search(r":(\d+)$", self.announced)
        self.port = int(found[1]) if found else 0
        self._clients: list[PlainClient] = []

    def _first_line(self, start_within_s: float) -> str:
        """What is said first: the address, or nothing where the process ends or is late."""
        assert self.process.stdout is not None
        limit = threading.Timer(start_within_s, self.process.kill)
        limit.start()
        line = self.process.stdout.readline()
        limit.cancel()
        limit.join()
        return line.strip()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def client(self) -> PlainClient:
        """A connection that is closed with the server."""
        self._clients.append(PlainClient(self.port))
        return self._clients[-1]

    def kill(self) -> None:
        """End it as `kill -9` does: nothing of its own runs any more."""
        self.process.kill()
        self._ended()

    def terminate(self) -> int:
        """The exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def refusal(self) -> Refusal:
        """How it ended by itself; a server that has started is killed, for it has not refused."""
        started = bool(self.announced)
        if started:
            self.process.kill()
        assert self.process.stdout is not None
        output = self.process.stdout.read()
        code = self._ended()
        assert not started, f"it serves, and should have refused: {self.announced}"
        return Refusal(code, output, self.log)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self._ended()

    def _ended(self) -> int:
        for client in self._clients:
            client.close()
        try:
            code = self.process.wait(timeout=STOP_WITHIN_S)
        finally:
            assert self.process.stdout is not None
            self.process.stdout.close()
        return code


class Servers:
    """The servers of one test: none of them outlives it. Their logs lie in `folder`.

    `prefix` is a program that starts those that are given none of their own.
    """

    def __init__(self, folder: Path, prefix: Sequence[str] = ()) -> None:
        self._folder = folder
        self._prefix = prefix
        self._processes: list[ServerProcess] = []

    def attempt(
        self,
        db: Path | str,
        *options: str,
        cwd: Path | None = None,
        prefix: Sequence[str] = (),
        start_within_s: float = START_WITHIN_S,
    ) -> ServerProcess:
        """A server that has been told to start, and has announced itself, ended or been killed."""
        log = self._folder / f"server-{len(self._processes)}.log"
        process = ServerProcess(
            cwd or self._folder,
            log,
            db,
            *options,
            prefix=prefix or self._prefix,
            start_within_s=start_within_s,
        )
        self._processes.append(process)
        return process

    def start(
        self, db: Path | str, *options: str, cwd: Path | None = None, prefix: Sequence[str] = ()
    ) -> ServerProcess:
        """A server that serves."""
        server = self.attempt(db, *options, cwd=cwd, prefix=prefix)
        assert server.announced, server.log
        return server

    def end(self) -> None:
        for process in self._processes:
            process.end()


def fingerprint(db: Path) -> dict[str, str]:
    """The content of a database and of its log, by name: two equal ones are one state."""
    files = [db, db.with_name(f"{db.name}-wal")]
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.exists()
    }
