"""Time travel: what was told at any moment of any history is told of that moment afterwards."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import TickingClock, stored
from fictions import ANN, ARN, call
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.errors import ValidationException
from sagemock.ports import Activity, ActivityQuery
from travels import HISTORIES, STEPS, History, Step, made

MODEL = ServiceModel.installed()
GROUP = {"ModelPackageGroupName": "churn"}
VERSION = f"{ARN}model-package/churn/1"
DAY_S = 24 * 60 * 60

Members = dict[str, Any]


def opened(folder: Path, clock: TickingClock) -> Service:
    chosen = Settings(db=folder / "registry.db", durability="normal")
    return create_service(chosen, model=MODEL, clock=clock, strict=True)


@settings(HISTORIES, max_examples=12)
@given(st.lists(STEPS, min_size=20, max_size=40))
def test_what_was_told_at_any_moment_is_told_of_it(steps: list[Step]) -> None:
    clock = TickingClock()
    with tempfile.TemporaryDirectory() as folder:
        service = opened(Path(folder), clock)
        history = History(service, clock)
        for step in (made, *steps):
            history.play(step)
        history.check(service)
        service.close()
        again = opened(Path(folder), clock)
        history.check(again)
        again.close()


def approve(service: Service, status: str) -> None:
    call(service, "UpdateModelPackage", ModelPackageArn=VERSION, ModelApprovalStatus=status)


@pytest.fixture
def decided(service: Service, clock: TickingClock) -> float:
    """When a version was pending that was approved later; in seconds."""
    call(service, "CreateModelPackageGroup", **GROUP)
    call(service, "CreateModelPackage", **GROUP)
    then = clock.now()
    approve(service, "Approved")
    return then


def described(app: Flask, operation: str, request: Members, as_of: str) -> tuple[int, Members]:
    answer = app.test_client().post(
        "/",
        data=json.dumps(request),
        headers={
            "X-Amz-Target": f"SageMaker.{operation}",
            "x-sagemock-as-of": as_of,
            "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sagemaker/"
            "aws4_request",
        },
    )
    return answer.status_code, json.loads(answer.data)


@pytest.mark.parametrize("form", ["{0}", "{0:.3f}", "2023-11-14T22:13:30Z"])
def test_the_header_asks_a_describe_of_then(app: Flask, decided: float, form: str) -> None:
    request = {"ModelPackageName": VERSION}
    status, then = described(app, "DescribeModelPackage", request, form.format(decided))
    assert status == 200
    assert then["ModelApprovalStatus"] == ("PendingManualApproval" if "{" in form else "Approved")


def test_before_it_was_made_a_resource_is_not_there(app: Flask, decided: float) -> None:
    request = {"ModelPackageName": VERSION}
    status, error = described(app, "DescribeModelPackage", request, str(decided - 1000))
    assert (status, error["message"]) == (400, f"ModelPackage {VERSION} does not exist.")


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("ListModelPackages", GROUP),
        ("ListModelPackageGroups", {}),
        ("BatchDescribeModelPackage", {"ModelPackageArnList": [VERSION]}),
        ("UpdateModelPackage", {"ModelPackageArn": VERSION, "ModelApprovalStatus": "Rejected"}),
        ("DeleteModelPackage", {"ModelPackageName": VERSION}),
    ],
)
def test_the_header_is_refused_on_all_else(
    app: Flask, service: Service, decided: float, operation: str, request_: Members
) -> None:
    before = stored(service)
    status, error = described(app, operation, request_, str(decided))
    assert (status, error["__type"]) == (400, "ValidationException")
    assert error["message"] == (
        f"{operation} tells of today only; x-sagemock-as-of is for Describe operations."
    )
    assert stored(service) == before


@pytest.mark.parametrize("text", ["yesterday", "-1", "1e300", "nan", "2026-13-01", "0x10"])
def test_what_is_no_time_is_refused(app: Flask, decided: float, text: str) -> None:
    assert decided
    status, error = described(app, "DescribeModelPackage", {"ModelPackageName": VERSION}, text)
    assert (status, error["__type"]) == (400, "ValidationException")
    assert error["message"].startswith("x-sagemock-as-of: A time is written like 2026-01-31T")


def test_a_clock_that_was_turned_back_confuses_nothing(
    service: Service, clock: TickingClock, decided: float
) -> None:
    clock.time = decided - 500
    approve(service, "Rejected")
    clock.time = decided + 500
    approve(service, "PendingManualApproval")
    told = service.show(VERSION, round((decided + 400) * 1000))
    assert told["ModelApprovalStatus"] == "Rejected"
    assert service.show(VERSION, None)["ModelApprovalStatus"] == "PendingManualApproval"


def test_activity_is_kept_for_as_long_as_it_is_to_be(tmp_path: Path, clock: TickingClock) -> None:
    database = tmp_path / "registry.db"
    service = create_service(Settings(db=database, activity_days=30), model=MODEL, clock=clock)
    call(service, "CreateModelPackageGroup", **GROUP)
    for _ in range(2500):
        service._store.write(ANN.account, ANN.region, _note_something(clock))
    call(service, "CreateModelPackage", **GROUP)
    clock.time += 31 * DAY_S
    approve(service, "Approved")
    service.forget_activity()
    records = service._store.activities(ActivityQuery(limit=10))
    assert [each.activity.operation for each in records] == ["UpdateModelPackage"]
    service.close()

    again = create_service(Settings(db=database), model=MODEL, clock=clock)
    with pytest.raises(ValidationException, match=r"What was before .* is not known"):
        again.show(VERSION, round((clock.time - 31 * DAY_S) * 1000))
    then = again.show(VERSION, round((clock.time - 5 * DAY_S) * 1000))
    assert then["ModelApprovalStatus"] == "PendingManualApproval"
    assert again.deployments(None, None) == []
    again.forget_activity()
    assert len(again._store.activities(ActivityQuery(limit=10))) == 1
    again.close()


def _note_something(clock: TickingClock) -> Any:
    def note(session: Any) -> None:
        session.record(
            Activity(
                at_ms=round(clock.time * 1000),
                change="changed",
                kind="model-package-group",
                name="churn",
                number=0,
                operation="AddTags",
                principal="ann",
                request_id="",
                before={},
                after={},
            )
        )

    return note
