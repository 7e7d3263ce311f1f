"""Answers that wait for what their call has begun, with no lock held meanwhile."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from conftest import TickingClock
from endpoint_states import FIRST, LIMIT_S, READY, describe_now, status
from fictions import call, configure, create, describe
from sagemock import Service, Settings, create_app, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.hosting import Standing
from standing_serving import StandingServing, service_on


@pytest.fixture
def serving() -> StandingServing:
    return StandingServing()


@pytest.fixture
def holding(
    serving: StandingServing, model: ServiceModel, clock: TickingClock
) -> Iterator[Service]:
    settings = Settings(db=":memory:", hold_s=LIMIT_S)
    service = service_on(serving, settings, model=model, clock=clock)
    yield service
    service.close()


def test_an_answer_comes_as_soon_as_the_fleet_is_ready(
    holding: Service, serving: StandingServing
) -> None:
    serving.plan = lambda _: READY
    started = time.monotonic()
    assert create(holding, "it")["EndpointStatus"] == "InService"
    assert serving.waited == []
    assert time.monotonic() - started < LIMIT_S / 2


def test_an_answer_comes_as_soon_as_the_fleet_has_failed(
    holding: Service, serving: StandingServing
) -> None:
    serving.plan = lambda _: Standing("failed", "no")
    assert create(holding, "it")["EndpointStatus"] == "Failed"
    assert serving.waited == []


def test_others_write_while_an_answer_is_held(holding: Service, serving: StandingServing) -> None:
    configure(holding, "it")
    request = {"EndpointName": "it", "EndpointConfigName": "it"}
    held = threading.Thread(target=call, args=(holding, "CreateEndpoint"), kwargs=request)
    held.start()
    deadline = time.monotonic() + LIMIT_S
    while not serving.waited:
        assert time.monotonic() < deadline
    # Read, written and settled, all while the other waits.
    configure(holding, "other")
    holding.settle()
    assert status(holding) == "Creating"
    assert held.is_alive()
    serving.stand(FIRST, "ready")
    held.join(LIMIT_S / 2)
    assert not held.is_alive()
    assert status(holding) == "InService"


def test_an_answer_is_held_no_longer_than_its_bound(
    serving: StandingServing, model: ServiceModel
) -> None:
    settings = Settings(db=":memory:", hold_s=0.2)
    with closing(service_on(serving, settings, model=model)) as service:
        configure(service, "it")
        started = time.monotonic()
        call(service, "CreateEndpoint", EndpointName="it", EndpointConfigName="it")
        assert 0.2 <= time.monotonic() - started < LIMIT_S / 2
        assert status(service) == "Creating"


def test_another_endpoint_that_is_under_way_holds_up_nobody(
    holding: Service, serving: StandingServing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "_hold_s", 0)
    create(holding, "it")
    monkeypatch.setattr(holding, "_hold_s", LIMIT_S)
    serving.plan = lambda _: READY
    assert create(holding, "other")["EndpointStatus"] == "InService"
    assert serving.waited == []


def test_what_comes_to_rest_in_the_background_does_so_though_nobody_calls(
    serving: StandingServing, model: ServiceModel
) -> None:
    settings = Settings(db=":memory:", hold_s=0)
    with closing(service_on(serving, settings, model=model)) as service:
        service.keep_settling()
        create(service, "it")
        serving.stand(FIRST, "ready")
        deadline = time.monotonic() + LIMIT_S
        while describe_now(service, "it") != "InService":
            assert time.monotonic() < deadline


def test_an_answer_that_takes_long_holds_up_neither_its_endpoints_end_nor_others(
    model: ServiceModel,
) -> None:
    settings = Settings(db=":memory:", hold_s=0.1)
    with closing(create_service(settings, model=model)) as service:
        client = create_app(service=service).test_client()
        create(service, "it")
        configure(service, "other")
        service.canned.add({"match": {"endpoint": "it"}, "reply": {"body": "late", "delay": 2}})
        path = "/endpoints/it/invocations"
        slow = threading.Thread(target=client.post, args=(path,), kwargs={"data": b"1"})
        slow.start()
        deadline = time.monotonic() + LIMIT_S
        while not service.canned.calls():
            assert time.monotonic() < deadline
        call(service, "DeleteEndpoint", EndpointName="it")
        call(service, "CreateEndpoint", EndpointName="other", EndpointConfigName="other")
        assert slow.is_alive()
        assert describe(service, "other")["EndpointStatus"] == "InService"
        slow.join(LIMIT_S)
