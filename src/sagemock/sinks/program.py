"""A program that is given a text, with the end of what it says; all that it starts ends with it."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.001, 0.05
_LEFTOVERS_S = 0.2
_LAST_WORDS_S = 1.0
_KEPT_BYTES = 64 * 1024


class Program:
    """Runs from when it is made, in a group of its own; no shell is between.

    It reads `given` from its standard input. Of what it says is kept what it writes to its standard
    error, or what it writes at all. Whoever makes it has it `end`.
    Errors: OSError or ValueError, it cannot be started.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        given: bytes,
        *,
        folder: Path,
        environment: Mapping[str, str],
        only_errors: bool = False,
    ) -> None:
        # A file: a pipe holds less than an event may have, and a program need not read it.
        with tempfile.TemporaryFile() as file:
            file.write(given)
            file.seek(0)
            self._process = subprocess.Popen(  # noqa: S603 - to run what the user names is the point
                arguments,
                stdin=file,
                stdout=subprocess.DEVNULL if only_errors else subprocess.PIPE,
                stderr=subprocess.PIPE if only_errors else subprocess.STDOUT,
                bufsize=0,
                cwd=folder,
                env=environment,
                start_new_session=sys.platform != "win32",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        self._last = b""
        self._reader = threading.Thread(target=self._read, name="sagemock-program", daemon=True)
        try:
            self._reader.start()
        except BaseException:
            self._kill()
            raise

    def end(self, timeout_s: float, closing: threading.Event) -> int | None:
        """The exit code, once nothing of it is left; None when it had to be killed.

        That is when its time was over, or the event has come.
        """
        deadline = time.monotonic() + timeout_s
        pause_s = _FIRST_PAUSE_S
        try:
            while self._process.poll() is None:
                if closing.wait(pause_s) or time.monotonic() >= deadline:
                    return None
                pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
            return self._process.returncode
        finally:
            self._kill()

    def last_lines(self) -> list[str]:
        """Of the last of what it has said the lines that say something; for when it has ended."""
        # Not for ever: what has left the group may have the pipe for as long as it likes.
        self._reader.join(_LAST_WORDS_S)
        lines = self._last.decode("utf-8", "replace").splitlines()
        return [line.rstrip() for line in lines if line.strip()]

    def _read(self) -> None:
        """Read all that it says, and keep the end."""
        pipe = self._process.stdout or self._process.stderr
        assert pipe is not None  # noqa: S101 - it was asked for
        with pipe:
            while piece := pipe.read(_KEPT_BYTES):
                self._last = (self._last + piece)[-_KEPT_BYTES:]

    def _kill(self) -> None:
        """End it with all of its group; some of them may be there though it has ended."""
        if sys.platform == "win32":
            self._process.kill()
        else:
            deadline = time.monotonic() + _LEFTOVERS_S
            # The killed are gone a moment later; where nobody collects orphans, never.
            with suppress(ProcessLookupError, PermissionError):
                while time.monotonic() < deadline:
                    os.killpg(self._process.pid, signal.SIGKILL)
                    self._process.poll()
                    time.sleep(_FIRST_PAUSE_S)
        self._process.wait()
