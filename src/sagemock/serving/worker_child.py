"""One run of a worker's program: a process with its group, from its start to its last trace."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

from sagemock.serving.worker_launch import WorkerLaunch
from sagemock.serving.worker_log import WorkerLog

_POLL_S = 0.002
_LONGEST_POLL_S = 0.05
_FORCED_S = 1.0
_LEFTOVERS_S = 0.2
_MOST_OUTPUT_BYTES = 64 * 1024
_ANNOUNCED = re.compile(rb"^sagemock-worker ([0-9]+)\r?\n", re.MULTILINE)


class Child:
    """A worker's process. It ends when told to, and when this process is no more.

    Errors when made: OSError or ValueError where the command or its environment cannot be run.
    """

    def __init__(self, launch: WorkerLaunch, log: WorkerLog) -> None:
        self._output = log.path.with_name("worker.out")
        self._lock = threading.Lock()
        self._is_buried = False
        with log.open() as errors, self._output.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - to run the model's code is the point
                launch.command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=errors,
                cwd=launch.base / "model",
                env=launch.variables(),
                start_new_session=sys.platform != "win32",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )

    @property
    def exit_code(self) -> int | None:
        """How it ended; the negative number of a signal that killed it."""
        return self._process.returncode

    def port(self) -> int | None:
        """The port that it listens on, once it has said so."""
        # A file rather than a pipe: reading it never blocks, on any system.
        with suppress(OSError), self._output.open("rb") as output:
            announced = _ANNOUNCED.search(output.read(_MOST_OUTPUT_BYTES))
            if announced:
                return int(announced[1])
        return None

    def has_ended(self) -> bool:
        """Whether it is no more. What it started and left behind is ended with it."""
        with self._lock:
            if not self._is_buried and self._process.poll() is not None:
                self._bury()
            return self._is_buried

    def end(self, grace_s: float) -> None:
        """End it and all it started, by force when it takes longer than this to go by itself."""
        self._signal_group("SIGTERM")
        if not self._ends_within(grace_s):
            self._signal_group("SIGKILL")
            self._ends_within(_FORCED_S)

    def _ends_within(self, timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        pause_s = _POLL_S
        while not self.has_ended():
            if time.monotonic() >= deadline:
                return False
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LONGEST_POLL_S)
        return True

    def _signal_group(self, name: str) -> None:
        with self._lock:
            if self._is_buried:
                return
            if sys.platform == "win32":
                self._process.terminate()
            else:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.Signals[name])

    def _bury(self) -> None:
        """Take away what is left of an ended process: others of its group, the pipe, the file."""
        if sys.platform != "win32":
            deadline = time.monotonic() + _LEFTOVERS_S
            # The killed are gone a moment later; where nobody collects orphans, never.
            with suppress(ProcessLookupError, PermissionError):
                while time.monotonic() < deadline:
                    os.killpg(self._process.pid, signal.SIGKILL)
                    time.sleep(_POLL_S)
        if self._process.stdin:
            self._process.stdin.close()
        self._output.unlink(missing_ok=True)
        self._is_buried = True
