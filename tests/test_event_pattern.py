"""Event patterns: what is refused and why, what no event can do, and two matchers side by side."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sagemock.event_pattern import EventPattern, EventPatternError

REASON = "Event pattern is not valid. Reason: "


def nested(levels: int, innermost: Any) -> Any:
    value = innermost
    for _ in range(levels):
        value = {"a": value}
    return value


# What is refused.

NO_MATCH = "A match is one of anything-but, cidr, equals-ignore-case, exactly, exists, numeric, "
NO_LIST = "Value of anything-but must be an array or single string/number value at d.f."
MIXED = "Inside anything but list, either all values are number or string, mixed type is not"
TOO_COMPLEX = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character "
    "sequences after a wildcard character"
)
VALUE = "Match value must be String, number, true, false, or null"

OF_A_FIELD: list[tuple[Any, str]] = [
    # What stands in the place of a field.
    ("x", '"f" must be an object or an array at d.f. Write ["x"].'),
    (5, '"f" must be an object or an array at d.f. Write [5].'),
    (None, '"f" must be an object or an array at d.f. Write [null].'),
    ([], "Empty arrays are not allowed at d.f. Leave the field out to match any value."),
    ({}, "Empty objects are not allowed at d.f."),
    ({5: ["x"]}, "The name of a field must be a string, not 5 at d.f."),
    # What stands in the array.
    ([["x"]], f"{VALUE} at d.f."),
    ([("x",)], f"{VALUE} at d.f."),
    ([math.nan], f"{VALUE} at d.f."),
    ([-math.inf], f"{VALUE} at d.f."),
    ([{}], "Match expression name not found at d.f."),
    ([{"like": "x"}], f"Unrecognized match type like at d.f. {NO_MATCH}prefix, suffix, wildcard."),
    ([{"EXISTS": True}], f"Unrecognized match type EXISTS at d.f. {NO_MATCH}prefix, suffix, "),
    (
        [{"prefix": "x", "suffix": "y"}],
        "Only one key allowed in match expression at d.f. Write an object for each.",
    ),
    # What stands under the name of a matcher.
    ([{"exactly": 5}], "exact match pattern must be a string at d.f."),
    ([{"exists": "true"}], "exists match pattern must be either true or false at d.f."),
    ([{"exists": 1}], "exists match pattern must be either true or false at d.f."),
    ([{"prefix": 5}], "prefix match pattern must be a string at d.f."),
    ([{"prefix": ["x"]}], "prefix match pattern must be a string at d.f."),
    ([{"prefix": {}}], "Prefix expression name not found at d.f."),
    ([{"prefix": {"suffix": "x"}}], "Unsupported prefix pattern: suffix at d.f."),
    (
        [{"prefix": {"equals-ignore-case": 5}}],
        "equals-ignore-case match pattern must be a string at d.f.",
    ),
    (
        [{"prefix": {"equals-ignore-case": "x", "suffix": "y"}}],
        "Only one key allowed in match expression at d.f.",
    ),
    ([{"suffix": None}], "suffix match pattern must be a string at d.f."),
    ([{"suffix": {}}], "Suffix expression name not found at d.f."),
    ([{"suffix": {"prefix": "x"}}], "Unsupported suffix pattern: prefix at d.f."),
    (
        [{"equals-ignore-case": ["x"]}],
        "equals-ignore-case match pattern must be a string at d.f.",
    ),
    ([{"wildcard": 5}], "wildcard match pattern must be a string at d.f."),
    ([{"wildcard": "a**"}], "Consecutive wildcard characters at pos 2 at d.f."),
    ([{"wildcard": "ü***"}], "Consecutive wildcard characters at pos 3 at d.f."),
    ([{"wildcard": r"a\b"}], r"Invalid escape character at pos 2 at d.f. Write \\ for \."),
    ([{"wildcard": "a\\"}], r"Invalid escape character at pos 2 at d.f. Write \\ for \."),
    ([{"wildcard": "*:*:*:*:*:event-bus/*"}], f"{TOO_COMPLEX} at d.f."),
    ([{"cidr": ["10.0.0.0/8"]}], "prefix match pattern must be a string at d.f."),
    ([{"cidr": "10.0.0.0"}], "Malformed CIDR, one '/' required at d.f."),
    ([{"cidr": "10.0.0.0/8/8"}], "Malformed CIDR, one '/' required at d.f."),
    ([{"cidr": "10.0.0.0/x"}], "Malformed CIDR, mask bits must be an integer at d.f."),
    ([{"cidr": "10.0.0.0/255.0.0.0"}], "Malformed CIDR, mask bits must be an integer at d.f."),
    ([{"cidr": "10.0.0.0/-1"}], "Malformed CIDR, mask bits must not be negative at d.f."),
    ([{"cidr": "10.0.0/8"}], "Nonstandard IP address: 10.0.0 at d.f."),
    ([{"cidr": "host/8"}], "Nonstandard IP address: host at d.f."),
    ([{"cidr": "10.0.0.0/32"}], "IPv4 mask bits must be < 32 at d.f."),
    ([{"cidr": "::/128"}], "IPv6 mask bits must be < 128 at d.f."),
    ([{"numeric": 5}], "Value of numeric must be an array at d.f. Write it like "),
    ([{"numeric": []}], "Invalid member in numeric match: null at d.f."),
    ([{"numeric": [5]}], "Invalid member in numeric match: 5 at d.f."),
    ([{"numeric": ["!=", 5]}], "Unrecognized numeric range operator: != at d.f."),
    ([{"numeric": ["="]}], "Value of equals must be numeric at d.f."),
    ([{"numeric": ["<", "5"]}], "Value of < must be numeric at d.f."),
    ([{"numeric": ["<", True]}], "Value of < must be numeric at d.f."),
    ([{"numeric": ["<", 5, ">", 0]}], "Too many elements in numeric expression at d.f."),
    ([{"numeric": ["=", 5, "<", 9]}], "Too many elements in numeric expression at d.f."),
    ([{"numeric": [">", 0, 5]}], "Invalid member in numeric match: 5 at d.f."),
    ([{"numeric": [">", 0, ">", 5]}], "Bad numeric range operator: > at d.f."),
    ([{"numeric": [">", 0, "<"]}], "Value of < must be numeric at d.f."),
    ([{"numeric": [">", 0, "<", 5, "<", 6]}], "Too many terms in numeric range expression at"),
    ([{"numeric": [">", 5, "<", 5]}], "Bottom must be less than top at d.f."),
    ([{"numeric": [">", 5.1e9]}], "Value must be between -5.0E9 and 5.0E9, inclusive at d.f."),
    ([{"numeric": ["=", math.nan]}], "Value must be between -5.0E9 and 5.0E9, inclusive at"),
    ([{"anything-but": 5000000001}], "Value must be between -5.0E9 and 5.0E9, inclusive at"),
    ([{"anything-but": None}], NO_LIST),
    ([{"anything-but": True}], NO_LIST),
    ([{"anything-but": ["x", None]}], "Inside anything but list, start|null|boolean is not "),
    ([{"anything-but": ["x", 5]}], f"{MIXED} supported at d.f."),
    ([{"anything-but": []}], f"{MIXED} supported at d.f."),
    ([{"anything-but": {}}], "Anything-But expression name not found at d.f."),
    ([{"anything-but": {"numeric": ["<", 5]}}], "Unsupported anything-but pattern: numeric at"),
    (
        [{"anything-but": {"prefix": "x", "suffix": "y"}}],
        "Only one key allowed in match expression at d.f.",
    ),
    ([{"anything-but": {"prefix": {"equals-ignore-case": "x"}}}], NO_LIST),
    ([{"anything-but": {"prefix": 5}}], "prefix/suffix match pattern must be a string at d.f."),
    ([{"anything-but": {"suffix": [5]}}], "prefix/suffix match pattern must be a string at d.f."),
    ([{"anything-but": {"prefix": ""}}], "Null prefix/suffix not allowed at d.f."),
    ([{"anything-but": {"suffix": ["x", ""]}}], "Null prefix/suffix not allowed at d.f."),
    ([{"anything-but": {"prefix": []}}], "Empty arrays are not allowed at d.f."),
    (
        [{"anything-but": {"equals-ignore-case": 5}}],
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported",
    ),
    ([{"anything-but": {"wildcard": 5}}], "wildcard match pattern must be a string at d.f."),
    ([{"anything-but": {"wildcard": "**"}}], "Consecutive wildcard characters at pos 1 at d.f."),
]


@pytest.mark.parametrize(("field", "reason"), OF_A_FIELD)
def test_a_field_that_eventbridge_would_refuse_is_refused_with_its_path(
    field: Any, reason: str
) -> None:
    with pytest.raises(EventPatternError) as raised:
        EventPattern.of({"source": ["s"], "d": {"f": field}})
    assert str(raised.value).startswith(REASON + reason)
    assert str(raised.value).endswith(".")


OF_A_PATTERN: list[tuple[Any, str]] = [
    ({}, "Empty objects are not allowed."),
    ("{}", "Empty objects are not allowed."),
    (None, 'Filter is not an object. Write it like {"source": ["aws.sagemaker"]}.'),
    (["x"], 'Filter is not an object. Write it like {"source": ["aws.sagemaker"]}.'),
    ('["x"]', 'Filter is not an object. Write it like {"source": ["aws.sagemaker"]}.'),
    (b"{}", 'Filter is not an object. Write it like {"source": ["aws.sagemaker"]}.'),
    ("{'a': 1}", "It is no JSON: Expecting property name enclosed in double quotes: "),
    ("", "It is no JSON: Expecting value: line 1 column 1 (char 0)."),
    ('{"a": [NaN]}', "It is no JSON: NaN is no JSON."),
    ('{"a": [1e999]}', f"{VALUE} at a."),
    (
        {"d": {"$or": [{"a": [1]}]}},
        "There must have at least 2 Objects in $or relationship at d.$or.",
    ),
    (
        {"d": {"$or": [{"a": [1]}, "x"]}},
        "Only JSON object is allowed in array of $or relationship at d.$or.",
    ),
    ({"$or": [{"a": [1]}, {}]}, "Empty objects are not allowed."),
    ({"$or": []}, "Empty arrays are not allowed at $or."),
    ({"$or": "x"}, '"$or" must be an object or an array at $or.'),
    (
        {"$or": [{"a": [1]}, {"b": {"prefix": ["x"]}}]},
        "prefix is a reserved name, which cannot be used inside $or, at b.prefix.",
    ),
    ({"$or": [{"a": [1]}, {"b": []}]}, "Empty arrays are not allowed at b."),
    (nested(100, ["x"]), "It nests deeper than 100 levels."),
    (nested(100_000, ["x"]), "It nests deeper than 100 levels."),
    (json.dumps(nested(110, ["x"])), "It nests deeper than 100 levels."),
    ('{"a":' * 100_000, "It nests deeper than 100 levels."),
    ("[" * 100_000, "It nests deeper than 100 levels."),
    ({".".join("a" * 101): ["x"]}, "It nests deeper than 100 levels."),
    (
        {str(n): {"$or": [{"a": [1]}, {"b": [1]}]} for n in range(10)},
        "$or makes more than 1000 combinations at 9.$or.",
    ),
]


@pytest.mark.parametrize(("pattern", "reason"), OF_A_PATTERN, ids=range(len(OF_A_PATTERN)))
def test_a_pattern_that_eventbridge_would_refuse_is_refused(pattern: Any, reason: str) -> None:
    with pytest.raises(EventPatternError) as raised:
        EventPattern.of(pattern)
    assert str(raised.value).startswith(REASON + reason)
    assert str(raised.value).endswith(".")


def test_a_refusal_names_the_way_to_the_field() -> None:
    with pytest.raises(EventPatternError) as raised:
        EventPattern.of({"detail": {"ModelApprovalStatus": "Approved"}})
    assert str(raised.value) == (
        'Event pattern is not valid. Reason: "ModelApprovalStatus" must be an object or an array '
        'at detail.ModelApprovalStatus. Write ["Approved"].'
    )


# What no event can do.


def test_a_field_as_deep_as_a_pattern_may_be_is_found() -> None:
    pattern = EventPattern.of(nested(99, ["x"]))
    assert pattern.matches(nested(99, "x"))
    assert pattern.matches(nested(98, [{"a": ["y", "x"]}]))
    assert not pattern.matches(nested(99, "y"))
    dotted = EventPattern.of({".".join("a" * 100): ["x"]})
    assert dotted.matches(nested(100, "x"))


def test_lists_at_every_level_are_looked_through() -> None:
    event: Any = "x"
    for _ in range(99):
        event = {"a": [{"b": 1}, [event]]}
    assert EventPattern.of(nested(99, ["x"])).matches(event)


def test_an_event_that_nests_deep_is_only_looked_into_as_far_as_the_pattern_goes() -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    assert EventPattern.of({"a": ["x"]}).matches({"a": deep})
    assert not EventPattern.of({"a": {"a": ["x"]}}).matches(nested(100_000, "x"))


def test_a_wildcard_takes_no_time_to_speak_of() -> None:
    # What tried every place for every star would not be done in years.
    pattern = EventPattern.of({"a": [{"wildcard": "*a*a*a*a*b"}]})
    assert not pattern.matches({"a": "a" * 1_000_000})


def test_lists_beside_one_another_are_not_tried_in_all_combinations() -> None:
    elements = [{"x": 1}, {"y": 1}] * 500
    of_one = {"x": [1], "y": [1]}
    pattern = EventPattern.of({"a": {"x": [1]}, "b": {"x": [1]}, "c": {"x": [1]}, "d": of_one})
    assert not pattern.matches(dict.fromkeys("abcd", elements))
    assert pattern.matches({**dict.fromkeys("abc", elements), "d": [*elements, {"x": 1, "y": 1}]})


EVERY_MATCHER: list[Any] = [
    *("x", 1, True, None, "10.0.0.1", 10**400),
    *({"exactly": "x"}, {"equals-ignore-case": "x"}, {"wildcard": "x*y*"}, {"cidr": "::/1"}),
    *({"prefix": "x"}, {"prefix": {"equals-ignore-case": "x"}}, {"cidr": "10.0.0.0/8"}),
    *({"suffix": "x"}, {"suffix": {"equals-ignore-case": "x"}}, {"numeric": [">", 0, "<", 9]}),
    *({"anything-but": "x"}, {"anything-but": [1, 2]}, {"anything-but": {"wildcard": "*x"}}),
    *({"anything-but": {"equals-ignore-case": ["x"]}}, {"exists": True}, {"exists": False}),
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["x", "10.0.0.1", "::", "1.1.1.1/8", 10**400]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "a.b", "", "."]) | st.text(), inner)
    ),
    max_leaves=12,
)
ALONE = [EventPattern.of({"a": [each]}) for each in EVERY_MATCHER] + [
    EventPattern.of({"a": {"b": [each], "c": [{"exists": False}]}}) for each in EVERY_MATCHER
]


@given(st.dictionaries(st.sampled_from(["a", "a.b", "$or", ""]), JSON))
@example({"a": {"b": math.nan}})
@example({"a": {"b": 1}, "a.b": [{"c": 10**400}]})
def test_whatever_the_event_is_it_matches_or_not(event: dict[str, Any]) -> None:
    assert {pattern.matches(event) for pattern in ALONE} <= {True, False}


@given(
    st.lists(st.sampled_from(["a", "b", r"\*", r"\\", "ab"]), min_size=1, max_size=6),
    st.text("ab*\\", max_size=8),
)
@example(["ab", "a"], "aba")
@example(["ab", "ba"], "aba")
def test_a_wildcard_is_what_a_regular_expression_says(literals: list[str], text: str) -> None:
    pattern = EventPattern.of({"f": [{"wildcard": "*".join(literals)}]})
    plain = [re.sub(r"\\(.)", r"\1", each) for each in literals]
    expected = re.fullmatch(".*".join(map(re.escape, plain)), text) is not None
    assert pattern.matches({"f": text}) == expected


# Two matchers side by side: ours, and the plainest reading of how EventBridge does it. An event is
# a heap of fields, each with its path, its value and the places in lists it was found at.

Field = tuple[str, Any, dict[str, int]]

SCALARS = st.sampled_from([None, True, False, 0, 1, 2.5, "", "x", "xy"])
NAMES = st.sampled_from("abc")
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.dictionaries(NAMES, inner, max_size=3)
        | st.lists(SCALARS | st.dictionaries(NAMES, inner, max_size=3), max_size=3)
    ),
    max_leaves=12,
)
MATCHERS = SCALARS | st.sampled_from(
    [
        {"exists": True},
        {"exists": False},
        {"prefix": "x"},
        {"anything-but": ["x"]},
        {"anything-but": [1]},
        {"numeric": [">=", 1]},
        {"numeric": [">", 0, "<", 2]},
    ]
)
LEAVES = st.lists(MATCHERS, min_size=1, max_size=2)
PATTERNS = st.recursive(
    st.dictionaries(NAMES, LEAVES, min_size=1, max_size=3),
    lambda inner: (
        st.dictionaries(NAMES, LEAVES | inner, min_size=1, max_size=3)
        | st.builds(
            lambda beside, either, other: {**beside, "$or": [either, other]}, inner, inner, inner
        )
    ),
    max_leaves=5,
)


def fields(value: Any, path: str, places: dict[str, int], here: str) -> Iterator[Field]:
    if isinstance(value, dict):
        for name, member in value.items():
            joined = f"{path}.{name}" if path else name
            yield from fields(member, joined, places, f"{here}/{name}")
    elif isinstance(value, list):
        for place, element in enumerate(value):
            inside = {**places, here: place} if isinstance(element, dict) else places
            yield from fields(element, path, inside, f"{here}/{place}")
    else:
        yield path, value, places


def branches(pattern: dict[str, Any], path: str, begun: list[Any]) -> list[Any]:
    for name, value in pattern.items():
        joined = f"{path}.{name}" if path else name
        if name == "$or":
            begun = [one for each in value for one in branches(each, path, [*map(dict, begun)])]
        elif isinstance(value, dict):
            begun = branches(value, joined, begun)
        else:
            begun = [{**branch, joined: value} for branch in begun]
    return begun


def accepts(matcher: Any, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match matcher:
        case {"exists": wanted}:
            return bool(wanted)
        case {"prefix": text}:
            return isinstance(value, str) and value.startswith(text)
        case {"anything-but": unwanted}:
            return not any(accepts(each, value) for each in unwanted)
        case {"numeric": [">=", low]}:
            return number and value >= low
        case {"numeric": [">", low, "<", top]}:
            return number and low < value < top
    return json.dumps(matcher) == json.dumps(value)


def consistent(places: dict[str, int], others: dict[str, int]) -> bool:
    return all(others.get(where, place) == place for where, place in places.items())


def agree(wanted: list[tuple[str, list[Any]]], found: list[Field], places: dict[str, int]) -> bool:
    """Whether the fields can be chosen so, one after the other, that their places go together."""
    if not wanted:
        return True
    (path, matchers), *others = wanted
    possible = [each for each in found if each[0] == path and consistent(places, each[2])]
    if {"exists": False} in matchers and not possible and agree(others, found, places):
        return True
    return any(
        agree(others, found, {**places, **at})
        for _, value, at in possible
        if any(accepts(matcher, value) for matcher in matchers)
    )


@given(PATTERNS, st.dictionaries(NAMES, VALUES, max_size=3))
def test_an_event_matches_if_its_fields_can_be_chosen_so(
    pattern: dict[str, Any], event: dict[str, Any]
) -> None:
    found = list(fields(event, "", {}, ""))
    expected = any(
        agree(sorted(branch.items()), found, {}) for branch in branches(pattern, "", [{}])
    )
    assert EventPattern.of(pattern).matches(event) == expected
