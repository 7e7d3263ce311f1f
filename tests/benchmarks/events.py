"""E1 and E2: what events cost those who register, and how soon a webhook has them.

E1 is taken with one target of all events against none. E2 is taken of a backlog, which comes about
while the receiver does not answer, against a plain loop that posts the same bodies, ready-made,
over one connection.
"""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import peers
from contenders import Contender, Taken, WrongAnswerError, contender, race
from figures import Figure, at_least, compared
from run import Run
from throughput import rate_figure, wait_for
from wire_client import Client

GROUP = "announced"
BURST = 400
"""So many registrations at once; few enough that a webhook's 5 seconds do not run out."""

_DURABILITIES = ("normal", "full")


class Announced:
    """A registry with a webhook for all of its events, and the receiver of these.

    A group is no event, a registration is one.
    """

    def __init__(self, registry: Contender, receiver: peers.Peer, client: Client) -> None:
        self.registry = registry
        self.receiver = receiver
        self._client = client
        self._posted = 0

    def register(self, calls: int) -> Taken:
        """Register versions over all connections at once."""
        return self.registry.register(GROUP, calls)

    def wait(self) -> float:
        """Seconds until the receiver has an event of every registration."""
        count = len(self.registry.registered[GROUP]) + self._posted
        return self._ask(f"{count}")

    def deliver(self, calls: int) -> float:
        """Events a second, of a backlog of so many."""
        self._ask("hold")
        self.register(calls)
        released_s = self._ask("go")
        return calls / (released_s + self.wait())

    def post(self, bodies: list[bytes]) -> float:
        """Posts a second, of these bodies in a plain loop."""
        connection = http.client.HTTPConnection(*self.receiver.address)
        headers = {"Content-Type": "application/json", "User-Agent": "benchmark"}
        before = time.perf_counter()
        for body in bodies:
            connection.request("POST", "/", body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.HTTPStatus.NO_CONTENT:
                raise WrongAnswerError(f"the receiver answered {answer.status}")
        seconds = time.perf_counter() - before
        connection.close()
        self._posted += len(bodies)
        return len(bodies) / seconds

    def bodies(self, calls: int) -> list[bytes]:
        """The first events, as they are posted."""
        with Client(self.registry.peer.address) as client:
            answer = client.call(request(f"/_sagemock/events?limit={calls}"))
        events = json.loads(answer.body)["Events"]
        if len(events) != calls:
            raise WrongAnswerError(f"{len(events)} events of {calls} registrations")
        return [json.dumps(event).encode() for event in events]

    def _ask(self, what: str) -> float:
        """Seconds until the receiver has done what it is asked for."""
        (answer,), seconds = self._client.one_by_one([request(f"/{what}")])
        if answer.status != http.HTTPStatus.OK:
            raise WrongAnswerError(f"the receiver answered {answer}")
        return seconds


@dataclass(frozen=True)
class Backlogs:
    """What was taken in each round: rates a second, and how long a burst and its rest took."""

    delivered: list[float]
    posted: list[float]
    bursts: list[Taken]
    rests_s: list[float]


def events_figures(run: Run) -> list[Figure]:
    """E1 in both durabilities, then E2."""
    figures = [_registrations(run, durability) for durability in _DURABILITIES]
    return [*figures, *_deliveries(run)]


def _registrations(run: Run, durability: str) -> Figure:
    run.say(f"E1: registrations with a webhook, {durability.upper()}")
    with announced(run, durability) as ours, _silent(run, durability) as silent:

        def register(each: Contender, calls: int) -> Taken:
            taken = each.register(GROUP, calls)
            if each is ours.registry:
                # What is left of its events would cost the other's turn.
                ours.wait()
            return taken

        with_events, without = race(
            [ours.registry, silent],
            register,
            rounds=run.amount.rounds,
            slice_s=run.amount.slice_s,
        )
        for each in (ours.registry, silent):
            each.check_numbers(GROUP)
    what = f"create, 8 connections, {durability.upper()}, with a webhook, against none"
    return rate_figure("E1", what, with_events, without, at_least(0.8))


def _deliveries(run: Run) -> Iterator[Figure]:
    run.say(f"E2: deliveries of {BURST} events")
    with announced(run, "normal") as ours:
        backlogs = _backlogs(run, ours)
    mine, plain, ratio = compared(backlogs.delivered, backlogs.posted)
    what = f"events a second to a webhook, backlog of {BURST}, against a plain loop that posts them"
    yield Figure("E2", what, mine, plain, "/s", ratio)
    rest, burst, ratio = compared(backlogs.rests_s, [each.seconds for each in backlogs.bursts])
    what = f"from the end of a burst of {BURST} until all are delivered, against the burst"
    per_s = median(each.per_s for each in backlogs.bursts)
    note = f"the burst: {per_s:,.0f} registrations a second"
    yield Figure("E2", what, rest, burst, "s", ratio, note=note)


def _backlogs(run: Run, ours: Announced) -> Backlogs:
    """All three in turn, so often."""
    ours.register(BURST)
    ours.wait()
    bodies = ours.bodies(BURST)
    taken = Backlogs([], [], [], [])
    for _ in range(run.amount.bursts):
        taken.delivered.append(ours.deliver(BURST))
        taken.posted.append(ours.post(bodies))
        taken.bursts.append(ours.register(BURST))
        taken.rests_s.append(ours.wait())
    return taken


@contextmanager
def announced(run: Run, durability: str) -> Iterator[Announced]:
    """A new registry with its receiver."""
    with peers.receiver(run.folder) as receiver, Client(receiver.address) as client:
        receiver.first_answer_s(request("/0"))
        sink = f"webhook={receiver.url}/"
        with (
            peers.sagemock(run.folder, durability, options=["--sink", sink]) as peer,
            _ready(run, peer) as registry,
        ):
            yield Announced(registry, receiver, client)


@contextmanager
def _silent(run: Run, durability: str) -> Iterator[Contender]:
    """A new registry that sends no events."""
    with peers.sagemock(run.folder, durability) as peer, _ready(run, peer) as registry:
        yield registry


@contextmanager
def _ready(run: Run, peer: peers.Peer) -> Iterator[Contender]:
    wait_for(run, [peer])
    with contender(peer, run.prebuilt) as registry:
        registry.create_group(GROUP)
        yield registry


def request(path: str) -> bytes:
    """A request for a path, as bytes."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
