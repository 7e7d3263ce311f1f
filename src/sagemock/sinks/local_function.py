"""A sink that calls a Python function of the user's, each time in a process of its own."""

import logging
import threading
from collections.abc import Mapping
from pathlib import Path

from sagemock.eventing import Event, NotDeliveredError
from sagemock.sinks.function_runner import NOT_CALLED
from sagemock.sinks.program import Program

__all__ = ["LocalFunctionSink"]

_RUNNER = Path(__file__).with_name("function_runner.py")
_SHOWN_LINES, _SHOWN_CHARACTERS = 20, 2000

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
        program = self._started(event, body)
        exit_code = program.end(self._timeout_s, self._closing)
        said = _shown(program.last_lines())
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

    def _started(self, event: Event, body: str) -> Program:
        """A process that is calling the function. Errors: NotDeliveredError."""
        arguments = (self._path, self._function, event.envelope["id"], self._timeout_s)
        try:
            return Program(
                [self._python, str(_RUNNER), *map(str, arguments)],
                body.encode(),
                folder=self._path.parent,
                environment=self._environment,
            )
        except (OSError, ValueError) as error:
            # What is not there or not allowed stays so; what is used up may come free.
            passing = isinstance(error, OSError) and not isinstance(
                error, FileNotFoundError | PermissionError
            )
            raise NotDeliveredError(
                f"{self._called} cannot be started with {self._python}: {error}.", again=passing
            ) from error


def _shown(lines: list[str]) -> list[str]:
    """The last lines: at most 20, of 2,000 characters together."""
    return "\n".join(lines[-_SHOWN_LINES:])[-_SHOWN_CHARACTERS:].splitlines()
