"""What stands before the service: AWS's two protocols, the guard, and the limit of a body."""

import time
from dataclasses import dataclass

from sagemock.clock import TurnableClock
from sagemock.journal import Journal, Noted, word
from sagemock.ports import Ids
from sagemock.service import Service
from sagemock.settings import Settings
from sagemock.wire.answers import Headers, HttpAnswer
from sagemock.wire.aws_json import AwsJson
from sagemock.wire.caller import Callers
from sagemock.wire.guard import Guard
from sagemock.wire.rest_json import PATHS, RestAnswer, RestJson


@dataclass(frozen=True)
class Front:
    """The parts by which requests come in, made once for a service."""

    aws_json: AwsJson
    rest_json: RestJson
    guard: Guard
    max_body_bytes: int
    ids: Ids
    journal: Journal
    clock: TurnableClock
    callers: Callers

    @classmethod
    def of(cls, service: Service, settings: Settings, ids: Ids) -> "Front":
        """The front of a service, as the settings have it."""
        return cls(
            aws_json=AwsJson(service, settings, ids),
            rest_json=RestJson(service, settings, ids),
            guard=Guard(settings.allow_hosts, settings.allow_origins),
            max_body_bytes=settings.max_body_bytes,
            ids=ids,
            journal=service.journal,
            clock=service.clock,
            callers=Callers(settings),
        )

    def note_refused(
        self,
        request: tuple[str, str],
        headers: Headers,
        answer: HttpAnswer | RestAnswer,
        code: str | None,
        request_id: str,
    ) -> None:
        """Note a call that was refused before its body was read; `request` is method and path.

        What is asked of our own paths is no call.
        """
        method, path = request
        if path != "/" and not path.startswith(PATHS):
            return
        asked = ("", word(f"{method} {path}"), "")
        if (method, path) == ("POST", "/"):
            asked = self.aws_json.asked(headers)
        service, operation, target = asked
        caller = self.callers.caller(headers.get("Authorization", ""))
        self.journal.note(
            Noted(
                *(self.clock.seen_at(time.time()), 0.0, request_id, caller, service, operation),
                *(answer.status, code, None, answer.body, target),
                path=word(path),
            )
        )
