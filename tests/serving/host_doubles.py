"""Hosts that start, answer and stop as a test says, and what makes them."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hosted import fleet

from sagemock.hosting import Answer, Container, Fleet, Invocation, Variant
from sagemock.serving.fleets import Fleets
from sagemock.serving.host import HostFailed

LIMIT_S = 10
ONE = fleet()
SENT = Invocation(b"sent", content_type="text/csv", accept="text/plain")


def echo(hostname: str, invocation: Invocation) -> Answer:
    """What it was sent, with the host's name before it."""
    sent = f"{hostname}<{invocation.body.decode()}>".encode()
    return Answer(200, f"text/{hostname}", iter((sent,)), container=hostname)


class DoubledHost:
    """Starts when it is let, unless it is stopped; `fails` is what its start raises."""

    backend = "process"
    why = ""

    def __init__(self, hostname: str) -> None:
        self.hostname = hostname
        self.may_start = threading.Event()
        self.fails: Exception | None = None
        self.starting = threading.Event()
        self.stops = 0
        self.asked: list[Invocation] = []
        self.answers: Callable[[str, Invocation], Answer] = echo

    def start(self) -> None:
        self.starting.set()
        assert self.may_start.wait(LIMIT_S)
        if self.fails is not None:
            raise self.fails
        if self.stops:
            raise HostFailed("It was stopped.")

    def invoke(self, invocation: Invocation) -> Answer:
        self.asked.append(invocation)
        return self.answers(self.hostname, invocation)

    def log_tail(self) -> str:
        return f"the log of {self.hostname}"

    def stop(self) -> None:
        self.stops += 1
        self.may_start.set()


class DoubledHosts:
    """Makes one host for each container, by `variant/hostname`; `canned` are there at once."""

    def __init__(self) -> None:
        self.canned: set[str] = set()
        self.refused: dict[str, Exception] = {}
        self.prepared = threading.Event()
        self.may_prepare = threading.Event()
        self.may_prepare.set()
        self.asked_for: list[tuple[str, str, Path | None]] = []
        self._made: dict[str, DoubledHost] = {}

    def of(self, hostname: str = "primary", variant: str = "AllTraffic") -> DoubledHost:
        """A container's host, also before it is asked for."""
        return self._made.setdefault(f"{variant}/{hostname}", DoubledHost(hostname))

    def let_all_start(self) -> None:
        for host in self._made.values():
            host.may_start.set()

    def canned_at_once(
        self, fleet: Fleet, variant: Variant, container: Container
    ) -> DoubledHost | None:
        self.asked_for.append((fleet.id, container.hostname, None))
        if f"{variant.name}/{container.hostname}" not in self.canned:
            return None
        host = self.of(container.hostname, variant.name)
        host.backend = "canned"
        return host

    def ruled(self, *_: object) -> None:
        """No rule has anything to say here."""

    def host(self, fleet: Fleet, variant: Variant, container: Container, root: Path) -> DoubledHost:
        self.asked_for.append((fleet.id, container.hostname, root))
        self.prepared.set()
        assert self.may_prepare.wait(LIMIT_S)
        failure = self.refused.get(f"{variant.name}/{container.hostname}")
        if failure is not None:
            raise failure
        at_once = self.canned_at_once(fleet, variant, container)
        return at_once or self.of(container.hostname, variant.name)


def comes_to(fleets: Fleets, fleet: Fleet, state: str | None) -> None:
    """Wait until a fleet stands so, or is gone for None."""
    for _ in range(100):
        seen = fleets.changes()
        standing = fleets.observe(fleet.id)
        if (standing.state if standing else None) == state:
            return
        fleets.wait_for_change(seen, LIMIT_S)
    message = f"{standing} did not come to be {state}"
    raise AssertionError(message)


def waiting_answer(latch: threading.Event) -> Callable[[str, Invocation], Answer]:
    """Answers of which the second piece comes when it is let."""

    def pieces() -> Iterator[bytes]:
        yield b"one"
        assert latch.wait(LIMIT_S)
        yield b"two"

    return lambda hostname, _: Answer(200, None, pieces(), container=hostname)


@pytest.fixture(name="hosts")
def doubled_hosts() -> DoubledHosts:
    return DoubledHosts()


@pytest.fixture(name="fleets")
def running_fleets(hosts: DoubledHosts, tmp_path: Path) -> Iterator[Fleets]:
    """Fleets of these hosts; all are let start and stopped with the test."""
    fleets = Fleets(hosts, tmp_path / "serving")  # type: ignore[arg-type]  # doubles
    yield fleets
    hosts.may_prepare.set()
    hosts.let_all_start()
    fleets.close()


def started(fleets: Fleets, hosts: DoubledHosts, of: Fleet = ONE) -> Fleet:
    for each in of.variants:
        for one in each.containers:
            hosts.of(one.hostname, each.name).may_start.set()
    fleets.start(of)
    comes_to(fleets, of, "ready")
    return of


def ask(fleets: Fleets, of: Fleet = ONE, name: str = "AllTraffic") -> str:
    return b"".join(fleets.invoke(of.id, name, SENT).chunks).decode()


def state(fleets: Fleets, of: Fleet = ONE) -> str | None:
    standing = fleets.observe(of.id)
    return standing.state if standing else None
