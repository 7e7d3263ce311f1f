"""How the target `deploy` gets along with its endpoint: busy, failed, taken, named and made of."""

from collections.abc import Callable, Iterator

import pytest
from approvals import BROKEN, CREATION, ENDPOINT, READY, STARTING, UPDATE, Approvals, Between

from fictions import Members, configure
from sagemock.api.service_model import ServiceModel
from sagemock.errors import ServiceUnavailable


@pytest.fixture
def approvals(model: ServiceModel) -> Iterator[Approvals]:
    approvals = Approvals(model)
    yield approvals
    approvals.service.close()


def fleet(number: int) -> str:
    return f"123456789012/us-east-1/live/{number}"


def is_creating(approvals: Approvals) -> None:
    approvals.serving.plan = lambda _: STARTING
    approvals.approved()


def is_updating(approvals: Approvals) -> None:
    approvals.approved()
    is_creating(approvals)


def is_being_deleted(approvals: Approvals) -> None:
    approvals.approved()
    approvals.serving.lingers = True
    approvals.call("DeleteEndpoint", EndpointName=ENDPOINT)


def is_coming_back(approvals: Approvals) -> None:
    """As after a start of the server, while its container starts."""
    approvals.approved()
    approvals.serving.plan = lambda _: STARTING
    approvals.serving.reset()
    approvals.service.resume()


@pytest.mark.parametrize(
    ("begin", "status", "number"),
    [
        (is_creating, "Creating", 1),
        (is_updating, "Updating", 2),
        (is_being_deleted, "Deleting", 1),
        (is_coming_back, "SystemUpdating", 1),
    ],
)
def test_an_endpoint_in_progress_is_waited_for(
    approvals: Approvals, begin: Callable[[Approvals], None], status: str, number: int
) -> None:
    begin(approvals)
    assert approvals.status() == status
    before = approvals.done()
    approvals.events()
    version = approvals.register("Approved")
    (event,) = approvals.events()
    for _ in range(2):
        refused = approvals.refused(event)
        said = f"The endpoint live is {status}; it is changed once that is over."
        assert (str(refused), refused.busy) == (said, True)
    assert approvals.done() == before

    approvals.serving.plan = lambda _: READY
    if status == "Deleting":
        approvals.serving.end(fleet(number))
    else:
        approvals.serving.stand(fleet(number), "ready")
    approvals.sink.send(event, "")
    assert approvals.served() == int(version.rpartition("/")[2])


def test_a_rejection_waits_until_what_it_takes_back_serves(approvals: Approvals) -> None:
    approvals.approved()
    approvals.serving.plan = lambda _: STARTING
    version = approvals.approved()
    approvals.events()
    approvals.decide(version, "Rejected")
    (event,) = approvals.events()
    assert approvals.refused(event).busy
    approvals.serving.plan = lambda _: READY
    approvals.serving.stand(fleet(2), "ready")
    approvals.sink.send(event, "")
    assert approvals.served() == 1


def test_nothing_is_said_of_a_rejected_version_before_it_serves(
    approvals: Approvals, caplog: pytest.LogCaptureFixture
) -> None:
    first = approvals.approved()
    approvals.serving.plan = lambda _: STARTING
    second = approvals.approved()
    approvals.decide(first, "Rejected")
    approvals.events()
    approvals.decide(second, "Rejected")
    (event,) = approvals.events()
    assert approvals.refused(event).busy
    approvals.serving.stand(fleet(2), "failed")
    approvals.sink.send(event, "")
    assert approvals.served() == 1
    assert [each.message for each in caplog.records if each.levelname == "WARNING"] == []


@pytest.mark.parametrize("begin", [is_creating, is_updating, is_being_deleted])
def test_the_rejection_of_a_version_that_does_not_serve_waits_for_nothing(
    approvals: Approvals, begin: Callable[[Approvals], None]
) -> None:
    begin(approvals)
    before = approvals.done()
    approvals.events()
    approvals.decide(approvals.register(), "Rejected")
    approvals.deliver()
    assert approvals.done() == before


def failed(approvals: Approvals) -> None:
    """A version is approved whose endpoint fails."""
    approvals.serving.plan = lambda _: BROKEN
    approvals.approved()
    approvals.events()
    assert approvals.status() == "Failed"


def test_an_endpoint_that_failed_is_made_again_for_the_next_version(approvals: Approvals) -> None:
    failed(approvals)
    approvals.serving.plan = lambda _: READY
    approvals.register("Approved")
    (event,) = approvals.events()
    refused = approvals.refused(event)
    said = "The endpoint live has failed and is deleted first."
    assert (str(refused), refused.busy) == (said, True)
    approvals.sink.send(event, "")
    assert (approvals.served(), approvals.status()) == (2, "InService")
    assert approvals.operations() == [*CREATION, "DeleteEndpoint", *CREATION]


@pytest.mark.parametrize("version", ["new", "failed"])
def test_a_rejection_leaves_an_endpoint_that_failed(approvals: Approvals, version: str) -> None:
    failed(approvals)
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"
    approvals.decide(approvals.register() if version == "new" else arn, "Rejected")
    approvals.deliver()
    assert approvals.status() == "Failed"
    assert approvals.operations() == CREATION


def test_an_update_that_fails_leaves_what_serves(approvals: Approvals) -> None:
    approvals.approved()
    approvals.serving.plan = lambda _: BROKEN
    approvals.approved()
    endpoint = approvals.endpoint()
    assert endpoint is not None
    assert (endpoint["EndpointStatus"], endpoint["FailureReason"]) == ("InService", "It broke.")
    assert approvals.served() == 1

    approvals.serving.plan = lambda _: READY
    approvals.approved()
    assert approvals.served() == 3


def test_a_version_whose_update_failed_does_not_serve_and_is_not_taken_back(
    approvals: Approvals,
) -> None:
    approvals.approved()
    approvals.serving.plan = lambda _: BROKEN
    version = approvals.approved()
    before = approvals.done()
    approvals.decide(version, "Rejected")
    approvals.deliver()
    assert approvals.done() == before


def test_an_endpoint_that_is_out_of_service_is_updated(approvals: Approvals) -> None:
    approvals.approved()
    approvals.serving.stand(fleet(1), "failed", "It died.")
    approvals.service.resume()
    assert approvals.status() == "OutOfService"
    approvals.approved()
    assert (approvals.served(), approvals.status()) == (2, "InService")
    assert approvals.operations() == CREATION + UPDATE


def test_an_endpoint_of_another_letter_case_is_the_same(approvals: Approvals) -> None:
    approvals.new_sink("Live")
    approvals.approved()
    approvals.new_sink("lIVE")
    version = approvals.approved()
    assert approvals.served() == 2
    approvals.decide(version, "Rejected")
    approvals.deliver()
    assert approvals.served() == 1
    assert approvals.operations() == CREATION + UPDATE + UPDATE
    endpoint = approvals.endpoint("live")
    assert endpoint is not None
    assert endpoint["EndpointName"] == "Live"


@pytest.mark.parametrize(
    ("existing", "before", "operation"),
    [
        (False, "CreateEndpoint", "CreateEndpoint"),
        (True, "UpdateEndpoint", "UpdateEndpoint"),
        (True, "UpdateEndpoint", "DeleteEndpoint"),
    ],
)
def test_somebody_else_who_changes_the_endpoint_meanwhile_is_waited_for(
    approvals: Approvals, before: str, operation: str, *, existing: bool
) -> None:
    if existing:
        approvals.approved()
    configure(approvals.service, "mine")
    others: Members = {"EndpointName": ENDPOINT}
    if operation != "DeleteEndpoint":
        others["EndpointConfigName"] = "mine"

    def meanwhile() -> None:
        approvals.serving.plan = lambda _: STARTING
        approvals.call(operation, **others)

    approvals.new_sink(invoke=Between(approvals, before, meanwhile))
    approvals.events()
    version = approvals.register("Approved")
    (event,) = approvals.events()
    assert approvals.refused(event).busy
    approvals.serving.plan = lambda _: READY
    for started in approvals.serving.started_ids():
        approvals.serving.stand(started, "ready")
    approvals.sink.send(event, "")
    assert approvals.served() == int(version.rpartition("/")[2])


def test_storage_that_fails_is_tried_again(approvals: Approvals) -> None:
    def failing(*_: object) -> None:
        raise ServiceUnavailable("The disk is full.")

    approvals.new_sink(invoke=failing)
    approvals.register("Approved")
    (event,) = approvals.events()
    refused = approvals.refused(event)
    assert str(refused) == "ServiceUnavailable: The disk is full."
    assert (refused.again, refused.busy) == (True, False)


def test_a_version_that_is_gone_is_not_tried_again(approvals: Approvals) -> None:
    version = approvals.register("Approved")
    approvals.call("DeleteModelPackage", ModelPackageName=version)
    (event,) = approvals.events()
    refused = approvals.refused(event)
    assert str(refused) == f"ValidationException: ModelPackage {version} does not exist."
    assert (refused.again, refused.busy) == (False, False)
