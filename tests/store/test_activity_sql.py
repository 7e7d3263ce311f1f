"""The log's queries: along its order, or by what a record is about; never by sorting it."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sessions import writing

from conftest import FIXTURES
from sagemock.ports import Activity, ActivityQuery, Recorded
from sagemock.store.activity_sql import activities
from sagemock.store.sqlite_store import SqliteStore

PLACE = ("123456789012", "us-east-1")
RESOURCE = ("model-package", "Churn", 1)
OF_RESOURCE = ActivityQuery(5, *PLACE, resource=RESOURCE)


def record(number: int, **facts: Any) -> Activity:
    return replace(
        Activity(
            at_ms=1000 + number,
            change="changed",
            kind="model-package",
            name="Churn",
            number=number % 3,
            operation="UpdateModelPackage",
            principal=f"user {number % 2}",
            request_id=f"{number}",
            before={"a": number},
            after={"ä": [None, "🦀"]},
        ),
        **facts,
    )


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    """A store of thirty records, and as many of each of two other places."""
    store = SqliteStore(":memory:")
    for place in (PLACE, ("123456789012", "eu-west-1"), ("210987654321", "us-east-1")):
        with writing(store, *place) as session:
            for number in range(30):
                session.record(record(number))
    yield store
    store.close()


def plan_of(store: SqliteStore, query: ActivityQuery) -> str:
    """How SQLite goes about the statement that a query comes to."""
    plans = []

    def explaining(sql: str, values: Any) -> Any:
        rows = store._file.writer.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        plans.append("; ".join(row[3] for row in rows))
        return store._file.writer.execute(sql, values)

    activities(explaining, query)
    (plan,) = plans
    return plan


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"before_id": 7},
        {"after_id": 7},
        {"until_ms": 5},
        {"since_ms": 5},
        {"principal": "user 1", "operation": "x"},
    ],
    ids=str,
)
def test_the_records_of_a_resource_are_found_by_their_index_in_order(
    store: SqliteStore, more: dict[str, Any]
) -> None:
    plan = plan_of(store, replace(OF_RESOURCE, **more))
    assert plan.startswith("SEARCH activity USING INDEX activity_of (account=? AND region=? AND ")
    assert "number=?" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "SCAN activity"),
        ({"principal": "user 1"}, "SCAN activity"),
        ({"account": PLACE[0], "region": PLACE[1]}, "SCAN activity"),
        ({"operation": "x", "since_ms": 5, "until_ms": 6}, "SCAN activity"),
        ({"before_id": 7}, "SEARCH activity USING INTEGER PRIMARY KEY (rowid<?)"),
        ({"after_id": 7}, "SEARCH activity USING INTEGER PRIMARY KEY (rowid>?)"),
    ],
    ids=str,
)
def test_all_else_goes_along_the_order_of_the_log(
    store: SqliteStore, more: dict[str, Any], expected: str
) -> None:
    assert plan_of(store, ActivityQuery(limit=5, **more)) == expected


def numbers(found: list[Recorded]) -> list[int]:
    return [each.id for each in found]


def test_a_session_tells_of_its_own_account_and_region_only(store: SqliteStore) -> None:
    with store.reading("123456789012", "eu-west-1") as session:
        assert numbers(session.activities(ActivityQuery(limit=99))) == list(range(60, 30, -1))
        other = ActivityQuery(99, "210987654321", "us-east-1")
        assert numbers(session.activities(other)) == list(range(60, 30, -1))


def test_bounds_by_number_are_exclusive_and_by_time_are_not(store: SqliteStore) -> None:
    asked = ActivityQuery(99, *PLACE)
    by_number = replace(asked, after_id=10, before_id=13)
    assert numbers(store.activities(by_number)) == [12, 11]
    by_time = replace(asked, since_ms=1010, until_ms=1012)
    assert numbers(store.activities(by_time)) == [13, 12, 11]


@pytest.mark.parametrize("name", ["Churn", "churn", "CHURN"])
def test_a_resource_is_found_whatever_the_case_and_told_as_it_was_written(
    store: SqliteStore, name: str
) -> None:
    query = replace(OF_RESOURCE, resource=("model-package", name, 1), limit=3)
    found = store.activities(query)
    assert numbers(found) == [29, 26, 23]
    assert found[0] == Recorded(29, *PLACE, record(28))


def test_a_name_is_matched_whole(store: SqliteStore) -> None:
    for name in ("chur", "churn%", "_hurn", "churn "):
        query = replace(OF_RESOURCE, resource=("model-package", name, 1))
        assert store.activities(query) == []


def test_what_was_forgotten_is_the_same_log_without_its_oldest(store: SqliteStore) -> None:
    whole = store.activities(ActivityQuery(limit=99))
    assert store.forget_activities(1012) == 12
    assert store.activities_since_ms() == 1012
    # The others' records of that time came after one that stays.
    assert store.activities(ActivityQuery(limit=99)) == whole[:-12]
    assert store.forget_activities(900) == 0
    assert store.activities_since_ms() == 1012


@pytest.mark.parametrize("number", [1, 2])
def test_in_a_migrated_database_a_resource_is_found_by_the_index(
    number: int, tmp_path: Path
) -> None:
    shutil.copy(FIXTURES / "databases" / f"schema-{number}.db", tmp_path / "registry.db")
    store = SqliteStore(tmp_path / "registry.db")
    group = ("model-package-group", "ALPHA", 0)
    query = ActivityQuery(99, "111122223333", "us-east-1", resource=group)
    assert "INDEX activity_of" in plan_of(store, query)
    operations = [each.activity.operation for each in store.activities(query)]
    store.close()
    # A registry of the first schema had no log.
    assert ("CreateModelPackageGroup" in operations) == (number > 1)
