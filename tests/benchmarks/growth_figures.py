"""P4 and P5: lists, searches and registrations in a large registry beside a small one.

Both are filled alike, so equal questions have pages of equal rows; a page has as many rows as the
small one can fill. What is compared is the CPU time of the server.
"""

import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import growth
import peers
from contenders import PAGE, Contender, WrongAnswerError, contender, parsed, race
from figures import Figure, Goal, at_most, compared, worst
from growth_cases import Case, list_cases, name_cases, scan_cases, search_cases
from run import Run

SMALL = 1_000
_ROUNDS = 9
_CALLS = 6
_SLICE_S = 0.2
_SLOW_CPU_S = 0.03
"""A call that costs more is made once: it is far from any goal, and the next is no other."""

_CLOSE = 1.05
_ROWS = ("ModelPackageSummaryList", "ModelPackageGroupSummaryList", "Results")
_MIB = 1024 * 1024


@dataclass(frozen=True)
class _Cost:
    """CPU microseconds of one question in both registries, the rows found, and its sort."""

    small_us: float
    large_us: float
    ratio: float
    rows: int
    sort: str


def growth_figures(run: Run, versions: int, grown: Path | None) -> list[Figure]:
    """P4 and P5; the large database is `grown`, made by growth.py, or made now."""
    small_file = run.folder / "small.db"
    large_file = grown or run.folder / "large.db"
    if not large_file.exists():
        growth.fill_shown(large_file, versions)
    growth.fill_shown(small_file, SMALL)
    sizes = growth.sizes(large_file, versions)
    with ExitStack() as stack:
        request = run.prebuilt.request("ListModelPackageGroups", {})
        servers, started = [], []
        for file in (small_file, large_file):
            server = stack.enter_context(peers.sagemock(run.folder, "normal", file))
            servers.append(server)
            started.append(server.first_answer_s(request))
        small, large = (stack.enter_context(contender(server, run.prebuilt)) for server in servers)
        figures = _create_figures(run, small, large, versions)
        plain = _plain_page_us(large)
        listed = _figures(run, small, large, list_cases(), at_most(1.1))
        named = _name_figures(run, small, large, plain)
        for cases in (search_cases(), scan_cases()):
            figures += _figures(run, small, large, cases, None)
    against = f"CPU, at {versions:,} against"
    figures += worst(f"list page, every filter and sort, {against} {SMALL:,}", listed)
    figures += worst(f"list page, every NameContains, {against} a plain page", named)
    start = f"process start to first answer, at {versions:,} against {SMALL:,}"
    figures.append(Figure("-", start, started[1], started[0], "s", started[1] / started[0]))
    what = f"bytes on disk beside bytes of documents, {versions:,} versions"
    disk, documents = sizes.on_disk / _MIB, sizes.documents / _MIB
    return [*figures, Figure("-", what, disk, documents, "MiB", disk / documents)]


def _create_figures(run: Run, small: Contender, large: Contender, versions: int) -> list[Figure]:
    run.say("P5: registrations in a large registry")
    taken = race(
        [large, small],
        lambda each, calls: each.register(growth.HOT, calls, alone=True),
        rounds=_ROUNDS,
        slice_s=_SLICE_S,
    )
    us = [[each.cpu_us for each in series] for series in taken]
    what = f"create, CPU, at {versions:,} against {SMALL:,}"
    mine, other, ratio = compared(*us)
    return [Figure("P5", what, mine, other, "us", ratio, at_most(1.2))]


def _figures(
    run: Run, small: Contender, large: Contender, cases: Iterable[Case], goal: Goal | None
) -> list[Figure]:
    """A figure for each question: its worst sort."""
    figures = []
    for case in cases:
        run.say(f"P4: {case.what}")
        costs = [_cost(small, large, case, sort) for sort in case.sorts]
        worst = max(costs, key=lambda cost: cost.ratio)
        note = f"{worst.rows} rows{worst.sort}"
        figures.append(
            Figure(
                "P4" if goal else "-",
                case.what,
                worst.large_us,
                worst.small_us,
                "us",
                worst.ratio,
                goal,
                note,
            )
        )
    return figures


def _name_figures(run: Run, small: Contender, large: Contender, plain_us: float) -> list[Figure]:
    """NameContains in the large registry against a plain page of it."""
    figures = []
    for case in name_cases():
        run.say(f"P4: {case.what}")
        costs = [_cost(small, large, case, sort) for sort in case.sorts]
        worst = max(costs, key=lambda cost: cost.large_us)
        figures.append(
            Figure(
                "P4",
                case.what,
                worst.large_us,
                plain_us,
                "us",
                worst.large_us / plain_us,
                at_most(10),
                f"{worst.rows} rows{worst.sort}",
            )
        )
    return figures


def _cost(small: Contender, large: Contender, case: Case, sort: dict[str, str]) -> _Cost:
    members = case.members | sort | {"MaxResults": PAGE}
    # The small registry says how many rows a page can have in both.
    rows = _rows(small.ask(case.operation, **members))
    members["MaxResults"] = max(1, rows)
    requests = []
    for each in (small, large):
        asked = dict(members)
        if case.second_page:
            # Of a list that is not longer, half of it.
            asked["MaxResults"] = max(1, min(rows, PAGE) // 2)
            asked["NextToken"] = each.ask(case.operation, **asked)["NextToken"]
        requests.append(each.prebuilt.request(case.operation, asked))
    found = [
        _rows(parsed(each.take([ask], alone=True)[0][0]))
        for each, ask in zip((small, large), requests, strict=True)
    ]
    if rows and found[0] != found[1]:
        raise WrongAnswerError(f"{case.what}: pages of {found[0]} and {found[1]} rows")
    small_us, large_us, ratio = _cpu_of_both(small, large, requests)
    return _Cost(small_us, large_us, ratio, found[1], _sort_note(sort))


def _cpu_of_both(
    small: Contender, large: Contender, requests: list[bytes]
) -> tuple[float, float, float]:
    """CPU microseconds of a call in both, and the ratio of large to small.

    What is close to the goal is taken again, longer: the worst of many is else the noisiest.
    """
    costs = _cpu_in_turn(small, large, requests, _ROUNDS)
    if costs[2] > _CLOSE and costs[1] < _SLOW_CPU_S * 1e6:
        costs = _cpu_in_turn(small, large, requests, 3 * _ROUNDS)
    return costs


def _cpu_in_turn(
    small: Contender, large: Contender, requests: list[bytes], rounds: int
) -> tuple[float, float, float]:
    series: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for each, request, costs in zip((small, large), requests, series, strict=True):
            costs.append(_cpu_us(each, request))
        if series[1][-1] > _SLOW_CPU_S * 1e6:
            break
    mine, other, ratio = compared(series[1], series[0])
    return other, mine, ratio


def _cpu_us(each: Contender, request: bytes) -> float:
    _, first = each.take([request], alone=True)
    if first.cpu_s > _SLOW_CPU_S:
        return first.cpu_us
    return each.take([request] * _CALLS, alone=True)[1].cpu_us


def _plain_page_us(large: Contender) -> float:
    request = large.prebuilt.request(
        "ListModelPackages", {"ModelPackageType": "Versioned", "MaxResults": PAGE}
    )
    return median(_cpu_us(large, request) for _ in range(_ROUNDS))


def _rows(answer: Any) -> int:
    """How many rows an answer has. Errors: WrongAnswerError, two are the same."""
    (rows,) = (answer[member] for member in _ROWS if member in answer)
    if len({json.dumps(row) for row in rows}) != len(rows):
        raise WrongAnswerError("a page shows a row twice")
    return len(rows)


def _sort_note(sort: dict[str, str]) -> str:
    return f", by {' '.join(sort.values())}" if sort else ""
