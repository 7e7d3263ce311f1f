"""A sink that lists what it is sent, and deliveries to it from a service's log."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from conftest import TickingClock
from fictions import make_model
from sagemock import Service
from sagemock.delivery import Delivery
from sagemock.event_rules import EventRule, event_rules
from sagemock.eventing import Event

LIMIT_S = 10.0

Envelope = Mapping[str, Any]


class ListedSink:
    """Lists the events it takes; `failing` says with what it fails to take one.

    While it is blocked whoever sends waits. What it is asked to take is in `tried`, taken or not.
    """

    def __init__(self, failing: Callable[[Event], Exception | None] = lambda _: None) -> None:
        self.failing = failing
        self.tried: list[Event] = []
        self.sent: list[Event] = []
        self.bodies: list[str] = []
        self.flushing: Callable[[], Exception | None] = lambda: None
        self.flushed: list[int] = []
        self.closed = False
        self._open = threading.Event()
        self._open.set()
        self._changed = threading.Condition()

    @property
    def envelopes(self) -> list[Envelope]:
        return [each.envelope for each in self.sent]

    def block(self) -> None:
        self._open.clear()

    def let_go(self) -> None:
        self._open.set()

    def send(self, event: Event, body: str) -> None:
        self._note(self.tried, event)
        self._open.wait()
        failure = self.failing(event)
        if failure is not None:
            raise failure
        self.bodies.append(body)
        self._note(self.sent, event)

    def flush(self) -> None:
        failure = self.flushing()
        if failure is not None:
            raise failure
        self._note(self.flushed, len(self.sent))

    def close(self) -> None:
        self.closed = True

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until something is so, which is looked at whenever this sink is used."""
        with self._changed:
            assert self._changed.wait_for(condition, LIMIT_S), (self.tried, self.sent)

    def wait_for_sent(self, count: int) -> list[Envelope]:
        """The events it has taken, once there are so many."""
        self.wait_for(lambda: len(self.sent) >= count)
        return self.envelopes

    def wait_for_tried(self, count: int) -> None:
        self.wait_for(lambda: len(self.tried) >= count)

    def _note(self, things: list[Any], thing: object) -> None:
        with self._changed:
            things.append(thing)
            self._changed.notify_all()


def failing_of(error: Exception, *wanted: str) -> Callable[[Event], Exception | None]:
    """Fails for the events of these models."""

    def failing(event: Event) -> Exception | None:
        return error if event.envelope["detail"]["ModelName"] in wanted else None

    return failing


def models(service: Service, *names: str) -> None:
    for name in names:
        make_model(service, name)


def names(sink: ListedSink) -> list[str]:
    """The models that a sink was told of."""
    return [each["detail"]["ModelName"] for each in sink.envelopes]


def until(condition: Callable[[], object]) -> None:
    """Wait until something is so that no sink is told of."""
    limit = threading.Event()
    timer = threading.Timer(LIMIT_S, limit.set)
    timer.start()
    try:
        while not condition():
            assert not limit.wait(0.002), "it did not come to be"
    finally:
        timer.cancel()
        timer.join()


def rule(name: str, pattern: object = None, attempts: int = 3) -> EventRule:
    """A rule of one target, whose kind does not matter."""
    target = {"id": "it", "file": {"path": "unused"}, "attempts": attempts}
    content: dict[str, Any] = {"name": name, "targets": [target]}
    if pattern is not None:
        content["pattern"] = pattern
    return event_rules({"rules": [content]})[0]


def begin(
    service: Service,
    sink: ListedSink,
    name: str = "listed",
    pattern: object = None,
    attempts: int = 3,
) -> Delivery:
    """Begin to deliver a service's events to a sink: from what happens next on, if it is new."""
    chosen = rule(name, pattern, attempts)
    delivery = Delivery(
        chosen.targets[0],
        chosen.pattern,
        sink,
        read=service.events.log.read,
        store=service._store,
        # One of its own, so that the times of events can be foretold.
        clock=TickingClock(2_000_000_000.0),
    )
    service.events.deliveries.begin([delivery])
    return delivery


def standing(service: Service, name: str = "listed") -> dict[str, Any]:
    """How the delivery to a target stands."""
    return next(
        each for each in service.events.deliveries.shown() if each["Target"] == f"{name}/it"
    )
