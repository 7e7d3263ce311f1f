"""Which index a query is read by. SQLite is told, not asked: it knows nothing of the values.

An index that has a query's order, and everything it is equal in, gives a page without looking at
more than it shows. Where no index has both, what the query asks for is counted by the index that
finds the fewest: few are sorted, many are met soon enough on a walk along the order.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sagemock.ports import Kind, Query
from sagemock.store.query_sql import (
    BY_VALUE,
    Clause,
    Term,
    after_clause,
    order_columns,
    sort_value,
    terms,
)
from sagemock.store.schema import CREATED, NAME, Index, member_expression

FEW = 4000
"""As many are sorted; of more, a walk along the order of a million meets one every 250 steps."""

Execute = Callable[..., Any]


@dataclass(frozen=True)
class _Way:
    """A way to find rows: an index, or the tags; and the terms that it answers by itself."""

    index: Index | None
    answers: tuple[Term, ...]

    @property
    def source(self) -> str:
        # Without an index the rows of a tag are read by their number.
        return f"resource INDEXED BY {self.index.name}" if self.index else "resource NOT INDEXED"

    @property
    def weight(self) -> int:
        """How much it narrows down: values before bounds, an index of some rows before all."""
        partial = bool(self.index and self.index.condition)
        return sum(2 if term.equal else 1 for term in self.answers) + partial


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

    def page(
        self, execute: Execute, query: Query, account: str, region: str, content: str
    ) -> Clause:
        """The statement of a page: creation time, name, number, sort value and the content."""
        asked = self._terms(query)
        columns = order_columns(query, one_name=any(_is_one_name(term) for term in asked))
        way = self._way(execute, query, asked, columns, (account, region))
        where, values = _where(query, asked, account, region)
        sort, sort_values = sort_value(query)
        after, after_values = (
            after_clause(query, query.after, columns) if query.after else ("1", [])
        )
        direction = "DESC" if query.descending else "ASC"
        ordered = ", ".join(f"{column} {direction}" for column in columns)
        selected = f"SELECT created_ms, name, number, {sort} AS sort_value, {content}"
        if columns == BY_VALUE:
            rows = f"{selected} FROM {way.source} WHERE {where}"
            sql = f"SELECT * FROM ({rows}) WHERE {after}"
        else:
            sql = f"{selected} FROM {way.source} WHERE {where} AND {after}"
        return (
            f"{sql} ORDER BY {ordered} LIMIT ?",
            [*sort_values, *values, *after_values, query.limit],
        )

    def count(self, _: Execute, query: Query, account: str, region: str, most: int) -> Clause:
        """The statement that counts what a query asks for, up to `most`."""
        asked = self._terms(query)
        where, values = _where(query, asked, account, region)
        rows = f"SELECT 1 FROM {self._narrowest(query, asked).source} WHERE {where} LIMIT ?"
        return f"SELECT count(*) FROM ({rows})", [*values, most]

    def _terms(self, query: Query) -> list[Term]:
        """The terms of a query, and what they imply that an index must be told."""
        asked = list(terms(query))
        for expression, usual in self._usual.get(query.kind, {}).items():
            given = [each for each in asked if each.equal == expression]
            if given and all(usual not in each.values for each in given):
                asked.append(Term(f"{expression} <> '{usual}'", []))
        return asked

    def _way(
        self,
        execute: Execute,
        query: Query,
        asked: list[Term],
        columns: tuple[str, ...],
        place: tuple[str, str],
    ) -> _Way:
        narrowest = self._narrowest(query, asked)
        ordered = [
            way
            for way in self._ways(query, asked)
            if way.index
            and way.index.order == columns
            and not any(term.many for term in way.answers)
        ]
        if not ordered:
            return narrowest
        direct = max(ordered, key=lambda way: way.weight)
        if narrowest.index and narrowest.weight <= direct.weight:
            return direct
        where, values = _where(query, list(narrowest.answers), *place)
        implied = [term.sql for term in asked if not term.values]
        where = " AND ".join([where, *implied])
        rows = f"SELECT 1 FROM {narrowest.source} WHERE {where} LIMIT {FEW + 1}"
        (count,) = execute(f"SELECT count(*) FROM ({rows})", values).fetchone()
        return narrowest if count <= FEW else direct

    def _narrowest(self, query: Query, asked: list[Term]) -> _Way:
        """The way that answers most of what is asked; tags are the rarest."""
        tagged = tuple(term for term in asked if term.by_tag)
        if tagged:
            return _Way(None, tagged)
        return max(self._ways(query, asked), key=lambda way: way.weight)

    def _ways(self, query: Query, asked: list[Term]) -> list[_Way]:
        ways = []
        for index in self._indexes:
            if not _covers(index, query, asked):
                continue
            equal = [term for term in asked if term.equal in index.equal]
            if len({term.equal for term in equal}) < len(index.equal):
                continue
            bounds = [term for term in asked if term.bounds and term.bounds == index.order[0]]
            ways.append(_Way(index, (*equal, *bounds)))
        return ways or [_Way(CREATED, ())]


def _covers(index: Index, query: Query, asked: list[Term]) -> bool:
    """Whether what a partial index holds includes all that is asked for."""
    told = {f"kind = '{query.kind}'", *(term.sql for term in asked)}
    return not index.condition or set(index.condition.split(" AND ")) <= told


def _is_one_name(term: Term) -> bool:
    return term.equal == NAME and not term.many


def _where(query: Query, asked: list[Term], account: str, region: str) -> Clause:
    # The kind is a word of ours, and must stand there for indexes of one kind to be known to do.
    sql = [f"kind = '{query.kind}'", "account = ?", "region = ?", *(term.sql for term in asked)]
    values: list[Any] = [account, region]
    for term in asked:
        values += term.values
    return " AND ".join(sql), values
