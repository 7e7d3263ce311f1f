"""Canned rules in a few words, and what they answer."""

from collections.abc import Mapping
from typing import Any

from hosted import called

from sagemock.hosting import Answer
from sagemock.serving.canned import (
    Called,
    CannedRules,
)

Members = dict[str, Any]


def rule(body: Any = "", times: int | None = None, **match: str) -> Members:
    made: Members = {"match": match, "reply": {"body": body}}
    return made if times is None else {**made, "times": times}


def matching(match: Mapping[str, str]) -> Members:
    """A rule that says yes to what matches."""
    return {"match": {**match}, "reply": {"body": "yes"}}


def rules_of(*rules: Members) -> CannedRules:
    canned = CannedRules()
    canned.add([*rules])
    return canned


def answer_of(canned: CannedRules, asked: Called | None = None) -> Answer:
    answer = canned.answer(asked or called(), always=True)
    assert answer is not None
    return answer


def said(canned: CannedRules, asked: Called | None = None) -> str:
    return b"".join(answer_of(canned, asked).chunks).decode()


def pieces(answer: Answer) -> list[bytes]:
    return list(answer.chunks)
