"""A file of seeds as it is written: its values, and the line on which each of them stands.

What a seed may hold is not known here.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sagemock.json_document import MOST_DEPTH, TOO_DEEP, refuse_constant

MOST_BYTES = 8 * 1024 * 1024
MOST_TOLD = 20

A_SNAPSHOT = (
    "it is a snapshot; load it with `sagemock snapshot load {path}`, which puts it in the place of "
    "all that the server holds"
)

_SNAPSHOT = re.compile(rb'\s*\{\s*"accounts"\s*:')
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')

Step = str | int
Place = tuple[Step, ...]
Lines = Callable[[Iterable[Step]], int]
Mistake = tuple[Place, str]
"""A place, and what is wrong there, as the end of a sentence."""


class SeedError(ValueError):
    """A seed that cannot be; the message is a sentence with file, line and reason.

    Where several things are wrong, a line for each follows the sentence.
    """


@dataclass(frozen=True)
class SeedDocument:
    """What a file of seeds holds; `line` tells where a place in it stands, from 1."""

    path: Path
    content: Any
    line: Lines

    def error(self, place: Place, reason: str) -> SeedError:
        """What is wrong at a place, as an error that names file, line and reason."""
        return self.errors([(place, reason)])

    def errors(self, mistakes: Sequence[Mistake]) -> SeedError:
        """All that is wrong, in the order of lines; of many the first are told, and the number."""
        found = sorted(mistakes, key=lambda each: (self.line(each[0]), len(each[0])))
        told = []
        for place, reason in found[:MOST_TOLD]:
            where = place_of(place)
            at = f"line {self.line(place)}, {where}" if where else f"line {self.line(place)}"
            told.append(f"{at}: {reason.rstrip('.')}")
        if len(found) == 1:
            return _error(self.path, told[0])
        if len(found) > MOST_TOLD:
            told.append(f"And {len(found) - MOST_TOLD} more")
        return _error(self.path, ".\n  ".join((f"{len(found)} things are wrong with it", *told)))


def read_seed_document(path: Path) -> SeedDocument:
    """What a file holds; it is JSON if its name ends in .json, else YAML.

    It has 8 MiB at most. YAML is read as JSON would be: `on`, `12:30`, `007` and dates are text.
    Errors: SeedError, it cannot be read, or is a snapshot.
    """
    # Imported here: most servers are given no seeds.
    from sagemock.yaml_document import check_json, parsed_with_lines  # noqa: PLC0415

    text = _text(path)
    # PyYAML cannot read all JSON: not tabs, nor a character that is written as two escapes.
    is_json = path.suffix.lower() == ".json"
    try:
        content, lines = _json_with_lines(text) if is_json else parsed_with_lines(text)
        check_json(content, MOST_BYTES)
    except ValueError as error:
        kind = "JSON" if is_json else "YAML"
        raise _error(path, f"it is no {kind} that can be read: {error}") from error
    if isinstance(content, dict) and {"accounts", "sagemock"} <= content.keys():
        raise _error(path, A_SNAPSHOT.format(path=path))
    return SeedDocument(path, content, lines)


def place_of(place: Iterable[Step]) -> str:
    """A place in a file as people write it: `groups[0].versions[2].ModelCard`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".")


def _error(path: Path, reason: str) -> SeedError:
    return SeedError(f"The seed {path} cannot be planted: {reason}.")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise _error(path, f"it cannot be read: {error.strerror}") from error
    if len(data) > MOST_BYTES and _SNAPSHOT.match(data):
        raise _error(path, A_SNAPSHOT.format(path=path))
    if len(data) > MOST_BYTES:
        raise _error(path, f"it has more than {MOST_BYTES} bytes; make two of it")
    try:
        # Editors on Windows put a mark before the text.
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _error(path, f"line {line}: it is no UTF-8 at byte {error.start}") from error


def _json_with_lines(text: str) -> tuple[Any, Lines]:
    """The value of a JSON document, and where in the text its parts begin.

    Errors: ValueError, it is no JSON, nests too deep or has a key twice in one object.
    """
    try:
        value = json.loads(text, parse_constant=refuse_constant)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    lines: dict[Place, int] = {}
    for place, offset in _json_places(text):
        if place in lines:
            # Python would keep the last.
            where = text.count("\n", 0, offset) + 1
            message = f"the key {str(place[-1])[:80]!r} stands twice in one object (line {where})"
            raise ValueError(message)
        lines[place] = offset

    breaks = [found.start() for found in re.finditer("\n", text)]

    def line(path: Iterable[Step]) -> int:
        place = tuple(path)
        while place and place not in lines:
            place = place[:-1]
        return bisect_left(breaks, lines.get(place, 0)) + 1

    return value, line


def _json_places(text: str) -> Iterator[tuple[Place, int]]:
    """Each key and each element of a text that is JSON, with the offset at which it stands."""
    # Of each object that is open its key, of each list its position; None before a key is read.
    steps: list[Step | None] = []
    lists: list[bool] = []
    begins = False
    for token in _JSON_TOKEN.finditer(text):
        word = token[0]
        if word in {"]", "}"}:
            steps.pop()
            lists.pop()
            begins = False
            continue
        if word == ",":
            last = steps[-1]
            steps[-1] = last + 1 if isinstance(last, int) else None
            begins = lists[-1]
            continue
        if begins:
            yield _known(steps), token.start()
            begins = False
        if word in {"[", "{"}:
            if len(steps) >= MOST_DEPTH:
                raise ValueError(TOO_DEEP)
            lists.append(word == "[")
            steps.append(0 if lists[-1] else None)
            begins = lists[-1]
        elif steps and steps[-1] is None:
            steps[-1] = json.loads(word)
            yield _known(steps), token.start()


def _known(steps: Iterable[Step | None]) -> Place:
    return tuple(step for step in steps if step is not None)
