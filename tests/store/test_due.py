"""What the store knows of resources that have yet to move, and of where some were deployed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sessions import writing

from sagemock.ports import Activity, Change, Due, Session
from sagemock.store.sqlite_store import SqliteStore

HERE = ("123456789012", "us-east-1")
ELSEWHERE = ("210987654321", "eu-west-1")
DEPLOYED = Activity(
    at_ms=1000,
    change="deployed",
    kind="model",
    name="churn",
    number=0,
    operation="CreateEndpoint",
    principal="ann",
    request_id="r",
    before={},
    after={"VariantName": "caf\u00e9"},
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "test.db")
    yield store
    store.close()


def add(session: Session, name: str, due_ms: int | None = None, number: int = 0) -> None:
    session.add("shelf", name, number, 1000, {"Name": name}, due_ms)


def record(session: Session, change: Change, name: str) -> None:
    session.record(replace(DEPLOYED, change=change, name=name))


def plan_of(store: SqliteStore, read: Callable[[], Any]) -> str:
    """How SQLite finds what the store asks for."""
    store.check()
    (connection,) = store._readers
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    read()
    connection.set_trace_callback(None)
    (statement,) = [each for each in asked if each.startswith("SELECT")]
    steps = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    return " / ".join(step[-1] for step in steps)


class TestDue:
    def test_what_is_due_is_told_of_all_places_earliest_first(self, store: SqliteStore) -> None:
        with writing(store, *HERE) as session:
            add(session, "late", 3000)
            add(session, "at rest")
            add(session, "Early", 1000, number=2)
        with writing(store, *ELSEWHERE) as session:
            add(session, "between", 2000)
        assert store.due() == [
            Due(1000, *HERE, "shelf", "Early", 2),
            Due(2000, *ELSEWHERE, "shelf", "between", 0),
            Due(3000, *HERE, "shelf", "late", 0),
        ]

    def test_equal_times_come_as_they_were_written(self, store: SqliteStore) -> None:
        with writing(store, *HERE) as session:
            for name in ("b", "a", "c"):
                add(session, name, 1000)
        assert [each.name for each in store.due()] == ["b", "a", "c"]

    def test_a_change_without_a_time_has_come_to_rest(self, store: SqliteStore) -> None:
        with writing(store, *HERE) as session:
            add(session, "a", 1000)
            session.put("shelf", "A", 0, {"Name": "a"}, 2000)
        assert store.due() == []

    def test_a_change_may_make_due_or_put_off(self, store: SqliteStore) -> None:
        with writing(store, *HERE) as session:
            add(session, "a")
            add(session, "b", 1000)
            for name in "ab":
                session.put("shelf", name, 0, {"Name": name}, None, 5000)
        assert [(each.name, each.due_ms) for each in store.due()] == [("a", 5000), ("b", 5000)]

    def test_what_is_removed_is_not_due(self, store: SqliteStore) -> None:
        with writing(store, *HERE) as session:
            add(session, "a", 1000)
            session.remove("shelf", "a")
        assert store.due() == []

    def test_after_a_reset_nothing_is_due(self, store: SqliteStore) -> None:
        with writing(store, *HERE) as session:
            add(session, "a", 1000)
        store.reset()
        assert store.due() == store.places("shelf") == []

    def test_what_was_not_committed_is_not_due(self, store: SqliteStore) -> None:
        def fail(session: Session) -> None:
            add(session, "a", 1000)
            raise RuntimeError

        with pytest.raises(RuntimeError):
            store.write(*HERE, fail)
        assert store.due() == []

    def test_it_is_due_still_when_the_store_is_opened_again(self, tmp_path: Path) -> None:
        first = SqliteStore(tmp_path / "again.db")
        with writing(first, *HERE) as session:
            add(session, "a", 1000)
        first.close()
        second = SqliteStore(tmp_path / "again.db")
        assert second.due() == [Due(1000, *HERE, "shelf", "a", 0)]
        second.close()

    def test_it_is_found_by_its_index_and_not_among_all_others(self, store: SqliteStore) -> None:
        plan = plan_of(store, store.due)
        assert "resource_due" in plan
        assert plan.startswith("SCAN resource USING INDEX resource_due")


class TestPlaces:
    def test_all_of_a_kind_are_told_of_all_places_due_or_not(self, store: SqliteStore) -> None:
        with writing(store, *HERE) as session:
            add(session, "b", 1000)
            session.add("box", "other", 0, 1000, {}, 1000)
        with writing(store, *ELSEWHERE) as session:
            add(session, "a")
        assert store.places("shelf") == [
            Due(1000, *HERE, "shelf", "b", 0),
            Due(None, *ELSEWHERE, "shelf", "a", 0),
        ]
        assert store.places("none") == []

    def test_they_are_found_by_their_kind(self, store: SqliteStore) -> None:
        plan = plan_of(store, lambda: store.places("shelf"))
        assert "SEARCH resource USING" in plan
        assert "(kind=?)" in plan


class TestRecords:
    def test_a_record_is_read_back_whole(self, store: SqliteStore) -> None:
        with writing(store, *HERE) as session:
            session.record(DEPLOYED)
            assert session.recorded("deployed", 10) == [DEPLOYED]

    def test_records_of_one_change_come_newest_first_and_no_more_than_asked(
        self, store: SqliteStore
    ) -> None:
        with writing(store, *HERE) as session:
            for name in "abc":
                record(session, "deployed", name)
                record(session, "withdrawn", name.upper())
                record(session, "changed", "x")
            assert [each.name for each in session.recorded("deployed", 10)] == ["c", "b", "a"]
            assert [each.name for each in session.recorded("withdrawn", 2)] == ["C", "B"]

    def test_records_of_other_places_are_not_seen(self, store: SqliteStore) -> None:
        with writing(store, *HERE) as session:
            record(session, "deployed", "a")
        for place in (ELSEWHERE, (HERE[0], ELSEWHERE[1]), (ELSEWHERE[0], HERE[1])):
            with store.reading(*place) as session:
                assert session.recorded("deployed", 10) == []

    def test_places_with_deployments_are_told_once_and_others_not(self, store: SqliteStore) -> None:
        with writing(store, *HERE) as session:
            record(session, "deployed", "a")
            record(session, "withdrawn", "a")
        with writing(store, *ELSEWHERE) as session:
            record(session, "changed", "a")
        assert store.noted() == {HERE}

    def test_records_are_forgotten_with_everything(self, store: SqliteStore) -> None:
        with writing(store, *HERE) as session:
            record(session, "deployed", "a")
        store.reset()
        assert store.noted() == set()
        with store.reading(*HERE) as session:
            assert session.recorded("deployed", 10) == []

    def test_they_are_found_by_their_index_in_their_order(self, store: SqliteStore) -> None:
        def read() -> None:
            with store.reading(*HERE) as session:
                session.recorded("deployed", 10)

        plan = plan_of(store, read)
        assert "SEARCH activity USING INDEX activity_notable" in plan
        assert "(account=? AND region=? AND change=?)" in plan
        assert "TEMP B-TREE" not in plan
        assert "activity_notable" in plan_of(store, store.noted)


def test_commits_are_counted_so_that_what_was_read_is_known_to_hold(store: SqliteStore) -> None:
    before = store.commits()
    with store.reading(*HERE) as session:
        session.get("shelf", "a")
    assert store.commits() == before
    store.write(*HERE, lambda session: add(session, "a"))
    assert store.commits() == before + 1
    with pytest.raises(RuntimeError):
        store.write(*HERE, fail)
    assert store.commits() == before + 1
    store.reset()
    assert store.commits() == before + 2


def fail(_: Session) -> None:
    raise RuntimeError
