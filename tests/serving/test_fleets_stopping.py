"""Fleets that are stopped: drained, within bounds, and leaving nothing behind."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from host_doubles import (  # noqa: F401 - fixtures
    LIMIT_S,
    ONE,
    SENT,
    DoubledHosts,
    ask,
    comes_to,
    doubled_hosts,
    running_fleets,
    started,
    state,
    waiting_answer,
)
from hosted import container, fleet, variant

from sagemock.hosting import Answer, NoAnswerError, NotRunningError
from sagemock.serving import fleets as fleets_module
from sagemock.serving.fleets import Fleets


class TestStopping:
    def test_a_stop_returns_before_it_is_over(self, fleets: Fleets, hosts: DoubledHosts) -> None:
        started(fleets, hosts)
        latch = threading.Event()
        hosts.of().answers = waiting_answer(latch)
        answer = fleets.invoke(ONE.id, "AllTraffic", SENT)
        fleets.stop(ONE.id)
        # What it was asked is answered before it ends, also what it is asked meanwhile.
        assert state(fleets) == "ready"
        assert hosts.of().stops == 0
        latch.set()
        assert list(answer.chunks) == [b"one", b"two"]
        comes_to(fleets, ONE, None)
        assert hosts.of().stops > 0

    def test_the_stop_of_one_that_runs_nothing_does_not_wait_for_its_answers(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        hosts.canned = {"AllTraffic/primary"}
        fleets.start(ONE)
        latch = threading.Event()
        hosts.of().answers = waiting_answer(latch)
        answer = fleets.invoke(ONE.id, "AllTraffic", SENT)
        before = time.monotonic()
        fleets.stop(ONE.id)
        assert time.monotonic() - before < 2
        latch.set()
        assert list(answer.chunks) == [b"one", b"two"]
        comes_to(fleets, ONE, None)

    def test_a_drain_has_a_bound(
        self, fleets: Fleets, hosts: DoubledHosts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fleets_module, "_DRAIN_S", 0.1)
        started(fleets, hosts)
        hosts.of().answers = waiting_answer(threading.Event())
        answer = fleets.invoke(ONE.id, "AllTraffic", SENT)
        before = time.monotonic()
        fleets.stop(ONE.id)
        comes_to(fleets, ONE, None)
        assert 0.1 <= time.monotonic() - before < LIMIT_S / 2
        assert next(answer.chunks) == b"one"

    @pytest.mark.parametrize("way", ["closed", "forgotten", "failed", "refused"])
    def test_an_answer_that_is_let_go_holds_up_no_stop(
        self, way: str, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        started(fleets, hosts)

        def broken() -> Iterator[bytes]:
            yield b"one"
            raise NoAnswerError("broken", container="primary")

        def refuse(*_: object) -> Answer:
            raise NoAnswerError("no", container="primary")

        hosts.of().answers = {
            "failed": lambda *_: Answer(200, None, broken()),
            "refused": refuse,
        }.get(way, waiting_answer(threading.Event()))
        if way == "refused":
            with pytest.raises(NoAnswerError, match="no"):
                fleets.invoke(ONE.id, "AllTraffic", SENT)
        else:
            answer = fleets.invoke(ONE.id, "AllTraffic", SENT)
            assert next(answer.chunks) == b"one"
            if way == "closed":
                answer.chunks.close()  # type: ignore[attr-defined]  # it can be let go
            elif way == "failed":
                with pytest.raises(NoAnswerError, match="broken"):
                    next(answer.chunks)
            else:
                del answer
        before = time.monotonic()
        fleets.stop(ONE.id)
        comes_to(fleets, ONE, None)
        assert time.monotonic() - before < LIMIT_S / 2

    def test_one_that_is_starting_is_stopped_before_it_has_started(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        fleets.start(ONE)
        assert hosts.of().starting.wait(LIMIT_S)
        fleets.stop(ONE.id)
        comes_to(fleets, ONE, None)
        assert hosts.of().stops > 0

    def test_one_that_is_being_prepared_starts_nothing_more(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        of = fleet(variant(container("first"), container("second")))
        hosts.may_prepare.clear()
        fleets.start(of)
        assert hosts.prepared.wait(LIMIT_S)
        fleets.stop(of.id)
        hosts.may_prepare.set()
        comes_to(fleets, of, None)
        assert hosts.of("first").stops > 0
        assert not hosts.of("first").starting.is_set()
        assert not hosts.of("second").starting.is_set()

    def test_what_is_not_known_is_stopped_already(self, fleets: Fleets) -> None:
        fleets.stop("nothing")
        assert fleets.observe("nothing") is None
        assert fleets.logs("nothing") == {}

    def test_many_stops_are_one(self, fleets: Fleets, hosts: DoubledHosts) -> None:
        started(fleets, hosts)
        for _ in range(5):
            fleets.stop(ONE.id)
        comes_to(fleets, ONE, None)
        # Once what was there, and once what it may have begun meanwhile.
        assert hosts.of().stops == 2

    def test_it_can_be_started_again_once_it_is_gone(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        hosts.canned = {"AllTraffic/primary"}
        for _ in range(2):
            fleets.start(ONE)
            assert ask(fleets) == "primary<sent>"
            fleets.stop(ONE.id)
        with pytest.raises(NotRunningError):
            fleets.invoke(ONE.id, "AllTraffic", SENT)


class TestAllAtOnce:
    def test_a_reset_stops_all_and_returns_when_nothing_is_left(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        others = [fleet(name=f"e{number}") for number in range(3)]
        for each in others:
            started(fleets, hosts, each)
        hosts.of().answers = waiting_answer(threading.Event())
        answer = fleets.invoke(others[0].id, "AllTraffic", SENT)
        before = time.monotonic()
        fleets.reset()
        assert time.monotonic() - before < LIMIT_S / 2
        assert [fleets.observe(each.id) for each in others] == [None] * 3
        assert next(answer.chunks) == b"one"
        fleets.reset()

    def test_after_a_reset_a_fleet_can_be_started(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        started(fleets, hosts)
        fleets.reset()
        hosts.canned = {"AllTraffic/primary"}
        fleets.start(ONE)
        assert ask(fleets) == "primary<sent>"

    def test_closing_stops_what_is_starting_and_removes_the_folder(
        self, fleets: Fleets, hosts: DoubledHosts, tmp_path: Path
    ) -> None:
        tmp_path.joinpath("serving", "something").mkdir(parents=True)
        fleets.start(ONE)
        assert hosts.of().starting.wait(LIMIT_S)
        fleets.close()
        assert fleets.observe(ONE.id) is None
        assert not tmp_path.joinpath("serving").exists()

    def test_what_is_closed_starts_nothing_any_more(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        hosts.canned = {"AllTraffic/primary"}
        fleets.close()
        fleets.start(ONE)
        assert fleets.observe(ONE.id) is None
