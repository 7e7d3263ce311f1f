"""What a test says of the calls that were made: the journal, with assertions.

A name that is misspelled in an assertion is a mistake of the test, never a call that was not made.
"""

import json
from collections import Counter
from difflib import get_close_matches
from typing import Any

from sagemock.journal import JournalQuery, plain
from sagemock.operation import Members
from sagemock.service import Service

OFF = "sagemock's journal is off; leave out journal=0 from the settings to ask what was called."
LOST = (
    "The journal keeps the last {most} calls, and some that may matter here are forgotten; set "
    "journal to a larger number."
)
NO_OPERATION = "SageMaker has no operation '{name}', and none of that name was called{hint}"
NO_MEMBER = "{operation} has no member '{name}'{hint}"
_MOST_TOLD = 20
_MOST_TEXT = 300
_MOST = 1_000_000


class Requests:
    """The calls of one account, or of all: those that came over HTTP, refused ones too.

    Calls up to the number `after` are passed over.
    Errors: ValueError, the journal is off.
    """

    def __init__(self, service: Service, account: str | None = None, *, after: int = 0) -> None:
        if not service.journal.most:
            raise ValueError(OFF)
        self._service = service
        self._account = account
        self._after = after

    def calls(
        self, operation: str | None = None, *, account: str | None = None, **members: Any
    ) -> list[Members]:
        """The calls as the journal shows them, earliest first.

        With `members` only those whose requests have these, each with the whole value.
        Errors: ValueError, there is no such operation, or it has no such member.
        """
        return self._found(operation, account, members)[0]

    def assert_called(self, operation: str, *, times: int | None = None, **members: Any) -> None:
        """Fail unless the operation was called: at least once, or exactly so many times.

        With `members` only calls count whose requests have these, each with the whole value.
        Errors: AssertionError, with what was called instead; those of `calls`.
        """
        __tracebackhide__ = True
        found, are_lost = self._found(operation, None, members)
        if len(found) == times or (times is None and found):
            if are_lost and times is not None:
                raise AssertionError(LOST.format(most=self._service.journal.most))
            return
        expected = "at least once" if times is None else _times(times)
        raise AssertionError(
            self._told(operation, members, expected, len(found), are_lost=are_lost)
        )

    def assert_not_called(self, operation: str, **members: Any) -> None:
        """Fail if the operation was called, with these members where they are given.

        Errors: those of `assert_called`.
        """
        __tracebackhide__ = True
        self.assert_called(operation, times=0, **members)

    def forget(self) -> None:
        """Pass over all calls that were made so far."""
        self._after = self._service.journal.newest

    def _found(
        self, operation: str | None, account: str | None, members: Members
    ) -> tuple[list[Members], bool]:
        """The calls that are asked for, and whether some may be forgotten."""
        if operation is not None:
            operation = self._known(operation)
            self._check_members(operation, members)
        page = self._service.journal.page(
            JournalQuery(
                limit=_MOST,
                after=self._after,
                operation=operation,
                account=account or self._account,
            )
        )
        found = [each for each in page["Requests"] if _has(each, members)]
        return found, self._service.journal.lost(account or self._account) > self._after

    def _known(self, operation: str) -> str:
        """The operation in AWS's spelling. Errors: ValueError, there is none such."""
        models = (self._service.model, self._service.runtime.model)
        names = {plain(name): name for model in models for name in model.operation_names()}
        if plain(operation) in names:
            return names[plain(operation)]
        if operation in self._service.journal.operations():
            return operation
        near = get_close_matches(plain(operation), names, n=1)
        hint = f"; did you mean '{names[near[0]]}'?" if near else "."
        raise ValueError(NO_OPERATION.format(name=operation, hint=hint))

    def _check_members(self, operation: str, members: Members) -> None:
        for model in (self._service.model, self._service.runtime.model):
            facts = model.operation(operation)
            if facts is not None:
                known = model.shapes[facts.input]["members"] if facts.input else {}
                for name in members:
                    if name not in known:
                        near = get_close_matches(name, known, n=1)
                        hint = f"; did you mean '{near[0]}'?" if near else "."
                        message = NO_MEMBER.format(operation=operation, name=name, hint=hint)
                        raise ValueError(message)

    def _told(
        self, operation: str, members: Members, expected: str, count: int, *, are_lost: bool
    ) -> str:
        """What was called in place of what was expected, with what was refused and why."""
        wanted = f"{operation} with {_short(members)}" if members else operation
        made_it = f"called {_times(count)}" if count else "never called"
        lines = [f"{wanted} was to be called {expected}, and was {made_it}."]
        calls = self._found(None, None, {})[0]
        made = Counter(each["Operation"] for each in calls)
        told = ", ".join(f"{name} ({number})" for name, number in made.items())
        lines.append(f"There were these calls: {told}." if made else "There were no calls.")
        near = get_close_matches(operation, made, n=1, cutoff=0.5)
        shown = [each for each in calls if each["Operation"] in near or "WhyRefused" in each]
        for call in shown[-_MOST_TOLD:]:
            lines.append(f"  {call['Operation']} {_short(call.get('Request'))}: {call['Status']}")
            lines += [f"    {call[name]}" for name in ("WhyRefused", "Nearest") if name in call]
        if are_lost:
            lines.append(LOST.format(most=self._service.journal.most))
        return "\n".join(lines)


def _has(call: Members, members: Members) -> bool:
    request = call.get("Request")
    if not members:
        return True
    return isinstance(request, dict) and all(
        name in request and request[name] == value for name, value in members.items()
    )


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}..."
