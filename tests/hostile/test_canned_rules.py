"""Canned rules that cannot be, that say odd things, or that take long to look at.

Whoever may send rules owns the server, and a mistake of theirs is theirs to be told: each rule is
refused, or answers calls as HTTP; none of them takes the server down.
"""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hostile.served import Served, serving

_RULES = "/_sagemock/serving/rules"
_PROMPT_S = 2.0
_LONE = "\ud800"


def _replies(**reply: Any) -> dict[str, Any]:
    return {"reply": reply}


def _matches(**match: Any) -> dict[str, Any]:
    return {"match": match, "reply": {}}


def _says(**headers: str) -> dict[str, Any]:
    return _replies(headers={name.replace("_", "-"): value for name, value in headers.items()})


_CUSTOM = "X_Amzn_SageMaker_Custom_Attributes"
RULES: dict[str, Any] = {
    "nothing": b"",
    "null": None,
    "a number": 1,
    "a text": "x",
    "no rule": [[]],
    "no reply": [{}],
    "not JSON": b"[",
    "not UTF-8": b'{"reply": {"body": "\xff"}}',
    "UTF-16": json.dumps(_replies()).encode("utf-16"),
    "deep": b"[" * 3000 + b"]" * 3000,
    "very deep": b"[" * 100_000,
    "a deep body": b'{"reply": {"body": ' + b"[" * 3000 + b"]" * 3000 + b"}}",
    "a body of no number": b'{"reply": {"body": NaN}}',
    "a delay of no number": b'{"reply": {"delay": NaN}}',
    "a delay without an end": b'{"reply": {"delay": 1e400}}',
    "a delay that is no number": _replies(delay=True),
    "a delay below nothing": _replies(delay=-1),
    "a status of many digits": b'{"reply": {"status": ' + b"9" * 5000 + b"}}",
    "a status with a point": b'{"reply": {"status": 404.0}}',
    "a status that is true": _replies(status=True),
    "a status of 100": _replies(status=100),
    "a status of 204": _replies(status=204, body="x"),
    "a status of 304": _replies(status=304),
    "a status of 599": _replies(status=599, body="\x00"),
    "times without an end": b'{"reply": {}, "times": 1e400}',
    "times of many digits": b'{"reply": {}, "times": ' + b"9" * 4000 + b"}",
    "half a character": _replies(body=_LONE),
    "half a character inside": _replies(body=[_LONE]),
    "half a character in a template": _replies(template=_LONE),
    "half a character in a stream": _replies(stream_chunks=[_LONE]),
    "half a character in a match": _matches(endpoint=f"{_LONE}*", body_regex=_LONE),
    "a template of odd places": _replies(template="$ ${ $x ${body} $$ %s {0}"),
    "a stream of nothing": _replies(stream_chunks=[]),
    "a stream of empty pieces": _replies(stream_chunks=["", "", ""]),
    "a stream of many pieces": _replies(stream_chunks=["x"] * 20_000),
    "a type that ends its line": _says(Content_Type="a\r\nX-Evil: 1"),
    "a type that ends the head": _says(Content_Type="a\r\n\r\nb"),
    "a type with a line feed": _says(Content_Type="a\nb"),
    "a type with a NUL": _says(Content_Type="\x00"),
    "a type beyond Latin-1": _says(Content_Type="€"),
    "a type of half a character": _says(Content_Type=_LONE),
    "an empty type": _says(Content_Type=""),
    "attributes that end their line": _says(**{_CUSTOM: "a\r\nX-Evil: 1"}),
    "attributes beyond Latin-1": _says(**{_CUSTOM: "€"}),
    "a header without a name": _replies(headers={"": "", "\r\n": "\r\n"}),
    "a file": _replies(file="/etc/passwd"),
    "two bodies": _replies(body="a", template="b"),
    "a body too long for an answer": _replies(body="a" * 7_000_000),
    "an error too long for an answer": _replies(body="a" * 7_000_000, status=500),
    "an open group": _matches(body_regex="("),
    "many groups": _matches(body_regex="(" * 400 + ")" * 400),
    "many times": _matches(body_regex="a{99999999999999999999}"),
    "an open set": _matches(body_regex="[[a"),
    "a set in a set": _matches(body_regex="[[a]"),
    "flags at odds": _matches(body_regex="(?a)(?u)"),
    "versions at odds": _matches(body_regex="(?V0V1)x"),
    "bytes alone": _matches(body_regex="(?L)x"),
    "no such name": _matches(body_regex="\\N{x}\\p{x}"),
    "no such list": _matches(body_regex="\\L<x>"),
    "an expression of 1001 characters": _matches(body_regex="a" * 1001),
    "itself": _matches(body_regex="(?R)"),
    "stars": _matches(endpoint="*a" * 2000),
    "question marks": _matches(endpoint="*?" * 1000),
    "an open bracket": _matches(endpoint="[", model="[!", variant="[z-a]*", image="[]"),
    "1000 rules": [_replies()] * 1000,
    "1001 rules": [_replies()] * 1001,
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("rules")) as served:
        served.deploy("canned")
        yield served


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _put(served: Served, rule: Any) -> int:
    """The status of putting a rule in the place of all others."""
    assert served.send("DELETE", _RULES).status == 200
    sent = rule if isinstance(rule, bytes) else json.dumps(rule).encode()
    answer = served.send("POST", _RULES, sent)
    json.loads(answer.body, parse_constant=_refuse)
    return answer.status


def _invoke(served: Served, body: bytes = b"aaa", path: str = "invocations") -> int:
    answer = served.send("POST", f"/endpoints/canned/{path}", body)
    assert not answer.surplus
    assert not answer.header("X-Evil")
    assert all(value.replace("\t", "").isprintable() for _, value in answer.headers)
    if answer.status != 200:
        assert json.loads(answer.body)["Message"]
    return answer.status


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_refused_or_answers(served: Served, name: str) -> None:
    status = _put(served, RULES[name])
    assert status in (200, 400)
    for path in ("invocations", "invocations-response-stream"):
        assert _invoke(served, path=path) in (200, 424)
    for path in (_RULES, "/_sagemock/serving/calls"):
        answer = served.send("GET", path)
        assert answer.status == 200
        json.loads(answer.body, parse_constant=_refuse)


def test_rules_beyond_the_largest_body_are_refused_as_json(served: Served) -> None:
    answer = served.send("POST", _RULES, b" " * (8 * 1024 * 1024 + 1))
    assert answer.status == 413
    assert json.loads(answer.body)["__type"] == "RequestEntityTooLargeException"


def test_the_refusal_of_many_rules_does_not_send_them_back(served: Served) -> None:
    answer = served.send("POST", _RULES, json.dumps([_replies(body="a" * 5000)] * 1001).encode())
    assert answer.status == 400
    assert len(answer.body) < 10_000


@pytest.mark.parametrize("regex", ["(a+)+$", "(a|aa)+$", "(?:a?){5000}a{5000}", "(.*)*!!"])
def test_an_expression_that_takes_for_ever_delays_its_own_caller_alone(
    served: Served, regex: str
) -> None:
    assert _put(served, _matches(body_regex=regex)) == 200
    answered: list[int] = []
    long = b"a" * 100_000 + b"!"
    callers = [
        threading.Thread(target=lambda: answered.append(_invoke(served, long))) for _ in range(3)
    ]
    for caller in callers:
        caller.start()
    for _ in range(10):
        assert served.send("GET", "/_sagemock/health").seconds < _PROMPT_S
    for caller in callers:
        caller.join(timeout=20)
    assert answered == [200] * 3


def test_rules_can_be_changed_while_an_expression_takes_for_ever(served: Served) -> None:
    assert _put(served, [_matches(body_regex="(a+)+$")] * 8) == 200
    caller = threading.Thread(target=_invoke, args=(served, b"a" * 100_000 + b"!"))
    caller.start()
    slowest_s = 0.0
    while caller.is_alive():
        slowest_s = max(slowest_s, served.send("POST", _RULES, b"[]").seconds)
    caller.join()
    assert slowest_s < _PROMPT_S


@pytest.mark.parametrize("regex", ["(?:ab|cd){1000000}", "(?:(?:x?){999}){999}"])
def test_an_expression_of_a_few_characters_costs_little_to_keep(tmp_path: Path, regex: str) -> None:
    with serving(tmp_path) as served:
        served.deploy("canned")
        _put(served, _replies())
        before_mb = served.most_memory_mb()
        assert _put(served, _matches(body_regex=regex)) in (200, 400)
        assert _invoke(served) == 200
        assert served.most_memory_mb() - before_mb < 200


def test_nothing_in_the_log_tells_of_a_failure(served: Served) -> None:
    assert served.tracebacks() == ""


def test_no_rule_can_write_a_line_of_the_log(served: Served) -> None:
    assert not served.odd_log_lines()


def test_the_server_is_well_and_at_rest_afterwards(served: Served) -> None:
    assert served.is_well()
    assert served.comes_to_rest()
