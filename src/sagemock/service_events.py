"""The events of one service: those there were, how their targets stand, and dead letters.

What a failure of the storage is to callers is said here; how events are made is told in
`event_log`, how they reach targets in `delivery`.
"""

from typing import Any

from sagemock.delivery import Deliveries
from sagemock.event_log import EventLog
from sagemock.eventing import DeadLetter
from sagemock.operation import Members
from sagemock.ports import Store
from sagemock.storage import storage

_MOST_LETTERS = 10_000


class ServiceEvents:
    """What can be asked about the events of a store: `log` has them, `deliveries` brings them.

    Errors: ServiceUnavailable, by all that is asked.
    """

    def __init__(self, store: Store, log: EventLog) -> None:
        self._store = store
        self.log = log
        self.deliveries = Deliveries()

    def page(self, **asked: Any) -> Members:
        """A page of events; what can be asked is told by `EventLog.page`."""
        with storage():
            return self.log.page(**asked)

    def targets(self) -> list[Members]:
        """How the delivery of events to each target stands."""
        with storage():
            return self.deliveries.shown()

    def dead_letters(self, after: int, limit: int) -> list[DeadLetter]:
        """Events that a target of a rule did not take, oldest first."""
        with storage():
            return self._store.dead_letters(after, limit)

    def retry_dead_letters(self, number: int | None) -> tuple[int, int]:
        """Try a dead letter once more, or all; how many are tried, and how many have no target."""
        with storage():
            after, most = (0, _MOST_LETTERS) if number is None else (number - 1, 1)
            letters = self._store.dead_letters(after, most)
        meant = [each for each in letters if number in {None, each.id}]
        tried = self.deliveries.try_again(meant)
        return tried, len(meant) - tried

    def forget_dead_letters(self, number: int | None) -> int:
        """Forget a dead letter, or all; how many there were."""
        with storage():
            return self._store.forget_dead_letters(None if number is None else [number])
