"""What a call did to a resource, written down in its transaction: who, when, and what changed.

One record a write. The members a change touched are kept with their values before and after, so
that any earlier document is that of today with the changes since undone.
"""

from collections.abc import Mapping
from typing import Any

from sagemock.operation import Call, Members
from sagemock.ports import Activity, Change

Resource = tuple[str, str, int]
"""How the store knows a resource: kind, name and number."""

_NOTHING: Members = {}


def note_created(call: Call, resource: Resource) -> None:
    """A resource was created; what it was is its document with all later changes undone."""
    _note(call, "created", resource, _NOTHING, _NOTHING)


def note_changed(
    call: Call, resource: Resource, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Members of a resource were changed; those that are equal before and after are left out."""
    changed = {member for member in (*before, *after) if before.get(member) != after.get(member)}
    _note(
        call,
        "changed",
        resource,
        {member: value for member, value in before.items() if member in changed},
        {member: value for member, value in after.items() if member in changed},
    )


def note_removed(call: Call, resource: Resource, before: Mapping[str, Any]) -> None:
    """A resource was removed; this is what it was."""
    _note(call, "removed", resource, before, _NOTHING)


def note_deployment(
    call: Call,
    resource: Resource,
    where: Mapping[str, Any],
    *,
    ended: bool,
    by: tuple[str, str, str],
) -> None:
    """A resource was deployed somewhere, or that has ended.

    `by` is the operation, the principal and the request id of the call that asked for it.
    """
    operation, principal, request_id = by
    kind, name, number = resource
    call.store.record(
        Activity(
            at_ms=round(call.now * 1000),
            change="withdrawn" if ended else "deployed",
            kind=kind,
            name=name,
            number=number,
            operation=operation,
            principal=principal,
            request_id=request_id,
            before=_NOTHING,
            after=where,
        )
    )


def _note(
    call: Call,
    change: Change,
    resource: Resource,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    kind, name, number = resource
    call.store.record(
        Activity(
            at_ms=round(call.now * 1000),
            change=change,
            kind=kind,
            name=name,
            number=number,
            operation=call.operation.name,
            principal=call.caller.principal,
            request_id=call.request_id,
            before=before,
            after=after,
        )
    )
