"""Queries and conditions as SQL over the resource table: terms, each with its values.

Every test is 0 or 1, never NULL, so that what is negated is exactly what did not hold; only the
terms of a query itself, which nothing negates, are bare, for an index needs them so. Member names
come from the service model; everything a user sent is a bound value.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
from sagemock.ports import Position, Query
from sagemock.store.schema import BY_CREATED, BY_MODIFIED, BY_NAME, member_expression

Clause = tuple[str, list[Any]]
Place = tuple[str, str]
"""An account and a region."""

LABEL = "CASE WHEN number > 0 THEN name || '/' || number ELSE name END"
BY_VALUE = ("sort_value", "id")
# Three characters at least have an index, and these need no care in its language.
_INDEXED_PART = re.compile(r"[A-Za-z0-9-]{3,}")
_ORDERS = ("=", "<", "<=", ">", ">=")
_COLUMNS = {Created: "created_ms", Modified: "modified_ms"}
_FACTS = {Label: f"({LABEL})", Name: "name", Number: "number", **_COLUMNS}
# Before a plain 0 SQLite forgets all other terms, and then knows no use for the index it is told.
_NEVER = "resource.id < 0"
# Long texts are sorted by their beginning: the last one seen travels in a NextToken.
_SORTED_CHARACTERS = 256


@dataclass(frozen=True)
class Term:
    """One of the tests a resource must pass, and what an index could know of it.

    `equal` is an expression that the term holds equal to one value, or to any of several
    (`many`); `bounds` is a column it sets a bound to. `by_tag` says that the tags lead to it. A
    hint says no more than another term does, in a way that helps where the names are few that
    `names` selects. What is `impossible` holds for nothing.
    """

    sql: str
    values: list[Any]
    equal: str = ""
    many: bool = False
    bounds: str = ""
    by_tag: bool = False
    names: str = ""
    impossible: bool = False


def terms(query: Query, place: Place) -> Iterator[Term]:
    """Which resources of its kind, account and region a query asks for; all terms must hold."""
    if query.name is not None:
        yield Term("name = ?", [query.name], equal="name")
    if query.numbered is not None:
        yield Term("number > 0" if query.numbered else "number = 0", [])
    if query.contains and query.name is not None and not _can_be_in_number(query.contains):
        if query.contains not in query.name:
            yield Term(_NEVER, [], impossible=True)
    elif query.contains:
        yield from _contains(Label(), query.contains, query.kind, place)
    if query.created_after_ms is not None:
        yield Term("created_ms > ?", [query.created_after_ms], bounds="created_ms")
    if query.created_before_ms is not None:
        yield Term("created_ms < ?", [query.created_before_ms], bounds="created_ms")
    if query.where is not None:
        yield from _condition_terms(query.where, query.kind, place)


def sort_value(query: Query) -> Clause:
    """The value the rows are sorted by; NULL where a column has it already."""
    if query.order == "modified":
        return "modified_ms", []
    if isinstance(query.order, str):
        return "NULL", []
    expression, given = _expression(query.order, "document")
    sql = (
        f"CASE typeof({expression}) WHEN 'text'"
        f" THEN substr({expression}, 1, {_SORTED_CHARACTERS}) ELSE {expression} END"
    )
    return sql, given * 3


def order_columns(query: Query, *, one_name: bool) -> tuple[str, ...]:
    """The columns of a query's order; `sort_value` is the one selected under that name."""
    if query.order == "created":
        return BY_CREATED
    if query.order == "name":
        return ("number",) if one_name else BY_NAME
    return BY_MODIFIED if query.order == "modified" else BY_VALUE


def after_clause(query: Query, place: Position, columns: tuple[str, ...]) -> Clause:
    """Which rows lie behind a place in a query's order."""
    behind = "<" if query.descending else ">"
    if columns != BY_VALUE:
        values = [
            place.sort_value if column == "modified_ms" else getattr(place, column)
            for column in columns
        ]
        return f"({', '.join(columns)}) {behind} ({', '.join('?' * len(columns))})", values
    # SQLite has rows without a value come first, and compares none with them.
    tie = f"id {behind} ?"
    if place.sort_value is None:
        others = "" if query.descending else " OR sort_value IS NOT NULL"
        return f"(sort_value IS NULL AND {tie}{others})", [place.id]
    valueless = " OR sort_value IS NULL" if query.descending else ""
    return (
        f"(sort_value {behind} ? OR (sort_value = ? AND {tie}){valueless})",
        [place.sort_value, place.sort_value, place.id],
    )


def _condition_terms(condition: Condition, kind: str, place: Place) -> Iterator[Term]:
    if isinstance(condition, AllOf):
        for each in condition.conditions:
            yield from _condition_terms(each, kind, place)
    elif isinstance(condition, Compare):
        if condition.comparison == "contains" and isinstance(condition.value, Label | Name):
            yield from _contains(condition.value, condition.operand, kind, place)
        else:
            yield _comparison_term(condition)
    else:
        yield Term(*_condition(condition, "document", 0))


def _contains(value: Label | Name, part: str, kind: str, place: Place) -> Iterator[Term]:
    """That a name or label has a part, and which names can have it if the name alone can tell."""
    yield Term(f"instr({_FACTS[type(value)]}, ?) > 0", [part])
    # Of a part with a slash the name has what stands before.
    of_name, slash, _ = part.partition("/")
    if not of_name or (isinstance(value, Label) and not slash and part.isdecimal()):
        return
    of_place = f"name.kind = '{kind}' AND name.account = ? AND name.region = ?"
    if _INDEXED_PART.fullmatch(of_name):
        names = (
            "SELECT name.name FROM name_part CROSS JOIN name ON name.id = name_part.rowid"
            f" WHERE name_part MATCH ? AND {of_place}"
        )
        yield Term("", [f'"{of_name}"', *place], names=names)
    else:
        names = f"SELECT name.name FROM name WHERE {of_place} AND instr(name.name, ?) > 0"
        yield Term("", [*place, of_name], names=names)


def _can_be_in_number(part: str) -> bool:
    """Whether a part of a label can lie behind the name: a label goes on with `/` and digits."""
    return "/" in part or part.isdecimal()


def _comparison_term(test: Compare) -> Term:
    value, operand = test.value, test.operand
    if isinstance(value, TagOf) and value.key is not None and test.comparison == "=":
        tagged = "SELECT resource FROM tag WHERE key = ? AND value = ?"
        return Term(f"id IN ({tagged})", [value.key, operand], by_tag=True)
    if type(value) in _COLUMNS and test.comparison in _ORDERS:
        column = _COLUMNS[type(value)]
        return Term(f"{column} {test.comparison} ?", [operand], bounds=column)
    if test.comparison not in ("=", "in") or not operand:
        return Term(*_test(test, "document", 0))
    many = test.comparison == "in"
    operands = list(operand) if many else [operand]
    expression = "name" if isinstance(value, Name) else ""
    if isinstance(value, Member) and _is_plain(value.path):
        expression = member_expression(tuple(map(str, value.path)))
    if not expression:
        return Term(*_test(test, "document", 0))
    marks = ", ".join("?" * len(operands))
    sql = f"{expression} IN ({marks})" if many else f"{expression} = ?"
    return Term(sql, operands, equal=expression, many=many)


def _is_plain(path: Path) -> bool:
    return bool(path) and all(isinstance(step, str) and step.isidentifier() for step in path)


def _condition(condition: Condition, source: str, depth: int) -> Clause:
    """A condition on a JSON value; `depth` numbers the lists around it, so that names differ."""
    if isinstance(condition, Compare):
        return _test(condition, source, depth)
    if isinstance(condition, Not):
        sql, values = _condition(condition.condition, source, depth)
        return f"NOT ({sql})", values
    if isinstance(condition, SomeElement):
        return _some_element(condition.path, condition.condition, source, depth)
    word, of_none = {AllOf: (" AND ", "1"), AnyOf: (" OR ", _NEVER)}[type(condition)]
    if len(condition.conditions) == 1:
        return _condition(condition.conditions[0], source, depth)
    # The deepest goes first: brackets that open at the left cost SQLite's parser, whose stack holds
    # a hundred, one place a level; at the right they would cost three.
    deepest_first = sorted(condition.conditions, key=_depth, reverse=True)
    parts = [_condition(each, source, depth) for each in deepest_first]
    joined = word.join(sql for sql, _ in parts)
    return f"({joined or of_none})", [value for _, values in parts for value in values]


def _depth(condition: Condition) -> int:
    if isinstance(condition, Compare):
        return 0
    if isinstance(condition, AllOf | AnyOf):
        return 1 + max(map(_depth, condition.conditions), default=0)
    return 1 + _depth(condition.condition)


def _test(test: Compare, source: str, depth: int) -> Clause:
    if isinstance(test.value, Member) and Each() in test.value.path:
        at = test.value.path.index(Each())
        element = Compare(Member(test.value.path[at + 1 :]), test.comparison, test.operand)
        return _some_element(test.value.path[:at], element, source, depth)
    expression, values = _expression(test.value, source)
    if test.comparison == "exists":
        return f"({expression} IS NOT NULL)", values
    if test.comparison == "contains":
        return f"coalesce(instr({expression}, ?) > 0, 0)", [*values, test.operand]
    if test.comparison == "in":
        marks = ", ".join("?" * len(test.operand))
        return f"coalesce({expression} IN ({marks}), 0)", [*values, *test.operand]
    return f"coalesce({expression} {test.comparison} ?, 0)", [*values, test.operand]


def _some_element(path: Path, condition: Condition, source: str, depth: int) -> Clause:
    if Each() in path:
        at = path.index(Each())
        path, condition = path[:at], SomeElement(path[at + 1 :], condition)
    alias = f"element{depth}"
    sql, values = _condition(condition, f"{alias}.value", depth + 1)
    return (
        f"EXISTS (SELECT 1 FROM json_each({source}, ?) AS {alias} WHERE {sql})",
        [_json_path(path), *values],
    )


def _expression(value: Value, source: str) -> Clause:
    if not isinstance(value, Member | TagOf):
        return _FACTS[type(value)], []
    if isinstance(value, TagOf):
        tag = "SELECT value FROM tag WHERE resource = resource.id"
        if value.key is None:
            return f"({tag} LIMIT 1)", []
        return f"({tag} AND key = ?)", [value.key]
    if not value.path:
        return source, []
    last = value.path[-1]
    if isinstance(last, Key):
        entry = f"SELECT entry.value FROM json_each({source}, ?) AS entry WHERE entry.key = ?"
        return f"({entry})", [_json_path(value.path[:-1]), last.key]
    return f"json_extract({source}, ?)", [_json_path(value.path)]


def _json_path(path: Path) -> str:
    """A path in SQLite's words; of a list, which only sorting goes through, the first element."""
    return "$" + "".join("[0]" if isinstance(step, Each) else f'."{step}"' for step in path)
