"""Canned answers: which rule answers, with what, how often; and what was asked."""

import base64
import threading
import time
from typing import Any

import pytest
from hosted import IMAGE, PACKAGE, called, container, fleet, variant
from ruled import answer_of, matching, pieces, rule, rules_of, said

from sagemock.hosting import Answer, Fleet
from sagemock.serving.canned import (
    FIXED_BODY,
    FIXED_TYPE,
    MOST_CALL_BYTES,
    MOST_CALLS,
    Called,
    CannedRules,
)

TARGET_MODEL = "X-Amzn-SageMaker-Target-Model"
CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"


def reply(**members: Any) -> Answer:
    return answer_of(rules_of({"reply": members}), called("sent", content_type="text/csv"))


def test_what_no_rule_matches_gets_the_fixed_answer() -> None:
    answer = answer_of(rules_of(rule("no", endpoint="other")))
    assert (answer.status, answer.content_type) == (200, FIXED_TYPE)
    assert pieces(answer) == [FIXED_BODY]
    assert answer.custom_attributes is None


def test_what_no_rule_matches_gets_none_where_there_need_be_none() -> None:
    canned = rules_of(rule("no", endpoint="other"))
    assert canned.answer(called(), always=False) is None
    assert canned.calls() == []


def test_the_first_rule_that_matches_answers() -> None:
    canned = rules_of(rule("a", endpoint="x"), rule("b", endpoint="churn*"), rule("c"))
    assert said(canned) == "b"


def test_rules_that_come_later_stand_behind_the_others() -> None:
    canned = rules_of(rule("first"))
    canned.add(rule("second"))
    assert said(canned) == "first"
    assert [each["reply"]["body"] for each in canned.shown()] == ["first", "second"]


MATCHES = {
    "endpoint": "churn-endpoint",
    "variant": "AllTraffic",
    "model": "churn-model",
    "package": PACKAGE,
    "image": IMAGE,
    "content_type": "text/csv",
    "target_model": "one.tar.gz",
}


def asked_in_full() -> Called:
    return called(
        of=fleet(variant(container(package=PACKAGE))),
        content_type="text/csv",
        headers={TARGET_MODEL: "one.tar.gz"},
    )


@pytest.mark.parametrize("member", MATCHES)
def test_every_member_of_a_match_is_a_pattern_for_the_whole_value(member: str) -> None:
    value = MATCHES[member]
    for pattern in (value, f"{value[:3]}*", f"*{value[-3:]}", f"?{value[1:]}", "*"):
        assert said(rules_of(matching({member: pattern})), asked_in_full()) == "yes", pattern
    for pattern in (value[:-1], value[1:], value.swapcase(), "", "other*"):
        canned = rules_of(matching({member: pattern}))
        assert canned.answer(asked_in_full(), always=False) is None, pattern


@pytest.mark.parametrize("member", ["package", "content_type", "target_model"])
def test_what_a_call_does_not_have_is_empty_to_a_pattern(member: str) -> None:
    assert said(rules_of(matching({member: ""}))) == "yes"
    assert rules_of(matching({member: "?*"})).answer(called(), always=False) is None


def test_all_members_of_a_match_have_to_match() -> None:
    assert said(rules_of(matching(MATCHES)), asked_in_full()) == "yes"
    for member in MATCHES:
        canned = rules_of(matching({**MATCHES, member: "other"}))
        assert canned.answer(asked_in_full(), always=False) is None


def test_any_container_may_have_the_package_and_the_image() -> None:
    second = container("second", image="registry.example/other:2", package=PACKAGE)
    asked = called(of=fleet(variant(container("first"), second)))
    assert said(rules_of(rule("yes", image="*/other:*", package="*/churn/1")), asked) == "yes"


@pytest.mark.parametrize(
    ("pattern", "body", "matches"),
    [
        ("999", "1,999,2", True),
        ("^999", "1,999", False),
        ("^a.c$", "a\nc", True),
        ("é", "caf\u00e9", True),
        ("a", b"\xff\xfea", True),
        ("(?i)churn", "CHURN", True),
        ("x", "", False),
        ("", "", True),
    ],
)
def test_a_body_is_searched_for_a_regular_expression(
    *, pattern: str, body: bytes | str, matches: bool
) -> None:
    canned = rules_of(rule("yes", body_regex=pattern))
    assert (canned.answer(called(body), always=False) is not None) is matches


def test_a_regular_expression_that_does_not_come_to_an_end_matches_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sagemock.serving.canned._REGEX_S", 0.05)
    canned = rules_of(rule("no", body_regex="(a|aa|b?)+$"), rule("yes"))
    started = time.monotonic()
    assert said(canned, called("a" * 60 + "!")) == "yes"
    assert time.monotonic() - started < 5


def test_a_rule_with_times_answers_so_often_and_is_passed_over_then() -> None:
    canned = rules_of(rule("twice", times=2), rule("then"))
    assert [said(canned) for _ in range(4)] == ["twice", "twice", "then", "then"]
    assert [each["answered"] for each in canned.shown()] == [2, 2]


def test_calls_that_do_not_match_use_up_no_times() -> None:
    canned = rules_of(rule("once", times=1, body_regex="x"))
    canned.answer(called("y"), always=False)
    assert said(canned, called("x")) == "once"


def test_many_threads_get_an_answer_no_oftener_than_its_times() -> None:
    canned = rules_of(rule("limited", times=25), rule("other"))
    got: list[str] = []

    def ask() -> None:
        got.extend(said(canned) for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (got.count("limited"), got.count("other")) == (25, 135)
    assert [each["answered"] for each in canned.shown()] == [25, 135]
    assert len(canned.calls()) == 160


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("text", b"text"),
        ("caf\u00e9", "caf\u00e9".encode()),
        ({"churn": 0.7}, b'{"churn": 0.7}'),
        ([1, None, True], b"[1, null, true]"),
        (5, b"5"),
        (None, b"null"),
        ("", b""),
    ],
)
def test_a_body_is_sent_as_text_or_as_json(body: Any, sent: bytes) -> None:
    answer = reply(body=body)
    assert b"".join(answer.chunks) == sent
    assert (answer.status, answer.content_type) == (200, "application/json")


def test_a_reply_without_a_body_is_empty() -> None:
    assert b"".join(reply(status=500).chunks) == b""


def test_a_reply_has_a_status_and_the_headers_that_reach_a_caller() -> None:
    headers = {"content-TYPE": "text/csv", CUSTOM_ATTRIBUTES.lower(): "trace=1"}
    answer = reply(status=418, headers=headers, body="short")
    assert (answer.status, answer.content_type) == (418, "text/csv")
    assert answer.custom_attributes == "trace=1"
    assert pieces(answer) == [b"short"]


def test_a_template_is_filled_with_what_was_asked() -> None:
    template = "$endpoint $variant $model $body $content_type $accept $target_model ${unknown} $$ $"
    canned = rules_of({"reply": {"template": f"{template} $custom_attributes"}})
    asked = called(
        "1,2",
        content_type="text/csv",
        accept="text/plain",
        headers={TARGET_MODEL: "m", CUSTOM_ATTRIBUTES: "c"},
    )
    filled = "churn-endpoint AllTraffic churn-model 1,2 text/csv text/plain m ${unknown} $ $ c"
    assert said(canned, asked) == filled


def test_what_was_sent_is_no_template_itself() -> None:
    assert said(rules_of({"reply": {"template": "<$body>"}}), called("$endpoint")) == "<$endpoint>"


def test_a_stream_comes_in_its_pieces() -> None:
    canned = rules_of({"reply": {"stream_chunks": ["one", "", "tw\u00f6"]}})
    for _ in range(2):
        assert pieces(answer_of(canned)) == [b"one", b"", "tw\u00f6".encode()]


def test_a_delay_passes_before_the_answer_and_holds_up_no_other_call() -> None:
    canned = rules_of(
        {"match": {"body_regex": "slow"}, "reply": {"body": "s", "delay": 0.4}}, rule("quick")
    )
    slow_said: list[str] = []
    started = time.monotonic()
    slow = threading.Thread(target=lambda: slow_said.append(said(canned, called("slow"))))
    slow.start()
    while not canned.calls():
        assert time.monotonic() - started < 10
    assert said(canned) == "quick"
    assert slow_said == []
    slow.join(10)
    assert slow_said == ["s"]
    assert time.monotonic() - started >= 0.4


class TestCalls:
    def test_a_call_is_read_back_with_all_that_was_asked(self) -> None:
        canned = rules_of(rule("no", endpoint="other"), rule("yes"))
        asked = called(
            "1,2",
            content_type="text/csv",
            accept="text/plain",
            headers={TARGET_MODEL: "m", CUSTOM_ATTRIBUTES: "c"},
            target_container="second",
        )
        answer_of(canned, asked)
        assert canned.calls() == [
            {
                "account": "123456789012",
                "region": "us-east-1",
                "endpoint": "churn-endpoint",
                "variant": "AllTraffic",
                "content_type": "text/csv",
                "accept": "text/plain",
                "custom_attributes": "c",
                "target_model": "m",
                "target_container": "second",
                "rule": 1,
                "body": "1,2",
            }
        ]

    def test_a_call_no_rule_answered_has_no_rule(self) -> None:
        canned = CannedRules()
        answer_of(canned)
        (call,) = canned.calls()
        assert call["rule"] is None
        assert call["content_type"] is None

    def test_a_body_that_is_no_text_is_read_back_in_base64(self) -> None:
        canned = CannedRules()
        answer_of(canned, called(b"\xff\x00"))
        (call,) = canned.calls()
        assert base64.b64decode(call["body_base64"]) == b"\xff\x00"
        assert "body" not in call

    def test_a_long_body_is_read_back_as_it_begins(self) -> None:
        canned = CannedRules()
        answer_of(canned, called("a" * (MOST_CALL_BYTES + 1)))
        assert canned.calls()[0]["body"] == "a" * MOST_CALL_BYTES

    def test_a_long_text_stays_a_text_wherever_it_is_cut(self) -> None:
        canned = CannedRules()
        answer_of(canned, called("a" + "\u00e9" * MOST_CALL_BYTES))
        body = canned.calls()[0].get("body", "")
        assert body.startswith("a\u00e9\u00e9")
        assert len(body.encode()) >= MOST_CALL_BYTES - 1

    def test_the_last_thousand_calls_are_kept_oldest_first(self) -> None:
        canned = CannedRules()
        for number in range(MOST_CALLS + 5):
            answer_of(canned, called(str(number)))
        bodies = [call["body"] for call in canned.calls()]
        assert bodies == [str(number) for number in range(5, MOST_CALLS + 5)]

    def test_calls_can_be_forgotten_without_the_rules(self) -> None:
        canned = rules_of(rule("once", times=1))
        said(canned)
        canned.forget_calls()
        assert canned.calls() == []
        assert canned.shown()[0]["answered"] == 1


def speaking(of: Fleet, **match: str) -> bool:
    return rules_of(matching(match)).speaks_for(of, of.variants[0])


def test_a_rule_speaks_for_a_variant_if_it_answers_all_that_may_be_asked() -> None:
    of = fleet(variant(container(package=PACKAGE)))
    assert speaking(of)
    for asked in ("body_regex", "content_type", "target_model"):
        assert not speaking(of, endpoint="churn-*", **{asked: "x"})
    once = CannedRules()
    once.add({"reply": {"body": "once"}, "times": 1})
    assert not once.speaks_for(of, of.variants[0])
    assert speaking(of, package="*/churn/*")
    assert not speaking(of, endpoint="other")
    assert not speaking(of, endpoint="churn-*", variant="Other")
    assert not CannedRules().speaks_for(of, of.variants[0])
