"""Times as people write them: ISO 8601, or seconds since 1970."""

from datetime import UTC, datetime

NO_TIME = "A time is written like 2026-01-31T09:30:00Z, or as seconds since 1970, not '{text}'."

_FIRST_MS, _LAST_MS = 0, 253402300799999


class NoTimeError(ValueError):
    """A text that is no time; the message is a sentence."""


def epoch_ms(text: str) -> int:
    """Milliseconds since 1970 of a time, which is UTC unless it says otherwise.

    Errors: NoTimeError, it is none, or of no year from 1970 to 9999.
    """
    try:
        time_ms = _parsed_ms(text.strip())
    except (ValueError, OverflowError) as error:
        raise NoTimeError(NO_TIME.format(text=text)) from error
    if not _FIRST_MS <= time_ms <= _LAST_MS:
        raise NoTimeError(NO_TIME.format(text=text))
    return time_ms


def _parsed_ms(text: str) -> int:
    try:
        return round(float(text) * 1000)
    except ValueError:
        time = datetime.fromisoformat(text)
    return round(time.replace(tzinfo=time.tzinfo or UTC).timestamp() * 1000)


def shown(epoch_s: float) -> str:
    """A time in UTC, to the millisecond."""
    time = datetime.fromtimestamp(epoch_s, UTC)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_seconds(epoch_s: float) -> str:
    """A time in UTC, in whole seconds, as EventBridge has it."""
    return shown(int(epoch_s)).replace(".000Z", "Z")
