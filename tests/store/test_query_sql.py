"""Queries as SQL, held against plain Python that asks the documents themselves."""

import json
import pathlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemock.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Each,
    Key,
    Label,
    Member,
    Not,
    Path,
    SomeElement,
    TagOf,
    Value,
)
from sagemock.ports import Position, Query, Row, Session
from sagemock.store.sqlite_store import SqliteStore

HERE = ("123456789012", "us-east-1")
BOUNDED = settings(max_examples=250, deadline=None, derandomize=True, database=None)

# A document, its strategies, and every kind of path through it. No NUL: SQLite ends a text there.
LETTERS = "abAB'\"\\%_./é京😀 "
TEXT = st.text(LETTERS, max_size=3)
NUMBER = st.one_of(
    st.integers(0, 3),
    st.integers(0, 4_102_444_800_000).map(lambda milliseconds: milliseconds / 1000),
)
KEY = st.text(LETTERS, min_size=1, max_size=2)
INNER = st.fixed_dictionaries({}, optional={"Text": TEXT, "Number": NUMBER})
ELEMENT = st.fixed_dictionaries(
    {},
    optional={
        "Text": TEXT,
        "Number": NUMBER,
        "Map": st.dictionaries(KEY, TEXT, max_size=2),
        "List": st.lists(INNER, max_size=2),
    },
)
DOCUMENT = st.fixed_dictionaries(
    {},
    optional={
        "Text": TEXT,
        "Number": NUMBER,
        "Flag": st.booleans(),
        "Inner": INNER,
        "Map": st.dictionaries(KEY, TEXT, max_size=2),
        "Texts": st.lists(TEXT, max_size=2),
        "List": st.lists(ELEMENT, max_size=3),
    },
)
TAGS = st.dictionaries(st.sampled_from(["a", "b'"]), TEXT, max_size=2)
INNER_PATHS: dict[str, list[Path]] = {"text": [("Text",)], "number": [("Number",)]}
ELEMENT_PATHS: dict[str, list[Path]] = {
    "text": [("Text",), ("Map", Key("a")), ("List", Each(), "Text")],
    "number": [("Number",), ("List", Each(), "Number")],
}
PATHS: dict[str, list[Path]] = {
    "text": [
        ("Text",),
        ("Inner", "Text"),
        ("Map", Key("a")),
        ("Map", Key("'\"")),
        ("Texts", Each()),
        ("List", Each(), "Text"),
        ("List", Each(), "Map", Key("a")),
        ("List", Each(), "List", Each(), "Text"),
    ],
    "number": [("Number",), ("Inner", "Number"), ("List", Each(), "List", Each(), "Number")],
    "flag": [("Flag",)],
}


def values_at(document: Any, path: Path) -> Iterator[Any]:
    """Every value a path leads to; what is not there is none."""
    if not path:
        yield document
        return
    step, rest = path[0], path[1:]
    if isinstance(step, Each):
        for element in document:
            yield from values_at(element, rest)
    else:
        name = step.key if isinstance(step, Key) else step
        if name in document:
            yield from values_at(document[name], rest)


class Resource:
    """A stored row beside what it was stored from."""

    def __init__(
        self, name: str, number: int, document: dict[str, Any], tags: dict[str, str]
    ) -> None:
        self.name, self.number, self.tags = name, number, tags
        self.document = {**document, "Arn": f"arn:{name}/{number}"}

    @property
    def label(self) -> str:
        return f"{self.name}/{self.number}" if self.number else self.name

    def values(self, value: Value, within: Any) -> list[Any]:
        if isinstance(value, Label):
            return [self.label]
        if isinstance(value, TagOf):
            return [each for key, each in self.tags.items() if value.key in (None, key)]
        return list(values_at(within, value.path))

    def meets(self, condition: Condition, within: Any) -> bool:
        if isinstance(condition, Not):
            return not self.meets(condition.condition, within)
        if isinstance(condition, AllOf):
            return all(self.meets(each, within) for each in condition.conditions)
        if isinstance(condition, AnyOf):
            return any(self.meets(each, within) for each in condition.conditions)
        if isinstance(condition, SomeElement):
            elements = values_at(within, (*condition.path, Each()))
            return any(self.meets(condition.condition, element) for element in elements)
        compares = COMPARISONS[condition.comparison]
        found = self.values(condition.value, within)
        return any(compares(value, condition.operand) for value in found)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, operand: bool(value == operand),
    "<": lambda value, operand: bool(value < operand),
    "<=": lambda value, operand: bool(value <= operand),
    ">": lambda value, operand: bool(value > operand),
    ">=": lambda value, operand: bool(value >= operand),
    "in": lambda value, operand: value in operand,
    "contains": lambda value, operand: operand in value,
    "exists": lambda _value, _operand: True,
}


def compares(value: st.SearchStrategy[Value], kind: str) -> st.SearchStrategy[Condition]:
    """Tests of a value that its kind allows."""
    exists: st.SearchStrategy[Condition] = st.builds(Compare, value, st.just("exists"))
    if kind == "text":
        # No empty text: the shapes allow none.
        some = st.text(LETTERS, min_size=1, max_size=2)
        return st.one_of(
            exists,
            st.builds(Compare, value, st.sampled_from(["=", "contains"]), some),
            st.builds(Compare, value, st.just("in"), st.lists(some, max_size=3).map(tuple)),
        )
    if kind == "number":
        orders = st.sampled_from(["=", "<", "<=", ">", ">="])
        return st.one_of(exists, st.builds(Compare, value, orders, NUMBER))
    return st.one_of(exists, st.builds(Compare, value, st.just("="), st.booleans()))


def joined(tests: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    return st.recursive(
        tests,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(AllOf, st.lists(inner, max_size=3).map(tuple)),
            st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
        ),
        max_leaves=5,
    )


def compares_at(paths: dict[str, list[Path]]) -> st.SearchStrategy[Condition]:
    return st.one_of(
        *(
            compares(st.sampled_from([Member(path) for path in found]), kind)
            for kind, found in paths.items()
        )
    )


def some_element() -> st.SearchStrategy[Condition]:
    """A condition on one element of a list, or of a list inside another's elements."""
    outer = joined(compares_at(ELEMENT_PATHS)).map(lambda each: SomeElement(("List",), each))
    inner = joined(compares_at(INNER_PATHS)).map(lambda each: SomeElement(("List",), each))
    return st.one_of(outer, inner.map(lambda each: SomeElement(("List",), each)))


OTHER_VALUES: st.SearchStrategy[Value] = st.sampled_from(
    [Label(), TagOf("Arn", "a"), TagOf("Arn", "b'"), TagOf("Arn", "unknown")]
)
CONDITION = joined(
    st.one_of(
        compares_at(PATHS),
        compares(OTHER_VALUES, "text"),
        st.just(Compare(TagOf("Arn", None), "exists")),
        some_element(),
    )
)
SORTS: list[tuple[Value, ...]] = [
    (),
    (Member(("Text",)),),
    (Member(("Number",)),),
    (Member(("Flag",)),),
    (Member(("Number",)), Member(("Inner", "Number"))),
    (Member(("Map", Key("a"))),),
    (TagOf("Arn", "a"),),
]
ORDERS = st.builds(
    Query,
    kind=st.just("shelf"),
    limit=st.integers(1, 4),
    sort=st.sampled_from(SORTS),
    by_name=st.booleans(),
    descending=st.booleans(),
)
Contents = list[tuple[dict[str, Any], dict[str, str]]]
CONTENTS = st.lists(st.tuples(DOCUMENT, TAGS), max_size=8)


@pytest.fixture(scope="module")
def store() -> Iterator[SqliteStore]:
    store = SqliteStore(":memory:")
    yield store
    store.close()


def fill(store: SqliteStore, contents: Contents) -> list[Resource]:
    """The resources of an emptied store: names and numbers that do not sort like one another."""
    store.reset()
    keys = [("b", 10), ("b", 9), ("a", 0), ("B", 2), ("a-b", 0), ("c", 1), ("é", 0), ("c", 11)]
    resources = [
        Resource(name, number, document, tags)
        for (name, number), (document, tags) in zip(keys, contents, strict=False)
    ]
    with store.writing(*HERE) as session:
        for each in resources:
            # Some were created at the same time.
            session.add("shelf", each.name, each.number, each.number % 3, each.document)
            session.put_tags(each.document["Arn"], each.tags)
    return resources


def sort_value_of(resource: Resource, query: Query) -> Any:
    for value in query.sort:
        found = resource.values(value, resource.document)
        if found:
            return found[0]
    return None


def in_order(resources: list[Resource], query: Query) -> list[str]:
    def place(resource: Resource) -> tuple[Any, ...]:
        if query.sort:
            value = sort_value_of(resource, query)
            key = (False, 0) if value is None else (True, value)
            return (*key, resource.name, resource.number)
        if query.by_name:
            return (resource.name, resource.number)
        return (resource.number % 3, resource.name, resource.number)

    return [each.label for each in sorted(resources, key=place, reverse=query.descending)]


def label(row: Row) -> str:
    return f"{row.name}/{row.number}" if row.number else row.name


def page_by_page(session: Session, query: Query) -> Iterator[list[Row]]:
    while page := session.page(query):
        yield page
        last = page[-1]
        place = Position(last.created_ms, last.name, last.number, last.sort_value)
        query = replace(query, after=place)


@BOUNDED
@given(contents=CONTENTS, condition=CONDITION)
def test_a_condition_holds_where_plain_python_says_so(
    store: SqliteStore, contents: Contents, condition: Condition
) -> None:
    resources = fill(store, contents)
    query = Query("shelf", 100, by_name=True, where=condition)
    expected = in_order([each for each in resources if each.meets(condition, each.document)], query)
    with store.reading(*HERE) as session:
        assert [label(row) for row in session.page(query)] == expected
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
@given(contents=CONTENTS, query=ORDERS)
def test_pages_join_to_the_whole_in_every_order(
    store: SqliteStore, contents: Contents, query: Query
) -> None:
    resources = fill(store, contents)
    with store.reading(*HERE) as session:
        pages = list(page_by_page(session, query))
        assert session.count(query, 100) == len(resources)
    assert [label(row) for page in pages for row in page] == in_order(resources, query)
    assert all(len(page) == query.limit for page in pages[:-1])


@BOUNDED
@given(contents=CONTENTS, condition=CONDITION, query=ORDERS, data=st.data())
def test_what_is_deleted_between_pages_makes_nothing_else_come_twice_or_be_missed(
    store: SqliteStore,
    contents: Contents,
    condition: Condition,
    query: Query,
    data: st.DataObject,
) -> None:
    resources = fill(store, contents)
    query = replace(query, where=condition)
    whole = in_order([each for each in resources if each.meets(condition, each.document)], query)
    seen: list[str] = []
    deleted: set[str] = set()
    with store.writing(*HERE) as session:
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
    with store.writing(*HERE) as session:
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
    query = Query("shelf", 1, sort=(Member(("Text",)),))
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
        rows = session.page(Query("shelf", 9, sort=(Member(path),)))
        assert [row.number for row in rows] == expected


def test_tags_are_those_of_the_arn_and_of_no_other(session: Session) -> None:
    kept(session, {"Arn": "arn:1"}, {"Arn": "arn:2"})
    session.put_tags("arn:1", {"team": "a"})
    session.put_tags("arn:", {"team": "b"})
    assert found(session, Compare(TagOf("Arn", "team"), "exists")) == [1]
    assert found(session, Compare(TagOf("Arn", None), "exists")) == [1]
    assert found(session, Compare(TagOf("Arn", "Team"), "exists")) == []
    assert session.tag_keys("arn:") == ["team"]
    assert session.tag_keys("arn:2") == []
