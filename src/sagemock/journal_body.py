"""A body as the journal shows it: JSON, or how it begins; nothing in it can break a reader."""

import base64
import codecs
import json
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from sagemock.json_document import depth, refuse_constant

MOST_TEXT = 1024
"""As many bytes are shown of the body of an invocation."""

_MOST_DEPTH = 200


class JournalBody(NamedTuple):
    """A body, or the start of it, and how long it was."""

    start: bytes
    size: int
    whole: bool

    def json(self) -> Any:
        """Its JSON; where it is none, or not all is there, how it begins as a text."""
        if len(self.start) == self.size:
            try:
                return _parsed(self.start) if self.start else None
            except (ValueError, RecursionError):
                pass
        return self._told(self.start.decode(errors="replace"), is_cut=len(self.start) < self.size)

    def bytes(self) -> dict[str, Any]:
        """How long it is, and how it begins where it is a text."""
        start = self.start[:MOST_TEXT]
        try:
            # The last character may be cut in two.
            text = codecs.getincrementaldecoder("utf-8")().decode(start)
        except UnicodeDecodeError:
            text = None
        if text is not None and any(each < " " and each not in "\t\n\r" for each in text):
            text = None
        return self._told(text, is_cut=len(start) < self.size)

    def _told(self, text: str | None, *, is_cut: bool) -> dict[str, Any]:
        told: dict[str, Any] = {"Size": self.size}
        if text is not None:
            told["Text"] = text
        if is_cut:
            told["Cut"] = True
        if self.whole and len(self.start) == self.size:
            told["Base64"] = base64.b64encode(self.start).decode()
        return told


def _parsed(body: bytes) -> Any:
    """The JSON of a body that any reader of ours can be sent. Errors: ValueError."""
    value = json.loads(
        body.decode(),
        object_pairs_hook=_unique,
        parse_constant=refuse_constant,
        parse_float=_finite,
    )
    if depth(value) > _MOST_DEPTH:
        message = "it nests too deep"
        raise ValueError(message)
    return value


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    members = dict(pairs)
    if len(members) != len(pairs):
        message = "a key is given twice"
        raise ValueError(message)
    return members


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        message = "it has a number that is too large"
        raise ValueError(message)
    return number
