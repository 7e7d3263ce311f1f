"""The ledger: each numbered rule is proved, waits with its reason, or cannot be shown."""

import json
import re

import pytest

from conftest import FIXTURES
from sagemock.conformance import read_cases

RULES = json.loads((FIXTURES / "rules.json").read_text("utf-8"))
CASES = [case.content for case in read_cases(FIXTURES / "conformance")]
CASES += [json.loads(path.read_text("utf-8")) for path in sorted(FIXTURES.glob("wire/*.json"))]
PROVED = {rule for case in CASES for rule in case["rules"]}
TESTS = FIXTURES.parent


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_proved_or_says_why_not(rule: str) -> None:
    entry = RULES[rule]
    assert entry["says"].endswith(".")
    answers = entry.keys() & {"proof", "test", "waits", "cannot"}
    assert len(answers) == 1, entry
    if "proof" in entry:
        assert entry["proof"] == "case"
        assert rule in PROVED, f"no case names {rule}"
    elif "test" in entry:
        path, _, name = entry["test"].partition("::")
        assert re.search(rf"^ *def {name}\(", (TESTS / path).read_text("utf-8"), re.MULTILINE)
    else:
        assert rule not in PROVED, f"{rule} is proved after all"


def test_cases_name_only_rules_that_are_in_the_ledger() -> None:
    assert RULES.keys() >= PROVED


def test_the_ledger_has_all_rules_of_the_reference() -> None:
    assert len(RULES) == 221
