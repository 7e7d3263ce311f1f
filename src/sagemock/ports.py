"""What lies outside the rules, as protocols of a few methods each.

Times are epoch seconds, UTC, unless a name ends in `_ms`. A resource is known to the store by its
kind (a word of the caller's choice), its name and its number; names that differ only in case are
one name.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from sagemock.conditions import Condition, Path, Value


class AlreadyThere(Exception):  # noqa: N818 - a fact about the store, told as such
    """A resource of that kind, name and number exists. `name` is how the existing one spells it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True)
class Row:
    """A stored resource: its key as first written, its creation time, and its document.

    `sort_value` is what it was sorted by, where the query named something to sort by.
    """

    name: str
    number: int
    created_ms: int
    document: dict[str, Any]
    sort_value: str | float | None = None


@dataclass(frozen=True)
class Position:
    """A place in every order a list can have; what it was read from may be gone."""

    created_ms: int
    name: str
    number: int
    sort_value: str | float | None = None


@dataclass(frozen=True)
class Query:
    """Which resources of a kind, in which order, from where on, and how many at most.

    The order is that of name and number, or of creation time, or of the first of the values in
    `sort` that is there; name and number break the ties. Resources without a value come first.
    `numbered` asks for those with a number (True), without (False) or both (None). `contains` is a
    case-sensitive part of the name (`name/number` where there is a number). The bounds of the
    creation time are exclusive.
    """

    kind: str
    limit: int
    by_name: bool = False
    sort: tuple[Value, ...] = ()
    descending: bool = False
    after: Position | None = None
    name: str | None = None
    numbered: bool | None = None
    contains: str | None = None
    created_after_ms: int | None = None
    created_before_ms: int | None = None
    where: Condition | None = None


@dataclass(frozen=True)
class Replay:
    """A call remembered by its token: what was asked (a digest) and what was answered."""

    digest: str
    answer: dict[str, Any]


class Session(Protocol):
    """The store as one call sees it: one transaction, one account, one region."""

    def get(self, kind: str, name: str, number: int = 0) -> Row | None:
        """The resource, found whatever the case of the name; a writing call holds it locked."""
        ...

    def add(
        self, kind: str, name: str, number: int, created_ms: int, document: Mapping[str, Any]
    ) -> None:
        """Store a new resource, or raise AlreadyThere."""
        ...

    def put(self, kind: str, name: str, number: int, document: Mapping[str, Any]) -> None:
        """Replace the document of a stored resource."""
        ...

    def remove(self, kind: str, name: str, number: int = 0) -> None:
        """Forget a stored resource."""
        ...

    def has_numbered(self, kind: str, name: str) -> bool:
        """Whether any resource of that kind and name has a number."""
        ...

    def page(self, query: Query) -> list[Row]:
        """The resources a query asks for."""
        ...

    def count(self, query: Query, most: int) -> int:
        """How many resources a query asks for, whatever its limit; `most` where there are more."""
        ...

    def tag_keys(self, arn_prefix: str) -> list[str]:
        """The keys of the tags of all ARNs that begin so, in order."""
        ...

    def next_number(self, scope: str) -> int:
        """1, 2, 3, ... for a scope; a number is never given twice while the scope lives."""
        ...

    def end_numbers(self, scope: str) -> None:
        """Let a scope begin at 1 again."""
        ...

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of an ARN, in the order their keys were first written."""
        ...

    def put_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags to an ARN, overwriting by key."""
        ...

    def remove_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Take tags from an ARN; keys it does not have are ignored."""
        ...

    def replay(self, operation: str, token: str) -> Replay | None:
        """The remembered call of that operation and token."""
        ...

    def remember(self, operation: str, token: str, replay: Replay) -> None:
        """Remember a call for as long as the store lives."""
        ...


class Store(Protocol):
    """Where resources live. What a writing session wrote is durable once its block has ended."""

    def reading(self, account: str, region: str) -> AbstractContextManager[Session]:
        """A session on one snapshot; it cannot write."""
        ...

    def writing(self, account: str, region: str) -> AbstractContextManager[Session]:
        """A session that commits when its block ends, and keeps nothing when the block raises."""
        ...

    def check(self) -> None:
        """Raise when the storage cannot be read."""
        ...

    def reset(self) -> None:
        """Forget everything, of every account and region."""
        ...

    def close(self) -> None:
        """Let go of the storage. The store cannot be used afterwards."""
        ...


@dataclass(frozen=True)
class Property:
    """A property of a search record: where it lies in the document, and what kind of value it is.

    `kind` is text, number, time (epoch seconds), flag or structure (anything with parts).
    """

    path: Path
    kind: str


class Properties(Protocol):
    """The properties of search records, as AWS publishes them."""

    def find(self, resource: str, name: str) -> Property | None:
        """The property of a dotted name, `ModelLifeCycle.Stage` say."""
        ...

    def names(self, resource: str) -> list[str]:
        """The dotted names of all properties that hold a single value or a list of them."""
        ...


class Clock(Protocol):
    """What time it is."""

    def now(self) -> float:
        """Epoch seconds, UTC."""
        ...


class Ids(Protocol):
    """Where fresh identifiers come from."""

    def request_id(self) -> str:
        """A lower-case UUID for one answer."""
        ...
