"""The server's log on stderr: a handler that never makes a call wait.

Whoever starts the server may not read its stderr. A full pipe then blocks the writer, so lines are
written by a thread of their own; what it cannot take in is dropped rather than waited for.
"""

import logging
import os
import queue
import sys
import threading
import time

_MOST_WAITING = 10_000
_CLOSE_S = 1.0


class StderrHandler(logging.Handler):
    """Writes records to stderr, in order, in the background."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: queue.Queue[str] = queue.Queue(_MOST_WAITING)
        # The file itself: a thread stuck in Python's own buffer would hold up the exit.
        self._file = sys.stderr.fileno()
        threading.Thread(target=self._write, name="sagemock-log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a line over, or drop it when nobody has read the last ten thousand."""
        try:
            self._waiting.put_nowait(self.format(record))
        except queue.Full:
            return

    def close(self) -> None:
        """Wait a moment for what is still to be written."""
        deadline = time.monotonic() + _CLOSE_S
        while self._waiting.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)
        super().close()

    def _write(self) -> None:
        while True:
            line = f"{self._waiting.get()}\n".encode(errors="backslashreplace")
            try:
                while line:
                    line = line[os.write(self._file, line) :]
            except OSError:
                continue
            finally:
                self._waiting.task_done()
