"""Which variant gets a call: by weight, in turn, and the same in every run where that is asked."""

import random
import threading
from collections import Counter
from collections.abc import Mapping

import pytest

from sagemock import routing as routing_module
from sagemock.routing import Routing
from sagemock.settings import ROUTING_MODES

WEIGHTS = {"a": 1.0, "b": 3.0}


def chosen(routing: Routing, weights: Mapping[str, float], times: int, whose: str = "e") -> str:
    return "".join(routing.choose(whose, weights) for _ in range(times))


@pytest.mark.parametrize("mode", ROUTING_MODES)
def test_a_single_variant_is_always_chosen_whatever_its_weight(mode: str) -> None:
    assert chosen(Routing(mode), {"a": 0.0}, 5) == "aaaaa"


def test_weighted_choices_come_as_often_as_their_share() -> None:
    routing = Routing("weighted")
    routing._random = random.Random(20260101)  # noqa: S311 - the test's own
    counts = Counter(chosen(routing, WEIGHTS, 10_000))
    # Five standard deviations; the seed is given, so it holds in every run.
    assert counts["a"] == pytest.approx(2500, abs=217)
    assert counts["a"] + counts["b"] == 10_000


def test_small_and_large_weights_are_shares_of_their_sum() -> None:
    routing = Routing("seeded")
    counts = Counter(chosen(routing, {"a": 1e-9, "b": 1e-9, "c": 0.0}, 2000))
    assert counts["c"] == 0
    assert counts["a"] == pytest.approx(1000, abs=112)


def test_seeded_choices_are_the_same_in_every_run_and_yet_by_weight() -> None:
    first, second = (chosen(Routing("seeded"), WEIGHTS, 1000) for _ in range(2))
    assert first == second
    assert Counter(first)["a"] == pytest.approx(250, abs=69)


def test_weighted_choices_differ_from_run_to_run() -> None:
    assert len({chosen(Routing("weighted"), WEIGHTS, 200) for _ in range(3)}) > 1


@pytest.mark.parametrize(
    ("weights", "counts"),
    [
        ({"a": 1.0, "b": 1.0}, {"a": 20, "b": 20}),
        ({"a": 1.0, "b": 3.0}, {"a": 10, "b": 30}),
        ({"a": 0.1, "b": 0.1, "c": 0.2}, {"a": 10, "b": 10, "c": 20}),
        ({"a": 5.0, "b": 2.0, "c": 1.0}, {"a": 25, "b": 10, "c": 5}),
    ],
)
def test_taking_turns_keeps_to_the_weights(
    weights: dict[str, float], counts: dict[str, int]
) -> None:
    assert Counter(chosen(Routing("round_robin"), weights, 40)) == counts


def test_turns_are_mixed_and_not_taken_in_blocks() -> None:
    turns = chosen(Routing("round_robin"), {"a": 1.0, "b": 1.0}, 6)
    assert turns in ("ababab", "bababa")
    assert "bbbb" not in chosen(Routing("round_robin"), WEIGHTS, 40)


def test_at_every_moment_turns_are_within_one_of_their_share() -> None:
    weights = {"a": 5.0, "b": 2.0, "c": 1.0}
    turns = chosen(Routing("round_robin"), weights, 80)
    for taken in range(1, 81):
        counts = Counter(turns[:taken])
        for name, weight in weights.items():
            assert abs(counts[name] - taken * weight / 8) < 1


def test_each_endpoint_has_turns_of_its_own() -> None:
    routing, even = Routing("round_robin"), {"a": 1.0, "b": 1.0}
    mixed = [(chosen(routing, even, 1, "e"), chosen(routing, even, 1, "f")) for _ in range(4)]
    alone = chosen(Routing("round_robin"), even, 4)
    assert "".join(first for first, _ in mixed) == alone
    assert "".join(second for _, second in mixed) == alone


def test_turns_go_on_with_other_weights_and_other_variants() -> None:
    routing = Routing("round_robin")
    chosen(routing, {"a": 1.0, "b": 1.0}, 3)
    assert Counter(chosen(routing, {"b": 1.0, "c": 1.0}, 20))["c"] == pytest.approx(10, abs=1)


def test_threads_share_turns() -> None:
    routing = Routing("round_robin")
    taken: list[str] = []

    def take() -> None:
        taken.extend(chosen(routing, WEIGHTS, 100))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert Counter(taken) == {"a": 100, "b": 300}


def test_no_more_endpoints_are_remembered_than_there_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routing_module, "_MOST_REMEMBERED", 10)
    routing = Routing("round_robin")
    for number in range(100):
        chosen(routing, WEIGHTS, 1, f"e{number}")
    assert len(routing._owed) <= 11
