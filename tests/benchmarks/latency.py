"""P2: how long one caller alone waits, against bare Flask answering a constant."""

from collections.abc import Callable

from contenders import Contender, Taken, WrongAnswerError, in_turn, parsed
from figures import Figure, Goal, at_most, compared
from prebuilt import version_arn
from run import Run
from throughput import list_pages

_Act = Callable[[Contender], Taken]

NUMBER = 500
"""The version that is described and approved."""

_TIMES_BOTO3 = 3
"""Bare calls are so much shorter than those of boto3 that there is time for more of them."""

GOALS = {"create": 1.1, "describe": 0.5, "approve": 0.6, "list page of 100": 1.0}


def latency_figures(
    run: Run, ours: Contender, floor: Contender, group: str, size: str = "1k"
) -> list[Figure]:
    """P2 in a group of this size; the goals are those of a group of 1 000."""
    run.say(f"P2: one caller alone, {size} versions in the group")
    arn = version_arn(group, NUMBER)
    approval = {
        "ModelPackageArn": arn,
        "ModelApprovalStatus": "Approved",
        "ApprovalDescription": "Better than the one in production on every slice.",
    }
    # Registrations come last: they make the group larger.
    acts: dict[str, _Act] = {
        "list page of 100": lambda each: list_pages(each, group, 1, alone=True),
        "describe": lambda each: _on_version(
            each, "DescribeModelPackage", {"ModelPackageName": arn}, arn
        ),
        "approve": lambda each: _on_version(each, "UpdateModelPackage", approval, arn),
        "create": lambda each: each.register(group, 1, alone=True),
    }
    figures = []
    for name, act in acts.items():
        goal = at_most(GOALS[name]) if size == "1k" else None
        what = f"{name}, one caller, at {size}"
        figures.append(_figure(run, (ours, floor), what, act, goal))
    return figures[::-1]


def _figure(
    run: Run, servers: tuple[Contender, Contender], name: str, act: _Act, goal: Goal | None
) -> Figure:
    ours, floor = servers
    calls = run.amount.rounds * run.amount.calls_alone * _TIMES_BOTO3
    cpu_before = ours.peer.cpu_s(), floor.peer.cpu_s()
    taken = in_turn(
        [lambda: act(ours).seconds * 1e6, lambda: act(floor).seconds * 1e6],
        rounds=run.amount.rounds,
        calls=run.amount.calls_alone * _TIMES_BOTO3,
    )
    cpu_us = [
        (each.peer.cpu_s() - before) / calls * 1e6
        for each, before in zip(servers, cpu_before, strict=True)
    ]
    typical, bare, ratio = compared(*taken)
    what = f"{name}, NORMAL, against the floor"
    note = f"CPU a call: {cpu_us[0]:,.0f} / {cpu_us[1]:,.0f} us"
    return Figure("P2" if goal else "-", what, typical, bare, "us", ratio, goal, note)


def _on_version(each: Contender, operation: str, members: dict[str, str], arn: str) -> Taken:
    (answer,), taken = each.take([each.prebuilt.request(operation, members)], alone=True)
    answered = parsed(answer)["ModelPackageArn"]
    if each.is_registry and answered != arn:
        raise WrongAnswerError(f"{each.peer.name}: {operation} of {arn} answered {answered}")
    return taken
