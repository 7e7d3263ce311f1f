"""Bodies: what settings decide, and what holds for every body rather than for one case."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagemock import Service, Settings, create_app
from sagemock.errors import SerializationException
from sagemock.settings import SettingsError
from sagemock.wire.json_body import parsed

MANY = 128
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(), each, max_size=4),
    max_leaves=20,
)


def posted(service: Service, settings: Settings, body: bytes) -> Any:
    client = create_app(settings, service=service).test_client()
    headers = {"X-Amz-Target": "SageMaker.ListModelPackageGroups"}
    return client.post("/", data=body, headers=headers)


def nested(levels: int) -> bytes:
    return b'{"Colour":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


@given(VALUES)
def test_every_json_value_is_read_as_it_was_written(value: Any) -> None:
    assert parsed(json.dumps(value).encode(), MANY) == value


@given(VALUES)
def test_raw_utf_8_and_escapes_are_read_alike(value: Any) -> None:
    raw = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    assert parsed(raw, MANY) == parsed(json.dumps(value, indent=1).encode(), MANY)


@given(st.binary(min_size=1))
def test_any_bytes_are_either_json_or_refused_without_a_message(body: bytes) -> None:
    try:
        parsed(body, MANY)
    except SerializationException as error:
        assert error.message is None  # noqa: PT017 - a body may just as well be JSON


@given(st.lists(st.sampled_from(list('{}[]",:0123456789.eE+-ntfalsru\\ \ud800')), max_size=30))
def test_anything_that_looks_like_json_is_read_or_refused(pieces: list[str]) -> None:
    body = "".join(pieces).encode("utf-8", "surrogatepass")
    try:
        parsed(body, MANY)
    except SerializationException as error:
        assert error.message is None  # noqa: PT017 - a body may just as well be JSON


def test_a_body_without_bytes_is_an_empty_request() -> None:
    assert parsed(b"", MANY) == {}


@pytest.mark.parametrize("levels", [1, 2, 5])
def test_the_depth_that_is_allowed_is_read_and_one_level_more_is_refused(levels: int) -> None:
    assert parsed(b"[" * levels + b"]" * levels, levels) is not None
    with pytest.raises(SerializationException):
        parsed(b"[" * (levels + 1) + b"]" * (levels + 1), levels)


def test_the_deepest_place_counts_wherever_it_is() -> None:
    with pytest.raises(SerializationException):
        parsed(b'[[],{},{"a":1,"b":[[1],{"c":[]}]},[]]', 4)
    assert parsed(b'[[],{},{"a":1,"b":[[1],{"c":0}]},[]]', 4)


def test_a_value_in_the_deepest_place_is_no_level_of_its_own() -> None:
    assert parsed(b"[[1],[2]]", 2) == [[1], [2]]


def test_the_depth_comes_from_the_settings(service: Service) -> None:
    settings = Settings(max_json_depth=3)
    assert posted(service, settings, nested(3)).status_code == 200
    answer = posted(service, settings, nested(4))
    assert answer.status_code == 400
    assert answer.data == b'{"__type":"SerializationException"}'


def test_the_depth_may_be_more_than_usual(service: Service) -> None:
    assert posted(service, Settings(max_json_depth=256), nested(256)).status_code == 200


def test_the_size_comes_from_the_settings(service: Service) -> None:
    settings = Settings(max_body_bytes=10)
    assert posted(service, settings, b"{        }").status_code == 200
    answer = posted(service, settings, b"{         }")
    assert answer.status_code == 413
    assert json.loads(answer.data) == {
        "__type": "RequestEntityTooLargeException",
        "message": "The request body is larger than 10 bytes.",
    }


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_body_bytes": 0}, "A body has at least 1 byte, not 0"),
        ({"max_json_depth": 0}, "a number from 1 to 256, not 0"),
        ({"max_json_depth": 257}, "a number from 1 to 256, not 257"),
    ],
)
def test_a_limit_has_its_bounds(limits: dict[str, int], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings(**limits)  # type: ignore[arg-type]  # mypy takes them for every setting
