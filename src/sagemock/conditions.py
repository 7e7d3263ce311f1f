"""What a store can be asked about a resource: values of its document, and conditions on them.

Plain data. A rule builds it, a store answers it; neither knows how the other does.
"""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Key:
    """The entry of a map."""

    key: str


@dataclass(frozen=True)
class Each:
    """Any element of a list."""


Step = str | Key | Each
"""From a document inwards: a member by its name, an entry of a map, any element of a list."""

Path = tuple[Step, ...]


@dataclass(frozen=True)
class Member:
    """A value inside the document; several where the path goes through a list."""

    path: Path


@dataclass(frozen=True)
class Label:
    """The resource's name: `name/number` where it has a number."""


@dataclass(frozen=True)
class Name:
    """The resource's name without its number."""


@dataclass(frozen=True)
class Number:
    """The resource's number, 0 where it has none."""


@dataclass(frozen=True)
class Created:
    """When the resource was created, in epoch milliseconds."""


@dataclass(frozen=True)
class Modified:
    """When the resource was last modified, or created if it never was, in epoch milliseconds."""


@dataclass(frozen=True)
class TagOf:
    """The resource's tag of this key, or any tag for None."""

    key: str | None


Value = Member | Label | Name | Number | Created | Modified | TagOf
Comparison = Literal["=", "<", "<=", ">", ">=", "in", "contains", "exists"]


@dataclass(frozen=True)
class Compare:
    """Holds where the value (any of several) compares so; never where there is none.

    The operand of `in` is a tuple; `exists` has none.
    """

    value: Value
    comparison: Comparison
    operand: Any = None


@dataclass(frozen=True)
class Not:
    """Holds where the condition does not."""

    condition: "Condition"


@dataclass(frozen=True)
class AllOf:
    """Holds where all conditions do."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True)
class AnyOf:
    """Holds where at least one condition does."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True)
class SomeElement:
    """Holds where one element of the list meets a condition on the element's own members.

    The path may go through other lists: the element is then one of any of theirs.
    """

    path: Path
    condition: "Condition"


Condition = Compare | Not | AllOf | AnyOf | SomeElement
