"""Sixteen callers who create, update, scale, invoke and delete the same few endpoints at once."""

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from hostile.deploy_requests import CONFIGS, VARIANTS, beginning
from hostile.line import Line
from hostile.served import ACCOUNT, Served, plain_call, serving, signed_by, within

_CALLERS = 16
_CALLS = 120
_NAMES = ("s0", "s1", "s2", "s3")
_SIGNED = f"Host: localhost\r\nAuthorization: {signed_by(ACCOUNT)}\r\n"


@dataclass
class Storm:
    """What all callers were answered."""

    served: Served
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def _drawn(draw: random.Random) -> tuple[str, bytes]:
    """A call, and what it is."""
    name = {"EndpointName": draw.choice(_NAMES)}
    config = {"EndpointConfigName": draw.choice(CONFIGS)}
    desired = [{"VariantName": VARIANTS[0], "DesiredWeight": draw.choice([0.0, 0.5])}]
    calls: dict[str, dict[str, Any]] = {
        "CreateEndpoint": {**name, **config},
        "UpdateEndpoint": {**name, **config},
        "UpdateEndpointWeightsAndCapacities": {**name, "DesiredWeightsAndCapacities": desired},
        "DeleteEndpoint": name,
        "DescribeEndpoint": name,
        "ListEndpoints": {},
    }
    paths = {
        "invoke": f"POST /endpoints/{name['EndpointName']}/invocations",
        "stream": f"POST /endpoints/{name['EndpointName']}/invocations-response-stream",
        "deployments": "GET /_sagemock/deployments",
    }
    what = draw.choice([*calls, *paths, "invoke", "invoke"])
    if what in calls:
        return what, plain_call(what, calls[what])
    return what, f"{paths[what]} HTTP/1.1\r\n{_SIGNED}Content-Length: 1\r\n\r\n1".encode()


def _play(storm: Storm, caller: int) -> None:
    draw = random.Random(caller)  # noqa: S311 - it must be repeatable
    with closing(Line(storm.served.address)) as line:
        for _ in range(_CALLS):
            what, sent = _drawn(draw)
            answer = line.exchange(sent)
            if answer is None or answer.status not in (200, 400):
                storm.wrong.append(f"{what}: {answer}")
            else:
                storm.answered[what, answer.status] += 1


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory, tell: Callable[[str], None]) -> Iterator[Storm]:
    with serving(tmp_path_factory.mktemp("storm")) as served:
        served.call("CreateModelPackageGroup", {"ModelPackageGroupName": "g5"})
        for _ in range(5):
            served.call("CreateModelPackage", {"ModelPackageGroupName": "g5"})
        for operation, members in beginning():
            served.call(operation, members)
        storm = Storm(served)
        callers = [threading.Thread(target=_play, args=(storm, each)) for each in range(_CALLERS)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(timeout=60)
        tell(
            f"hostile: {storm.answered.total()} calls of {_CALLERS} callers to {len(_NAMES)} names"
        )
        yield storm


def test_every_call_is_answered_or_refused_in_order(storm: Storm) -> None:
    assert not storm.wrong, storm.wrong[:5]
    assert storm.answered.total() == _CALLERS * _CALLS


def test_the_calls_come_to_both_outcomes(storm: Storm) -> None:
    for what in ("CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint", "invoke", "stream"):
        assert storm.answered[what, 200]
        assert storm.answered[what, 400]


def test_every_endpoint_comes_to_rest_and_what_runs_is_what_is_shown(storm: Storm) -> None:
    def endpoints() -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = storm.served.call("ListEndpoints", {"MaxResults": 100})[
            "Endpoints"
        ]
        return listed

    assert within(10, lambda: {each["EndpointStatus"] for each in endpoints()} <= {"InService"})
    shown = json.loads(storm.served.send("GET", "/_sagemock/deployments").body)["deployments"]
    running = Counter(each["EndpointArn"] for each in shown if "EndTime" not in each)
    assert running == {each["EndpointArn"]: len(VARIANTS) for each in endpoints()}


def test_nothing_in_the_log_tells_of_a_failure(storm: Storm) -> None:
    assert storm.served.tracebacks() == ""
    assert not storm.served.odd_log_lines()


def test_the_server_is_well_and_at_rest_afterwards(storm: Storm) -> None:
    assert storm.served.is_well()
    assert storm.served.comes_to_rest()
