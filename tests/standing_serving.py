"""A Serving whose fleets stand as a test says, and a service that has it."""

import threading
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

from sagemock import Service, Settings, create_service
from sagemock.hosting import Answer, Fleet, Invocation, NotRunningError, Standing

NONE_YET = Standing("starting")


class StandingServing:
    """Fleets that are only noted; `plan` tells how one stands once it is started.

    One that is told to stop is gone at once, unless `lingers`: then when the test says so.
    """

    def __init__(self, plan: Callable[[Fleet], Standing] = lambda _: NONE_YET) -> None:
        self.plan = plan
        self.lingers = False
        self.started: list[Fleet] = []
        self.stopped: list[str] = []
        self.asked: list[tuple[str, str, Invocation]] = []
        self.answers: Callable[[str, str, Invocation], Answer] = plain_answer
        self.standings: dict[str, Standing] = {}
        self.waited: list[float] = []
        self._changed = threading.Condition()
        self._changes = 0

    def stand(
        self, fleet_id: str, state: Any, reason: str = "", backends: Mapping[str, str] | None = None
    ) -> None:
        with self._changed:
            self.standings[fleet_id] = Standing(state, reason, backends or {})
            self._note()

    def end(self, fleet_id: str) -> None:
        with self._changed:
            self.standings.pop(fleet_id, None)
            self._note()

    def started_ids(self) -> list[str]:
        return [fleet.id for fleet in self.started]

    def start(self, fleet: Fleet) -> None:
        with self._changed:
            if fleet.id not in self.standings:
                self.started.append(fleet)
                self.standings[fleet.id] = self.plan(fleet)
                self._note()

    def observe(self, fleet_id: str) -> Standing | None:
        return self.standings.get(fleet_id)

    def stop(self, fleet_id: str) -> None:
        self.stopped.append(fleet_id)
        if not self.lingers:
            self.end(fleet_id)

    def invoke(self, fleet_id: str, variant: str, invocation: Invocation) -> Answer:
        self.asked.append((fleet_id, variant, invocation))
        standing = self.standings.get(fleet_id)
        if standing is None or standing.state != "ready":
            raise NotRunningError("The container primary is not running.", container="primary")
        return self.answers(fleet_id, variant, invocation)

    def logs(self, fleet_id: str) -> dict[str, str]:
        return {"AllTraffic/primary": f"the log of {fleet_id}"}

    def changes(self) -> int:
        return self._changes

    def wait_for_change(self, seen: int, timeout_s: float) -> None:
        self.waited.append(timeout_s)
        with self._changed:
            self._changed.wait_for(lambda: self._changes > seen, timeout_s)

    def reset(self) -> None:
        for fleet_id in list(self.standings):
            self.end(fleet_id)

    def close(self) -> None:
        self.reset()

    def _note(self) -> None:
        self._changes += 1
        self._changed.notify_all()


def plain_answer(_fleet_id: str, _variant: str, _invocation: Invocation) -> Answer:
    return Answer(200, "text/plain", iter((b"yes",)))


def service_on(serving: Any, settings: Settings, **parts: Any) -> Service:
    """A service of these settings whose endpoints are run by that serving."""
    with mock.patch("sagemock.app.Fleets", return_value=serving):
        return create_service(settings, strict=True, **parts)
