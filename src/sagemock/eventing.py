"""Events and their delivery, as a port: what is sent, where to, and what became of it.

An event is made of a record of the activity log, once that is committed. A target takes the events
of a rule one after the other, in the order of their records.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


@dataclass(frozen=True)
class Event:
    """An event as EventBridge has it: its envelope, and the number of the record it is made of.

    Made again of the same record it is the same event, with the same id.
    """

    number: int
    envelope: Mapping[str, Any]


@dataclass(frozen=True)
class Batch:
    """Events in the order of their records, and the number of the last record that was read."""

    events: list[Event]
    last: int


class NotDeliveredError(Exception):
    """A target did not take an event; the message says why, as a sentence.

    `again` tells whether it may take the same event later. With `busy` it only has to be waited
    for: that was no failed attempt.
    """

    def __init__(self, message: str, *, again: bool = True, busy: bool = False) -> None:
        super().__init__(message)
        self.again = again or busy
        self.busy = busy


class EventRulesError(ValueError):
    """Rules that cannot be; the message is a sentence that says where and why."""


class EventSink(Protocol):
    """Where the events of one target go. Used by one thread at a time."""

    def send(self, event: Event, body: str) -> None:
        """Deliver an event; `body` is what is said of it, the envelope as JSON unless chosen.

        Errors: NotDeliveredError.
        """
        ...

    def flush(self) -> None:
        """Return when what was sent survives a crash of this machine, where that is ours to say.

        Errors: NotDeliveredError.
        """
        ...

    def close(self) -> None:
        """Let go of what is held. The sink cannot be used afterwards."""
        ...


class DeadLetter(NamedTuple):
    """An event that a target did not take, when and why; `id` numbers them."""

    id: int
    target: str
    number: int
    at_ms: int
    attempts: int
    reason: str
    envelope: Mapping[str, Any]


class Readers(Protocol):
    """How far the readers of the activity log have come, and what they could not pass on."""

    def newest_record(self) -> int:
        """The number of the newest record; 0 where there is none."""
        ...

    def position(self, reader: str) -> int | None:
        """The number of the last record a reader is done with; None for one that is not known."""
        ...

    def put_position(self, reader: str, record: int) -> None:
        """Note how far a reader has come."""
        ...

    def bury(self, letter: DeadLetter) -> None:
        """Keep a dead letter under a number of its own, and pass over its record."""
        ...

    def dead_letters(self, after_id: int, most: int) -> list[DeadLetter]:
        """The dead letters after one, oldest first."""
        ...

    def forget_dead_letters(self, ids: Collection[int] | None = None) -> int:
        """Forget these dead letters, or all; how many there were."""
        ...
