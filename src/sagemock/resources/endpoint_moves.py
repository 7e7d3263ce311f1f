"""How endpoints move: from what they are and how their fleets stand, to what they do next.

Looked at whenever one is due, and once for each when a server starts. Reads no clock and asks
nobody: how a fleet stands is told from memory.
"""

from collections.abc import Mapping

from sagemock.hosting import Observe, Standing
from sagemock.operation import Call, Members, Move
from sagemock.resources.deployment import (
    fleet_of,
    in_service,
    note_deployed,
    note_withdrawn,
)
from sagemock.resources.endpoint import ENDPOINT, LIFECYCLE

MOST_REASON = 1024
"""As many characters a FailureReason has at most."""

KEPT_UP_FROM = "kept_up_from"
"""While a start brings an endpoint back, the status it had before."""

_UNDER_WAY = ("PendingDeploymentSummary", "next")


def endpoint_move(endpoint: Members, observe: Observe) -> Move:
    """What an endpoint does next; nothing where it has to wait, or is at rest."""
    status = endpoint["EndpointStatus"]
    if status == "Deleting":
        return _deleting(endpoint, observe)
    if status == "Failed":
        return Move()
    if "next" in endpoint:
        return _deploying(endpoint, observe)
    if status == "Updating":
        return Move(apply=_scaled)
    return _keeping_up(endpoint, observe)


def _deleting(endpoint: Members, observe: Observe) -> Move:
    fleets = [endpoint[each]["fleet"] for each in ("current", "next") if each in endpoint]
    left = tuple(fleet for fleet in fleets if observe(fleet) is not None)
    return Move(stop=left) if left else Move(apply=_gone)


def _gone(call: Call, endpoint: Members) -> None:
    if "current" in endpoint:
        note_withdrawn(call, endpoint, endpoint["current"], "Deleted")
    ENDPOINT.remove(call, endpoint)


def _deploying(endpoint: Members, observe: Observe) -> Move:
    deployment = endpoint["next"]
    standing = observe(deployment["fleet"])
    # What is replaced goes on answering meanwhile, also when the server was started again.
    missing = [
        endpoint[each]
        for each in ("current", "next")
        if each in endpoint and observe(endpoint[each]["fleet"]) is None
    ]
    if standing is None or missing:
        return Move(start=tuple(fleet_of(endpoint, each) for each in missing))
    if standing.state == "starting":
        return Move(waits=True)
    if standing.state == "ready":
        replaced = (endpoint["current"]["fleet"],) if "current" in endpoint else ()
        backends = standing.backends
        return Move(
            apply=lambda call, endpoint: _deployed(call, endpoint, backends), stop_after=replaced
        )
    return Move(
        apply=lambda call, endpoint: _not_deployed(call, endpoint, standing),
        stop_after=(deployment["fleet"],),
    )


def _deployed(call: Call, endpoint: Members, backends: Mapping[str, str]) -> None:
    """The new deployment is in service; what really runs in it will have to after a restart too."""
    variants = [
        {**each, "was_real": True} if backends.get(each["name"]) == "process" else each
        for each in endpoint["next"]["variants"]
    ]
    deployment = {**endpoint["next"], "variants": variants, "started": call.now}
    if "current" in endpoint:
        note_withdrawn(call, endpoint, endpoint["current"], "Replaced")
    ENDPOINT.change(
        call,
        endpoint,
        {
            **dict.fromkeys(_UNDER_WAY),
            **LIFECYCLE.to(endpoint, "InService"),
            **in_service(deployment),
            "FailureReason": None,
            "failed_logs": None,
            "current": deployment,
        },
    )
    note_deployed(call, endpoint, deployment)


def _not_deployed(call: Call, endpoint: Members, standing: Standing) -> None:
    """A new endpoint has failed; an old one goes on with what it has. Its last words are kept."""
    status = "InService" if "current" in endpoint else "Failed"
    note_withdrawn(call, endpoint, endpoint["next"], "Failed")
    changes = {
        **dict.fromkeys(_UNDER_WAY),
        **LIFECYCLE.to(endpoint, status),
        "FailureReason": standing.reason[:MOST_REASON],
        "failed_logs": dict(standing.logs) or None,
    }
    ENDPOINT.change(call, endpoint, changes)


def _scaled(call: Call, endpoint: Members) -> None:
    """What was desired of the variants is so now."""
    variants = []
    for variant in endpoint["ProductionVariants"]:
        current = {
            name.replace("Desired", "Current", 1): value
            for name, value in variant.items()
            if name.startswith("Desired")
        }
        variants.append({**variant, **current})
    deployed = [
        {**each, "summary": summary}
        for each, summary in zip(endpoint["current"]["variants"], variants, strict=True)
    ]
    changes = {
        **LIFECYCLE.to(endpoint, "InService"),
        "ProductionVariants": variants,
        "FailureReason": None,
        "current": {**endpoint["current"], "variants": deployed},
    }
    ENDPOINT.change(call, endpoint, changes)


def _keeping_up(endpoint: Members, observe: Observe) -> Move:
    """Bring back what was in service when the server stopped."""
    standing = observe(endpoint["current"]["fleet"])
    status = endpoint["EndpointStatus"]
    if standing is None:
        return Move(start=(fleet_of(endpoint, endpoint["current"]),))
    wanted = {"starting": "SystemUpdating", "ready": "InService", "failed": "OutOfService"}
    reached = wanted[standing.state]
    if status == reached:
        return Move(waits=reached == "SystemUpdating")
    reason = standing.reason[:MOST_REASON] or None
    return Move(
        # A fleet that failed stays known as such: it is not started again before the next start.
        apply=lambda call, endpoint: _kept_up(call, endpoint, reached, reason),
    )


def _kept_up(call: Call, endpoint: Members, status: str, reason: str | None) -> None:
    changes: Members = LIFECYCLE.to(endpoint, status)
    # What it comes back to is no news; state_changes looks at it.
    starting = status == "SystemUpdating"
    changes[KEPT_UP_FROM] = endpoint["EndpointStatus"] if starting else None
    # The reason of an update that failed before stays.
    if status == "OutOfService" or endpoint["EndpointStatus"] == "OutOfService":
        changes["FailureReason"] = reason
    ENDPOINT.change(call, endpoint, changes, due=starting)
