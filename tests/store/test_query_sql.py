"""Queries as SQL, held against plain Python that asks the documents themselves."""

import json
import pathlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from query_oracle import CONDITION, CONTENTS, KEYS, QUERY, Contents, Resource, chosen
from sessions import writing

from sagemock.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Each,
    Label,
    Member,
    Not,
    TagOf,
)
from sagemock.ports import Kind, ListRow, Position, Query, Row, Session
from sagemock.store.sqlite_store import SqliteStore

HERE = ("123456789012", "us-east-1")
BOUNDED = settings(max_examples=250, deadline=None, derandomize=True, database=None)


@pytest.fixture(scope="module")
def store() -> Iterator[SqliteStore]:
    indexed = {"Text": None, "Usual": "usual"}
    kinds = {"shelf": Kind(list_row=dict, made_by="1", indexed=indexed)}
    store = SqliteStore(":memory:", kinds=kinds)
    yield store
    store.close()


def fill(store: SqliteStore, contents: Contents) -> list[Resource]:
    """The resources of an emptied store."""
    store.reset()
    resources = [
        Resource(row, key, document, tags)
        for row, (key, (document, tags)) in enumerate(zip(KEYS, contents, strict=False))
    ]
    with writing(store, *HERE) as session:
        for each in resources:
            session.add("shelf", each.name, each.number, each.created_ms, {})
            session.put("shelf", each.name, each.number, each.document, each.modified_ms)
            session.put_tags("shelf", each.name, each.number, each.tags)
    return resources


def label(row: Row | ListRow) -> str:
    return f"{row.name}/{row.number}" if row.number else row.name


def page_by_page(session: Session, query: Query) -> Iterator[list[Row]]:
    while page := session.page(query):
        yield page
        last = page[-1]
        place = Position(*last[:5])
        query = replace(query, after=place)


@BOUNDED
@given(contents=CONTENTS, query=QUERY)
def test_a_query_finds_what_plain_python_finds(
    store: SqliteStore, contents: Contents, query: Query
) -> None:
    expected = chosen(fill(store, contents), query)
    with store.reading(*HERE) as session:
        whole = session.page(replace(query, limit=100))
        assert [label(row) for row in whole] == expected
        assert [label(row) for row in session.list_rows(replace(query, limit=100))] == expected
        assert session.count(query, 100) == len(expected)


@BOUNDED
@given(contents=CONTENTS, condition=CONDITION)
def test_a_condition_and_its_negation_part_all_there_is(
    store: SqliteStore, contents: Contents, condition: Condition
) -> None:
    resources = fill(store, contents)
    with store.reading(*HERE) as session:
        found = [
            label(row)
            for where in (condition, Not(condition))
            for row in session.page(Query("shelf", 100, where=where))
        ]
    assert sorted(found) == sorted(each.label for each in resources)


@BOUNDED
@given(contents=CONTENTS, query=QUERY, few=st.sampled_from([0, 1, 2000]))
def test_pages_join_to_the_whole_whether_walked_or_sorted(
    store: SqliteStore, contents: Contents, query: Query, few: int
) -> None:
    expected = chosen(fill(store, contents), query)
    with pytest.MonkeyPatch.context() as patch, store.reading(*HERE) as session:
        patch.setattr("sagemock.store.plan.FEW", few)
        pages = list(page_by_page(session, query))
    assert [label(row) for page in pages for row in page] == expected
    assert all(len(page) == query.limit for page in pages[:-1])


@BOUNDED
@given(contents=CONTENTS, query=QUERY, data=st.data())
def test_what_is_deleted_between_pages_makes_nothing_else_come_twice_or_be_missed(
    store: SqliteStore, contents: Contents, query: Query, data: st.DataObject
) -> None:
    resources = fill(store, contents)
    whole = chosen(resources, query)
    seen: list[str] = []
    deleted: set[str] = set()
    with writing(store, *HERE) as session:
        for page in page_by_page(session, query):
            seen += [label(row) for row in page]
            left = [each for each in resources if each.label not in deleted]
            for each in data.draw(st.lists(st.sampled_from(left), max_size=2, unique=True)):
                session.remove("shelf", each.name, each.number)
                deleted.add(each.label)
    assert [each for each in whole if each in seen or each not in deleted] == seen


def kept(session: Session, *documents: dict[str, Any]) -> None:
    for number, document in enumerate(documents, start=1):
        session.add("shelf", "a", number, number, document)


def found(session: Session, where: Condition) -> list[int]:
    return [row.number for row in session.page(Query("shelf", 100, where=where))]


@pytest.fixture
def session(tmp_path: pathlib.Path) -> Iterator[Session]:
    store = SqliteStore(tmp_path / "test.db")
    with writing(store, *HERE) as session:
        yield session
    store.close()


def test_nothing_is_none_of_all_and_all_of_none(session: Session) -> None:
    kept(session, {}, {})
    assert found(session, AllOf(())) == [1, 2]
    assert found(session, AnyOf(())) == []


def test_a_text_that_looks_like_json_is_a_text(session: Session) -> None:
    hard = json.dumps({"Text": [1, "a"]})
    kept(session, {"Text": hard, "Texts": [hard]}, {"Text": "null", "Texts": ["1"]})
    for path in (("Text",), ("Texts", Each())):
        assert found(session, Compare(Member(path), "=", hard)) == [1]
        assert found(session, Compare(Member(path), "exists")) == [1, 2]
    assert found(session, Compare(Member(("Texts", Each())), "=", "1")) == [2]


def test_false_zero_and_nothing_in_a_text_are_there(session: Session) -> None:
    kept(session, {"Flag": False, "Number": 0, "Text": ""}, {})
    for name in ("Flag", "Number", "Text"):
        assert found(session, Compare(Member((name,)), "exists")) == [1]


def test_what_is_searched_lies_in_one_account_and_region(session: Session) -> None:
    kept(session, {"Text": "a"})
    where = AnyOf((Compare(Member(("Text",)), "=", "a"), Compare(Label(), "exists")))
    assert session.count(Query("shelf", 1, where=where), 10) == 1
    assert session.count(Query("other", 1, where=where), 10) == 0


def test_counting_goes_no_further_than_asked(session: Session) -> None:
    kept(session, *({} for _ in range(5)))
    assert session.count(Query("shelf", 1), 3) == 3
    assert session.count(Query("shelf", 1), 5) == 5
    assert session.count(Query("shelf", 1), 6) == 5


def test_texts_that_begin_alike_are_sorted_by_name_and_number(session: Session) -> None:
    kept(session, {"Text": "x" * 256 + "b"}, {"Text": "x" * 256 + "a"}, {"Text": "x" * 255})
    query = Query("shelf", 1, order=Member(("Text",)))
    pages = list(page_by_page(session, query))
    assert [row.number for page in pages for row in page] == [3, 1, 2]
    assert max(len(str(row.sort_value)) for page in pages for row in page) == 256


def test_of_a_list_the_first_element_is_sorted_by(session: Session) -> None:
    kept(
        session,
        {"List": [{"Text": "b", "List": [{"Text": "x"}]}, {"Text": "a"}]},
        {"List": [{"Text": "a", "List": [{"Text": "z"}, {"Text": "a"}]}]},
        {"List": []},
    )
    for path, expected in (
        (("List", Each(), "Text"), [3, 2, 1]),
        (("List", Each(), "List", Each(), "Text"), [3, 1, 2]),
    ):
        rows = session.page(Query("shelf", 9, order=Member(path)))
        assert [row.number for row in rows] == expected


def test_tags_are_those_of_the_resource_and_of_no_other(session: Session) -> None:
    kept(session, {}, {})
    session.put_tags("shelf", "a", 1, {"team": "a"})
    session.put_tags("other", "a", 1, {"team": "b"})
    assert found(session, Compare(TagOf("team"), "exists")) == [1]
    assert found(session, Compare(TagOf(None), "exists")) == [1]
    assert found(session, Compare(TagOf("Team"), "exists")) == []
    assert session.tag_keys("shelf") == ["team"]
    assert session.tag_keys("other") == []
