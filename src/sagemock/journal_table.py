"""A call of the journal as lines for people: when, what came of it, who, what, and about what."""

from collections.abc import Iterator
from typing import Any

from sagemock.text_table import columns_of, wrapped
from sagemock.time_text import in_seconds, shown

_HEAD = ("TIME", "STATUS", "MS", "ACCOUNT", "REGION")
_WIDTHS = (24, 6, 11, 12, 14)
# On a terminal of 80 columns the head fits.
_WIDTHS_ON_A_TERMINAL = (20, 6, 7, 12, 14)
_GAP = "  "
_INDENT = "    "
_ENDINGS = ("Name", "Arn")
_MOST_NAME = 100


def head(width: int) -> str:
    """The head of the table on a terminal that is so wide."""
    whole = _line(_HEAD, "OPERATION  RESOURCE", _WIDTHS_ON_A_TERMINAL)
    return whole if len(whole) <= width else _line(_HEAD, "OPERATION", _WIDTHS_ON_A_TERMINAL)


def call_lines(call: dict[str, Any], width: int | None = None) -> list[str]:
    """A call in a line; below it why it was refused, and what may have been meant.

    On a terminal, which is so wide, what does not fit goes on below; else nothing is broken.
    """
    operation = " ".join(filter(None, (call["Operation"], call.get("Error"))))
    last = printable(_GAP.join(filter(None, (operation, about(call)))))
    time = shown(call["Time"])
    if width is not None:
        time = in_seconds(call["Time"]).replace("T", " ")
    cells = (time, str(call["Status"]), f"{call['Ms']:.1f}", call["Account"], call["Region"])
    first = tuple(map(printable, cells))
    told = (call.get(name) for name in ("WhyRefused", "Nearest", "BrokenBy"))
    below = [printable(line) for text in told if text for line in str(text).splitlines()]
    if width is None:
        return [_line(first, last, _WIDTHS), *(f"{_INDENT}{each}" for each in below)]
    line = _line(first, last, _WIDTHS_ON_A_TERMINAL)
    if columns_of(line) > width:
        line, below = _line(first, "", _WIDTHS_ON_A_TERMINAL).rstrip(), [last, *below]
    room = max(width - len(_INDENT), 1)
    return [line, *(f"{_INDENT}{each}" for text in below for each in wrapped(text, room))]


def about(call: dict[str, Any]) -> str:
    """The short name of what a call was about; empty where it names nothing.

    That is what the operation itself is named after: the request names it, or, where it was just
    created, the answer does. Else it is what the request names first.
    """
    operation = call["Operation"]
    asked, answered = (list(_named(call.get(side))) for side in ("Request", "Response"))
    for named in (asked, answered):
        own = [each for each in named if each[0] in operation]
        if own:
            return _short(max(own, key=lambda each: len(each[0]))[1], with_kind=False)
    return _short(asked[0][1], with_kind=True) if asked else ""


def _named(members: object) -> Iterator[tuple[str, str]]:
    """What members name or have the ARN of: for each the noun, ModelPackage say, and its value."""
    for member, value in members.items() if isinstance(members, dict) else ():
        for ending in _ENDINGS:
            if member.endswith(ending) and isinstance(value, str) and value:
                yield member.removesuffix(ending), value


def _short(name: str, *, with_kind: bool) -> str:
    """A name; of an ARN what it ends in, with the kind of resource where nothing else tells it."""
    if name.startswith("arn:"):
        label = ":".join(name.split(":")[5:]) or name
        name = label if with_kind else label.partition("/")[2] or label
    return name if len(name) <= _MOST_NAME else f"{name[:_MOST_NAME]}..."


def printable(text: str) -> str:
    """A text that a client chose, without what would steer a terminal."""
    return "".join(each if each.isprintable() else "?" for each in text)


def _line(first: tuple[str, ...], last: str, widths: tuple[int, ...]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(first, widths, strict=True))
    return _GAP.join((*cells, last))
