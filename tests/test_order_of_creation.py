"""What was made first is listed first, whatever a clock says; page by page, and after a load."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sagemock
from conftest import FIXTURES
from sagemock.clock import TurnableClock
from sagemock.contents import Stored
from sagemock.snapshot import canonical, parsed
from sagemock.snapshot_order import in_order, with_places

VERSION_2 = FIXTURES / "snapshots" / "version-2.json"
NOON = "2026-01-31T12:00:00Z"
NAMES = ["zeta", "alpha", "Mu", "beta", "mu-2"]
"""In this order; neither times nor names would tell it."""
INFERENCE = {
    "Containers": [{"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
    "SupportedTransformInstanceTypes": ["ml.m5.large"],
    "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
}
LISTS = {
    "list_model_package_groups": "ModelPackageGroupName",
    "list_model_packages": "ModelPackageName",
}


def make(client: Any, names: list[str]) -> None:
    for name in names:
        client.create_model_package_group(ModelPackageGroupName=name)
        client.create_model_package(ModelPackageName=name, InferenceSpecification=INFERENCE)


def pages(client: Any, operation: str, **asked: Any) -> Iterator[list[Any]]:
    """The rows of a list, two a page."""
    paginator = client.get_paginator(operation)
    for page in paginator.paginate(**asked, PaginationConfig={"PageSize": 2}):
        yield page[paginator.result_keys[0].expression]


def listed(client: Any, operation: str, **asked: Any) -> list[str]:
    rows = [row for page in pages(client, operation, **asked) for row in page]
    return [row[LISTS[operation]] for row in rows]


@pytest.mark.parametrize("operation", LISTS)
def test_a_frozen_clock_leaves_the_order(
    sagemock_client: Any, sagemock_clock: TurnableClock, operation: str
) -> None:
    sagemock_clock.freeze(NOON)
    make(sagemock_client, NAMES)
    assert listed(sagemock_client, operation, SortOrder="Ascending") == NAMES
    assert listed(sagemock_client, operation, SortOrder="Descending") == NAMES[::-1]
    by_name = sorted(NAMES)
    assert listed(sagemock_client, operation, SortBy="Name", SortOrder="Ascending") == by_name


def test_a_clock_that_was_turned_back_puts_first_what_has_the_earlier_time(
    sagemock_client: Any, sagemock_clock: TurnableClock
) -> None:
    sagemock_clock.freeze(NOON)
    make(sagemock_client, NAMES[:2])
    sagemock_clock.freeze("2026-01-30T12:00:00Z")
    make(sagemock_client, NAMES[2:])
    expected = [*NAMES[2:], *NAMES[:2]]
    assert listed(sagemock_client, "list_model_package_groups") == expected


@pytest.mark.parametrize("sort_by", ["CreationTime", "LastModifiedTime", "ModelPackageStatus"])
def test_a_search_breaks_ties_by_it_too(
    sagemock_client: Any, sagemock_clock: TurnableClock, sort_by: str
) -> None:
    sagemock_clock.freeze(NOON)
    make(sagemock_client, NAMES)
    for order, expected in (("Ascending", NAMES), ("Descending", NAMES[::-1])):
        found = [
            result["ModelPackage"]["ModelPackageName"]
            for page in pages(
                sagemock_client, "search", Resource="ModelPackage", SortBy=sort_by, SortOrder=order
            )
            for result in page
        ]
        assert found == expected


def test_what_is_made_between_two_pages_of_one_moment_comes_once(
    sagemock_client: Any, sagemock_clock: TurnableClock
) -> None:
    sagemock_clock.freeze(NOON)
    make(sagemock_client, NAMES[:3])
    asked = pages(sagemock_client, "list_model_package_groups")
    first = next(asked)
    sagemock_client.delete_model_package_group(ModelPackageGroupName=NAMES[1])
    make(sagemock_client, NAMES[3:])
    later = [row for page in asked for row in page]
    assert [row["ModelPackageGroupName"] for row in [*first, *later]] == NAMES


class TestSnapshot:
    def test_it_says_which_was_added_where_times_and_names_do_not(self) -> None:
        with sagemock.running() as server:
            server.service.clock.freeze(NOON)
            make(server.client("sagemaker"), NAMES)
            assert canonical(server.service.snapshot()) == VERSION_2.read_bytes()

    def test_it_is_loaded_in_that_order_and_saved_as_it_was(self) -> None:
        kept = VERSION_2.read_bytes()
        with sagemock.running() as server:
            client = server.client("sagemaker")
            make(client, ["gone"])
            server.service.load(parsed(kept))
            for operation in LISTS:
                assert listed(client, operation, SortOrder="Ascending") == NAMES
            assert canonical(server.service.snapshot()) == kept

    def test_a_file_that_somebody_took_things_out_of_is_loaded_too(self) -> None:
        content = parsed(VERSION_2.read_bytes())
        (place,) = content["accounts"]["123456789012"].values()
        groups = place["resources"]["ModelPackageGroup"]
        groups[:] = [
            each for each in groups if each["document"]["ModelPackageGroupName"] not in NAMES[1:3]
        ]
        with sagemock.running() as server:
            server.service.load(content)
            client = server.client("sagemaker")
            left = ["zeta", "beta", "mu-2"]
            assert listed(client, "list_model_package_groups") == left


STORED = st.builds(
    Stored,
    account=st.just("123456789012"),
    region=st.just("us-east-1"),
    kind=st.just("shelf"),
    name=st.sampled_from(["a", "b", "C"]),
    number=st.integers(0, 4),
    created_ms=st.integers(0, 3),
    modified_ms=st.just(0),
    due_ms=st.none(),
    document=st.just({}),
    tags=st.just({}),
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(added=st.lists(STORED, unique_by=lambda each: each[:5]), shuffled=st.randoms())
def test_any_order_can_be_read_back_from_a_sorted_file(added: list[Stored], shuffled: Any) -> None:
    shown = list(with_places(added))
    assert [stored[3:5] for stored, _ in shown] == sorted(stored[3:5] for stored in added)
    shuffled.shuffle(shown)
    assert in_order(shown) == added


@given(added=st.lists(STORED, unique_by=lambda each: each[:5]))
def test_nothing_is_said_where_times_and_names_tell_it(added: list[Stored]) -> None:
    told = sorted(added, key=lambda each: (each.created_ms, each.name, each.number))
    assert all(place is None for _, place in with_places(told))
