"""A second service on the same file goes on where the first was stopped."""

from pathlib import Path

import pytest

from endpoint_states import FIRST, READY, SECOND, changes_of_status, is_due, notes, status
from fictions import call, configure, create, describe, update
from sagemock import Service, Settings
from sagemock.api.service_model import ServiceModel
from sagemock.hosting import Standing
from sagemock.settling import PRINCIPAL
from standing_serving import NONE_YET, StandingServing, service_on


@pytest.fixture
def serving() -> StandingServing:
    return StandingServing()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def opened(folder: Path, serving: StandingServing, model: ServiceModel) -> Service:
    settings = Settings(db=folder / "registry.db", hold_s=0)
    return service_on(serving, settings, model=model)


def left(folder: Path, model: ServiceModel, *, updating: bool = False) -> None:
    """An endpoint in service, maybe being updated, whose server was stopped."""
    serving = StandingServing(lambda fleet: READY if fleet.id == FIRST else NONE_YET)
    service = opened(folder, serving, model)
    create(service, "it")
    configure(service, "next")
    if updating:
        update(service, "it", "next")
    service.close()


def test_a_stop_between_commit_and_start_is_made_up_for(
    folder: Path,
    serving: StandingServing,
    model: ServiceModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = opened(folder, serving, model)
    configure(first, "it")
    with monkeypatch.context() as killed:
        # As if the process had ended right after its commit.
        killed.setattr(first._settling, "hold", lambda *_: None)
        call(first, "CreateEndpoint", EndpointName="it", EndpointConfigName="it")
    first.close()
    assert serving.started == []

    second = opened(folder, serving, model)
    assert serving.started_ids() == [FIRST]
    assert status(second) == "Creating"
    serving.stand(FIRST, "ready")
    assert status(second) == "InService"
    second.close()


def test_a_stop_in_a_deletion_is_made_up_for(
    folder: Path,
    serving: StandingServing,
    model: ServiceModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left(folder, model)
    serving.plan = lambda _: READY
    first = opened(folder, serving, model)
    with monkeypatch.context() as killed:
        killed.setattr(first._settling, "hold", lambda *_: None)
        call(first, "DeleteEndpoint", EndpointName="it")
    first.close()
    again = StandingServing()
    second = opened(folder, again, model)
    assert again.started == []
    assert call(second, "ListEndpoints") == {"Endpoints": []}
    assert notes(second, "withdrawn") == [("it", "Deleted")]
    second.close()


def test_what_was_in_service_is_system_updating_until_it_is_ready_again(
    folder: Path, serving: StandingServing, model: ServiceModel
) -> None:
    left(folder, model)
    service = opened(folder, serving, model)
    assert status(service) == "SystemUpdating"
    assert is_due(service)
    serving.stand(FIRST, "ready")
    assert status(service) == "InService"
    assert not is_due(service)
    assert serving.started_ids() == [FIRST]
    # It has been deployed once.
    assert notes(service, "deployed") == [("it", None)]
    service.close()


def test_what_is_ready_at_once_was_never_out_of_service(
    folder: Path, serving: StandingServing, model: ServiceModel
) -> None:
    left(folder, model)
    serving.plan = lambda _: READY
    service = opened(folder, serving, model)
    before = changes_of_status(service)
    assert status(service) == "InService"
    assert before == [("Settle", PRINCIPAL, "Creating", "InService")]
    service.close()


def test_what_does_not_come_up_again_is_out_of_service_and_not_tried_for_ever(
    folder: Path, serving: StandingServing, model: ServiceModel
) -> None:
    left(folder, model)
    service = opened(folder, serving, model)
    serving.stand(FIRST, "failed", "Its archive is gone.")
    endpoint = describe(service, "it")
    assert endpoint["EndpointStatus"] == "OutOfService"
    assert endpoint["FailureReason"] == "Its archive is gone."
    serving.stand("another", "ready")
    for _ in range(3):
        service.settle()
    assert status(service) == "OutOfService"
    assert serving.started_ids() == [FIRST]
    assert not is_due(service)
    service.close()


def test_what_is_out_of_service_is_tried_again_by_the_next_server(
    folder: Path, serving: StandingServing, model: ServiceModel
) -> None:
    left(folder, model)
    serving.plan = lambda _: Standing("failed", "no")
    opened(folder, serving, model).close()
    again = StandingServing(lambda _: READY)
    service = opened(folder, again, model)
    endpoint = describe(service, "it")
    assert endpoint["EndpointStatus"] == "InService"
    assert "FailureReason" not in endpoint
    service.close()


def test_what_is_out_of_service_can_be_deleted_and_updated(
    folder: Path, serving: StandingServing, model: ServiceModel
) -> None:
    left(folder, model)
    serving.plan = lambda _: Standing("failed", "no")
    service = opened(folder, serving, model)
    assert status(service) == "OutOfService"
    serving.plan = lambda fleet: READY if fleet.id == SECOND else Standing("failed", "no")
    endpoint = update(service, "it", "next")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "next")
    assert "FailureReason" not in endpoint
    call(service, "DeleteEndpoint", EndpointName="it")
    assert call(service, "ListEndpoints") == {"Endpoints": []}
    service.close()


def test_an_update_goes_on_and_the_old_fleet_serves_meanwhile(
    folder: Path, serving: StandingServing, model: ServiceModel
) -> None:
    left(folder, model, updating=True)
    service = opened(folder, serving, model)
    assert sorted(serving.started_ids()) == [FIRST, SECOND]
    assert status(service) == "Updating"
    serving.stand(FIRST, "ready")
    serving.stand(SECOND, "ready")
    endpoint = describe(service, "it")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "next")
    assert serving.stopped == [FIRST]
    service.close()


def test_an_update_that_fails_after_a_restart_goes_back(
    folder: Path, serving: StandingServing, model: ServiceModel
) -> None:
    left(folder, model, updating=True)
    service = opened(folder, serving, model)
    serving.stand(FIRST, "ready")
    serving.stand(SECOND, "failed", "no")
    endpoint = describe(service, "it")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "it")
    assert endpoint["FailureReason"] == "no"
    service.close()


def test_an_update_that_fails_while_the_old_fleet_still_starts_is_no_service_yet(
    folder: Path, serving: StandingServing, model: ServiceModel
) -> None:
    left(folder, model, updating=True)
    service = opened(folder, serving, model)
    serving.stand(SECOND, "failed", "no")
    assert status(service) == "SystemUpdating"
    serving.stand(FIRST, "ready")
    endpoint = describe(service, "it")
    assert (endpoint["EndpointStatus"], endpoint["FailureReason"]) == ("InService", "no")
    service.close()


def test_what_is_failed_stays_so_and_is_not_started(
    folder: Path, serving: StandingServing, model: ServiceModel
) -> None:
    failing = StandingServing(lambda _: Standing("failed", "no"))
    first = opened(folder, failing, model)
    create(first, "it")
    first.close()
    second = opened(folder, serving, model)
    assert status(second) == "Failed"
    assert serving.started == []
    second.close()


def told(service: Service) -> list[str]:
    """The statuses that events tell of the endpoint."""
    events = service.events.page(resource=describe(service, "it")["EndpointArn"])["Events"]
    return [each["detail"]["EndpointStatus"] for each in events]


def test_no_event_tells_that_a_start_has_brought_an_endpoint_back(
    folder: Path, serving: StandingServing, model: ServiceModel
) -> None:
    left(folder, model)
    service = opened(folder, serving, model)
    assert status(service) == "SystemUpdating"
    serving.stand(FIRST, "ready")
    assert status(service) == "InService"
    assert told(service) == ["CREATING", "IN_SERVICE"]
    service.close()


def test_events_tell_that_a_start_could_not_bring_it_back_and_that_a_later_one_could(
    folder: Path, serving: StandingServing, model: ServiceModel
) -> None:
    left(folder, model)
    service = opened(folder, serving, model)
    assert status(service) == "SystemUpdating"
    serving.stand(FIRST, "failed", "gone")
    assert status(service) == "OutOfService"
    service.close()
    again = StandingServing()
    later = opened(folder, again, model)
    assert status(later) == "SystemUpdating"
    again.stand(FIRST, "ready")
    assert status(later) == "InService"
    assert told(later) == [
        *("CREATING", "IN_SERVICE", "OUT_OF_SERVICE"),
        *("SYSTEM_UPDATING", "IN_SERVICE"),
    ]
    later.close()
