"""What is different between two registries, and the words for it.

Groups are matched by name and versions by number. What differs between any two registries is
left out unless asked for: times, who did it, and the account and region in ARNs.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from itertools import zip_longest
from types import MappingProxyType
from typing import Any, Final

from sagemock.json_document import parsed
from sagemock.operation import Members
from sagemock.registry_view import POLICY, TAGS, TIMES, GroupView, Place, RegistryView

ALWAYS_DIFFERENT = frozenset({*TIMES, "CreatedBy", "LastModifiedBy"})
JSON_TEXTS = frozenset({(POLICY,), ("ModelCard", "ModelCardContent")})
"""The members whose texts are JSON and are compared as such."""

_ARN = re.compile(r"\barn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):([0-9]{12})?:")
_OWN = "~"
_UNTOLD = MappingProxyType({POLICY: "policies of groups", TAGS: "tags of unversioned packages"})
_LEAST_WIDTH = 48
_BEFORE = 8
_INDENT = _GAP = "  "

Path = tuple[str, ...]
Neutral = Callable[[str], str]


class Absent(Enum):
    """What stands where a side has no such member; None is a value of JSON."""

    ABSENT = "-"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True)
class Difference:
    """One difference: of a group, a version or an unversioned package, or of a member of one.

    `only` is the side, A or B, that alone has it. A group that only one side has is one difference,
    with the count of its `versions`. `place` is said where there are several.
    """

    group: str | None = None
    version: int | None = None
    package: str | None = None
    member: str | None = None
    a: Any = ABSENT
    b: Any = ABSENT
    only: str | None = None
    versions: int | None = None
    place: Place | None = None

    def shown(self) -> Members:
        """The difference as an object for JSON; a value that a side does not have is null."""
        said: Members = {
            "Account": self.place and self.place.account,
            "Region": self.place and self.place.region,
            "Group": self.group,
            "Version": self.version,
            "Package": self.package,
            "Member": self.member,
            "Only": self.only,
            "Versions": self.versions,
        }
        found = {name: value for name, value in said.items() if value is not None}
        if self.member is not None:
            found |= {
                side: None if value is ABSENT else value
                for side, value in (("A", self.a), ("B", self.b))
            }
        return found

    @property
    def subject(self) -> str:
        """What it is a difference of, in words."""
        words = f"package {self.package}" if self.group is None else f"group {self.group}"
        if self.version is not None:
            words += f" version {self.version}"
        return words if self.place is None else f"{words} ({self.place})"


def differences(a: RegistryView, b: RegistryView, *, exact: bool = False) -> list[Difference]:
    """All differences, in order of groups, versions and members; packages come last.

    With `exact` times, authors and ARNs are compared to the letter. What one side does not tell of
    is not compared.
    """
    return [*_of_groups(a, b, exact=exact), *_of_packages(a, b, exact=exact)]


def not_compared(*views: RegistryView) -> list[str]:
    """What is not compared because a server does not tell of it, in words."""
    return [_UNTOLD[member] for member in sorted({each for view in views for each in view.untold})]


def _of_groups(a: RegistryView, b: RegistryView, *, exact: bool) -> Iterator[Difference]:
    unknown = (a.untold | b.untold) & {POLICY}
    for name in sorted({*a.groups, *b.groups}):
        in_a, in_b = a.groups.get(name), b.groups.get(name)
        if in_a is None or in_b is None:
            there = in_a or in_b or GroupView({})
            only = "A" if in_b is None else "B"
            yield Difference(group=name, only=only, versions=len(there.versions))
            continue
        of_group = Difference(group=name)
        yield from _of_members(of_group, in_a.members, in_b.members, exact=exact, unknown=unknown)
        for number in sorted({*in_a.versions, *in_b.versions}):
            of_version = replace(of_group, version=number)
            pair = in_a.versions.get(number), in_b.versions.get(number)
            yield from _of_pair(of_version, *pair, exact=exact, unknown=unknown)


def _of_packages(a: RegistryView, b: RegistryView, *, exact: bool) -> Iterator[Difference]:
    unknown = a.untold | b.untold
    for name in sorted({*a.packages, *b.packages}):
        pair = a.packages.get(name), b.packages.get(name)
        yield from _of_pair(Difference(package=name), *pair, exact=exact, unknown=unknown)


def _of_pair(
    subject: Difference,
    a: Members | None,
    b: Members | None,
    *,
    exact: bool,
    unknown: frozenset[str],
) -> Iterator[Difference]:
    if a is None or b is None:
        yield replace(subject, only="A" if b is None else "B")
    else:
        yield from _of_members(subject, a, b, exact=exact, unknown=unknown)


def _of_members(
    subject: Difference, a: Members, b: Members, *, exact: bool, unknown: frozenset[str]
) -> Iterator[Difference]:
    left_out = unknown if exact else unknown | ALWAYS_DIFFERENT
    kept = [{name: each[name] for name in each if name not in left_out} for each in (a, b)]
    neutrals = (str, str) if exact else (neutral_to(a), neutral_to(b))
    for path, in_a, in_b in _walk((), kept[0], kept[1], neutrals):
        only = "A" if in_b is ABSENT else "B" if in_a is ABSENT else None
        yield replace(subject, member=".".join(path), a=in_a, b=in_b, only=only)


def neutral_to(document: Members) -> Neutral:
    """A function that takes a document's own account and region out of the ARNs in a text.

    An ARN that names another account or region keeps that.
    """
    own = document.get("ModelPackageArn") or document.get("ModelPackageGroupArn") or ""
    match = _ARN.match(own)
    if match is None:
        return str
    _, _, region, account = match.groups()

    def neutral(arn: re.Match[str]) -> str:
        partition, service, its_region, its_account = arn.groups()
        own_account = its_account is not None and its_account == account
        own_region = bool(its_region) and its_region == region
        parts = (
            # The partition goes with the region: aws-cn is that of all regions of China.
            _OWN if own_account or own_region else partition,
            service,
            _OWN if own_region else its_region,
            _OWN if own_account else its_account or "",
        )
        return f"arn:{':'.join(parts)}:"

    return lambda text: _ARN.sub(neutral, text)


def _walk(
    path: Path, a: Any, b: Any, neutrals: tuple[Neutral, Neutral]
) -> Iterator[tuple[Path, Any, Any]]:
    """The places where two values differ, each with what is there."""
    if path in JSON_TEXTS and isinstance(a, str) and isinstance(b, str):
        # Where one of them is no JSON they are compared as the texts they are.
        with suppress(ValueError):
            a, b = parsed(a), parsed(b)
    if isinstance(a, dict) and isinstance(b, dict):
        for name in sorted({*a, *b}):
            pair = a.get(name, ABSENT), b.get(name, ABSENT)
            yield from _walk((*path, name), *pair, neutrals)
    elif isinstance(a, list) and isinstance(b, list):
        for index, pair in enumerate(zip_longest(a, b, fillvalue=ABSENT)):
            yield from _walk((*path, str(index)), *pair, neutrals)
    elif not _is_same(a, b, neutrals):
        yield path, a, b


def _is_same(a: Any, b: Any, neutrals: tuple[Neutral, Neutral]) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        return a == b or neutrals[0](a) == neutrals[1](b)
    # To Python True is 1.
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


Line = tuple[str, str, str]
"""A line of the table: what comes first, and A's and B's value, each as wide as its column."""


def table(found: Sequence[Difference], width: int) -> Iterator[Line]:
    """The differences as lines that fit a terminal of a width; a headline has no values.

    What does not fit is cut, and `...` stands for it.
    """
    width = max(width, _LEAST_WIDTH)
    rows = [(each.member or "", _text(each.a), _text(each.b)) for each in found]
    widest = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths = _fitted([min(each, width) for each in widest], width - len(_INDENT) - 2 * len(_GAP))
    subject = None
    for each, (name, *pair) in zip(found, rows, strict=True):
        if each.subject != subject:
            subject = each.subject
            yield _cut(subject if each.member else f"{subject}: {_only(each)}", width), "", ""
        if each.member:
            first, *sides = widths
            a, b = _cut_alike((pair[0], sides[0]), (pair[1], sides[1]))
            # The end of a path says most.
            told = name if len(name) <= first else f"...{name[3 - first :]}"
            yield f"{_INDENT}{told:{first}}{_GAP}", f"{a:{sides[0]}}{_GAP}", b


def _fitted(wanted: list[int], room: int) -> list[int]:
    """Widths that fit the room: the widest gives way first."""
    widths = list(wanted)
    while sum(widths) > room:
        widths[widths.index(max(widths))] -= 1
    return widths


def summary(found: Sequence[Difference]) -> str:
    """How many differences there are, as a sentence."""
    count = len(found)
    return f"{count or 'No'} difference{'' if count == 1 else 's'}."


def _only(difference: Difference) -> str:
    words = f"only in {difference.only}"
    if difference.versions is None:
        return words
    count = difference.versions
    return f"{words}, with {count or 'no'} version{'' if count == 1 else 's'}"


def _text(value: Any) -> str:
    """A value as JSON in one line; nothing in it steers the terminal."""
    if value is ABSENT:
        return "-"
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value).replace("\x7f", "\\u007f")


def _cut_alike(*values: tuple[str, int]) -> list[str]:
    """Two values, each cut to a width, so that what differs is still to be seen."""
    texts = [text for text, _ in values]
    characters = enumerate(zip(*texts, strict=False))
    same = next((at for at, each in characters if len(set(each)) > 1), 0)
    narrow = min(width for _, width in values)
    if any(len(text) > width for text, width in values) and same > narrow // 2:
        texts = [f"...{text[same - min(_BEFORE, narrow // 4) :]}" for text in texts]
    return [_cut(text, width) for text, (_, width) in zip(texts, values, strict=True)]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def by_place(
    a: Mapping[Place, RegistryView], b: Mapping[Place, RegistryView], *, exact: bool = False
) -> list[Difference]:
    """All differences between two sides that hold registries of several accounts and regions.

    One registry on each side is one pair, whosever they are; else those of one place are.
    """
    if len(a) == len(b) == 1:
        return differences(*a.values(), *b.values(), exact=exact)
    empty = RegistryView()
    places = sorted({*a, *b}, key=lambda place: (place.account, place.region))
    return [
        replace(each, place=place if len(places) > 1 else None)
        for place in places
        for each in differences(a.get(place, empty), b.get(place, empty), exact=exact)
    ]
