"""Which syncs a traced server made between reading a request and sending its answer."""

import re
from dataclasses import dataclass, field
from pathlib import Path

READS = ("read", "readv", "recvfrom", "recvmsg")
SENDS = ("write", "writev", "sendto", "sendmsg")
SYNCS = ("fsync", "fdatasync")

_LINE = re.compile(
    r"(?P<thread>\d+) +(?:(?P<name>\w+)\((?P<given>.*)|<\.\.\. (?P<again>\w+) resumed>(?P<rest>.*))"
)
_UNFINISHED = "<unfinished ...>"


def tracing(trace: Path) -> list[str]:
    """The tracer, as a grandchild: the server stays the child, and signals reach it."""
    calls = ",".join((*READS, *SENDS, *SYNCS))
    return ["strace", "-D", "-f", "-s", "48", "-o", str(trace), "-e", f"trace={calls}"]


@dataclass
class Trace:
    """What was seen: all syncs, and for each answer those begun and ended in its request's time."""

    syncs: int = 0
    before_answers: list[int] = field(default_factory=list)


@dataclass
class _Call:
    """A system call, from the line where it begins to the line where it has ended."""

    name: str
    begun: int
    text: str
    ended: int | None = None

    @property
    def descriptor(self) -> str:
        return self.text.partition(",")[0].partition(")")[0]


def _calls(lines: list[str]) -> list[_Call]:
    """All calls in the order of their beginning, each whole though others came between."""
    calls: list[_Call] = []
    unfinished: dict[str, _Call] = {}
    for at, line in enumerate(lines):
        found = _LINE.match(line)
        if not found:
            continue
        if found["again"]:
            call = unfinished.pop(found["thread"])
            call.text += found["rest"]
            call.ended = at
            continue
        call = _Call(found["name"], at, found["given"].removesuffix(_UNFINISHED))
        calls.append(call)
        if found["given"].endswith(_UNFINISHED):
            unfinished[found["thread"]] = call
        else:
            call.ended = at
    return calls


def read_trace(lines: list[str]) -> Trace:
    """The syncs of a server whose requests are writes, and which of them lie before each answer.

    A sync that had begun when the request came proves nothing for it.
    """
    calls = _calls(lines)
    synced = [
        (call.begun, call.ended)
        for call in calls
        if call.name in SYNCS and call.ended is not None and call.text.rstrip().endswith("= 0")
    ]
    trace = Trace(syncs=len(synced))
    asked: dict[str, int] = {}
    for call in calls:
        if call.name in READS and '"POST / ' in call.text and call.ended is not None:
            asked[call.descriptor] = call.ended
        elif call.name in SENDS and '"HTTP/1.1 200' in call.text and call.descriptor in asked:
            came = asked.pop(call.descriptor)
            inside = [1 for begun, ended in synced if came < begun and ended < call.begun]
            trace.before_answers.append(len(inside))
    return trace
