"""By which index a query is read, and that nothing is sorted or scanned that need not be."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from sessions import writing

from sagemock.conditions import AllOf, Compare, Created, Member, Modified, Name, TagOf
from sagemock.ports import Kind, Query
from sagemock.store import plan
from sagemock.store.sqlite_store import SqliteStore

HERE = ("123456789012", "us-east-1")
INDEXED = {"Status": None, "State": "usual"}
APPROVED = Compare(Member(("Status",)), "=", "a")
CREATED_OF_NAME = "resource_named_created"
SORTED = "USE TEMP B-TREE FOR ORDER BY"


@pytest.fixture(scope="module")
def store() -> Iterator[SqliteStore]:
    """Ten shelves of fifty, of which one in five is `a`; none is out of the usual but the last."""
    kinds = {"shelf": Kind(list_row=dict, made_by="1", indexed=INDEXED)}
    store = SqliteStore(":memory:", kinds=kinds)
    with writing(store, *HERE) as session:
        for number in range(500):
            document = {
                "Status": "a" if number % 5 == 0 else "b",
                "State": "odd" if number == 499 else "usual",
            }
            session.add("shelf", f"name-{number % 10}", number // 10 + 1, number, document)
        session.add("shelf", "alone", 0, 1000, {})
        session.add("shelf", "late", 1, 2000, {"Status": "a"})
        session.add("shelf", "late", 2, 1500, {"Status": "a"})
        session.put_tags("shelf", "alone", 0, {"team": "x"})
    yield store
    store.close()


def steps(store: SqliteStore, query: Query, few: int) -> list[str]:
    """What SQLite says it will do for a page."""
    asked: list[tuple[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch, store.reading(*HERE) as session:
        patch.setattr(plan, "FEW", few)
        execute = session._execute  # type: ignore[attr-defined]

        def explained(sql: str, values: Any = ()) -> sqlite3.Cursor:
            asked.append((sql, values))
            cursor: sqlite3.Cursor = execute(sql, values)
            return cursor

        session._execute = explained  # type: ignore[attr-defined]
        session.list_rows(query)
        sql, values = asked[-1]
        return [row[3] for row in execute(f"EXPLAIN QUERY PLAN {sql}", values)]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "resource_created"),
        ({"order": "name"}, "resource_name"),
        ({"order": "modified"}, "resource_modified"),
        ({"numbered": True}, "resource_created"),
        ({"numbered": False}, "resource_unnumbered_created"),
        ({"numbered": False, "order": "name"}, "resource_unnumbered_name"),
        ({"created_after_ms": 9}, "resource_created"),
        ({"where": APPROVED}, "declared_shelf_Status"),
        ({"where": APPROVED, "created_before_ms": 9}, "declared_shelf_Status"),
        ({"name": "name-1"}, "resource_named_created"),
        ({"name": "name-1", "created_after_ms": 9}, "resource_named_created"),
        ({"name": "name-1", "order": "name"}, "resource_name"),
        ({"name": "name-1", "where": APPROVED}, "declared_shelf_Status_named"),
        # The numbers of a name follow one another in time, unless one came late.
        (
            {"name": "name-5", "where": APPROVED, "order": "name"},
            "declared_shelf_Status_named",
        ),
        ({"name": "name-1", "created_after_ms": 9, "order": "name"}, CREATED_OF_NAME),
        ({"where": Compare(Name(), "=", "name-1")}, "resource_named_created"),
        ({"where": Compare(Member(("State",)), "=", "odd")}, "declared_shelf_State"),
        ({"where": Compare(Member(("State",)), "=", "usual")}, "resource_created"),
        ({"where": Compare(Modified(), ">", 5), "order": "modified"}, "resource_modified"),
    ],
)
def test_a_page_is_read_along_one_index_and_nothing_is_sorted(
    store: SqliteStore, query: dict[str, Any], index: str, *, descending: bool
) -> None:
    for few in (0, 2000):
        told = steps(store, Query("shelf", 3, descending=descending, **query), few)
        assert len(told) == 1
        assert f"USING INDEX {index} " in told[0]


@pytest.mark.parametrize(
    ("query", "narrow", "along"),
    [
        ({"where": APPROVED, "order": "name"}, "declared_shelf_Status", "resource_name"),
        ({"where": APPROVED, "order": "modified"}, "declared_shelf_Status", "resource_modified"),
        ({"created_after_ms": 490, "order": "name"}, "resource_created", "resource_name"),
        ({"name": "name-1", "order": "modified"}, "resource_name", "resource_modified"),
        (
            {"name": "late", "where": APPROVED, "order": "name"},
            "declared_shelf_Status_named",
            "resource_name",
        ),
        (
            {"name": "late", "created_after_ms": 1, "order": "name"},
            CREATED_OF_NAME,
            "resource_name",
        ),
        (
            {"where": AllOf((APPROVED, Compare(Created(), ">", 5))), "order": "modified"},
            "declared_shelf_Status",
            "resource_modified",
        ),
    ],
)
def test_few_are_sorted_and_many_are_met_on_the_way(
    store: SqliteStore, query: dict[str, Any], narrow: str, along: str
) -> None:
    some = steps(store, Query("shelf", 3, **query), few=2000)
    assert any(f"USING INDEX {narrow} " in step for step in some)
    assert SORTED in some
    many = steps(store, Query("shelf", 3, **query), few=0)
    assert f"USING INDEX {along} " in many[0]
    assert SORTED not in many


def test_what_has_a_tag_is_found_by_the_tag(store: SqliteStore) -> None:
    told = steps(store, Query("shelf", 3, where=Compare(TagOf("team"), "=", "x")), few=2000)
    assert any("tag_value" in step for step in told)
    assert any("INTEGER PRIMARY KEY" in step for step in told)


def test_what_no_index_knows_is_scanned_along_the_order(store: SqliteStore) -> None:
    where = Compare(Member(("Other",)), "=", "x")
    told = steps(store, Query("shelf", 3, where=where), few=2000)
    assert "USING INDEX resource_created " in told[0]
    assert len(told) == 1
