"""Queries and conditions as SQL over the resource table: clauses, each with its values.

Every test is 0 or 1, never NULL, so that what is negated is exactly what did not hold. Member
names come from the service model; everything a user sent is a bound value.
"""

from collections.abc import Iterator
from typing import Any

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
from sagemock.ports import Position, Query

Clause = tuple[str, list[Any]]

LABEL = "CASE WHEN number > 0 THEN name || '/' || number ELSE name END"
# Long texts are sorted by their beginning: the last one seen travels in a NextToken.
_SORTED_CHARACTERS = 256


def where_clause(query: Query, account: str, region: str) -> Clause:
    """Which rows a query asks for."""
    sql = ["kind = ?", "account = ?", "region = ?"]
    values: list[Any] = [query.kind, account, region]
    for clause, given in _clauses(query):
        sql.append(clause)
        values += given
    return " AND ".join(sql), values


def sort_value(query: Query) -> Clause:
    """What the rows are sorted by before name and number; NULL where the query names nothing."""
    if not query.sort:
        return "NULL", []
    sql, values = [], []
    for value in query.sort:
        expression, given = _expression(value, "document")
        sql.append(
            f"CASE typeof({expression}) WHEN 'text'"
            f" THEN substr({expression}, 1, {_SORTED_CHARACTERS}) ELSE {expression} END"
        )
        values += given * 3
    return (f"coalesce({', '.join(sql)})" if len(sql) > 1 else sql[0]), values


def order(query: Query) -> tuple[str, ...]:
    """The columns of a query's order; `sort_value` is the one selected under that name."""
    if query.sort:
        return ("sort_value", "name", "number")
    return ("name", "number") if query.by_name else ("created_ms", "name", "number")


def _clauses(query: Query) -> Iterator[Clause]:
    if query.name is not None:
        yield "lower(name) = lower(?)", [query.name]
    if query.numbered is not None:
        yield ("number > 0" if query.numbered else "number = 0"), []
    if query.contains:
        yield f"instr({LABEL}, ?) > 0", [query.contains]
    if query.created_after_ms is not None:
        yield "created_ms > ?", [query.created_after_ms]
    if query.created_before_ms is not None:
        yield "created_ms < ?", [query.created_before_ms]
    if query.where is not None:
        yield _condition(query.where, "document", 0)


def after_clause(query: Query, place: Position) -> Clause:
    """Which rows lie behind a place in a query's order."""
    behind = "<" if query.descending else ">"
    if not query.sort:
        columns = order(query)
        values = [getattr(place, column) for column in columns]
        return f"({', '.join(columns)}) {behind} ({', '.join('?' * len(columns))})", values
    # SQLite has rows without a value come first, and compares none with them.
    tie = f"(name, number) {behind} (?, ?)"
    names: list[Any] = [place.name, place.number]
    if place.sort_value is None:
        others = "" if query.descending else " OR sort_value IS NOT NULL"
        return f"(sort_value IS NULL AND {tie}{others})", names
    valueless = " OR sort_value IS NULL" if query.descending else ""
    return (
        f"(sort_value {behind} ? OR (sort_value = ? AND {tie}){valueless})",
        [place.sort_value, place.sort_value, *names],
    )


def _condition(condition: Condition, source: str, depth: int) -> Clause:
    """A condition on a JSON value; `depth` numbers the lists around it, so that names differ."""
    if isinstance(condition, Compare):
        return _test(condition, source, depth)
    if isinstance(condition, Not):
        sql, values = _condition(condition.condition, source, depth)
        return f"NOT ({sql})", values
    if isinstance(condition, SomeElement):
        return _some_element(condition.path, condition.condition, source, depth)
    word, of_none = {AllOf: (" AND ", "1"), AnyOf: (" OR ", "0")}[type(condition)]
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
    if isinstance(value, Label):
        return f"({LABEL})", []
    if isinstance(value, TagOf):
        tag = "SELECT value FROM tag WHERE arn = json_extract(document, ?)"
        arn = _json_path((value.arn_member,))
        if value.key is None:
            return f"({tag} LIMIT 1)", [arn]
        return f"({tag} AND key = ?)", [arn, value.key]
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
