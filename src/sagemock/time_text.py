"""Times as people write them, ISO 8601 or seconds since 1970; and durations, 90s or 2h."""

import re
from datetime import UTC, datetime, timedelta

NO_TIME = "A time is written like 2026-01-31T09:30:00Z, or as seconds since 1970, not '{text}'."
NO_DURATION = "A duration is written like 90s, 15m, 2h, 7d or -1h30m, or as seconds, not '{text}'."

FIRST_MS, LAST_MS = 0, 253402300799999
"""The first millisecond of 1970 and the last of 9999."""

_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,15})?"
_DURATION = re.compile(rf"(?P<sign>[+-]?)(?:{_NUMBER}|(?:{_NUMBER}(?:ms|[smhdw]))+)")
_PART = re.compile(rf"({_NUMBER})(ms|[smhdw]?)")


class NoTimeError(ValueError):
    """A text that is no time, or no duration; the message is a sentence."""


def epoch_ms(text: str) -> int:
    """Milliseconds since 1970 of a time, which is UTC unless it says otherwise.

    Errors: NoTimeError, it is none, or of no year from 1970 to 9999.
    """
    try:
        time_ms = _parsed_ms(text.strip())
    except (ValueError, OverflowError) as error:
        raise NoTimeError(NO_TIME.format(text=text)) from error
    if not FIRST_MS <= time_ms <= LAST_MS:
        raise NoTimeError(NO_TIME.format(text=text))
    return time_ms


def duration_ms(text: str) -> int:
    """Milliseconds of a duration: a number of seconds, or of w, d, h, m, s and ms one after other.

    It may have a sign. Errors: NoTimeError, it is none.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise NoTimeError(NO_DURATION.format(text=text))
    parts = (float(number) * _UNITS_MS[unit or "s"] for number, unit in _PART.findall(text))
    return round(sum(parts)) * (-1 if found["sign"] == "-" else 1)


def _parsed_ms(text: str) -> int:
    try:
        return round(float(text) * 1000)
    except ValueError:
        time = datetime.fromisoformat(text)
    return round(time.replace(tzinfo=time.tzinfo or UTC).timestamp() * 1000)


def shown(epoch_s: float) -> str:
    """A time in UTC, to the millisecond."""
    # In whole milliseconds: far from today a float falls short of them, and would be cut off.
    time = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=round(epoch_s * 1000))
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_seconds(epoch_s: float) -> str:
    """A time in UTC, in whole seconds, as EventBridge has it."""
    return shown(int(epoch_s)).replace(".000Z", "Z")
