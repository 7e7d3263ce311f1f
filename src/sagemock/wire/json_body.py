"""Request bodies: bytes to JSON, as strictly as the service reads them.

What is no JSON is a SerializationException without a message (wire-protocol 2.3): bytes that are
not UTF-8, NaN, a key given twice, nesting beyond the limit, numbers of thousands of digits.
"""

import json
from typing import Any

from sagemock.errors import SerializationException
from sagemock.json_document import depth, refuse_constant


def parsed(body: bytes, max_depth: int) -> Any:
    """The JSON value of a body; an empty body is `{}`."""
    if not body:
        return {}
    try:
        value = json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=refuse_constant
        )
    except (ValueError, RecursionError):
        raise SerializationException from None
    # Brackets bound the depth from above, so most bodies need no closer look.
    if body.count(b"{") + body.count(b"[") > max_depth and depth(value) > max_depth:
        raise SerializationException
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "a key is given twice"
        raise ValueError(message)
    return members
