"""Invocations and the fleets behind them: shadows, replacements, streams, what is remembered."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fictions import (
    VARIANT,
    call,
    configure,
    create,
    make_model,
    update,
    variant,
)
from invoking import LIMIT_S, NOT_FOUND, READY, answers, asked, refused
from sagemock import Service, Settings
from sagemock.api.service_model import ServiceModel
from sagemock.errors import ModelError, ModelStreamError
from sagemock.hosting import Answer, Invocation, NoAnswerError, NotRunningError
from sagemock.runtime import Invoked
from standing_serving import StandingServing, service_on


@pytest.fixture
def serving() -> StandingServing:
    return StandingServing(lambda _: READY)


@pytest.fixture
def hosted(serving: StandingServing, model: ServiceModel) -> Iterator[Service]:
    settings = Settings(db=":memory:", hold_s=0, routing="round_robin")
    service = service_on(serving, settings, model=model)
    yield service
    service.close()


class TestShadows:
    def shadowed(self, service: Service) -> None:
        make_model(service, "m")
        create(service, "it", variant("m"), ShadowProductionVariants=[variant("m", "Shadow")])

    def wait_for(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LIMIT_S
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def test_a_shadow_is_sent_the_same_and_its_answer_is_dropped(
        self, hosted: Service, serving: StandingServing
    ) -> None:
        self.shadowed(hosted)
        serving.answers = lambda _, name, __: Answer(200, None, iter((name.encode(),)))
        invoked, body = asked(hosted)
        assert (invoked.variant, body) == (VARIANT, VARIANT.encode())
        self.wait_for(lambda: len(serving.asked) == 2)
        assert {name for _, name, _ in serving.asked} == {VARIANT, "Shadow"}
        assert serving.asked[0][2] == serving.asked[1][2]

    def test_a_shadow_that_fails_or_hangs_disturbs_no_answer(
        self, hosted: Service, serving: StandingServing, caplog: pytest.LogCaptureFixture
    ) -> None:
        self.shadowed(hosted)
        latch, done = threading.Event(), threading.Event()

        def answer(_: str, name: str, __: Invocation) -> Answer:
            if name == VARIANT:
                return Answer(200, None, iter((b"yes",)))
            assert latch.wait(LIMIT_S)
            done.set()
            raise NoAnswerError("gone", container="primary")

        serving.answers = answer
        with caplog.at_level(logging.WARNING):
            assert asked(hosted)[1] == b"yes"
            latch.set()
            assert done.wait(LIMIT_S)
            self.wait_for(lambda: "shadow variant Shadow did not answer: gone" in caplog.text)

    def test_no_more_copies_are_on_their_way_than_there_may_be(
        self, hosted: Service, serving: StandingServing
    ) -> None:
        self.shadowed(hosted)
        latch = threading.Event()

        def answer(_: str, name: str, __: Invocation) -> Answer:
            assert name == VARIANT or latch.wait(LIMIT_S)
            return Answer(200, None, iter((b"yes",)))

        serving.answers = answer
        for _ in range(20):
            assert asked(hosted)[1] == b"yes"
        self.wait_for(lambda: len(self.shadows(serving)) == 8)
        latch.set()
        # Their places are free again then.
        self.wait_for(lambda: bool(asked(hosted)) and len(self.shadows(serving)) > 8)

    def shadows(self, serving: StandingServing) -> list[str]:
        return [name for _, name, _ in list(serving.asked) if name == "Shadow"]

    def test_a_shadow_is_not_named_and_has_no_share(self, hosted: Service) -> None:
        self.shadowed(hosted)
        assert "Variant Shadow of endpoint it" in refused(hosted, TargetVariant="Shadow")

    def test_a_shadow_whose_containers_are_called_directly_breaks_no_thread(
        self, model: ServiceModel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from sagemock import create_service  # noqa: PLC0415 - the real fleets, in this test alone

        broken: list[Any] = []
        monkeypatch.setattr(threading, "excepthook", broken.append)
        service = create_service(Settings(db=":memory:"), model=model)
        make_model(service, "m")
        mode = {"InferenceExecutionConfig": {"Mode": "Direct"}}
        make_model(service, "pair", "first", "second", **mode)
        shadow = variant("pair", "Shadow")
        create(service, "it", variant("m"), ShadowProductionVariants=[shadow])
        asked(service)
        copies = service.runtime._copies
        # The copy is on its way no more once all places are free.
        for _ in range(8):
            assert copies.acquire(timeout=LIMIT_S)
        service.close()
        assert broken == []


class TestReplacedFleets:
    def test_a_call_that_finds_its_fleet_gone_asks_the_one_that_replaced_it(
        self, hosted: Service, serving: StandingServing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        create(hosted, "it")
        configure(hosted, "next")
        replaced: list[str] = []
        invoke = serving.invoke

        def replace_first(fleet_id: str, name: str, invocation: Invocation) -> Answer:
            if not replaced:
                replaced.append(fleet_id)
                update(hosted, "it", "next")
            return invoke(fleet_id, name, invocation)

        monkeypatch.setattr(serving, "invoke", replace_first)
        assert asked(hosted)[1] == b"yes"
        assert [fleet for fleet, *_ in serving.asked] == [
            "123456789012/us-east-1/it/1",
            "123456789012/us-east-1/it/2",
        ]

    def test_a_call_whose_fleet_is_gone_for_good_is_a_model_error(
        self, hosted: Service, serving: StandingServing
    ) -> None:
        create(hosted, "it")
        serving.end("123456789012/us-east-1/it/1")
        with pytest.raises(ModelError) as error:
            asked(hosted)
        assert error.value.details["OriginalStatusCode"] == 0
        assert "The container primary is not running." in str(error.value.message)

    def test_a_call_whose_endpoint_was_deleted_meanwhile_is_not_found(
        self, hosted: Service, serving: StandingServing
    ) -> None:
        create(hosted, "it")

        def delete(*_: Any) -> Answer:
            call(hosted, "DeleteEndpoint", EndpointName="it")
            raise NotRunningError("gone", container="primary")

        serving.answers = delete
        assert refused(hosted) == NOT_FOUND.format(name="it")


class TestStreams:
    def test_pieces_come_as_they_are_sent(self, hosted: Service, serving: StandingServing) -> None:
        create(hosted, "it")
        serving.answers = answers(200, b"one", b"two")
        invoked, pieces = asked(hosted, "stream")
        assert invoked == Invoked(VARIANT, "text/plain", None)
        assert list(pieces) == [b"one", b"two"]

    def test_a_stream_may_be_longer_than_an_answer(
        self, hosted: Service, serving: StandingServing
    ) -> None:
        create(hosted, "it")
        serving.answers = answers(200, *[b"x" * 1_000_000] * 8)
        assert sum(map(len, asked(hosted, "stream")[1])) == 8_000_000

    @pytest.mark.parametrize(
        ("timed_out", "code"), [(False, "StreamBroken"), (True, "ModelInvocationTimeExceeded")]
    )
    def test_what_breaks_a_stream_off_is_told_in_it(
        self, *, timed_out: bool, code: str, hosted: Service, serving: StandingServing
    ) -> None:
        def broken() -> Iterator[bytes]:
            yield b"one"
            raise NoAnswerError("It broke.", container="primary", timed_out=timed_out)

        create(hosted, "it")
        serving.answers = lambda *_: Answer(200, None, broken())
        _, pieces = asked(hosted, "stream")
        assert next(pieces) == b"one"
        with pytest.raises(ModelStreamError, match=r"It broke\.") as error:
            next(pieces)
        assert error.value.details == {"ErrorCode": code}

    def test_an_error_before_the_first_piece_is_that_of_an_invocation(
        self, hosted: Service, serving: StandingServing
    ) -> None:
        create(hosted, "it")
        serving.answers = answers(500, b"no")
        with pytest.raises(ModelError) as error:
            asked(hosted, "stream")
        assert error.value.code == "ModelError"
        assert "not found" in refused(hosted, way="stream", EndpointName="other")

    @pytest.mark.parametrize("begun", [True, False])
    def test_a_caller_who_leaves_lets_go_of_the_container(
        self, *, begun: bool, hosted: Service, serving: StandingServing
    ) -> None:
        let_go: list[bool] = []

        class Pieces:
            def __iter__(self) -> "Pieces":
                return self

            def __next__(self) -> bytes:
                return b"more"

            def __del__(self) -> None:
                let_go.append(True)

        create(hosted, "it")
        serving.answers = lambda *_: Answer(200, None, Pieces())
        _, pieces = asked(hosted, "stream")
        if begun:
            assert next(pieces) == b"more"
        pieces.close()
        del pieces
        assert let_go == [True]


class TestWhatIsRemembered:
    def test_an_endpoint_is_read_again_only_after_a_commit(
        self, hosted: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        create(hosted, "it")
        asked(hosted)
        reads: list[Any] = []
        reading = hosted._store.reading

        def count(*place: Any) -> Any:
            reads.append(place)
            return reading(*place)

        monkeypatch.setattr(hosted._store, "reading", count)
        for _ in range(5):
            asked(hosted)
        assert reads == []
        make_model(hosted, "m")
        asked(hosted)
        assert len(reads) == 1

    def test_after_a_reset_nothing_is_found(self, hosted: Service) -> None:
        create(hosted, "it")
        asked(hosted)
        hosted.reset()
        assert refused(hosted) == NOT_FOUND.format(name="it")

    def test_no_more_endpoints_are_remembered_than_there_may_be(
        self, hosted: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sagemock.runtime._MOST_READ", 2)
        make_model(hosted, "m")
        for number in range(4):
            create(hosted, f"e{number}", variant("m"))
        for number in range(4):
            asked(hosted, EndpointName=f"e{number}")
        assert len(hosted.runtime._read) <= 2
