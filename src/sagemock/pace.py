"""The pace of work that nobody waits for, beside that of callers.

One process has one interpreter: what it does for events it does not do for those who wait for an
answer. So they go first. While calls commit, the work is done in a share of the time; it is not
held up while nobody commits anything.
"""

import time
from collections.abc import Callable

RESTS = 5.0
"""How many times as long as it has worked it rests. Measured: without any rest registrations lose
two fifths of their rate, at 2 a sixth, at 5 a tenth."""

# Longer than a commit takes on a disk that is busy.
_BUSY_S = 0.25
_LONGEST_REST_S = 0.1


class Pace:
    """Tells one thread of so many how long to rest.

    `commits` tells how often something was committed.
    """

    def __init__(self, commits: Callable[[], int], threads: int = 1) -> None:
        self._rests = RESTS * threads
        self._commits = commits
        self._seen = commits()
        self._busy_until = 0.0
        self._worked_s = time.thread_time()

    def rest_s(self) -> float:
        """Seconds to rest after what was done since this was asked last, which is its CPU time.

        To be asked by the thread that made it.
        """
        before_s, self._worked_s = self._worked_s, time.thread_time()
        before, self._seen = self._seen, self._commits()
        now = time.monotonic()
        if self._seen != before:
            self._busy_until = now + _BUSY_S
        if now >= self._busy_until:
            return 0.0
        return min((self._worked_s - before_s) * self._rests, _LONGEST_REST_S)
