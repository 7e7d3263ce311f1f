"""The clock: how it is turned, and what it shows then."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from sagemock.clock import ClockError, TurnableClock
from sagemock.time_text import LAST_MS, NoTimeError

REAL = 1_700_000_000.25
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOON_S = NOON.timestamp()
DAY_S = 86400.0


class SetClock:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.time = REAL

    def now(self) -> float:
        return self.time


@pytest.fixture
def real() -> SetClock:
    return SetClock()


@pytest.fixture
def turnable(real: SetClock) -> TurnableClock:
    return TurnableClock(real)


def test_it_shows_the_real_time_until_it_is_turned(real: SetClock, turnable: TurnableClock) -> None:
    assert turnable.now() == REAL
    real.time += 0.000_1
    assert turnable.now() == REAL + 0.000_1
    assert turnable.state() == {
        "time": "2023-11-14T22:13:20.250Z",
        "epoch_s": REAL,
        "frozen": False,
        "offset_s": 0.0,
        "real_time": "2023-11-14T22:13:20.250Z",
    }


def test_frozen_it_stands_still_and_can_be_moved_both_ways(
    real: SetClock, turnable: TurnableClock
) -> None:
    assert turnable.freeze() == REAL
    real.time += 100
    assert turnable.now() == REAL
    assert turnable.advance("2h") == REAL + 7200
    assert turnable.back("1d") == REAL + 7200 - DAY_S
    assert turnable.advance(-1) == REAL + 7199 - DAY_S
    real.time += 100
    assert turnable.now() == REAL + 7199 - DAY_S


def test_running_it_goes_on_from_where_it_was_moved(
    real: SetClock, turnable: TurnableClock
) -> None:
    turnable.advance("1d")
    real.time += 10
    assert turnable.now() == REAL + DAY_S + 10
    turnable.back("2d")
    real.time += 10
    assert turnable.now() == REAL - DAY_S + 20


def test_an_offset_is_from_the_real_time_and_has_it_run(
    real: SetClock, turnable: TurnableClock
) -> None:
    turnable.freeze(NOON)
    turnable.advance("1d")
    assert turnable.offset("-30d") == REAL - 30 * DAY_S
    assert turnable.offset("1h") == REAL + 3600
    real.time += 5
    assert turnable.now() == REAL + 3605
    assert turnable.offset(0) == REAL + 5


def test_it_runs_on_from_where_it_stood(real: SetClock, turnable: TurnableClock) -> None:
    turnable.freeze(NOON)
    real.time += 50
    assert turnable.resume() == NOON_S
    real.time += 5
    assert turnable.now() == NOON_S + 5
    assert turnable.resume() == NOON_S + 5


@pytest.mark.parametrize("at", [None, NOON])
def test_reset_it_is_as_at_the_start(at: datetime | None, real: SetClock) -> None:
    turnable = TurnableClock(real, at)
    at_first = turnable.state()
    turnable.offset("3d")
    turnable.freeze()
    turnable.reset()
    assert turnable.state() == at_first


@pytest.mark.parametrize(
    "at",
    [
        NOON,
        NOON.replace(tzinfo=None),
        NOON.astimezone(timezone(timedelta(hours=5))),
        NOON_S,
        int(NOON_S),
        str(int(NOON_S)),
        "2026-01-31T12:00:00Z",
        " 2026-01-31 12:00 ",
        "2026-01-31T13:00:00+01:00",
    ],
    ids=repr,
)
def test_a_time_is_given_in_any_way(at: Any, turnable: TurnableClock) -> None:
    turnable.freeze(at)
    assert turnable.time() == NOON
    assert turnable.time().tzinfo is UTC


def test_a_date_is_the_beginning_of_its_day(turnable: TurnableClock) -> None:
    turnable.freeze(NOON.date())
    assert turnable.time() == NOON.replace(hour=0)


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("90s", 90.0),
        ("15m", 900.0),
        ("2h", 7200.0),
        ("7d", 7 * DAY_S),
        ("1w", 7 * DAY_S),
        ("1d2h3m4.5s", DAY_S + 7384.5),
        ("250ms", 0.25),
        ("1.5h", 5400.0),
        ("90", 90.0),
        (" +90 ", 90.0),
        ("-1h30m", -5400.0),
        (90, 90.0),
        (-0.5, -0.5),
        (timedelta(days=1, milliseconds=1), DAY_S + 0.001),
    ],
    ids=repr,
)
def test_a_duration_is_given_in_any_way(
    duration: Any, seconds: float, turnable: TurnableClock
) -> None:
    turnable.freeze(NOON)
    assert turnable.advance(duration) == pytest.approx(NOON_S + seconds, abs=1e-6)
    assert turnable.back(duration) == NOON_S


@pytest.mark.parametrize(
    "duration",
    [
        *("", "soon", "2 hours", "1h30", "h", "--1h", "1h-30m", "1e3", "inf", "٣s", "9" * 16),
        *("1,5h", None, True, [], {}, float("nan"), float("inf")),
    ],
    ids=repr,
)
def test_what_is_no_duration_is_refused_and_changes_nothing(
    duration: Any, turnable: TurnableClock
) -> None:
    turnable.freeze(NOON)
    for turn in (turnable.advance, turnable.back, turnable.offset):
        with pytest.raises(NoTimeError) as refusal:
            turn(duration)
        assert str(refusal.value) == (
            "A duration is written like 90s, 15m, 2h, 7d or -1h30m, or as seconds, "
            f"not '{duration}'."
        )
    assert turnable.time() == NOON


@pytest.mark.parametrize(
    "at", ["", "noon", "1969-12-31", -1, 253402300800, True, [], float("nan")], ids=str
)
def test_what_is_no_time_is_refused_and_changes_nothing(at: Any, turnable: TurnableClock) -> None:
    with pytest.raises(NoTimeError, match=r"^A time is written like .* not '.*'\.$"):
        turnable.freeze(at)
    assert turnable.now() == REAL


@pytest.mark.parametrize(
    "by", [-REAL - 1, "-20000d", "400000w500000d", 10**400], ids=["a second", "days", "both", "far"]
)
def test_it_is_not_turned_beyond_the_calendar(by: Any, turnable: TurnableClock) -> None:
    with pytest.raises(ClockError) as refusal:
        turnable.advance(by)
    assert str(refusal.value) == (
        "The clock shows times from 1970 to 9999; turn it less far, or freeze it at one of them."
    )
    assert turnable.now() == REAL


def test_one_that_runs_near_to_the_end_of_the_calendar_stops_there(
    real: SetClock, turnable: TurnableClock
) -> None:
    turnable.freeze("9999-12-31T23:59:59Z")
    turnable.resume()
    real.time += 1000
    assert turnable.now() == LAST_MS / 1000
    assert turnable.state()["time"] == "9999-12-31T23:59:59.999Z"
    turnable.freeze(0)
    turnable.resume()
    real.time -= 10_000
    assert turnable.now() == 0


def test_threads_that_turn_it_at_once_lose_no_turn(turnable: TurnableClock) -> None:
    turnable.freeze(NOON)

    def turn() -> None:
        for _ in range(500):
            turnable.advance(2)
            turnable.back(1)

    threads = [threading.Thread(target=turn) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert turnable.now() == NOON_S + 2000
