"""What a test says of the calls that were made: the journal, with assertions.

A name that is misspelled in an assertion is a mistake of the test, never a call that was not made.
"""

import json
from collections import Counter
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from sagemock.journal import JournalQuery, is_named, plain
from sagemock.operation import Members
from sagemock.service import Service

OFF = "sagemock's journal is off; leave out journal=0 from the settings to ask what was called."
LOST = (
    "The journal keeps the last {most} calls, and some that may matter here are forgotten; set "
    "journal to a larger number."
)
NO_OPERATION = "SageMaker has no operation '{name}', and none of that name was called{hint}"
NO_MEMBER = "{operation} has no member '{name}'{hint}"
NO_CALLS = "There were no calls."
NO_TIMES = "times is a whole number from 0 on, not {times!r}."
_MOST_TOLD = 20
_MOST_TEXT = 300
_MOST = 1_000_000


class Requests:
    """The calls of one account, or of all: those that came over HTTP, refused ones too.

    An operation may be a pattern, as `Create*`. Each try of a client is a call; with `status` only
    those count that were answered so. Calls up to the number `after` are passed over. `elsewhere`
    tells what other accounts have called since a number, for a failure to say.
    Errors: ValueError, the journal is off.
    """

    def __init__(
        self,
        service: Service,
        account: str | None = None,
        *,
        after: int = 0,
        elsewhere: Callable[[int], str | None] = lambda _: None,
    ) -> None:
        if not service.journal.most:
            raise ValueError(OFF)
        self._service = service
        self._account = account
        self._after = after
        self._elsewhere = elsewhere

    def calls(
        self,
        operation: str | None = None,
        *,
        account: str | None = None,
        status: int | None = None,
        **members: Any,
    ) -> list[Members]:
        """The calls as the journal shows them, earliest first.

        With `members` only those whose requests have these, each with the whole value.
        Errors: ValueError, there is no such operation, or it has no such member.
        """
        return self._found(operation, members, status, account)[0]

    def assert_called(
        self,
        operation: str,
        *,
        times: int | None = None,
        status: int | None = None,
        **members: Any,
    ) -> None:
        """Fail unless the operation was called: at least once, or exactly so many times.

        With `members` only calls count whose requests have these, each with the whole value.
        Errors: AssertionError, with what was called instead; ValueError, so many times cannot be;
        those of `calls`.
        """
        __tracebackhide__ = True
        if times is not None and (type(times) is not int or times < 0):
            raise ValueError(NO_TIMES.format(times=times))
        found, are_lost = self._found(operation, members, status)
        if len(found) == times or (times is None and found):
            if are_lost and times is not None:
                raise AssertionError(LOST.format(most=self._service.journal.most))
            return
        wanted = f"{operation} with {_short(members)}" if members else operation
        wanted += "" if status is None else f", answered with {status},"
        expected = "at least once" if times is None else _times(times)
        made = f"called {_times(len(found))}" if found else "never called"
        lines = [f"{wanted} was to be called {expected}, and was {made}."]
        if not found and (elsewhere := self._elsewhere(self._after)):
            lines.append(elsewhere)
        raise AssertionError(self._told(lines, operation, are_lost=are_lost))

    def assert_not_called(
        self, operation: str, *, status: int | None = None, **members: Any
    ) -> None:
        """Fail if the operation was called, with these members where they are given.

        Errors: those of `assert_called`.
        """
        __tracebackhide__ = True
        self.assert_called(operation, times=0, status=status, **members)

    def assert_nothing_written(self) -> None:
        """Fail if an operation of SageMaker was called that changes something, refused or not.

        Errors: AssertionError, with what was called.
        """
        __tracebackhide__ = True
        calls, are_lost = self._found(None, {})
        written = [each["Operation"] for each in calls if self._writes(each["Operation"])]
        if written or are_lost:
            lines = [f"Nothing was to be written, and {len(written)} of these calls would write."]
            raise AssertionError(self._told(lines, *dict.fromkeys(written), are_lost=are_lost))

    def forget(self) -> None:
        """Pass over all calls that were made so far."""
        self._after = self._service.journal.newest

    def _found(
        self,
        operation: str | None,
        members: Members,
        status: int | None = None,
        account: str | None = None,
    ) -> tuple[list[Members], bool]:
        """The calls that are asked for, and whether some may be forgotten."""
        if operation is not None:
            self._check_members(operation, self._known(operation), members)
        page = self._service.journal.page(
            JournalQuery(
                limit=_MOST,
                after=self._after,
                operation=operation,
                account=account or self._account,
                statuses=None if status is None else range(status, status + 1),
            )
        )
        found = [each for each in page["Requests"] if _has(each, members)]
        return found, self._service.journal.lost(account or self._account) > self._after

    def _writes(self, operation: str) -> bool:
        facts = self._service.model.operation(operation)
        return facts is not None and not facts.reads

    def _known(self, operation: str) -> list[str]:
        """The operations meant, in AWS's spelling. Errors: ValueError, there is none such."""
        models = (self._service.model, self._service.runtime.model)
        names = {plain(name): name for model in models for name in model.operation_names()}
        for known in (names.values(), self._service.journal.operations()):
            if meant := [name for name in known if is_named(name, operation)]:
                return meant
        near = get_close_matches(plain(operation), names, n=1)
        hint = f"; did you mean '{names[near[0]]}'?" if near else "."
        raise ValueError(NO_OPERATION.format(name=operation, hint=hint))

    def _check_members(self, operation: str, meant: list[str], members: Members) -> None:
        """Refuse members that no operation has of those that are meant. Errors: ValueError."""
        models = (self._service.model, self._service.runtime.model)
        facts = [
            (model, each)
            for model in models
            for name in meant
            if (each := model.operation(name)) is not None
        ]
        inputs = [model.shapes[each.input]["members"] for model, each in facts if each.input]
        known = {name for each in inputs for name in each}
        for name in members if facts else ():
            if name not in known:
                near = get_close_matches(name, sorted(known), n=1)
                hint = f"; did you mean '{near[0]}'?" if near else "."
                shown = meant[0] if len(meant) == 1 else operation
                raise ValueError(NO_MEMBER.format(operation=shown, name=name, hint=hint))

    def _told(self, lines: list[str], *operations: str, are_lost: bool) -> str:
        """What is said, and what was called, with what was refused and why."""
        calls = self._found(None, {})[0]
        made = [each["Operation"] for each in calls]
        if made:
            lines = [*lines, f"There were these calls: {_counted(made)}."]
        elif len(lines) == 1:  # else it is told where they went
            lines = [*lines, NO_CALLS]
        near = {each for each in made if any(is_named(each, name) for name in operations)}
        for name in operations:
            near.update(get_close_matches(name, made, n=1, cutoff=0.5))
        shown = [each for each in calls if each["Operation"] in near or "WhyRefused" in each]
        for call in shown[-_MOST_TOLD:]:
            lines.append(f"  {call['Operation']} {_short(call.get('Request'))}: {call['Status']}")
            lines += [f"    {call[name]}" for name in ("WhyRefused", "Nearest") if name in call]
        if are_lost:
            lines.append(LOST.format(most=self._service.journal.most))
        return "\n".join(lines)


def _counted(names: list[str]) -> str:
    return ", ".join(f"{name} ({number})" for name, number in Counter(names).items())


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
