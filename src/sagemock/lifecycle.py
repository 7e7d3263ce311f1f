"""Lifecycles: which statuses a resource can have, and which may follow which, as a table.

A status is changed through its table only. What the table does not have is a mistake of ours: the
rules refuse a caller's request before they come to it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Lifecycle:
    """From each status those that may follow; what is not a key of its own is an end."""

    member: str
    moves: Mapping[str, Collection[str]]

    def to(self, before: Mapping[str, object] | None, status: str) -> dict[str, str]:
        """The change that brings a document, or a new one for None, to a status.

        Errors: ValueError, the table has no such move.
        """
        earlier = str(before[self.member]) if before else ""
        if status != earlier and status not in self.moves.get(earlier, ()):
            message = f"{self.member} does not go from '{earlier}' to '{status}'"
            raise ValueError(message)
        return {self.member: status}

    def allows(self, before: Mapping[str, object], status: str) -> bool:
        """Whether a document may be brought to a status now."""
        return status in self.moves.get(str(before[self.member]), ())
