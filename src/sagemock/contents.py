"""All that a store holds of resources, as one value: to be kept elsewhere, and put back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class Stored(NamedTuple):
    """A resource with all that a store knows of it, wherever it is.

    The tags are in the order their keys were first written; `due_ms` is None for what has nothing
    left to move.
    """

    account: str
    region: str
    kind: str
    name: str
    number: int
    created_ms: int
    modified_ms: int
    due_ms: int | None
    document: Mapping[str, Any]
    tags: Mapping[str, str]


class Counted(NamedTuple):
    """The last number that was given for a scope of an account and region."""

    account: str
    region: str
    scope: str
    value: int


@dataclass(frozen=True)
class Contents:
    """The resources by account, region and kind as they were added, and what numbers were given."""

    resources: Sequence[Stored]
    counters: Sequence[Counted]


class Exchange(Protocol):
    """A store of which all can be read, and replaced, at once."""

    def contents(self) -> Contents:
        """What is stored of all accounts and regions at one moment."""
        ...

    def replace(self, contents: Contents, since_ms: int) -> Mapping[str, int]:
        """Put this in the place of everything; how many resources of each kind there were.

        In one transaction: whoever reads meanwhile sees what was, and when it fails that is what
        there is. Nothing of it is recorded. The log, remembered calls and dead letters are
        forgotten, records are there from `since_ms` on, and readers go back to the beginning.
        """
        ...
