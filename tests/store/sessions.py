"""A session of the writer for tests that write step by step."""

from collections.abc import Iterator
from contextlib import contextmanager

from sagemock.ports import Session
from sagemock.store.sqlite_store import SqliteStore


@contextmanager
def writing(store: SqliteStore, account: str, region: str) -> Iterator[Session]:
    """One transaction of a store nobody else writes to; committed unless the block raises."""
    writer = store._file.writer
    writer.execute("BEGIN IMMEDIATE")
    try:
        yield store._session(writer, account, region)
        writer.execute("COMMIT")
    except BaseException:
        writer.execute("ROLLBACK")
        raise
