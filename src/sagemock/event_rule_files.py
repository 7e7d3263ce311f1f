"""Event patterns read out of the files in which people have them.

These are patterns by themselves, our event rules, and the rules of EventBridge, of CloudFormation's
templates and of Terraform's JSON. What is only filled in when such a file is deployed fits any
value here. What a pattern means is not said here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sagemock.event_matchers import MOST_WILDCARDS
from sagemock.event_pattern import EventPattern, EventPatternError
from sagemock.event_rules import EventRulesError, read_document
from sagemock.json_document import parsed

NO_PATTERN = (
    "The file {path} has no event pattern: give one by itself, as `pattern` or `EventPattern` of a "
    "rule, in a list of `rules`, or in a template's AWS::Events::Rule."
)
WRONG_PATTERN = "The file {path} has a pattern that cannot be{where}: {error}"
NO_EVENT_MEMBER = (
    "The file {path} has no pattern{where}: no event has {names}{hint}. A pattern has source, "
    "detail-type and detail."
)
CDK_SPELLING = (
    "The file {path} has `detailType`{where}, as CDK's code spells it: in a pattern it is "
    "`detail-type`. The template that `cdk synth` writes to cdk.out can be read."
)
SOURCE_CODE = (
    "The file {path} is source code, which is not read: give the JSON of its event pattern, or the "
    "template made of it."
)

_SOURCE_CODE = frozenset({".tf", ".py", ".ts", ".js", ".hcl"})
_PATTERN_KEYS = ("pattern", "EventPattern", "event_pattern", "eventPattern")
_ENVELOPE = ("version", "id", "detail-type", "source", "account", "time", "region", "resources")
_RULE_KEYS = frozenset(
    {"targets", "Targets", "rules", "Rules", "Resources", "ScheduleExpression", "State", "Arn"}
)
# Terraform and Fn::Sub write them alike; several in a row are one.
_HOLES = re.compile(r"(?:\$\{[^{}]*\})+")
_MOST_NAMED = 3
_ANY_VALUE: Mapping[str, Any] = {"exists": True}
_AS_WILDCARD = {"equals-ignore-case": "{}", "wildcard": "{}", "prefix": "{}*", "suffix": "*{}"}


@dataclass(frozen=True)
class RulePattern:
    """A rule's name and its pattern; without one it is for all events.

    `open_names` are the texts in it that are filled in on deployment. `decides` tells that its
    targets look at the approval status themselves.
    """

    name: str
    pattern: EventPattern | None
    open_names: tuple[str, ...] = ()
    decides: bool = False


def read_patterns(path: Path) -> list[RulePattern]:
    """The patterns of a file, each with the name of its rule, or the file's.

    Rules of EventBridge without a pattern are left out: they run by the clock.
    Errors: EventRulesError.
    """
    content = _content(path)
    found = []
    for name, rule, ours in _rules_in(content, path.stem):
        pattern = _pattern_of(rule)
        if pattern is not None:
            read = _read(path, name, pattern, alone=rule is content)
            found.append(replace(read, decides=ours and _only_deploys(rule)))
        elif ours and "targets" in rule:
            found.append(RulePattern(name, None, decides=_only_deploys(rule)))
    if not found:
        raise EventRulesError(NO_PATTERN.format(path=path))
    return found


def _content(path: Path) -> object:
    if path.suffix.lower() in _SOURCE_CODE:
        raise EventRulesError(SOURCE_CODE.format(path=path))
    return read_document(path)


def _rules_in(content: object, usual: str) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """The rules of a file with their names, and whether they are event rules of ours."""
    if not isinstance(content, Mapping):
        return
    for key in ("rules", "Rules"):
        if isinstance(content.get(key), list):
            for number, rule in enumerate(content[key], 1):
                if isinstance(rule, Mapping):
                    yield _name_of(rule, f"{usual}-{number}"), rule, key == "rules"
            return
    named = [*_of_template(content), *_of_terraform(content)]
    yield from ((name, rule, False) for name, rule in named)
    if not named:
        rule = content.get("Properties", content)
        if isinstance(rule, Mapping):
            yield _name_of(rule, usual), content if rule is content else rule, False


def _name_of(rule: Mapping[str, Any], usual: str) -> str:
    name = rule.get("name", rule.get("Name", usual))
    return name if isinstance(name, str) else usual


def _of_template(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The rules of a CloudFormation template, by their logical ids."""
    resources = content.get("Resources")
    for name, resource in resources.items() if isinstance(resources, Mapping) else ():
        if isinstance(resource, Mapping) and resource.get("Type") == "AWS::Events::Rule":
            properties = resource.get("Properties")
            if isinstance(properties, Mapping):
                yield name, properties


def _of_terraform(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The rules of a file in Terraform's JSON, by their labels."""
    resources = content.get("resource")
    rules = resources.get("aws_cloudwatch_event_rule") if isinstance(resources, Mapping) else None
    for name, rule in rules.items() if isinstance(rules, Mapping) else ():
        if isinstance(rule, Mapping):
            yield name, rule


def _only_deploys(rule: Mapping[str, Any]) -> bool:
    targets = rule.get("targets")
    if not isinstance(targets, list) or not targets:
        return False
    return all(isinstance(each, Mapping) and "deploy" in each for each in targets)


def _pattern_of(rule: Mapping[str, Any]) -> object:
    """The pattern of a rule, which may be the pattern itself; None where there is none."""
    for key in _PATTERN_KEYS:
        if key in rule:
            return rule[key]
    return None if not rule or _RULE_KEYS & rule.keys() else rule


def _read(path: Path, name: str, given: object, *, alone: bool) -> RulePattern:
    where = "" if alone else f" (rule {name})"
    found: list[str] = []
    pattern = _whole(given)
    if isinstance(pattern, Mapping):
        if "detailType" in pattern:
            raise EventRulesError(CDK_SPELLING.format(path=path, where=where))
        _check_members(path, where, pattern)
        pattern = _filled_object(pattern, found)
        if found and not pattern:
            return RulePattern(name, None, tuple(found))
    try:
        return RulePattern(name, EventPattern.of(pattern), tuple(dict.fromkeys(found)))
    except EventPatternError as error:
        message = WRONG_PATTERN.format(path=path, where=where, error=error)
        raise EventRulesError(message) from error


def _check_members(path: Path, where: str, pattern: Mapping[str, Any]) -> None:
    """Refuse what is no pattern at all: a rule whose key for one is misspelt, say."""
    known = {*_ENVELOPE, "detail", "$or"}
    if not pattern or any(name.partition(".")[0] in known for name in pattern):
        return
    meant = [each for name in pattern for each in get_close_matches(name, _PATTERN_KEYS, n=1)]
    hint = f"; perhaps {meant[0]} is meant" if meant else ""
    names = ", ".join(list(pattern)[:_MOST_NAMED])
    raise EventRulesError(NO_EVENT_MEMBER.format(path=path, where=where, names=names, hint=hint))


def _whole(given: object) -> object:
    """A pattern that is given as text or by Fn::Sub, read; if it is no JSON, as it is."""
    text = given if isinstance(given, str) else _substituted(given)
    try:
        return given if text is None else parsed(text)
    except ValueError:
        return text


# What is filled in on deployment: CloudFormation's {"Ref": ...} and {"Fn::...": ...}, and ${...}.


def _is_open(value: object) -> bool:
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    ((name, operand),) = value.items()
    return str(name).startswith("Fn::") or (name == "Ref" and isinstance(operand, str))


def _substituted(value: object) -> str | None:
    """The text of a Fn::Sub, with its ${...}; None for anything else."""
    if not isinstance(value, Mapping) or value.keys() != {"Fn::Sub"}:
        return None
    text = value["Fn::Sub"]
    text = text[0] if isinstance(text, list) and text else text
    return text if isinstance(text, str) else None


def _open_texts(value: object) -> Iterator[str]:
    """All that is to be filled in, as it is written."""
    if isinstance(value, str):
        if _HOLES.search(value):
            yield value
    elif _is_open(value):
        yield _substituted(value) or json.dumps(value)
    elif isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _open_texts(each)


def _filled_object(pattern: Mapping[str, Any], found: list[str]) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for name, below in pattern.items():
        if _is_open(below):
            found += _open_texts(below)
            if name != "detail":  # which has no value itself
                filled[name] = [_ANY_VALUE]
        elif isinstance(below, Mapping):
            inner = _filled_object(below, found)
            if inner or not below:
                filled[name] = inner
        elif isinstance(below, list):
            filled[name] = [_filled_value(each, found, in_or=name == "$or") for each in below]
        else:
            filled[name] = below
    return filled


def _filled_value(value: object, found: list[str], *, in_or: bool) -> object:
    if in_or and isinstance(value, Mapping) and not _is_open(value):
        return _filled_object(value, found)
    open_texts = list(_open_texts(value))
    if not open_texts:
        return value
    found += open_texts
    matcher, operand = "", value
    if isinstance(value, Mapping) and len(value) == 1 and not _is_open(value):
        ((matcher, operand),) = value.items()
    if matcher == "anything-but" and isinstance(operand, list):
        # What it is not to be has another name than the samples have.
        left = [each for each in operand if not list(_open_texts(each))]
        return {matcher: left} if left else _ANY_VALUE
    text = _substituted(operand) or operand
    form = _AS_WILDCARD.get(matcher, "" if matcher else "{}")
    return _wildcard(text, form, matcher) if form and isinstance(text, str) else _ANY_VALUE


def _wildcard(text: str, form: str, matcher: str) -> Mapping[str, Any]:
    """A match of a text that takes anything for what is filled in."""
    parts = _HOLES.split(text)
    if matcher != "wildcard":
        parts = [re.sub(r"[\\*]", r"\\\g<0>", part) for part in parts]
    joined = re.sub(r"(?<!\\)\*\*+", "*", form.format("*".join(parts)))
    # With more stars than EventBridge takes, it is looked at no closer.
    return (
        _ANY_VALUE if joined == "*" or joined.count("*") > MOST_WILDCARDS else {"wildcard": joined}
    )
