"""What a call did to a resource, written down in its transaction: who, when, and what changed.

One record a write. The members a change touched are kept with their values before and after, so
that any earlier document is that of today with the changes since undone.
"""

from collections.abc import Mapping
from typing import Any, Literal

from sagemock.operation import Call, Members
from sagemock.ports import Activity

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


def _note(
    call: Call,
    change: Literal["created", "changed", "removed"],
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
