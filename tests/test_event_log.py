"""The event log: the event of a record is the same whenever it is made, and whatever came later."""

import uuid
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from conftest import TickingClock
from event_histories import ALL, MODEL, all_events, served
from fictions import ANN, ARN, IMAGE, call, configure, create, make_model, update
from sagemock import Service, Settings, create_service
from sagemock.hosting import Standing
from sagemock.operation import Caller
from sagemock.time_text import in_seconds
from standing_serving import StandingServing, service_on
from travels import HISTORIES, STEPS, Step, at_rest, made, played, told

if TYPE_CHECKING:
    from sagemock.eventing import Event

ELSEWHERE = Caller("123456789012", "eu-west-1", ANN.principal, ANN.principal_id)
THEIRS = Caller("210987654321", "us-east-1", "arn:aws:iam::210987654321:user/zoe", "AIDAZOE")
GROUP = {"ModelPackageGroupName": "churn"}
VERSION = f"{ARN}model-package/churn/1"

Members = dict[str, Any]


def as_detail(service: Service, arn: str) -> Members:
    """What is told of a version, as the detail of an event has it."""
    package = told(service, ("ModelPackage", arn.split("/", 1)[1]))
    assert isinstance(package, dict), package
    times = {name: in_seconds(package[name]) for name in package if name.endswith("Time")}
    return {name: value for name, value in {**package, **times}.items() if value or value is False}


@HISTORIES
@given(st.lists(STEPS, min_size=20, max_size=40))
def test_an_event_made_again_later_is_the_same_event(steps: list[Step]) -> None:
    with served() as service:
        seen: list[Event] = []
        place = 0
        for step in (made, *steps):
            played(service, step)
            batch = service.events.log.read(place, ALL)
            seen += batch.events
            place = batch.last
        for most in (ALL, 1, 2, 7):
            assert all_events(service, most) == seen
        assert len({each.envelope["id"] for each in seen}) == len(seen)
        assert all(first.number < second.number for first, second in pairwise(seen))


@HISTORIES
@given(st.lists(STEPS, min_size=20, max_size=40))
def test_the_event_of_a_version_tells_what_was_described_after_the_change(
    steps: list[Step],
) -> None:
    with served() as service:
        place, known = 0, {}
        for step in (made, *steps):
            played(service, step)
            batch = service.events.log.read(place, ALL)
            for event in batch.events:
                arn = event.envelope["resources"][0]
                if ":model-package/" in arn:
                    known[event.number] = as_detail(service, arn)
            place = batch.last
        later = {each.number: dict(each.envelope["detail"]) for each in all_events(service)}
        for number, detail in known.items():
            later[number].pop("UpdatedModelPackageFields", None)
            assert later[number] == detail


def test_the_histories_have_events_of_all_kinds() -> None:
    with served() as service:
        made(service)
        call(service, "DeleteEndpoint", EndpointName="a")
        at_rest(service)
        kinds = {each.envelope["detail-type"] for each in all_events(service)}
    assert kinds == {
        f"SageMaker {kind} State Change"
        for kind in ("Model Package", "Model", "Endpoint", "Endpoint Config")
    }


def statuses(service: Service, noun: str) -> list[tuple[str, str]]:
    """The ARN and what it came to, event by event, of one noun."""
    return [
        (each.envelope["resources"][0], each.envelope["detail"][noun])
        for each in all_events(service, 2)
        if noun in each.envelope["detail"]
    ]


def test_one_that_was_removed_and_made_anew_is_told_as_each_of_both(service: Service) -> None:
    for image in ("first", "second"):
        call(service, "CreateModel", ModelName="it", PrimaryContainer={"Image": image})
        call(service, "DeleteModel", ModelName="it")
    images = [each.envelope["detail"]["PrimaryContainer"]["Image"] for each in all_events(service)]
    assert images == ["first", "first", "second", "second"]


def test_one_that_came_back_in_another_case_is_told_by_the_name_it_had(service: Service) -> None:
    for name in ("It", "iT"):
        make_model(service, name)
        call(service, "DeleteModel", ModelName=name.upper())
    assert statuses(service, "ModelName") == [
        (f"{ARN}model/it", name) for name in ("It", "It", "iT", "iT")
    ]


def test_accounts_and_regions_are_told_apart_though_their_changes_alternate(
    service: Service,
) -> None:
    callers = (ANN, ELSEWHERE, THEIRS)
    for caller in callers:
        service.invoke("CreateModelPackageGroup", GROUP, caller)
        service.invoke("CreateModelPackage", GROUP, caller)
    arns = [
        f"arn:aws:sagemaker:{each.region}:{each.account}:model-package/churn/1" for each in callers
    ]
    for status in ("Approved", "Rejected"):
        for caller, arn in zip(callers, arns, strict=True):
            request = {"ModelPackageArn": arn, "ModelApprovalStatus": status}
            service.invoke("UpdateModelPackage", request, caller)
    events = [each.envelope for each in all_events(service)]
    assert [
        (each["resources"], each["account"], each["region"], each["detail"]["ModelApprovalStatus"])
        for each in events
    ] == [
        ([arn], caller.account, caller.region, status)
        for status in ("PendingManualApproval", "Approved", "Rejected")
        for caller, arn in zip(callers, arns, strict=True)
    ]
    assert [each.envelope for each in all_events(service, 1)] == events


def test_many_changes_of_one_resource_are_undone_for_the_event_of_its_first(
    service: Service,
) -> None:
    call(service, "CreateModelPackageGroup", **GROUP)
    call(service, "CreateModelPackage", **GROUP)
    (first,) = all_events(service)
    # More than are read at once of a resource.
    for number in range(1100):
        stamp = {"stamp": str(number)}
        call(
            service, "UpdateModelPackage", ModelPackageArn=VERSION, CustomerMetadataProperties=stamp
        )
    assert service.events.log.read(0, 2).events == [first]
    stamps = [
        each.envelope["detail"]["CustomerMetadataProperties"]["stamp"]
        for each in all_events(service, 200)[1:]
    ]
    assert stamps == [str(number) for number in range(1100)]


def test_what_no_event_is_sent_of_is_read_past(service: Service) -> None:
    call(service, "CreateModelPackageGroup", **GROUP)
    call(service, "AddTags", ResourceArn=f"{ARN}model-package-group/churn", Tags=[])
    call(service, "DeleteModelPackageGroup", **GROUP)
    batch = service.events.log.read(0)
    assert (batch.events, batch.last) == ([], service._store.newest_record())
    assert batch.last > 0


def test_of_a_deleted_version_nothing_is_sent(service: Service) -> None:
    call(service, "CreateModelPackageGroup", **GROUP)
    call(service, "CreateModelPackage", **GROUP)
    before = all_events(service)
    call(service, "DeleteModelPackage", ModelPackageName=VERSION)
    assert all_events(service) == before
    assert len(before) == 1


def test_two_registries_with_the_same_history_have_ids_of_their_own_request() -> None:
    ids = []
    for request_id in ("first", "second"):
        with served() as service:
            request = {"ModelName": "it", "PrimaryContainer": {"Image": IMAGE}}
            service.invoke("CreateModel", request, ANN, request_id)
            (event,) = all_events(service)
            ids.append(uuid.UUID(event.envelope["id"]))
    assert ids[0] != ids[1]


class StoppedClock:
    """A clock that stands still."""

    def now(self) -> float:
        return 1_800_000_000.0


def test_changes_of_one_moment_and_one_request_have_ids_of_their_own() -> None:
    service = create_service(Settings(db=":memory:"), model=MODEL, clock=StoppedClock())
    for _ in range(2):
        make_model(service, "it")
        call(service, "DeleteModel", ModelName="it")
    ids = [each.envelope["id"] for each in all_events(service)]
    service.close()
    assert len(set(ids)) == len(ids) == 4


def test_tags_are_told_as_they_were(service: Service) -> None:
    model = {"ModelName": "it", "PrimaryContainer": {"Image": IMAGE}}
    call(service, "CreateModel", **model, Tags=[{"Key": "team", "Value": "a"}])
    call(service, "AddTags", ResourceArn=f"{ARN}model/it", Tags=[{"Key": "team", "Value": "b"}])
    call(service, "DeleteModel", ModelName="it")
    tags = [each.envelope["detail"]["Tags"] for each in all_events(service)]
    assert tags == [{"team": "a"}, {"team": "b"}]


def test_an_endpoint_that_failed_is_told_of_with_the_reason() -> None:
    serving = StandingServing(lambda _: Standing("failed", "It broke."))
    service = service_on(serving, Settings(db=":memory:"), model=MODEL, clock=TickingClock())
    reason = create(service, "it")["FailureReason"]
    *_, creating, failed = (each.envelope["detail"] for each in all_events(service))
    service.close()
    assert (creating["EndpointStatus"], failed["EndpointStatus"]) == ("CREATING", "FAILED")
    assert "FailureReason" not in creating
    assert failed["FailureReason"] == reason
    assert "It broke." in reason


def test_an_endpoint_is_told_of_with_each_status_it_comes_to(service: Service) -> None:
    create(service, "it")
    configure(service, "next")
    update(service, "it", "next")
    call(
        service,
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="it",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredWeight": 3}],
    )
    call(service, "DeleteEndpoint", EndpointName="it")
    at_rest(service)
    told_of = [
        (
            each.envelope["detail"]["EndpointStatus"],
            each.envelope["detail"]["EndpointConfigName"],
            each.envelope["detail"]["ProductionVariants"],
        )
        for each in all_events(service, 1)
        if "EndpointStatus" in each.envelope["detail"]
    ]
    one = [{"DesiredWeight": 1.0, "DesiredInstanceCount": 1}]
    three = [{"DesiredWeight": 3.0, "DesiredInstanceCount": 1}]
    assert told_of == [
        ("CREATING", "it", one),
        ("IN_SERVICE", "it", one),
        ("UPDATING", "it", one),
        ("IN_SERVICE", "next", one),
        ("UPDATING", "next", three),
        ("IN_SERVICE", "next", three),
        ("DELETING", "next", three),
    ]
