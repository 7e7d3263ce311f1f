"""How long activity is kept: for ever, or for days; and what is said of the time before."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import TickingClock
from fictions import ANN, call, configure, create, update
from sagemock import Service, Settings, create_app, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.errors import ValidationException
from sagemock.ports import Activity, ActivityQuery, Session
from sagemock.settings import SettingsError

DAY_S = 24 * 60 * 60
LIMIT_S = 10
GROUP = {"ModelPackageGroupName": "churn"}
BATCH = 1000

Opened = Callable[[float | None], Service]


@pytest.fixture
def opened(tmp_path: Path, model: ServiceModel, clock: TickingClock) -> Iterator[Opened]:
    """Opens a service on one file, keeping activity for so many days; closed when reopened."""
    services: list[Service] = []

    def open_service(days: float | None) -> Service:
        for each in services:
            each.close()
        services.clear()
        settings = Settings(db=tmp_path / "registry.db", durability="normal", activity_days=days)
        services.append(create_service(settings, model=model, clock=clock, strict=True))
        return services[0]

    yield open_service
    for each in services:
        each.close()


def operations(service: Service) -> list[str]:
    """What is in the log, oldest first."""
    found = service._store.activities(ActivityQuery(limit=10_000))
    return [each.activity.operation for each in reversed(found)]


def described(service: Service, at_s: float | None = None) -> Any:
    at_ms = None if at_s is None else round(at_s * 1000)
    return service.invoke(
        "DescribeModelPackage", {"ModelPackageName": "churn/1"}, ANN, as_of_ms=at_ms
    )


def begun(service: Service, clock: TickingClock) -> float:
    """A version that was registered two days before it is approved; the time of the approval."""
    call(service, "CreateModelPackageGroup", **GROUP)
    arn = call(service, "CreateModelPackage", **GROUP)["ModelPackageArn"]
    clock.time += 2 * DAY_S
    call(service, "UpdateModelPackage", ModelPackageArn=arn, ModelApprovalStatus="Approved")
    return clock.time


def flood(service: Service, count: int, at_ms: int) -> None:
    """So many records of a time, as that many calls would leave them."""
    facts = ("model", "m", 0, "CreateModel", ANN.principal, "request")
    record = Activity(at_ms, "changed", *facts, before={}, after={})

    def work(session: Session) -> None:
        for _ in range(count):
            session.record(record)

    service._store.write(ANN.account, ANN.region, work)


def test_what_is_older_is_forgotten_and_the_rest_stays(opened: Opened, clock: TickingClock) -> None:
    service = opened(1.0)
    begun(service, clock)
    service.forget_activity()
    assert operations(service) == ["UpdateModelPackage"]
    assert described(service)["ModelApprovalStatus"] == "Approved"


def test_without_a_limit_nothing_is_ever_forgotten(opened: Opened, clock: TickingClock) -> None:
    service = opened(None)
    begun(service, clock)
    clock.time += 40_000 * DAY_S
    service.forget_activity()
    assert len(operations(service)) == 3
    assert described(service, clock.time - 40_002 * DAY_S)


def test_a_record_is_kept_for_the_whole_of_its_days(opened: Opened, clock: TickingClock) -> None:
    service = opened(1.0)
    call(service, "CreateModelPackageGroup", **GROUP)
    made = clock.time
    clock.time = made + DAY_S - 1
    service.forget_activity()
    assert operations(service) == ["CreateModelPackageGroup"]
    clock.time = made + DAY_S - 0.999
    call(service, "CreateModelPackage", **GROUP)
    clock.time = made + DAY_S - 0.999
    service.forget_activity()
    assert operations(service) == ["CreateModelPackage"]


def test_part_of_a_day_can_be_kept(opened: Opened, clock: TickingClock) -> None:
    service = opened(0.5)
    call(service, "CreateModelPackageGroup", **GROUP)
    clock.time += 0.4 * DAY_S
    service.forget_activity()
    assert operations(service) == ["CreateModelPackageGroup"]
    clock.time += 0.2 * DAY_S
    call(service, "CreateModelPackage", **GROUP)
    service.forget_activity()
    assert operations(service) == ["CreateModelPackage"]


def test_what_was_forgotten_stays_forgotten_when_the_file_is_opened_again(
    opened: Opened, clock: TickingClock
) -> None:
    service = opened(1.0)
    begun(service, clock)
    service.forget_activity()
    since_ms = service._store.activities_since_ms()
    again = opened(None)
    assert operations(again) == ["UpdateModelPackage"]
    assert again._store.activities_since_ms() == since_ms > 0
    with pytest.raises(ValidationException, match="is not known"):
        described(again, since_ms / 1000 - 0.001)


def test_the_time_before_what_is_kept_is_refused_in_one_sentence(
    opened: Opened, clock: TickingClock
) -> None:
    service = opened(1.0)
    approved = begun(service, clock)
    clock.time = 1_800_000_000.0 - 1
    call(service, "CreateModelPackageGroup", ModelPackageGroupName="other")
    clock.time = 1_800_000_000.0 + DAY_S - 1
    service.forget_activity()
    with pytest.raises(ValidationException) as refused:
        described(service, approved)
    assert refused.value.message == (
        "What was before 2027-01-15T08:00:00.000Z is not known: the activity log was kept from "
        "then on."
    )
    assert described(service, 1_800_000_000.0) == described(service)
    with pytest.raises(ValidationException, match="is not known"):
        described(service, 1_799_999_999.999)


def test_where_nothing_was_forgotten_all_times_are_known(
    opened: Opened, clock: TickingClock
) -> None:
    service = opened(1.0)
    call(service, "CreateModelPackageGroup", **GROUP)
    service.forget_activity()
    assert service._store.activities_since_ms() == 0
    with pytest.raises(ValidationException, match="does not exist"):
        described(service, 0)
    assert clock.time


def test_of_what_is_kept_each_moment_is_told_as_before(opened: Opened, clock: TickingClock) -> None:
    service = opened(1.0)
    begun(service, clock)
    moments = []
    for status in ("Rejected", "Approved", "PendingManualApproval"):
        call(
            service,
            "UpdateModelPackage",
            ModelPackageArn="arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1",
            ModelApprovalStatus=status,
        )
        moments.append((clock.time, described(service)))
    clock.time = moments[0][0] + DAY_S - 1
    service.forget_activity()
    assert operations(service) == ["UpdateModelPackage"] * 3
    for at_s, then in moments:
        assert described(service, at_s) == then


def test_after_the_clock_was_turned_back_what_follows_a_kept_record_is_kept(
    opened: Opened, clock: TickingClock
) -> None:
    service = opened(1.0)
    start = clock.time
    for name, at_s in (("a", start), ("b", start + 3 * DAY_S), ("c", start), ("d", start)):
        clock.time = at_s
        call(service, "CreateModelPackageGroup", ModelPackageGroupName=name)
    clock.time = start + 2 * DAY_S
    service.forget_activity()
    names = [each.activity.name for each in service._store.activities(ActivityQuery(limit=9))]
    assert names == ["d", "c", "b"]


def test_many_records_are_forgotten_in_several_commits(opened: Opened, clock: TickingClock) -> None:
    service = opened(1.0)
    flood(service, 2 * BATCH + 500, round(clock.time * 1000))
    call(service, "CreateModelPackageGroup", **GROUP)
    clock.time += DAY_S - 1.5
    before = service._store.commits()
    service.forget_activity()
    assert service._store.commits() - before == 3
    assert operations(service) == ["CreateModelPackageGroup"]


@pytest.mark.parametrize("count", [BATCH - 1, BATCH, BATCH + 1, 2 * BATCH])
def test_all_that_is_old_is_forgotten_whatever_their_number(
    opened: Opened, clock: TickingClock, count: int
) -> None:
    service = opened(1.0)
    flood(service, count, round(clock.time * 1000))
    clock.time += 2 * DAY_S
    call(service, "CreateModelPackageGroup", **GROUP)
    newest_ms = round(clock.time * 1000)
    assert service._store.forget_activities(newest_ms) == count
    assert operations(service) == ["CreateModelPackageGroup"]
    assert service._store.forget_activities(newest_ms) == 0


def test_others_write_while_much_is_forgotten(opened: Opened, clock: TickingClock) -> None:
    service = opened(1.0)
    flood(service, 20 * BATCH, round(clock.time * 1000))
    clock.time += 2 * DAY_S
    forgetting = threading.Thread(target=service.forget_activity)
    forgetting.start()
    for number in range(20):
        call(service, "CreateModelPackageGroup", ModelPackageGroupName=f"g{number}")
    forgetting.join(LIMIT_S)
    assert not forgetting.is_alive()
    assert operations(service) == ["CreateModelPackageGroup"] * 20


def test_numbers_of_records_go_on_after_all_were_forgotten(
    opened: Opened, clock: TickingClock
) -> None:
    service = opened(1.0)
    begun(service, clock)
    clock.time += 2 * DAY_S
    service.forget_activity()
    # The number is where readers of the log go on: one given twice would hide a record from them.
    call(service, "CreateModelPackage", **GROUP)
    newest = service._store.activities(ActivityQuery(limit=1))[0]
    assert (newest.id, newest.activity.operation) == (4, "CreateModelPackage")


def test_what_is_deployed_is_told_after_its_records_are_gone(
    opened: Opened, clock: TickingClock
) -> None:
    service = opened(1.0)
    create(service, "it")
    configure(service, "next")
    update(service, "it", "next")
    before = service.deployments(None, None)
    assert [each["EndpointConfigName"] for each in before] == ["next", "it"]
    clock.time += 2 * DAY_S
    call(service, "CreateModelPackageGroup", **GROUP)
    service.forget_activity()
    assert operations(service) == ["CreateModelPackageGroup"]
    assert service.deployments(None, None) == before[:1]
    again = opened(1.0)
    again.settle()
    (row,) = again.deployments(None, None)
    assert row["EndpointConfigName"] == "next"


def test_a_reset_forgets_what_was_forgotten(opened: Opened, clock: TickingClock) -> None:
    service = opened(1.0)
    begun(service, clock)
    service.forget_activity()
    assert service._store.activities_since_ms() > 0
    service.reset()
    assert service._store.activities_since_ms() == 0


def test_a_server_that_runs_forgets_by_itself(opened: Opened, clock: TickingClock) -> None:
    service = opened(1.0)
    begun(service, clock)
    service.keep_settling()
    limit = time.monotonic() + LIMIT_S
    while len(operations(service)) > 1:
        assert time.monotonic() < limit
    service._settling.stop()
    assert operations(service) == ["UpdateModelPackage"]


def test_the_log_and_the_refusal_are_told_over_http(opened: Opened, clock: TickingClock) -> None:
    service = opened(1.0)
    begun(service, clock)
    service.forget_activity()
    client = create_app(Settings(db=":memory:"), service=service).test_client()
    rows = json.loads(client.get("/_sagemock/activity").data)["Activity"]
    assert [each["Operation"] for each in rows] == ["UpdateModelPackage"]
    answer = client.post(
        "/",
        json={"ModelPackageName": "churn/1"},
        headers={"X-Amz-Target": "SageMaker.DescribeModelPackage", "x-sagemock-as-of": "1"},
    )
    assert answer.status_code == 400
    assert "the activity log was kept from then on." in answer.get_json(force=True)["message"]


@pytest.mark.parametrize("days", [0, -1, float("nan"), float("inf"), 36501])
def test_days_that_are_none_are_refused(days: float) -> None:
    with pytest.raises(SettingsError, match=r"Activity is kept for some days, up to 36500, not"):
        Settings(activity_days=days)
