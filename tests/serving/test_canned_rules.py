"""Canned rules that can be and those that cannot; how many; the lasting ones of a file."""

import json
from pathlib import Path
from typing import Any

import pytest
from ruled import answer_of, rule, rules_of, said

from sagemock.hosting import CannedRuleError
from sagemock.serving.canned import (
    MOST_RULES,
    CannedRules,
)

CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
TOO_DEEP = "(" * 480 + "a" + ")" * 480


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({}, "at [0]: 'reply' is a required property"),
        ({"rules": []} | {"x": 1}, "at [0]"),
        ("text", "at the top: 'text' is not of type 'array'"),
        (5, "at the top: 5 is not of type 'array'"),
        (["text"], "at [0]: 'text' is not of type 'object'"),
        ([rule(), {"reply": 1}], "at [1]['reply']: 1 is not of type 'object'"),
        ({"reply": {}, "replies": 1}, "'replies' was unexpected"),
        ({"reply": {"boby": 1}}, "'boby' was unexpected"),
        ({"reply": {}, "match": {"endpont": "x"}}, "'endpont' was unexpected"),
        ({"reply": {}, "match": {"endpoint": 1}}, "at [0]['match']['endpoint']: 1 is not of type"),
        ({"reply": {"status": 99}}, "99 is less than the minimum of 200"),
        ({"reply": {"status": 600}}, "600 is greater than the maximum of 599"),
        ({"reply": {"status": "200"}}, "'200' is not of type 'integer'"),
        ({"reply": {"delay": -1}}, "-1 is less than the minimum of 0"),
        ({"reply": {"delay": 61}}, "61 is greater than the maximum of 60"),
        ({"reply": {"headers": {"a": 1}}}, "1 is not of type 'string'"),
        ({"reply": {"stream_chunks": "abc"}}, "'abc' is not of type 'array'"),
        ({"reply": {}, "times": 0}, "0 is less than the minimum of 1"),
        ({"reply": {}, "times": 1.5}, "1.5 is not of type 'integer'"),
        ({"reply": {"body": "a", "template": "b"}}, "Rule 0 replies with body and template; only"),
        ([rule(), {"reply": {"file": "a", "stream_chunks": []}}], "Rule 1 replies with file and"),
        (rule(body_regex="("), "The body_regex '(' cannot be read: "),
        (rule(body_regex="a{99999999999999999999}"), "cannot be read: "),
        (rule(body_regex="x" * 1001), "is too long"),
        ({"reply": {"file": "/etc/hosts"}}, "Only the rules of --serving-rules can name a file"),
        ({"reply": {"body": "\ud800"}}, ""),
        ({"reply": {"template": "\ud800"}}, ""),
        ({"reply": {"stream_chunks": ["\ud800"]}}, ""),
        ({"reply": {"headers": {"Content-Type": "a\r\nX-Evil: 1"}}}, ""),
        ({"reply": {"headers": {CUSTOM_ATTRIBUTES: "\u2713"}}}, ""),
    ],
    ids=range(30),
)
def test_a_rule_that_cannot_be_is_refused_in_a_sentence(content: Any, sentence: str) -> None:
    canned = rules_of(rule("before"))
    with pytest.raises(CannedRuleError) as refused:
        canned.add(content)
    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")
    assert [each["reply"]["body"] for each in canned.shown()] == ["before"]


def test_a_regular_expression_in_too_many_parentheses_is_refused_in_a_sentence() -> None:
    with pytest.raises(CannedRuleError, match="cannot be read"):
        CannedRules().add(rule("deep", body_regex=TOO_DEEP))


def test_the_sentence_about_many_rules_does_not_tell_them_all() -> None:
    with pytest.raises(CannedRuleError) as refused:
        CannedRules().add([rule("x" * 100)] * (MOST_RULES + 1))
    assert len(str(refused.value)) < 1000


def test_one_bad_rule_keeps_out_those_beside_it() -> None:
    canned = CannedRules()
    with pytest.raises(CannedRuleError):
        canned.add([rule("good"), rule(body_regex="(")])
    assert canned.shown() == []


def test_there_can_be_a_thousand_rules_and_no_more() -> None:
    canned = rules_of(*[rule(str(number)) for number in range(MOST_RULES)])
    with pytest.raises(CannedRuleError, match="There can be 1000 rules at most"):
        canned.add(rule("one more"))
    assert len(canned.shown()) == MOST_RULES


def test_a_single_rule_may_stand_without_a_list_and_a_list_as_it_is_shown() -> None:
    canned = rules_of(rule("a", times=3, endpoint="x"))
    other = CannedRules()
    other.add({"rules": canned.shown()})
    assert other.shown() == canned.shown()


def test_rules_are_shown_as_they_were_given_and_how_often_they_answered() -> None:
    given = [rule("a", times=1, endpoint="churn*"), {"reply": {"stream_chunks": ["x"]}}]
    canned = rules_of(*given)
    for _ in range(3):
        said(canned)
    assert canned.shown() == [{**given[0], "answered": 1}, {**given[1], "answered": 2}]


class TestAFileOfRules:
    def file(self, folder: Path, content: Any) -> Path:
        path = folder / "rules.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return path

    def test_its_rules_stand_behind_those_that_are_added(self, tmp_path: Path) -> None:
        canned = CannedRules(self.file(tmp_path, [rule("of the file")]))
        assert said(canned) == "of the file"
        for body in ("added first", "added second"):
            canned.add(rule(body, times=1))
        got = [said(canned) for _ in range(3)]
        assert got == ["added first", "added second", "of the file"]

    def test_its_rules_stay_when_all_is_forgotten_as_if_none_had_answered(
        self, tmp_path: Path
    ) -> None:
        canned = CannedRules(self.file(tmp_path, [rule("once", times=1), rule("then")]))
        canned.add(rule("added", times=1))
        assert [said(canned) for _ in range(3)] == ["added", "once", "then"]
        canned.reset()
        assert canned.calls() == []
        assert [said(canned) for _ in range(2)] == ["once", "then"]

    def test_it_may_reply_with_files_beside_it(self, tmp_path: Path) -> None:
        (tmp_path / "replies").mkdir()
        (tmp_path / "replies" / "image.bin").write_bytes(b"\x00\xff")
        path = self.file(tmp_path, {"reply": {"file": "replies/image.bin"}})
        assert b"".join(answer_of(CannedRules(path)).chunks) == b"\x00\xff"

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ("{", "rules.json is no JSON: "),
            ("", "rules.json is no JSON: "),
            ([{"reply": {"body": 1, "file": "a"}}], "Rule 0 replies with body and file"),
            ({"reply": {"file": "absent"}}, "The file 'absent' cannot be read: No such file"),
            ({"reply": {"file": "."}}, "The file '.' cannot be read: Is a directory"),
            ({"reply": {"file": "a\0b"}}, "cannot be read: "),
            ([rule(body_regex="[")], "The body_regex '[' cannot be read"),
            ("[" * 100_000, "rules.json"),
        ],
        ids=range(8),
    )
    def test_one_that_cannot_be_is_told_in_a_sentence(
        self, content: Any, sentence: str, tmp_path: Path
    ) -> None:
        path = self.file(tmp_path, content)
        with pytest.raises(CannedRuleError) as refused:
            CannedRules(path)
        assert sentence in str(refused.value)
        assert str(refused.value).endswith(".")

    def test_one_that_is_not_there_is_told_in_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(CannedRuleError, match=r"absent\.json cannot be read: No such file"):
            CannedRules(tmp_path / "absent.json")

    def test_one_that_is_no_text_is_told_in_a_sentence(self, tmp_path: Path) -> None:
        path = tmp_path / "rules.json"
        path.write_bytes(b'[{"reply": {"body": "caf\xe9"}}]')
        with pytest.raises(CannedRuleError, match=r"rules\.json"):
            CannedRules(path)
