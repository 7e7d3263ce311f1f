"""Deployment history: which version is deployed where, since when and by whom; and what was.

What is, is read from the endpoints; what was, from the activity log. AWS has no operation for it.
"""

from collections.abc import Iterator

from sagemock.hosting import Observe, Standing
from sagemock.operation import Members
from sagemock.ports import Query, Session
from sagemock.resources.deployment import whereabouts
from sagemock.resources.endpoint import ENDPOINT

MOST_ROWS = 1000

NOTHING_REAL = "Nothing real runs behind this variant: it gives canned answers."


def deployments(session: Session, observe: Observe) -> list[Members]:
    """One row for each version, or model of none, in a variant: those that are, then that were.

    A row that is over has EndTime and Outcome: Replaced, Deleted or Failed. One that is not says
    what answers, and where nothing real runs a `Note`. Newest first; of the endpoints and of what
    was a thousand each at most.
    """
    endpoints = session.page(Query(kind=ENDPOINT.arn_type, limit=MOST_ROWS, descending=True))
    present = [row for each in endpoints for row in _present(each.document, observe)]
    past = [
        {**each.after, "Operation": each.operation, "Principal": each.principal}
        for each in session.recorded("withdrawn", MOST_ROWS)
    ]
    return present + past


def _present(endpoint: Members, observe: Observe) -> Iterator[Members]:
    for stage in ("next", "current"):
        if stage not in endpoint:
            continue
        deployment = endpoint[stage]
        standing = observe(deployment["fleet"])
        for where in whereabouts(endpoint, deployment):
            yield {
                **where,
                "EndpointStatus": endpoint["EndpointStatus"],
                **_answering(standing, where["VariantName"]),
                "Operation": deployment["operation"],
                "Principal": deployment["by"],
            }


def _answering(standing: Standing | None, variant: str) -> Members:
    """What answers for a variant, as far as is known."""
    if standing is None or standing.state == "failed":
        return {"Backend": "none"}
    backend = standing.backends.get(variant)
    if backend is None:
        return {"Backend": "starting"}
    note = " ".join((NOTHING_REAL, standing.notes.get(variant, ""))).strip()
    return {"Backend": backend, **({"Note": note} if "canned" in backend else {})}
