import json
from pathlib import Path
from typing import Any

import pytest

from sagemock.event_input import EventInput
from sagemock.event_rules import (
    DEFAULT_ATTEMPTS,
    EventRule,
    EventRulesError,
    EventTarget,
    event_rules,
    read_event_rules,
)
from sagemock.event_rules_schema import SCHEMA

FIXTURES = Path(__file__).parents[1] / "fixtures" / "event_rules"

FILE = {"file": {"path": "events.jsonl"}}
WEBHOOK = {"webhook": {"url": "http://127.0.0.1:9000/hook"}}
BUS = {"eventbridge": {"endpoint_url": "http://127.0.0.1:5000"}}

WHOLE = EventInput.of({}, "r")

KNOWN_OF_RULE = "known are name, pattern and targets"
KNOWN_OF_WEBHOOK = "known are url, secret, timeout_s, headers and allow_hosts"
KINDS = "webhook, file, command, eventbridge, sqs, sns, lambda and deploy"
KNOWN_OF_TARGET = f"known are id, Input, InputPath, InputTransformer, attempts, {KINDS}"
INDENT = "the lines that belong to it may want indenting"
NO_INPUT = "this kind is sent whole events, so it takes no Input, InputPath or InputTransformer"


def one(*targets: object, **members: object) -> dict[str, Any]:
    return {"rules": [{"name": "r", **members, "targets": list(targets)}]}


def refused(content: object) -> str:
    with pytest.raises(EventRulesError) as caught:
        event_rules(content)
    text = str(caught.value)
    assert text.startswith("The event rules cannot be used: ")
    return text.removeprefix("The event rules cannot be used: ")


def test_a_rule_has_what_the_file_gives_it() -> None:
    options = {"url": "https://ci.example.com/hook", "secret": "s3cret", "timeout_s": 2.5}
    target = {"id": "ci", "webhook": options, "InputPath": "$.detail", "attempts": 185}
    pattern = {"source": ["aws.sagemaker"]}
    (rule,) = event_rules(one(target, pattern=pattern))
    assert rule.pattern is not None
    assert rule.pattern.content == pattern
    taken = EventInput.of({"InputPath": "$.detail"}, "r")
    expected = EventTarget("r/ci", "webhook", options, taken, attempts=185)
    assert (rule.name, rule.targets) == ("r", (expected,))


def test_a_rule_of_nothing_but_a_name_and_a_place_has_the_defaults() -> None:
    expected = EventTarget("r/file", "file", {"path": "events.jsonl"}, WHOLE, attempts=7)
    assert event_rules(one(FILE)) == (EventRule("r", None, (expected,)),)


def test_the_schema_tells_the_default_that_is_used() -> None:
    target = json.loads(SCHEMA.read_text("utf-8"))["$defs"]["target"]
    assert target["properties"]["attempts"]["default"] == DEFAULT_ATTEMPTS


def test_targets_without_an_id_are_counted_by_their_kind() -> None:
    (rule,) = event_rules(one(WEBHOOK, FILE, {**WEBHOOK, "id": "ci"}, WEBHOOK, FILE))
    names = ["r/webhook", "r/file", "r/ci", "r/webhook-3", "r/file-2"]
    assert [target.name for target in rule.targets] == names


def test_a_pattern_can_be_json_text() -> None:
    (rule,) = event_rules(one(FILE, pattern='{"source": ["aws.sagemaker"]}'))
    assert rule.pattern is not None
    assert rule.pattern.content == {"source": ["aws.sagemaker"]}


def test_there_can_be_no_rules() -> None:
    assert event_rules({"rules": []}) == ()


def test_a_target_of_each_kind_can_be_written_with_all_its_options() -> None:
    targets: list[dict[str, Any]] = [
        {
            "webhook": {
                "url": "http://127.0.0.1:9000/hook",
                "secret": "s3cret",
                "timeout_s": 5,
                "headers": {"X-Team": "growth"},
                "allow_hosts": ["ci.example.com"],
            }
        },
        {"file": {"path": "events.jsonl"}},
        {"command": {"run": ["python", "deploy.py", ""], "timeout_s": 60}},
        {
            "eventbridge": {
                "endpoint_url": "http://127.0.0.1:5000",
                "bus": "default",
                "region": "us-east-1",
                "source_alias": "local.sagemaker",
                "access_key_id": "test",
                "secret_access_key": "test",
                "timeout_s": 5,
            }
        },
    ]
    (rule,) = event_rules(one(*targets))
    assert [{each.kind: each.options} for each in rule.targets] == targets


def test_the_example_shows_every_kind_and_every_option() -> None:
    rules = read_event_rules(FIXTURES / "example.yaml")
    targets = [target for rule in rules for target in rule.targets]
    assert [target.name for target in targets] == [
        "approved/ci",
        "approved/command",
        "in-service/webhook",
        "everything/file",
        "everything/eventbridge",
        "deploy/deploy",
        "rejected/sqs",
        "rejected/sns",
        "rejected/lambda",
        "rejected/lambda-2",
    ]
    shown: dict[str, set[str]] = {}
    for target in targets:
        shown.setdefault(target.kind, set()).update(target.options)
    branches = json.loads(SCHEMA.read_text("utf-8"))["$defs"]["target"]["oneOf"]
    known = {kind: each["properties"][kind] for each in branches for kind in each["required"]}
    assert shown == {kind: set(options["properties"]) for kind, options in known.items()}


def test_the_example_fires_on_approval_alone() -> None:
    approved = read_event_rules(FIXTURES / "example.yaml")[0]
    detail = {
        "ModelPackageGroupName": "churn",
        "ModelPackageArn": "arn:3",
        "ModelApprovalStatus": "Approved",
        "UpdatedModelPackageFields": ["ModelApprovalStatus"],
    }
    kind = "SageMaker Model Package State Change"
    envelope = {"source": "aws.sagemaker", "detail-type": kind, "detail": detail}
    stamped = {**detail, "UpdatedModelPackageFields": ["CustomerMetadataProperties"]}
    assert approved.pattern is not None
    assert approved.pattern.matches(envelope)
    assert not approved.pattern.matches({**envelope, "detail": stamped})
    body = approved.targets[0].input.body(envelope, "2026-01-05T09:30:00Z")
    assert body == '{"deploy":"arn:3"}'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, f"at the top, nothing stands where an object must be; {INDENT}."),
        ([], "at the top, a list stands where an object must be."),
        ({}, "at the top, rules must be given; known are rules."),
        ({5: []}, "the key 5 is no text; put it in quotes."),
        ({"rules": (1, 2)}, "a tuple in it is no value of JSON."),
        ({"rule": []}, "at the top, 'rule' is not known, perhaps rules is meant; known are rules."),
        ({"rules": None}, f"at rules, nothing stands where a list must be; {INDENT}."),
        ({"rules": [{}] * 1001}, "at rules, it can have 1000 at most."),
        ({"rules": ["r"]}, "at rules[0], 'r' stands where an object must be."),
        ({"rules": [{"targets": [FILE]}]}, f"at rules[0], name must be given; {KNOWN_OF_RULE}."),
        (one(FILE, name=5), "at rules[0].name, 5 stands where text must be; put it in quotes."),
        (
            one(FILE, name="a b"),
            (
                "at rules[0].name, 'a b' is not 1 to 64 letters, digits, dots, hyphens and "
                "underscores."
            ),
        ),
        (
            one(FILE, name="r\n"),
            (
                "at rules[0].name, 'r\\n' is not 1 to 64 letters, digits, dots, hyphens and "
                "underscores."
            ),
        ),
        ({"rules": [{"name": "r"}]}, f"at the rule 'r', targets must be given; {KNOWN_OF_RULE}."),
        (one(), "at targets of the rule 'r', it must have 1 at least."),
        (one(*[FILE] * 21), "at targets of the rule 'r', it can have 20 at most."),
        (
            {"rules": [{"name": "r", "targets": FILE}]},
            "at targets of the rule 'r', an object stands where a list must be.",
        ),
        (
            one(FILE, EventPattern={}),
            (
                "at the rule 'r', CloudFormation's EventPattern is called pattern here; "
                f"{KNOWN_OF_RULE}."
            ),
        ),
        (
            one(FILE, patern={}),
            f"at the rule 'r', 'patern' is not known, perhaps pattern is meant; {KNOWN_OF_RULE}.",
        ),
        (
            one(FILE, schedule="rate(1 day)"),
            f"at the rule 'r', 'schedule' is not known; {KNOWN_OF_RULE}.",
        ),
        (
            one(FILE, pattern=None),
            (
                "at pattern of the rule 'r', nothing stands where an object or text must be; "
                f"{INDENT}."
            ),
        ),
        (
            {"rules": [*one(FILE)["rules"], *one(FILE)["rules"]]},
            "at rules, the name 'r' is given 2 times, it must be unique.",
        ),
        (
            one(FILE, {**WEBHOOK, "id": "file"}),
            "at targets of the rule 'r', the id 'file' is given 2 times, it must be unique.",
        ),
    ],
)
def test_rules_that_cannot_be_are_refused_with_their_place(content: object, said: str) -> None:
    assert refused(content) == said


@pytest.mark.parametrize(
    ("target", "where", "said"),
    [
        (5, "", "5 stands where an object must be"),
        ({}, "", f"the target names no kind; known are {KINDS}"),
        ({"Arn": "a", "Id": "b"}, "", f"the target names no kind; known are {KINDS}"),
        (
            {"webhok": {}},
            "",
            f"the target names no kind, perhaps webhook is meant; known are {KINDS}",
        ),
        ({**FILE, **WEBHOOK}, "", "a target is of one kind, and here are webhook and file"),
        (
            {**FILE, "atempts": 5},
            "",
            f"'atempts' is not known, perhaps attempts is meant; {KNOWN_OF_TARGET}",
        ),
        ({**FILE, "attempts": 0}, ".attempts", "0 is less than the minimum of 1"),
        ({**FILE, "attempts": 186}, ".attempts", "186 is greater than the maximum of 185"),
        ({**FILE, "attempts": "2"}, ".attempts", "'2' stands where a whole number must be"),
        (
            {"webhook": None, "url": "x"},
            ".webhook",
            f"nothing stands where an object must be; {INDENT}",
        ),
        ({"webhook": {}}, ".webhook", f"url must be given; {KNOWN_OF_WEBHOOK}"),
        (
            {"webhook": {"urll": "http://x"}},
            ".webhook",
            f"'urll' is not known, perhaps url is meant; {KNOWN_OF_WEBHOOK}",
        ),
        (
            {"webhook": {"url": "ftp://x"}},
            ".webhook.url",
            "'ftp://x' is not a URL that begins with http:// or https://",
        ),
        (
            {"webhook": {"url": "http://x", "timeout_s": 0}},
            ".webhook.timeout_s",
            "0 is less than or equal to the minimum of 0",
        ),
        (
            {"webhook": {"url": "http://x", "headers": {"A B": "c"}}},
            ".webhook.headers",
            "'A B' is not the name of a header",
        ),
        (
            {"webhook": {"url": "http://x", "headers": {"A": "c\r\nd"}}},
            ".webhook.headers.A",
            "what is written is not printable ASCII",
        ),
        ({"file": {"path": ""}}, ".file.path", "'' is not the path of a file"),
        ({"command": {"run": "deploy"}}, ".command.run", "'deploy' stands where a list must be"),
        ({"command": {"run": []}}, ".command.run", "it must have 1 at least"),
        ({"command": {"run": [""]}}, ".command.run[0]", "it must have 1 character at least"),
        (
            {"command": {"run": ["sh", 3]}},
            ".command.run[1]",
            "3 stands where text must be; put it in quotes",
        ),
        (
            {"eventbridge": {**BUS["eventbridge"], "access_key_id": "test"}},
            ".eventbridge",
            "'secret_access_key' is a dependency of 'access_key_id'",
        ),
        (
            {"eventbridge": {**BUS["eventbridge"], "source_alias": "aws.x"}},
            ".eventbridge.source_alias",
            "'aws.x' is not a source that does not begin with aws., which EventBridge keeps",
        ),
        ({**BUS, "Input": "{}"}, "", NO_INPUT),
        ({**BUS, "InputPath": "$.detail"}, "", NO_INPUT),
        ({**BUS, "InputTransformer": {}}, "", NO_INPUT),
        (
            {**FILE, "InputTransformer": {"InputTemplate": {"deploy": "<arn>"}}},
            ".InputTransformer.InputTemplate",
            "an object stands where text must be",
        ),
        (
            {**FILE, "Input": "{}", "InputPath": "$"},
            "",
            (
                "Only one of Input, InputPath, or InputTransformer must be provided: "
                "there are Input and InputPath"
            ),
        ),
    ],
)
def test_targets_that_cannot_be_are_refused_with_their_place(
    target: object, where: str, said: str
) -> None:
    assert refused(one(FILE, target)) == f"at targets[1]{where} of the rule 'r', {said}."


def test_the_first_mistake_in_the_file_is_told() -> None:
    rules = [
        {"name": "a", "targets": [FILE, {"file": {}}]},
        {"name": "b", "targets": [], "color": "red"},
    ]
    said = "at targets[1].file of the rule 'a', path must be given; known are path."
    assert refused({"rules": rules}) == said


def test_a_secret_is_not_told() -> None:
    said = refused(one({"webhook": {"url": "http://x", "secret": 271828}}))
    where = "at targets[0].webhook.secret of the rule 'r'"
    assert said == f"{where}, what is written stands where text must be; put it in quotes."


def test_a_pattern_that_cannot_be_is_refused_in_its_own_words() -> None:
    assert refused(one(FILE, pattern={"source": "aws.sagemaker"})).startswith(
        "at pattern of the rule 'r', Event pattern is not valid. Reason: "
    )


@pytest.mark.parametrize(
    ("pattern", "key", "value"),
    [
        ({"account": [123456789012]}, "account", "123456789012"),
        ({"version": ["0", 0]}, "version", "0"),
        ({"$or": [{"account": [5]}, {"source": ["x"]}]}, "account", "5"),
        ('{"account": [true]}', "account", "true"),
    ],
)
def test_a_pattern_that_wants_a_number_where_events_have_text_is_refused(
    pattern: object, key: str, value: str
) -> None:
    said = f"{key} is to be {value}, but in an event it is text: put it in quotes."
    assert refused(one(FILE, pattern=pattern)) == f"at pattern of the rule 'r', {said}"


def test_a_pattern_can_want_a_number_of_the_detail() -> None:
    pattern = {"detail": {"ModelPackageVersion": [3]}}
    (rule,) = event_rules(one(FILE, pattern=pattern))
    assert rule.pattern is not None
    assert rule.pattern.matches({"detail": {"ModelPackageVersion": 3}})
