"""Endpoints as tests of their moves look at them: statuses, and what was written down."""

from typing import Any

from fictions import configure, create, describe
from sagemock import Service
from sagemock.hosting import Standing
from standing_serving import StandingServing

FIRST, SECOND = (f"123456789012/us-east-1/it/{number}" for number in (1, 2))
READY = Standing("ready")
LIMIT_S = 10


def status(service: Service) -> str:
    return str(describe(service, "it")["EndpointStatus"])


def in_service(service: Service, serving: StandingServing) -> None:
    """An endpoint that has come into service, `next` a configuration to update it to."""
    create(service, "it")
    serving.stand(FIRST, "ready")
    assert status(service) == "InService"
    configure(service, "next")


def notes(service: Service, change: Any) -> list[tuple[str, Any]]:
    """The deployments written down, newest first: configuration and outcome."""
    with service._store.reading("123456789012", "us-east-1") as session:
        found = [each.after for each in session.recorded(change, 100)]
    return [(each["EndpointConfigName"], each.get("Outcome")) for each in found]


def is_due(service: Service) -> bool:
    return bool(service._store.due())


def changes_of_status(service: Service) -> list[tuple[Any, ...]]:
    with service._store._snapshot() as connection:  # type: ignore[attr-defined]
        found = connection.execute(
            "SELECT operation, principal, json_extract(before, '$.EndpointStatus'),"
            " json_extract(after, '$.EndpointStatus') FROM activity"
            " WHERE kind = 'endpoint' AND change = 'changed' ORDER BY id"
        )
        return list(found.fetchall())


def describe_now(service: Service, name: str) -> str:
    """The status as it is stored, without settling anything."""
    with service._store.reading("123456789012", "us-east-1") as session:
        row = session.get("endpoint", name)
    assert row is not None
    return str(row.document["EndpointStatus"])
