"""Readers of the records: how far they are, what they could not pass on, what waits for them."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sagemock.eventing import DeadLetter
from sagemock.ports import Activity, ActivityQuery, Session, StorageFailed
from sagemock.store.sqlite_store import SqliteStore

HERE = ("123456789012", "us-east-1")
LIMIT_S = 10.0
LETTER = DeadLetter(
    id=0,
    target="rule/it",
    number=2,
    at_ms=1_700_000_000_123,
    attempts=6,
    reason="It is away: größer 🦀\n\x00.",
    envelope={"id": "5b0f", "detail": {"a": [None, 1.5, True, "é"], "b": {}}},
)


class Failing(sqlite3.Connection):
    """A connection whose statements fail, as those of a disk that is away, if told to."""

    fails: Callable[[str], bool] = staticmethod(lambda _: False)

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        if type(self).fails(sql):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        return super().execute(sql, *arguments)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    monkeypatch.setattr(Failing, "fails", staticmethod(lambda _: False))
    connect = partial(sqlite3.connect, factory=Failing)
    store = SqliteStore(tmp_path / "test.db", durability="normal", connect=connect)
    yield store
    store.close()


def record(store: SqliteStore, count: int = 1, at_ms: int = 1000) -> None:
    """So many records of a time."""
    facts = ("model", "m", 0, "CreateModel", "ann", "request")

    def work(session: Session) -> None:
        for _ in range(count):
            session.record(Activity(at_ms, "created", *facts, before={}, after={}))

    store.write(*HERE, work)


def numbers(store: SqliteStore) -> list[int]:
    """Of the records there are, oldest first."""
    found = store.activities(ActivityQuery(limit=10_000, oldest_first=True))
    return [each.id for each in found]


def letters(store: SqliteStore) -> list[DeadLetter]:
    return store.dead_letters(0, 1000)


def test_the_newest_record_has_the_highest_number(store: SqliteStore) -> None:
    assert store.newest_record() == 0
    record(store, 3)
    assert store.newest_record() == 3

    def roll_back(session: Session) -> None:
        session.record(Activity(1, "created", "model", "m", 0, "", "", "", {}, {}))
        raise LookupError

    with pytest.raises(LookupError):
        store.write(*HERE, roll_back)
    assert store.newest_record() == 3


def test_records_are_read_from_a_place_on_oldest_first(store: SqliteStore) -> None:
    record(store, 9)

    def read(after: int, most: int) -> list[int]:
        query = ActivityQuery(limit=most, after_id=after, oldest_first=True)
        return [each.id for each in store.activities(query)]

    assert read(0, 4) == [1, 2, 3, 4]
    assert read(4, 4) == [5, 6, 7, 8]
    assert read(8, 4) == [9]
    assert read(9, 4) == []
    of_it = ActivityQuery(2, *HERE, resource=("model", "M", 0), after_id=3, oldest_first=True)
    assert [each.id for each in store.activities(of_it)] == [4, 5]


def test_a_reader_that_is_not_known_has_no_position(store: SqliteStore) -> None:
    assert store.position("rule/it") is None
    store.put_position("rule/it", 0)
    assert store.position("rule/it") == 0
    assert store.position("RULE/it") is None


def test_each_reader_has_its_own_position_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    first = SqliteStore(path)
    for reader, place in (("a", 3), ("b", 7), ("a", 5), ("ä", 9)):
        first.put_position(reader, place)
    first.close()
    second = SqliteStore(path)
    assert [second.position(each) for each in ("a", "b", "ä", "c")] == [5, 7, 9, None]
    second.close()


def test_a_dead_letter_is_kept_whole_and_its_record_passed_over(store: SqliteStore) -> None:
    store.put_position("rule/it", 1)
    store.bury(LETTER)
    assert letters(store) == [LETTER._replace(id=1)]
    assert store.position("rule/it") == 2


def test_a_letter_of_a_reader_without_a_position_gives_it_one(store: SqliteStore) -> None:
    store.bury(LETTER)
    assert store.position("rule/it") == 2


@pytest.mark.parametrize("statement", ["INTO dead_letter", "INTO position"])
def test_a_letter_that_cannot_be_kept_is_not_passed_over(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    store.put_position("rule/it", 1)
    with monkeypatch.context() as patched:
        patched.setattr(Failing, "fails", staticmethod(lambda sql: statement in sql))
        with pytest.raises(StorageFailed, match="disk I/O error"):
            store.bury(LETTER)
    assert (letters(store), store.position("rule/it")) == ([], 1)
    store.bury(LETTER)
    assert len(letters(store)) == 1


def test_dead_letters_are_read_in_pages_oldest_first(store: SqliteStore) -> None:
    for number in range(5):
        store.bury(LETTER._replace(number=5 - number))

    def page(after: int, most: int) -> list[tuple[int, int]]:
        return [(each.id, each.number) for each in store.dead_letters(after, most)]

    assert page(0, 2) == [(1, 5), (2, 4)]
    assert page(2, 2) == [(3, 3), (4, 2)]
    assert page(4, 2) == [(5, 1)]
    assert page(5, 2) == []


def test_dead_letters_are_forgotten_by_number_or_all(store: SqliteStore) -> None:
    for _ in range(5):
        store.bury(LETTER)
    assert store.forget_dead_letters([]) == 0
    assert store.forget_dead_letters([9]) == 0
    assert store.forget_dead_letters({2, 4, 9}) == 2
    assert [each.id for each in letters(store)] == [1, 3, 5]
    assert store.forget_dead_letters() == 3
    assert letters(store) == []
    assert store.forget_dead_letters() == 0
    assert store.position("rule/it") == 2


@pytest.mark.parametrize("ids", [None, [2]])
def test_the_number_of_a_dead_letter_is_not_given_again(
    store: SqliteStore, ids: list[int] | None
) -> None:
    store.bury(LETTER)
    store.bury(LETTER)
    store.forget_dead_letters(ids)
    # Who has seen the second asks for those after it, or forgets it by its number once more.
    store.bury(LETTER)
    assert [each.id for each in store.dead_letters(2, 10)] == [3]


def test_who_waits_for_a_commit_that_was_made_goes_on_at_once(store: SqliteStore) -> None:
    seen = store.commits()
    record(store)
    began = time.monotonic()
    store.wait_for_commit(seen, LIMIT_S)
    assert time.monotonic() - began < LIMIT_S / 2


def test_who_waits_for_a_commit_is_woken_by_it(store: SqliteStore) -> None:
    seen = store.commits()
    waited: list[bool] = []

    def wait() -> None:
        began = time.monotonic()
        store.wait_for_commit(seen, LIMIT_S)
        waited.append(time.monotonic() - began < LIMIT_S / 2)

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    record(store)
    for thread in threads:
        thread.join(LIMIT_S)
    assert waited == [True] * 3


def test_who_waits_in_vain_goes_on_after_its_time(store: SqliteStore) -> None:
    began = time.monotonic()
    store.wait_for_commit(store.commits(), 0.05)
    assert time.monotonic() - began >= 0.05


def test_what_was_read_is_committed_when_one_is_woken(store: SqliteStore) -> None:
    found: list[int] = []

    def follow() -> None:
        while len(found) < 50:
            seen = store.commits()
            query = ActivityQuery(limit=9, after_id=found[-1] if found else 0, oldest_first=True)
            new = [each.id for each in store.activities(query)]
            found.extend(new)
            if not new:
                store.wait_for_commit(seen, LIMIT_S)

    thread = threading.Thread(target=follow)
    thread.start()
    for _ in range(50):
        record(store)
    thread.join(LIMIT_S)
    assert found == list(range(1, 51))


@pytest.mark.parametrize(
    ("read", "kept"),
    [
        (None, [6]),
        (0, [1, 2, 3, 4, 5, 6]),
        (2, [3, 4, 5, 6]),
        (5, [6]),
        (6, [6]),
        (1000, [6]),
    ],
)
def test_a_record_that_somebody_has_yet_to_read_is_kept(
    store: SqliteStore, read: int | None, kept: list[int]
) -> None:
    record(store, 6)
    assert store.forget_activities(2000, read) == 6 - len(kept)
    assert numbers(store) == kept
    assert store.newest_record() == 6
    # Only where something was forgotten is the time before it unknown.
    assert store.activities_since_ms() == (0 if read == 0 else 2000)


def test_what_was_read_is_kept_for_its_time_all_the_same(store: SqliteStore) -> None:
    record(store, 2, at_ms=1000)
    record(store, 2, at_ms=3000)
    assert store.forget_activities(2000, 4) == 2
    assert numbers(store) == [3, 4]


def test_many_records_are_forgotten_up_to_the_one_that_was_read(store: SqliteStore) -> None:
    record(store, 2600)
    assert store.forget_activities(2000, 2500) == 2500
    assert numbers(store) == list(range(2501, 2601))


def test_a_reset_sends_readers_back_to_the_beginning(store: SqliteStore) -> None:
    record(store, 3)
    store.put_position("rule/it", 1)
    store.put_position("other/it", 3)
    store.bury(LETTER)
    store.reset()
    assert (store.newest_record(), letters(store)) == (0, [])
    assert [store.position(each) for each in ("rule/it", "other/it")] == [0, 0]
    assert store.position("third/it") is None
    record(store)
    assert numbers(store) == [1]


READING: dict[str, Callable[[SqliteStore], object]] = {
    "FROM activity": lambda store: store.newest_record(),
    "FROM position": lambda store: store.position("rule/it"),
    "FROM dead_letter WHERE id >": lambda store: store.dead_letters(0, 1),
    "INTO position": lambda store: store.put_position("rule/it", 9),
    "DELETE FROM dead_letter": lambda store: store.forget_dead_letters(),
    "UPDATE position": lambda store: store.reset(),
}


@pytest.mark.parametrize("statement", READING)
def test_a_storage_that_fails_says_so_and_all_is_as_before(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    record(store, 3)
    store.put_position("rule/it", 1)
    store.bury(LETTER)
    with monkeypatch.context() as patched:
        patched.setattr(Failing, "fails", staticmethod(lambda sql: statement in sql))
        with pytest.raises(StorageFailed, match="disk I/O error"):
            READING[statement](store)
    assert numbers(store) == [1, 2, 3]
    assert store.position("rule/it") == 2
    assert letters(store) == [LETTER._replace(id=1)]
