"""Histories of a registry at random, and all events of one."""

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, Phase, settings

from conftest import TickingClock
from fictions import call, create
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.errors import SageMakerError
from sagemock.eventing import Event
from travels import Step, at_rest

MODEL = ServiceModel.installed()
ALL = 10_000

HISTORIES = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


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


def made(service: Service) -> None:
    """Something of everything, so that a history has what to change."""
    create(service, "a")
    call(service, "CreateModelPackageGroup", ModelPackageGroupName="a")
    call(service, "CreateModelPackage", ModelPackageGroupName="a")


def played(service: Service, step: Step) -> None:
    try:
        step(service)
    except SageMakerError as error:
        assert error.status == 400  # noqa: PT017 - a refusal is part of a history
    at_rest(service)
