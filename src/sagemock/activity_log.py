"""The activity log as it is read: who did what to which resource, when, and what that changed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sagemock.arn import Arn
from sagemock.ports import ActivityQuery, Recorded, Store
from sagemock.resource_type import ResourceType

MOST_RECORDS = 1000

NO_RESOURCE = "There is no resource of sagemock with the ARN '{arn}'."
COMMENT = "ApprovalDescription"
"""The member in which whoever changes a version says why."""


class NoResourceError(ValueError):
    """An ARN of nothing that is served; the message is a sentence."""


class ActivityLog:
    """Reads the records of one store, in the words of its nouns."""

    def __init__(self, store: Store, nouns: Mapping[str, ResourceType]) -> None:
        self._store = store
        self._nouns = nouns

    def page(self, query: ActivityQuery, resource: str | None = None) -> dict[str, Any]:
        """A page of records, newest first, and where the next one begins if there is one.

        A resource is given as its ARN. Errors: NoResourceError.
        """
        if resource is not None:
            arn = self.resource(resource)
            query = replace(
                query,
                account=arn.account,
                region=arn.region,
                resource=(arn.type, arn.name, arn.number),
            )
        limit = max(1, min(query.limit, MOST_RECORDS))
        records = self._store.activities(replace(query, limit=limit + 1))
        page: dict[str, Any] = {"Activity": [self._shown(each) for each in records[:limit]]}
        if len(records) > limit:
            page["Before"] = records[limit - 1].id
        return page

    def resource(self, text: str) -> Arn:
        """The parts of the ARN of something that is served. Errors: NoResourceError."""
        arn = Arn.parse(text)
        if arn is None or arn.type not in self._nouns:
            raise NoResourceError(NO_RESOURCE.format(arn=text))
        return arn

    def _shown(self, recorded: Recorded) -> dict[str, Any]:
        """A record as it is shown; what the rules keep for themselves is left out of it."""
        activity = recorded.activity
        row: dict[str, Any] = {
            "Id": recorded.id,
            "Time": activity.at_ms / 1000,
            "Operation": activity.operation,
            "Change": activity.change,
            "ResourceArn": self._arn(recorded),
            "Principal": activity.principal,
            "RequestId": activity.request_id,
        }
        for name, members in (("Before", activity.before), ("After", activity.after)):
            told = {member: value for member, value in members.items() if member[:1].isupper()}
            if told:
                row[name] = told
        if comment := activity.after.get(COMMENT):
            row["Comment"] = comment
        return row

    def _arn(self, recorded: Recorded) -> str:
        activity = recorded.activity
        noun = self._nouns.get(activity.kind)
        name = activity.name.lower() if noun and noun.lower_case_arn else activity.name
        arn = Arn(
            region=recorded.region,
            account=recorded.account,
            type=activity.kind,
            name=name,
            number=activity.number,
        )
        return str(arn)
