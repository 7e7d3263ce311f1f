"""The server's log on stderr: a handler that never makes a call wait.

Whoever starts the server may not read its stderr. A full pipe then blocks the writer, so lines are
written by a thread of their own; what it cannot take in is dropped rather than waited for. It takes
what has gathered in a moment at once: woken for each line it would take turns with the calls.
"""

import logging
import os
import sys
import threading
import time
from collections import deque

_MOST_WAITING = 10_000
_GATHER_S = 0.02
_CLOSE_S = 1.0


class StderrHandler(logging.Handler):
    """Writes records to stderr, in order, in the background."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[logging.LogRecord] = deque()
        self._something = threading.Event()
        self._written = threading.Event()
        # The file itself: a thread stuck in Python's own buffer would hold up the exit.
        self._file = sys.stderr.fileno()
        threading.Thread(target=self._write, name="sagemock-log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a line over, or drop it when nobody has read the last ten thousand."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(record)
            if not self._something.is_set():
                self._something.set()

    def close(self) -> None:
        """Wait a moment for what is still to be written."""
        deadline = time.monotonic() + _CLOSE_S
        while self._waiting and time.monotonic() < deadline:
            self._something.set()
            self._written.wait(_GATHER_S)
        super().close()

    def _write(self) -> None:
        while True:
            self._something.wait()
            time.sleep(_GATHER_S)
            self._something.clear()
            self._written.clear()
            # Taken away once they are written: `close` waits for what is still here.
            records = list(self._waiting)
            lines = [self.format(_on_one_line(record)) for record in records]
            text = "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")
            try:
                while text:
                    text = text[os.write(self._file, text) :]
            except OSError:
                text = b""
            for _ in records:
                self._waiting.popleft()
            self._written.set()


def _on_one_line(record: logging.LogRecord) -> logging.LogRecord:
    """A record whose message cannot be taken for two: it may quote what anybody sent."""
    message = record.getMessage()
    if not message.isprintable():
        record.msg = "".join(each if each.isprintable() else _escaped(each) for each in message)
        record.args = None
    return record


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
