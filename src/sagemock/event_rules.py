"""The rules for events: which events go to which targets, read from a file of YAML or JSON.

What a rule may be is said by event_rules.schema.json: a new kind of target is one entry there.
Patterns and inputs are checked by those who know them. Nothing is delivered here.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sagemock.event_input import EventInput, EventInputError
from sagemock.event_pattern import EventPattern, EventPatternError
from sagemock.event_rules_schema import (
    WrongRulesError,
    checked_rules,
    kinds,
    kinds_in,
    place_of,
)
from sagemock.eventing import EventRulesError
from sagemock.json_document import TOO_DEEP, refuse_constant
from sagemock.schema_words import listed, perhaps, shown
from sagemock.yaml_document import check_json
from sagemock.yaml_document import parsed as parsed_yaml

__all__ = [
    "EventRule",
    "EventRulesError",
    "EventTarget",
    "event_rules",
    "read_document",
    "read_event_rules",
    "sink_rule",
]

DEFAULT_ATTEMPTS = 7
MOST_BYTES = 1024 * 1024

_MOST_SQUEEZED = 55
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
# Beside the host of a URL anything may be a secret.
_BESIDE_HOST = re.compile(r"(://)(?:[^/?#]*@)?([^/?#]*).*")

Members = dict[str, Any]


@dataclass(frozen=True)
class EventTarget:
    """Where events of a rule go.

    `name` is the rule's, a slash and the target's id: its position is remembered by it. `options`
    are those of its kind, as the file has them. `attempts` is how often an event is tried before it
    is a dead letter.
    """

    name: str
    kind: str
    options: Mapping[str, Any]
    input: EventInput
    attempts: int = DEFAULT_ATTEMPTS


@dataclass(frozen=True)
class EventRule:
    """Which events go to which targets; without a pattern all of them."""

    name: str
    pattern: EventPattern | None
    targets: tuple[EventTarget, ...]


def read_event_rules(path: Path) -> tuple[EventRule, ...]:
    """The rules of a file, in its order; it is JSON if its name ends in .json, else YAML.

    It has 1 MiB at most. YAML is read as JSON would be: `on`, `12:30`, `007` and dates are text.
    Errors: EventRulesError, the file cannot be read or a rule in it cannot be.
    """
    try:
        return _rules(_content(path))
    except WrongRulesError as error:
        message = f"The file of event rules {path} cannot be used: {error}."
        raise EventRulesError(message) from error


def read_document(path: Path) -> object:
    """What a file holds that is read as one of rules is, or a template of CloudFormation.

    Errors: EventRulesError.
    """
    try:
        content = _content(path, short_forms=True)
        check_json(content, MOST_BYTES)
    except (WrongRulesError, ValueError) as error:
        message = f"The file {path} cannot be used: {error}."
        raise EventRulesError(message) from error
    return content


def event_rules(content: object) -> tuple[EventRule, ...]:
    """The rules of `{"rules": [...]}`, in its order. Errors: EventRulesError, one cannot be."""
    try:
        return _rules(content)
    except WrongRulesError as error:
        message = f"The event rules cannot be used: {error}."
        raise EventRulesError(message) from error


def sink_rule(text: str) -> EventRule:
    """The rule that KIND=PLACE stands for: all events go to that one target.

    It is named after the text, so its position survives a restart; names are shown, so it has
    nothing of a URL but its host.
    Errors: EventRulesError, no such kind, one that is only for files, or a place that cannot be.
    """
    kind, _, place = text.partition("=")
    named = _BESIDE_HOST.sub(r"\1\2", text)
    squeezed = _NOT_IN_NAMES.sub("-", named).strip("-")[:_MOST_SQUEEZED]
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    try:
        options = {_place_option(kind): _filled(kind, place)}
        rule = {"name": f"{squeezed}-{digest[:8]}", "targets": [{kind: options}]}
        return _rules({"rules": [rule]})[0]
    except WrongRulesError as error:
        message = f"Events cannot go to {shown(text)}: {error.said}."
        raise EventRulesError(message) from error


def _place_option(kind: str) -> str:
    """The option that is the place, of a kind that can be written short."""
    options = kinds()
    short = {name: option for name, option in options.items() if option}
    if kind in short:
        return short[kind]
    if kind in options:
        message = f"a target of the kind {kind} can only stand in a file of rules"
    else:
        meant = perhaps(kind, short)
        message = f"write KIND=PLACE{meant}; known kinds are {listed(short)}"
    raise WrongRulesError(message)


def _filled(kind: str, place: str) -> str:
    if not place.strip():
        raise WrongRulesError(f"it names no place, write {kind}=PLACE")
    return place


def _content(path: Path, *, short_forms: bool = False) -> object:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise WrongRulesError(f"it cannot be read: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise WrongRulesError(f"it has more than {MOST_BYTES} bytes")
    try:
        # Editors on Windows put a mark before the text.
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongRulesError(f"it is no UTF-8 at byte {error.start}") from error
    # PyYAML cannot read all JSON: not tabs, nor a character that is written as two escapes.
    is_json = path.suffix.lower() == ".json"
    try:
        return _parsed_json(text) if is_json else parsed_yaml(text, short_forms=short_forms)
    except ValueError as error:
        kind = "JSON" if is_json else "YAML"
        raise WrongRulesError(f"it is no {kind} that can be read: {error}") from error


def _parsed_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=refuse_constant)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def _object(members: list[tuple[str, Any]]) -> Members:
    """A JSON object. Errors: ValueError, a key stands in it twice: Python would keep the last."""
    for key, times in Counter(key for key, _ in members).items():
        if times > 1:
            message = f"the key {shown(key)} stands twice in one object"
            raise ValueError(message)
    return dict(members)


def _rules(content: object) -> tuple[EventRule, ...]:
    try:
        check_json(content, MOST_BYTES)
    except ValueError as error:
        raise WrongRulesError(str(error)) from error
    checked = checked_rules(content)
    rules = checked["rules"]
    _check_once("name", [each["name"] for each in rules], "rules")
    known = list(kinds())
    return tuple(_rule(checked, position, known) for position in range(len(rules)))


def _rule(content: Members, position: int, known: list[str]) -> EventRule:
    rule = content["rules"][position]
    kinds_there = [kinds_in(each, known)[0] for each in rule["targets"]]
    ids = _ids(rule["targets"], kinds_there)
    _check_once("id", ids, place_of(content, ["rules", position, "targets"]))
    targets = []
    for number, (target, kind) in enumerate(zip(rule["targets"], kinds_there, strict=True)):
        try:
            made = EventInput.of(target, rule["name"])
        except EventInputError as error:
            where = place_of(content, ["rules", position, "targets", number])
            raise WrongRulesError(str(error), where) from error
        attempts = int(target.get("attempts", DEFAULT_ATTEMPTS))
        name = f"{rule['name']}/{ids[number]}"
        targets.append(EventTarget(name, kind, target[kind], made, attempts))
    pattern = None
    if "pattern" in rule:
        pattern = _pattern(rule["pattern"], place_of(content, ["rules", position, "pattern"]))
    return EventRule(rule["name"], pattern, tuple(targets))


def _ids(targets: list[Members], kinds_there: list[str]) -> list[str]:
    """The targets' ids; one without is called after its kind, the second of a kind `kind-2`.

    All of a kind are counted: the others keep their ids, and so their positions, when one of them
    is given an id of its own.
    """
    ids = []
    for number, (target, kind) in enumerate(zip(targets, kinds_there, strict=True)):
        before = kinds_there[:number].count(kind)
        ids.append(str(target.get("id", f"{kind}-{before + 1}" if before else kind)))
    return ids


def _check_once(what: str, names: list[str], where: str) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            said = f"the {what} {name!r} is given {times} times, it must be unique"
            raise WrongRulesError(said, where)


def _pattern(content: object, where: str) -> EventPattern:
    try:
        pattern = EventPattern.of(content)
    except EventPatternError as error:
        raise WrongRulesError(str(error), where) from error
    for key, value in _never_matched(pattern.content):
        said = f"{key} is to be {shown(value)}, but in an event it is text: put it in quotes"
        raise WrongRulesError(said, where)
    return pattern


def _never_matched(content: Any) -> Iterator[tuple[str, Any]]:
    """What a pattern wants outside `detail` that is no text: an account written without quotes."""
    for key, wanted in content.items():
        for each in wanted if isinstance(wanted, list) else ():
            if key == "$or" and isinstance(each, dict):
                yield from _never_matched(each)
            elif isinstance(each, int | float):
                yield key, each
