"""Settling in the background: it goes on by itself, and ends before the store is closed."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from endpoint_states import FIRST, LIMIT_S, describe_now
from fictions import call, configure, create
from sagemock import Service, Settings
from sagemock.api.service_model import ServiceModel
from standing_serving import StandingServing, service_on

A_MOMENT_S = 0.2


class Closing:
    """A service that is being closed, and what was done of its store since it was."""

    def __init__(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        self.service = service
        self.begun = threading.Event()
        self.closed = threading.Event()
        self.closed_meanwhile: list[bool] = []
        self.late: list[str] = []
        store = service._store
        close = store.close

        def close_and_say() -> None:
            self.closed.set()
            close()

        monkeypatch.setattr(store, "close", close_and_say)
        for name in ("reading", "write", "forget_activities"):
            monkeypatch.setattr(store, name, self._told(name, getattr(store, name)))

    def linger(self) -> None:
        """Take a moment; note whether the store was closed in it."""
        self.begun.set()
        self.closed_meanwhile.append(self.closed.wait(A_MOMENT_S))

    def take_s(self) -> float:
        """Close the service, and tell how long that took."""
        began = time.monotonic()
        closing = threading.Thread(target=self.service.close, daemon=True)
        closing.start()
        closing.join(LIMIT_S)
        assert self.closed.is_set()
        return time.monotonic() - began

    def _told(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def do(*arguments: Any) -> Any:
            if self.closed.is_set():
                self.late.append(name)
            return method(*arguments)

        return do


@pytest.fixture
def serving() -> StandingServing:
    return StandingServing()


@pytest.fixture
def closing(
    serving: StandingServing, model: ServiceModel, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Closing]:
    """A service that waits for nothing and forgets activity, looked at while it is closed."""
    threads = set(threading.enumerate())
    settings = Settings(db=":memory:", hold_s=0, activity_days=1)
    closing = Closing(service_on(serving, settings, model=model), monkeypatch)
    yield closing
    assert closing.closed.is_set()
    assert set(threading.enumerate()) == threads
    assert closing.late == []


def until(what: Callable[[], bool]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not what():
        assert time.monotonic() < limit


def test_the_store_is_closed_after_the_step_that_is_being_made(
    closing: Closing, serving: StandingServing, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = closing.service
    create(service, "it")
    settling = service._settling
    look = settling._looks["endpoint"]

    def slow_look(*arguments: Any) -> Any:
        closing.linger()
        return look(*arguments)

    monkeypatch.setattr(settling, "_looks", {"endpoint": slow_look})
    service.keep_settling()
    serving.stand(FIRST, "ready")
    assert closing.begun.wait(LIMIT_S)
    closing.take_s()
    assert closing.closed_meanwhile
    assert not any(closing.closed_meanwhile)


def test_the_store_is_closed_after_the_chore_that_is_being_done(
    closing: Closing, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = closing.service._store
    forget = store.forget_activities

    def forget_slowly(*arguments: Any) -> int:
        closing.linger()
        return forget(*arguments)

    monkeypatch.setattr(store, "forget_activities", forget_slowly)
    closing.service.keep_settling()
    assert closing.begun.wait(LIMIT_S)
    closing.take_s()
    assert closing.closed_meanwhile == [False]


def test_a_stop_wakes_it_where_nothing_is_due_and_it_waits_for_the_next_chore(
    closing: Closing, serving: StandingServing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing.service._store, "forget_activities", lambda *_: closing.begun.set())
    closing.service.keep_settling()
    assert closing.begun.wait(LIMIT_S)
    assert closing.take_s() < 1
    assert serving.waited == []


def test_a_stop_is_seen_though_something_is_due_that_does_not_move(
    closing: Closing, serving: StandingServing
) -> None:
    create(closing.service, "it")
    closing.service.keep_settling()
    until(lambda: bool(serving.waited))
    assert closing.take_s() < 1


def test_what_becomes_due_while_nothing_is_wakes_it(
    closing: Closing, serving: StandingServing, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = closing.service
    monkeypatch.setattr(service._store, "forget_activities", lambda *_: closing.begun.set())
    service.keep_settling()
    assert closing.begun.wait(LIMIT_S)
    # The call itself moves nothing: it is left to whoever settles.
    monkeypatch.setattr(service._settling, "hold", lambda *_: None)
    configure(service, "it")
    call(service, "CreateEndpoint", EndpointName="it", EndpointConfigName="it")
    until(lambda: serving.started_ids() == [FIRST])
    serving.stand(FIRST, "ready")
    until(lambda: describe_now(service, "it") == "InService")
    closing.take_s()
