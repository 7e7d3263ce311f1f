"""The clock of a server: the machine's own, until it is turned. For those who rehearse time.

It tells the times that resources, records and events carry. What waits or measures how long
something takes looks at the monotonic clock instead, and so never stands still. Nothing is kept: a
server that is started again shows what it showed at its first start.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sagemock.ports import Clock
from sagemock.time_text import (
    FIRST_MS,
    LAST_MS,
    NO_DURATION,
    NO_TIME,
    NoTimeError,
    duration_ms,
    epoch_ms,
    shown,
)

Time = str | float | datetime | date
"""A time: as `time_text.epoch_ms` reads it, seconds since 1970, UTC where it has no zone, or the
beginning of a day in UTC."""

Duration = str | float | timedelta
"""A duration: as `time_text.duration_ms` reads it, or in seconds."""

TOO_FAR = "The clock shows times from 1970 to 9999; turn it less far, or freeze it at one of them."


class ClockError(ValueError):
    """A clock that cannot be turned so; the message is a sentence."""


@dataclass(frozen=True)
class _Turn:
    """How a clock is turned, in milliseconds: where it stands, or by how much it is ahead."""

    stands_at_ms: int | None
    ahead_ms: int = 0

    def shown_ms(self, below_ms: int) -> int:
        """What is shown; a clock that runs near an end of the calendar stops there."""
        if self.stands_at_ms is not None:
            return self.stands_at_ms
        return min(max(below_ms + self.ahead_ms, FIRST_MS), LAST_MS)


class TurnableClock:
    """A clock over another one, which it shows until it is turned; then to the millisecond.

    Threads may turn it and read it at will. The verbs return the time that is shown then, in epoch
    seconds. With `frozen_at` it stands still from the start.
    Errors: NoTimeError, what is given is no time or duration; ClockError, it leads beyond the years
    that can be written. The clock is as before then.
    """

    def __init__(self, below: Clock, frozen_at: Time | None = None) -> None:
        self._below = below
        self._turning = threading.Lock()
        self._after_turn: Callable[[], None] | None = None
        # None while it is not turned: what is under every call costs no more than a look then.
        self._start = None if frozen_at is None else _Turn(time_ms(frozen_at))
        self._turn = self._start

    def now(self) -> float:
        """Epoch seconds, UTC."""
        turn = self._turn
        return self._below.now() if turn is None else turn.shown_ms(self._below_ms()) / 1000

    def seen_at(self, real_s: float) -> float:
        """What is shown at a time of the machine, both in epoch seconds; costs a look."""
        turn = self._turn
        return real_s if turn is None else turn.shown_ms(round(real_s * 1000)) / 1000

    def time(self) -> datetime:
        """The time that is shown, aware of its zone as the times are that boto3 gives."""
        return datetime.fromtimestamp(self.now(), UTC)

    def freeze(self, at: Time | None = None) -> float:
        """Stand still at a time, or else at the one that is shown."""
        at_ms = None if at is None else time_ms(at)
        return self._turned(lambda shown_ms, *_: _Turn(shown_ms if at_ms is None else at_ms))

    def advance(self, by: Duration) -> float:
        """Go forward by a duration, back where it is negative; run or stand still as before."""
        return self._moved(length_ms(by))

    def back(self, by: Duration) -> float:
        """Go back by a duration; run or stand still as before."""
        return self._moved(-length_ms(by))

    def offset(self, by: Duration) -> float:
        """Run, ahead of the real time by a duration, or behind it where that is negative."""
        by_ms = length_ms(by)
        return self._turned(lambda *_: _Turn(None, by_ms))

    def resume(self) -> float:
        """Run on from the time that is shown."""
        return self._turned(lambda shown_ms, below_ms, _: _Turn(None, shown_ms - below_ms))

    def reset(self) -> float:
        """Be as at the start."""
        with self._turning:
            self._turn = self._start
        return self._told()

    def state(self) -> dict[str, Any]:
        """What is shown, and how the clock is turned.

        `time` and `real_time` are in UTC, to the millisecond; `epoch_s` is the time that is shown
        once more, `offset_s` by how many seconds it is ahead of the real one.
        """
        turn, real_ms = self._turn or _Turn(None), self._below_ms()
        shown_ms = turn.shown_ms(real_ms)
        return {
            "time": shown(shown_ms / 1000),
            "epoch_s": shown_ms / 1000,
            "frozen": turn.stands_at_ms is not None,
            "offset_s": (shown_ms - real_ms) / 1000,
            "real_time": shown(real_ms / 1000),
        }

    def after_turn(self, call: Callable[[], None]) -> None:
        """Have something called whenever the clock was turned, by whoever turned it."""
        self._after_turn = call

    def _moved(self, by_ms: int) -> float:
        return self._turned(
            lambda shown_ms, below_ms, stands: (
                _Turn(shown_ms + by_ms) if stands else _Turn(None, shown_ms + by_ms - below_ms)
            )
        )

    def _turned(self, turn: Callable[[int, int, bool], _Turn]) -> float:
        """Turn the clock, given what it shows, the real time, and whether it stands still."""
        with self._turning:
            before, below_ms = self._turn or _Turn(None), self._below_ms()
            after = turn(before.shown_ms(below_ms), below_ms, before.stands_at_ms is not None)
            reached_ms = after.stands_at_ms
            if reached_ms is None:
                reached_ms = below_ms + after.ahead_ms
            if not FIRST_MS <= reached_ms <= LAST_MS:
                raise ClockError(TOO_FAR)
            self._turn = None if after == _Turn(None) else after
        return self._told()

    def _told(self) -> float:
        if self._after_turn is not None:
            self._after_turn()
        return self.now()

    def _below_ms(self) -> int:
        return round(self._below.now() * 1000)


def time_ms(time: Time) -> int:
    """Milliseconds since 1970. Errors: NoTimeError, it is no time of the years 1970 to 9999."""
    if isinstance(time, date):  # as a datetime is too
        return epoch_ms(time.isoformat())
    if isinstance(time, bool) or not isinstance(time, str | int | float):
        raise NoTimeError(NO_TIME.format(text=time))
    return epoch_ms(str(time))


def length_ms(duration: Duration) -> int:
    """Milliseconds of a duration. Errors: NoTimeError, it is none."""
    if isinstance(duration, timedelta):
        duration = duration.total_seconds()
    if isinstance(duration, bool) or not isinstance(duration, str | int | float):
        raise NoTimeError(NO_DURATION.format(text=duration))
    if isinstance(duration, str):
        return duration_ms(duration)
    try:
        return round(duration * 1000)
    except (ValueError, OverflowError) as error:
        raise NoTimeError(NO_DURATION.format(text=duration)) from error
