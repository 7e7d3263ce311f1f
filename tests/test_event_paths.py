"""Events over HTTP: pages of them, and what is said of a wrong question."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from fictions import ANN, ARN, IMAGE, call, create, make_model
from listed_sink import ListedSink, begin
from sagemock import Service
from sagemock.errors import ServiceUnavailable
from sagemock.operation import Caller
from sagemock.ports import StorageFailed

Members = dict[str, Any]

ELSEWHERE = Caller("123456789012", "eu-west-1", ANN.principal, ANN.principal_id)
THEIRS = Caller("210987654321", "us-east-1", "arn:aws:iam::210987654321:user/zoe", "AIDAZOE")
GROUP = {"ModelPackageGroupName": "churn"}


def asked(app: Flask, path: str = "", **arguments: Any) -> tuple[int, Members]:
    answer = app.test_client().get(f"/_sagemock/events{path}?{urlencode(arguments)}")
    return answer.status_code, json.loads(answer.data)


def page(app: Flask, **arguments: Any) -> Members:
    status, found = asked(app, **arguments)
    assert status == 200, found
    return found


def events(app: Flask, **arguments: Any) -> list[Members]:
    found: list[Members] = page(app, **arguments)["Events"]
    return found


def subjects(app: Flask, **arguments: Any) -> list[str]:
    """The resource of each event, less what all ARNs here begin with."""
    return [each["resources"][0].removeprefix(ARN) for each in events(app, **arguments)]


def models(service: Service, count: int) -> None:
    for number in range(count):
        make_model(service, f"m{number}")


def test_an_empty_log_is_an_empty_page(app: Flask) -> None:
    assert asked(app) == (200, {"Events": [], "After": 0})


def test_a_page_of_records_without_events_says_from_where_to_go_on(
    app: Flask, service: Service
) -> None:
    call(service, "CreateModelPackageGroup", **GROUP)
    assert asked(app) == (200, {"Events": [], "After": 1})
    assert asked(app, after=1) == (200, {"Events": [], "After": 1})
    models(service, 1)
    assert subjects(app, after=1) == ["model/m0"]


def test_a_page_ends_where_many_records_were_looked_at_in_vain(
    app: Flask, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sagemock.event_log._MOST_RECORDS", 200)
    models(service, 250)
    pattern = json.dumps({"detail": {"ModelName": ["m249"]}})
    assert page(app, pattern=pattern) == {"Events": [], "After": 200}
    assert subjects(app, pattern=pattern, after=200) == ["model/m249"]


@pytest.mark.parametrize("limit", [1, 2, 7, 19, 20, 21])
def test_pages_hold_each_event_once_in_order(app: Flask, service: Service, limit: int) -> None:
    for number in range(20):
        make_model(service, f"m{number}")
        call(service, "CreateModelPackageGroup", ModelPackageGroupName=f"g{number}")
    sizes, seen, after = [], [], 0
    while True:
        found = page(app, after=after, limit=limit)
        if found["After"] == after:
            break
        sizes.append(len(found["Events"]))
        seen += [each["resources"][0] for each in found["Events"]]
        after = found["After"]
    assert seen == [f"{ARN}model/m{number}" for number in range(20)]
    assert sizes[: 20 // limit] == [limit] * (20 // limit)
    assert after == 40


def test_a_page_has_a_hundred_events_unless_asked_for_more_and_a_thousand_at_most(
    app: Flask, service: Service
) -> None:
    models(service, 1001)
    assert len(events(app)) == 100
    assert len(events(app, limit=1000)) == 1000
    found = page(app, limit=5000)
    assert (len(found["Events"]), found["After"]) == (1000, 1000)
    assert subjects(app, after=1000) == ["model/m1000"]


def test_what_happens_between_pages_is_on_the_next_one(app: Flask, service: Service) -> None:
    models(service, 3)
    first = page(app, limit=2)
    make_model(service, "late")
    second = page(app, after=first["After"])
    arns = [each["resources"][0] for each in (*first["Events"], *second["Events"])]
    assert arns == [f"{ARN}model/{name}" for name in ("m0", "m1", "m2", "late")]


def test_a_place_beyond_the_end_starts_over(app: Flask, service: Service) -> None:
    models(service, 2)
    assert subjects(app, after=2) == []
    assert subjects(app, after=3) == ["model/m0", "model/m1"]
    service.reset()
    models(service, 1)
    assert page(app, after=2) == page(app, after=0)
    assert subjects(app, after=2) == ["model/m0"]


def test_events_of_one_account_region_or_resource_are_asked_for(
    app: Flask, service: Service
) -> None:
    model = {"ModelName": "It", "PrimaryContainer": {"Image": IMAGE}}
    for caller in (ANN, ELSEWHERE, THEIRS):
        service.invoke("CreateModel", model, caller)
    make_model(service, "other")

    def numbers(**arguments: Any) -> list[int]:
        everything = [each["id"] for each in events(app)]
        return [everything.index(each["id"]) for each in events(app, **arguments)]

    assert numbers() == [0, 1, 2, 3]
    assert numbers(account=ANN.account) == [0, 1, 3]
    assert numbers(region=ANN.region) == [0, 2, 3]
    assert numbers(account=ANN.account, region=ANN.region) == [0, 3]
    assert numbers(account="000000000000") == []
    assert numbers(resource=f"{ARN}model/it") == [0]
    assert numbers(resource=f"{ARN}model/IT") == [0]
    assert numbers(resource=f"{ARN}model/none") == []
    assert numbers(resource="arn:aws:sagemaker:eu-west-1:123456789012:model/It") == [1]
    assert numbers(account=ANN.account, after=1, limit=1) == [1]


def test_only_events_that_a_pattern_matches_are_told(app: Flask, service: Service) -> None:
    call(service, "CreateModelPackageGroup", **GROUP)
    for status in ("Approved", "Rejected", "Approved"):
        call(service, "CreateModelPackage", **GROUP, ModelApprovalStatus=status)
    pattern = json.dumps({"detail": {"ModelApprovalStatus": ["Approved"]}})
    assert subjects(app, pattern=pattern) == ["model-package/churn/1", "model-package/churn/3"]
    first = page(app, pattern=pattern, limit=1)
    assert subjects(app, pattern=pattern, after=first["After"]) == ["model-package/churn/3"]
    none = json.dumps({"detail": {"ModelApprovalStatus": ["PendingManualApproval"]}})
    assert page(app, pattern=none) == {"Events": [], "After": 4}


def test_an_endpoint_is_settled_before_it_is_told_of(app: Flask, service: Service) -> None:
    create(service, "it")
    call(service, "DeleteEndpoint", EndpointName="it")
    pattern = json.dumps({"detail": {"EndpointStatus": ["DELETING"]}})
    assert subjects(app, pattern=pattern) == ["endpoint/it"]


KNOWN = "account, after, limit, pattern, region, resource"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"limit": "0"}, "The argument 'limit' is a number from 1 on, not '0'."),
        ({"limit": ""}, "The argument 'limit' is a number from 1 on, not ''."),
        ({"limit": "ten"}, "The argument 'limit' is a number from 1 on, not 'ten'."),
        ({"limit": "²"}, "The argument 'limit' is a number from 1 on, not '²'."),
        ({"after": "-1"}, "The argument 'after' is a number from 0 on, not '-1'."),
        ({"after": "1.0"}, "The argument 'after' is a number from 0 on, not '1.0'."),
        ({"after": "9" * 19}, f"The argument 'after' is a number from 0 on, not '{'9' * 19}'."),
        ({"before": "1"}, f"There is no argument 'before' here; there are {KNOWN}."),
        ({"Limit": "1"}, f"There is no argument 'Limit' here; there are {KNOWN}."),
        ({"resource": "it"}, "There is no resource of sagemock with the ARN 'it'."),
        ({"resource": ""}, "There is no resource of sagemock with the ARN ''."),
        (
            {"resource": "arn:aws:s3:::bucket"},
            "There is no resource of sagemock with the ARN 'arn:aws:s3:::bucket'.",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    app: Flask, arguments: dict[str, str], message: str
) -> None:
    status, error = asked(app, **arguments)
    assert (status, error) == (400, {"__type": "ValidationException", "message": message})


@pytest.mark.parametrize("pattern", ["", "{", "[]", "{}", '{"source": "aws.sagemaker"}', "[" * 999])
def test_what_is_no_pattern_is_refused_in_awss_words(app: Flask, pattern: str) -> None:
    status, error = asked(app, pattern=pattern)
    assert (status, error["__type"]) == (400, "ValidationException")
    assert error["message"].startswith("Event pattern is not valid. Reason: ")


def test_asking_for_events_changes_nothing(app: Flask, service: Service) -> None:
    models(service, 2)
    commits = service._store.commits()
    assert page(app) == page(app)
    assert asked(app, "/targets") == (200, {"Targets": []})
    assert asked(app, "/dead-letters") == (200, {"DeadLetters": []})
    assert service._store.commits() == commits


def test_a_service_whose_storage_fails_says_so(
    app: Flask, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> Any:
        raise StorageFailed("the disk is gone")

    for name in ("newest_record", "activities", "dead_letters", "forget_dead_letters"):
        monkeypatch.setattr(service._store, name, failing)
    for work in (
        service.events.page,
        lambda: service.events.dead_letters(0, 1),
        lambda: service.events.retry_dead_letters(None),
        lambda: service.events.forget_dead_letters(None),
    ):
        with pytest.raises(ServiceUnavailable, match="the disk is gone"):
            work()
    assert asked(app)[0] == 503


def test_targets_of_a_storage_that_fails_are_not_told_of(
    app: Flask, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(service, ListedSink())

    def failing() -> int:
        raise StorageFailed("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(service._store, "newest_record", failing)
        assert asked(app, "/targets")[0] == 503
    assert asked(app, "/targets")[0] == 200
