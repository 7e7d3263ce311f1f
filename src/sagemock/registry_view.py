"""What a registry holds, as one value: groups with their versions, and unversioned packages.

Made of what Describe tells, with tags and policy put in as members, so that a server and a
snapshot can be held against each other. Nothing is read here, and nothing compared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sagemock.operation import Members
from sagemock.time_text import shown

TAGS = "Tags"
POLICY = "ResourcePolicy"
TIMES = ("CreationTime", "LastModifiedTime")


class RegistryError(ValueError):
    """A registry that cannot be read; the message is a sentence."""


@dataclass(frozen=True)
class Place:
    """Whose registry it is: an account's, in a region."""

    account: str
    region: str

    def __str__(self) -> str:
        return f"account {self.account}, {self.region}"


@dataclass(frozen=True)
class GroupView:
    """A group as it is described, with its tags and policy, and its versions by their numbers."""

    members: Members
    versions: Mapping[int, Members] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class RegistryView:
    """Groups and unversioned packages by their names.

    `untold` is what the server does not tell of: `ResourcePolicy` of groups, `Tags` of packages.
    """

    groups: Mapping[str, GroupView] = field(default_factory=lambda: MappingProxyType({}))
    packages: Mapping[str, Members] = field(default_factory=lambda: MappingProxyType({}))
    untold: frozenset[str] = frozenset()


def described(
    document: Members,
    *,
    tags: Iterable[Mapping[str, str]] | None = None,
    policy: str | None = None,
) -> Members:
    """What Describe tells, with times as texts, and with tags by their keys and the policy.

    Without `tags` there is no such member: a version has none. What is about the request is left
    out, and so is what is stored for the rules alone, in lower case.
    """
    members = {
        name: _time(value) if name in TIMES else value
        for name, value in document.items()
        if name[:1].isupper() and name != "ResponseMetadata"
    }
    if tags is not None:
        members[TAGS] = {tag["Key"]: tag["Value"] for tag in tags}
    if policy is not None:
        members[POLICY] = policy
    return members


def _time(value: Any) -> Any:
    """A time as text; the wire has seconds, SDKs have made a datetime of them."""
    seconds = value.timestamp() if isinstance(value, datetime) else value
    return shown(seconds) if isinstance(seconds, int | float) else seconds
