"""The events of EventBridge, made of the activity log when somebody reads them.

Nothing is stored of an event: it is made of its record and of the resource as it was then, which is
what it is with the changes since undone. Whoever reads on goes forward from what the resource was
when it was left. The number of the record is the place in the log.
"""

import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from sagemock.activity_log import ActivityLog
from sagemock.eventing import Batch, Event
from sagemock.operation import Members
from sagemock.ports import ActivityQuery, Recorded, Session, Store
from sagemock.resource_type import TAGS, ResourceType
from sagemock.resources.state_changes import STATE_CHANGES, Describe
from sagemock.time_text import in_seconds
from sagemock.time_travel import newer, undone

if TYPE_CHECKING:
    from sagemock.event_pattern import EventPattern

K = TypeVar("K")
V = TypeVar("V")

MOST_EVENTS = 1000
_RECORDS_AT_ONCE = 200
# Few: while these are made, nobody else gets on. More where a target is far behind: a resource that
# is not known from the batch before has all undone that came after.
_DELIVERED_AT_ONCE = 20
_FAR_BEHIND = 1000
_BATCHES_KEPT = 8
_RESOURCES_KEPT = 200
_MOST_RECORDS = 10_000

Resource = tuple[str, str, int]

Left = dict[tuple[str, str, Resource], Members]
"""By account, region and resource, what it was at a place in the log; that of the latest record
last."""


class EventLog:
    """Reads the events of one store; `describe` is what a noun's Describe shows of a document."""

    def __init__(
        self,
        store: Store,
        nouns: Mapping[str, ResourceType],
        activity_log: ActivityLog,
        describe: Describe,
    ) -> None:
        self._store = store
        self._nouns = nouns
        self._activity_log = activity_log
        self._describe = describe
        # What was made for one target is what the next one asks for.
        self._kept: dict[int, Batch] = {}
        self._left: dict[int, Left] = {}
        self._making = threading.Lock()

    def forget(self) -> None:
        """Forget what was read: the log has been emptied, or is another."""
        with self._making:
            self._kept, self._left = {}, {}

    def read(self, after: int, most: int | None = None) -> Batch:
        """The events of the records after one: of so many at most, or of as many as suit targets.

        Of these what was made last is kept, for the next target.
        """
        query = ActivityQuery(limit=most or _RECORDS_AT_ONCE, after_id=after, oldest_first=True)
        if most is not None:
            return self._read(query, {})
        with self._making:
            batch = self._kept.get(after)
            if batch is None:
                if self._store.newest_record() - after < _FAR_BEHIND:
                    query = replace(query, limit=_DELIVERED_AT_ONCE)
                left = self._left.pop(after, {})
                batch = self._read(query, left)
                _keep(self._left, batch.last, left, _BATCHES_KEPT)
                if batch.last != after:
                    _keep(self._kept, after, batch, _BATCHES_KEPT)
            return batch

    def page(  # noqa: PLR0913 - what can be asked for
        self,
        *,
        after: int = 0,
        limit: int = MOST_EVENTS,
        account: str | None = None,
        region: str | None = None,
        resource: str | None = None,
        pattern: "EventPattern | None" = None,
    ) -> dict[str, Any]:
        """Events after a place in the log, oldest first, and the place from which to go on.

        There may be none on a page, or few, and more after it; all were seen when `After` stays.
        A place beyond the end is one of a log that was emptied since: it is read from the start.
        Errors: NoResourceError.
        """
        query = ActivityQuery(
            limit=_RECORDS_AT_ONCE, account=account, region=region, oldest_first=True
        )
        if resource is not None:
            arn = self._activity_log.resource(resource)
            of = (arn.type, arn.name, arn.number)
            query = replace(query, account=arn.account, region=arn.region, resource=of)
        place = after if after <= self._store.newest_record() else 0
        found: list[Mapping[str, Any]] = []
        left: Left = {}
        for _ in range(_MOST_RECORDS // _RECORDS_AT_ONCE):
            batch = self._read(replace(query, after_id=place), left)
            for event in batch.events:
                if pattern is None or pattern.matches(event.envelope):
                    found.append(event.envelope)
                if len(found) == limit:
                    return {"Events": found, "After": event.number}
            if batch.last == place:
                break
            place = batch.last
        return {"Events": found, "After": place}

    def _read(self, query: ActivityQuery, left: Left) -> Batch:
        """A batch, made from what its resources were when they were left; they are left anew."""
        records = self._store.activities(query)
        events: list[Event] = []
        telling = [each for each in records if each.activity.kind in STATE_CHANGES]
        for (account, region), here in groupby(telling, key=lambda each: each[1:3]):
            with self._store.reading(account, region) as session:
                events += self._events(session, list(here), left)
        return Batch(events, records[-1].id if records else query.after_id or 0)

    def _events(self, session: Session, records: list[Recorded], left: Left) -> Iterator[Event]:
        """The events of records of one account and region, one after the other."""
        documents = _documents(session, records, left)
        for recorded in records:
            document = documents[recorded.id]
            if document is None:
                continue
            detail_type, detail = STATE_CHANGES[recorded.activity.kind]
            told = detail(recorded.activity, document, self._describe)
            if told is not None:
                yield Event(recorded.id, self._envelope(recorded, document, detail_type, told))

    def _envelope(
        self, recorded: Recorded, document: Members, detail_type: str, detail: Members
    ) -> Members:
        activity = recorded.activity
        arn = document[self._nouns[activity.kind].arn_member]
        # The same of the same record, whenever it is made; another in any other registry.
        told_apart = f"{arn}/{recorded.id}/{activity.at_ms}/{activity.request_id}"
        return {
            "version": "0",
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, told_apart)),
            "detail-type": detail_type,
            "source": "aws.sagemaker",
            "account": recorded.account,
            "time": in_seconds(activity.at_ms / 1000),
            "region": recorded.region,
            "resources": [arn],
            "detail": detail,
        }


def _documents(session: Session, records: list[Recorded], left: Left) -> dict[int, Members | None]:
    """By record, its resource as it was after it; before it, where it was removed."""
    of_resource: dict[tuple[str, str, Resource], list[Recorded]] = {}
    for recorded in records:
        activity = recorded.activity
        resource = activity.kind, activity.name.lower(), activity.number
        of_resource.setdefault((*recorded[1:3], resource), []).append(recorded)
    found: dict[int, Members | None] = {}
    for key, its in of_resource.items():
        document = left.pop(key, None)
        # Of a creation the record has not what was created.
        if document is None or any(each.activity.change == "created" for each in its):
            found |= _backward(session, key[2], its)
        else:
            found |= _forward(document, its)
        last = found[its[-1].id]
        if last is not None and its[-1].activity.change != "removed":
            _keep(left, key, last, _RESOURCES_KEPT)
    return found


def _backward(
    session: Session, resource: Resource, records: list[Recorded]
) -> Iterator[tuple[int, Members | None]]:
    """A resource as it was after each of its records, the last first."""
    row = session.get(*resource)
    document: Members | None = None
    if row is not None:
        document = {**row.document, TAGS: session.tags(*resource)}
    for activity in newer(session, resource, records[-1].id):
        document = undone(document, activity)
    for recorded in reversed(records):
        after, document = document, undone(document, recorded.activity)
        yield recorded.id, document if recorded.activity.change == "removed" else after


def _forward(
    document: Members | None, records: list[Recorded]
) -> Iterator[tuple[int, Members | None]]:
    """The same, the first first, from what it was before them; none of them created it."""
    for recorded in records:
        activity = recorded.activity
        before = document
        if activity.change == "removed":
            document = None
        elif activity.change == "changed" and document is not None:
            kept = {name: value for name, value in document.items() if name not in activity.before}
            document = {**kept, **activity.after}
        yield recorded.id, before if activity.change == "removed" else document


def _keep(these: dict[K, V], key: K, value: V, most: int) -> None:
    """Put a value last, and let go of the first ones where there are more than so many."""
    these.pop(key, None)
    these[key] = value
    while len(these) > most:
        del these[next(iter(these))]
