"""Our own path for the clock: what it shows, and how it is turned."""

from typing import Any

from flask import Blueprint

from sagemock.clock import ClockError, TurnableClock
from sagemock.errors import ValidationException
from sagemock.service import Service
from sagemock.settings import Settings
from sagemock.time_text import NoTimeError
from sagemock.wire.arguments import refuse_unknown, sent_json

CLOCK_PATH = "/_sagemock/clock"

NO_TURN = (
    'The body is a JSON object with one of advance, back and offset: DURATION, {"advance": "2h"} '
    "say, freeze: TIME or true, resume: true, reset: true."
)

_NONE: frozenset[str] = frozenset()


def add_clock_paths(paths: Blueprint, service: Service, settings: Settings) -> None:
    """Put the path into a blueprint. PUT and POST do the same: turn the clock once."""

    @paths.get(CLOCK_PATH)
    def clock() -> dict[str, Any]:
        refuse_unknown(_NONE)
        return service.clock.state()

    @paths.put(CLOCK_PATH)
    @paths.post(CLOCK_PATH)
    def turn() -> dict[str, Any]:
        refuse_unknown(_NONE)
        content = sent_json(settings.max_json_depth)
        try:
            _turn(service.clock, content)
        except (NoTimeError, ClockError) as error:
            raise ValidationException(str(error)) from error
        return service.clock.state()

    @paths.delete(CLOCK_PATH)
    def reset_clock() -> dict[str, Any]:
        refuse_unknown(_NONE)
        service.clock.reset()
        return service.clock.state()


def _turn(clock: TurnableClock, content: Any) -> None:
    """Turn a clock as a body says. Errors: ValidationException, it says nothing of the kind."""
    match content:
        case {"advance": by, **others} if not others:
            clock.advance(by)
        case {"back": by, **others} if not others:
            clock.back(by)
        case {"offset": by, **others} if not others:
            clock.offset(by)
        case {"freeze": at, **others} if not others:
            clock.freeze(None if at is True else at)
        case {"resume": True, **others} if not others:
            clock.resume()
        case {"reset": True, **others} if not others:
            clock.reset()
        case _:
            raise ValidationException(NO_TURN)
