"""Our own path of the journal: the last calls, and to forget them."""

import json
from difflib import get_close_matches
from typing import Any

from flask import Blueprint, Response, request

from sagemock.errors import ValidationException
from sagemock.journal import MOST_PAGE, JournalQuery, is_named, plain
from sagemock.service import Service
from sagemock.settings import Settings, SettingsError
from sagemock.wire.arguments import number, refuse_unknown

OFF = "The journal is off; start sagemock with --journal 1000 to keep the last 1000 calls."
NO_OPERATION = "There is no operation '{name}'{hint}"
NO_STATUS = "A status is a number like 400, a class like 4xx, or failed, not '{text}'."
NO_BODIES = "The argument 'bodies' is whole, not '{text}'."

_ARGUMENTS = frozenset({"after", "operation", "account", "status", "limit", "bodies"})
_NONE: frozenset[str] = frozenset()
_PAGE = 100
_FAILED = range(400, 600)
_STATUSES = range(100, 600)
_CLASS = 100


def add_journal_paths(paths: Blueprint, service: Service) -> None:
    """Put the paths into a blueprint."""

    @paths.get("/_sagemock/requests")
    def requests() -> Response:
        refuse_unknown(_ARGUMENTS)
        if not service.journal.most:
            raise ValidationException(OFF)
        query = JournalQuery(
            limit=min(number("limit") or _PAGE, MOST_PAGE),
            after=number("after", least=0),
            operation=_operation(service),
            account=_account(),
            statuses=_statuses(request.args.get("status")),
            whole=_whole(request.args.get("bodies")),
        )
        # Members stand in the order in which they were sent.
        return Response(json.dumps(service.journal.page(query)), mimetype="application/json")

    @paths.delete("/_sagemock/requests")
    def forget_requests() -> dict[str, Any]:
        refuse_unknown(_NONE)
        return {"forgotten": service.journal.forget()}


def _operation(service: Service) -> str | None:
    """The operation that is asked about, or the pattern of several.

    Errors: ValidationException, there is none such.
    """
    asked = request.args.get("operation")
    if asked is None:
        return None
    models = (service.model, service.runtime.model)
    known = {plain(name): name for model in models for name in model.operation_names()}
    names = (*known.values(), *service.journal.operations())
    if any(is_named(name, asked) for name in names):
        return asked
    near = get_close_matches(plain(asked), known, n=1)
    hint = f"; did you mean '{known[near[0]]}'?" if near else "."
    raise ValidationException(NO_OPERATION.format(name=asked, hint=hint))


def _account() -> str | None:
    """The account that is asked about. Errors: ValidationException, it can be none."""
    asked = request.args.get("account")
    if asked is not None:
        try:
            # The rule for accounts, and what is said of a wrong one, are those of the settings.
            Settings(account_id=asked)
        except SettingsError as error:
            raise ValidationException(str(error)) from error
    return asked


def _statuses(text: str | None) -> range | None:
    if text is None:
        return None
    if text == "failed":
        return _FAILED
    number = text.replace("xx", "00")
    if not (number.isascii() and number.isdecimal()) or int(number) not in _STATUSES:
        raise ValidationException(NO_STATUS.format(text=text))
    first = int(number)
    return range(first, first + (_CLASS if number != text else 1))


def _whole(text: str | None) -> bool:
    if text not in {None, "whole"}:
        raise ValidationException(NO_BODIES.format(text=text))
    return text is not None
