"""What a database derives from its documents: list rows, indexes, names in use."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sessions import writing

from sagemock.conditions import Compare, Member
from sagemock.ports import Kind, Query, StorageFailed
from sagemock.store.sqlite_store import SqliteStore, StoreError

HERE = ("123456789012", "us-east-1")


def shelf(*members: str, indexed: Mapping[str, str | None] | None = None) -> dict[str, Kind]:
    """A kind whose lists show these members."""

    def list_row(document: Mapping[str, Any]) -> dict[str, Any]:
        return {name: document[name] for name in members if name in document}

    return {"shelf": Kind(list_row=list_row, made_by="/".join(members), indexed=indexed or {})}


def rows(store: SqliteStore) -> list[str]:
    with store.reading(*HERE) as session:
        return [row.text for row in session.list_rows(Query("shelf", 9))]


def declared(store: SqliteStore) -> set[str]:
    found = store._file.writer.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'declared%'"
    )
    return {name for (name,) in found}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one resource, whose lists show A."""
    path = tmp_path / "test.db"
    store = SqliteStore(path, kinds=shelf("A"))
    with writing(store, *HERE) as session:
        session.add("shelf", "a", 0, 1, {"A": "é", "B": 2, "Status": "odd"})
    assert rows(store) == ['{"A":"é"}']
    store.close()
    return path


def test_list_rows_are_made_anew_when_lists_show_something_else(path: Path) -> None:
    store = SqliteStore(path, kinds=shelf("A", "B"))
    assert rows(store) == ['{"A":"é","B":2}']
    store.close()


def test_list_rows_are_kept_while_lists_show_the_same(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE resource SET summary = '{\"kept\":1}'")
    connection.close()
    store = SqliteStore(path, kinds=shelf("A"))
    assert rows(store) == ['{"kept":1}']
    store.close()


def test_a_list_row_follows_its_document(path: Path) -> None:
    store = SqliteStore(path, kinds=shelf("A"))
    with writing(store, *HERE) as session:
        session.put("shelf", "a", 0, {"A": 3})
    assert rows(store) == ['{"A":3}']
    store.close()


def test_indexes_come_and_go_with_what_is_declared(path: Path) -> None:
    for indexed, expected in (
        ({"Status": None}, {"declared_shelf_Status", "declared_shelf_Status_named"}),
        ({"Status": "usual", "A": "b"}, {"declared_shelf_Status", "declared_shelf_A"}),
        ({}, set()),
    ):
        store = SqliteStore(path, kinds=shelf("A", indexed=indexed))
        assert declared(store) == expected
        with store.reading(*HERE) as session:
            query = Query("shelf", 9, where=Compare(Member(("Status",)), "=", "odd"))
            assert session.count(query, 9) == 1
        store.close()


def test_a_name_is_in_use_as_long_as_anything_has_it(path: Path) -> None:
    def found(part: str) -> int:
        with store.reading(*HERE) as session:
            return session.count(Query("shelf", 9, contains=part), 9)

    def names() -> tuple[int, int]:
        execute = store._file.writer.execute
        (names,) = execute("SELECT count(*) FROM name WHERE name = 'churn'").fetchone()
        (parts,) = execute(
            "SELECT count(*) FROM name_part WHERE name_part MATCH '\"churn\"'"
        ).fetchone()
        return names, parts

    store = SqliteStore(path, kinds=shelf("A"))
    with writing(store, *HERE) as session:
        for number in (1, 2):
            session.add("shelf", "churn", number, number, {})
    assert found("hur") == 2
    assert names() == (1, 1)
    with writing(store, *HERE) as session:
        session.remove("shelf", "CHURN", 1)
    assert found("hur") == 1
    assert names() == (1, 1)
    with writing(store, *HERE) as session:
        session.remove("shelf", "churn", 2)
    assert found("hur") == 0
    assert names() == (0, 0)
    store.close()


def test_a_document_that_is_no_json_any_more_is_damage(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE resource SET document = '{\"A\":' || char(0)")
    connection.close()
    with pytest.raises(StoreError, match=r"test\.db is damaged: the document of shelf a 0 is no"):
        SqliteStore(path, kinds=shelf("A"))


def test_a_document_that_is_damaged_while_served_is_a_failure_of_the_storage(path: Path) -> None:
    store = SqliteStore(path, kinds=shelf("A"))
    store._file.writer.execute("UPDATE resource SET document = '{'")
    with pytest.raises(StorageFailed, match="damaged"), store.reading(*HERE) as session:
        session.get("shelf", "a")
    store.close()
