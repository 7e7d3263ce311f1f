"""What a rule for faults is: which calls it matches, how often it applies, what becomes of them.

No rule knows of another, nor of HTTP: `faults` has all of a server.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from sagemock import errors
from sagemock.arn import Arn
from sagemock.faulting import FaultRuleError
from sagemock.faults_schema import checked_faults, refused_rule
from sagemock.schema_words import perhaps

DEFAULT_REASON = "A fault rule has this deployment fail."

_STARTING = ("CreateEndpoint", "UpdateEndpoint")
_HELD_UP = {"stuck": (*_STARTING, "DeleteEndpoint"), "failing": _STARTING}

_DENIED = "User: {principal} is not authorized to perform: sagemaker:{operation}"
_THROTTLED = "Rate exceeded"
_MESSAGES = {
    "AccessDeniedException": _DENIED,
    "InternalFailure": "",
    "Throttling": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "TooManyRequestsException": _THROTTLED,
}
_MESSAGE = "A fault rule has this call fail."
# Of codes that have no class in `errors`; all others are 400.
_STATUSES = {
    "InternalDependencyException": 530,
    "InternalServerError": 500,
    "InternalServerException": 500,
    "ModelNotReadyException": 429,
    "RequestTimeoutException": 408,
    "ServiceUnavailableException": 503,
    "SlowDown": 503,
    "TooManyRequestsException": 429,
}

_MATCH = ("operation", "resource", "account", "region", "principal")
_FAULT = ("latency", "error", "cut", "status", "reason")
_RULE = ("times", "after", "probability", "seed")
_SHOWN_ONLY = ("id", "matched", "applied", "from_file")

Members = dict[str, Any]
Cut = Literal["before", "after", "midway"]


@dataclass(frozen=True)
class Asked:
    """A call as rules look at it; `request` has its members as far as they could be read."""

    operation: str
    account: str
    region: str
    principal: str
    request: Mapping[str, Any]

    def resources(self) -> set[str]:
        """The names and ARNs of what the call is about, each in both forms."""
        found: set[str] = set()
        for member, value in self.request.items():
            if isinstance(value, str) and member.endswith(("Name", "Arn")):
                found.add(value)
                found.update(self._other_forms(member, value))
        return found

    def endpoint(self) -> tuple[str, str, str, bool]:
        """The endpoint it names, by account, region and name; and whether it starts something."""
        name = str(self.request.get("EndpointName", "")).lower()
        return self.account, self.region, name, self.operation in _STARTING

    def _other_forms(self, member: str, value: str) -> tuple[str, ...]:
        arn = Arn.parse(value)
        if arn is not None:
            return (arn.name, f"{arn.name}/{arn.number}") if arn.number else (arn.name,)
        noun = member.removesuffix("Name").removesuffix("Arn")
        kind = "".join(f"-{each.lower()}" if each.isupper() else each for each in noun)
        here = Arn(self.region, self.account, kind.lstrip("-"), value)
        # Some ARNs have the name in lower case, those of endpoints for one.
        return str(here), str(here).lower()


@dataclass(frozen=True)
class Refusal:
    """The error that a call is answered with; `code` is what clients read."""

    code: str
    message: str
    status: int


@dataclass(frozen=True)
class Fault:
    """What becomes of one call: it waits, and then it may end in one of three ways.

    `rule_id` is the rule's that has applied. `reason` is the FailureReason of the status failing.
    """

    rule_id: int
    latency_s: float = 0.0
    refusal: Refusal | None = None
    cut: Cut | None = None
    status: Literal["stuck", "failing"] | None = None
    reason: str = DEFAULT_REASON


class FaultRule:
    """One rule: what it matches, what becomes of that, how often, and how often it has."""

    def __init__(self, number: int, content: Members, *, from_file: bool) -> None:
        self.id = number
        self.from_file = from_file
        self._content = {key: each for key, each in content.items() if key not in _SHOWN_ONLY}
        self._match: Members = content.get("match", {})
        self._fault: Members = content["fault"]
        self._times: int | None = content.get("times")
        self._after: int = content.get("after", 0)
        self._probability: float = content.get("probability", 1)
        self.begin_anew()

    def begin_anew(self) -> None:
        """As if no call had been made."""
        self.matched = self.applied = 0
        self._random = random.Random(self._content.get("seed", 0))  # noqa: S311 - no secret

    def shown(self) -> Members:
        """The rule as it was given, with its id and its counts."""
        counts = {"matched": self.matched, "applied": self.applied}
        from_file = {"from_file": True} if self.from_file else {}
        return {"id": self.id, **self._content, **counts, **from_file}

    def matches(self, asked: Asked, resources: set[str]) -> bool:
        """Whether a call that is about these resources is one of those it is for."""
        held_up = _HELD_UP.get(self._fault.get("status", ""))
        if held_up is not None and asked.operation not in held_up:
            return False
        values = {
            "operation": {asked.operation},
            "resource": resources,
            "account": {asked.account},
            "region": {asked.region},
            "principal": {asked.principal},
        }
        return all(
            any(fnmatchcase(each, pattern) for each in values[name])
            for name, pattern in self._match.items()
        )

    def apply(self, asked: Asked) -> Fault | None:
        """Count a call that matches; what becomes of it, unless it is let through."""
        self.matched += 1
        if self.matched <= self._after:
            return None
        if self._times is not None and self.applied >= self._times:
            return None
        if self._probability < 1 and self._random.random() >= self._probability:
            return None
        self.applied += 1
        fault = self._fault
        return Fault(
            self.id,
            latency_s=self._latency_s(),
            refusal=_refusal(fault["error"], asked) if "error" in fault else None,
            cut=fault.get("cut"),
            status=fault.get("status"),
            reason=fault.get("reason", DEFAULT_REASON),
        )

    def _latency_s(self) -> float:
        latency = self._fault.get("latency", 0)
        return self._random.uniform(*latency) if isinstance(latency, list) else float(latency)


def read_faults(path: Path) -> list[Members]:
    """The rules of a file of YAML or JSON, in its order. Errors: FaultRuleError."""
    # Imported here: most servers are given no rules, and it reads YAML.
    from sagemock.event_rules import EventRulesError, read_document  # noqa: PLC0415

    try:
        return checked_faults(read_document(path))
    except EventRulesError as error:
        raise FaultRuleError(str(error)) from error
    except FaultRuleError as error:
        raise FaultRuleError(f"The file of fault rules {path} cannot be used: {error}") from error


def fault_rule(**named: Any) -> Members:
    """A rule of which all members are named at once; what is None is left out.

    `operation="CreateModelPackage", error="ThrottlingException", times=2`, say. `message` and
    `http_status` are the error's.
    Errors: FaultRuleError, a name is not known.
    """
    given = {name: value for name, value in named.items() if value is not None}
    error = {name: given.pop(key) for name, key in _OF_ERROR.items() if key in given}
    if error and "error" not in given:
        raise FaultRuleError("message and http_status are an error's; name its code with error.")
    if error:
        named_error = given["error"]
        code = {"code": named_error} if isinstance(named_error, str) else named_error
        given["error"] = {**code, **error}
    known = (*_MATCH, *_FAULT, *_RULE)
    for name in given:
        if name not in known:
            listed = ", ".join((*known, *_OF_ERROR.values()))
            message = f"A fault has no {name!r}{perhaps(name, known)}; known are {listed}."
            raise FaultRuleError(message)
    rule: Members = {name: given[name] for name in _RULE if name in given}
    match = {name: given[name] for name in _MATCH if name in given}
    fault = {name: given[name] for name in _FAULT if name in given}
    return {**({"match": match} if match else {}), "fault": fault, **rule}


_OF_ERROR = {"message": "message", "status": "http_status"}


def _refusal(error: str | Members, asked: Asked) -> Refusal:
    given: Members = {"code": error} if isinstance(error, str) else error
    code = given["code"]
    said = {"principal": asked.principal, "operation": asked.operation}
    message = given.get("message", _MESSAGES.get(code, _MESSAGE).format(**said))
    return Refusal(code, message, given.get("status", _status(code)))


def _status(code: str) -> int:
    """The HTTP status that AWS sends an error of this code with."""
    known = vars(errors).get(code)
    if isinstance(known, type) and issubclass(known, errors.SageMakerError):
        return known.status
    return _STATUSES.get(code, 400)


def check_operation(position: int, content: Members, known: list[str]) -> None:
    """Refuse a rule that no call can match. Errors: FaultRuleError."""
    pattern = content.get("match", {}).get("operation")
    if pattern is None or not known:
        return
    matched = [each for each in known if fnmatchcase(each, pattern)]
    if not matched:
        meant = perhaps(pattern, known)
        said = f"there is no operation {pattern!r}{meant}"
        raise refused_rule(position, "match.operation", said)
    status = content["fault"].get("status")
    if status is not None and not set(matched) & set(_HELD_UP[status]):
        said = (
            f"the status {status} is one of endpoints, so its operation is "
            f"{' or '.join(_HELD_UP[status])}, not {pattern}"
        )
        raise refused_rule(position, "match.operation", said)
