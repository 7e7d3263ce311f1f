"""The parts of the benchmark that measure nothing: figures, goals, the table, the bodies."""

import json

import pytest
from figures import Figure, as_json, at_least, at_most, compared, table, worst
from growth_bodies import Bodies


def test_a_ratio_is_taken_round_by_round() -> None:
    # The third round was three times slower for both.
    assert compared([10, 20, 90], [10, 10, 30]) == (20, 10, 2)


@pytest.mark.parametrize(
    ("figure", "result"),
    [
        (Figure("P1", "rate", 50, 2, "/s", 25, at_least(25)), "met"),
        (Figure("P1", "rate", 48, 2, "/s", 24, at_least(25)), "not met"),
        (Figure("P2", "latency", 11, 10, "us", 1.1, at_most(1.1)), "met"),
        (Figure("P2", "latency", 12, 10, "us", 1.2, at_most(1.1)), "not met"),
        (Figure("P10", "gaps", 0.0, goal=at_most(0)), "met"),
        (Figure("P10", "gaps", 1.0, goal=at_most(0)), "not met"),
        (Figure("P4", "growth", note="with --growth"), "not taken"),
        (Figure("-", "rate", 50, 2, "/s", 25), ""),
    ],
)
def test_a_goal_is_met_up_to_its_bound(figure: Figure, result: str) -> None:
    assert figure.result == result


def test_the_table_has_a_line_for_each_figure_and_columns_of_one_width() -> None:
    figures = [
        Figure("P1", "create", 1234.5, 56.7, "/s", 21.77, at_least(25), "CPU"),
        Figure("P10", "gaps", 0.0, goal=at_most(0)),
    ]
    assert table(figures) == (
        "| goal of | what   |     ours |     peer | ratio |   aim | result  | note |\n"
        "| ------- | ------ | -------: | -------: | ----: | ----: | ------- | ---- |\n"
        "| P1      | create | 1,234 /s | 56.70 /s | 21.77 | >= 25 | not met | CPU  |\n"
        "| P10     | gaps   |        0 |          |       |  <= 0 | met     |      |"
    )


def test_the_json_has_each_figure_with_its_result() -> None:
    (figure,) = as_json([Figure("P1", "create", 1234.56, 56.7, "/s", 21.7734, at_least(25))])
    assert figure == {
        "id": "P1",
        "what": "create",
        "ours": 1235,
        "peer": 56.7,
        "unit": "/s",
        "ratio": 21.77,
        "goal": ">= 25",
        "note": "",
        "result": "not met",
        "detail": False,
    }


def test_the_worst_of_many_stands_for_all_of_them() -> None:
    near = Figure("P4", "by name", 10, 10, "us", 1.0, at_most(1.1), "5 rows")
    far = Figure("P4", "by time", 20, 10, "us", 2.0, at_most(1.1), "9 rows")
    summary, *details = worst("all", [near, far])
    assert (summary.what, summary.ratio, summary.result) == ("all", 2.0, "not met")
    assert summary.note == "the worst of 2: by time, 9 rows"
    assert [detail.what for detail in details if detail.detail] == ["by name", "by time"]


def test_the_same_seed_makes_the_same_bodies() -> None:
    one, other = Bodies(4), Bodies(4)
    for _ in range(20):
        assert one.version("g", "Approved") == other.version("g", "Approved")


def test_bodies_have_half_a_kilobyte_to_six() -> None:
    bodies = Bodies(4)
    sizes = [len(json.dumps(bodies.version("g" * 20, "Approved"))) for _ in range(300)]
    assert min(sizes) > 400
    assert max(sizes) > 4000
    assert max(sizes) < 6200
