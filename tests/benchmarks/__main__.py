"""The benchmark: `python tests/benchmarks`, from a clone with the extras `dev` and `benchmark`.

sagemock beside moto's server and bare Flask, all started here, the same requests sent to all in
turn. Prints a table of ratios against the goals P1 to P10, D1 to D3 of deployed models, E1 and E2
of events, T1 of test sessions, then one line of JSON.
"""

import json
import os
import platform
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import click
import peers
from contenders import Contender, contender
from events import events_figures
from figures import Figure, as_json, table
from growth import MILLION
from growth_figures import growth_figures
from invocation import invocation_figures
from latency import latency_figures
from prebuilt import Prebuilt
from process_costs import memory_figure, process_figures
from run import Run
from session import session_figures
from throughput import list_figures, many_versions_figures, nearly_empty_figures, wait_for
from user_view import user_view_figures
from writers import creators_figures, group_commit_figures

GROUP = "churn-prediction"
THOUSAND = 1_000
TEN_THOUSAND = 10_000
_PACKAGES = ("sagemock", "botocore", "boto3", "moto", "flask", "waitress")
_FILLED_AT_ONCE = 500


@click.command()
@click.option("--quick", is_flag=True, help="Under a minute: fewer rounds, nothing at 10k.")
@click.option(
    "--growth",
    type=int,
    is_flag=False,
    flag_value=MILLION,
    metavar="[VERSIONS]",
    help=f"Also P4 and P5, with so many versions; {MILLION:,} where no number is given.",
)
@click.option(
    "--grown",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path),
    help="A database that growth.py has filled with as many; it is written to.",
)
@click.option("--only-growth", is_flag=True, help="P4 and P5 alone.")
def main(*, quick: bool, growth: int | None, grown: Path | None, only_growth: bool) -> None:
    """Measure sagemock beside moto and bare Flask, and print what was found."""
    started = time.monotonic()
    # Ended from outside, it still ends the servers it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="sagemock-benchmark-") as name:
        run = Run(Path(name), Prebuilt(), quick=quick)
        if not only_growth:
            figures += standing_figures(run)
        if growth or only_growth:
            figures += growth_figures(run, growth or MILLION, grown)
        else:
            figures += [
                Figure("P4", "list pages at 1,000,000 against 1,000", note="with --growth"),
                Figure("P5", "create at 1,000,000 against 1,000", note="with --growth"),
            ]
    figures.sort(key=_place)
    seconds = time.monotonic() - started
    click.echo(table(figure for figure in figures if not figure.detail))
    if details := [figure for figure in figures if figure.detail]:
        click.echo("\nP4 in detail: CPU of a page, each in its worst sort.\n")
        click.echo(table(details))
    click.echo()
    click.echo(json.dumps({**_circumstances(run, seconds), "figures": as_json(figures)}))


def standing_figures(run: Run) -> list[Figure]:
    """Everything but growth."""
    return [
        *nearly_empty_figures(run),
        *process_figures(run),
        *_filled_figures(run),
        *group_commit_figures(run),
        *creators_figures(run),
        *invocation_figures(run),
        *events_figures(run),
        *session_figures(run),
    ]


def _filled_figures(run: Run) -> list[Figure]:
    """What is measured with 1 000 versions in a group, and with 10 000."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(peers.sagemock(run.folder, "normal")),
            stack.enter_context(peers.moto(run.folder)),
            stack.enter_context(peers.floor(run.folder)),
        ]
        wait_for(run, servers)
        ours, moto, floor = (
            stack.enter_context(contender(server, run.prebuilt)) for server in servers
        )
        for each in (ours, moto):
            each.create_group(GROUP)
        _fill(run, [ours, moto], THOUSAND)
        figures = list_figures(run, ours, moto, GROUP, "1k")
        figures += user_view_figures(run, ours, moto, GROUP)
        figures += latency_figures(run, ours, floor, GROUP)
        if run.quick:
            left_out = ("P1", "create with 10k in the group"), ("P8", "memory with 10k versions")
            figures += [Figure(goal, what, note="not in quick mode") for goal, what in left_out]
        else:
            _fill(run, [ours, moto], TEN_THOUSAND)
            figures += [memory_figure(ours, moto)]
            figures += list_figures(run, ours, moto, GROUP, "10k")
            figures += latency_figures(run, ours, floor, GROUP, "10k")
            figures += many_versions_figures(run, ours, moto, GROUP)
        ours.check_numbers(GROUP)
        return figures


def _fill(run: Run, contenders: list[Contender], versions: int) -> None:
    """Register until the group holds so many; moto's numbers cross unless one caller fills it."""
    run.say(f"filling, {versions:,} versions in the group")
    for each in contenders:
        while missing := versions - len(each.registered[GROUP]):
            calls = min(missing, _FILLED_AT_ONCE)
            each.register(GROUP, calls, alone=each is contenders[-1])


def _circumstances(run: Run, seconds: float) -> dict[str, object]:
    return {
        "mode": "quick" if run.quick else "whole",
        "seconds": round(seconds, 1),
        "cpus": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "durability": "a switch" if peers.knows_durability() else "full only",
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _place(figure: Figure) -> tuple[int, int]:
    """Goals of the quality reference (P) by number, then D, E and T; what has none comes last."""
    letter, number = figure.id[:1], figure.id[1:]
    return ("PDET".index(letter), int(number)) if number.isdecimal() else (2, 0)


if __name__ == "__main__":
    main()
