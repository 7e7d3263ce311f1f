"""Events as the input of a program that is run for each of them."""

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

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.001, 0.05
_LEFTOVERS_S = 0.2
_LAST_WORDS_S = 1.0
_READ_BYTES = 64 * 1024
_SHOWN_CHARACTERS = 200


class CommandSink:
    """Runs a program for each event, with the body as its input; it takes the event by a 0.

    No shell is between. The program runs in `folder`, with `environment` and the variables
    SAGEMOCK_EVENT_ID and SAGEMOCK_EVENT_TYPE. What it has started and left running ends with it.
    Errors: ValueError, it has no name, or an argument or variable that none can have.
    """

    def __init__(
        self,
        arguments: tuple[str, ...],
        *,
        folder: Path,
        environment: Mapping[str, str],
        timeout_s: float = 60.0,
    ) -> None:
        if not arguments or not arguments[0]:
            raise ValueError("A command names the program to run.")
        if any("\0" in each for each in (*arguments, *environment, *environment.values())):
            raise ValueError("A command and its environment have no characters of number 0.")
        if any(not name or "=" in name for name in environment):
            raise ValueError("The name of an environment variable is not empty and has no =.")
        if not 0 < timeout_s < float("inf"):
            raise ValueError(f"The time-out of a command is a number of seconds, not {timeout_s}.")
        self._arguments = arguments
        self._folder = folder
        self._environment = dict(environment)
        self._timeout_s = timeout_s
        self._running = threading.Lock()
        self._closing = threading.Event()

    def send(self, event: Event, body: str) -> None:
        """Run the program and return when it has ended with 0. Errors: NotDeliveredError."""
        with self._running:
            if self._closing.is_set():
                raise NotDeliveredError(f"{self._subject()} is not run: the server stops.")
            try:
                # A file rather than a pipe: a program need not read it.
                with tempfile.TemporaryFile() as given:
                    # Half of a character pair has no UTF-8, but the same escape in Python and
                    # in JSON.
                    given.write(f"{body}\n".encode("utf-8", "backslashreplace"))
                    given.seek(0)
                    self._run(event, given)
            except OSError as error:
                raise self._not_run(error) from error

    def flush(self) -> None:
        """Nothing is waited for: a program has done what it does when it ends."""

    def close(self) -> None:
        """Kill what runs, and return when it is no more. Any thread may call it."""
        self._closing.set()
        with self._running:
            # Whoever had the lock has seen that, and let go of it since.
            return

    def _run(self, event: Event, given: IO[bytes]) -> None:
        process = self._started(event, given)
        try:
            errors = _Errors(process)
            ended_by_us = self._wait(process)
        finally:
            _end(process)
        if ended_by_us:
            how = ended_by_us
        elif process.returncode < 0:
            how = f"was ended by signal {-process.returncode}"
        elif process.returncode:
            how = f"ended with exit code {process.returncode}"
        else:
            return
        line = errors.last_line()
        raise NotDeliveredError(
            f"{self._subject()} {how}: {line}" if line else f"{self._subject()} {how}."
        )

    def _started(self, event: Event, given: IO[bytes]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603 - to run what the rules file names is the point
            self._arguments,
            stdin=given,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd=self._folder,
            env={
                **self._environment,
                "SAGEMOCK_EVENT_ID": str(event.envelope["id"]),
                "SAGEMOCK_EVENT_TYPE": str(event.envelope["detail-type"]),
            },
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )

    def _wait(self, process: "subprocess.Popen[bytes]") -> str:
        """Return when it has ended, or why it is to be killed."""
        deadline = time.monotonic() + self._timeout_s
        pause_s = _FIRST_PAUSE_S
        while process.poll() is None:
            if self._closing.wait(pause_s):
                return "was killed because the server stops"
            if time.monotonic() >= deadline:
                return f"did not end within {self._timeout_s:g} s and was killed"
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
        return ""

    def _not_run(self, error: OSError) -> NotDeliveredError:
        if not self._folder.is_dir():
            return NotDeliveredError(
                f"{self._subject()} cannot be run: its folder {self._folder} is not there."
            )
        is_missing = isinstance(error, FileNotFoundError)
        reason = "there is no such program" if is_missing else error.strerror or error
        return NotDeliveredError(
            f"{self._subject()} cannot be run: {reason}.", again=not is_missing
        )

    def _subject(self) -> str:
        return f"The program {self._arguments[0]}"


class _Errors:
    """What a program writes to its standard error: all is read, and only the end is kept."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._pipe = process.stderr
        self._kept = b""
        # What has left the group may have the pipe for as long as it likes: nobody waits for that.
        self._thread = threading.Thread(target=self._read, name="sagemock-command", daemon=True)
        self._thread.start()

    def last_line(self) -> str:
        """The last line that says something, in printable characters, or nothing."""
        self._thread.join(_LAST_WORDS_S)
        for line in reversed(self._kept.decode("utf-8", "replace").splitlines()):
            shown = "".join(each if each.isprintable() else " " for each in line).split()
            if shown:
                return " ".join(shown)[:_SHOWN_CHARACTERS]
        return ""

    def _read(self) -> None:
        if self._pipe:
            with self._pipe as pipe:
                while piece := pipe.read(_READ_BYTES):
                    self._kept = (self._kept + piece)[-_READ_BYTES:]


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it with all of its group; some of them may be there though it has ended."""
    if sys.platform == "win32":
        process.kill()
    else:
        deadline = time.monotonic() + _LEFTOVERS_S
        # The killed are gone a moment later; where nobody collects orphans, never.
        with suppress(ProcessLookupError, PermissionError):
            while time.monotonic() < deadline:
                os.killpg(process.pid, signal.SIGKILL)
                process.poll()
                time.sleep(_FIRST_PAUSE_S)
    process.wait()
