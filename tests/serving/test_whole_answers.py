"""Answers that have been read to their end: nobody waits until somebody has looked at them."""

from host_doubles import (  # noqa: F401 - fixtures
    ONE,
    SENT,
    DoubledHosts,
    comes_to,
    doubled_hosts,
    running_fleets,
    started,
)

from sagemock.hosting import Answer
from sagemock.serving.fleets import Fleets
from sagemock.serving.host import Whole


def test_a_whole_answer_is_one_chunk() -> None:
    chunks = Whole(b"")
    assert list(chunks) == [b""]
    assert list(chunks) == []


def test_a_stop_does_not_wait_for_whoever_has_a_whole_answer(
    fleets: Fleets, hosts: DoubledHosts
) -> None:
    started(fleets, hosts)
    hosts.of().answers = lambda hostname, _: Answer(200, None, Whole(b"all"), container=hostname)
    answer = fleets.invoke(ONE.id, "AllTraffic", SENT)
    fleets.stop(ONE.id)
    comes_to(fleets, ONE, None)
    assert list(answer.chunks) == [b"all"]
