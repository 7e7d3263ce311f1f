"""Time travel: a resource as it was, which is what it is with the changes since undone.

A rule that describes is given a session that reads this way, and knows nothing of it.
"""

from collections.abc import Iterator
from typing import Any

from sagemock.ports import Activity, ActivityQuery, Row, Session
from sagemock.resource_type import TAGS

_RECORDS_AT_ONCE = 500

Document = dict[str, Any]


class AsOfSession:
    """One account and region as they were: single resources and their tags.

    All else is as it is, and cannot be changed: a session that reads stands behind it.
    """

    def __init__(self, session: Session, at_ms: int) -> None:
        self._session = session
        self._at_ms = at_ms

    def get(self, kind: str, name: str, number: int = 0) -> Row | None:
        """The resource as it was."""
        spelled, document = self._as_it_was(kind, name, number)
        if document is None:
            return None
        created_ms = round(document["CreationTime"] * 1000)
        shown = {member: value for member, value in document.items() if member != TAGS}
        # No list shows what was, so it has a place in none.
        return Row(created_ms, spelled, number, 0, None, shown)

    def tags(self, kind: str, name: str, number: int = 0) -> dict[str, str]:
        """Its tags as they were."""
        _, document = self._as_it_was(kind, name, number)
        return dict(document.get(TAGS, {})) if document else {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def _as_it_was(self, kind: str, name: str, number: int) -> tuple[str, Document | None]:
        """How its name was spelled, and its document with its tags."""
        row = self._session.get(kind, name, number)
        document: Document | None = None
        if row is not None:
            document = {**row.document, TAGS: self._session.tags(kind, name, number)}
        resource = kind, name, number
        until = ActivityQuery(limit=1, resource=resource, until_ms=self._at_ms)
        last = next((each.id for each in self._session.activities(until)), 0)
        undoing = list(newer(self._session, resource, last))
        for activity in undoing:
            document = undone(document, activity)
        if not last and document is not None and document["CreationTime"] * 1000 > self._at_ms:
            # Its creation was not written down: a registry that was begun without a log.
            return name, None
        # Since then one of another spelling may have come in its place.
        spelled = undoing[-1].name if undoing else row.name if row else name
        return spelled, document


def undone(document: Document | None, activity: Activity) -> Document | None:
    """What a document was before a change; None where there was none."""
    if activity.change == "created":
        return None
    if activity.change == "removed":
        return dict(activity.before)
    if activity.change != "changed" or document is None:
        return document
    kept = {name: value for name, value in document.items() if name not in activity.after}
    return {**kept, **activity.before}


def newer(session: Session, resource: tuple[str, str, int], last: int) -> Iterator[Activity]:
    """What was done to a resource after the record of that number, newest first.

    Whatever their times: a clock may have been turned back meanwhile.
    """
    before_id = None
    while True:
        query = ActivityQuery(
            limit=_RECORDS_AT_ONCE, resource=resource, after_id=last, before_id=before_id
        )
        records = session.activities(query)
        yield from (each.activity for each in records)
        if len(records) < _RECORDS_AT_ONCE:
            return
        before_id = records[-1].id
