"""What a target is sent of an event: EventBridge's Input, InputPath and InputTransformer.

Tables say where each line is known from: documented, recorded, reported or our reading, as told in
`sagemock.event_input`.
"""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemock.event_input import EventInput

BOUNDED = settings(max_examples=300, deadline=None, derandomize=True, database=None)
INGESTED = "2026-01-05T09:30:01Z"
PACKAGE = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/churn/3"
RULE = "arn:aws:events:eu-west-1:000000000000:rule/on-approval"
DETAIL: dict[str, Any] = {
    "ModelPackageGroupName": "churn",
    "ModelPackageVersion": 3,
    "ModelApprovalStatus": "Approved",
    "ApprovalDescription": 'he said "ok"\nand left',
    "Score": 0.5,
    "Certified": False,
    "Nothing": None,
    "Folder": "C:\\models\\",
    "Fields": ["ModelApprovalStatus", "ApprovalDescription"],
    "None": [],
    "Containers": [{"Image": "a:1", "Url": "s3://b/a"}, {"Image": "b:2"}, "c"],
    "Tags": {"team": "grün", "a/b": "slash", "x-y_z": 1},
    "Odd": {"quote": 'a"b', "line": "c\nd", "end": "e\\"},
}
ENVELOPE: dict[str, Any] = {
    "version": "0",
    "id": "5b0f",
    "detail-type": "SageMaker Model Package State Change",
    "source": "aws.sagemaker",
    "account": "000000000000",
    "time": "2026-01-05T09:30:00Z",
    "region": "eu-west-1",
    "resources": [PACKAGE],
    "detail": DETAIL,
}
WHOLE = json.dumps(ENVELOPE, ensure_ascii=False, separators=(",", ":"))

PATHS = {
    "group": "$.detail.ModelPackageGroupName",
    "status": "$.detail.ModelApprovalStatus",
    "version": "$.detail.ModelPackageVersion",
    "said": "$.detail.ApprovalDescription",
    "score": "$.detail.Score",
    "certified": "$.detail.Certified",
    "nothing": "$.detail.Nothing",
    "folder": "$.detail.Folder",
    "fields": "$.detail.Fields",
    "tags": "$.detail.Tags",
    "odd": "$.detail.Odd",
    "images": "$.detail.Containers[*].Image",
    "absent": "$.detail.Absent.Further",
    "detail-type": "$.detail-type",
    "under_score9": "$.time",
}


def made(**target: object) -> EventInput:
    return EventInput.of(target, "on-approval")


def body(**target: object) -> str:
    return made(**target).body(ENVELOPE, INGESTED)


def filled(template: str) -> str:
    return body(InputTransformer={"InputPathsMap": PATHS, "InputTemplate": template})


def test_without_input_the_whole_envelope_is_sent() -> None:
    assert body(arn="anything", Id="1") == WHOLE


@pytest.mark.parametrize(
    ("target", "whole"),
    [
        ({}, True),
        ({"InputPath": "$"}, True),
        ({"InputPath": "$.detail"}, False),
        ({"Input": "{}"}, False),
        ({"InputTransformer": {"InputTemplate": '{"e": <aws.events.event.json>}'}}, False),
    ],
)
def test_only_the_envelope_itself_is_whole(target: dict[str, object], whole: bool) -> None:  # noqa: FBT001
    assert made(**target).is_whole is whole


@pytest.mark.parametrize(
    ("constant", "sent"),
    [
        # Reported: sent verbatim, and a JSON text of any kind will do.
        (' {"a" : [1, "ü"]} ', ' {"a" : [1, "ü"]} '),
        ('"hello"', '"hello"'),
        ("12", "12"),
        ("null", "null"),
        ("9" * 5000, "9" * 5000),
        # Our choice: what YAML can say without quotes.
        ({"a": [1, "ü", None]}, '{"a":[1,"ü",null]}'),
        ([], "[]"),
    ],
)
def test_a_constant_is_sent_whatever_the_event(constant: object, sent: str) -> None:
    assert body(Input=constant) == sent


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        # Recorded: a part, deeper, and a string with its quotes.
        ("$.detail.Tags", '{"team":"grün","a/b":"slash","x-y_z":1}'),
        ("$.detail.ModelPackageGroupName", '"churn"'),
        # Documented: dots, dashes, underscores, slashes, indices, `*`.
        ("$.detail-type", '"SageMaker Model Package State Change"'),
        ("$.detail.Tags.x-y_z", "1"),
        ("$.detail.Tags.a/b", '"slash"'),
        ("$.resources[0]", f'"{PACKAGE}"'),
        ("$.detail.Containers[1].Image", '"b:2"'),
        ("$.detail.Fields[*]", '["ModelApprovalStatus","ApprovalDescription"]'),
        ("$.detail.Tags.*", '["grün","slash",1]'),
        # Our reading: a `*` collects what there is.
        ("$.detail.Containers[*].Image", '["a:1","b:2"]'),
        ("$.detail.Containers[*].Nowhere", "[]"),
        ("$.detail.None[*].Image", "[]"),
        ("$.detail.Score.*", "[]"),
        # Our reading: nowhere is null, and so is null.
        ("$.detail.Nothing", "null"),
        ("$.detail.Absent", "null"),
        ("$.detail.Absent[*].Image", "null"),
        ("$.detail.Containers[9]", "null"),
        ("$.detail.Containers.Image", "null"),
        ("$.detail.Tags[0]", "null"),
        ("$.detail.ModelPackageGroupName[0]", "null"),
        ("$.detail.Certified", "false"),
        ("$", WHOLE),
    ],
)
def test_a_path_sends_the_part_it_leads_to(path: str, sent: str) -> None:
    assert body(InputPath=path) == sent


@pytest.mark.parametrize(
    ("template", "sent"),
    [
        # Documented: the table of examples of the user guide.
        ('"group <group> is <status>"', '"group churn is Approved"'),
        (r'"group \"<group>\" is <status>"', r'"group \"churn\" is Approved"'),
        ('{\n "group" : <group>,\n "status": <status>\n}', '{"group":"churn","status":"Approved"}'),
        (
            r'{"group": <group>, "status": "<status>", "text": "\"<group>\" is <status>"}',
            r'{"group":"churn","status":"Approved","text":"\"churn\" is Approved"}',
        ),
        (
            '{"group": <group>, "state": [ 9, <status>, true ], "Made" : "Yes, all"}',
            '{"group":"churn","state":[9,"Approved",true],"Made":"Yes, all"}',
        ),
        (
            '{"ruleArn": <aws.events.rule-arn>, "ruleName": <aws.events.rule-name>}',
            f'{{"ruleArn":"{RULE}","ruleName":"on-approval"}}',
        ),
        ('"<aws.events.rule-name> triggered"', '"on-approval triggered"'),
        ('{"detail": <tags>}', '{"detail":{"team":"grün","a/b":"slash","x-y_z":1}}'),
        # Documented: inner quotes are removed.
        ('"tags <tags>"', '"tags {team:grün,a/b:slash,x-y_z:1}"'),
        ('{"a": "<fields>"}', '{"a":"[ModelApprovalStatus,ApprovalDescription]"}'),
        # Our reading: with escaped quotes their backslashes, so that the text stays a valid one.
        ('"<odd>"', r'"{quote:ab,line:c\nd,end:e\\}"'),
        # Documented: values are not escaped, which makes bad JSON as on AWS.
        ('"<said>"', '"he said "ok"\nand left"'),
        ('"<folder>"', '"C:\\models\\"'),
        # Documented: quotes are added so that it is valid JSON.
        ('{"said": <said>}', r'{"said":"he said \"ok\"\nand left"}'),
        ('{"folder": <folder>}', r'{"folder":"C:\\models\\"}'),
        # Our reading: what is neither text nor a document is bare on both sides.
        ("[<version>,<score>,<certified>,<nothing>]", "[3,0.5,false,null]"),
        ('"<version> <score> <certified> <nothing>"', '"3 0.5 false null"'),
        ('{"images": <images>}', '{"images":["a:1","b:2"]}'),
        # Recorded: a variable that leads nowhere is an empty text.
        ('"detail <absent>"', '"detail "'),
        ('{"command": <absent>}', '{"command":""}'),
        # Recorded: names with dashes, and a text that looks like JSON.
        ('"{[/for <detail-type>"', '"{[/for SageMaker Model Package State Change"'),
        (
            '"<aws.events.rule-arn> <aws.events.rule-name> <aws.events.event.ingestion-time>"',
            f'"{RULE} on-approval {INGESTED}"',
        ),
        # Documented by CloudFormation's example: several texts. That lines stay is our reading.
        ('"<group> changed."\n"It is <status>."\n', '"churn changed."\n"It is Approved."'),
        # Our reading: other JSON, brackets that hold no name, and `<` as JSON escapes it.
        ("<group>", '"churn"'),
        ('"1 < 2 <> <a b> <status>"', '"1 < 2 <> <a b> Approved"'),
        (r'"\u003cgroup\u003e  <under_score9>"', r'"\u003cgroup\u003e  2026-01-05T09:30:00Z"'),
        ('{"a": {"b": "x  y"}}', '{"a":{"b":"x  y"}}'),
    ],
)
def test_a_template_is_filled(template: str, sent: str) -> None:
    assert filled(template) == sent


def test_the_event_goes_into_an_object_without_its_detail() -> None:
    """Recorded: `detail-type` is `detailType` there."""
    event = {name: value for name, value in ENVELOPE.items() if name != "detail"}
    event["detailType"] = event.pop("detail-type")
    assert json.loads(filled('{"originalEvent": <aws.events.event>}')) == {"originalEvent": event}


def test_the_event_goes_into_an_object_whole() -> None:
    assert filled('{"original": <aws.events.event.json>}') == f'{{"original":{WHOLE}}}'


def test_the_rule_is_of_the_partition_of_the_events_region() -> None:
    template = {"InputTemplate": '"<aws.events.rule-arn>"'}
    envelope = {"region": "cn-north-1", "account": "111111111111"}
    sent = made(InputTransformer=template).body(envelope, INGESTED)
    assert sent == '"arn:aws-cn:events:cn-north-1:111111111111:rule/on-approval"'


def test_the_limits_themselves_are_allowed() -> None:
    template = f'"{"x" * 8190}"'
    paths = {f"v{number}": "$." + "y" * 254 for number in range(99)} | {"n" * 256: "$.id"}
    assert body(InputTransformer={"InputPathsMap": paths, "InputTemplate": template}) == template


def test_a_variable_may_start_with_aws_without_a_dot() -> None:
    """Reported."""
    transformer = {"InputPathsMap": {"AWSid": "$.id"}, "InputTemplate": '"<AWSid>"'}
    assert body(InputTransformer=transformer) == '"5b0f"'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
INNER_PATHS = st.lists(st.sampled_from([".a", ".b-c", "[0]", "[1]", "[*]", ".*"]), max_size=3).map(
    "".join
)
EVENTS = st.dictionaries(st.sampled_from(["a", "b-c", "x"]), JSON, max_size=3) | JSON


@given(EVENTS, INNER_PATHS)
@BOUNDED
def test_any_event_can_be_sent(detail: object, inner: str) -> None:
    envelope = {**ENVELOPE, "detail": detail}
    path = f"$.detail{inner}"
    found = json.loads(made(InputPath=path).body(envelope, INGESTED))
    template = '{"found": <found>, "event": <aws.events.event.json>}'
    transformer = {"InputPathsMap": {"found": path}, "InputTemplate": template}
    sent = json.loads(made(InputTransformer=transformer).body(envelope, INGESTED))
    assert sent["event"] == envelope
    assert sent["found"] in (found, "")


@given(st.dictionaries(st.text(), JSON) | st.lists(JSON))
@BOUNDED
def test_a_document_in_a_text_leaves_it_a_valid_text(detail: object) -> None:
    transformer = {"InputPathsMap": {"detail": "$.detail"}, "InputTemplate": '"of <detail>."'}
    sent = made(InputTransformer=transformer).body({"detail": detail}, INGESTED)
    assert json.loads(sent).startswith("of ")


@given(JSON, st.text())
@BOUNDED
def test_an_envelope_of_another_form_raises_nothing(value: object, name: str) -> None:
    template = (
        '"<found><aws.events.rule-arn>"\n"<aws.events.rule-name><aws.events.event.ingestion-time>"'
    )
    transformer = {"InputPathsMap": {"found": "$.*"}, "InputTemplate": template}
    envelope = {"region": value, "account": value, name: value}
    assert made(InputTransformer=transformer).body(envelope, INGESTED).endswith(f'{INGESTED}"')
