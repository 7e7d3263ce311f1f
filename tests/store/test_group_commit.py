"""Group commit: one COMMIT for many, nobody's answer before it, nobody's fault another's."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sagemock.store.failures import is_storage_failure
from sagemock.store.group_commit import GroupCommit

LIMIT_S = 20.0


class Watched(sqlite3.Connection):
    """A connection that notes its statements, waits before a COMMIT if told, and fails if told."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.ran: list[str] = []
        self.may_commit = threading.Event()
        self.may_commit.set()
        self.fails: Callable[[str], bool] = lambda _: False

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        self.ran.append(sql)
        if sql == "COMMIT":
            assert self.may_commit.wait(LIMIT_S)
        if self.fails(sql):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return super().execute(sql, *arguments)


class Callers:
    """Threads that each run one piece of work, and what became of it."""

    def __init__(self, commits: GroupCommit) -> None:
        self.commits = commits
        self.outcomes: dict[int, Any] = {}
        self.threads: list[threading.Thread] = []

    def start(self, number: int, work: Callable[[], Any]) -> None:
        def run() -> None:
            try:
                self.outcomes[number] = self.commits.run(work)
            except (sqlite3.Error, ValueError) as error:
                self.outcomes[number] = error

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def join(self) -> None:
        for thread in self.threads:
            thread.join(LIMIT_S)
            assert not thread.is_alive()


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Watched]:
    connection = sqlite3.connect(
        tmp_path / "test.db", isolation_level=None, check_same_thread=False, factory=Watched
    )
    connection.execute("CREATE TABLE thing (number INTEGER PRIMARY KEY)")
    yield connection
    connection.close()


def commits_of(connection: Watched, most: int = 64) -> GroupCommit:
    return GroupCommit(connection, is_storage_failure, most)


def numbers(connection: Watched) -> list[int]:
    return [number for (number,) in connection.execute("SELECT number FROM thing ORDER BY number")]


def add(connection: Watched, number: int) -> Callable[[], int]:
    def work() -> int:
        connection.execute("INSERT INTO thing VALUES (?)", (number,))
        return number

    return work


def held_up(connection: Watched, callers: Callers, works: list[Callable[[], Any]]) -> None:
    """Start all works while the COMMIT of a first one is held up, so that they queue together."""
    connection.may_commit.clear()
    callers.start(0, add(connection, 0))
    wait_until(lambda: "COMMIT" in connection.ran)
    for number, work in enumerate(works, start=1):
        callers.start(number, work)
        wait_until(partial(waiting, callers, number))
    connection.may_commit.set()
    callers.join()


def waiting(callers: Callers, number: int) -> bool:
    return len(callers.commits._waiting) == number


def wait_until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(LIMIT_S * 1000)):
        if holds():
            return
        pause.wait(0.001)
    pytest.fail("it never came to that")


def test_one_commit_answers_for_all_that_waited(connection: Watched) -> None:
    callers = Callers(commits_of(connection))
    held_up(connection, callers, [add(connection, number) for number in range(1, 21)])
    assert callers.outcomes == {number: number for number in range(21)}
    assert connection.ran.count("COMMIT") == 2
    assert numbers(connection) == list(range(21))


def test_a_batch_has_its_bound(connection: Watched) -> None:
    callers = Callers(commits_of(connection, most=5))
    held_up(connection, callers, [add(connection, number) for number in range(1, 21)])
    assert connection.ran.count("COMMIT") == 1 + 4
    assert numbers(connection) == list(range(21))


def test_nobody_is_answered_before_the_commit(connection: Watched) -> None:
    callers = Callers(commits_of(connection))
    connection.may_commit.clear()
    callers.start(0, add(connection, 0))
    wait_until(lambda: "COMMIT" in connection.ran)
    refusal = ValueError("no")

    def refuse() -> None:
        raise refusal

    callers.start(1, add(connection, 1))
    callers.start(2, refuse)
    wait_until(partial(waiting, callers, 2))
    assert callers.outcomes == {}
    connection.may_commit.set()
    callers.join()
    assert callers.outcomes == {0: 0, 1: 1, 2: refusal}


def test_a_refused_call_takes_back_its_own_rows_and_no_others(connection: Watched) -> None:
    callers = Callers(commits_of(connection))

    def write_and_refuse() -> None:
        add(connection, 99)()
        raise ValueError

    works = [add(connection, 1), write_and_refuse, add(connection, 3)]
    held_up(connection, callers, works)
    assert numbers(connection) == [0, 1, 3]
    assert isinstance(callers.outcomes[2], ValueError)


@pytest.mark.parametrize(
    ("statement", "number"),
    [("COMMIT", 2), ("INSERT INTO thing VALUES (?)", 3), ("SAVEPOINT call", 3)],
)
def test_when_the_database_fails_each_call_is_run_once_more_alone(
    connection: Watched, statement: str, number: int
) -> None:
    callers = Callers(commits_of(connection))
    failures: list[str] = []

    def once(sql: str) -> bool:
        due = sql == statement and connection.ran.count(statement) == number and not failures
        failures.extend([sql] if due else [])
        return due

    connection.fails = once
    held_up(connection, callers, [add(connection, number) for number in range(1, 6)])
    assert failures == [statement]
    assert callers.outcomes == {number: number for number in range(6)}
    assert numbers(connection) == list(range(6))


def test_a_call_that_cannot_be_stored_alone_either_is_told_so_and_no_other(
    connection: Watched,
) -> None:
    callers = Callers(commits_of(connection))

    def full_with_three() -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    works = [add(connection, 1), add(connection, 2), full_with_three, add(connection, 4)]
    held_up(connection, callers, works)
    assert isinstance(callers.outcomes.pop(3), sqlite3.OperationalError)
    assert callers.outcomes == {0: 0, 1: 1, 2: 2, 4: 4}
    assert numbers(connection) == [0, 1, 2, 4]


def test_a_lone_call_that_fails_is_not_run_again(connection: Watched) -> None:
    commits = commits_of(connection)
    connection.fails = lambda sql: sql == "COMMIT"
    with pytest.raises(sqlite3.OperationalError, match="full"):
        commits.run(add(connection, 1))
    connection.fails = lambda _: False
    assert numbers(connection) == []
    assert commits.run(add(connection, 2)) == 2
    assert numbers(connection) == [2]


def test_a_mistaken_statement_is_one_calls_fault(connection: Watched) -> None:
    callers = Callers(commits_of(connection))
    works = [
        add(connection, 1),
        lambda: connection.execute("SELECT 1 FROM nowhere"),
        add(connection, 3),
    ]
    held_up(connection, callers, works)
    assert "no such table" in str(callers.outcomes[2])
    assert connection.ran.count("INSERT INTO thing VALUES (?)") == 3
    assert numbers(connection) == [0, 1, 3]


def test_closing_waits_for_those_at_work_and_fails_those_after(connection: Watched) -> None:
    callers = Callers(commits_of(connection))
    closed: list[list[int]] = []
    connection.may_commit.clear()
    callers.start(0, add(connection, 0))
    wait_until(lambda: "COMMIT" in connection.ran)
    callers.start(1, add(connection, 1))
    wait_until(partial(waiting, callers, 1))

    def end() -> None:
        closed.append(numbers(connection))
        connection.close()

    closing = threading.Thread(target=callers.commits.close, args=(end,))
    closing.start()
    wait_until(partial(waiting, callers, 2))
    connection.may_commit.set()
    callers.join()
    closing.join(LIMIT_S)
    assert closed == [[0, 1]]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        callers.commits.run(add(connection, 2))
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        callers.commits.run(add(connection, 3))
