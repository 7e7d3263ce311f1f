"""Plays fixtures/conformance, holds them against their schema, and the ledger against them.

Beside what a case says, two promises hold for every step of every case: a call that is refused and
a call that only reads leave the database as it was. Its events are read over their path.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import botocore
import pytest
from flask import Flask
from flask.testing import FlaskClient
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
    case: Case, sender: BotocoreSender, app: Flask, service: Service, patterns: dict[str, str]
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

    def events(account: str, region: str) -> list[Any]:
        query = {"account": account, "region": region, "limit": 2}
        return list(all_events(app.test_client(), query))

    if case.canned:
        service.canned.add(case.canned)
    play(case, send, VALUES | patterns, events)


def all_events(client: FlaskClient, query: Mapping[str, Any]) -> Iterator[Any]:
    """The events of all pages; after the last one the place stays."""
    after, before = 0, None
    while after != before:
        answer = client.get("/_sagemock/events", query_string={**query, "after": after})
        assert answer.status_code == 200, answer.text
        page = answer.get_json()
        yield from page["Events"]
        before, after = after, page["After"]


def release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_file_follows_the_schema(case: Case) -> None:
    schema = json.loads((FIXTURES / "conformance" / "case.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(case.content)
