"""Our own paths about events: what was sent, how targets stand, and what they did not take."""

from typing import Any

from flask import Blueprint, request
from werkzeug.exceptions import NotFound

from sagemock.event_pattern import EventPattern
from sagemock.service import Service
from sagemock.wire.arguments import number, refuse_unknown, refusing

_EVENTS = frozenset({"after", "limit", "account", "region", "resource", "pattern"})
_LETTERS = frozenset({"after", "limit"})
_LETTER = frozenset({"id"})
NO_LETTER = "There is no dead letter {id}."
_NONE: frozenset[str] = frozenset()
_PAGE = 100
MOST = 1000


def add_event_paths(paths: Blueprint, service: Service) -> None:
    """Put the paths into a blueprint."""

    @paths.get("/_sagemock/events")
    def events() -> dict[str, Any]:
        service.settle()
        with refusing():
            refuse_unknown(_EVENTS)
            pattern = request.args.get("pattern")
            return service.events.page(
                after=number("after", least=0) or 0,
                limit=min(number("limit") or _PAGE, MOST),
                account=request.args.get("account"),
                region=request.args.get("region"),
                resource=request.args.get("resource"),
                pattern=None if pattern is None else EventPattern.of(pattern),
            )

    @paths.get("/_sagemock/events/targets")
    def targets() -> dict[str, Any]:
        refuse_unknown(_NONE)
        return {"Targets": service.events.targets()}

    @paths.get("/_sagemock/events/dead-letters")
    def dead_letters() -> dict[str, Any]:
        refuse_unknown(_LETTERS)
        limit = min(number("limit") or _PAGE, MOST)
        letters = service.events.dead_letters(number("after", least=0) or 0, limit)
        page: dict[str, Any] = {
            "DeadLetters": [
                {
                    "Id": each.id,
                    "Target": each.target,
                    "Time": each.at_ms / 1000,
                    "Attempts": each.attempts,
                    "Reason": each.reason,
                    "Event": each.envelope,
                }
                for each in letters
            ]
        }
        if len(letters) == limit:
            page["After"] = letters[-1].id
        return page

    @paths.post("/_sagemock/events/dead-letters/retry")
    def retry() -> dict[str, Any]:
        refuse_unknown(_LETTER)
        asked = number("id")
        tried, without_target = service.events.retry_dead_letters(asked)
        if asked is not None and not tried + without_target:
            raise NotFound(NO_LETTER.format(id=asked))
        return {"tried": tried, "without_target": without_target}

    @paths.delete("/_sagemock/events/dead-letters")
    def forget() -> dict[str, Any]:
        refuse_unknown(_LETTER)
        return {"forgotten": service.events.forget_dead_letters(number("id"))}
