"""Tables for a terminal: columns that stand below each other and fit its width."""

import unicodedata
from collections.abc import Sequence
from itertools import zip_longest

_GAP = "  "
_NARROWEST = 8


def table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """The lines of the head and of each row; what does not fit its column goes on below.

    Nothing is cut off.
    """
    columns = list(zip(head, *rows, strict=True))
    widths = _fitted(
        [max(map(columns_of, column)) for column in columns], width - len(_GAP) * (len(head) - 1)
    )
    return [_lines(row, widths) for row in (head, *rows)]


def _lines(row: Sequence[str], widths: list[int]) -> list[str]:
    cells = [wrapped(cell, room) for cell, room in zip(row, widths, strict=True)]
    return [
        _GAP.join(
            part + " " * (room - columns_of(part)) for part, room in zip(parts, widths, strict=True)
        ).rstrip()
        for parts in zip_longest(*cells, fillvalue="")
    ]


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(_columns_of_character(character) for character in text)


def _columns_of_character(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fitted(wanted: list[int], room: int) -> list[int]:
    """Widths that fit the room: the widest gives way first, none below what can be read."""
    widths = list(wanted)
    while sum(widths) > room and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def wrapped(text: str, room: int) -> list[str]:
    """The lines of a text, none wider than there is room. Words are kept whole where they fit."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if columns_of(longer) > room:
            lines += [line] if line else []
            *full, longer = _pieces(word, room)
            lines += full
        line = longer
    return [*lines, line]


def _pieces(word: str, room: int) -> list[str]:
    """A word in pieces that fit."""
    pieces = [""]
    for character in word:
        if columns_of(pieces[-1] + character) > room:
            pieces.append("")
        pieces[-1] += character
    return pieces
