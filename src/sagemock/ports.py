"""What lies outside the rules, as protocols of a few methods each.

Times are epoch seconds, UTC, unless a name ends in `_ms`. A resource is known to the store by its
kind (a word of the caller's choice), its name and its number; names that differ only in case are
one name.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

from sagemock.conditions import Condition, Path, Value
from sagemock.contents import Exchange
from sagemock.eventing import Readers

T = TypeVar("T")


class AlreadyThere(Exception):  # noqa: N818 - a fact about the store, told as such
    """A resource of that kind, name and number exists. `name` is how the existing one spells it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class StorageFailed(Exception):  # noqa: N818 - a fact about the store, told as such
    """The storage cannot be read or written now. The message says what it said."""


@dataclass(frozen=True)
class Kind:
    """What a store is told of a kind of resource.

    `list_row` makes what a list shows of a document, and `made_by` changes whenever that does.
    `indexed` names members that resources are looked up by. Where one has a usual value, which
    nearly all resources have, those of any other value are found by index.
    """

    list_row: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    made_by: str
    indexed: Mapping[str, str | None] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Position:
    """A place in every order a list can have; what it was read from may be gone.

    `sort_value` is what was sorted by, where that is neither the name nor the creation time; `id`
    is the row's own number, which rises with every row that is added.
    """

    created_ms: int
    name: str
    number: int
    id: int
    sort_value: str | float | None = None


class Row(NamedTuple):
    """A stored resource: its key as first written, its place in the order, and its document."""

    created_ms: int
    name: str
    number: int
    id: int
    sort_value: str | float | None
    document: dict[str, Any]


class ListRow(NamedTuple):
    """What a list shows of a stored resource, as JSON, and its place in the order."""

    created_ms: int
    name: str
    number: int
    id: int
    sort_value: str | float | None
    text: str


Order = Literal["created", "modified", "name"]


@dataclass(frozen=True)
class Query:
    """Which resources of a kind, in which order, from where on, and how many at most.

    The order is that of creation, of the last modification, of name and number, or that of a
    value; ties are broken by what was added first, whatever a clock said. Resources without the
    value come first.
    `numbered` asks for those with a number (True), without (False) or both (None). `contains` is a
    case-sensitive part of the name (`name/number` where there is a number). The bounds of the
    creation time are exclusive.
    """

    kind: str
    limit: int
    order: Order | Value = "created"
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


class Due(NamedTuple):
    """A resource, and when it is to be looked at if it has yet to move."""

    due_ms: int | None
    account: str
    region: str
    kind: str
    name: str
    number: int


Change = Literal["created", "changed", "removed", "deployed", "withdrawn"]


@dataclass(frozen=True)
class Activity:
    """What one call did to one resource.

    `before` and `after` are the members that a change touched; what was removed is all in
    `before`, and what was created is in neither. What was deployed, or withdrawn from where it
    was, is unchanged itself; `after` says where.
    """

    at_ms: int
    change: Change
    kind: str
    name: str
    number: int
    operation: str
    principal: str
    request_id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Recorded(NamedTuple):
    """A record and its number: records are numbered in the order of their commits."""

    id: int
    account: str
    region: str
    activity: Activity


@dataclass(frozen=True)
class ActivityQuery:
    """Which records, newest first unless `oldest_first`, and how many at most.

    `before_id` and `after_id` are exclusive, `since_ms` and `until_ms` are not. The resource is a
    kind, a name in whatever case, and a number, and needs its account and region beside it.
    """

    limit: int
    account: str | None = None
    region: str | None = None
    before_id: int | None = None
    after_id: int | None = None
    resource: tuple[str, str, int] | None = None
    principal: str | None = None
    operation: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    oldest_first: bool = False


class Session(Protocol):
    """The store as one call sees it: one transaction, one account, one region."""

    def get(self, kind: str, name: str, number: int = 0) -> Row | None:
        """The resource, found whatever the case of the name; a writing call holds it locked."""
        ...

    def add(  # noqa: PLR0913, PLR0917 - what a row consists of
        self,
        kind: str,
        name: str,
        number: int,
        created_ms: int,
        document: Mapping[str, Any],
        due_ms: int | None = None,
    ) -> None:
        """Store a new resource, or raise AlreadyThere; with a time it has yet to move."""
        ...

    def put(  # noqa: PLR0913, PLR0917 - what a row consists of
        self,
        kind: str,
        name: str,
        number: int,
        document: Mapping[str, Any],
        modified_ms: int | None = None,
        due_ms: int | None = None,
    ) -> None:
        """Replace the document of a stored resource; without a time it was not modified.

        Without a `due_ms` it has nothing left to move.
        """
        ...

    def remove(self, kind: str, name: str, number: int = 0) -> None:
        """Forget a stored resource and its tags."""
        ...

    def has_numbered(self, kind: str, name: str) -> bool:
        """Whether any resource of that kind and name has a number."""
        ...

    def page(self, query: Query) -> list[Row]:
        """The resources a query asks for."""
        ...

    def list_rows(self, query: Query) -> list[ListRow]:
        """What a list shows of the resources a query asks for."""
        ...

    def count(self, query: Query, most: int) -> int:
        """How many resources a query asks for, whatever its limit; `most` where there are more."""
        ...

    def tag_keys(self, kind: str) -> list[str]:
        """The keys of the tags of all resources of a kind, in order."""
        ...

    def next_number(self, scope: str) -> int:
        """1, 2, 3, ... for a scope; a number is never given twice while the scope lives."""
        ...

    def end_numbers(self, scope: str) -> None:
        """Let a scope begin at 1 again."""
        ...

    def tags(self, kind: str, name: str, number: int = 0) -> dict[str, str]:
        """The tags of a resource, in the order their keys were first written."""
        ...

    def put_tags(self, kind: str, name: str, number: int, tags: Mapping[str, str]) -> None:
        """Add tags to a stored resource, overwriting by key."""
        ...

    def remove_tags(self, kind: str, name: str, number: int, keys: Iterable[str]) -> None:
        """Take tags from a resource; keys it does not have are ignored."""
        ...

    def record(self, activity: Activity) -> None:
        """Write down what was done; records are numbered in the order of their commits."""
        ...

    def activities(self, query: ActivityQuery) -> list[Recorded]:
        """The records of this account and region that a query asks for, in its order."""
        ...

    def recorded(self, change: Change, most: int) -> list[Activity]:
        """The newest records of deployments or withdrawals, newest first."""
        ...

    def replay(self, operation: str, token: str) -> Replay | None:
        """The remembered call of that operation and token."""
        ...

    def remember(self, operation: str, token: str, replay: Replay) -> None:
        """Remember a call for as long as the store lives."""
        ...


class Store(Readers, Exchange, Protocol):
    """Where resources live, and how far the readers of its records have come.

    Errors of every method: StorageFailed.
    """

    def reading(self, account: str, region: str) -> AbstractContextManager[Session]:
        """A session on one snapshot; it cannot write."""
        ...

    def write(self, account: str, region: str, work: Callable[[Session], T]) -> T:
        """What the work returns, once what it wrote is durable; it keeps nothing when it raises.

        When the storage fails under several calls at once the work may be run a second time, on
        the state before the first.
        """
        ...

    def commits(self) -> int:
        """How often something was committed so far: what was read since the last is as it was."""
        ...

    def wait_for_commit(self, seen: int, timeout_s: float) -> None:
        """Wait until there have been more commits than `seen`, or for so long, or to be woken."""
        ...

    def wake(self) -> None:
        """Let whoever waits for a commit look up, though there was none."""
        ...

    def due(self) -> list[Due]:
        """All resources that have yet to move, of every account and region, earliest first."""
        ...

    def places(self, kind: str) -> list[Due]:
        """All resources of a kind, of every account and region, due or not."""
        ...

    def activities(self, query: ActivityQuery) -> list[Recorded]:
        """The records a query asks for, in its order."""
        ...

    def forget_activities(self, before_ms: int, read: int | None = None) -> int:
        """Forget the records of before a time; how many were forgotten.

        Those after `read` stay, where that is given, and the newest always. Of records that are
        not in the order of their times, those after one that stays, stay.
        """
        ...

    def activities_since_ms(self) -> int:
        """From when on all records are there; 0 where none was ever forgotten."""
        ...

    def noted(self) -> set[tuple[str, str]]:
        """The accounts and regions in which something was ever deployed."""
        ...

    def check(self) -> None:
        """Raise when the storage cannot be read."""
        ...

    def reset(self) -> None:
        """Forget everything, of every account and region; readers go back to the beginning."""
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
