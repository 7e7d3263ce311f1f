"""Group commit: callers take turns on one connection, and one COMMIT answers for all of them.

There is no writer thread. Whoever has the turn runs its own work and hands the turn to the next in
the queue; the last in the queue, or of a full batch, commits for all. All but the first of a batch
work in a savepoint, so that a refusal takes back its own rows and no others. Nobody's answer leaves
before that COMMIT, a refusal neither: it may rest on a neighbour's row that is not committed yet. A
lone caller commits at once and waits for nobody.

When the database itself fails (a full disk, say) the whole batch is rolled back, and each of its
calls is run once more, alone.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

MOST_AT_ONCE = 64
"""How many calls one COMMIT answers for at most, so that the first of them is not kept waiting."""


class _Ticket:
    """One caller's place in the queue, and what became of its work."""

    __slots__ = ("_gate", "error", "outcome", "work")

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.outcome: Any = None
        self.error: BaseException | None = None
        self._gate = threading.Lock()
        self._gate.acquire()

    def wait(self) -> None:
        """Wait to be called: first for the turn, then for the COMMIT."""
        self._gate.acquire()

    def call(self) -> None:
        self._gate.release()


def _nothing() -> None:
    """The work of whoever only wants the turn."""


class GroupCommit:
    """Runs work on one connection, one caller at a time, committed when `run` returns.

    `failed` tells an error of the storage, after which nothing uncommitted can be trusted, from
    one of the work itself. `count` is the number of its COMMITs.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        failed: Callable[[BaseException], bool],
        most: int = MOST_AT_ONCE,
    ) -> None:
        self._execute = connection.execute
        self._failed = failed
        self._most = most
        self._mutex = threading.Lock()
        self._taken = False
        self._waiting: deque[_Ticket] = deque()
        # The calls run since BEGIN; only whoever has the turn looks at it.
        self._batch: list[_Ticket] = []
        self.count = 0
        self._counted = threading.Condition()
        self._wakes = 0

    def run(self, work: Callable[[], T]) -> T:
        """What the work returns, once it is committed.

        Errors: what the work raises; then it has left nothing behind. What the database raises.
        """
        ticket = _Ticket(work)
        self._take(ticket)
        whole = self._attempt(ticket)
        successor = self._successor() if whole and 0 < len(self._batch) < self._most else None
        if successor is not None:
            successor.call()
            ticket.wait()
        else:
            try:
                self._finish(whole=whole)
            finally:
                self._pass_on()
        if ticket.error is not None:
            raise ticket.error
        outcome: T = ticket.outcome
        return outcome

    def wait(self, seen: int, timeout_s: float) -> None:
        """Wait until there have been more commits than `seen`, or for so long, or to be woken."""
        with self._counted:
            wakes = self._wakes
            self._counted.wait_for(lambda: self.count > seen or self._wakes != wakes, timeout_s)

    def wake(self) -> None:
        """Let whoever waits for a commit look up."""
        with self._counted:
            self._wakes += 1
            self._counted.notify_all()

    def close(self, end: Callable[[], None]) -> None:
        """Run `end` when all that was run before is committed; work fails from then on."""
        self._take(_Ticket(_nothing))
        try:
            self._finish(whole=True)
            end()
        finally:
            self._pass_on()

    def _take(self, ticket: _Ticket) -> None:
        """Wait for the turn."""
        with self._mutex:
            waits = self._taken
            self._taken = True
            if waits:
                self._waiting.append(ticket)
        if waits:
            ticket.wait()

    def _pass_on(self) -> None:
        """Give the turn to the next, or leave it for whoever comes."""
        with self._mutex:
            successor = self._waiting.popleft() if self._waiting else None
            self._taken = successor is not None
        if successor is not None:
            successor.call()

    def _attempt(self, ticket: _Ticket) -> bool:
        """Run a call's work in the open transaction; False when the transaction is lost."""
        if not self._batch:
            return self._attempt_first(ticket)
        self._batch.append(ticket)
        try:
            self._execute("SAVEPOINT call")
            ticket.outcome = ticket.work()
            self._execute("RELEASE call")
        except BaseException as error:  # noqa: BLE001 - it is raised again, in its own thread
            ticket.error = error
            if self._failed(error):
                return False
            try:
                # There is none left after some failures, and no savepoint then.
                self._execute("ROLLBACK TO call")
                self._execute("RELEASE call")
            except sqlite3.Error:
                return False
        return True

    def _attempt_first(self, ticket: _Ticket) -> bool:
        """Begin a batch; a call that fails as the first of it has nobody to wait for."""
        try:
            self._execute("BEGIN IMMEDIATE")
            ticket.outcome = ticket.work()
        except BaseException as error:  # noqa: BLE001 - it is raised again
            ticket.error = error
            self._roll_back()
        else:
            self._batch.append(ticket)
        return True

    def _finish(self, *, whole: bool) -> None:
        """Commit the batch or run its calls one by one, and let all of them go."""
        batch, self._batch = self._batch, []
        if not batch:
            return
        try:
            if whole:
                whole = self._committed(batch)
            if not whole:
                self._roll_back()
                if len(batch) > 1:
                    for ticket in batch:
                        self._run_alone(ticket)
        finally:
            for ticket in batch:
                ticket.call()

    def _committed(self, batch: list[_Ticket]) -> bool:
        try:
            self._execute("COMMIT")
        except sqlite3.Error as error:
            for ticket in batch:
                ticket.error = error
            return False
        self._count()
        return True

    def _count(self) -> None:
        with self._counted:
            self.count += 1
            self._counted.notify_all()

    def _run_alone(self, ticket: _Ticket) -> None:
        ticket.error = ticket.outcome = None
        try:
            self._execute("BEGIN IMMEDIATE")
            ticket.outcome = ticket.work()
            self._execute("COMMIT")
            self._count()
        except BaseException as error:  # noqa: BLE001 - it is raised again, in its own thread
            ticket.error = error
            self._roll_back()

    def _roll_back(self) -> None:
        # SQLite itself has rolled back after some failures (a full disk); then there is none.
        with suppress(sqlite3.Error):
            self._execute("ROLLBACK")

    def _successor(self) -> _Ticket | None:
        with self._mutex:
            return self._waiting.popleft() if self._waiting else None
