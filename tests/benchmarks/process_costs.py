"""P7 and P8: how soon a new process answers, and how much memory it holds."""

from contextlib import AbstractContextManager
from statistics import median

import peers
from contenders import Contender
from figures import Figure, at_most, compared
from run import Run


def process_figures(run: Run) -> list[Figure]:
    """P7, and P8 of servers that have answered one call.

    To be taken when both were started before: a first start also reads programs from the disk.
    """
    run.say("P7, P8: starts and memory")
    request = run.prebuilt.request("ListModelPackageGroups", {})
    starts: dict[str, list[float]] = {"sagemock": [], "moto": []}
    memory: dict[str, list[float]] = {"sagemock": [], "moto": []}

    def start(name: str, server: AbstractContextManager[peers.Peer]) -> None:
        with server as peer:
            starts[name].append(peer.first_answer_s(request))
            memory[name].append(peer.resident_mib() or 0)

    for _ in range(run.amount.starts):
        start("sagemock", peers.sagemock(run.folder, "normal"))
        start("moto", peers.moto(run.folder))
    ours, moto, ratio = compared(starts["sagemock"], starts["moto"])
    what = "process start to first answer, against moto"
    figures = [Figure("P7", what, ours, moto, "s", ratio, at_most(0.35))]
    return [*figures, _memory_figure("idle", memory["sagemock"], memory["moto"], 0.5)]


def memory_figure(ours: Contender, moto: Contender) -> Figure:
    """P8 of servers that hold 10 000 versions."""
    held = [each.peer.resident_mib() or 0 for each in (ours, moto)]
    return _memory_figure("with 10k versions", [held[0]], [held[1]], 0.25)


def _memory_figure(when: str, ours: list[float], moto: list[float], goal: float) -> Figure:
    what = f"resident memory {when}, against moto"
    if not all([*ours, *moto]):
        return Figure("P8", what, note="this system does not tell")
    mine, other = median(ours), median(moto)
    return Figure("P8", what, mine, other, "MiB", mine / other, at_most(goal))
