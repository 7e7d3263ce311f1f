"""The clock: how it is turned, and that what a service tells follows it."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from conftest import TickingClock
from fictions import ANN, ARN, VARIANT, Members, call, create, describe
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.clock import ClockError, TurnableClock
from sagemock.ports import ActivityQuery
from sagemock.settings import SettingsError
from sagemock.time_text import LAST_MS, NoTimeError
from standing_serving import StandingServing, service_on

REAL = 1_700_000_000.25
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOON_S = NOON.timestamp()
DAY_S = 86400.0
GROUP = "ModelPackageGroupName"


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


@pytest.fixture
def frozen(model: ServiceModel) -> Iterator[Service]:
    """A service whose clock stands still at noon."""
    settings = Settings(db=":memory:", freeze="2026-01-31T12:00:00Z", hold_s=5)
    service = create_service(settings, model=model, strict=True)
    yield service
    service.close()


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


def test_every_time_of_a_resource_and_its_records_follows(frozen: Service) -> None:
    call(frozen, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    call(frozen, "CreateModelPackage", ModelPackageGroupName="churn")
    frozen.clock.advance("1d")
    version = f"{ARN}model-package/churn/1"
    call(frozen, "UpdateModelPackage", ModelPackageArn=version, ModelApprovalStatus="Approved")
    described = call(frozen, "DescribeModelPackage", ModelPackageName=version)
    assert described["CreationTime"] == NOON_S
    assert described["LastModifiedTime"] == NOON_S + DAY_S
    records = frozen.activity_log.page(ActivityQuery(limit=10), None)
    times = [each["Time"] for each in records["Activity"]]
    assert times == [NOON_S + DAY_S, NOON_S, NOON_S]
    assert [each["time"] for each in frozen.events()["Events"]] == [
        "2026-01-31T12:00:00Z",
        "2026-02-01T12:00:00Z",
    ]


def test_what_was_is_asked_for_by_the_times_that_were_shown(frozen: Service) -> None:
    call(frozen, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    arn = f"{ARN}model-package-group/churn"
    frozen.clock.advance("1d")
    call(frozen, "AddTags", ResourceArn=arn, Tags=[{"Key": "team", "Value": "risk"}])
    call(frozen, "DeleteModelPackageGroup", ModelPackageGroupName="churn")
    then = frozen.show(arn, round(NOON_S * 1000) + 1)
    assert then["CreationTime"] == NOON_S


def test_a_resource_is_never_modified_before_it_was(frozen: Service) -> None:
    call(frozen, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    call(frozen, "CreateModelPackage", ModelPackageGroupName="churn")
    version = f"{ARN}model-package/churn/1"
    for by, modified in (("1d", DAY_S), ("-3d", DAY_S), ("4d", 2 * DAY_S)):
        frozen.clock.advance(by)
        call(
            frozen,
            "UpdateModelPackage",
            ModelPackageArn=version,
            ApprovalDescription=f"after {by}",
        )
        described = call(frozen, "DescribeModelPackage", ModelPackageName=version)
        assert described["LastModifiedTime"] == NOON_S + modified


def listed(service: Service, **asked: Any) -> list[str]:
    """The names in a list of groups, over pages of two, the clock turned back before each."""
    names: list[str] = []
    while True:
        page = call(service, "ListModelPackageGroups", MaxResults=2, **asked)
        names += [each[GROUP] for each in page["ModelPackageGroupSummaryList"]]
        if "NextToken" not in page:
            return names
        service.clock.back("1d")
        asked["NextToken"] = page["NextToken"]


def test_lists_are_by_time_also_when_it_was_turned_back(frozen: Service) -> None:
    for name, by in (("b", 0), ("a", "1ms"), ("early", "-2d"), ("late", "4d"), ("c", "-2d")):
        frozen.clock.advance(by)
        call(frozen, "CreateModelPackageGroup", ModelPackageGroupName=name)
    order = ["early", "b", "a", "c", "late"]
    assert listed(frozen, SortOrder="Ascending") == order
    assert listed(frozen, SortOrder="Descending") == order[::-1]


def test_numbers_of_versions_go_on_though_it_was_turned_back(frozen: Service) -> None:
    call(frozen, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    arns = []
    for _ in range(3):
        arns.append(call(frozen, "CreateModelPackage", ModelPackageGroupName="churn"))
        frozen.clock.back("1d")
    assert [each["ModelPackageArn"] for each in arns] == [
        f"{ARN}model-package/churn/{number}" for number in (1, 2, 3)
    ]
    page = call(frozen, "ListModelPackages", ModelPackageGroupName="churn", SortOrder="Ascending")
    numbers = [each["ModelPackageVersion"] for each in page["ModelPackageSummaryList"]]
    assert numbers == [3, 2, 1]


def test_an_endpoint_goes_into_service_while_it_stands_still(frozen: Service) -> None:
    endpoint = create(frozen, "churn")
    assert endpoint["EndpointStatus"] == "InService"
    assert (endpoint["CreationTime"], endpoint["LastModifiedTime"]) == (NOON_S, NOON_S)
    [row] = frozen.deployments(ANN.account, ANN.region)
    assert row["StartTime"] == NOON_S


@pytest.mark.parametrize(("by", "modified"), [("2h", NOON_S + 7200), ("-2h", NOON_S)])
def test_a_status_is_reached_at_the_time_that_is_shown_then(
    by: str, modified: float, model: ServiceModel
) -> None:
    serving = StandingServing()
    settings = Settings(db=":memory:", freeze=str(NOON_S), hold_s=0)
    service = service_on(serving, settings, model=model)
    try:
        assert create(service, "churn")["EndpointStatus"] == "Creating"
        service.clock.advance(by)
        [fleet] = serving.started_ids()
        serving.stand(fleet, "ready", backends={VARIANT: "canned"})
        service.settle()
        endpoint: Members = describe(service, "churn")
        assert (endpoint["EndpointStatus"], endpoint["LastModifiedTime"]) == ("InService", modified)
    finally:
        service.close()


def test_the_holding_of_an_answer_lasts_no_longer_while_it_stands_still(
    model: ServiceModel,
) -> None:
    settings = Settings(db=":memory:", freeze="0", hold_s=0.1)
    service = service_on(StandingServing(), settings, model=model)
    began = time.monotonic()
    try:
        assert create(service, "churn")["EndpointStatus"] == "Creating"
    finally:
        service.close()
    assert time.monotonic() - began < 5


def test_activity_grows_old_when_it_is_turned(model: ServiceModel) -> None:
    settings = Settings(db=":memory:", activity_days=1)
    service = create_service(settings, model=model, clock=TickingClock(), strict=True)
    try:
        call(service, "CreateModelPackageGroup", ModelPackageGroupName="old")
        call(service, "CreateModelPackageGroup", ModelPackageGroupName="older")
        service.clock.advance("2d")
        call(service, "CreateModelPackageGroup", ModelPackageGroupName="new")
        kept = service.activity_log.page(ActivityQuery(limit=10), None)["Activity"]
    finally:
        service.close()
    # The newest of all stays whatever its age.
    assert [each["ResourceArn"].rpartition("/")[2] for each in kept] == ["new", "older"]


def test_the_first_and_the_last_time_are_times_like_any_other(model: ServiceModel) -> None:
    for text, expected in (("0", 0), ("9999-12-31T23:59:59.999Z", 253402300799.999)):
        settings = Settings(db=":memory:", freeze=text)
        service = create_service(settings, model=model, strict=True)
        try:
            endpoint = create(service, "churn")
            call(service, "CreateModelPackageGroup", ModelPackageGroupName="churn")
            call(service, "CreateModelPackage", ModelPackageGroupName="churn")
            version = f"{ARN}model-package/churn/1"
            described = call(service, "DescribeModelPackage", ModelPackageName=version)
            assert (endpoint["LastModifiedTime"], described["CreationTime"]) == (expected, expected)
            assert {each["time"] for each in service.events()["Events"]} == {
                "1970-01-01T00:00:00Z" if text == "0" else "9999-12-31T23:59:59Z"
            }
            service.load(service.snapshot())
        finally:
            service.close()


def test_a_reset_of_the_server_is_one_of_its_clock(frozen: Service) -> None:
    frozen.clock.offset("3d")
    frozen.reset()
    assert (frozen.clock.state()["frozen"], frozen.clock.time()) == (True, NOON)


def test_it_is_not_kept(tmp_path: Path, model: ServiceModel) -> None:
    settings = Settings(db=tmp_path / "kept.db")
    service = create_service(settings, model=model)
    service.clock.freeze(NOON)
    service.close()
    service = create_service(settings, model=model)
    state = service.clock.state()
    service.close()
    assert (state["frozen"], state["offset_s"]) == (False, 0.0)


@pytest.mark.parametrize("text", ["noon", "", "1969-01-01"])
def test_a_setting_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings(freeze=text)
    assert str(refusal.value) == (
        f"A time is written like 2026-01-31T09:30:00Z, or as seconds since 1970, not '{text}'."
    )
