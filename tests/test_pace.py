"""The pace of deliveries beside callers."""

import time
from itertools import count

from sagemock.pace import RESTS, Pace

WORK_S = 0.005


def test_work_beside_commits_is_followed_by_a_longer_rest() -> None:
    pace = Pace(count().__next__)
    work()
    assert WORK_S * RESTS <= pace.rest_s() <= 0.1


def test_there_is_no_rest_while_nothing_is_committed() -> None:
    pace = Pace(lambda: 7)
    work()
    assert pace.rest_s() == 0


def test_waiting_is_no_work() -> None:
    pace = Pace(count().__next__)
    pace.rest_s()
    asleep = time.monotonic() + WORK_S
    while time.monotonic() < asleep:
        time.sleep(WORK_S)
    assert pace.rest_s() < WORK_S * RESTS


def work() -> None:
    """Use up so much of the processor."""
    until = time.thread_time() + WORK_S
    while time.thread_time() < until:
        pass
