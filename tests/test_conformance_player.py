"""The player of conformance cases: what stands for what, and when events are compared."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sagemock.conformance import Case, MismatchError, matches, play

VALUES = {"account": "123456789012", "region": "us-east-1", "run": "r1"}
ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ("$iso", "2026-01-31T09:30:00Z"),
        ("$iso", "2024-02-29T00:00:00Z"),
        ("$ms", 1_769_851_800_123),
        ("$ms", 100_000_000_000),
        ("$time", 1_769_851_800.123),
        ("$id", "0"),
        ("$any", 0),
        ("a $any c", "a b c"),
        ({"time": "$iso", "at": ["$ms"]}, {"time": "2026-01-31T09:30:00Z", "at": [10**12]}),
    ],
)
def test_a_wildcard_stands_for_this(expected: Any, answer: Any) -> None:
    assert matches(expected, answer)


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        ("$iso", "2026-01-31T09:30:00.000Z"),
        ("$iso", "2026-01-31T09:30:00+00:00"),
        ("$iso", "2026-01-31T11:30:00+02:00"),
        ("$iso", "2026-01-31T09:30:00"),
        ("$iso", "2026-01-31 09:30:00Z"),
        ("$iso", "20260131T093000Z"),
        ("$iso", "2026-01-31"),
        ("$iso", "2026-02-31T09:30:00Z"),
        ("$iso", "2026-01-31T09:30:00Z\n"),
        ("$iso", ""),
        ("$iso", 1_769_851_800),
        ("$iso", None),
        ("$ms", 1_769_851_800),
        ("$ms", 1_769_851_800_123.0),
        ("$ms", "1769851800123"),
        ("$ms", True),
        ("$ms", None),
        ("$time", 1_769_851_800),
        ("$id", ""),
        ("$id", 7),
        ("$any", None),
        ("a $any c", "a b d"),
        (1, True),
        (1, 1.0),
        ([], {}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ([1, 2], [2, 1]),
        ([1], [1, 1]),
    ],
)
def test_nothing_else_matches(expected: Any, answer: Any) -> None:
    assert not matches(expected, answer)


def case_with(*events: Any) -> Case:
    """A case that registers version 1 of a group and keeps its ARN."""
    step = {
        "call": "CreateModelPackage",
        "with": {"ModelPackageGroupName": "churn"},
        "answer": {"ModelPackageArn": "$any"},
        "keep": {"arn": "ModelPackageArn"},
    }
    return Case(path=Path("event/register.json"), content={"steps": [step], "events": [*events]})


def send(operation: str, request: Any, caller: Mapping[str, str]) -> tuple[int, Any]:
    assert (operation, request) == ("CreateModelPackage", {"ModelPackageGroupName": "churn"})
    assert caller == {"account": "123456789012", "region": "us-east-1"}
    return 200, {"ModelPackageArn": ARN}


def test_the_events_are_asked_for_by_account_and_region_and_compared_with_kept_values() -> None:
    asked = []

    def events(account: str, region: str) -> list[Any]:
        asked.append((account, region))
        return [{"id": "e1", "account": account, "resources": [ARN]}]

    case = case_with({"id": "$id", "account": "{account}", "resources": ["{arn}"]})
    play(case, send, VALUES, events)
    assert asked == [("123456789012", "us-east-1")]


@pytest.mark.parametrize(
    "sent",
    [
        [],
        [{"id": "e2"}, {"id": "e1"}],
        [{"id": "e1"}],
        [{"id": "e1"}, {"id": "e2"}, {"id": "e3"}],
        [{"id": "e1"}, {"id": "e2", "version": "0"}],
    ],
    ids=["none", "other order", "too few", "too many", "another member"],
)
def test_other_events_than_those_of_the_case_are_a_mismatch(sent: list[Any]) -> None:
    case = case_with({"id": "e1"}, {"id": "e2"})
    with pytest.raises(MismatchError, match=r"^event/register, events: expected \["):
        play(case, send, VALUES, lambda *_: sent)


def test_a_case_may_say_that_no_event_is_sent() -> None:
    play(case_with(), send, VALUES, lambda *_: [])
    with pytest.raises(MismatchError):
        play(case_with(), send, VALUES, lambda *_: [{"id": "e1"}])


def test_events_are_not_compared_where_they_cannot_be_read() -> None:
    play(case_with({"id": "of another"}), send, VALUES)


def test_events_are_not_asked_for_where_the_case_tells_none() -> None:
    case = case_with()
    silent = Case(path=case.path, content={"steps": case.content["steps"]})
    play(silent, send, VALUES, lambda *_: pytest.fail("asked for events"))
