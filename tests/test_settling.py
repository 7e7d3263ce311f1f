"""How endpoints come to rest: their statuses, by how their fleets stand; nothing is lost."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import TickingClock
from endpoint_states import (
    FIRST,
    LIMIT_S,
    READY,
    SECOND,
    changes_of_status,
    describe_now,
    in_service,
    is_due,
    notes,
    status,
)
from fictions import ANN, ARN, VARIANT, call, configure, create, describe, update
from sagemock import Service, Settings
from sagemock.api.service_model import ServiceModel
from sagemock.errors import ValidationException
from sagemock.ports import StorageFailed
from sagemock.settling import PRINCIPAL
from standing_serving import StandingServing, service_on


@pytest.fixture
def serving() -> StandingServing:
    return StandingServing()


@pytest.fixture
def settled(
    serving: StandingServing, model: ServiceModel, clock: TickingClock
) -> Iterator[Service]:
    """A service that waits for nothing: what has begun goes on when it is settled."""
    settings = Settings(db=":memory:", hold_s=0)
    service = service_on(serving, settings, model=model, clock=clock)
    yield service
    service.close()


def test_an_endpoint_is_creating_until_its_fleet_is_ready(
    settled: Service, serving: StandingServing
) -> None:
    endpoint = create(settled, "it")
    assert endpoint["EndpointStatus"] == "Creating"
    assert endpoint["PendingDeploymentSummary"]["EndpointConfigName"] == "it"
    assert "ProductionVariants" not in endpoint
    assert serving.started_ids() == [FIRST]
    assert is_due(settled)
    settled.settle()
    assert status(settled) == "Creating"
    assert notes(settled, "deployed") == []

    serving.stand(FIRST, "ready")
    endpoint = describe(settled, "it")
    assert endpoint["EndpointStatus"] == "InService"
    assert "PendingDeploymentSummary" not in endpoint
    assert [each["VariantName"] for each in endpoint["ProductionVariants"]] == [VARIANT]
    assert not is_due(settled)
    assert serving.started_ids() == [FIRST]
    assert notes(settled, "deployed") == [("it", None)]


def test_an_endpoint_whose_fleet_fails_is_failed_and_says_why(
    settled: Service, serving: StandingServing
) -> None:
    create(settled, "it")
    serving.stand(FIRST, "failed", "It did not answer.")
    endpoint = describe(settled, "it")
    assert endpoint["EndpointStatus"] == "Failed"
    assert endpoint["FailureReason"] == "It did not answer."
    assert serving.stopped == [FIRST]
    assert not is_due(settled)
    assert notes(settled, "withdrawn") == [("it", "Failed")]
    assert notes(settled, "deployed") == []


def test_a_reason_longer_than_aws_allows_is_cut(settled: Service, serving: StandingServing) -> None:
    create(settled, "it")
    serving.stand(FIRST, "failed", "x" * 2000)
    assert describe(settled, "it")["FailureReason"] == "x" * 1024


def test_an_update_serves_with_the_old_fleet_until_the_new_one_is_ready(
    settled: Service, serving: StandingServing
) -> None:
    in_service(settled, serving)
    endpoint = update(settled, "it", "next")
    assert endpoint["EndpointStatus"] == "Updating"
    assert endpoint["EndpointConfigName"] == "it"
    assert endpoint["PendingDeploymentSummary"]["EndpointConfigName"] == "next"
    assert serving.started_ids() == [FIRST, SECOND]
    assert serving.stopped == []

    serving.stand(SECOND, "ready")
    endpoint = describe(settled, "it")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "next")
    assert "PendingDeploymentSummary" not in endpoint
    assert serving.stopped == [FIRST]
    assert notes(settled, "deployed") == [("next", None), ("it", None)]
    assert notes(settled, "withdrawn") == [("it", "Replaced")]


def test_an_update_that_fails_keeps_the_old_fleet_and_says_why_until_one_goes_well(
    settled: Service, serving: StandingServing
) -> None:
    in_service(settled, serving)
    update(settled, "it", "next")
    serving.stand(SECOND, "failed", "It is broken.")
    endpoint = describe(settled, "it")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "it")
    assert endpoint["FailureReason"] == "It is broken."
    assert "PendingDeploymentSummary" not in endpoint
    assert serving.stopped == [SECOND]
    assert serving.observe(FIRST) == READY
    assert not is_due(settled)
    assert notes(settled, "withdrawn") == [("next", "Failed")]

    update(settled, "it", "next")
    serving.stand("123456789012/us-east-1/it/3", "ready")
    endpoint = describe(settled, "it")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "next")
    assert "FailureReason" not in endpoint


def test_new_weights_need_no_other_fleet(settled: Service, serving: StandingServing) -> None:
    in_service(settled, serving)
    wished = [{"VariantName": VARIANT, "DesiredWeight": 0.25, "DesiredInstanceCount": 3}]
    call(
        settled,
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="it",
        DesiredWeightsAndCapacities=wished,
    )
    endpoint = describe(settled, "it")
    (variant,) = endpoint["ProductionVariants"]
    assert endpoint["EndpointStatus"] == "InService"
    assert (variant["CurrentWeight"], variant["CurrentInstanceCount"]) == (0.25, 3)
    assert serving.started_ids() == [FIRST]
    assert serving.stopped == []


def test_a_deletion_waits_until_nothing_runs_any_more(
    settled: Service, serving: StandingServing
) -> None:
    in_service(settled, serving)
    serving.lingers = True
    call(settled, "DeleteEndpoint", EndpointName="it")
    assert status(settled) == "Deleting"
    settled.settle()
    assert status(settled) == "Deleting"
    assert set(serving.stopped) == {FIRST}

    serving.end(FIRST)
    with pytest.raises(ValidationException, match="Could not find endpoint"):
        describe(settled, "it")
    assert not is_due(settled)
    assert notes(settled, "withdrawn") == [("it", "Deleted")]


def test_a_failed_endpoint_is_deleted_though_nothing_of_it_runs(
    settled: Service, serving: StandingServing
) -> None:
    create(settled, "it")
    serving.stand(FIRST, "failed", "no")
    call(settled, "DeleteEndpoint", EndpointName="it")
    with pytest.raises(ValidationException, match="Could not find endpoint"):
        describe(settled, "it")


def test_a_move_nobody_called_for_is_written_down_as_the_services_own(
    settled: Service, serving: StandingServing
) -> None:
    in_service(settled, serving)
    with settled._store.reading("123456789012", "us-east-1") as session:
        (deployed,) = session.recorded("deployed", 9)
    # What was deployed is told by who asked for it; the change of status by the service.
    assert (deployed.kind, deployed.name) == ("model", "it")
    assert (deployed.operation, deployed.principal) == ("CreateEndpoint", ANN.principal)
    assert deployed.request_id == "request of CreateEndpoint"
    assert deployed.after == {
        "SubjectArn": f"{ARN}model/it",
        "ModelArn": f"{ARN}model/it",
        "EndpointArn": f"{ARN}endpoint/it",
        "EndpointConfigName": "it",
        "VariantName": VARIANT,
        "Weight": 1.0,
        "StartTime": deployed.at_ms / 1000,
    }
    moves = changes_of_status(settled)
    assert moves == [("Settle", PRINCIPAL, "Creating", "InService")]


class Failing:
    """A store of which writes fail while a test says so."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.fails = False

    def write(self, *arguments: Any) -> Any:
        if self.fails:
            raise StorageFailed("disk I/O error")
        return self._store.write(*arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_what_the_storage_could_not_take_is_still_due_and_done_later(
    settled: Service,
    serving: StandingServing,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    create(settled, "it")
    failing = Failing(settled._store)
    monkeypatch.setattr(settled._settling, "_store", failing)
    failing.fails = True
    serving.stand(FIRST, "ready")
    with caplog.at_level(logging.ERROR):
        assert status(settled) == "Creating"
    assert "endpoint/it waits for the storage: disk I/O error" in caplog.text
    assert serving.stopped == []
    failing.fails = False
    # Nothing has changed with the fleets since, and yet it is looked at.
    settled.settle()
    assert describe_now(settled, "it") == "InService"


def test_a_storage_that_fails_is_not_asked_again_by_every_call(
    settled: Service,
    serving: StandingServing,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("sagemock.settling._RETRY_S", 60)
    create(settled, "it")
    failing = Failing(settled._store)
    monkeypatch.setattr(settled._settling, "_store", failing)
    failing.fails = True
    serving.stand(FIRST, "ready")
    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            status(settled)
    assert caplog.text.count("waits for the storage") == 1
    failing.fails = False
    monkeypatch.setattr(settled._settling, "_not_before", 0.0)
    assert status(settled) == "InService"


def test_a_failing_storage_stops_no_old_fleet(
    settled: Service, serving: StandingServing, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_service(settled, serving)
    update(settled, "it", "next")
    failing = Failing(settled._store)
    failing.fails = True
    monkeypatch.setattr(settled._settling, "_store", failing)
    serving.stand(SECOND, "ready")
    assert status(settled) == "Updating"
    assert serving.stopped == []
    assert serving.observe(FIRST) == READY


def test_one_that_cannot_be_moved_does_not_keep_the_others(
    settled: Service, serving: StandingServing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("it", "other"):
        create(settled, name)
        serving.stand(f"123456789012/us-east-1/{name}/{len(serving.started)}", "ready")
    write = settled._store.write

    def fail_first(*_: Any) -> Any:
        monkeypatch.setattr(settled._settling._store, "write", write)
        raise StorageFailed("disk I/O error")

    configure(settled, "next")
    for name in ("it", "other"):
        update(settled, name, "next")
    monkeypatch.setattr(settled._settling._store, "write", fail_first)
    for fleet in serving.started:
        serving.stand(fleet.id, "ready")
    settled.settle()
    statuses = sorted(describe_now(settled, name) for name in ("it", "other"))
    assert statuses == ["InService", "Updating"]
    settled.settle()
    assert {describe(settled, name)["EndpointStatus"] for name in ("it", "other")} == {"InService"}


def test_two_settle_at_once_and_each_move_is_made_once(
    settled: Service, serving: StandingServing
) -> None:
    for number in range(5):
        create(settled, f"e{number}")
    for fleet in list(serving.started):
        serving.stand(fleet.id, "ready")
    threads = [threading.Thread(target=settled.settle) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    assert len(notes(settled, "deployed")) == 5
    assert len(changes_of_status(settled)) == 5


def test_what_becomes_due_while_it_is_looked_at_is_not_forgotten(
    settled: Service, serving: StandingServing, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_service(settled, serving)
    settling, look = settled._settling, settled._settling._looks["endpoint"]
    deleting: list[threading.Thread] = []
    added = threading.Event()
    add = settling.add

    def add_and_tell(*arguments: Any) -> Any:
        places = add(*arguments)
        added.set()
        return places

    def look_while_it_is_deleted(document: Any, observe: Any) -> Any:
        move = look(document, observe)
        if not deleting:
            delete = threading.Thread(
                target=call, args=(settled, "DeleteEndpoint"), kwargs={"EndpointName": "it"}
            )
            deleting.append(delete)
            delete.start()
            assert added.wait(LIMIT_S)
        return move

    monkeypatch.setattr(settling, "add", add_and_tell)
    monkeypatch.setattr(settling, "_looks", {"endpoint": look_while_it_is_deleted})
    # Somebody looks at it once more, though it is at rest.
    settling._due["123456789012", "us-east-1", "endpoint", "it", 0] = 0
    settled.settle()
    deleting[0].join(LIMIT_S)
    settled.settle()
    with pytest.raises(ValidationException, match="Could not find endpoint"):
        describe(settled, "it")


def test_a_reset_while_something_is_started_leaves_nothing_running(
    settled: Service, serving: StandingServing, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = settled._settling._looks["endpoint"]
    resetting: list[threading.Thread] = []

    def look_while_all_is_reset(document: Any, observe: Any) -> Any:
        move = look(document, observe)
        if not resetting:
            resetting.append(threading.Thread(target=settled.reset))
            resetting[0].start()
            # It may have to wait for its turn, which comes after this.
            resetting[0].join(0.3)
        return move

    monkeypatch.setattr(settled._settling, "_looks", {"endpoint": look_while_all_is_reset})
    configure(settled, "it")
    call(settled, "CreateEndpoint", EndpointName="it", EndpointConfigName="it")
    resetting[0].join(LIMIT_S)
    assert call(settled, "ListEndpoints") == {"Endpoints": []}
    assert serving.standings == {}
