"""Stores as the app makes them, but for what a measurement changes about their commits."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sagemock import Service, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.app import stored_kinds
from sagemock.ports import Clock
from sagemock.store.failures import is_storage_failure
from sagemock.store.group_commit import MOST_AT_ONCE, GroupCommit
from sagemock.store.sqlite_store import SqliteStore

T = TypeVar("T")

_CALLS_IN_A_BATCH = 1000


def service_with(
    database: Path,
    *,
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect,
    together: int = MOST_AT_ONCE,
) -> Service:
    """A service that syncs every commit, its connections made so, each commit for so many calls."""
    model = ServiceModel.installed()
    store = SqliteStore(
        database, kinds=stored_kinds(model), connect=connect, commit_together=together
    )
    return create_service(model=model, store=store)


def service_to_fill(database: Path, clock: Clock) -> Service:
    """A service for one caller with very many calls, who can do without the last ones."""
    model = ServiceModel.installed()
    store = SqliteStore(database, kinds=stored_kinds(model), durability="normal")
    store._commits = _Batches(store._file.writer, is_storage_failure)
    return create_service(model=model, store=store, clock=clock)


class _Batches(GroupCommit):
    """Answers before it commits: a thousand calls at a time."""

    _calls = 0

    def run(self, work: Callable[[], T]) -> T:
        if not self._calls:
            self._execute("BEGIN IMMEDIATE")
        outcome = work()
        self._calls += 1
        if self._calls == _CALLS_IN_A_BATCH:
            self._commit()
        return outcome

    def close(self, end: Callable[[], None]) -> None:
        if self._calls:
            self._commit()
        end()

    def _commit(self) -> None:
        self._execute("COMMIT")
        self._calls = 0
