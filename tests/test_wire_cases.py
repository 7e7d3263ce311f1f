"""Plays fixtures/wire: raw HTTP, for what no SDK would send, and for headers and bytes."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from conftest import FIXTURES, stored
from sagemock import Service
from sagemock.conformance import filled, matches
from sagemock.operation import Caller

PATHS = sorted(FIXTURES.glob("wire/*.json"))
CASES = {path.stem: json.loads(path.read_text("utf-8")) for path in PATHS}
CALLER = Caller("123456789012", "us-east-1", "arn:aws:iam::123456789012:user/u", "AIDAU")


def body_of(request: dict[str, Any]) -> bytes:
    """The bytes of a request: as text, as JSON, as base64, or a piece repeated many times."""
    if "json" in request:
        return json.dumps(request["json"]).encode()
    if "base64" in request:
        return base64.b64decode(request["base64"])
    if "repeat" in request:
        parts = request["repeat"]
        text = parts.get("before", "") + parts["piece"] * parts["times"] + parts.get("after", "")
        return str(text).encode()
    return str(request.get("body", "")).encode()


@pytest.mark.parametrize("name", CASES)
def test_wire_case(name: str, app: Flask, service: Service, patterns: dict[str, str]) -> None:
    case = CASES[name]
    for step in case.get("before", ()):
        service.invoke(step["call"], step["with"], CALLER)
    before = stored(service)
    request, expected = case["request"], filled(case["response"], patterns)
    answer = app.test_client().open(
        request.get("path", "/"),
        method=request.get("method", "POST"),
        headers=request.get("headers", {}),
        data=body_of(request),
    )
    assert answer.status_code == expected["status"], answer.data
    for header, value in expected.get("headers", {}).items():
        assert matches(value, answer.headers.get(header)), (header, answer.headers)
    for header in expected.get("absent_headers", ()):
        assert header not in answer.headers
    if "json" in expected:
        assert matches(expected["json"], json.loads(answer.data)), answer.data
    if "body" in expected:
        assert answer.data.decode() == expected["body"]
    if expected["status"] != 200:
        assert stored(service) == before


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_wire_case_file_follows_the_schema(path: Path) -> None:
    schema = json.loads((FIXTURES / "wire.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(json.loads(path.read_text("utf-8")))
