"""Plays fixtures/conformance, holds them against their schema, and the ledger against them.

Beside what a case says, two promises hold for every step of every case: a call that is refused and
a call that only reads leave the database as it was.
"""

import json
from collections.abc import Mapping
from typing import Any

import botocore
import pytest
from jsonschema import Draft202012Validator

from conftest import FIXTURES, BotocoreSender, stored
from sagemock import Service
from sagemock.conformance import Case, play, read_cases

CASES = list(read_cases(FIXTURES / "conformance"))
VALUES = {
    "account": "123456789012",
    "region": "us-east-1",
    "other_account": "210987654321",
    "other_region": "us-west-2",
    "run": "r1",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(
    case: Case, sender: BotocoreSender, service: Service, patterns: dict[str, str]
) -> None:
    needs = case.content.get("botocore", "0")
    if release(botocore.__version__) < release(needs):
        pytest.skip(f"needs the service model of botocore {needs}")

    def send(operation: str, request: Any, caller: Mapping[str, str]) -> tuple[int, Any]:
        before = stored(service)
        status, answer = sender.send(operation, request, caller)
        facts = service.model.operation(operation)
        if status != 200 or (facts and facts.reads):
            assert stored(service) == before, f"{operation} changed what is stored"
        return status, answer

    if case.canned:
        service.canned.add(case.canned)
    play(case, send, VALUES | patterns)


def release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_file_follows_the_schema(case: Case) -> None:
    schema = json.loads((FIXTURES / "conformance" / "case.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(case.content)
