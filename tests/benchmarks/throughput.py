"""P1 and P3: how many registrations and list pages a second, over 8 connections, against moto."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from statistics import median

import peers
from contenders import PAGE, Contender, Taken, WrongAnswerError, contender, parsed, race
from figures import Figure, Goal, at_least, compared
from run import Run

NEARLY_EMPTY = "nearly-empty"


def nearly_empty_figures(run: Run) -> list[Figure]:
    """P1 in a registry that holds no more than what is being registered."""
    run.say("P1: registrations, nearly empty")
    with ExitStack() as stack:
        servers = [
            stack.enter_context(peers.sagemock(run.folder, "normal")),
            stack.enter_context(peers.sagemock(run.folder, "full")),
            stack.enter_context(peers.moto(run.folder)),
            stack.enter_context(peers.floor(run.folder)),
        ]
        wait_for(run, servers)
        normal, full, moto, _ = contenders = [
            stack.enter_context(contender(server, run.prebuilt)) for server in servers
        ]
        for each in (normal, full, moto):
            each.create_group(NEARLY_EMPTY)
        taken = race(
            contenders,
            lambda each, calls: each.register(NEARLY_EMPTY, calls),
            rounds=run.amount.rounds,
            slice_s=run.amount.slice_s,
        )
        normal.check_numbers(NEARLY_EMPTY)
        full.check_numbers(NEARLY_EMPTY)
    ours, synced, others, bare = taken
    what = "create, 8 connections, nearly empty"
    figures = [
        rate_figure("P1", f"{what}, NORMAL, against moto", ours, others, at_least(25)),
        rate_figure("P1", f"{what}, FULL, against moto", synced, others, at_least(12)),
    ]
    against_floor = rate_figure("-", f"{what}, NORMAL, against the floor", ours, bare)
    return [*_with_failures(figures, moto), against_floor]


def many_versions_figures(run: Run, ours: Contender, moto: Contender, group: str) -> list[Figure]:
    """P1 with 10 000 versions in the group."""
    run.say("P1: registrations, 10 000 versions in the group")
    taken = race(
        [ours, moto],
        lambda each, calls: each.register(group, calls),
        rounds=run.amount.rounds,
        slice_s=run.amount.slice_s,
    )
    what = "create, 8 connections, 10k in the group, NORMAL, against moto"
    return _with_failures([rate_figure("P1", what, taken[0], taken[1], at_least(40))], moto)


def list_figures(run: Run, ours: Contender, moto: Contender, group: str, size: str) -> list[Figure]:
    """P3: the newest page of a group of this size; the goal is that of a group of 1 000."""
    run.say(f"P3: list pages, {size} versions in the group")
    taken = race(
        [ours, moto],
        lambda each, calls: list_pages(each, group, calls),
        rounds=run.amount.rounds,
        slice_s=run.amount.slice_s,
    )
    goal = at_least(60) if size == "1k" else None
    what = f"list page of 100, 8 connections, at {size}, against moto"
    return [rate_figure("P3" if goal else "-", what, taken[0], taken[1], goal)]


def list_pages(each: Contender, group: str, calls: int, *, alone: bool = False) -> Taken:
    """Ask for the newest page of a group, again and again; each must be full and of that group."""
    request = each.prebuilt.request(
        "ListModelPackages",
        {
            "ModelPackageGroupName": group,
            "MaxResults": PAGE,
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
        },
    )
    answers, taken = each.take([request] * calls, alone=alone)
    for answer in set(answers) if each.is_registry else ():
        versions = parsed(answer)["ModelPackageSummaryList"]
        numbers = {version["ModelPackageVersion"] for version in versions}
        groups = {version["ModelPackageGroupName"] for version in versions}
        if len(numbers) != PAGE or groups != {group}:
            raise WrongAnswerError(f"{each.peer.name}: a page of {len(numbers)} of {groups}")
    return taken


def wait_for(run: Run, servers: Sequence[peers.Peer]) -> None:
    """Wait until every server answers."""
    request = run.prebuilt.request("ListModelPackageGroups", {})
    for server in servers:
        server.first_answer_s(request)


def rate_figure(
    goal_id: str, what: str, ours: list[Taken], peer: list[Taken], goal: Goal | None = None
) -> Figure:
    """Calls a second, with what a call costs each server in CPU."""
    mine, other, ratio = compared([each.per_s for each in ours], [each.per_s for each in peer])
    return Figure(
        goal_id, what, mine, other, "/s", ratio, goal, f"CPU a call: {cpu_us(ours, peer)}"
    )


def _with_failures(figures: list[Figure], moto: Contender) -> list[Figure]:
    if not moto.failures:
        return figures
    failed = f"; moto answered {moto.failures} times with 500"
    return [replace(figure, note=figure.note + failed) for figure in figures]


def cpu_us(ours: list[Taken], peer: list[Taken]) -> str:
    """The medians of the CPU time of a call, for a note."""
    mine, other = (median(each.cpu_us for each in taken) for taken in (ours, peer))
    return f"{mine:,.0f} / {other:,.0f} us"
