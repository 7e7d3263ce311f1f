"""Which index a query is read by. SQLite is told, not asked: it knows nothing of the values.

An index that has a query's order, and everything it is equal in, gives a page without looking at
more than it shows. Where no index has both, what the query asks for is counted by the index that
finds the fewest: few are sorted, many are met soon enough on a walk along the order.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sagemock.ports import Kind, Query
from sagemock.store.query_sql import (
    Clause,
    Place,
    Term,
    after_clause,
    order_columns,
    sort_value,
    terms,
)
from sagemock.store.schema import LATE, NAMED, NAMED_CREATED, Index, member_expression

FEW = 2000
"""As many are sorted; of more, a walk along the order of a million meets one every 500 steps."""
FEW_NAMES = 500
"""As many names with a certain part are looked up; of more, one is met soon enough."""

Execute = Callable[..., Any]
"""A connection's: a statement and its values in, a cursor out."""

_MOST_REMEMBERED = 500
_FACTS = ("created_ms", "name", "number", "id", "sort_value")


@dataclass(frozen=True)
class _Way:
    """A way to find rows: an index, or the tags; and which of the terms it answers by itself."""

    index: Index | None
    answers: tuple[int, ...]
    weight: int

    @property
    def source(self) -> str:
        # Without an index the rows of a tag are read by their number.
        return f"resource INDEXED BY {self.index.name}" if self.index else "resource NOT INDEXED"


class Planner:
    """Writes the statements of queries for the indexes that a database has."""

    def __init__(self, indexes: Iterable[Index], kinds: Mapping[str, Kind]) -> None:
        self._indexes = tuple(indexes)
        self._usual = {
            kind: {
                member_expression((member,)): usual
                for member, usual in facts.indexed.items()
                if usual is not None
            }
            for kind, facts in kinds.items()
        }
        # By what a query looks like, whatever its values.
        self._remembered: dict[tuple[object, ...], tuple[_Way, _Way]] = {}

    def page(self, execute: Execute, query: Query, place: Place, content: str) -> Clause:
        """The statement of a page: what a place consists of, sort value last, and the content."""
        asked = self._terms(execute, query, place)
        columns = order_columns(query, one_name=any(_is_one_name(term) for term in asked))
        if columns == NAMED.order and self._is_in_step(execute, query, asked, place):
            columns = NAMED_CREATED.order
        way = self._way(execute, query, asked, columns, place)
        where, values = _where(query, asked, place)
        sort, sort_values = sort_value(query)
        after, after_values = (
            after_clause(query, query.after, columns) if query.after else ("1", [])
        )
        limit = 0 if any(term.impossible for term in asked) else query.limit
        found = [*sort_values, *values, *after_values, limit]
        ordered = _ordered(columns, query)
        facts = f"created_ms, name, number, id, {sort} AS sort_value"
        if way.index and way.index.order == columns:
            page = f"SELECT {facts}, {content} FROM {way.source} WHERE {where} AND {after}"
            return f"{page} ORDER BY {ordered} LIMIT ?", found
        # What must be sorted is sorted without its content, which is read for the page alone.
        rows = f"SELECT modified_ms, {facts} FROM {way.source} WHERE {where}"
        page = f"SELECT * FROM ({rows}) WHERE {after} ORDER BY {ordered} LIMIT ?"
        shown = ", ".join(f"found.{fact}" for fact in _FACTS)
        joined = f"({page}) AS found CROSS JOIN resource ON resource.id = found.id"
        ordered = _ordered(columns, query, "found.")
        return f"SELECT {shown}, {content} FROM {joined} ORDER BY {ordered}", found

    def count(self, execute: Execute, query: Query, place: Place, most: int) -> Clause:
        """The statement that counts what a query asks for, up to `most`."""
        asked = self._terms(execute, query, place)
        narrowest, _ = self._ways(query.kind, asked, ())
        where, values = _where(query, asked, place)
        rows = f"SELECT 1 FROM {narrowest.source} WHERE {where} LIMIT ?"
        limit = 0 if any(term.impossible for term in asked) else most
        return f"SELECT count(*) FROM ({rows})", [*values, limit]

    def _terms(self, execute: Execute, query: Query, place: Place) -> list[Term]:
        """The terms of a query, hints that help, and what an index must be told."""
        asked = [
            each
            for term in terms(query, place)
            for each in (_few_names(execute, term) if term.names else (term,))
        ]
        for expression, usual in self._usual.get(query.kind, {}).items():
            given = [each for each in asked if each.equal == expression]
            if given and all(usual not in each.values for each in given):
                asked.append(Term(f"{expression} <> '{usual}'", []))
        return asked

    def _is_in_step(self, execute: Execute, query: Query, asked: list[Term], place: Place) -> bool:
        """Whether the numbers of a name follow one another in time, and it helps to know it."""
        narrowest, direct = self._ways(query.kind, asked, NAMED.order)
        if narrowest == direct or LATE not in self._indexes:
            return False
        named = [term for term in asked if _is_one_name(term)]
        where, values = _where(query, named, place)
        rows = f"SELECT 1 FROM resource INDEXED BY {LATE.name} WHERE {where} AND {LATE.condition}"
        return _count(execute, rows, values) == 0

    def _way(
        self,
        execute: Execute,
        query: Query,
        asked: list[Term],
        columns: tuple[str, ...],
        place: Place,
    ) -> _Way:
        narrowest, otherwise = self._ways(query.kind, asked, columns)
        if narrowest == otherwise:
            return narrowest
        answered = [
            term
            for position, term in enumerate(asked)
            if position in narrowest.answers or not term.values
        ]
        where, values = _where(query, answered, place)
        rows = f"SELECT 1 FROM {narrowest.source} WHERE {where}"
        return narrowest if _count(execute, rows, values) <= FEW else otherwise

    def _ways(self, kind: str, asked: list[Term], columns: tuple[str, ...]) -> tuple[_Way, _Way]:
        """The way that narrows down the most, and the one to take where that finds many."""
        look = (kind, columns, *(term.sql for term in asked))
        known = self._remembered.get(look)
        if known is None:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            known = self._remembered[look] = self._compare(kind, asked, columns)
        return known

    def _compare(self, kind: str, asked: list[Term], columns: tuple[str, ...]) -> tuple[_Way, _Way]:
        narrowest = max(self._usable(kind, asked), key=_weight)
        tagged = tuple(place for place, term in enumerate(asked) if term.by_tag)
        if tagged:
            # Nothing is rarer than what has one tag.
            narrowest = _Way(None, tagged, 0)
        along = [
            way
            for way in self._usable(kind, asked, hints=False)
            if way.index
            and way.index.order == columns
            and not any(asked[place].many for place in way.answers)
        ]
        if not along:
            return narrowest, narrowest
        direct = max(along, key=_weight)
        if narrowest.index and narrowest.weight <= direct.weight:
            return direct, direct
        return narrowest, direct

    def _usable(self, kind: str, asked: list[Term], *, hints: bool = True) -> Iterator[_Way]:
        """The indexes that hold all that is asked for, each with what it knows of it."""
        told = {f"kind = '{kind}'", *(term.sql for term in asked)}
        for index in self._indexes:
            if index.condition and not set(index.condition.split(" AND ")) <= told:
                continue
            answers = [
                place
                for place, term in enumerate(asked)
                if (term.equal in index.equal and (hints or not term.names))
                or (term.bounds and term.bounds == index.order[0])
            ]
            if {asked[place].equal for place in answers} >= set(index.equal):
                # Values narrow down more than bounds, and an index of some rows more than of all.
                weight = sum(2 if asked[place].equal else 1 for place in answers)
                yield _Way(index, tuple(answers), weight + bool(index.condition))


def _ordered(columns: tuple[str, ...], query: Query, source: str = "") -> str:
    direction = "DESC" if query.descending else "ASC"
    return ", ".join(f"{source}{column} {direction}" for column in columns)


def _weight(way: _Way) -> int:
    return way.weight


def _count(execute: Execute, rows: str, values: list[Any]) -> int:
    """How many rows a statement selects, as far as it matters."""
    limited = f"SELECT count(*) FROM ({rows} LIMIT ?)"
    (count,) = execute(limited, [*values, FEW + 1]).fetchone()
    return int(count)


def _few_names(execute: Execute, hint: Term) -> Iterator[Term]:
    """The names that a hint selects, unless they are too many to help."""
    found = execute(f"{hint.names} LIMIT ?", [*hint.values, FEW_NAMES + 1]).fetchall()
    if len(found) <= FEW_NAMES:
        names = json.dumps([name for (name,) in found])
        sql = "name IN (SELECT value FROM json_each(?))"
        yield Term(sql, [names], equal="name", many=True, names=hint.names, impossible=not found)


def _is_one_name(term: Term) -> bool:
    return term.equal == "name" and not term.many


def _where(query: Query, asked: list[Term], place: Place) -> Clause:
    # The kind is a word of ours, and must stand there for indexes of one kind to be known to do.
    sql = [f"kind = '{query.kind}'", "account = ?", "region = ?", *(term.sql for term in asked)]
    values: list[Any] = [*place]
    for term in asked:
        values += term.values
    return " AND ".join(sql), values
