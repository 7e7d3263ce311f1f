"""Conformance cases: calls and the answers they must get, as data, and how one is played.

A case (fixtures/conformance/<noun>/<case>.json) says which rules it proves and where they are known
from. Its steps are calls with a whole answer or an error (400 unless it says another status, with
such further members as it tells); `{name}` in them stands for a value that the case was given, or
kept from an earlier answer. Answers are compared whole, but for `$time`, `$id` and `$any`, which
may also stand for a part of a text. Invocations answer with the body as text, a stream with texts.

A case may also tell all events that its account and region have sent once its steps are played, in
order. They are compared as answers are, with two more wildcards: `$iso` is a time as text in whole
seconds, `2026-01-31T09:30:00Z`, and `$ms` a time as an integer of milliseconds since 1970.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

EVIDENCE = ("recorded", "reported", "documented", "inferred")

_OF_ERRORS = ("code", "message", "status")

_NAME = re.compile(r"\{([\w.]+)\}")

# Of 1973; as milliseconds no time of a resource is earlier, as seconds none is later.
_LEAST_MS = 100_000_000_000

Send = Callable[[str, Any, Mapping[str, str]], tuple[int, Any]]
"""Sends an operation's request as some caller; returns the HTTP status and the parsed body.

The caller's members are `account` and `region`. An empty body is None.
"""

Events = Callable[[str, str], list[Any]]
"""Returns the envelopes of all events that an account and a region have sent, oldest first."""


class MismatchError(AssertionError):
    """An answer, or the events sent, that are not the expected ones."""


@dataclass(frozen=True)
class Case:
    """One case as its file has it."""

    path: Path
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Noun and case: `model_package/create_version`."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def evidence(self) -> str:
        """One of EVIDENCE."""
        return str(self.content["evidence"]["kind"])

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules of the reference it proves."""
        return tuple(self.content["rules"])

    @property
    def canned(self) -> list[dict[str, Any]]:
        """The rules by which containers answer; against AWS a model's own code has to."""
        return list(self.content.get("canned", ()))

    @cached_property
    def operations(self) -> frozenset[str]:
        """The operations its rules are about: those it says, else all it calls in its steps."""
        about = self.content.get("about")
        if about:
            return frozenset(about)
        return frozenset(step["call"] for step in self.content["steps"])


def installed_cases() -> Iterator[Case]:
    """The cases that came with this package: in the wheel, or in the checkout it runs from."""
    package = Path(__file__).parent
    homes = (package / "_conformance", package.parent.parent / "fixtures" / "conformance")
    for home in homes:
        if home.is_dir():
            yield from read_cases(home)
            return


def read_cases(folder: Path) -> Iterator[Case]:
    """The cases of a folder, by name."""
    for path in sorted(folder.glob("*/*.json")):
        yield Case(path=path, content=json.loads(path.read_text("utf-8")))


def play(case: Case, send: Send, values: Mapping[str, str], events: Events | None = None) -> None:
    """Play a case's steps in order; `values` stand for their names wherever a step has `{name}`.

    They hold at least `account`, `region` and `run`, a word that makes the names `$unique`. Without
    `events` those of a case are not compared: of AWS they could only be read from a bus.

    Errors: MismatchError, an answer is not the expected one, or the events are not; it says which
    step, and both.
    """
    known: dict[str, Any] = dict(values)
    for name, value in case.content.get("given", {}).items():
        known[name] = f"{name}-{known['run']}" if value == "$unique" else filled(value, known)
    for number, step in enumerate(case.content["steps"], start=1):
        caller = {name: known[name] for name in ("account", "region")}
        caller |= filled(step.get("as", {}), known)
        status, answer = send(step["call"], filled(step.get("with", {}), known), caller)
        where = f"{case.name}, step {number}, {step['call']}"
        if "error" in step:
            _expect_error(filled(step["error"], known), status, answer, where)
        else:
            expected = filled(step["answer"], known)
            if status != 200 or not matches(expected, answer):  # noqa: PLR2004 - the only success
                raise MismatchError(f"{where}: expected {_shown(expected)}, got {_shown(answer)}")
            for name, member in step.get("keep", {}).items():
                known[name] = answer[member]
    if events is not None and "events" in case.content:
        _expect_events(
            filled(case.content["events"], known),
            events(known["account"], known["region"]),
            f"{case.name}, events",
        )


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """A template with each `{name}` replaced; braces round anything else stay as they are.

    A text that is nothing but `{name}` becomes the value itself, a number say.
    """
    if isinstance(template, dict):
        return {filled(key, values): filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(each, values) for each in template]
    if isinstance(template, str):
        whole = re.fullmatch(_NAME, template)
        if whole and whole[1] in values:
            return values[whole[1]]
        return re.sub(_NAME, lambda match: str(values.get(match[1], match[0])), template)
    return template


def matches(expected: Any, answer: Any) -> bool:
    """Whether an answer is the expected one, wildcards aside."""
    if isinstance(expected, str) and "$" in expected:
        return _matches_wildcard(expected, answer)
    if isinstance(expected, dict):
        return (
            isinstance(answer, dict)
            and expected.keys() == answer.keys()
            and all(matches(value, answer[name]) for name, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(answer, list)
            and len(expected) == len(answer)
            and all(map(matches, expected, answer))
        )
    # True is 1 for Python, and no JSON.
    return type(expected) is type(answer) and bool(expected == answer)


def _matches_wildcard(expected: str, answer: Any) -> bool:
    if expected == "$any":
        return answer is not None
    if expected == "$time":
        return isinstance(answer, float) and round(answer * 1000) / 1000 == answer
    if expected == "$iso":
        return isinstance(answer, str) and _is_in_seconds(answer)
    if expected == "$ms":
        return type(answer) is int and answer >= _LEAST_MS
    if expected == "$id":
        return isinstance(answer, str) and bool(answer)
    pattern = ".*".join(re.escape(part) for part in expected.split("$any"))
    return isinstance(answer, str) and re.fullmatch(pattern, answer, re.DOTALL) is not None


def _is_in_seconds(text: str) -> bool:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return False
    return f"{time:%Y-%m-%dT%H:%M:%SZ}" == text


def _expect_events(expected: list[Any], sent: list[Any], where: str) -> None:
    if not matches(expected, sent):
        raise MismatchError(f"{where}: expected {_shown(expected)}, got {_shown(sent)}")


def _expect_error(expected: Mapping[str, Any], status: int, answer: Any, where: str) -> None:
    body = answer if isinstance(answer, dict) else {}
    message = body.get("message", body.get("Message"))
    fits = body.get("__type") == expected["code"] and matches(expected["message"], message)
    members = {name: each for name, each in expected.items() if name not in _OF_ERRORS}
    fits = fits and all(matches(each, body.get(name)) for name, each in members.items())
    if status != expected.get("status", 400) or not fits:
        raise MismatchError(f"{where}: expected {_shown(expected)}, got {status} {_shown(answer)}")


def _shown(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True)
