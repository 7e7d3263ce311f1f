"""The first gate: what each JSON token is taken for, and what is said when it is not."""

import math
from collections.abc import Mapping
from typing import Any

import pytest

from sagemock.api.json_types import JsonTypes
from sagemock.api.service_model import ServiceModel
from sagemock.errors import SerializationException

SHAPES: Mapping[str, Mapping[str, Any]] = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "long": {"type": "long"},
    "float": {"type": "float"},
    "double": {"type": "double"},
    "timestamp": {"type": "timestamp"},
    "list": {"type": "list", "member": {"shape": "integer"}},
    "map": {"type": "map", "key": {"shape": "string"}, "value": {"shape": "integer"}},
    "structure": {
        "type": "structure",
        "members": {
            "Text": {"shape": "string"},
            "Count": {"shape": "integer"},
            "Counts": {"shape": "list"},
            "CountByName": {"shape": "map"},
            "Inner": {"shape": "structure"},
        },
    },
    "union": {
        "type": "structure",
        "union": True,
        "members": {"Text": {"shape": "string"}, "Count": {"shape": "integer"}},
    },
}

STRUCTURE = "Start of structure or map found where not expected"
LIST = "Start of list found where not expected"
SCALAR = "Unexpected field type"


def parsed(shape_name: str, value: Any) -> Any:
    return JsonTypes(SHAPES).parser(shape_name)(value)


def refused(shape_name: str, value: Any) -> str | None:
    with pytest.raises(SerializationException) as error:
        parsed(shape_name, value)
    return error.value.message


TARGETS = {
    "string": "a String",
    "boolean": "a Boolean",
    "integer": "an Integer",
    "long": "a Long",
    "float": "a Float",
    "double": "a Double",
    "timestamp": "milliseconds since epoch",
}


def not_convertible(token: str, kind: str) -> str:
    return f"{token} can not be converted to {TARGETS[kind]}"


TOKENS = {
    "NULL_VALUE": None,
    "TRUE_VALUE": True,
    "FALSE_VALUE": False,
    "NUMBER_VALUE": 7,
    "DECIMAL_VALUE": 2.5,
    "STRING_VALUE": "text",
}
TAKEN = {
    "string": {"STRING_VALUE"},
    "boolean": {"TRUE_VALUE", "FALSE_VALUE"},
    "integer": {"NUMBER_VALUE", "DECIMAL_VALUE"},
    "long": {"NUMBER_VALUE", "DECIMAL_VALUE"},
    "float": {"NUMBER_VALUE", "DECIMAL_VALUE"},
    "double": {"NUMBER_VALUE", "DECIMAL_VALUE"},
    "timestamp": {"NUMBER_VALUE", "DECIMAL_VALUE"},
}


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("kind", TARGETS)
def test_a_scalar_takes_its_own_tokens_and_names_any_other(kind: str, token: str) -> None:
    if token in TAKEN[kind]:
        parsed(kind, TOKENS[token])
    else:
        expected = not_convertible(token, kind)
        assert refused(kind, TOKENS[token]) == expected


@pytest.mark.parametrize("kind", [*TARGETS, "list"])
def test_an_object_is_no_scalar_and_no_list(kind: str) -> None:
    assert refused(kind, {}) == STRUCTURE


@pytest.mark.parametrize("kind", [*TARGETS, "structure", "map", "union"])
def test_a_list_is_no_scalar_and_no_object(kind: str) -> None:
    assert refused(kind, []) == LIST


@pytest.mark.parametrize("value", [None, True, 7, 2.5, "text"])
@pytest.mark.parametrize("kind", ["list", "map", "structure", "union"])
def test_a_scalar_is_no_container(kind: str, value: Any) -> None:
    assert refused(kind, value) == SCALAR


@pytest.mark.parametrize("value", ["", "text", "😀", "\x00\n"])
def test_a_string_comes_out_as_it_went_in(value: str) -> None:
    assert parsed("string", value) == value


@pytest.mark.parametrize("value", ["\ud83d", "a\udc00", "\ude00\ud83d"], ids=ascii)
def test_half_a_surrogate_pair_is_refused_without_a_message(value: str) -> None:
    assert refused("string", value) is None
    assert refused("map", {value: 1}) is None


@pytest.mark.parametrize("value", ["true", "True", "TRUE", "yes", "Yes", "1"])
def test_some_strings_are_true(value: str) -> None:
    assert parsed("boolean", value) is True


@pytest.mark.parametrize("value", ["false", "FALSE", "no", "No", "0"])
def test_some_strings_are_false(value: str) -> None:
    assert parsed("boolean", value) is False


@pytest.mark.parametrize("value", ["", " true", "y", "on", "2", "falsch"])
def test_other_strings_are_no_boolean(value: str) -> None:
    assert refused("boolean", value) == "STRING_VALUE can not be converted to a Boolean"


@pytest.mark.parametrize("value", [0, 1])
def test_a_number_is_no_boolean(value: int) -> None:
    assert refused("boolean", value) == "NUMBER_VALUE can not be converted to a Boolean"


@pytest.mark.parametrize(
    ("value", "expected"), [(2.9, 2), (-2.9, -2), (0.5, 0), (-0.5, 0), (7.0, 7), (1e3, 1000)]
)
@pytest.mark.parametrize("kind", ["integer", "long"])
def test_a_fraction_given_for_an_integer_is_cut_off(kind: str, value: float, expected: int) -> None:
    number = parsed(kind, value)
    assert number == expected
    assert type(number) is int


@pytest.mark.parametrize(("kind", "bits"), [("integer", 32), ("long", 64)])
def test_an_integer_keeps_to_its_bits(kind: str, bits: int) -> None:
    least, most = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    assert parsed(kind, least) == least
    assert parsed(kind, most) == most
    for beyond in (least - 1, most + 1, 10**400):
        expected = not_convertible("NUMBER_VALUE", kind)
        assert refused(kind, beyond) == expected


def test_a_fraction_keeps_to_the_bits_too() -> None:
    assert parsed("integer", 2147483647.9) == 2147483647
    assert refused("integer", 2147483648.0) == "DECIMAL_VALUE can not be converted to an Integer"
    assert refused("long", 1e19) == "DECIMAL_VALUE can not be converted to a Long"


@pytest.mark.parametrize("kind", ["integer", "long", "float", "double", "timestamp"])
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_too_large_for_json_is_no_number(kind: str, value: float) -> None:
    assert refused(kind, value) == not_convertible("DECIMAL_VALUE", kind)


@pytest.mark.parametrize("kind", ["float", "double"])
def test_special_floats_have_names(kind: str) -> None:
    assert math.isnan(parsed(kind, "NaN"))
    assert parsed(kind, "Infinity") == math.inf
    assert parsed(kind, "-Infinity") == -math.inf


@pytest.mark.parametrize("kind", ["float", "double"])
@pytest.mark.parametrize("value", ["nan", "inf", "1.5", "+Infinity", ""])
def test_no_other_string_is_a_float(kind: str, value: str) -> None:
    assert refused(kind, value) == not_convertible("STRING_VALUE", kind)


def test_an_integer_given_for_a_float_is_one() -> None:
    number = parsed("float", 7)
    assert number == 7.0
    assert type(number) is float
    assert refused("double", 10**400) == "NUMBER_VALUE can not be converted to a Double"


@pytest.mark.parametrize("value", ["NaN", "1", "2"])
def test_no_string_is_an_integer(value: str) -> None:
    assert refused("integer", value) == "STRING_VALUE can not be converted to an Integer"


@pytest.mark.parametrize(
    "value", [0, -1, 1_700_000_000, 1704164645.678901, -62135596800, 253402300799, 253402300799.999]
)
def test_a_time_lies_between_the_years_1_and_9999(value: float) -> None:
    assert parsed("timestamp", value) == value


@pytest.mark.parametrize("value", [-62135596801, 253402300800, 10**18, -(10**400)])
def test_a_time_outside_is_of_the_wrong_type(value: int) -> None:
    assert refused("timestamp", value) == not_convertible("NUMBER_VALUE", "timestamp")


@pytest.mark.parametrize("value", ["2024-01-02T03:04:05Z", "1704164645"])
def test_a_time_is_no_string(value: str) -> None:
    assert refused("timestamp", value) == not_convertible("STRING_VALUE", "timestamp")


def test_what_the_shape_does_not_name_is_dropped() -> None:
    body = {"Text": "a", "text": 7, "Unknown": {"Text": []}, "Inner": {"Unknown": 1, "Count": 2}}
    assert parsed("structure", body) == {"Text": "a", "Inner": {"Count": 2}}


def test_null_is_as_good_as_absent_in_a_structure() -> None:
    body = {"Text": None, "Counts": None, "Inner": {"Inner": None, "Count": 1}}
    assert parsed("structure", body) == {"Inner": {"Count": 1}}


def test_null_is_no_element_of_a_list() -> None:
    assert refused("list", [1, None]) == "NULL_VALUE can not be converted to an Integer"


def test_null_is_no_value_of_a_map() -> None:
    assert refused("map", {"a": None}) == "NULL_VALUE can not be converted to an Integer"


def test_members_keep_the_order_of_the_body() -> None:
    body = {"Inner": {}, "Count": 1, "Text": "a"}
    assert list(parsed("structure", body)) == ["Inner", "Count", "Text"]


def test_the_first_offence_in_the_bodys_own_order_is_told() -> None:
    no_integer = not_convertible("STRING_VALUE", "integer")
    assert refused("structure", {"Count": "a", "Text": 1}) == no_integer
    no_string = not_convertible("NUMBER_VALUE", "string")
    assert refused("structure", {"Text": 1, "Count": "a"}) == no_string
    assert refused("structure", {"Inner": {"Counts": [1, []]}, "Text": 1}) == LIST


def test_elements_and_values_are_converted_too() -> None:
    body = {"Counts": [1.9, 2], "CountByName": {"a": 3.1}}
    assert parsed("structure", body) == {"Counts": [1, 2], "CountByName": {"a": 3}}


def test_a_shape_may_hold_itself() -> None:
    body: dict[str, Any] = {"Count": 1.5}
    expected: dict[str, Any] = {"Count": 1}
    for _ in range(20):
        body, expected = {"Inner": body}, {"Inner": expected}
    assert parsed("structure", body) == expected


@pytest.mark.parametrize("value", [{"Text": "a"}, {"Count": 1, "Text": None, "__type": "x"}])
def test_a_union_has_one_member(value: dict[str, Any]) -> None:
    assert len(parsed("union", value)) == 1


@pytest.mark.parametrize("value", [{}, {"Text": None}, {"Unknown": 1}, {"Text": "a", "Count": 1}])
def test_a_union_with_none_or_several_is_refused(value: dict[str, Any]) -> None:
    assert refused("union", value) == "Exactly one member of union must be set"


def test_a_parser_is_compiled_once() -> None:
    types = JsonTypes(SHAPES)
    assert types.parser("structure") is types.parser("structure")


def test_there_is_a_parser_for_every_shape_of_the_installed_model(model: ServiceModel) -> None:
    types = JsonTypes(model.shapes)
    for shape_name in model.shapes:
        types.parser(shape_name)


def test_a_limit_of_tags_beyond_32_bits_is_of_the_wrong_type(model: ServiceModel) -> None:
    parse = JsonTypes(model.shapes).parser("ListTagsInput")
    assert parse({"MaxResults": 2**31 - 1}) == {"MaxResults": 2**31 - 1}
    with pytest.raises(SerializationException, match="NUMBER_VALUE can not be converted to an"):
        parse({"MaxResults": 2**31})
