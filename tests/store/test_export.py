"""All that a store holds as one value, and put in the place of what another holds."""

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sessions import writing

from sagemock.contents import Contents, Counted, Stored
from sagemock.eventing import DeadLetter
from sagemock.ports import Activity, ActivityQuery, AlreadyThere, Query, Replay, Row
from sagemock.store.sqlite_store import SqliteStore

HERE = ("123456789012", "us-east-1")
ELSEWHERE = ("210987654321", "eu-west-1")
RECORD = Activity(
    at_ms=1000,
    change="created",
    kind="shelf",
    name="a",
    number=0,
    operation="Put",
    principal="ann",
    request_id="r",
    before={},
    after={},
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "test.db")
    yield store
    store.close()


@pytest.fixture
def other() -> Iterator[SqliteStore]:
    store = SqliteStore(":memory:")
    yield store
    store.close()


def fill(store: SqliteStore) -> None:
    """Two shelves in one place, and books of one name in another, with more numbers given."""
    with writing(store, *ELSEWHERE) as session:
        for number, created_ms in ((1, 2000), (2, 1500), (10, 4000)):
            session.add("book", "Odd", number, created_ms, {"Pages": 0.1, "of": number})
        session.put("book", "Odd", 2, {"Pages": 1e16}, modified_ms=5000, due_ms=6000)
        for _ in range(11):
            session.next_number("Odd")
    with writing(store, *HERE) as session:
        session.add("shelf", "b", 0, 1000, {"caf\u00e9": None})
        session.add("shelf", "a", 0, 1000, {})
        session.put_tags("shelf", "a", 0, {"z": "1", "y": "2"})
        session.record(RECORD)
        session.remember("Put", "token", Replay("digest", {}))
    store.bury(DeadLetter(0, "target", 1, 1000, 3, "It said no.", {}))


FILLED = Contents(
    resources=[
        Stored(*HERE, "shelf", "b", 0, 1000, 1000, None, {"caf\u00e9": None}, {}),
        Stored(*HERE, "shelf", "a", 0, 1000, 1000, None, {}, {"z": "1", "y": "2"}),
        Stored(*ELSEWHERE, "book", "Odd", 1, 2000, 2000, None, {"Pages": 0.1, "of": 1}, {}),
        Stored(*ELSEWHERE, "book", "Odd", 2, 1500, 5000, 6000, {"Pages": 1e16}, {}),
        Stored(*ELSEWHERE, "book", "Odd", 10, 4000, 4000, None, {"Pages": 0.1, "of": 10}, {}),
    ],
    counters=[Counted(*ELSEWHERE, "Odd", 11)],
)


def unnumbered(row: Row) -> Row:
    """A row but for its own number: another store gives another."""
    return row._replace(id=0)


def test_everything_is_told_in_order_and_nothing_of_the_store_s_own(store: SqliteStore) -> None:
    assert store.contents() == Contents([], [])
    fill(store)
    assert store.contents() == FILLED


def test_what_was_replaced_is_gone_and_counted(store: SqliteStore) -> None:
    fill(store)
    new = Stored(*HERE, "book", "New", 1, 7000, 7000, None, {}, {})
    assert store.replace(Contents([new], []), since_ms=8000) == {"book": 3, "shelf": 2}
    assert store.contents() == Contents([new], [])
    with store.reading(*HERE) as session:
        assert session.replay("Put", "token") is None
        assert session.tag_keys("shelf") == []
    assert store.dead_letters(0, 10) == []
    with store.reading(*ELSEWHERE) as session:
        assert not session.has_numbered("book", "Odd")


def test_the_log_begins_anew_and_readers_with_it(store: SqliteStore) -> None:
    fill(store)
    store.put_position("reader", 1)
    store.replace(FILLED, since_ms=8000)
    assert store.activities(ActivityQuery(limit=10)) == []
    assert store.activities_since_ms() == 8000
    assert store.position("reader") == store.newest_record() == 0
    # A time before the one it once began at is a time too.
    store.replace(FILLED, since_ms=7000)
    assert store.activities_since_ms() == 7000


def test_another_store_tells_the_same_and_goes_on_the_same(
    store: SqliteStore, other: SqliteStore
) -> None:
    fill(store)
    other.replace(store.contents(), since_ms=0)
    assert other.contents() == FILLED
    queries = [
        Query(kind="book", limit=10, order=order, descending=descending, name=name)
        for order in ("created", "modified", "name")
        for descending in (True, False)
        for name in (None, "Odd")
    ]
    told: list[Any] = []
    for each in (store, other):
        with each.reading(*ELSEWHERE) as session:
            pages = [[unnumbered(row) for row in session.page(query)] for query in queries]
            found = list(map(unnumbered, session.page(Query("book", 10, contains="dd"))))
        with writing(each, *ELSEWHERE) as session:
            number = session.next_number("Odd")
        told.append((pages, found, each.due(), number))
    assert told[0] == told[1]
    assert told[1][-1] == 12


def test_what_cannot_be_there_together_leaves_what_was(store: SqliteStore) -> None:
    fill(store)
    twice = [Stored(*HERE, "shelf", name, 0, 1, 1, None, {}, {}) for name in ("new", "NEW")]
    with pytest.raises(AlreadyThere, match="new"):
        store.replace(Contents(twice, []), since_ms=0)
    assert store.contents() == FILLED
    assert len(store.activities(ActivityQuery(limit=10))) == 1


def test_contents_are_read_on_one_snapshot(tmp_path: Path) -> None:
    writes: list[Callable[[], object]] = []

    class Writing(sqlite3.Connection):
        """A connection that lets something be written once it has read tags."""

        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            cursor = super().execute(sql, *arguments)
            if "FROM tag ORDER BY" in sql and writes:
                writes.pop()()
            return cursor

    one = SqliteStore(tmp_path / "one.db", connect=partial(sqlite3.connect, factory=Writing))
    one.write(*HERE, lambda session: session.add("shelf", "early", 0, 1, {}))
    late = partial(one.write, *HERE, lambda session: session.add("shelf", "late", 0, 1, {}))
    writes.append(late)
    assert [each.name for each in one.contents().resources] == ["early"]
    assert writes == []
    assert [each.name for each in one.contents().resources] == ["early", "late"]
    one.close()
