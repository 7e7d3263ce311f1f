"""The arguments of our own paths: numbers, times and names, and what is said of a wrong one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import request

from sagemock.activity_log import NoResourceError
from sagemock.errors import SerializationException, ValidationException
from sagemock.event_pattern import EventPatternError
from sagemock.time_text import NoTimeError
from sagemock.wire.json_body import parsed

NO_ARGUMENT = "There is no argument '{name}' here; there are {known}."
NO_NUMBER = "The argument '{name}' is a number from {least} on, not '{text}'."
_MOST_DIGITS = 18


@contextmanager
def refusing() -> Iterator[None]:
    """What was asked wrongly, as a refusal that says so."""
    try:
        yield
    except (NoTimeError, NoResourceError, EventPatternError) as error:
        raise ValidationException(str(error)) from error


def sent_json(max_depth: int) -> Any:
    """What a body holds as JSON; None where that cannot be read, as it is for `null`."""
    try:
        return parsed(request.get_data(), max_depth)
    except SerializationException:
        return None


def refuse_unknown(known: frozenset[str]) -> None:
    """Refuse an argument that is not one of these. Errors: ValidationException."""
    unknown = sorted(set(request.args) - known)
    if unknown:
        listed = ", ".join(sorted(known)) or "none"
        raise ValidationException(NO_ARGUMENT.format(name=unknown[0], known=listed))


def number(name: str, least: int = 1) -> int | None:
    """An argument that is a number; None where it is not given. Errors: ValidationException."""
    text = request.args.get(name)
    if text is None:
        return None
    fits = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    if not fits or int(text) < least:
        raise ValidationException(NO_NUMBER.format(name=name, least=least, text=text))
    return int(text)
