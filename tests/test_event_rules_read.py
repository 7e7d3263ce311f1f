"""The file of event rules as text, and the short form of the command line."""

from pathlib import Path

import pytest

from sagemock.event_input import EventInput
from sagemock.event_rules import (
    EventRule,
    EventRulesError,
    EventTarget,
    read_event_rules,
    sink_rule,
)

RULES = "rules: [{name: r, targets: [{file: {path: events.jsonl}}]}]"
NO_YAML = "it is no YAML that can be read: "
NO_JSON = "it is no JSON that can be read: "
TOO_DEEP = "the document nests too deep"
TOO_LARGE = "it has more than 1048576 characters once its aliases are written out"
SHORT = "known kinds are webhook, file and eventbridge"
NO_TAG = "could not determine a constructor for the tag"

LAUGHS = "\n".join(
    ["a0: &a0 [ha]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))]
)
LADDER = "\n".join(
    ["a0: &a0 []", *(f"a{n}: &a{n} {'[' * 90}*a{n - 1}{']' * 90}" for n in range(1, 20))]
)


def written(folder: Path, text: str, name: str = "rules.yaml") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def unread(path: Path) -> str:
    with pytest.raises(EventRulesError) as caught:
        read_event_rules(path)
    text, begun = str(caught.value), f"The file of event rules {path} cannot be used: "
    assert text.startswith(begun)
    return text.removeprefix(begun)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2", f"{NO_YAML}the key 'a' stands twice in one mapping (line 2, column 1)."),
        ("5: 1", f"{NO_YAML}a key is no text; put it in quotes (line 1, column 1)."),
        ("? [a]\n: 1", f"{NO_YAML}a key is no text; put it in quotes (line 1, column 3)."),
        ("on: 1", "at the top, 'on' is not known; known are rules."),
        ("<<: {a: 1}", "at the top, '<<' is not known; known are rules."),
        (
            "a: [",
            f"{NO_YAML}expected the node content, but found '<stream end>' (line 1, column 5).",
        ),
        ("--- 1\n--- 2", f"{NO_YAML}but found another document (line 2, column 1)."),
        ("a: *b", f"{NO_YAML}found undefined alias 'b' (line 1, column 4)."),
        (
            "a: !!timestamp 2026-01-05",
            f"{NO_YAML}{NO_TAG} 'tag:yaml.org,2002:timestamp' (line 1, column 4).",
        ),
        (
            "a: !!python/object:os.system x",
            f"{NO_YAML}{NO_TAG} 'tag:yaml.org,2002:python/object:os.system' (line 1, column 4).",
        ),
        ("a: !!int x", f"{NO_YAML}'x' is no value that can be read (line 1, column 4)."),
        (
            "!!map a",
            f"{NO_YAML}expected a mapping node, but found scalar (line 1, column 1).",
        ),
        (
            "a: \0",
            (
                f"{NO_YAML}unacceptable character #x0000: special characters are not allowed "
                'in "<unicode string>", position 3.'
            ),
        ),
        ('a: "\\UFFFFFFFF"', f"{NO_YAML}an escape in it is no character."),
        ('a: "\\ud800"', "'\\ud800' holds half of a character."),
        ("a: 1e999", "a number in it is too large, or none."),
        ("[" * 100_000, f"{NO_YAML}{TOO_DEEP}."),
        ("- " * 5_000, f"{NO_YAML}{TOO_DEEP}."),
        ("[" * 129 + "]" * 129, f"{TOO_DEEP}."),
        ("a: &a [*a]", f"{TOO_DEEP}."),
        (LADDER, f"{TOO_DEEP}."),
        (LAUGHS, f"{TOO_LARGE}."),
        (
            "",
            (
                "at the top, nothing stands where an object must be; "
                "the lines that belong to it may want indenting."
            ),
        ),
    ],
    ids=lambda value: value[:20],
)
def test_yaml_that_cannot_be_is_refused_with_a_sentence(
    tmp_path: Path, text: str, said: str
) -> None:
    assert unread(written(tmp_path, text)) == said


@pytest.mark.parametrize(
    "text", ["on", "yes", "12:30", "2026-01-05", "2026-01-05T09:30:00Z", "012345670123", ".inf"]
)
def test_what_yaml_would_make_something_else_of_is_text(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, f"{RULES[:-2]}, pattern: {{account: [{text}]}}}}]")
    (rule,) = read_event_rules(path)
    assert rule.pattern is not None
    assert rule.pattern.content == {"account": [text]}


def test_numbers_truths_and_null_are_those_of_json(tmp_path: Path) -> None:
    wanted = "[1, -2.5, 1e2, true, False, null, ~]"
    path = written(tmp_path, f"{RULES[:-2]}, pattern: {{detail: {{a: {wanted}}}}}}}]")
    (rule,) = read_event_rules(path)
    assert rule.pattern is not None
    assert rule.pattern.content == {"detail": {"a": [1, -2.5, 100.0, True, False, None, None]}}


def test_an_alias_stands_for_what_it_names(tmp_path: Path) -> None:
    text = """
rules:
  - {name: a, targets: &both [{file: {path: x}}]}
  - {name: b, targets: *both}
"""
    rules = read_event_rules(written(tmp_path, text))
    assert [rule.targets[0].options for rule in rules] == [{"path": "x"}, {"path": "x"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "a": 2}', f"{NO_JSON}the key 'a' stands twice in one object."),
        ('{"a": NaN}', f"{NO_JSON}NaN is no JSON."),
        ("rules: []", f"{NO_JSON}Expecting value: line 1 column 1 (char 0)."),
        ("[" * 100_000, f"{NO_JSON}{TOO_DEEP}."),
    ],
    ids=lambda value: value[:20],
)
def test_json_that_cannot_be_is_refused_with_a_sentence(
    tmp_path: Path, text: str, said: str
) -> None:
    assert unread(written(tmp_path, text, "rules.json")) == said


def test_json_is_read_as_json_writes_it(tmp_path: Path) -> None:
    text = '{\n\t"rules": [{"name": "r", "targets": [{"file": {"path": "\\ud83d\\ude00"}}]}]\n}'
    (rule,) = read_event_rules(written(tmp_path, text, "rules.JSON"))
    assert rule.targets[0].options == {"path": "\N{GRINNING FACE}"}


def test_a_mark_before_the_text_is_no_part_of_it(tmp_path: Path) -> None:
    (rule,) = read_event_rules(written(tmp_path, f"\N{ZERO WIDTH NO-BREAK SPACE}{RULES}"))
    assert rule.name == "r"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    said = unread(tmp_path / "none.yaml")
    assert said == "it cannot be read: No such file or directory."


def test_a_file_that_is_no_utf_8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"rules: \xff")
    assert unread(path) == "it is no UTF-8 at byte 7."


def test_a_file_can_have_a_mebibyte_and_no_more(tmp_path: Path) -> None:
    text = f"{RULES}\n#".ljust(1024 * 1024, "-")
    (rule,) = read_event_rules(written(tmp_path, text))
    assert rule.name == "r"
    assert unread(written(tmp_path, f"{text}-")) == "it has more than 1048576 bytes."


@pytest.mark.parametrize(
    ("text", "name", "kind", "options"),
    [
        ("file=events.jsonl", "file-events.jsonl-b834b3a9", "file", {"path": "events.jsonl"}),
        (
            "webhook=http://a/b?c=d",
            "webhook-http-a-57998cc4",
            "webhook",
            {"url": "http://a/b?c=d"},
        ),
        (
            "eventbridge=http://127.0.0.1:5000",
            "eventbridge-http-127.0.0.1-5000-43f3f06f",
            "eventbridge",
            {"endpoint_url": "http://127.0.0.1:5000"},
        ),
        (f"file={'x' * 99}", f"file-{'x' * 50}-64b41289", "file", {"path": "x" * 99}),
    ],
)
def test_the_short_form_is_a_rule_for_all_events(
    text: str, name: str, kind: str, options: dict[str, str]
) -> None:
    target = EventTarget(f"{name}/{kind}", kind, options, EventInput.of({}, name))
    assert sink_rule(text) == EventRule(name, None, (target,))


@pytest.mark.parametrize(
    "url",
    [
        "http://host:81/s3cret",
        "http://host:81?key=s3cret",
        "http://host:81#s3cret",
        "http://ann:s3cret@host:81",
        "http://ann:s3cret@host:81/a@b",
    ],
)
def test_the_name_of_a_short_form_tells_no_secret_of_its_url(url: str) -> None:
    assert sink_rule(f"eventbridge={url}").name[:-8] == "eventbridge-http-host-81-"


def test_places_that_squeeze_to_the_same_have_names_of_their_own() -> None:
    assert sink_rule("file=a/b").name != sink_rule("file=a:b").name
    assert sink_rule("webhook=http://a/b").name != sink_rule("webhook=http://a/c").name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", f"write KIND=PLACE; {SHORT}"),
        ("sqs=x", "a target of the kind sqs can only stand in a file of rules"),
        ("kafka=x", f"write KIND=PLACE; {SHORT}"),
        (
            "flie=x",
            f"write KIND=PLACE, perhaps file is meant; {SHORT}",
        ),
        ("command=x", "a target of the kind command can only stand in a file of rules"),
        ("file", "it names no place, write file=PLACE"),
        ("file= ", "it names no place, write file=PLACE"),
        ("webhook=x", "'x' is not a URL that begins with http:// or https://"),
        ("file=\udc80", "'\\udc80' holds half of a character"),
    ],
)
def test_a_short_form_that_cannot_be_is_refused(text: str, said: str) -> None:
    with pytest.raises(EventRulesError) as caught:
        sink_rule(text)
    assert str(caught.value) == f"Events cannot go to {text!r}: {said}."
