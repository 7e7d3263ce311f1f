"""The clock of a service: all that it tells follows it, however it is turned."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conftest import TickingClock
from fictions import ANN, ARN, VARIANT, Members, call, create, describe
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.ports import ActivityQuery
from sagemock.settings import SettingsError
from standing_serving import StandingServing, service_on

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOON_S = NOON.timestamp()
DAY_S = 86400.0
GROUP = "ModelPackageGroupName"


@pytest.fixture
def frozen(model: ServiceModel) -> Iterator[Service]:
    """A service whose clock stands still at noon."""
    settings = Settings(db=":memory:", freeze="2026-01-31T12:00:00Z", hold_s=5)
    service = create_service(settings, model=model, strict=True)
    yield service
    service.close()


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
    assert [each["time"] for each in frozen.events.page()["Events"]] == [
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
            assert {each["time"] for each in service.events.page()["Events"]} == {
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
