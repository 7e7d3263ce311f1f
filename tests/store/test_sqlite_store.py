"""The store's own promises: transactions, numbers, tags, replays, files that are not ours."""

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sessions import writing

from sagemock.conditions import Compare, Member, TagOf, Value
from sagemock.ports import AlreadyThere, Order, Position, Query, Replay, Session, StorageFailed
from sagemock.store.sqlite_store import SqliteStore, StoreError

HERE = ("123456789012", "us-east-1")
ELSEWHERE = ("123456789012", "eu-west-1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "new" / "test.db")
    yield store
    store.close()


def add(session: Session, name: str, number: int = 0, created_ms: int = 1000) -> None:
    session.add("shelf", name, number, created_ms, {"Name": name})


def names(session: Session, query: Query) -> list[str]:
    return [f"{row.name}/{row.number}" if row.number else row.name for row in session.page(query)]


def test_what_was_written_is_read_after_the_store_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    first = SqliteStore(path)
    with writing(first, *HERE) as session:
        add(session, "a")
    first.close()
    second = SqliteStore(path)
    with second.reading(*HERE) as session:
        row = session.get("shelf", "a")
    assert row is not None
    assert row.document == {"Name": "a"}
    second.close()


def test_a_block_that_raises_leaves_nothing(store: SqliteStore) -> None:
    def write_and_fail(session: Session) -> None:
        add(session, "a")
        session.next_number("a")
        session.put_tags("shelf", "a", 0, {"k": "v"})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write(*HERE, write_and_fail)
    with writing(store, *HERE) as session:
        assert session.get("shelf", "a") is None
        assert session.next_number("a") == 1
        assert session.tag_keys("shelf") == []


def test_a_reader_sees_one_snapshot_and_no_half_written_block(store: SqliteStore) -> None:
    with store.reading(*HERE) as reader:
        assert reader.get("shelf", "a") is None
        with writing(store, *HERE) as writer:
            add(writer, "a")
        assert reader.get("shelf", "a") is None
    with store.reading(*HERE) as reader:
        assert reader.get("shelf", "a") is not None


def test_a_reader_cannot_write(store: SqliteStore) -> None:
    with pytest.raises(StorageFailed, match="readonly"), store.reading(*HERE) as session:
        add(session, "a")


def test_names_that_differ_in_case_are_one(store: SqliteStore) -> None:
    with writing(store, *HERE) as session:
        add(session, "Foo")
        with pytest.raises(AlreadyThere, match="Foo"):
            add(session, "foo")
        row = session.get("shelf", "FOO")
    assert row is not None
    assert row.name == "Foo"


def test_accounts_and_regions_are_apart(store: SqliteStore) -> None:
    with writing(store, *HERE) as session:
        add(session, "a")
        session.next_number("a")
        session.remember("Op", "t", Replay("d", {}))
    with writing(store, *ELSEWHERE) as session:
        assert session.get("shelf", "a") is None
        assert session.page(Query("shelf", 10)) == []
        assert session.next_number("a") == 1
        assert session.replay("Op", "t") is None


def test_numbers_go_on_until_the_scope_ends(store: SqliteStore) -> None:
    with writing(store, *HERE) as session:
        assert [session.next_number("a") for _ in range(3)] == [1, 2, 3]
        session.end_numbers("a")
        assert session.next_number("a") == 1


def test_sixteen_threads_get_each_number_once(store: SqliteStore) -> None:
    given: list[int] = []

    def take() -> None:
        for _ in range(10):
            number = store.write(*HERE, lambda session: session.next_number("a"))
            given.append(number)

    threads = [threading.Thread(target=take) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == list(range(1, 161))


def test_pages_follow_both_orders_in_both_directions(store: SqliteStore) -> None:
    with writing(store, *HERE) as session:
        for number in range(1, 12):
            add(session, "b", number, created_ms=5000 - number)
        add(session, "B-x", 1, created_ms=1)
        add(session, "a", created_ms=9000)
        by_name = ["B-x/1", "a", *(f"b/{number}" for number in range(1, 12))]
        by_time = ["B-x/1", *(f"b/{number}" for number in range(11, 0, -1)), "a"]
        assert names(session, Query("shelf", 50, order="name")) == by_name
        assert names(session, Query("shelf", 50, order="name", descending=True)) == by_name[::-1]
        assert names(session, Query("shelf", 50)) == by_time
        assert names(session, Query("shelf", 50, descending=True)) == by_time[::-1]


def test_a_page_goes_on_after_a_place_whose_row_is_gone(store: SqliteStore) -> None:
    with writing(store, *HERE) as session:
        for name in "abcd":
            add(session, name)
        row = session.page(Query("shelf", 2))[-1]
        place = Position(*row[:4])
        session.remove("shelf", "b")
        assert names(session, Query("shelf", 5, after=place)) == ["c", "d"]
        assert names(session, Query("shelf", 5, after=place, descending=True)) == ["a"]


def test_queries_narrow_by_every_condition(store: SqliteStore) -> None:
    with writing(store, *HERE) as session:
        add(session, "churn", 1, 1000)
        add(session, "churn", 2, 2000)
        add(session, "fraud", 0, 3000)
        session.put("shelf", "churn", 2, {"Status": "Approved"})
        assert names(session, Query("shelf", 9, name="churn")) == ["churn/1", "churn/2"]
        assert names(session, Query("shelf", 9, numbered=False)) == ["fraud"]
        assert names(session, Query("shelf", 9, contains="n/2")) == ["churn/2"]
        assert names(session, Query("shelf", 9, contains="CHURN")) == []
        assert names(session, Query("shelf", 9, created_after_ms=1000)) == ["churn/2", "fraud"]
        assert names(session, Query("shelf", 9, created_before_ms=2000)) == ["churn/1"]
        assert names(
            session, Query("shelf", 9, where=Compare(Member(("Status",)), "=", "Approved"))
        ) == ["churn/2"]
        assert session.has_numbered("shelf", "churn")
        assert not session.has_numbered("shelf", "fraud")


def test_tags_keep_the_order_in_which_their_keys_first_came(store: SqliteStore) -> None:
    with writing(store, *HERE) as session:
        add(session, "a")
        session.put_tags("shelf", "a", 0, {"b": "1", "a": "2"})
        session.put_tags("shelf", "A", 0, {"c": "3", "b": "4"})
        session.remove_tags("shelf", "a", 0, ["a", "unknown"])
        assert list(session.tags("shelf", "a").items()) == [("b", "4"), ("c", "3")]


def test_tags_go_with_their_resource(store: SqliteStore) -> None:
    with writing(store, *HERE) as session:
        add(session, "a")
        session.put_tags("shelf", "a", 0, {"k": "v"})
        session.remove("shelf", "a")
        add(session, "a")
        assert session.tags("shelf", "a") == {}


def test_a_remembered_call_is_given_back(store: SqliteStore) -> None:
    with writing(store, *HERE) as session:
        session.remember("Op", "t", Replay("digest", {"Arn": "é"}))
        assert session.replay("Op", "t") == Replay("digest", {"Arn": "é"})
        assert session.replay("Other", "t") is None


def test_reset_empties_every_account(store: SqliteStore) -> None:
    for place in (HERE, ELSEWHERE):
        with writing(store, *place) as session:
            add(session, "a")
            session.put_tags("shelf", "a", 0, {"k": "v"})
    store.reset()
    for place in (HERE, ELSEWHERE):
        with store.reading(*place) as session:
            assert session.get("shelf", "a") is None
            assert session.tag_keys("shelf") == []


def test_a_store_in_memory_leaves_no_file() -> None:
    store = SqliteStore(":memory:")
    folder = store._file.path.parent
    assert folder.exists()
    store.close()
    assert not folder.exists()


def test_a_commit_to_disk_is_synced_and_one_in_memory_is_not(store: SqliteStore) -> None:
    in_memory = SqliteStore(":memory:")
    assert store._file.writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert in_memory._file.writer.execute("PRAGMA synchronous").fetchone() == (0,)
    in_memory.close()


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, not a database" * 100)
    with pytest.raises(StoreError, match=r"notes\.txt.*not a database"):
        SqliteStore(path)
    assert path.read_text().startswith("these are my notes")


def test_a_database_of_another_program_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE resource (id)")
    other.commit()
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_an_empty_database_that_another_program_marked_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "marked.db"
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 7")
    other.close()
    with pytest.raises(StoreError, match="another program"):
        SqliteStore(path)


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    SqliteStore(path).close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.commit()
    newer.close()
    with pytest.raises(StoreError, match="schema 99"):
        SqliteStore(path)


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Cannot open"):
        SqliteStore(tmp_path)


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="Cannot open"):
        SqliteStore(tmp_path / "file" / "test.db")


def test_the_failure_of_a_commit_is_told_and_the_store_goes_on(store: SqliteStore) -> None:
    # The transaction is ended from within: COMMIT and ROLLBACK then find none.
    def end_early(session: Session) -> None:
        add(session, "a")
        store._file.writer.execute("ROLLBACK")

    with pytest.raises(sqlite3.OperationalError):
        store.write(*HERE, end_early)
    with writing(store, *HERE) as session:
        add(session, "a")


@pytest.mark.parametrize("order", ["created", "modified", Member(("Text",)), TagOf("stage")])
def test_ties_are_broken_by_what_was_added_first(store: SqliteStore, order: Order | Value) -> None:
    with writing(store, *HERE) as session:
        for name, number in (("b", 10), ("b", 9), ("a", 2), ("c", 0)):
            add(session, name, number)
        in_order = ["b/10", "b/9", "a/2", "c"]
        query = Query("shelf", 9, order)
        assert names(session, query) == in_order
        assert names(session, replace(query, descending=True)) == in_order[::-1]
        place = Position(*session.page(query)[1][:5])
        assert names(session, replace(query, after=place)) == ["a/2", "c"]
        assert names(session, replace(query, after=place, descending=True)) == ["b/10"]


def test_what_is_changed_keeps_its_place_among_ties(store: SqliteStore) -> None:
    with writing(store, *HERE) as session:
        for name in "cab":
            add(session, name)
        session.put("shelf", "c", 0, {"Text": "changed"})
        session.remove("shelf", "a")
        add(session, "a")
        assert names(session, Query("shelf", 9)) == ["c", "b", "a"]
