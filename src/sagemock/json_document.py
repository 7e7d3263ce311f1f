"""JSON documents that travel as text: policies, the content of model cards, the rows of lists."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, overload

MOST_DEPTH = 128
"""Deeper documents could exhaust the stack of whoever walks them; none of AWS's is near it."""

TOO_DEEP = "the document nests too deep"


def parsed(text: str) -> Any:
    """The value of a JSON document.

    Errors: ValueError, it is no JSON, nests too deep, or spells half a character.
    """
    try:
        value = json.loads(text, parse_constant=refuse_constant)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    if depth(value) > MOST_DEPTH:
        raise ValueError(TOO_DEEP)
    # `"\ud800"` is half a surrogate pair: no message that quotes it could be sent.
    json.dumps(value, ensure_ascii=False).encode()
    return value


def depth(value: Any) -> int:
    """How many objects and lists lie inside one another at the deepest place."""
    depth = 0
    level = [value]
    while containers := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [
            child
            for each in containers
            for child in (each.values() if isinstance(each, dict) else each)
        ]
    return depth


def refuse_constant(constant: str) -> Any:
    """Refuse NaN and Infinity, which Python would read: they are no JSON."""
    message = f"{constant} is no JSON"
    raise ValueError(message)


class JsonList(Sequence[Any]):
    """A list whose elements are JSON already: joined as they are, read only if somebody looks."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    @property
    def text(self) -> str:
        """The whole list as JSON."""
        return f"[{','.join(self._texts)}]"

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [json.loads(text) for text in self._texts[index]]
        return json.loads(self._texts[index])

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[Any]:
        return map(json.loads, self._texts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return self.text
