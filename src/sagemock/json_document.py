"""JSON documents that travel as text inside a request: policies, the content of model cards."""

import json
from typing import Any

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
