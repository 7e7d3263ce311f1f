"""`sagemock serve` as a process that is looked at from outside while it is sent bad things.

Its log, its processor time, its memory and its database are read without asking it. What was seen
is told in pytest's summary.
"""

import hashlib
import json
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from hostile.line import Answer, Line

ACCOUNT = "123456789012"
CALM_ACCOUNT = "210987654321"  # nothing hostile is sent in its name
CALM_GROUP = {"ModelPackageGroupName": "calm"}
_LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \S.*", re.DOTALL)
_TICKS_A_SECOND = 100
# What it costs is looked at: the server itself, not one that has its coverage measured.
_NOT_PASSED_ON = "COV"


class Served:
    """A server process on a database of its own, which has said that it listens."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.database = folder / "sagemock.db"
        self._log = folder / "stderr.log"
        options = ("--db", str(self.database), *options)
        with self._log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sagemock", "serve", "--port", "0", *options],
                cwd=folder,
                env={k: v for k, v in os.environ.items() if not k.startswith(_NOT_PASSED_ON)},
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert self.process.stdout is not None
        announced = self.process.stdout.readline().decode()
        if "http://" not in announced:
            self.stop()
            pytest.fail(self.log())
        self.address = ("127.0.0.1", int(announced.strip().rpartition(":")[2]))

    def stop(self) -> int:
        """The exit code after being told to end."""
        self.process.terminate()
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        return self.process.returncode

    def log(self) -> str:
        return self._log.read_text("utf-8", "backslashreplace")

    def tracebacks(self) -> str:
        """The first piece of the log that tells of a failure; empty when there is none."""
        log = self.log()
        found = re.search(r"Traceback|InternalFailure|Exception while", log)
        return log[max(0, found.start() - 500) : found.start() + 4000] if found else ""

    def odd_log_lines(self) -> list[str]:
        """Lines that no log record begins: a sender who can write lines can forge calls."""
        return [line for line in self.log().split("\n") if line and not _LOG_LINE.fullmatch(line)]

    def deploy(self, name: str, **container: Any) -> None:
        """An endpoint of this name, and a configuration and a model; nothing runs unless told."""
        primary = {"Image": "registry.example/nowhere:1", **container}
        variant = {"VariantName": "all", "ModelName": name, "InitialInstanceCount": 1}
        variant["InstanceType"] = "ml.m5.large"
        config = {"EndpointConfigName": name, "ProductionVariants": [variant]}
        self.call("CreateModel", {"ModelName": name, "PrimaryContainer": primary})
        self.call("CreateEndpointConfig", config)
        self.call("CreateEndpoint", {"EndpointName": name, "EndpointConfigName": name})

    def call(self, operation: str, members: Any, account: str = ACCOUNT) -> Any:
        """The members of the answer to a plain call, on a connection of its own."""
        with closing(Line(self.address)) as line:
            answer = line.exchange(plain_call(operation, members, account))
        assert answer is not None
        assert answer.status == 200, answer
        return json.loads(answer.body) if answer.body else None

    def send(
        self, method: str, path: str, body: bytes = b"", *headers: str, host: str = "localhost"
    ) -> Answer:
        """The answer to any request, on a connection of its own."""
        head = "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *headers])
        sent = f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        with closing(Line(self.address)) as line:
            answer = line.exchange(sent, bodyless=method == "HEAD")
        assert answer is not None
        return answer

    def is_well(self) -> bool:
        with closing(Line(self.address)) as line:
            health = line.exchange(b"GET /_sagemock/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert health is not None
        return health.status == 200 and json.loads(health.body)["status"] == "ok"

    def plain_call_ms(self, count: int = 200) -> float:
        """The median of a call that depends on nothing hostile senders can change."""
        sent = plain_call("DescribeModelPackageGroup", CALM_GROUP, CALM_ACCOUNT)
        with closing(Line(self.address)) as line:
            answers = [line.exchange(sent) for _ in range(count)]
        assert all(answer is not None and answer.status == 200 for answer in answers)
        return statistics.median(answer.seconds for answer in answers if answer) * 1000

    def stays_as_fast_as(self, before_ms: float) -> bool:
        """Whether a plain call costs what it did; a noisy machine gets several tries."""
        return within(30, lambda: self.plain_call_ms() <= 3 * before_ms + 5)

    def comes_to_rest(self) -> bool:
        """Whether no thread goes on computing when nobody asks for anything."""
        return within(15, lambda: self._busy_s(0.5) <= 0.05)

    def memory_mb(self) -> float:
        """What the process holds in memory now."""
        return self._memory_mb("VmRSS")

    def most_memory_mb(self) -> float:
        """What the process has ever held in memory at once."""
        return self._memory_mb("VmHWM")

    def _memory_mb(self, which: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        found = re.search(rf"{which}:\s+(\d+) kB", status)
        assert found
        return int(found[1]) / 1024

    def _busy_s(self, window_s: float) -> float:
        before = self._processor_s()
        time.sleep(window_s)
        return self._processor_s() - before

    def _processor_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / _TICKS_A_SECOND


class Stored:
    """The state of a server, read from its database beside it."""

    def __init__(self, database: Path) -> None:
        self._connection = sqlite3.connect(
            f"file:{database}?mode=ro", uri=True, isolation_level=None
        )

    def close(self) -> None:
        self._connection.close()

    def version(self) -> int:
        """A number that stays while nobody writes; cheap."""
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def digest(self) -> str:
        """Equal for equal content of all tables."""
        names = self._connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        content = hashlib.sha256()
        for (name,) in names:
            rows = self._connection.execute(f'SELECT * FROM "{name}"').fetchall()  # noqa: S608 - its own
            content.update(repr((name, rows)).encode())
        return content.hexdigest()


def plain_call(operation: str, members: Any, account: str = ACCOUNT) -> bytes:
    """A call as an SDK sends it, in bytes."""
    body = json.dumps(members).encode()
    head = (
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.1\r\n"
        f"X-Amz-Target: SageMaker.{operation}\r\nAuthorization: {signed_by(account)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def signed_by(key: str, region: str = "us-east-1") -> str:
    """An Authorization header of this access key."""
    scope = f"{key}/20260101/{region}/sagemaker/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=00"


def within(limit_s: float, is_so: Callable[[], bool]) -> bool:
    """Whether something becomes so before the limit; it is tried once at least."""
    deadline = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() > deadline:
            return False
    return True


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Served]:
    """A server for as long as it is needed; Linux tells what this asks of it."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("processor time and memory of another process are read from /proc")
    served = Served(folder, *options)
    try:
        served.call("CreateModelPackageGroup", CALM_GROUP, CALM_ACCOUNT)
        yield served
    finally:
        assert served.stop() == 0
