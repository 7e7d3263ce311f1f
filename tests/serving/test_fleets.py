"""Fleets: started in the background, failing, told of from memory; containers in a row."""

import logging
import threading
import time
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
)
from hosted import container, fleet, variant

from sagemock.hosting import Answer, Invocation, NotRunningError, Standing
from sagemock.serving.fleets import MOST_REASON, Fleets
from sagemock.serving.host import HostFailed


class TestStarting:
    def test_a_start_returns_before_its_hosts_have_started(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        assert fleets.observe(ONE.id) is None
        fleets.start(ONE)
        assert fleets.observe(ONE.id) == Standing("starting")
        with pytest.raises(NotRunningError, match="primary is not running"):
            fleets.invoke(ONE.id, "AllTraffic", SENT)
        assert hosts.of().starting.wait(LIMIT_S)
        assert state(fleets) == "starting"
        hosts.of().may_start.set()
        comes_to(fleets, ONE, "ready")
        assert fleets.observe(ONE.id) == Standing("ready", "", {"AllTraffic": "process"})
        assert ask(fleets) == "primary<sent>"

    def test_a_fleet_that_is_known_is_left_alone(self, fleets: Fleets, hosts: DoubledHosts) -> None:
        started(fleets, hosts)
        changes = fleets.changes()
        fleets.start(ONE)
        assert (state(fleets), fleets.changes()) == ("ready", changes)
        assert hosts.of().stops == 0

    def test_one_that_runs_nothing_is_ready_at_once_without_a_thread(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        hosts.canned = {"AllTraffic/primary"}
        before = threading.active_count()
        fleets.start(ONE)
        assert fleets.observe(ONE.id) == Standing("ready", "", {"AllTraffic": "canned"})
        assert threading.active_count() == before
        assert not hosts.of().starting.is_set()
        fleets.stop(ONE.id)
        assert fleets.observe(ONE.id) is None

    def test_its_backends_are_told_by_variant(self, fleets: Fleets, hosts: DoubledHosts) -> None:
        hosts.canned = {"a/first", "b/only"}
        pair = variant(container("first"), container("second"), name="a")
        of = fleet(pair, variant(container("only"), name="b"))
        started(fleets, hosts, of)
        standing = fleets.observe(of.id)
        assert standing is not None
        assert standing.backends == {"a": "canned+process", "b": "canned"}

    def test_hosts_start_side_by_side(self, fleets: Fleets, hosts: DoubledHosts) -> None:
        of = fleet(variant(container("first"), container("second")), variant(name="b"))
        fleets.start(of)
        for host in (hosts.of("first"), hosts.of("second"), hosts.of(variant="b")):
            assert host.starting.wait(LIMIT_S)
        hosts.let_all_start()
        comes_to(fleets, of, "ready")

    def test_what_a_killed_server_left_in_its_folder_is_removed(
        self, hosts: DoubledHosts, tmp_path: Path
    ) -> None:
        left = tmp_path / "serving" / "123456789012" / "model"
        left.mkdir(parents=True)
        Fleets(hosts, tmp_path / "serving")  # type: ignore[arg-type]  # doubles
        assert not (tmp_path / "serving").exists()


class TestFailing:
    def test_a_host_that_does_not_start_fails_its_fleet_in_the_words_of_aws(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        hosts.of().fails = HostFailed("It exited.")
        hosts.of().may_start.set()
        fleets.start(ONE)
        comes_to(fleets, ONE, "failed")
        standing = fleets.observe(ONE.id)
        assert standing is not None
        assert standing.reason == (
            "The primary container for production variant AllTraffic did not pass the ping health "
            "check. Please check CloudWatch logs for this endpoint. It exited."
        )
        with pytest.raises(NotRunningError):
            fleets.invoke(ONE.id, "AllTraffic", SENT)

    def test_one_of_several_is_enough_and_the_others_are_stopped_with_the_fleet(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        of = fleet(variant(container("first"), container("second")))
        hosts.of("second").fails = HostFailed("no")
        hosts.of("first").may_start.set()
        hosts.of("second").may_start.set()
        fleets.start(of)
        comes_to(fleets, of, "failed")
        fleets.stop(of.id)
        comes_to(fleets, of, None)
        assert hosts.of("first").stops > 0
        assert hosts.of("second").stops > 0

    def test_one_that_cannot_be_prepared_tells_why_as_it_is(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        hosts.refused["AllTraffic/primary"] = HostFailed("The archive is broken.")
        fleets.start(ONE)
        comes_to(fleets, ONE, "failed")
        assert fleets.observe(ONE.id) == Standing(
            "failed", "The archive is broken.", {"AllTraffic": ""}
        )

    def test_a_fault_of_ours_while_preparing_is_a_failure_and_logged(
        self, fleets: Fleets, hosts: DoubledHosts, caplog: pytest.LogCaptureFixture
    ) -> None:
        hosts.refused["AllTraffic/primary"] = RuntimeError("a bug")
        with caplog.at_level(logging.ERROR):
            fleets.start(ONE)
            comes_to(fleets, ONE, "failed")
        standing = fleets.observe(ONE.id)
        assert standing is not None
        assert standing.reason == "Internal server error."
        assert "a bug" in caplog.text

    def test_a_fault_of_ours_while_starting_is_a_failure_and_logged(
        self, fleets: Fleets, hosts: DoubledHosts, caplog: pytest.LogCaptureFixture
    ) -> None:
        hosts.of().fails = OSError("no more processes")
        hosts.of().may_start.set()
        with caplog.at_level(logging.ERROR):
            fleets.start(ONE)
            while state(fleets) == "starting":
                fleets.wait_for_change(0, LIMIT_S)
        assert state(fleets) == "failed"
        assert "no more processes" in caplog.text

    def test_a_long_reason_keeps_its_beginning_and_its_end(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        said = "".join(f"line {number}\n" for number in range(1000))
        hosts.of().fails = HostFailed(said)
        hosts.of().may_start.set()
        fleets.start(ONE)
        comes_to(fleets, ONE, "failed")
        standing = fleets.observe(ONE.id)
        assert standing is not None
        assert len(standing.reason) == MOST_REASON
        assert standing.reason.startswith("The primary container for production variant")
        assert " ... " in standing.reason
        assert standing.reason.endswith("line 998\nline 999\n")

    def test_a_reason_that_just_fits_is_whole(self, fleets: Fleets, hosts: DoubledHosts) -> None:
        hosts.refused["AllTraffic/primary"] = HostFailed("x" * MOST_REASON)
        fleets.start(ONE)
        comes_to(fleets, ONE, "failed")
        standing = fleets.observe(ONE.id)
        assert standing is not None
        assert standing.reason == "x" * MOST_REASON


class TestChanges:
    def test_a_wait_ends_with_the_next_change(self, fleets: Fleets, hosts: DoubledHosts) -> None:
        seen = fleets.changes()
        fleets.start(ONE)
        waiter = threading.Thread(target=fleets.wait_for_change, args=(seen, LIMIT_S))
        waiter.start()
        assert hosts.of().starting.wait(LIMIT_S)
        assert waiter.is_alive()
        hosts.of().may_start.set()
        waiter.join(LIMIT_S / 2)
        assert not waiter.is_alive()
        assert fleets.changes() == seen + 1

    def test_what_has_changed_already_is_not_waited_for(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        started(fleets, hosts)
        before = time.monotonic()
        fleets.wait_for_change(0, LIMIT_S)
        assert time.monotonic() - before < LIMIT_S / 2

    def test_a_wait_has_a_bound(self, fleets: Fleets) -> None:
        before = time.monotonic()
        fleets.wait_for_change(fleets.changes(), 0.1)
        assert 0.1 <= time.monotonic() - before < LIMIT_S / 2

    def test_a_stop_is_a_change(self, fleets: Fleets, hosts: DoubledHosts) -> None:
        started(fleets, hosts)
        seen = fleets.changes()
        fleets.stop(ONE.id)
        comes_to(fleets, ONE, None)
        assert fleets.changes() == seen + 1


class TestSeveralContainers:
    PAIR = variant(container("first"), container("second"), container("third"))

    def test_each_gets_what_the_one_before_it_said(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        of = started(fleets, hosts, fleet(self.PAIR))
        answer = fleets.invoke(of.id, "AllTraffic", SENT)
        assert b"".join(answer.chunks) == b"third<second<first<sent>>>"
        assert (answer.content_type, answer.container) == ("text/third", "third")
        asked = [hosts.of(name).asked[0] for name in ("first", "second", "third")]
        # What the caller accepts is said to the last alone.
        assert [(each.content_type, each.accept) for each in asked] == [
            ("text/csv", None),
            ("text/first", None),
            ("text/second", "text/plain"),
        ]

    def test_one_that_says_no_type_hands_on_bytes(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        of = started(fleets, hosts, fleet(self.PAIR))
        hosts.of("first").answers = lambda *_: Answer(200, None, iter((b"a", b"b")))
        list(fleets.invoke(of.id, "AllTraffic", SENT).chunks)
        (asked,) = hosts.of("second").asked
        assert (asked.body, asked.content_type) == (b"ab", "application/octet-stream")

    def test_an_error_of_one_is_the_answer_and_the_next_are_not_asked(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        of = started(fleets, hosts, fleet(self.PAIR))
        refusal = Answer(400, "text/plain", iter((b"bad",)), container="second")
        hosts.of("second").answers = lambda *_: refusal
        answer = fleets.invoke(of.id, "AllTraffic", SENT)
        assert (answer.status, answer.container) == (400, "second")
        assert b"".join(answer.chunks) == b"bad"
        assert hosts.of("third").asked == []

    def test_where_they_are_called_directly_one_is(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        direct = variant(*self.PAIR.containers, direct=True)
        of = started(fleets, hosts, fleet(direct))
        asked = Invocation(b"sent", target_container="second")
        answer = fleets.invoke(of.id, "AllTraffic", asked)
        assert b"".join(answer.chunks) == b"second<sent>"
        assert hosts.of("first").asked == hosts.of("third").asked == []

    def test_a_single_container_is_called_without_being_named(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        of = started(fleets, hosts, fleet(variant(container("only"), direct=True)))
        assert ask(fleets, of) == "only<sent>"

    def test_each_variant_has_containers_of_its_own(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        pair = (variant(container("x"), name="a"), variant(container("y"), name="b"))
        of = started(fleets, hosts, fleet(*pair))
        assert (ask(fleets, of, "a"), ask(fleets, of, "b")) == ("x<sent>", "y<sent>")

    def test_logs_are_told_by_variant_and_container(
        self, fleets: Fleets, hosts: DoubledHosts
    ) -> None:
        of = started(fleets, hosts, fleet(variant(container("x"), name="a"), variant(name="b")))
        assert fleets.logs(of.id) == {
            "a/x": "the log of x",
            "b/primary": "the log of primary",
        }
