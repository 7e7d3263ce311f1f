"""Queries answered by plain Python that asks the documents themselves, and examples of both."""

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from sagemock.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Created,
    Each,
    Key,
    Label,
    Member,
    Modified,
    Name,
    Not,
    Number,
    Path,
    SomeElement,
    TagOf,
    Value,
)
from sagemock.ports import Order, Query

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
        "Usual": st.sampled_from(["usual", "a", "b"]),
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
        ("Usual",),
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
        self, row: int, key: tuple[str, int], document: dict[str, Any], tags: dict[str, str]
    ) -> None:
        self.row, self.tags = row, tags
        self.name, self.number = key
        self.document = document
        # Some were created at the same time, and some were modified since.
        self.created_ms = self.number % 3
        self.modified_ms = self.created_ms + len(document) % 2

    @property
    def label(self) -> str:
        return f"{self.name}/{self.number}" if self.number else self.name

    def values(self, value: Value, within: Any) -> list[Any]:
        facts: dict[type, Any] = {
            Label: self.label,
            Name: self.name,
            Number: self.number,
            Created: self.created_ms,
            Modified: self.modified_ms,
        }
        if type(value) in facts:
            return [facts[type(value)]]
        if isinstance(value, TagOf):
            return [each for key, each in self.tags.items() if value.key in (None, key)]
        assert isinstance(value, Member)
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


OTHER_TEXTS: st.SearchStrategy[Value] = st.sampled_from(
    [Label(), Name(), TagOf("a"), TagOf("b'"), TagOf("unknown")]
)
TIMES: st.SearchStrategy[Value] = st.sampled_from([Created(), Modified()])
PARTS = ["a", "b/", "1", "/1", "é", "urn", "Churn", "churn-2/1", "-2", "11", "a-b", "rn-", "/"]
NAMES = st.sampled_from(["a", "A", "b", "B", "c", "x"])
NAMED: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Compare, st.just(Name()), st.just("="), NAMES),
    st.builds(Compare, st.just(Name()), st.just("in"), st.lists(NAMES, max_size=3).map(tuple)),
)
INDEXED: st.SearchStrategy[Condition] = st.one_of(
    st.builds(
        Compare,
        st.sampled_from([Member(("Text",)), Member(("Usual",)), TagOf("a")]),
        st.just("="),
        st.sampled_from(["a", "b", "usual", ""]),
    ),
    NAMED,
    st.builds(
        Compare,
        st.sampled_from([Label(), Name()]),
        st.just("contains"),
        st.sampled_from(PARTS),
    ),
    compares(TIMES, "number"),
    st.just(Compare(Number(), ">", 0)),
)
CONDITION = joined(
    st.one_of(
        compares_at(PATHS),
        compares(OTHER_TEXTS, "text"),
        INDEXED,
        st.just(Compare(TagOf(None), "exists")),
        some_element(),
    )
)
SORTS: list[Order | Value] = [
    "created",
    "modified",
    "name",
    Member(("Text",)),
    Member(("Number",)),
    Member(("Flag",)),
    Member(("Map", Key("a"))),
    TagOf("a"),
]
BOUND = st.one_of(st.none(), st.integers(-1, 3))
QUERY = st.builds(
    Query,
    kind=st.just("shelf"),
    limit=st.integers(1, 4),
    order=st.sampled_from(SORTS),
    descending=st.booleans(),
    name=st.one_of(st.none(), st.none(), NAMES),
    numbered=st.sampled_from([None, None, True, False]),
    contains=st.one_of(st.none(), st.none(), st.sampled_from(PARTS)),
    created_after_ms=BOUND,
    created_before_ms=BOUND,
    where=st.one_of(
        st.none(), INDEXED, st.lists(INDEXED, max_size=3).map(tuple).map(AllOf), CONDITION
    ),
)
# Names and numbers that do not sort like one another.
KEYS = [
    *[("b", 10), ("b", 9), ("a", 0), ("churn-2", 11), ("B", 2), ("a-b", 0), ("c", 1)],
    *[("é", 0), ("Churn", 0), ("churn-2", 1), ("c", 11)],
]
Contents = list[tuple[dict[str, Any], dict[str, str]]]
CONTENTS = st.lists(st.tuples(DOCUMENT, TAGS), max_size=len(KEYS))


def chosen(resources: list[Resource], query: Query) -> list[str]:
    """What a query asks for, in its order, whatever its limit."""

    def is_asked_for(resource: Resource) -> bool:
        after, before = query.created_after_ms, query.created_before_ms
        return all(
            (
                query.name is None or resource.name == query.name,
                query.numbered is None or (resource.number > 0) == query.numbered,
                (query.contains or "") in resource.label,
                after is None or resource.created_ms > after,
                before is None or resource.created_ms < before,
                query.where is None or resource.meets(query.where, resource.document),
            )
        )

    def place(resource: Resource) -> tuple[Any, ...]:
        key = (resource.name, resource.number)
        if query.order == "name":
            return key
        if query.order == "created":
            return (resource.created_ms, resource.row)
        if query.order == "modified":
            return (resource.modified_ms, resource.row)
        found = resource.values(query.order, resource.document)
        return (*((True, found[0]) if found else (False, 0)), resource.row)

    asked_for = [each for each in resources if is_asked_for(each)]
    return [each.label for each in sorted(asked_for, key=place, reverse=query.descending)]
