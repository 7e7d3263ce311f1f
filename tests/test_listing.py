"""List requests as queries, and tokens that can be trusted."""

import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemock.errors import ValidationException
from sagemock.listing import list_query, next_token, refuse_token
from sagemock.ports import ListRow, Position, Query, Row

ROW = Row(1_700_000_000_123, "Group-1", 3, 17, None, {})
PLACE = Position(created_ms=1_700_000_000_123, name="Group-1", number=3, id=17)
BOUNDED = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def query(**request: Any) -> Query:
    return list_query("model-package", request, descending=False)


def refused(token: str) -> None:
    with pytest.raises(ValidationException) as error:
        query(NextToken=token)
    assert error.value.message == "Invalid NextToken."


def forged(place: Any) -> str:
    """A token with a right checksum over whatever is given."""
    raw = place if isinstance(place, bytes) else json.dumps(place).encode()
    return base64.urlsafe_b64encode(zlib.crc32(raw).to_bytes(4, "big") + raw).decode()


def test_an_empty_request_asks_for_the_first_ten_by_age() -> None:
    assert query() == Query(kind="model-package", limit=10)


def test_everything_a_request_says_is_in_the_query() -> None:
    request = {
        "MaxResults": 100,
        "SortBy": "Name",
        "SortOrder": "Descending",
        "NameContains": "part",
        "CreationTimeAfter": 1_700_000_000.001,
        "CreationTimeBefore": 1_700_000_001,
        "NextToken": next_token("model-package", ROW),
    }
    assert query(**request) == Query(
        kind="model-package",
        limit=100,
        order="name",
        descending=True,
        contains="part",
        created_after_ms=1_700_000_000_001,
        created_before_ms=1_700_000_001_000,
        after=PLACE,
    )


@pytest.mark.parametrize("default", [True, False])
def test_the_operations_own_order_holds_until_one_is_asked_for(*, default: bool) -> None:
    assert list_query("k", {}, descending=default).descending is default
    assert list_query("k", {"SortBy": "Name"}, descending=default).descending is default
    assert list_query("k", {"SortOrder": "Ascending"}, descending=default).descending is False
    assert list_query("k", {"SortOrder": "Descending"}, descending=default).descending is True


def test_creation_time_is_the_order_unless_the_name_is_asked_for() -> None:
    assert query(SortBy="CreationTime").order == "created"
    assert query(SortBy="Name").order == "name"


@pytest.mark.parametrize(
    ("bound", "floor", "ceiling"),
    [
        (0, 0, 0),
        (1_704_164_645, 1_704_164_645_000, 1_704_164_645_000),
        (1_704_164_645.678, 1_704_164_645_678, 1_704_164_645_678),
        # A thousand times these is just below and just above a whole number.
        (1_092_259_097.462, 1_092_259_097_462, 1_092_259_097_462),
        (543_041_061.917, 543_041_061_917, 543_041_061_917),
        (1_704_164_645.678901, 1_704_164_645_678, 1_704_164_645_679),
        (1_704_164_645.000001, 1_704_164_645_000, 1_704_164_645_001),
        (1_704_164_645.999999, 1_704_164_645_999, 1_704_164_646_000),
        (-1.5, -1500, -1500),
        (-0.000001, -1, 0),
        (-62135596800, -62135596800000, -62135596800000),
        (4_102_444_799.999, 4_102_444_799_999, 4_102_444_799_999),
    ],
)
def test_a_bound_between_two_milliseconds_shuts_out_the_right_one(
    bound: float, floor: int, ceiling: int
) -> None:
    found = query(CreationTimeAfter=bound, CreationTimeBefore=bound)
    assert found.created_after_ms == floor
    assert found.created_before_ms == ceiling


@BOUNDED
@given(st.integers(0, 4_102_444_800_000))
def test_a_creation_time_used_as_a_bound_shuts_out_itself_exactly(created_ms: int) -> None:
    found = query(CreationTimeAfter=created_ms / 1000, CreationTimeBefore=created_ms / 1000)
    assert found.created_after_ms == found.created_before_ms == created_ms


@BOUNDED
@given(
    st.builds(
        ListRow,
        name=st.text(max_size=70),
        number=st.integers(0, 999_999_999),
        created_ms=st.integers(-(2**63) + 1, 2**63 - 1),
        id=st.integers(1, 2**63 - 1),
        sort_value=st.none(),
        text=st.just("{}"),
    )
)
def test_a_token_names_the_place_of_its_row(row: ListRow) -> None:
    token = next_token("model-package", row)
    assert query(NextToken=token).after == Position(
        created_ms=row.created_ms, name=row.name, number=row.number, id=row.id
    )


def test_a_token_can_be_sent_back() -> None:
    row = Row(253402300799999, "x" * 63, 999_999_999, 2**63 - 1, None, {})
    token = next_token("model-package", row)
    assert token.isascii()
    assert token.isprintable()
    assert len(token) <= 8192


def test_a_list_of_one_page_refuses_any_token() -> None:
    for token in ("x", next_token("model-package", ROW)):
        with pytest.raises(ValidationException, match=r"^Invalid NextToken\.$"):
            refuse_token({"NextToken": token})
    refuse_token({"NextToken": ""})
    refuse_token({})


def test_an_empty_token_asks_for_the_first_page() -> None:
    assert query(NextToken="").after is None


def test_a_token_of_another_list_is_refused() -> None:
    refused(next_token("model-package-group", ROW))


@pytest.mark.parametrize(
    "token",
    ["x", "garbage", "AAAA", "AAAAAA==", "=", "====", " ", "ä", "😀", "e30=", "a" * 8192, "null"],
    ids=lambda token: ascii(token[:10]),
)
def test_garbage_is_refused(token: str) -> None:
    refused(token)


def test_no_changed_character_goes_unnoticed() -> None:
    token = next_token("model-package", ROW)
    raw = base64.urlsafe_b64decode(token)
    for index, character in enumerate(token):
        for other in "A-z_9=+/ ":
            changed = token[:index] + other + token[index + 1 :]
            try:
                same = base64.b64decode(changed, altchars=b"-_", validate=True) == raw
            except ValueError:
                same = False
            if other != character and not same:
                refused(changed)


def test_a_shortened_token_is_refused() -> None:
    token = next_token("model-package", ROW)
    for length in range(1, len(token)):
        refused(token[:length])


@BOUNDED
@given(st.text(min_size=1, max_size=200))
def test_any_text_is_refused(token: str) -> None:
    refused(token)


@pytest.mark.parametrize(
    "place",
    [
        [],
        {},
        7,
        None,
        True,
        "abcde",
        ["model-package"],
        ["model-package", 1, "n"],
        ["model-package", 1, "n", 3],
        ["model-package", 1, "n", 3, 5],
        ["model-package", 1, "n", 3, None],
        ["model-package", 1, "n", 3, 5, None, None],
        ["model-package", 1, "n", 3, 5, ["s"]],
        ["model-package", 1, "n", 3, 5, {"s": 1}],
        ["model-package", 1, "n", 3, 5, 2**63],
        ["model-package", 1.5, "n", 3, 5, None],
        ["model-package", "1", "n", 3, 5, None],
        ["model-package", True, "n", 3, 5, None],
        ["model-package", 1, 3, 4, 5, None],
        ["model-package", 1, None, 3, 5, None],
        ["model-package", 1, "n", None, 5, None],
        ["model-package", 1, "n", 3, None, None],
        ["model-package", 1, "n", 3, 5.0, None],
        ["model-package", 1, "n", 3, True, None],
        ["model-package", 2**63, "n", 3, 5, None],
        ["model-package", 1, "n", -(2**63), 5, None],
        ["model-package", 1, "n", 10**400, 5, None],
        ["model-package", 1, "n", 3, 2**63, None],
        [["model-package"], 1, "n", 3, 5, None],
        [None, 1, "n", 3, 5, None],
        {"model-package": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6},
        b"",
        b"\xff",
        b"not json",
        b"[" * 6000,
    ],
    ids=range(35),
)
def test_a_token_with_a_right_checksum_over_the_wrong_place_is_refused(place: Any) -> None:
    refused(forged(place))
