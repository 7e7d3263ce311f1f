"""Faults: calls that go wrong on purpose, so that clients can be rehearsed.

Rules are looked at in order, and the first that applies decides. Here is chosen what becomes of a
call; how that comes out of the wire is `wire.faulty`'s, and how endpoints are held up or fail
`serving.faulty_fleets`'. Everything is in memory: a server that is started anew begins anew.
"""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagemock.faulting import FaultRuleError

# What rules are is imported by the first of them: most servers are given none.
if TYPE_CHECKING:
    from sagemock.fault_rules import Asked, Fault, FaultRule

MOST_RULES = 1000

Members = dict[str, Any]


class Faults:
    """The rules of one server, those of a `file` behind all that are added.

    `operations` are the names of all operations there are, for a rule that matches none of them is
    a mistake.
    Errors: FaultRuleError, the file cannot be read or a rule in it cannot be.
    """

    def __init__(
        self, file: Path | None = None, operations: Callable[[], Iterable[str]] = tuple
    ) -> None:
        self._operations = operations
        self._changing = threading.Lock()
        self._closed = threading.Event()
        self._last_id = 0
        self._removed = 0
        # What is to become of endpoints that were asked for and are not started, or stopped, yet.
        self._awaited: list[tuple[tuple[str, str, str, bool], Fault]] = []
        self._lasting = self._read(file) if file else ()
        self.rules: tuple[FaultRule, ...] = self._lasting
        """All rules in order; empty where no call can go wrong."""

    def add(self, content: object) -> list[Members]:
        """Put rules before those of the file and after the others; they are answered as shown.

        Errors: FaultRuleError, one cannot be, or they are too many; none is added then.
        """
        from sagemock.faults_schema import checked_faults  # noqa: PLC0415 - see above

        checked = checked_faults(content)
        with self._changing:
            if len(self.rules) + len(checked) > MOST_RULES:
                raise FaultRuleError(f"There can be {MOST_RULES} fault rules at most.")
            made = self._made(checked)
            added = [each for each in self.rules if not each.from_file]
            lasting = [each for each in self.rules if each.from_file]
            self.rules = (*added, *made, *lasting)
        return [each.shown() for each in made]

    def shown(self) -> list[Members]:
        """The rules in order, each with how many calls it has matched, and to how many applied."""
        with self._changing:
            return [each.shown() for each in self.rules]

    def remove(self, ids: Iterable[int]) -> int:
        """Take away the rules of these ids; how many there were. What they held up goes on."""
        unwanted = set(ids)
        with self._changing:
            before = len(self.rules)
            self.rules = tuple(each for each in self.rules if each.id not in unwanted)
            gone = before - len(self.rules)
            self._removed += gone
        return gone

    def reset(self) -> None:
        """Back to the rules of the file, with counts and generators as at the start."""
        with self._changing:
            self._removed += 1
            for each in self._lasting:
                each.begin_anew()
            self.rules = self._lasting
            self._awaited.clear()

    def choose(self, asked: "Asked") -> "Fault | None":
        """What becomes of a call; None where no rule applies."""
        resources = asked.resources()
        with self._changing:
            for rule in self.rules:
                if rule.matches(asked, resources):
                    fault = rule.apply(asked)
                    if fault is not None:
                        return fault
        return None

    def wait(self, latency_s: float) -> None:
        """Wait for so long, or until the server ends."""
        self._closed.wait(latency_s)

    def close(self) -> None:
        """Let all who wait go on."""
        self._closed.set()

    def has(self, rule_id: int) -> bool:
        """Whether a rule is still there."""
        return any(each.id == rule_id for each in self.rules)

    @property
    def removed(self) -> int:
        """Grows whenever rules are taken away."""
        return self._removed

    def await_status(self, asked: "Asked", fault: "Fault") -> None:
        """Note what is to become of the endpoint that a call is about."""
        with self._changing:
            self._awaited.append((asked.endpoint(), fault))

    def withdraw_status(self, asked: "Asked", fault: "Fault") -> None:
        """Forget that again, for the call was refused."""
        with self._changing:
            if (asked.endpoint(), fault) in self._awaited:
                self._awaited.remove((asked.endpoint(), fault))

    def status_of_start(self, account: str, region: str, endpoint: str) -> "Fault | None":
        """What is to become of a deployment that starts; told once."""
        # What was to be stopped before it is gone by now.
        self._take((account, region, endpoint.lower(), False))
        return self._take((account, region, endpoint.lower(), True))

    def status_of_stop(self, account: str, region: str, endpoint: str) -> "Fault | None":
        """What is to become of an endpoint that is being deleted; told once."""
        return self._take((account, region, endpoint.lower(), False))

    def _take(self, endpoint: tuple[str, str, str, bool]) -> "Fault | None":
        if not self._awaited:
            return None
        with self._changing:
            for each in self._awaited:
                if each[0] == endpoint:
                    self._awaited.remove(each)
                    return each[1] if self.has(each[1].rule_id) else None
        return None

    def _read(self, file: Path) -> "tuple[FaultRule, ...]":
        from sagemock.fault_rules import read_faults  # noqa: PLC0415 - see above

        return self._made(read_faults(file), from_file=True)

    def _made(self, checked: list[Members], *, from_file: bool = False) -> "tuple[FaultRule, ...]":
        from sagemock.fault_rules import FaultRule, check_operation  # noqa: PLC0415 - see above

        known = [*self._operations()] if any("match" in each for each in checked) else []
        for position, content in enumerate(checked):
            check_operation(position, content, known)
        first = self._last_id + 1
        self._last_id += len(checked)
        return tuple(
            FaultRule(number, content, from_file=from_file)
            for number, content in enumerate(checked, first)
        )


class AccountFaults:
    """The rules that a test adds for the calls of its account; `clear` takes them away."""

    def __init__(self, faults: Faults, account: str) -> None:
        self._faults = faults
        self._account = account
        self._ids: list[int] = []

    def add(self, rule: Members | None = None, /, **named: Any) -> "FaultRule":
        """Add a rule: what `fault_rule` takes, or a whole one as a file has it.

        What is returned tells how many calls it has `matched`, and to how many `applied`.
        Errors: FaultRuleError, it cannot be.
        """
        from sagemock.fault_rules import fault_rule  # noqa: PLC0415 - see above

        if rule is not None and named:
            raise FaultRuleError("A rule is given whole or by its members, not both.")
        given = dict(fault_rule(**named) if rule is None else rule)
        match = given.get("match", {})
        if isinstance(match, dict):
            given["match"] = {"account": self._account, **match}
        made = self._faults.add([given])[0]
        self._ids.append(made["id"])
        return next(each for each in self._faults.rules if each.id == made["id"])

    def clear(self, *rules: "FaultRule | int") -> None:
        """Take away rules that were added here, or their ids; without any, all of them.

        What they held up goes on.
        Errors: FaultRuleError, one was not added here, or is gone; none is taken away then.
        """
        ids: list[Any] = [getattr(each, "id", each) for each in rules]
        for each in ids:
            if each not in self._ids:
                raise FaultRuleError(
                    f"There is no fault rule {each} of this test; clear takes what add returned."
                )
        self._faults.remove(ids if rules else self._ids)
        self._ids = [each for each in self._ids if rules and each not in ids]
