"""A sink that calls a Python function of the user's, each time in a process of its own."""

import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from sagemock.eventing import Event, NotDeliveredError
from sagemock.sinks.function_runner import NOT_CALLED

__all__ = ["LocalFunctionSink"]

_RUNNER = Path(__file__).with_name("function_runner.py")
_KEPT_BYTES = 64 * 1024
_SHOWN_LINES, _SHOWN_CHARACTERS = 20, 2000
_LAST_WORDS_S = 1.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.001, 0.05

_log = logging.getLogger("sagemock.events")


class LocalFunctionSink:
    """Calls `function(event, context)` of a file, as Lambda calls a handler.

    The function runs with the interpreter `python`, in the file's folder and with no environment
    but this one. It has `timeout_s` seconds; after that, or when it has returned, whatever is left
    of it is ended. What it prints goes to the log of this server, the last lines of it.
    """

    def __init__(
        self,
        path: Path,
        function: str,
        *,
        python: str,
        environment: Mapping[str, str],
        timeout_s: float = 60.0,
    ) -> None:
        self._path = path.absolute()
        self._function = function
        self._python = python
        self._environment = dict(environment)
        self._timeout_s = timeout_s
        self._called = f"The function '{function}' of {path}"
        self._running = threading.Lock()
        self._closing = threading.Event()

    def send(self, event: Event, body: str) -> None:
        """Call the function with the body, and return when it has returned.

        Errors: NotDeliveredError; not again where there is no such file, function or interpreter,
        or the body is no JSON.
        """
        with self._running:
            if self._closing.is_set():
                raise NotDeliveredError(f"{self._called} is not called: the server stops.")
            self._call(event, body)

    def flush(self) -> None:
        """Nothing: what the function has done is its own."""

    def close(self) -> None:
        """End what runs, and return when it is no more. Any thread may call it."""
        self._closing.set()
        with self._running:
            # Whoever had the lock has seen that, and let go of it since.
            return

    def _call(self, event: Event, body: str) -> None:
        if not self._path.is_file():
            raise NotDeliveredError(
                f"{self._called} cannot be called: the file does not exist.", again=False
            )
        process = self._started(event, body)
        output = _Output(process)
        exit_code = _end_of(process, self._timeout_s, self._closing)
        said = output.last_lines()
        reason = ""
        if exit_code:
            *said, reason = said or [f"It ended with exit code {exit_code}."]
        if said:
            _log.info("%s said:\n%s", self._called, "\n".join(said))
        if exit_code is None:
            how = f"did not return within {self._timeout_s:g} s and was ended"
            if self._closing.is_set():
                how = "was ended because the server stops"
            raise NotDeliveredError(f"{self._called} {how}.")
        if exit_code == NOT_CALLED:
            raise NotDeliveredError(f"{self._called} cannot be called: {reason}", again=False)
        if exit_code:
            raise NotDeliveredError(f"{self._called} failed: {reason}")

    def _started(self, event: Event, body: str) -> subprocess.Popen[bytes]:
        """A process that is calling the function. Errors: NotDeliveredError."""
        arguments = (self._path, self._function, event.envelope["id"], self._timeout_s)
        try:
            # A file, since a pipe holds less than an event may have.
            with tempfile.TemporaryFile() as payload:
                payload.write(body.encode())
                payload.seek(0)
                return subprocess.Popen(  # noqa: S603 - to run the user's code is the point
                    [self._python, str(_RUNNER), *map(str, arguments)],
                    stdin=payload,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    cwd=self._path.parent,
                    env=self._environment,
                    start_new_session=sys.platform != "win32",
                    creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                )
        except (OSError, ValueError) as error:
            # What is not there or not allowed stays so; what is used up may come free.
            passing = isinstance(error, OSError) and not isinstance(
                error, FileNotFoundError | PermissionError
            )
            raise NotDeliveredError(
                f"{self._called} cannot be started with {self._python}: {error}.", again=passing
            ) from error


class _Output:
    """The last of what a process says; the rest is forgotten, however much it is."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._last = b""
        self._reader = threading.Thread(
            target=self._read, args=(process.stdout,), name="sagemock-function-output", daemon=True
        )
        self._reader.start()

    def last_lines(self) -> list[str]:
        """The last lines that say something: at most 20, of 2,000 characters together."""
        # Not for ever: what left the process group may hold the pipe open.
        self._reader.join(_LAST_WORDS_S)
        lines = self._last.decode("utf-8", "replace").splitlines()
        shown = [line.rstrip() for line in lines if line.strip()][-_SHOWN_LINES:]
        return "\n".join(shown)[-_SHOWN_CHARACTERS:].splitlines()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            while chunk := os.read(stream.fileno(), _KEPT_BYTES):
                self._last = (self._last + chunk)[-_KEPT_BYTES:]


def _end_of(
    process: subprocess.Popen[bytes], timeout_s: float, closing: threading.Event
) -> int | None:
    """The exit code, once nothing of a process is left; None when it had to be ended."""
    deadline = time.monotonic() + timeout_s
    pause_s = _FIRST_PAUSE_S
    try:
        while process.poll() is None:
            if closing.wait(pause_s) or time.monotonic() >= deadline:
                return None
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
        return process.returncode
    finally:
        if sys.platform == "win32":
            process.kill()
        else:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
