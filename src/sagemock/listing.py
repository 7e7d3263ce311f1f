"""List requests to queries: time bounds, order, page size and NextToken.

A token names the place where the last page ended, in every order a list can have. It is not a
count: what is created or deleted between two pages makes nothing else come twice or be missed
(LP11).
"""

import base64
import json
import math
import zlib
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sagemock.errors import ValidationException
from sagemock.operation import Members
from sagemock.ports import ListRow, Position, Query, Row

INVALID_TOKEN = "Invalid NextToken."  # noqa: S105 - a message; OQ9
DEFAULT_PAGE_SIZE = 10
"""Twenty sibling lists of this API state 10; these two do not say (LG3, LP7)."""

_INT64 = 2**63
# What `next_token` writes, before the value that was sorted by.
_PLACE = [str, int, str, int, int]


def list_query(
    kind: str, request: Members, *, descending: bool, after_included: bool = False
) -> Query:
    """The query of a list request, with what all lists have in common.

    `descending` is the operation's own default order (OQ25). With `after_included` the bound of
    CreationTimeAfter belongs to what is listed: of models and endpoints it does.
    Errors: ValidationException, the NextToken is none of this list's.
    """
    order = request.get("SortOrder")
    after, before = request.get("CreationTimeAfter"), request.get("CreationTimeBefore")
    after_ms = None
    if after is not None:
        after_ms = ceil_ms(after) - 1 if after_included else floor_ms(after)
    query = Query(
        kind=kind,
        limit=page_size(request),
        order="name" if request.get("SortBy") == "Name" else "created",
        descending=descending if order is None else order == "Descending",
        contains=request.get("NameContains"),
        created_after_ms=after_ms,
        created_before_ms=None if before is None else ceil_ms(before),
    )
    token = request.get("NextToken")
    return replace(query, after=place_of(kind, token)) if token else query


def page_size(request: Members) -> int:
    """How many a page holds; at least one, also where constraints are only warned about."""
    asked: int = request.get("MaxResults", DEFAULT_PAGE_SIZE)
    return max(1, asked)


def refuse_token(request: Members) -> None:
    """Refuse a NextToken given to a list that always fits on one page: it never gave one."""
    if request.get("NextToken"):
        raise ValidationException(INVALID_TOKEN)


def next_token(scope: str, row: Row | ListRow) -> str:
    """The token of the page after this row; it holds for lists of the same scope only."""
    place = json.dumps(
        [scope, row.created_ms, row.name, row.number, row.id, row.sort_value]
    ).encode()
    check = zlib.crc32(place).to_bytes(4, "big")
    return base64.urlsafe_b64encode(check + place).decode()


def place_of(scope: str, token: str) -> Position:
    """The place a token marks.

    Errors: ValidationException, it is none of this scope's (OQ9).
    """
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        check, place = raw[:4], raw[4:]
        known = zlib.crc32(place).to_bytes(4, "big") == check
        parts: Any = json.loads(place) if known else None
        json.dumps(parts, ensure_ascii=False).encode()  # half a character cannot be asked for
    except (ValueError, RecursionError):
        raise ValidationException(INVALID_TOKEN) from None
    if not _is_place(scope, parts):
        raise ValidationException(INVALID_TOKEN)
    return Position(*parts[1:])


def _is_place(scope: str, parts: object) -> bool:
    """Whether this is what `next_token` wrote; the checksum is no secret, so anybody can write."""
    if not isinstance(parts, list) or [type(part) for part in parts[:5]] != _PLACE:
        return False
    numbers = (part for part in parts if isinstance(part, int))
    return (
        len(parts) == len(_PLACE) + 1
        and parts[0] == scope
        and isinstance(parts[-1], str | int | float | None)
        and all(abs(number) < _INT64 for number in numbers)
    )


# Bounds are exclusive and may carry microseconds; creation times are whole milliseconds. The bound
# is taken as it was written: its binary fraction times 1000 would fall beside the millisecond.
def floor_ms(bound: float) -> int:
    """The last millisecond that is not after a bound."""
    return math.floor(Decimal(repr(bound)) * 1000)


def ceil_ms(bound: float) -> int:
    """The first millisecond that is not before a bound."""
    return math.ceil(Decimal(repr(bound)) * 1000)
