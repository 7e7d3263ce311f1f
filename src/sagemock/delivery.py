"""Delivery: events brought to the targets of rules, each by a thread of its own.

A target gets its events one after the other, in the order of their records, once these are
committed. How far it has come is kept in the store, now and then rather than at every event: after
a crash the last ones come again. What a target does not take is tried again, with longer and longer
breaks, and in the end is kept as a dead letter.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

from sagemock.eventing import (
    Batch,
    DeadLetter,
    Event,
    EventRulesError,
    EventSink,
    NotDeliveredError,
)
from sagemock.pace import Pace
from sagemock.ports import Clock, StorageFailed, Store
from sagemock.time_text import in_seconds

if TYPE_CHECKING:
    # Few servers deliver, and all start.
    from sagemock.event_pattern import EventPattern
    from sagemock.event_rules import EventTarget

T = TypeVar("T")

FIRST_BREAK_S = 0.25
LONGEST_BREAK_S = 60.0
BUSY_BREAK_S = 0.5
_LOOK_S = 1.0
_SAVE_SENT_S = 0.2
_SAVE_S = 60.0
_STORAGE_BREAK_S = 5.0
_DRAIN_S = 3.0
_END_S = 1.0
# Longer than a program takes to be killed, and to have its last words read.
_LET_GO_S = 2.0

NO_REASON = "It gave no reason."
NOT_NOTED = (
    "The target '{name}' is new, and the database cannot note where it begins: {reason}; start the "
    "server without it, or let the database be written to."
)

_log = logging.getLogger("sagemock.events")

Read = Callable[[int], Batch]
"""Reads the events after a record."""


class Delivery:
    """Brings the events that a pattern matches to one target.

    A target that is new begins with what happens from now on.
    Errors: EventRulesError, where it begins cannot be noted; StorageFailed, it cannot be read.
    """

    def __init__(  # noqa: PLR0913 - all that it uses is passed in
        self,
        target: "EventTarget",
        pattern: "EventPattern | None",
        sink: EventSink,
        *,
        read: Read,
        store: Store,
        clock: Clock,
    ) -> None:
        self.target = target
        self._pattern = pattern
        self._sink = sink
        self._read = read
        self._store = store
        self._clock = clock
        known = store.position(target.name)
        if known is None:
            known = store.newest_record()
            try:
                store.put_position(target.name, known)
            except StorageFailed as failure:
                message = NOT_NOTED.format(name=target.name, reason=failure)
                raise EventRulesError(message) from failure
        # A file may have been put in the place of a longer one.
        self._position = self._saved = min(known, store.newest_record())
        self._saved_at = time.monotonic()
        self._sent = False
        # Guards the position, and what is counted with it, against a reset.
        self.lock = threading.Lock()
        self._resets = 0
        self._delivered = 0
        self._buried = 0
        self._attempts = 0
        self._failure = ""
        self._busy = False
        self._again: deque[DeadLetter] = deque()
        self._stopping = threading.Event()
        # Ends a break before its time: at the end, and at a reset.
        self._woken = threading.Event()
        self._deadline = 0.0
        self._targets = 1
        self._thread = threading.Thread(target=self._run, name=target.name, daemon=True)

    def start(self, targets: int = 1) -> None:
        """Begin to deliver, as one of so many targets that share the time."""
        self._targets = targets
        self._thread.start()

    def stop(self) -> None:
        """Deliver what is there, as far as it goes without a failure, and end soon."""
        self._deadline = time.monotonic() + _DRAIN_S
        self._stopping.set()
        self._woken.set()
        self._store.wake()

    def wait_for_end(self, until: float) -> None:
        """Wait until it has ended, or until then on the monotonic clock."""
        if self._thread.ident is not None:
            self._thread.join(max(until - time.monotonic(), 0))

    def let_go(self) -> None:
        """Let go of the target; what it is being sent may break off."""
        try:
            self._sink.close()
        except Exception:  # noqa: BLE001 - the others, and the store, are still to be closed
            _log.exception("%s could not be let go", self.target.name)

    def rewind(self) -> None:
        """The log has been emptied: begin again; whoever calls has the lock."""
        self._position = self._saved = 0
        self._resets += 1
        self._woken.set()
        self._again.clear()
        self._failure, self._attempts = "", 0

    def try_again(self, letters: Iterable[DeadLetter]) -> None:
        """Try dead letters once more, each once; those that are taken are forgotten."""
        self._again.extend(letters)
        self._store.wake()

    @property
    def saved(self) -> int:
        """The record from which on the log is still needed: all before it is behind this target."""
        return self._saved

    def shown(self) -> dict[str, Any]:
        """How delivery stands, for whoever wonders where an event is."""
        state: dict[str, Any] = {
            "Target": self.target.name,
            "Kind": self.target.kind,
            "Delivered": self._delivered,
            "Position": self._position,
            "Behind": max(self._store.newest_record() - self._position, 0),
        }
        if self._buried:
            state["DeadLetters"] = self._buried
        if self._failure:
            state |= {"Attempts": self._attempts, "Failure": self._failure}
        return state

    def _run(self) -> None:
        pace = Pace(self._store.commits, self._targets)
        while True:
            seen, stopping = self._store.commits(), self._stopping.is_set()
            try:
                while self._again and not self._is_over():
                    self._send_again(self._again.popleft())
                moved = self._read_on(pace)
                self._save(anyway=self._stopping.is_set())
            except StorageFailed as failure:
                _log.error("%s waits for the storage: %s", self.target.name, failure)
                moved = False
                self._stopping.wait(_STORAGE_BREAK_S)
            except Exception:  # noqa: BLE001 - what it delivers is not to wait for ever
                _log.exception("%s could not go on", self.target.name)
                moved = False
                self._stopping.wait(_STORAGE_BREAK_S)
            if moved and not self._is_over():
                continue
            if not self._stopping.is_set():
                self._store.wait_for_commit(seen, _LOOK_S)
            elif stopping or self._failure:
                return
            # Else it was told to stop just now: there may be more to read, and to save.

    def _is_over(self) -> bool:
        return self._stopping.is_set() and time.monotonic() > self._deadline

    def _read_on(self, pace: Pace) -> bool:
        """Deliver what comes next; False where there was nothing, or it has to wait."""
        with self.lock:
            resets, position = self._resets, self._position
            self._woken.clear()
        if self._stopping.is_set():
            self._woken.set()
        batch = self._read(position)
        for event in batch.events:
            # What was read before a reset is no more.
            if self._is_over() or resets != self._resets or not self._deliver(event, resets):
                return False
            self._pass(event.number, resets)
            self._save()
            # Ends at once where it is to stop or to begin again.
            self._woken.wait(pace.rest_s())
        self._pass(batch.last, resets)
        return batch.last > position

    def _pass(self, number: int, resets: int) -> None:
        with self.lock:
            if resets == self._resets:
                self._position = number

    def _deliver(self, event: Event, resets: int) -> bool:
        """Have an event taken, or keep it as a dead letter; False when it has to wait."""
        if self._pattern is not None and not self._pattern.matches(event.envelope):
            return True
        self._attempts = 0
        while not self._takes(event):
            # This may last: those before it are not to come again after a crash.
            self._save()
            if self._woken.wait(self._break_s()) or resets != self._resets:
                if resets != self._resets:
                    self._failure = ""
                return False
        if self._failure:
            # At the end it may have failed because the target was let go of.
            if self._stopping.is_set() or not self._flushed():
                return False
            self._bury(event, resets)
        else:
            self._delivered += 1
            self._sent = True
        return True

    def _takes(self, event: Event) -> bool:
        """Try once; False when it is worth another try. What is in vain leaves its failure."""
        self._attempts += 1
        try:
            self._send(event)
        except NotDeliveredError as error:
            self._failure, self._busy = str(error) or NO_REASON, error.busy
            if error.busy:
                self._attempts -= 1
                return False
            text = "%s did not take event %s (attempt %d of %d): %s"
            facts = (event.envelope["id"], self._attempts, self.target.attempts, error)
            _log.warning(text, self.target.name, *facts)
            return not error.again or self._attempts >= self.target.attempts
        self._failure = ""
        return True

    def _send(self, event: Event) -> None:
        now = in_seconds(self._clock.now())
        try:
            self._sink.send(event, self.target.input.body(event.envelope, now))
        except NotDeliveredError:
            raise
        except Exception as error:
            # A fault of ours: told, and treated as any other.
            _log.exception("%s failed", self.target.name)
            raise NotDeliveredError(f"It failed: {error!r}.") from error

    def _break_s(self) -> float:
        if self._busy:
            return BUSY_BREAK_S
        grown = FIRST_BREAK_S * 2.0 ** min(self._attempts - 1, 32)
        return min(grown, LONGEST_BREAK_S)

    def _bury(self, event: Event, resets: int) -> None:
        letter = DeadLetter(
            id=0,
            target=self.target.name,
            number=event.number,
            at_ms=round(self._clock.now() * 1000),
            attempts=self._attempts,
            reason=self._failure,
            envelope=event.envelope,
        )
        with self.lock:
            if resets == self._resets:
                self._store.bury(letter)
                self._position = self._saved = event.number
        _log.error("%s: event %s is a dead letter now", self.target.name, event.envelope["id"])
        self._failure, self._attempts = "", 0
        self._buried += 1

    def _send_again(self, letter: DeadLetter) -> None:
        resets = self._resets
        try:
            self._send(Event(letter.number, letter.envelope))
        except NotDeliveredError as error:
            _log.warning("%s again did not take a dead letter: %s", self.target.name, error)
            return
        if not self._flushed():
            return
        with self.lock:
            # After a reset its number is another's.
            if resets == self._resets:
                self._store.forget_dead_letters([letter.id])
        self._delivered += 1

    def _save(self, *, anyway: bool = False) -> None:
        """Note how far it has come now and then, sooner where events were sent; or anyway."""
        waited_s = time.monotonic() - self._saved_at
        due = waited_s >= (_SAVE_SENT_S if self._sent else _SAVE_S)
        if self._position == self._saved or not (due or anyway):
            return
        if not self._flushed():
            return
        try:
            with self.lock:
                self._store.put_position(self.target.name, self._position)
                self._saved, self._sent = self._position, False
        except StorageFailed as failure:
            # What is committed is told all the same; where it stands is noted later.
            _log.error("%s cannot note its place: %s", self.target.name, failure)
            self._saved_at = time.monotonic() + _STORAGE_BREAK_S
            return
        self._saved_at = time.monotonic()

    def _flushed(self) -> bool:
        """Whether all that was sent is kept; only then may the noted position pass it."""
        try:
            self._sink.flush()
        except NotDeliveredError as error:
            _log.warning("%s may have lost what it was sent: %s", self.target.name, error)
            return False
        return True


class Deliveries:
    """All deliveries of one service."""

    def __init__(self) -> None:
        self._all: list[Delivery] = []

    def begin(self, deliveries: Iterable[Delivery]) -> None:
        """Start these, beside those there are."""
        new = list(deliveries)
        self._all += new
        _log.info("Events go to %s", ", ".join(each.target.name for each in new))
        for delivery in new:
            delivery.start(targets=len(self._all))

    def shown(self) -> list[dict[str, Any]]:
        """How each stands."""
        return [each.shown() for each in self._all]

    def read_by_all(self) -> int | None:
        """The last record that every target is done with; None where there is no target."""
        return min((each.saved for each in self._all), default=None)

    def try_again(self, letters: Iterable[DeadLetter]) -> int:
        """Try dead letters of targets that there are once more; how many are tried."""
        by_target: Mapping[str, Delivery] = {each.target.name: each for each in self._all}
        known = [letter for letter in letters if letter.target in by_target]
        for letter in known:
            by_target[letter.target].try_again([letter])
        return len(known)

    def forget(self, empty: Callable[[], T]) -> T:
        """Have the log emptied while nobody notes anything about it."""
        with ExitStack() as held:
            for delivery in self._all:
                held.enter_context(delivery.lock)
            result = empty()
            for delivery in self._all:
                delivery.rewind()
        return result

    def stop(self) -> None:
        """Deliver what is left, for a moment, and end."""
        for delivery in self._all:
            delivery.stop()
        # All at once: many targets that say nothing keep a server no longer than one does.
        self._wait_for_end(_DRAIN_S + _END_S)
        ends = [threading.Thread(target=each.let_go, daemon=True) for each in self._all]
        for end in ends:
            end.start()
        until = time.monotonic() + _LET_GO_S
        for end in ends:
            end.join(max(until - time.monotonic(), 0))
        self._wait_for_end(_END_S)

    def _wait_for_end(self, at_most_s: float) -> None:
        until = time.monotonic() + at_most_s
        for delivery in self._all:
            delivery.wait_for_end(until)
