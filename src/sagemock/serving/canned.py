"""Canned answers: what a test wants an endpoint to say, and what it was asked.

Rules are looked at in order, the first that matches answers; one that has answered as often as it
was to is passed over. What no rule matches gets the fixed answer of the fallback.
"""

import base64
import json
import logging
import string
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sagemock.hosting import Answer, CannedRuleError, Fleet, Invocation, Variant
from sagemock.serving.canned_schema import checked_rules, compiled, rules_of

NO_FILE = "Only the rules of --serving-rules can name a file to reply with."

FIXED_BODY = b'{"sagemock": "A canned answer: nothing real runs behind this endpoint."}'
FIXED_TYPE = "application/json"

MOST_RULES = 1000
MOST_BYTES = 64 * 1024 * 1024
MOST_CALLS = 1000
MOST_CALL_BYTES = 16 * 1024

_ASKED = {"body_regex", "content_type", "target_model"}
_REGEX_S = 1.0
_LEAST_REGEX_S = 0.001

_TARGET_MODEL = "X-Amzn-SageMaker-Target-Model"
_CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"

_log = logging.getLogger("sagemock.serving")

Members = dict[str, Any]


@dataclass(frozen=True)
class Called:
    """What a canned answer is asked for: by whom, of which endpoint, with what."""

    fleet: Fleet
    variant: Variant
    hostname: str
    invocation: Invocation


class CannedRules:
    """The rules of one server and the calls they were asked by, in memory.

    Those of a `file` stay when the others are forgotten; only they may name files to reply with.
    Errors: CannedRuleError, the file cannot be read or a rule in it cannot be.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._lasting = [_Rule(each, file) for each in rules_of(file)] if file else []
        self._rules = list(self._lasting)
        self._calls: deque[Members] = deque(maxlen=MOST_CALLS)
        self._changing = threading.Lock()

    def add(self, content: object) -> None:
        """Put rules before those of the file and after the others there are.

        Errors: CannedRuleError, one cannot be, or they are too many.
        """
        made = [_Rule(each) for each in checked_rules(content)]
        with self._changing:
            added = [*self._rules[: len(self._rules) - len(self._lasting)], *made]
            if len(added) > MOST_RULES:
                message = f"There can be {MOST_RULES} rules at most."
                raise CannedRuleError(message)
            if sum(each.size for each in added) > MOST_BYTES:
                message = f"The rules can have {MOST_BYTES} bytes in all at most."
                raise CannedRuleError(message)
            self._rules = [*added, *self._lasting]

    def shown(self) -> list[Members]:
        """The rules in order, each with how often it has answered."""
        return [each.shown() for each in self._rules]

    def calls(self) -> list[Members]:
        """The calls that were given a canned answer, oldest first."""
        return list(self._calls)

    def forget_calls(self) -> None:
        """Forget the calls, not the rules."""
        self._calls.clear()

    def reset(self) -> None:
        """Back to the rules of the file, as if none had answered; no calls."""
        with self._changing:
            for each in self._lasting:
                each.used = 0
            self._rules = list(self._lasting)
            self._calls.clear()

    def speaks_for(self, fleet: Fleet, variant: Variant) -> bool:
        """Whether some rule answers whatever this variant may be asked, however often."""
        return any(each.answers_all() and each.fits_variant(fleet, variant) for each in self._rules)

    def answer(self, called: Called, *, always: bool) -> Answer | None:
        """The answer of the first rule that matches; the fixed one, if there is `always` one."""
        position, rule = self._take(called)
        if rule is None and not always:
            return None
        self._calls.append(_call(called, position))
        if rule is None:
            body = iter((FIXED_BODY,))
            return Answer(200, FIXED_TYPE, body, container=called.hostname)
        return rule.answer(called)

    def _take(self, called: Called) -> "tuple[int | None, _Rule | None]":
        """The first rule that matches, with its place; what is asked is matched by one at a time.

        Beyond a lock: an expression may take its time, and others have rules of their own.
        """
        deadline = time.monotonic() + _REGEX_S
        for position, rule in enumerate(self._rules):
            if not rule.is_used_up() and rule.matches(called, deadline):
                with self._changing:
                    if not rule.is_used_up():
                        rule.used += 1
                        return position, rule
        return None, None


class _Rule:
    """One rule: what it matches, what it replies, and how often."""

    def __init__(self, content: Members, file: Path | None = None) -> None:
        self.content = content
        self.size = len(json.dumps(content))
        self._file = file
        self.used = 0
        self._match: Members = content.get("match", {})
        self._reply: Members = content["reply"]
        self._times: int | None = content.get("times")
        expression = self._match.get("body_regex")
        self._body = None if expression is None else compiled(expression)
        if "file" in self._reply and file is None:
            raise CannedRuleError(NO_FILE)
        try:
            self._content = self._read()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            message = f"The file {self._reply.get('file')!r} cannot be read: {reason}."
            raise CannedRuleError(message) from error

    def shown(self) -> Members:
        return {**self.content, "answered": self.used}

    def answers_all(self) -> bool:
        return self._times is None and not self._match.keys() & _ASKED

    def is_used_up(self) -> bool:
        return self._times is not None and self.used >= self._times

    def fits_variant(self, fleet: Fleet, variant: Variant) -> bool:
        packages = [each.package or "" for each in variant.containers]
        about = {
            "endpoint": [fleet.endpoint],
            "variant": [variant.name],
            "model": [variant.model],
            "package": packages,
            "image": [each.image for each in variant.containers],
        }
        return all(
            any(fnmatchcase(value, self._match[name]) for value in values)
            for name, values in about.items()
            if name in self._match
        )

    def matches(self, called: Called, deadline: float) -> bool:
        invocation = called.invocation
        asked = {
            "content_type": invocation.content_type or "",
            "target_model": invocation.headers.get(_TARGET_MODEL, ""),
        }
        return (
            self.fits_variant(called.fleet, called.variant)
            and all(
                fnmatchcase(value, self._match[name])
                for name, value in asked.items()
                if name in self._match
            )
            and self._matches_body(invocation.body, deadline)
        )

    def _matches_body(self, body: bytes, deadline: float) -> bool:
        if self._body is None:
            return True
        left_s = max(deadline - time.monotonic(), _LEAST_REGEX_S)
        try:
            found = self._body.search(body.decode(errors="replace"), timeout=left_s)
        except (TimeoutError, MemoryError):
            _log.warning("The body_regex %r takes too long.", self._match["body_regex"])
            return False
        return found is not None

    def answer(self, called: Called) -> Answer:
        headers = {name.lower(): value for name, value in self._reply.get("headers", {}).items()}
        delay_s = self._reply.get("delay", 0)
        if delay_s:
            time.sleep(delay_s)
        return Answer(
            status=int(self._reply.get("status", 200)),
            content_type=headers.get("content-type", FIXED_TYPE),
            chunks=self._pieces(called),
            custom_attributes=headers.get(_CUSTOM_ATTRIBUTES.lower()),
            container=called.hostname,
        )

    def _pieces(self, called: Called) -> Iterator[bytes]:
        if "template" in self._reply:
            return iter((_filled(self._reply["template"], called),))
        return iter(self._content)

    def _read(self) -> tuple[bytes, ...]:
        """What it replies, as far as that is the same for all calls."""
        if "file" in self._reply:
            folder = self._file.parent if self._file else Path()
            return (folder.joinpath(self._reply["file"]).read_bytes(),)
        if "stream_chunks" in self._reply:
            return tuple(each.encode() for each in self._reply["stream_chunks"])
        body = self._reply.get("body", "")
        return (body.encode() if isinstance(body, str) else json.dumps(body).encode(),)


def _filled(template: str, called: Called) -> bytes:
    invocation = called.invocation
    words: Mapping[str, str] = {
        "endpoint": called.fleet.endpoint,
        "variant": called.variant.name,
        "model": called.variant.model,
        "body": invocation.body.decode(errors="replace"),
        "content_type": invocation.content_type or "",
        "accept": invocation.accept or "",
        "target_model": invocation.headers.get(_TARGET_MODEL, ""),
        "custom_attributes": invocation.headers.get(_CUSTOM_ATTRIBUTES, ""),
    }
    return string.Template(template).safe_substitute(words).encode()


def _call(called: Called, position: int | None) -> Members:
    """A call as it is read back; `rule` is the place of the one that answered."""
    invocation = called.invocation
    call: Members = {
        "account": called.fleet.account,
        "region": called.fleet.region,
        "endpoint": called.fleet.endpoint,
        "variant": called.variant.name,
        "content_type": invocation.content_type,
        "accept": invocation.accept,
        "custom_attributes": invocation.headers.get(_CUSTOM_ATTRIBUTES),
        "target_model": invocation.headers.get(_TARGET_MODEL),
        "target_container": invocation.target_container,
        "rule": position,
    }
    try:
        call["body"] = invocation.body.decode()[:MOST_CALL_BYTES]
    except UnicodeDecodeError:
        call["body_base64"] = base64.b64encode(invocation.body[:MOST_CALL_BYTES]).decode()
    return call
