"""Events as the input of a program that is run for each of them."""

import threading
from collections.abc import Mapping
from pathlib import Path

from sagemock.eventing import Event, NotDeliveredError
from sagemock.sinks.program import Program

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
            self._run(event, body)

    def flush(self) -> None:
        """Nothing is waited for: a program has done what it does when it ends."""

    def close(self) -> None:
        """Kill what runs, and return when it is no more. Any thread may call it."""
        self._closing.set()
        with self._running:
            # Whoever had the lock has seen that, and let go of it since.
            return

    def _run(self, event: Event, body: str) -> None:
        program = self._started(event, body)
        exit_code = program.end(self._timeout_s, self._closing)
        if exit_code == 0:
            return
        if exit_code is not None:
            how = f"ended with exit code {exit_code}"
            if exit_code < 0:
                how = f"was ended by signal {-exit_code}"
        elif self._closing.is_set():
            how = "was killed because the server stops"
        else:
            how = f"did not end within {self._timeout_s:g} s and was killed"
        said = next(filter(None, map(_shown, reversed(program.last_lines()))), "")
        raise NotDeliveredError(
            f"{self._subject()} {how}: {said}" if said else f"{self._subject()} {how}."
        )

    def _started(self, event: Event, body: str) -> Program:
        try:
            return Program(
                self._arguments,
                # Half of a character pair has no UTF-8, but the same escape in Python and in JSON.
                f"{body}\n".encode("utf-8", "backslashreplace"),
                folder=self._folder,
                environment={
                    **self._environment,
                    "SAGEMOCK_EVENT_ID": str(event.envelope["id"]),
                    "SAGEMOCK_EVENT_TYPE": str(event.envelope["detail-type"]),
                },
                only_errors=True,
            )
        except OSError as error:
            raise self._not_run(error) from error

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


def _shown(line: str) -> str:
    """The beginning of a line, in printable characters."""
    printable = "".join(each if each.isprintable() else " " for each in line)
    return " ".join(printable.split())[:_SHOWN_CHARACTERS]
