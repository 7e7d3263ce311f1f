"""The names that an event pattern asks for: under these, sample events can fire it.

A name is taken only if the pattern takes it too; where it asks for none, the usual one stands.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sagemock.event_pattern import EventPattern

_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_ACCOUNT = re.compile(r"[0-9]{12}")
# As long as the service model has it in ARNs.
_REGION = re.compile(r"(?=.{9,16}\Z)[a-z]{2}(-[a-z]+)+-[0-9]")
_ARN = re.compile(
    r"(?:^|:sagemaker:(?P<region>[^:]*):(?P<account>[^:]*):)"
    r"(?P<type>model-package|model|endpoint-config|endpoint)/(?P<name>[^/]+)"
)


@dataclass(frozen=True)
class Names:
    """Under which names the registry's transitions are gone through."""

    account: str = "123456789012"
    region: str = "us-east-1"
    group: str = "churn"
    endpoint: str = "churn"
    model: str = "churn"
    config: str = "churn"
    stage: str = "Production"
    stage_status: str = "Approved"


@dataclass(frozen=True)
class _Asked:
    """How a pattern can ask for a name: by a member, in an ARN; and what else it can be."""

    member: str
    form: re.Pattern[str]
    other: str
    arn_part: str = "name"
    arn_type: str = ""


_ASKED = {
    "account": _Asked("account", _ACCOUNT, "111122223333", arn_part="account"),
    "region": _Asked("region", _REGION, "eu-west-1", arn_part="region"),
    "group": _Asked("ModelPackageGroupName", _NAME, "fraud", arn_type="model-package"),
    "endpoint": _Asked("EndpointName", _NAME, "fraud", arn_type="endpoint"),
    "model": _Asked("ModelName", _NAME, "fraud", arn_type="model"),
    "config": _Asked("EndpointConfigName", _NAME, "fraud", arn_type="endpoint-config"),
    "stage": _Asked("Stage", _NAME, "Development", arn_part=""),
    "stage_status": _Asked("StageStatus", _NAME, "InProgress", arn_part=""),
}


def names_in(pattern: Mapping[str, Any]) -> Names:
    """The names that a pattern asks for, as far as it names any."""
    fields = list(_fields(pattern))
    arns = [arn for _, wanted in fields for text in _texts(wanted) for arn in _ARN.finditer(text)]
    return Names(**{name: _name(name, asked, fields, arns) for name, asked in _ASKED.items()})


def _name(
    name: str, asked: _Asked, fields: list[tuple[str, list[Any]]], arns: list[re.Match[str]]
) -> str:
    own = [wanted for member, wanted in fields if member == asked.member]
    usual = str(getattr(Names, name))
    candidates = [
        *(_without_stars(text) for wanted in own for text in _texts(wanted)),
        *_in_arns(asked, arns),
        usual,
        asked.other,
    ]
    takes = [EventPattern.of({asked.member: wanted}).matches for wanted in own]
    for each in candidates:
        fits = not takes or any(matches({asked.member: each}) for matches in takes)
        if fits and asked.form.fullmatch(each):
            return each
    return usual


def _in_arns(asked: _Asked, arns: list[re.Match[str]]) -> Iterator[str]:
    for arn in arns:
        if asked.arn_part and asked.arn_type in {"", arn["type"]}:
            part = arn[asked.arn_part]
            if part:
                yield _without_stars(part)


def _without_stars(wildcard: str) -> str:
    """A name that fits a wildcard; a star alone is left, for the usual name fits it too."""
    return wildcard if wildcard == "*" else wildcard.replace("*", "x")


def _fields(pattern: object) -> Iterator[tuple[str, list[Any]]]:
    """The fields of a pattern by the last part of their names, and what each may hold."""
    if isinstance(pattern, list):
        for each in pattern:
            yield from _fields(each)
    elif isinstance(pattern, Mapping):
        for name, below in pattern.items():
            if name == "$or" or isinstance(below, Mapping):
                yield from _fields(below)
            elif isinstance(below, list):
                yield name.rpartition(".")[2], below


def _texts(wanted: list[Any]) -> Iterator[str]:
    """Texts that a field may hold, one for each that it names or describes."""
    for each in wanted:
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            yield from _described(each)


def _described(matcher: Mapping[str, Any]) -> Iterator[str]:
    for name, operand in matcher.items():
        text = operand
        if isinstance(operand, Mapping):
            text = operand.get("equals-ignore-case")
        if not isinstance(text, str):
            continue
        if name == "prefix":
            # With more behind it: a name does not end in a hyphen, nor an ARN in a slash.
            yield from (text, f"{text}x")
        elif name == "suffix":
            yield from (text, f"x{text}")
        elif name in {"wildcard", "equals-ignore-case"}:
            yield text
