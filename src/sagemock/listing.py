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
from sagemock.ports import Position, Query, Row

INVALID_TOKEN = "Invalid NextToken."  # noqa: S105 - a message; OQ9
DEFAULT_PAGE_SIZE = 10
"""Twenty sibling lists of this API state 10; these two do not say (LG3, LP7)."""

_INT64 = 2**63


def list_query(kind: str, request: Members, *, descending: bool) -> Query:
    """The query of a list request, with what all lists have in common.

    `descending` is the operation's own default order (OQ25).
    Errors: ValidationException, the NextToken is none of this list's.
    """
    order = request.get("SortOrder")
    query = Query(
        kind=kind,
        limit=request.get("MaxResults", DEFAULT_PAGE_SIZE),
        by_name=request.get("SortBy") == "Name",
        descending=descending if order is None else order == "Descending",
        contains=request.get("NameContains"),
        created_after_ms=_floor_ms(request.get("CreationTimeAfter")),
        created_before_ms=_ceil_ms(request.get("CreationTimeBefore")),
    )
    token = request.get("NextToken")
    return replace(query, after=_position(kind, token)) if token else query


def refuse_token(request: Members) -> None:
    """Refuse a NextToken given to a list that always fits on one page: it never gave one."""
    if request.get("NextToken"):
        raise ValidationException(INVALID_TOKEN)


def next_token(kind: str, row: Row) -> str:
    """The token of the page after this row."""
    place = json.dumps([kind, row.created_ms, row.name, row.number]).encode()
    check = zlib.crc32(place).to_bytes(4, "big")
    return base64.urlsafe_b64encode(check + place).decode()


def _position(kind: str, token: str) -> Position:
    try:
        raw = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        check, place = raw[:4], raw[4:]
        known = zlib.crc32(place).to_bytes(4, "big") == check
        parts: Any = json.loads(place) if known else None
    except (ValueError, RecursionError):
        raise ValidationException(INVALID_TOKEN) from None
    if not _is_place(kind, parts):
        raise ValidationException(INVALID_TOKEN)
    _, created_ms, name, number = parts
    return Position(created_ms=created_ms, name=name, number=number)


def _is_place(kind: str, parts: object) -> bool:
    """Whether this is what `next_token` wrote; the checksum is no secret, so anybody can write."""
    if not isinstance(parts, list) or [type(part) for part in parts] != [str, int, str, int]:
        return False
    numbers = (part for part in parts if isinstance(part, int))
    return parts[0] == kind and all(abs(number) < _INT64 for number in numbers)


# Bounds are exclusive and may carry microseconds; creation times are whole milliseconds. The bound
# is taken as it was written: its binary fraction times 1000 would fall beside the millisecond.
def _floor_ms(bound: float | None) -> int | None:
    return None if bound is None else math.floor(Decimal(repr(bound)) * 1000)


def _ceil_ms(bound: float | None) -> int | None:
    return None if bound is None else math.ceil(Decimal(repr(bound)) * 1000)
