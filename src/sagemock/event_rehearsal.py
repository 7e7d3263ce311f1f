"""Rehearsal of an event pattern: which of the registry's transitions fire it, with their events.

The transitions are gone through under the names that the pattern asks for, and what is to be said
about those that fire it is said: a rule that does not wait for approval, or starts itself again.
"""

import json
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from sagemock.event_names import Names, names_in
from sagemock.event_pattern import EventPattern
from sagemock.event_rule_files import RulePattern
from sagemock.event_samples import (
    APPROVED,
    REGISTERED,
    REGISTERED_APPROVED,
    REJECTED,
    STAGED,
    STAMPED,
    STAMPED_IN_STAGE,
    Event,
    Samples,
)
from sagemock.resources.state_changes import UPDATED

ON_REGISTRATION = (
    "It fires when a version is merely registered, before anybody has reviewed it. To wait for "
    'approval, its detail needs "ModelApprovalStatus": ["Approved"].'
)
ON_REJECTION = (
    "It fires when a version is rejected as it does when one is approved: its target must look at "
    "ModelApprovalStatus before it deploys."
)
ON_METADATA = (
    "It fires when only metadata of an approved version changes: a pipeline that stamps what it "
    "deploys starts itself again. To leave these out, its detail needs "
    '"UpdatedModelPackageFields": ["ModelApprovalStatus"]. The event of a version that is '
    "registered as Approved has no such member; to keep that one too, write "
    '["ModelApprovalStatus", {"exists": false}].'
)
ON_METADATA_IN_STAGE = (
    "It fires when only metadata of a version in that life cycle stage changes: a pipeline that "
    "stamps what it deploys starts itself again. To leave these out, its detail needs "
    '"UpdatedModelPackageFields": ["ModelLifeCycle"].'
)
NOT_REGISTERED_AS_APPROVED = (
    "It does not fire when a version is registered as Approved, for that event has no "
    '"UpdatedModelPackageFields"; to fire then too, write ["ModelApprovalStatus", '
    '{"exists": false}].'
)
ON_NOTHING = "None of these fires it."
OWN_DATA = "It asks for data of your own besides: here any value will do for {paths}."
OPEN_NAMES = "What is filled in on deployment fits any value here: {names}."
NO_SUCH_VALUE = "No event has {path} as it asks for it. What events have: {values}."
NO_SUCH_MEMBER = "No event has {path}."
NO_ALTERNATIVE = "No event fits an alternative of {path}."
NO_PREVIOUS_STATUS = (
    "No event has {path}: AWS leaves it out too when a version is approved by the API or in the "
    "console, so a rule that asks for it misses approvals. Its place is taken by "
    '"UpdatedModelPackageFields": ["ModelApprovalStatus"].'
)
BUT_FOR = "But for {path} it would fire when {transition}; the event has {value} there."
BUT_FOR_ABSENT = "But for {path} it would fire when {transition}; the event has none."

# What the registry decides of the members of events; all others hold what a user put in.
_DECIDED = frozenset(
    {
        *("ModelPackageGroupName", "ModelPackageName", "ModelPackageArn", "ModelPackageStatus"),
        *("ModelApprovalStatus", "ModelLifeCycle", "CertifyForMarketplace"),
        *("ModelName", "ModelArn", "EndpointConfigName", "EndpointConfigArn"),
        *("EndpointName", "EndpointArn", "EndpointStatus"),
    }
)
_PREVIOUS_STATUS = "previousModelApprovalStatus"
_MOST_VALUES = 6


@dataclass(frozen=True)
class Transition:
    """Something the registry does, its events, and whether one of them fires the pattern."""

    name: str
    events: list[Event]
    fires: bool


@dataclass(frozen=True)
class Rehearsal:
    """What fires a rule, and what is to be said about it."""

    rule: str
    transitions: list[Transition]
    notices: list[str]


def rehearse(rule: RulePattern, samples: Samples) -> Rehearsal:
    """Go through the registry's transitions and see which fire a rule."""
    given = rule.pattern.content if rule.pattern else {}
    own: list[str] = []
    content = _decided(given, samples.members - _DECIDED, own)
    matches = _matching(content)
    transitions = [
        Transition(name, events, any(map(matches, events)))
        for name, events in samples.of(names_in(given) if given else Names())
    ]
    fired = {each.name for each in transitions if each.fires}
    notices = [] if rule.decides else list(_notices(fired, content))
    if content and not fired:
        notices += [ON_NOTHING, *_hindrances(content, transitions)]
    if own:
        notices.append(OWN_DATA.format(paths=", ".join(own)))
    if rule.open_names:
        notices.append(OPEN_NAMES.format(names=", ".join(rule.open_names)))
    return Rehearsal(rule.name, transitions, notices)


def told(rehearsal: Rehearsal) -> Iterator[str]:
    """A rehearsal in lines: what fires, what does not, what is to be said, and a sample event."""
    fired = [each for each in rehearsal.transitions if each.fires]
    others = [each for each in rehearsal.transitions if not each.fires]
    yield f"{rehearsal.rule} fires when"
    yield from (f"  + {each.name}" for each in fired)
    yield from ("  (never)",) if not fired else ()
    if others:
        yield "and not when"
        yield from (f"  - {each.name}{'' if each.events else ': no event'}" for each in others)
    for notice in rehearsal.notices:
        yield ""
        yield notice
    if fired:
        yield ""
        yield f"The event when {fired[0].name}:"
        yield json.dumps(fired[0].events[0], indent=2)


def shown(rehearsal: Rehearsal) -> dict[str, Any]:
    """A rehearsal as JSON, with all sample events."""
    return {
        "Rule": rehearsal.rule,
        "Transitions": [
            {"Transition": each.name, "Fires": each.fires, "Events": each.events}
            for each in rehearsal.transitions
        ],
        "Notices": rehearsal.notices,
    }


def _decided(
    pattern: Mapping[str, Any], own_members: AbstractSet[str], found: list[str]
) -> dict[str, Any]:
    """A pattern without the conditions on a user's own data, which are found."""
    kept: dict[str, Any] = {}
    for name, below in pattern.items():
        member = name.removeprefix("detail.")
        if name == "detail" and isinstance(below, Mapping):
            left = _decided(below, own_members, found)
            if left:
                kept[name] = left
        elif name == "$or" and isinstance(below, list):
            left_of_each = [
                _decided(each, own_members, found) if isinstance(each, Mapping) else each
                for each in below
            ]
            if all(left_of_each):
                kept[name] = left_of_each
        elif member.partition(".")[0] in own_members:
            found.append(f"detail.{member}")
        else:
            kept[name] = below
    return kept


def _notices(fired: set[str], content: Mapping[str, Any]) -> Iterator[str]:
    """What is to be said about the transitions that fire a rule.

    Nothing is said of a rule for registration alone, or for metadata alone: it is meant so.
    """
    if {REGISTERED, APPROVED} <= fired:
        yield ON_REGISTRATION
    if {REJECTED, APPROVED} <= fired:
        yield ON_REJECTION
    if {STAMPED, APPROVED} <= fired:
        yield ON_METADATA
    elif {STAMPED_IN_STAGE, STAGED} <= fired:
        yield ON_METADATA_IN_STAGE
    if APPROVED in fired and REGISTERED_APPROVED not in fired and _asks_for_decisions(content):
        yield NOT_REGISTERED_AS_APPROVED


def _asks_for_decisions(content: Mapping[str, Any]) -> bool:
    """Whether a pattern is for updates that name the approval status."""
    detail = content.get("detail")
    asked = detail.get(UPDATED) if isinstance(detail, Mapping) else content.get(f"detail.{UPDATED}")
    return isinstance(asked, list) and "ModelApprovalStatus" in asked


# Why nothing fires a pattern. First what no event has at all, most often a slip in spelling; else
# the conditions that do not go together.


def _hindrances(content: Mapping[str, Any], transitions: list[Transition]) -> list[str]:
    told = [(each.name, event) for each in transitions for event in each.events]
    events = [event for _, event in told]
    never = [
        path
        for path in _conditions(content)
        if not any(map(EventPattern.of(_only(content, path)).matches, events))
    ]
    if not never:
        return list(_contradictions(content, told))
    rest = _without_all(content, never)
    near = [event for event in events if _matching(rest)(event)] or events
    return [_never(path, near) for path in never]


def _never(path: "_Path", events: list[Event]) -> str:
    """What is said of a condition that no event fulfils."""
    where = ".".join(path)
    names = where.split(".")
    if names[-1] == "$or":
        return NO_ALTERNATIVE.format(path=where)
    if names[-1] == _PREVIOUS_STATUS:
        return NO_PREVIOUS_STATUS.format(path=where)
    values = list(dict.fromkeys(json.dumps(each) for event in events for each in _at(event, names)))
    if not values:
        return NO_SUCH_MEMBER.format(path=where)
    more = " and others" if len(values) > _MOST_VALUES else ""
    return NO_SUCH_VALUE.format(path=where, values=", ".join(values[:_MOST_VALUES]) + more)


def _contradictions(content: Mapping[str, Any], told: list[tuple[str, Event]]) -> Iterator[str]:
    """The single conditions without which a pattern would fire, each with one example."""
    for path in _conditions(content):
        fires = _matching(_without(content, path))
        where = ".".join(path)
        would = [(name, list(_at(event, where.split(".")))) for name, event in told if fires(event)]
        # One that has the member tells how its values are spelled.
        would.sort(key=lambda each: not each[1])
        for name, values in would[:1]:
            said = BUT_FOR if values else BUT_FOR_ABSENT
            value = " and ".join(map(json.dumps, values))
            yield said.format(path=where, transition=name, value=value)


def _matching(content: dict[str, Any]) -> Any:
    return EventPattern.of(content).matches if content else _any_event


def _any_event(_event: Event) -> bool:
    return True


_Path = tuple[str, ...]


def _conditions(pattern: Mapping[str, Any], path: _Path = ()) -> Iterator[_Path]:
    """Where the conditions of a pattern stand; the alternatives of an $or are one."""
    for name, below in pattern.items():
        if isinstance(below, Mapping):
            yield from _conditions(below, (*path, name))
        else:
            yield (*path, name)


def _only(pattern: Mapping[str, Any], path: _Path) -> dict[str, Any]:
    """A pattern with one of its conditions."""
    first, *rest = path
    return {first: _only(pattern[first], tuple(rest)) if rest else pattern[first]}


def _without(pattern: Mapping[str, Any], path: _Path) -> dict[str, Any]:
    """A pattern without one of its conditions; objects that are left empty go too."""
    first, *rest = path
    left = dict(pattern)
    below = _without(left[first], tuple(rest)) if rest else {}
    if below:
        left[first] = below
    else:
        del left[first]
    return left


def _without_all(pattern: Mapping[str, Any], paths: list[_Path]) -> dict[str, Any]:
    left = dict(pattern)
    for path in paths:
        left = _without(left, path)
    return left


def _at(value: object, names: list[str]) -> Iterator[object]:
    """The values that an event has at a place; of a list those of its elements."""
    if isinstance(value, list):
        for each in value:
            yield from _at(each, names)
    elif isinstance(value, Mapping):
        if names and names[0] in value:
            yield from _at(value[names[0]], names[1:])
    elif not names:
        yield value
