"""Histories of a registry at random, and all events of one."""

from collections.abc import Iterator
from contextlib import contextmanager

from conftest import TickingClock
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.eventing import Event

MODEL = ServiceModel.installed()
ALL = 10_000


@contextmanager
def served() -> Iterator[Service]:
    service = create_service(
        Settings(db=":memory:"), model=MODEL, clock=TickingClock(), strict=True
    )
    try:
        yield service
    finally:
        service.close()


def all_events(service: Service, most: int | None = ALL) -> list[Event]:
    """The events of the whole log, read so many records at a time, or as targets read them."""
    events: list[Event] = []
    place = 0
    while True:
        batch = service.events.log.read(place, most)
        events += batch.events
        if batch.last == place:
            return events
        place = batch.last
