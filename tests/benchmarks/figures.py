"""What was measured beside what was aimed at: figures, their goals, the table, the JSON line.

Nothing here measures. The goals are those of the quality reference, P1 to P10; each is a bound on
a ratio, or on a count where there is no peer to compare with.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

HEADINGS = ("goal of", "what", "ours", "peer", "ratio", "aim", "result", "note")
_RIGHT = ("ours", "peer", "ratio", "aim")


@dataclass(frozen=True)
class Goal:
    """A bound on a figure: at least so much, or at most."""

    bound: float
    at_least: bool = False

    def is_met(self, value: float) -> bool:
        """Whether a value keeps the bound; the bound itself does."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.bound:g}"


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    `ours` and `peer` are in `unit`. Where there is a ratio the goal is about it, else about `ours`.
    A figure without `ours` was not taken; its note says why. A `detail` is one of many that
    another figure sums up.
    """

    id: str
    what: str
    ours: float | None = None
    peer: float | None = None
    unit: str = ""
    ratio: float | None = None
    goal: Goal | None = None
    note: str = ""
    detail: bool = False

    @property
    def result(self) -> str:
        """`met` or `not met`; `not taken`; or nothing, where nothing is aimed at."""
        if self.ours is None:
            return "not taken"
        if self.goal is None:
            return ""
        value = self.ours if self.ratio is None else self.ratio
        return "met" if self.goal.is_met(value) else "not met"


def at_least(bound: float) -> Goal:
    """The goal of reaching a bound."""
    return Goal(bound, at_least=True)


def at_most(bound: float) -> Goal:
    """The goal of staying within a bound."""
    return Goal(bound)


def compared(ours: Sequence[float], peer: Sequence[float]) -> tuple[float, float, float]:
    """The medians of two series taken in the same rounds, and the median of their ratios.

    The ratio is taken round by round: what slows the machine down slows both of a round.
    """
    ratios = [mine / other for mine, other in zip(ours, peer, strict=True)]
    return median(ours), median(peer), median(ratios)


def worst(what: str, figures: Sequence[Figure]) -> list[Figure]:
    """The one furthest above its goal, under a name for all of them; then each as a detail."""
    furthest = max(figures, key=lambda figure: figure.ratio or 0)
    note = f"the worst of {len(figures)}: {furthest.what}, {furthest.note}"
    return [
        replace(furthest, what=what, note=note),
        *(replace(figure, detail=True) for figure in figures),
    ]


def table(figures: Iterable[Figure]) -> str:
    """The figures as a table in Markdown, its columns aligned."""
    rows = [HEADINGS, *map(_cells, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [_line(row, widths) for row in rows]
    rule = [
        "-" * (width - 1) + ":" if heading in _RIGHT else "-" * width
        for heading, width in zip(HEADINGS, widths, strict=True)
    ]
    return "\n".join([lines[0], _line(rule, widths), *lines[1:]])


def as_json(figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """The figures as plain values, each with its result."""
    return [
        {
            **asdict(figure),
            "ours": _rounded(figure.ours),
            "peer": _rounded(figure.peer),
            "ratio": _rounded(figure.ratio),
            "goal": str(figure.goal) if figure.goal else None,
            "result": figure.result,
        }
        for figure in figures
    ]


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.id,
        figure.what,
        _amount(figure.ours, figure.unit),
        _amount(figure.peer, figure.unit),
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        "" if figure.goal is None else str(figure.goal),
        figure.result,
        figure.note,
    )


def _rounded(value: float | None) -> float | None:
    """Four digits: more are noise."""
    return None if value is None else float(f"{value:.4g}")


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    digits = 0 if value >= 100 or value == int(value) else 2
    return f"{value:,.{digits}f} {unit}".strip()


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    aligned = [
        cell.rjust(width) if heading in _RIGHT else cell.ljust(width)
        for heading, cell, width in zip(HEADINGS, cells, widths, strict=True)
    ]
    return f"| {' | '.join(aligned)} |"
