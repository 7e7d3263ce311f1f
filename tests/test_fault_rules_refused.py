"""Rules for faults that cannot be: one sentence, with the place and what would be right."""

from pathlib import Path
from typing import Any

import pytest

from sagemock import Settings, create_service
from sagemock.fault_rules import fault_rule
from sagemock.faulting import FaultRuleError
from sagemock.faults import AccountFaults, Faults

CUT = {"cut": "before"}
OPERATIONS = ("CreateModel", "CreateModelPackage", "CreateEndpoint", "DescribeModel")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (7, "the top: 7 stands where an object must be"),
        ("cut", "the top: 'cut' stands where an object must be"),
        ({"faults": {}}, "faults: an object stands where a list must be"),
        ({"faults": [], "more": 1}, "the top: 'more' is not known; known are faults"),
        ([7], "faults[0]: 7 stands where an object must be"),
        (
            {"match": {}},
            (
                "faults[0]: fault must be given; known are match, fault, times, after, probability "
                "and seed"
            ),
        ),
        (
            [{"fault": CUT}, {"fault": CUT, "tmies": 2}],
            (
                "faults[1]: 'tmies' is not known, perhaps times is meant; known are match, fault, "
                "times, after, probability and seed"
            ),
        ),
        (
            {"fault": {"eror": "X"}},
            (
                "faults[0].fault: 'eror' is not known, perhaps error is meant; known are latency, "
                "error, cut, status and reason"
            ),
        ),
        (
            {"match": {"caller": "x"}, "fault": CUT},
            (
                "faults[0].match: 'caller' is not known; known are operation, resource, account, "
                "region and principal"
            ),
        ),
        (
            {"match": {"account": 123456789012}, "fault": CUT},
            "faults[0].match.account: 123456789012 stands where text must be; put it in quotes",
        ),
        (
            {"match": {"operation": ""}, "fault": CUT},
            "faults[0].match.operation: it must have 1 character at least",
        ),
        (
            {"fault": None},
            (
                "faults[0].fault: nothing stands where an object must be; the lines that belong "
                "to it may want indenting"
            ),
        ),
        (
            {"fault": {}},
            "faults[0].fault: a fault is latency, error, cut or status, and none of them is given",
        ),
        (
            {"fault": {"cut": "midwy"}},
            (
                "faults[0].fault.cut: 'midwy' is not known, perhaps midway is meant; known are "
                "before, after and midway"
            ),
        ),
        (
            {"fault": {"status": "broken"}},
            "faults[0].fault.status: 'broken' is not known; known are stuck and failing",
        ),
        ({"fault": {"latency": 61}}, "faults[0].fault.latency: it can be 60 at most"),
        ({"fault": {"latency": -1}}, "faults[0].fault.latency: it must be 0 at least"),
        ({"fault": {"latency": [1, 99]}}, "faults[0].fault.latency[1]: it can be 60 at most"),
        (
            {"fault": {"latency": [1]}},
            "faults[0].fault.latency: it must have 2 parts, the least and the most",
        ),
        (
            {"fault": {"latency": [2, 1]}},
            "faults[0].fault: a latency goes from its least to its most, not from 2 to 1",
        ),
        (
            {"fault": {"latency": "1s"}},
            "faults[0].fault.latency: '1s' stands where a number or a list must be",
        ),
        (
            {"fault": {"error": "no code"}},
            "faults[0].fault.error: 'no code' is not an error's code, ThrottlingException say",
        ),
        (
            {"fault": {"error": {"message": "x"}}},
            "faults[0].fault.error: code must be given; known are code, message and status",
        ),
        (
            {"fault": {"error": {"code": "X", "status": 200}}},
            "faults[0].fault.error.status: it must be 400 at least",
        ),
        ({"fault": CUT, "times": 0}, "faults[0].times: it must be 1 at least"),
        ({"fault": CUT, "after": -1}, "faults[0].after: it must be 0 at least"),
        ({"fault": CUT, "times": 1.5}, "faults[0].times: 1.5 stands where a whole number must be"),
        ({"fault": CUT, "probability": 0}, "faults[0].probability: it must be more than 0"),
        ({"fault": CUT, "probability": 30}, "faults[0].probability: it can be 1 at most"),
        (
            {"fault": {"cut": "before", "error": "X"}},
            (
                "faults[0].fault: a call ends in one way, and here are error and cut; make a rule "
                "of each"
            ),
        ),
        (
            {"fault": {"reason": "x"}},
            (
                "faults[0].fault: a reason belongs to the status failing; write status: failing "
                "beside it"
            ),
        ),
        (
            {"fault": {"status": "stuck", "reason": "x"}},
            (
                "faults[0].fault: a reason belongs to the status failing; take it out, or write "
                "status: failing"
            ),
        ),
        (
            {"match": {"operation": "CreateModelPackge"}, "fault": CUT},
            (
                "faults[0].match.operation: there is no operation 'CreateModelPackge', perhaps "
                "CreateModelPackage is meant"
            ),
        ),
        (
            {"match": {"operation": "Model*"}, "fault": CUT},
            "faults[0].match.operation: there is no operation 'Model*'",
        ),
        (
            {"match": {"operation": "CreateModel*"}, "fault": {"status": "failing"}},
            (
                "faults[0].match.operation: the status failing is one of endpoints, so its "
                "operation is CreateEndpoint or UpdateEndpoint, not CreateModel*"
            ),
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(content: Any, said: str) -> None:
    faults = Faults(operations=lambda: OPERATIONS)
    with pytest.raises(FaultRuleError) as raised:
        faults.add(content)
    assert str(raised.value) == f"A fault rule is wrong at {said}."
    assert faults.shown() == []


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("faults.yaml", "fault: [\n", "cannot be used: "),
        ("faults.json", "{", "cannot be used: "),
        (
            "faults.yaml",
            "fault: {cut: before}\ntimes: many\n",
            (
                "cannot be used: A fault rule is wrong at faults[0].times: 'many' stands where a "
                "whole number must be."
            ),
        ),
    ],
)
def test_a_file_that_cannot_be_is_named_and_nothing_is_started(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    database = tmp_path / "sagemock.db"
    with pytest.raises(FaultRuleError) as raised:
        create_service(Settings(db=database, faults=tmp_path / name))
    assert str(tmp_path / name) in str(raised.value)
    assert said in str(raised.value)
    assert not database.exists()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FaultRuleError, match=r"none\.yaml cannot be used: it cannot be read"):
        Faults(tmp_path / "none.yaml")


def test_of_many_rules_none_is_added_when_one_cannot_be() -> None:
    faults = Faults()
    with pytest.raises(FaultRuleError):
        faults.add([{"fault": CUT}, {"fault": CUT, "times": 0}])
    assert faults.shown() == []


def test_there_are_not_more_than_a_thousand() -> None:
    faults = Faults()
    faults.add([{"fault": CUT}] * 1000)
    with pytest.raises(FaultRuleError, match=r"^There can be 1000 fault rules at most\.$"):
        faults.add({"fault": CUT})
    assert len(faults.shown()) == 1000


def test_a_member_nobody_knows_is_told_when_named() -> None:
    with pytest.raises(FaultRuleError) as raised:
        fault_rule(opertion="X", error="Y")
    assert str(raised.value) == (
        "A fault has no 'opertion', perhaps operation is meant; known are operation, resource, "
        "account, region, principal, latency, error, cut, status, reason, times, after, "
        "probability, seed, message, http_status."
    )


def test_words_of_an_error_need_its_code() -> None:
    with pytest.raises(FaultRuleError, match="name its code with error"):
        fault_rule(operation="CreateModel", message="Wait.")


def test_a_rule_is_given_whole_or_by_its_members() -> None:
    with pytest.raises(FaultRuleError, match="whole or by its members, not both"):
        AccountFaults(Faults(), "123456789012").add({"fault": CUT}, times=2)
