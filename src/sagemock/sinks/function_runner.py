"""The program that calls a user's function with one event, as Lambda calls a handler.

`local_function` starts it with whatever interpreter the function needs. So it imports nothing but
the standard library, and keeps to Python 3.8. Its arguments are the file, the function's name, the
id of the request and the seconds there are. The event is read as JSON from the standard input.
It exits with 0 when the function has returned. Else the last line of its standard error says why,
and the exit code is 1, or NOT_CALLED when there is nothing to call or nothing to call it with.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any

FAILED = 1
NOT_CALLED = 66

_LONGEST_REASON = 1000


class NotCalledError(Exception):
    """There is nothing to call, or nothing to call it with; the message is a sentence."""


class Context:
    """What a function is told of its call, in Lambda's words."""

    def __init__(self, function_name: str, aws_request_id: str, timeout_s: float) -> None:
        self.function_name = function_name
        self.aws_request_id = aws_request_id
        self._deadline = time.monotonic() + timeout_s

    def get_remaining_time_in_millis(self) -> int:
        """How many milliseconds are left before the process is ended."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def main(arguments: list[str]) -> int:
    """Call the function; the exit code."""
    file, name, request_id, timeout_s = arguments
    context = Context(name, request_id, float(timeout_s))
    try:
        event = _event()
        _function(Path(file), name)(event, context)
    except NotCalledError as error:
        return _ended(str(error), NOT_CALLED)
    except SystemExit as error:
        # Lambda takes it for a failure too, whatever the code.
        return _ended(f"It ended its process with sys.exit({error.code!r}).", FAILED)
    except BaseException as error:  # noqa: BLE001 - whatever a user's function raises is told
        return _ended(_told_of(error, file), FAILED)
    return 0


def _event() -> Any:
    try:
        return json.loads(sys.stdin.buffer.read())
    except ValueError as error:
        message = f"What it is to be called with is no JSON: {error}."
        raise NotCalledError(message) from error


def _function(file: Path, name: str) -> Any:
    """The function of a file, which is imported with its own folder in place of this one."""
    here = str(Path(__file__).parent)
    sys.path[:] = [str(file.parent), *(path for path in sys.path if path != here)]
    # With a loader given, the file may have any name.
    loader = SourceFileLoader(file.stem, str(file))
    spec = ModuleSpec(file.stem, loader, origin=str(file))
    spec.has_location = True
    module = module_from_spec(spec)
    sys.modules[file.stem] = module
    loader.exec_module(module)
    function = getattr(module, name, None)
    if not callable(function):
        message = f"{file} has no function '{name}'."
        raise NotCalledError(message)
    return function


def _told_of(error: BaseException, file: str) -> str:
    """An error, with the last line of the user's own file that it came through."""
    words = str(error)
    told = f"{type(error).__name__}: {words}" if words else type(error).__name__
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return told if line is None else f"{told} ({Path(file).name}, line {line})"


def _ended(reason: str, exit_code: int) -> int:
    # What was printed has to come before the reason, which is known by being last.
    sys.stdout.flush()
    sys.stderr.write("\n" + " ".join(reason.split())[:_LONGEST_REASON] + "\n")
    sys.stderr.flush()
    return exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
