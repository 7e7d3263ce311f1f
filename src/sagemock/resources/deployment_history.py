"""Deployment history: which version is deployed where, since when and by whom; and what was.

Read from endpoints and from the activity log. AWS has no operation for it.
"""

from collections.abc import Callable

from sagemock.hosting import Standing
from sagemock.operation import Members
from sagemock.ports import Activity, Query, Session
from sagemock.resources.endpoint import ENDPOINT

MOST_ROWS = 1000

NOTHING_REAL = "Nothing real runs behind this variant: it gives canned answers."


def deployments(session: Session, observe: Callable[[str], Standing | None]) -> list[Members]:
    """One row for each version or model in a variant: those that are, then those that were.

    A row that is over has EndTime and Outcome: Replaced, Deleted or Failed. One that is not says
    what answers, and where nothing real runs a `Note`. Newest first, a thousand at most.
    """
    ended = session.recorded("withdrawn", MOST_ROWS)
    over = {_identity(each) for each in ended}
    running = [
        each for each in session.recorded("deployed", MOST_ROWS) if _identity(each) not in over
    ]
    present = [_row(each) | _backend(each, observe) for each in running]
    return (_under_way(session) + present + [_row(each) for each in ended])[:MOST_ROWS]


def _identity(activity: Activity) -> tuple[str, ...]:
    return tuple(activity.after[each] for each in ("Fleet", "VariantName", "SubjectArn"))


def _row(activity: Activity) -> Members:
    where = {**activity.after}
    where.pop("Fleet")
    return {
        **where,
        "Operation": activity.operation,
        "Principal": activity.principal,
    }


def _backend(activity: Activity, observe: Callable[[str], Standing | None]) -> Members:
    standing = observe(activity.after["Fleet"])
    backend = standing.backends.get(activity.after["VariantName"]) if standing else None
    if backend is None:
        return {"Backend": "none"}
    note = {"Note": NOTHING_REAL} if "canned" in backend else {}
    return {"Backend": backend, **note}


def _under_way(session: Session) -> list[Members]:
    """What is being deployed just now: a row for each variant that is not there yet."""
    endpoints = session.page(Query(kind=ENDPOINT.arn_type, limit=MOST_ROWS, descending=True))
    return [
        {
            "ModelArn": variant["model_arn"],
            "EndpointArn": row.document["EndpointArn"],
            "EndpointConfigName": row.document["next"]["config"],
            "VariantName": variant["name"],
            "Backend": "starting",
            "Operation": row.document["next"]["operation"],
            "Principal": row.document["next"]["by"],
        }
        for row in endpoints
        if "next" in row.document
        for variant in row.document["next"]["variants"]
    ]
