"""One call's view of the database: a connection inside a transaction, of one account and region."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sagemock.contents import Stored
from sagemock.ports import (
    Activity,
    ActivityQuery,
    AlreadyThere,
    Change,
    Kind,
    ListRow,
    Query,
    Recorded,
    Replay,
    Row,
)
from sagemock.store.activity_sql import activities, notable
from sagemock.store.document_text import decoded, encoded
from sagemock.store.plan import Planner

# Named: where partial indexes come into question, SQLite plans anew for the values of each call.
_BY_KEY = "resource INDEXED BY resource_key"
_FROM_KEY = "kind = ? AND account = ? AND region = ? AND lower(name) = lower(?) AND number = ?"
_OF_NAME = "kind = ? AND account = ? AND region = ? AND name = ?"
_IS_LATE = (
    "EXISTS (SELECT 1 FROM resource INDEXED BY resource_named_created"
    f" WHERE {_OF_NAME} AND created_ms > ?)"
    f" OR EXISTS (SELECT 1 FROM resource INDEXED BY resource_name WHERE {_OF_NAME} AND number > ?)"
)


class SqliteSession:
    """The Session port on one connection."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        planner: Planner,
        kinds: Mapping[str, Kind],
        account: str,
        region: str,
    ) -> None:
        self._execute = connection.execute
        self._planner = planner
        self._kinds = kinds
        self._account = account
        self._region = region

    def get(self, kind: str, name: str, number: int = 0) -> Row | None:
        found = self._execute(
            f"SELECT created_ms, name, number, id, document FROM {_BY_KEY} WHERE {_FROM_KEY}",
            (kind, self._account, self._region, name, number),
        ).fetchone()
        if found is None:
            return None
        *place, document = found
        return Row._make((*place, None, decoded(document)))

    def add(  # noqa: PLR0913, PLR0917 - what a row consists of
        self,
        kind: str,
        name: str,
        number: int,
        created_ms: int,
        document: Mapping[str, Any],
        due_ms: int | None = None,
    ) -> None:
        key = (kind, self._account, self._region, name)
        added = self._execute(
            "INSERT INTO resource (kind, account, region, name, number, created_ms, modified_ms,"
            f" late, summary, document, due_ms) SELECT ?, ?, ?, ?, ?, ?, ?, {_IS_LATE}, ?, ?, ?"
            " WHERE true ON CONFLICT DO NOTHING",
            (
                *(*key, number, created_ms, created_ms),
                *(*key, created_ms, *key, number),
                *(*self._texts(kind, document), due_ms),
            ),
        )
        if not added.rowcount:
            existing = self.get(kind, name, number)
            raise AlreadyThere(existing.name if existing else name)
        named = self._execute(
            "INSERT INTO name (kind, account, region, name) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            key,
        )
        if named.rowcount:
            self._execute(
                "INSERT INTO name_part (rowid, name) VALUES (?, ?)", (named.lastrowid, name)
            )

    def put(  # noqa: PLR0913, PLR0917 - what a row consists of
        self,
        kind: str,
        name: str,
        number: int,
        document: Mapping[str, Any],
        modified_ms: int | None = None,
        due_ms: int | None = None,
    ) -> None:
        self._execute(
            f"UPDATE {_BY_KEY} SET summary = ?, document = ?, due_ms = ?,"
            f" modified_ms = coalesce(?, modified_ms) WHERE {_FROM_KEY}",
            (
                *(*self._texts(kind, document), due_ms),
                *(modified_ms, kind, self._account, self._region, name, number),
            ),
        )

    def restore(self, stored: Stored) -> None:
        """Store a resource as it was when it was read. Errors: AlreadyThere."""
        key = (stored.kind, stored.name, stored.number)
        self.add(*key, stored.created_ms, stored.document, stored.due_ms)
        if stored.modified_ms != stored.created_ms:
            self._execute(
                f"UPDATE {_BY_KEY} SET modified_ms = ? WHERE {_FROM_KEY}",
                (stored.modified_ms, stored.kind, self._account, self._region, *key[1:]),
            )
        self.put_tags(*key, stored.tags)

    def remove(self, kind: str, name: str, number: int = 0) -> None:
        key = (kind, self._account, self._region, name, number)
        self._execute(
            f"DELETE FROM tag WHERE resource = (SELECT id FROM {_BY_KEY} WHERE {_FROM_KEY})", key
        )
        spelled = self._execute(
            f"DELETE FROM {_BY_KEY} WHERE {_FROM_KEY} RETURNING name", key
        ).fetchall()
        for (each,) in spelled:
            self._forget_unused(kind, each)

    def has_numbered(self, kind: str, name: str) -> bool:
        found = self._execute(
            f"SELECT 1 FROM {_BY_KEY} WHERE kind = ? AND account = ? AND region = ?"
            " AND lower(name) = lower(?) AND number > 0 LIMIT 1",
            (kind, self._account, self._region, name),
        ).fetchone()
        return found is not None

    def page(self, query: Query) -> list[Row]:
        return [
            Row._make((*place, decoded(document)))
            for *place, document in self._found(query, "document")
        ]

    def list_rows(self, query: Query) -> list[ListRow]:
        return list(map(ListRow._make, self._found(query, "summary")))

    def count(self, query: Query, most: int) -> int:
        sql, values = self._planner.count(self._execute, query, (self._account, self._region), most)
        (count,) = self._execute(sql, values).fetchone()
        return int(count)

    def tag_keys(self, kind: str) -> list[str]:
        found = self._execute(
            "SELECT DISTINCT tag.key FROM tag JOIN resource ON resource.id = tag.resource"
            " WHERE kind = ? AND account = ? AND region = ? ORDER BY tag.key",
            (kind, self._account, self._region),
        )
        return [key for (key,) in found]

    def next_number(self, scope: str) -> int:
        (number,) = self._execute(
            "INSERT INTO counter (account, region, scope, value) VALUES (?, ?, ?, 1)"
            " ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value",
            (self._account, self._region, scope),
        ).fetchone()
        return int(number)

    def end_numbers(self, scope: str) -> None:
        self._execute(
            "DELETE FROM counter WHERE account = ? AND region = ? AND scope = ?",
            (self._account, self._region, scope),
        )

    def tags(self, kind: str, name: str, number: int = 0) -> dict[str, str]:
        found = self._execute(
            "SELECT key, value FROM tag"
            f" WHERE resource = (SELECT id FROM {_BY_KEY} WHERE {_FROM_KEY}) ORDER BY id",
            (kind, self._account, self._region, name, number),
        )
        return dict(found.fetchall())

    def put_tags(self, kind: str, name: str, number: int, tags: Mapping[str, str]) -> None:
        key = (kind, self._account, self._region, name, number)
        for tag, value in tags.items():
            self._execute(
                "INSERT INTO tag (resource, key, value)"
                f" SELECT id, ?, ? FROM {_BY_KEY} WHERE {_FROM_KEY}"
                " ON CONFLICT (resource, key) DO UPDATE SET value = excluded.value",
                (tag, value, *key),
            )

    def remove_tags(self, kind: str, name: str, number: int, keys: Iterable[str]) -> None:
        for tag in dict.fromkeys(keys):
            self._execute(
                "DELETE FROM tag WHERE key = ?"
                f" AND resource = (SELECT id FROM {_BY_KEY} WHERE {_FROM_KEY})",
                (tag, kind, self._account, self._region, name, number),
            )

    def record(self, activity: Activity) -> None:
        self._execute(
            "INSERT INTO activity (at_ms, account, region, kind, name, number, change, operation,"
            " principal, request_id, before, after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(activity.at_ms, self._account, self._region),
                *(activity.kind, activity.name, activity.number),
                *(activity.change, activity.operation, activity.principal, activity.request_id),
                *(encoded(activity.before), encoded(activity.after)),
            ),
        )

    def activities(self, query: ActivityQuery) -> list[Recorded]:
        here = replace(query, account=self._account, region=self._region)
        return activities(self._execute, here)

    def recorded(self, change: Change, most: int) -> list[Activity]:
        return notable(self._execute, (self._account, self._region), change, most)

    def replay(self, operation: str, token: str) -> Replay | None:
        found = self._execute(
            "SELECT digest, answer FROM replayed_call WHERE account = ? AND region = ?"
            " AND operation = ? AND token = ?",
            (self._account, self._region, operation, token),
        ).fetchone()
        return Replay(digest=found[0], answer=decoded(found[1])) if found else None

    def remember(self, operation: str, token: str, replay: Replay) -> None:
        self._execute(
            "INSERT INTO replayed_call (account, region, operation, token, digest, answer)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (self._account, self._region, operation, token, replay.digest, encoded(replay.answer)),
        )

    def _forget_unused(self, kind: str, name: str) -> None:
        """Take a name from the names in use when nothing has it any more."""
        key = (kind, self._account, self._region, name)
        unused = self._execute(
            f"DELETE FROM name WHERE {_OF_NAME} AND NOT EXISTS (SELECT 1 FROM resource"
            f" INDEXED BY resource_name WHERE {_OF_NAME}) RETURNING id",
            (*key, *key),
        ).fetchall()
        for row in unused:
            self._execute("DELETE FROM name_part WHERE rowid = ?", row)

    def _texts(self, kind: str, document: Mapping[str, Any]) -> tuple[str, str]:
        """The list row and the document as JSON."""
        text = encoded(document)
        known = self._kinds.get(kind)
        return (encoded(known.list_row(document)) if known else text), text

    def _found(self, query: Query, content: str) -> list[tuple[Any, ...]]:
        sql, values = self._planner.page(
            self._execute, query, (self._account, self._region), content
        )
        return self._execute(sql, values).fetchall()
