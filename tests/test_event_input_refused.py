"""What EventBridge refuses of Input, InputPath and InputTransformer, and in which words.

Where each is known from is told as in `sagemock.event_input`.
"""

from datetime import date

import pytest

from sagemock.event_input import EventInput, EventInputError


def refusal(**target: object) -> str:
    with pytest.raises(EventInputError) as error:
        EventInput.of(target, "on-approval")
    return str(error.value)


def template_refusal(template: object, **paths: object) -> str:
    return refusal(InputTransformer={"InputPathsMap": paths, "InputTemplate": template})


@pytest.mark.parametrize(
    "target",
    [
        {"Input": "{}", "InputPath": "$"},
        {"InputPath": "$", "InputTransformer": {"InputTemplate": "{}"}},
        {"Input": "{}", "InputTransformer": {"InputTemplate": "{}"}},
    ],
)
def test_two_of_the_three_are_refused(target: dict[str, object]) -> None:
    """Recorded: the words up to the colon."""
    assert refusal(**target) == (
        "Only one of Input, InputPath, or InputTransformer must be provided: "
        f"there are {' and '.join(target)}."
    )


@pytest.mark.parametrize(
    ("constant", "reason"),
    [
        ("hello", "Expecting value: line 1 column 1 (char 0)"),
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ("{} {}", "Extra data: line 1 column 4 (char 3)"),
        ("[NaN]", "NaN is no JSON"),
        ({"since": date(2026, 1, 5)}, "Object of type date is not JSON serializable"),
        ([float("inf")], "Out of range float values are not JSON compliant"),
    ],
)
def test_a_constant_that_is_no_json_is_refused(constant: object, reason: str) -> None:
    """Reported; our words."""
    said = refusal(Input=constant)
    start = f"Input must be valid JSON text, or an object or list to make it of: {reason}"
    assert said.startswith(start)


@pytest.mark.parametrize("member", ["Input", "InputTemplate"])
def test_json_nested_beyond_reason_is_refused(member: str) -> None:
    deep = "[" * 8000
    target = {"Input": deep} if member == "Input" else {"InputTransformer": {member: deep}}
    assert refusal(**target).startswith(f"{member} must be ")


def test_a_constant_that_holds_itself_is_refused() -> None:
    """YAML's anchors can say that."""
    itself: list[object] = []
    itself.append(itself)
    assert "Circular reference detected" in refusal(Input=itself)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"Input": 12}, "Input must be text."),
        ({"Input": None}, "Input must be text."),
        ({"InputPath": None}, "InputPath must be text."),
        (
            {"Input": f'"{"x" * 8191}"'},
            "Input has 8193 characters: it can have 8192 at most.",
        ),
        (
            {"Input": ["x" * 8190]},
            "Input has 8194 characters: it can have 8192 at most.",
        ),
        (
            {"InputPath": "$." + "x" * 255},
            "InputPath has 257 characters: it can have 256 at most.",
        ),
        ({"InputTransformer": "x"}, "InputTransformer must be an object."),
        (
            {"InputTransformer": {}},
            "InputTransformer must have an InputTemplate that is not empty.",
        ),
        (
            {"InputTransformer": {"InputTemplate": " \n"}},
            "InputTransformer must have an InputTemplate that is not empty.",
        ),
        ({"InputTransformer": {"InputTemplate": {}}}, "InputTemplate must be text."),
        (
            {"InputTransformer": {"InputTemplate": "{}", "InputPaths": {}}},
            (
                "InputTransformer has no member 'InputPaths': "
                "it has InputPathsMap and InputTemplate only."
            ),
        ),
        (
            {"InputTransformer": {"InputTemplate": "{}", "InputPathsMap": []}},
            "InputPathsMap must be an object.",
        ),
        (
            {"InputTransformer": {"InputTemplate": f'"{"x" * 8191}"'}},
            "InputTemplate has 8193 characters: it can have 8192 at most.",
        ),
        (
            {
                "InputTransformer": {
                    "InputTemplate": "{}",
                    "InputPathsMap": {f"v{number}": "$.id" for number in range(101)},
                }
            },
            "InputPathsMap has 101 variables: it can have 100 at most.",
        ),
    ],
)
def test_members_have_their_kinds_and_limits(target: dict[str, object], said: str) -> None:
    """Documented: the limits are those of the API reference."""
    assert refusal(**target) == said


@pytest.mark.parametrize(
    "path",
    [
        # Reported: names in brackets, for InputPath as for variables; no `$`.
        "$.detail['ModelPackageGroupName']",
        '$.detail["ModelPackageGroupName"]',
        "detail",
        ".detail",
        # Not among what is documented to be supported.
        "",
        "$.",
        "$detail",
        "$..Image",
        "$.detail.",
        "$.detail.Fields[0:1]",
        "$.detail.Fields[-1]",
        "$.detail.Fields[0,1]",
        "$.detail.Fields[]",
        "$.detail.Containers[?(@.Image)]",
        "$.detail.Fields.length()",
        "$.detail.grün",
        "$.detail ",
        "$.detail\n",
        "@.detail",
    ],
)
def test_a_path_beyond_the_subset_is_refused(path: str) -> None:
    assert [refusal(InputPath=path), template_refusal("{}", x=path)] == [
        f"{where} is invalid: '{path}' is no JSON path that EventBridge takes. Write it like "
        "$.detail.Containers[0].Image, with names of letters, digits, '_', '-' and '/', or with "
        "'*'; names in brackets, slices and filters are refused."
        for where in ("InputPath", "InputPathsMap.x")
    ]


@pytest.mark.parametrize("name", ["", "a b", "a.b", "ä", "n" * 257, "a\n", "<a>"])
def test_a_variable_has_a_plain_name(name: str) -> None:
    """Documented: the pattern of the API reference."""
    assert template_refusal("{}", **{name: "$.id"}) == (
        f"InputPathsMap has a variable '{name}': "
        "a name is made of letters, digits, '_' and '-', 256 of them at most."
    )


@pytest.mark.parametrize("name", ["aws.events.rule-name", "aws.mine", "AWS.mine"])
def test_the_names_of_aws_are_reserved(name: str) -> None:
    """Documented."""
    assert template_refusal("{}", **{name: "$.id"}) == (
        f"InputPathsMap has a variable '{name}': names that start with 'aws.' are reserved."
    )


def test_a_variables_name_must_be_text() -> None:
    paths: dict[object, object] = {1: "$.id"}
    said = refusal(InputTransformer={"InputPathsMap": paths, "InputTemplate": "{}"})
    assert said.startswith("InputPathsMap has a variable '1': ")


@pytest.mark.parametrize("name", ["nope", "aws.events.rule", "Known"])
def test_a_placeholder_without_a_variable_is_refused(name: str) -> None:
    """Recorded: the words up to the colon."""
    assert template_refusal(f'"<known> <{name}>"', known="$.id") == (
        f"InputTemplate contains invalid placeholder {name}: "
        "InputPathsMap has no variable of that name, and it is no predefined one."
    )


@pytest.mark.parametrize("name", ["aws.events.event", "aws.events.event.json"])
@pytest.mark.parametrize("template", ['"text {}"', "[{}]", "{}", '{{"a": "{}"}}'])
def test_a_document_is_a_members_value_only(template: str, name: str) -> None:
    """Reported, in these words up to the colon, of the first two; documented of texts in JSON."""
    assert template_refusal(template.format(f"<{name}>")) == (
        f"InputTemplate contains placeholder {name} valid only for JSON template: "
        "write it as the value of a member of an object, outside quotes."
    )


@pytest.mark.parametrize(
    "template", ["{<id>: 1}", '{"<id>": 1}', '{"a<id>b" : 1}', '{"a": 1, <id>:2}']
)
def test_a_placeholder_cannot_be_a_key(template: str) -> None:
    """Documented."""
    assert template_refusal(template, id="$.id") == (
        "InputTemplate has the placeholder id in a member's name: "
        "a placeholder cannot be used as an object key."
    )


@pytest.mark.parametrize(
    ("template", "reason", "near"),
    [
        # Documented: a template that is text has to have quotes.
        ("group <id> is new", "Expecting value", "group null is new"),
        ("<id> is new", "Expecting value", "is new"),
        ('{"a": <id>', "Expecting ',' delimiter", ""),
        ('{"a": <id><id>}', "Expecting ',' delimiter", "null}"),
        ('{"a": 1} x', "Expecting value", "x"),
        ('"a""b"', "Nothing can follow a value", '"b"'),
        ("<id><id>", "Nothing can follow a value", "null"),
        ('"a\nb"', "Invalid control character at", '\nb"'),
        (r'"\<id>"', "Invalid \\escape", r'\<id>"'),
        (r'"\u00<id>41"', "Invalid \\uXXXX escape", 'u00null41"'),
        ("'<id>'", "Expecting value", "'null'"),
        ("{'a': 1}", "Expecting property name enclosed in double quotes", "'a': 1}"),
    ],
)
def test_a_template_that_is_no_json_is_refused(template: str, reason: str, near: str) -> None:
    assert template_refusal(template, id="$.id") == (
        "InputTemplate must be JSON, or text in double quotes, once its placeholders are filled: "
        f"{reason} near '{near}'."
    )
