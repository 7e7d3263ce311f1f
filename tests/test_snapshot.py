"""Snapshots in process: what is in one, and what a service tells and does after a load."""

from collections.abc import Iterator
from typing import Any

import pytest

from conftest import TickingClock, stored
from endpoint_states import FIRST, READY
from fictions import ANN, ARN, call, create, describe
from listed_sink import ListedSink, begin
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.errors import ServiceUnavailable, ValidationException
from sagemock.hosting import Standing
from sagemock.ports import ActivityQuery, StorageFailed
from sagemock.snapshot import canonical, parsed
from snapshot_fiction import BO, GROUP, VERSION_1, lists, play, saved, text, version
from standing_serving import NONE_YET, StandingServing, service_on

NOTHING = b"""{
  "accounts": {},
  "sagemock": {
    "snapshot": 1
  }
}
"""
COUNTS = {"Endpoint": 1, "EndpointConfig": 1, "Model": 1, "ModelPackage": 3, "ModelPackageGroup": 2}


@pytest.fixture
def other(model: ServiceModel) -> Iterator[Service]:
    """A service that knows nothing of the first, at another time."""
    clock = TickingClock(1_800_000_000.0)
    other = create_service(Settings(db=":memory:"), model=model, clock=clock, strict=True)
    yield other
    other.close()


class TestFile:
    def test_it_is_readable_and_sorted_to_the_byte(self, service: Service) -> None:
        play(service)
        assert text(service).decode() == VERSION_1.read_text("utf-8")

    def test_it_is_the_same_wherever_it_is_saved_again(
        self, service: Service, other: Service
    ) -> None:
        kept = VERSION_1.read_bytes()
        assert service.load(parsed(kept)) == {"loaded": COUNTS, "replaced": {}}
        assert text(service) == text(service) == kept
        assert other.load(service.snapshot()) == {"loaded": COUNTS, "replaced": {}}
        assert text(other) == kept
        assert other.load(saved()) == {"loaded": COUNTS, "replaced": COUNTS}
        assert text(other) == kept

    def test_of_nothing_there_is_a_snapshot_too(self, service: Service) -> None:
        assert text(service) == NOTHING
        play(service)
        assert service.load(parsed(NOTHING)) == {"loaded": {}, "replaced": COUNTS}
        assert text(service) == NOTHING

    def test_numbers_are_kept_to_the_digit(self, service: Service, other: Service) -> None:
        create(service, "it")
        content = service.snapshot()
        (place,) = content["accounts"][ANN.account].values()
        (config,) = place["resources"]["EndpointConfig"]
        weights = [0.1 + 0.2, 1e16, 5e-324, 3.4028234663852886e38, -0.0, 7]
        config["document"]["ProductionVariants"] = [
            {**config["document"]["ProductionVariants"][0], "InitialVariantWeight": each}
            for each in weights
        ]
        other.load(parsed(canonical(content)))
        described = call(other, "DescribeEndpointConfig", EndpointConfigName="it")
        told = [each["InitialVariantWeight"] for each in described["ProductionVariants"]]
        assert list(map(repr, told)) == list(map(repr, weights))
        assert text(other) == canonical(content)


class TestLoad:
    def test_every_answer_is_as_it_was(self, service: Service, other: Service) -> None:
        play(service)
        other.load(service.snapshot())
        for caller in (ANN, BO):
            assert lists(other, caller) == lists(service, caller)
        for operation, request in (
            ("DescribeModelPackageGroup", {"ModelPackageGroupName": GROUP}),
            ("GetModelPackageGroupPolicy", {"ModelPackageGroupName": GROUP}),
            ("ListTags", {"ResourceArn": f"{ARN}model-package-group/{GROUP}"}),
            ("DescribeModelPackage", {"ModelPackageName": version(2)}),
            ("DescribeModelPackage", {"ModelPackageName": "Alone"}),
            ("DescribeModel", {"ModelName": "churn"}),
            ("DescribeEndpointConfig", {"EndpointConfigName": "churn"}),
            ("DescribeEndpoint", {"EndpointName": "churn"}),
        ):
            assert call(other, operation, **request) == call(service, operation, **request)
        models = [
            each.hosted_containers("Churn", ANN.account, ANN.region) for each in (service, other)
        ]
        assert models[0] == models[1]

    def test_a_number_is_not_given_again_also_of_what_was_deleted(self, service: Service) -> None:
        service.load(saved())
        created = call(service, "CreateModelPackage", ModelPackageGroupName=GROUP)
        assert created == {"ModelPackageArn": version(12)}
        call(service, "UpdateEndpoint", EndpointName="Churn", EndpointConfigName="churn")
        (place,) = service.snapshot()["accounts"][ANN.account].values()
        assert place["counters"]["fleets"] == 2

    def test_what_was_there_is_gone_in_every_account(self, service: Service) -> None:
        call(service, "CreateModelPackageGroup", ModelPackageGroupName="mine")
        service.invoke("CreateModelPackageGroup", {"ModelPackageGroupName": "theirs"}, BO, "r")
        service.load(saved())
        for caller in (ANN, BO):
            listed = service.invoke("ListModelPackageGroups", {}, caller)
            assert listed
            names = [
                each["ModelPackageGroupName"] for each in listed["ModelPackageGroupSummaryList"]
            ]
            assert names == [GROUP]

    def test_a_token_that_was_seen_before_is_new(self, service: Service) -> None:
        request = {"ModelPackageGroupName": GROUP, "ClientToken": "seen"}
        service.load(saved())
        assert call(service, "CreateModelPackage", **request) == {"ModelPackageArn": version(12)}
        service.load(saved())
        assert call(service, "CreateModelPackage", **request) == {"ModelPackageArn": version(12)}

    def test_canned_rules_stay(self, service: Service) -> None:
        rule = {"match": {"endpoint": "*"}, "reply": {"body": "kept"}}
        service.canned.add([rule])
        service.load(saved())
        assert len(service.canned.shown()) == 1


class TestHistory:
    def test_it_begins_with_the_load(self, service: Service, clock: TickingClock) -> None:
        play(service)
        before_ms = round(clock.time * 1000)
        service.load(saved())
        assert service.activity_log.page(ActivityQuery(limit=100)) == {"Activity": []}
        # Of what is deployed the present is told, and nothing that was.
        (row,) = service.deployments(None, None)
        assert (row["SubjectArn"], row["Backend"]) == (version(2), "canned")
        assert "EndTime" not in row
        request = {"ModelPackageName": version(2)}
        with pytest.raises(ValidationException, match=r"What was before .* is not known"):
            service.invoke("DescribeModelPackage", request, ANN, as_of_ms=before_ms)
        after_ms = round(clock.time * 1000)
        now = call(service, "DescribeModelPackage", **request)
        assert service.invoke("DescribeModelPackage", request, ANN, as_of_ms=after_ms) == now
        call(service, "UpdateModelPackage", ModelPackageArn=version(2), ApprovalDescription="new")
        assert service.invoke("DescribeModelPackage", request, ANN, as_of_ms=after_ms) == now

    def test_no_events_are_sent_of_what_was_loaded(self, service: Service) -> None:
        sink = ListedSink()
        begin(service, sink)
        call(service, "CreateModelPackageGroup", ModelPackageGroupName="mine")
        call(service, "CreateModelPackage", ModelPackageGroupName="mine")
        sink.wait_for_sent(1)
        service.load(saved())
        assert service.events.page() == {"Events": [], "After": 0}
        call(service, "CreateModelPackage", ModelPackageGroupName=GROUP)
        sink.wait_for_sent(2)
        assert [each["resources"] for each in sink.envelopes[1:]] == [[version(12)]]


class TestEndpoints:
    def test_those_of_before_are_stopped_and_those_loaded_started(
        self, model: ServiceModel, clock: TickingClock
    ) -> None:
        serving = StandingServing(lambda _: READY)
        service = service_on(serving, Settings(db=":memory:"), model=model, clock=clock)
        create(service, "old")
        assert [fleet.endpoint for fleet in serving.started] == ["old"]
        service.load(saved())
        assert [fleet.endpoint for fleet in serving.started] == ["old", "Churn"]
        assert list(serving.standings) == ["123456789012/us-east-1/churn/1"]
        assert describe(service, "Churn")["EndpointStatus"] == "InService"
        assert text(service) == VERSION_1.read_bytes()
        service.close()

    def test_one_that_was_being_created_goes_on(
        self, model: ServiceModel, clock: TickingClock
    ) -> None:
        settings = Settings(db=":memory:", hold_s=0)
        serving = StandingServing()
        service = service_on(serving, settings, model=model, clock=clock)
        create(service, "it")
        content = service.snapshot()
        (place,) = content["accounts"][ANN.account].values()
        assert place["resources"]["Endpoint"][0]["due_ms"] == round(
            describe(service, "it")["CreationTime"] * 1000
        )
        service.reset()
        serving.started.clear()

        service.load(content)
        assert serving.started_ids() == [FIRST]
        assert text(service) == canonical(content)
        serving.stand(FIRST, "ready")
        assert describe(service, "it")["EndpointStatus"] == "InService"
        service.close()

    def test_a_load_waits_a_while_until_they_answer(
        self, model: ServiceModel, clock: TickingClock
    ) -> None:
        serving = StandingServing(lambda _: NONE_YET)
        settings = Settings(db=":memory:", hold_s=1)
        service = service_on(serving, settings, model=model, clock=clock)
        service.load(saved())
        assert serving.waited
        assert describe(service, "Churn")["EndpointStatus"] == "SystemUpdating"
        service.close()

    def test_a_load_that_fails_leaves_them_due_and_running(
        self, model: ServiceModel, clock: TickingClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        serving = StandingServing()
        settings = Settings(db=":memory:", hold_s=0)
        service = service_on(serving, settings, model=model, clock=clock)
        create(service, "it")
        before = stored(service)

        def fails(*_: Any) -> Any:
            raise StorageFailed("the disk is gone")

        with monkeypatch.context() as broken:
            broken.setattr(service._store, "replace", fails)
            with pytest.raises(ServiceUnavailable, match="the disk is gone"):
                service.load(saved())
        assert stored(service) == before
        assert serving.standings == {FIRST: Standing("starting")}
        serving.stand(FIRST, "ready")
        service.settle()
        assert describe(service, "it")["EndpointStatus"] == "InService"
        service.close()
