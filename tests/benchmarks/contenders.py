"""A server under measurement: what it is asked, what each answer costs, and whether it is right.

Every answer is looked at, outside the time that is measured. A wrong one ends the benchmark: the
speed of wrong answers is of no interest.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from peers import Peer
from prebuilt import Prebuilt, version_arn
from wire_client import Answer, Client

CONNECTIONS = 8
PAGE = 100
_WARM_UP_CALLS = 24
_FEWEST_CALLS = 8
_MOST_CALLS = 4000


class WrongAnswerError(Exception):
    """A server answered something that is not so."""


@dataclass(frozen=True)
class Taken:
    """What a series of calls took: the clock's seconds, and the server's CPU seconds."""

    calls: int
    seconds: float
    cpu_s: float

    @property
    def per_s(self) -> float:
        return self.calls / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU microseconds a call."""
        return self.cpu_s / self.calls * 1e6


class Contender:
    """One server, with connections kept open to it, and the versions it says it has.

    `failures` counts the registrations that moto answered with 500, as it does to some of several
    at once when it holds many. They count as served: moto's rate is its best case. From any other
    server a failure is a wrong answer.
    """

    def __init__(self, peer: Peer, prebuilt: Prebuilt, client: Client) -> None:
        self.peer = peer
        self.prebuilt = prebuilt
        self.registered: dict[str, list[int]] = {}
        self.failures = 0
        self._client = client
        self._sent: dict[str, int] = {}

    @property
    def is_registry(self) -> bool:
        """Whether its answers have to be right; the floor's are constant."""
        return self.peer.name != "floor"

    def ask(self, operation: str, **members: Any) -> Any:
        """The answer to one call, as AWS's members; nothing is measured."""
        return parsed(self._client.call(self.prebuilt.request(operation, members)))

    def create_group(self, group: str) -> None:
        """Make a group, empty."""
        self.ask("CreateModelPackageGroup", ModelPackageGroupName=group)
        self.registered[group] = []

    def register(self, group: str, calls: int, *, alone: bool = False) -> Taken:
        """Register versions, one by one or over all connections at once."""
        first = self._sent.get(group, 0)
        requests = self.prebuilt.registrations(group, first, calls)
        self._sent[group] = first + calls
        answers, taken = self.take(requests, alone=alone)
        if self.peer.name == "moto":
            served = [answer for answer in answers if answer.status != 500]
            self.failures += len(answers) - len(served)
            answers = served
        if group in self.registered:
            self.registered[group] += registered_numbers(answers, group)
        return taken

    def take(self, requests: Sequence[bytes], *, alone: bool) -> tuple[list[Answer], Taken]:
        """The answers to these requests, and what they took."""
        send = self._client.one_by_one if alone else self._client.all_at_once
        cpu_before = self.peer.cpu_s()
        answers, seconds = send(requests)
        cpu = self.peer.cpu_s() - cpu_before
        return answers, Taken(len(requests), seconds, cpu)

    def check_numbers(self, group: str) -> None:
        """See that the versions listed are those acknowledged, and the numbers 1, 2, 3, ... .

        Errors: WrongAnswerError.
        """
        listed = list(self.listed_numbers(group))
        acknowledged = sorted(self.registered[group])
        if not listed == acknowledged == list(range(1, len(listed) + 1)):
            raise WrongAnswerError(
                f"{self.peer.name}: {len(acknowledged)} versions of {group} acknowledged, "
                f"{len(listed)} listed, {len(set(listed))} of them different"
            )

    def listed_numbers(self, group: str) -> Iterator[int]:
        """The version numbers of a group, page by page, oldest first."""
        token: dict[str, str] = {}
        while True:
            page = self.ask(
                "ListModelPackages",
                ModelPackageGroupName=group,
                MaxResults=PAGE,
                SortBy="CreationTime",
                SortOrder="Ascending",
                **token,
            )
            versions = page["ModelPackageSummaryList"]
            yield from (version["ModelPackageVersion"] for version in versions)
            if "NextToken" not in page:
                return
            if len(versions) != PAGE:
                raise WrongAnswerError(f"{self.peer.name}: a page of {len(versions)} and a token")
            token = {"NextToken": page["NextToken"]}


@contextmanager
def contender(
    peer: Peer, prebuilt: Prebuilt, *, connections: int = CONNECTIONS
) -> Iterator[Contender]:
    """A server with open connections to it, closed at the end."""
    with Client(peer.address, connections) as client:
        yield Contender(peer, prebuilt, client)


def in_turn(acts: Sequence[Callable[[], float]], *, rounds: int, calls: int) -> list[list[float]]:
    """The medians of what each act returns, for every round, of so many calls.

    The acts alternate call by call: what disturbs the machine for a moment disturbs all of them.
    """
    for act in acts:
        act()
    medians: list[list[float]] = [[] for _ in acts]
    for _ in range(rounds):
        values: list[list[float]] = [[] for _ in acts]
        for call in range(calls):
            for place in range(len(acts)):
                index = (call + place) % len(acts)
                values[index].append(acts[index]())
        for taken, value in zip(medians, values, strict=True):
            taken.append(median(value))
    return medians


def race(
    contenders: Sequence[Contender],
    act: Callable[[Contender, int], Taken],
    *,
    rounds: int,
    slice_s: float,
) -> list[list[Taken]]:
    """What every contender took in each round; they take turns, each as long as the others.

    The turn to be first goes round as well.
    """
    calls = []
    for each in contenders:
        warm_up = act(each, _WARM_UP_CALLS)
        calls.append(min(_MOST_CALLS, max(_FEWEST_CALLS, round(warm_up.per_s * slice_s))))
    taken: list[list[Taken]] = [[] for _ in contenders]
    for turn in range(rounds):
        for place in range(len(contenders)):
            index = (turn + place) % len(contenders)
            taken[index].append(act(contenders[index], calls[index]))
    return taken


def parsed(answer: Answer) -> Any:
    """The body of an answer. Errors: WrongAnswerError, it is no success."""
    if answer.status != 200:
        raise WrongAnswerError(f"status {answer.status}: {answer.body[:300]!r}")
    return json.loads(answer.body)


def registered_numbers(answers: Sequence[Answer], group: str) -> list[int]:
    """The numbers of the versions these answers say were registered in a group.

    Errors: WrongAnswerError, one is no success, or not of this group.
    """
    prefix = version_arn(group, 0).removesuffix("0")
    numbers = []
    for answer in answers:
        arn = parsed(answer)["ModelPackageArn"]
        if not arn.startswith(prefix):
            raise WrongAnswerError(f"registered in {group}, answered {arn}")
        numbers.append(int(arn.removeprefix(prefix)))
    return numbers
