"""The events of EventBridge, made of the activity log when somebody reads them.

Nothing is stored of an event: it is made of its record and of the resource as it was then, which is
what it is with the changes since undone. The number of the record is the place in the log.
"""

import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

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

MOST_EVENTS = 1000
_RECORDS_AT_ONCE = 200
# Few: while these are made, nobody else gets on. More where a target is far behind: of a resource
# that has changed often since, each batch has to go through all that came after it.
_DELIVERED_AT_ONCE = 20
_FAR_BEHIND = 1000
_BATCHES_KEPT = 8
_MOST_RECORDS = 10_000

Resource = tuple[str, str, int]


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
        self._making = threading.Lock()

    def forget(self) -> None:
        """Forget what was read: the log has been emptied, or is another."""
        with self._making:
            self._kept = {}

    def read(self, after: int, most: int | None = None) -> Batch:
        """The events of the records after one: of so many at most, or of as many as suit targets.

        Of these what was made last is kept, for the next target.
        """
        query = ActivityQuery(limit=most or _RECORDS_AT_ONCE, after_id=after, oldest_first=True)
        if most is not None:
            return self._read(query)
        with self._making:
            batch = self._kept.get(after)
            if batch is None:
                if self._store.newest_record() - after < _FAR_BEHIND:
                    query = replace(query, limit=_DELIVERED_AT_ONCE)
                batch = self._read(query)
                if batch.last != after:
                    if len(self._kept) >= _BATCHES_KEPT:
                        del self._kept[next(iter(self._kept))]
                    self._kept[after] = batch
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
        for _ in range(_MOST_RECORDS // _RECORDS_AT_ONCE):
            batch = self._read(replace(query, after_id=place))
            for event in batch.events:
                if pattern is None or pattern.matches(event.envelope):
                    found.append(event.envelope)
                if len(found) == limit:
                    return {"Events": found, "After": event.number}
            if batch.last == place:
                break
            place = batch.last
        return {"Events": found, "After": place}

    def _read(self, query: ActivityQuery) -> Batch:
        records = self._store.activities(query)
        events: list[Event] = []
        telling = [each for each in records if each.activity.kind in STATE_CHANGES]
        for (account, region), here in groupby(telling, key=lambda each: each[1:3]):
            with self._store.reading(account, region) as session:
                events += self._events(session, list(here))
        return Batch(events, records[-1].id if records else query.after_id or 0)

    def _events(self, session: Session, records: list[Recorded]) -> Iterator[Event]:
        """The events of records of one account and region, one after the other."""
        documents = _documents(session, records)
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


def _documents(session: Session, records: list[Recorded]) -> dict[int, Members | None]:
    """By record, its resource as it was after it; before it, where it was removed."""
    of_resource: dict[Resource, list[Recorded]] = {}
    for recorded in records:
        activity = recorded.activity
        key = (activity.kind, activity.name.lower(), activity.number)
        of_resource.setdefault(key, []).append(recorded)
    return {
        number: document
        for resource, its in of_resource.items()
        for number, document in _through(session, resource, its)
    }


def _through(
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
