"""The parts of the benchmark that measure nothing: figures, goals, the table, the bodies.

And that what is measured of events is what it is taken for.
"""

import json
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import peers
import pytest
from events import announced, request
from figures import Figure, as_json, at_least, at_most, compared, table, worst
from growth_bodies import Bodies
from prebuilt import Prebuilt
from run import Run
from webhook_receiver import DONE, TAKEN
from wire_client import Client

POST = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n"
_LIMIT_S = 30


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[peers.Peer]:
    """A receiver that is ready."""
    with peers.receiver(tmp_path) as receiver:
        receiver.first_answer_s(request("/0"))
        yield receiver


def test_a_ratio_is_taken_round_by_round() -> None:
    # The third round was three times slower for both.
    assert compared([10, 20, 90], [10, 10, 30]) == (20, 10, 2)


@pytest.mark.parametrize(
    ("figure", "result"),
    [
        (Figure("P1", "rate", 50, 2, "/s", 25, at_least(25)), "met"),
        (Figure("P1", "rate", 48, 2, "/s", 24, at_least(25)), "not met"),
        (Figure("P2", "latency", 11, 10, "us", 1.1, at_most(1.1)), "met"),
        (Figure("P2", "latency", 12, 10, "us", 1.2, at_most(1.1)), "not met"),
        (Figure("P10", "gaps", 0.0, goal=at_most(0)), "met"),
        (Figure("P10", "gaps", 1.0, goal=at_most(0)), "not met"),
        (Figure("P4", "growth", note="with --growth"), "not taken"),
        (Figure("-", "rate", 50, 2, "/s", 25), ""),
    ],
)
def test_a_goal_is_met_up_to_its_bound(figure: Figure, result: str) -> None:
    assert figure.result == result


def test_the_table_has_a_line_for_each_figure_and_columns_of_one_width() -> None:
    figures = [
        Figure("P1", "create", 1234.5, 56.7, "/s", 21.77, at_least(25), "CPU"),
        Figure("P10", "gaps", 0.0, goal=at_most(0)),
    ]
    assert table(figures) == (
        "| goal of | what   |     ours |     peer | ratio |   aim | result  | note |\n"
        "| ------- | ------ | -------: | -------: | ----: | ----: | ------- | ---- |\n"
        "| P1      | create | 1,234 /s | 56.70 /s | 21.77 | >= 25 | not met | CPU  |\n"
        "| P10     | gaps   |        0 |          |       |  <= 0 | met     |      |"
    )


def test_the_json_has_each_figure_with_its_result() -> None:
    (figure,) = as_json([Figure("P1", "create", 1234.56, 56.7, "/s", 21.7734, at_least(25))])
    assert figure == {
        "id": "P1",
        "what": "create",
        "ours": 1235,
        "peer": 56.7,
        "unit": "/s",
        "ratio": 21.77,
        "goal": ">= 25",
        "note": "",
        "result": "not met",
        "detail": False,
    }


def test_the_worst_of_many_stands_for_all_of_them() -> None:
    near = Figure("P4", "by name", 10, 10, "us", 1.0, at_most(1.1), "5 rows")
    far = Figure("P4", "by time", 20, 10, "us", 2.0, at_most(1.1), "9 rows")
    summary, *details = worst("all", [near, far])
    assert (summary.what, summary.ratio, summary.result) == ("all", 2.0, "not met")
    assert summary.note == "the worst of 2: by time, 9 rows"
    assert [detail.what for detail in details if detail.detail] == ["by name", "by time"]


def test_the_same_seed_makes_the_same_bodies() -> None:
    one, other = Bodies(4), Bodies(4)
    for _ in range(20):
        assert one.version("g", "Approved") == other.version("g", "Approved")


def test_bodies_have_half_a_kilobyte_to_six() -> None:
    bodies = Bodies(4)
    sizes = [len(json.dumps(bodies.version("g" * 20, "Approved"))) for _ in range(300)]
    assert min(sizes) > 400
    assert max(sizes) > 4000
    assert max(sizes) < 6200


def test_a_receiver_says_when_it_has_taken_so_many(receiver: peers.Peer) -> None:
    with connected(receiver) as asker, connected(receiver) as sender:
        asker.sendall(request("/2"))
        posted(sender)
        # It has answered another by now, so it would have answered this one.
        asked(receiver, "/1")
        assert not is_answered(asker)
        posted(sender)
        assert asker.recv(1000) == DONE


def test_a_receiver_takes_nothing_from_hold_until_go(receiver: peers.Peer) -> None:
    with connected(receiver) as sender:
        asked(receiver, "/hold")
        sender.sendall(POST + b"{}")
        asked(receiver, "/0")
        assert not is_answered(sender)
        asked(receiver, "/go")
        assert sender.recv(1000) == TAKEN
        asked(receiver, "/1")


def test_an_event_of_each_registration_is_waited_for(tmp_path: Path) -> None:
    with announced(Run(tmp_path, Prebuilt(), quick=True), "normal") as ours:
        ours.register(3)
        assert 0 < ours.wait() < _LIMIT_S
        bodies = [json.loads(body) for body in ours.bodies(3)]
        assert [body["detail"]["ModelPackageVersion"] for body in bodies] == [1, 2, 3]
        assert ours.post([b"{}", b"{}"]) > 0
        assert ours.deliver(4) > 0
        with connected(ours.receiver) as asker:
            asker.sendall(request("/10"))
            asked(ours.receiver, "/9")
            assert not is_answered(asker)


def connected(receiver: peers.Peer) -> socket.socket:
    """A connection to a receiver."""
    return socket.create_connection(receiver.address, timeout=_LIMIT_S)


def posted(sender: socket.socket) -> None:
    """Post something, in two pieces as http.client does, and have it taken."""
    sender.sendall(POST)
    sender.sendall(b"{}")
    assert sender.recv(1000) == TAKEN


def asked(receiver: peers.Peer, path: str) -> None:
    """Ask a receiver, and have its answer."""
    with Client(receiver.address) as client:
        assert client.call(request(path)).status == 200


def is_answered(connection: socket.socket) -> bool:
    """Whether there is something to read."""
    return bool(select.select([connection], [], [], 0)[0])
