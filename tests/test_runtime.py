"""Invocations without a socket: which variant, what it is sent, what a caller is told."""

from collections.abc import Iterator
from typing import Any

import pytest

from fictions import (
    IMAGE,
    VARIANT,
    call,
    create,
    describe,
    make_model,
    variant,
)
from invoking import NOT_FOUND, READY, answers, asked, raises, refused
from sagemock import Service, Settings
from sagemock.api.service_model import ServiceModel
from sagemock.errors import ModelError, ServiceUnavailable
from sagemock.hosting import Answer, Invocation, NoAnswerError, Standing
from sagemock.operation import Caller
from sagemock.runtime import Invoked
from standing_serving import StandingServing, service_on

LOOK_THERE = (
    " See https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
    "#logEventViewer:group=/aws/sagemaker/Endpoints/it in account 123456789012 for more"
    " information."
)
LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/it"


@pytest.fixture
def serving() -> StandingServing:
    return StandingServing(lambda _: READY)


@pytest.fixture
def hosted(serving: StandingServing, model: ServiceModel) -> Iterator[Service]:
    settings = Settings(db=":memory:", hold_s=0, routing="round_robin")
    service = service_on(serving, settings, model=model)
    yield service
    service.close()


def test_what_a_variant_answers_is_told_with_its_name(
    hosted: Service, serving: StandingServing
) -> None:
    create(hosted, "it")
    serving.answers = answers(200, b"0", b".7", custom_attributes="trace=1")
    invoked, body = asked(hosted)
    assert invoked == Invoked(VARIANT, "text/plain", "trace=1")
    assert body == b"0.7"
    fleet, name, sent = serving.asked[0]
    assert (fleet, name) == ("123456789012/us-east-1/it/1", VARIANT)
    assert sent == Invocation(b"1,2", content_type="text/csv")


def test_what_broke_no_constraint_is_not_taken_for_what_breaks_one(hosted: Service) -> None:
    create(hosted, "it")
    for _ in range(2):
        assert asked(hosted, CustomAttributes="a")[1] == b"yes"
        assert "customAttributes" in refused(hosted, CustomAttributes="a" * 1025)


def test_weights_that_change_are_followed_by_the_next_call(hosted: Service) -> None:
    make_model(hosted, "m")
    create(hosted, "it", *(variant("m", name, InitialVariantWeight=1.0) for name in "ab"))
    assert {asked(hosted)[0].variant for _ in range(4)} == {"a", "b"}
    weights = [{"VariantName": name, "DesiredWeight": float(name == "b")} for name in "ab"]
    call(
        hosted,
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="it",
        DesiredWeightsAndCapacities=weights,
    )
    hosted.settle()
    assert {asked(hosted)[0].variant for _ in range(4)} == {"b"}


class TestRefusals:
    def test_an_endpoint_that_is_not_there_is_told_with_the_account(self, hosted: Service) -> None:
        assert refused(hosted) == NOT_FOUND.format(name="it")

    def test_a_name_in_another_case_is_not_found(self, hosted: Service) -> None:
        create(hosted, "it")
        assert refused(hosted, EndpointName="IT") == NOT_FOUND.format(name="IT")

    @pytest.mark.parametrize("member", ["account", "region"])
    def test_an_endpoint_of_elsewhere_is_not_found(self, member: str, hosted: Service) -> None:
        create(hosted, "it")
        place = {"account": "123456789012", "region": "us-east-1"}
        place[member] = {"account": "999988887777", "region": "eu-west-1"}[member]
        by = Caller(**place, principal="p", principal_id="i")
        expected = f"Endpoint it of account {place['account']} not found."
        assert refused(hosted, by=by) == expected

    @pytest.mark.parametrize("state", ["starting", "failed"])
    def test_one_that_never_came_into_service_is_told_as_not_found(
        self, state: Any, hosted: Service, serving: StandingServing
    ) -> None:
        serving.plan = lambda _: Standing(state, "no")
        create(hosted, "it")
        assert refused(hosted) == NOT_FOUND.format(name="it")

    def test_one_that_is_being_deleted_is_told_as_not_found(
        self, hosted: Service, serving: StandingServing
    ) -> None:
        create(hosted, "it")
        serving.lingers = True
        call(hosted, "DeleteEndpoint", EndpointName="it")
        assert describe(hosted, "it")["EndpointStatus"] == "Deleting"
        assert refused(hosted) == NOT_FOUND.format(name="it")

    def test_a_variant_that_is_not_there_is_named(self, hosted: Service) -> None:
        create(hosted, "it")
        assert refused(hosted, TargetVariant="Other") == (
            "Variant Other of endpoint it of account 123456789012 not found."
        )

    def test_an_asynchronous_endpoint_is_not_invoked_otherwise(self, hosted: Service) -> None:
        config = {"OutputConfig": {"S3OutputPath": "s3://bucket/out"}}
        create(hosted, "it", variant(make_model(hosted, "it")), AsyncInferenceConfig=config)
        assert "can only be invoked with InvokeEndpointAsync" in refused(hosted)

    def test_without_any_weight_a_variant_has_to_be_named(self, hosted: Service) -> None:
        make_model(hosted, "m")
        create(hosted, "it", *(variant("m", name, InitialVariantWeight=0.0) for name in "ab"))
        assert refused(hosted) == (
            "No variant of endpoint it of account 123456789012 has a weight; name one."
        )
        assert asked(hosted, TargetVariant="b")[0].variant == "b"

    def test_a_broken_constraint_comes_in_the_words_of_the_control_plane(
        self, hosted: Service
    ) -> None:
        message = refused(hosted, EndpointName="n" * 64, InferenceId="i" * 65)
        assert message.startswith("2 validation errors detected: Value '")
        assert "at 'endpointName' failed to satisfy constraint" in message
        assert "at 'inferenceId' failed to satisfy constraint" in message


class TestContainers:
    def test_where_they_are_called_directly_one_has_to_be_named(
        self, hosted: Service, serving: StandingServing
    ) -> None:
        mode = {"InferenceExecutionConfig": {"Mode": "Direct"}}
        make_model(hosted, "m", "first", "second", **mode)
        create(hosted, "it", variant("m"))
        assert refused(hosted) == (
            "The containers of endpoint it of account 123456789012 are called directly: "
            "name one of first, second as TargetContainerHostname."
        )
        assert refused(hosted, TargetContainerHostname="third") == (
            "Container third of endpoint it of account 123456789012 not found."
        )
        assert serving.asked == []
        asked(hosted, TargetContainerHostname="second")
        assert serving.asked[0][2].target_container == "second"

    def test_of_those_in_a_row_there_is_none_to_choose(self, hosted: Service) -> None:
        make_model(hosted, "m", "first", "second")
        create(hosted, "it", variant("m"))
        assert asked(hosted)[1] == b"yes"
        expected = "Container third of endpoint it of account 123456789012 not found."
        assert refused(hosted, TargetContainerHostname="third") == expected


class TestVariants:
    def test_calls_go_by_weight_and_never_to_a_weight_of_0(self, hosted: Service) -> None:
        make_model(hosted, "m")
        weights = {"a": 1.0, "b": 3.0, "c": 0.0}
        create(
            hosted,
            "it",
            *(variant("m", name, InitialVariantWeight=weight) for name, weight in weights.items()),
        )
        got = [asked(hosted)[0].variant for _ in range(40)]
        assert (got.count("a"), got.count("b"), got.count("c")) == (10, 30, 0)
        assert asked(hosted, TargetVariant="c")[0].variant == "c"

    def test_new_weights_hold_from_the_next_call_on(self, hosted: Service) -> None:
        make_model(hosted, "m")
        create(hosted, "it", *(variant("m", name) for name in "ab"))
        assert {asked(hosted)[0].variant for _ in range(4)} == {"a", "b"}
        wished = [{"VariantName": "a", "DesiredWeight": 0.0}]
        call(
            hosted,
            "UpdateEndpointWeightsAndCapacities",
            EndpointName="it",
            DesiredWeightsAndCapacities=wished,
        )
        assert {asked(hosted)[0].variant for _ in range(4)} == {"b"}


class TestErrorsOfModels:
    @pytest.mark.parametrize(
        ("status", "whose"), [(400, "client"), (418, "client"), (499, "client"), (500, "server")]
    )
    def test_an_error_of_a_container_is_told_with_all_it_said(
        self, status: int, whose: str, hosted: Service, serving: StandingServing
    ) -> None:
        create(hosted, "it")
        serving.answers = answers(status, b"it is ", b"\xff bad", container="second")
        with pytest.raises(ModelError) as error:
            asked(hosted)
        said = "it is \ufffd bad"
        assert (error.value.code, error.value.status) == ("ModelError", 424)
        assert error.value.message == (
            f'Received {whose} error ({status}) from second with message "{said}".{LOOK_THERE}'
        )
        assert error.value.details == {
            "ErrorCode": f"{whose.upper()}_ERROR_FROM_MODEL",
            "OriginalStatusCode": status,
            "OriginalMessage": said,
            "LogStreamArn": LOGS,
        }

    def test_a_long_message_is_told_up_to_64_kilobytes(
        self, hosted: Service, serving: StandingServing
    ) -> None:
        create(hosted, "it")
        serving.answers = answers(500, b"x" * 100_000)
        with pytest.raises(ModelError) as error:
            asked(hosted)
        assert error.value.details["OriginalMessage"] == "x" * 65_536

    def test_a_container_that_takes_too_long_is_a_status_of_0(
        self, hosted: Service, serving: StandingServing
    ) -> None:
        create(hosted, "it")
        serving.answers = raises(NoAnswerError("late", container="primary", timed_out=True))
        with pytest.raises(ModelError) as error:
            asked(hosted)
        said = (
            "Your invocation timed out while waiting for a response from container primary. "
            "Review the latency metrics for each container in Amazon CloudWatch, resolve the "
            "issue, and try again."
        )
        assert error.value.message == (
            f'Received server error (0) from primary with message "{said}".{LOOK_THERE}'
        )
        assert error.value.details["OriginalStatusCode"] == 0
        assert error.value.details["OriginalMessage"] == said

    def test_a_container_that_breaks_off_is_told_with_what_happened(
        self, hosted: Service, serving: StandingServing
    ) -> None:
        def pieces() -> Iterator[bytes]:
            yield b"half"
            raise NoAnswerError("The connection broke.", container="primary")

        create(hosted, "it")
        serving.answers = lambda *_: Answer(200, None, pieces())
        with pytest.raises(ModelError) as error:
            asked(hosted)
        message = 'Received server error (0) from primary with message "The connection broke.".'
        assert error.value.message == message + LOOK_THERE

    def test_an_answer_beyond_the_limit_is_an_error_and_let_go(
        self, hosted: Service, serving: StandingServing
    ) -> None:
        let_go: list[bool] = []

        def pieces() -> Iterator[bytes]:
            try:
                while True:
                    yield b"x" * 1_000_000
            finally:
                let_go.append(True)

        create(hosted, "it")
        serving.answers = lambda *_: Answer(200, None, pieces())
        with pytest.raises(ModelError, match="answer is longer than 6291456 bytes"):
            asked(hosted)
        assert let_go == [True]

    def test_an_answer_of_just_the_limit_is_given(
        self, hosted: Service, serving: StandingServing
    ) -> None:
        create(hosted, "it")
        serving.answers = answers(200, b"x" * 6_291_455, b"x")
        assert len(asked(hosted)[1]) == 6_291_456


def test_a_storage_that_cannot_be_read_is_told_as_unavailable(model: ServiceModel) -> None:
    serving = StandingServing(lambda _: READY)
    service = service_on(serving, Settings(db=":memory:", hold_s=0), model=model)
    service.close()
    with pytest.raises(ServiceUnavailable, match="storage cannot be used now"):
        asked(service)


def test_the_image_of_a_fiction_is_what_its_container_has(
    hosted: Service, serving: StandingServing
) -> None:
    create(hosted, "it")
    (fleet,) = serving.started
    (container,) = fleet.variants[0].containers
    assert (container.image, container.hostname) == (IMAGE, "primary")
