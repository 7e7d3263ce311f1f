"""One run of the benchmark: how much of it, where its files lie, what it says meanwhile."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import click
from prebuilt import Prebuilt


@dataclass(frozen=True)
class Amount:
    """How much is measured.

    `slice_s` is how long a contender is busy in each of the `rounds`; the others are counts.
    """

    rounds: int
    slice_s: float
    starts: int
    calls_alone: int
    calls_of_a_writer: int
    calls_of_a_creator: int
    bursts: int


QUICK = Amount(
    rounds=9,
    slice_s=0.1,
    starts=3,
    calls_alone=5,
    calls_of_a_writer=3,
    calls_of_a_creator=20,
    bursts=3,
)
WHOLE = Amount(
    rounds=21,
    slice_s=0.2,
    starts=9,
    calls_alone=10,
    calls_of_a_writer=6,
    calls_of_a_creator=60,
    bursts=9,
)


@dataclass(frozen=True)
class Run:
    """What the measurements share."""

    folder: Path
    prebuilt: Prebuilt
    quick: bool
    started: float = field(default_factory=time.monotonic)

    @property
    def amount(self) -> Amount:
        return QUICK if self.quick else WHOLE

    def say(self, what: str) -> None:
        """Tell who waits what is being measured, and how long it has been."""
        click.echo(f"{time.monotonic() - self.started:6.1f} s  {what}", err=True)
