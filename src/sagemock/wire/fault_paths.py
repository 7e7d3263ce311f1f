"""Our own path for faults: the rules by which calls go wrong, more of them, and none any more."""

from typing import Any

from flask import Blueprint

from sagemock.errors import ValidationException
from sagemock.faulting import FaultRuleError
from sagemock.service import Service
from sagemock.settings import Settings
from sagemock.wire.arguments import number, refuse_unknown, sent_json

FAULTS_PATH = "/_sagemock/faults"

NO_JSON = 'The body is a JSON list of fault rules, a single one, or {"faults": [...]}.'
NO_RULE = "There is no fault rule {id}; `sagemock faults list` shows those there are."

_NONE: frozenset[str] = frozenset()
_ONE = frozenset({"id"})


def add_fault_paths(paths: Blueprint, service: Service, settings: Settings) -> None:
    """Put the path into a blueprint."""
    faults = service.faults

    @paths.get(FAULTS_PATH)
    def shown() -> dict[str, Any]:
        refuse_unknown(_NONE)
        return {"faults": faults.shown()}

    @paths.post(FAULTS_PATH)
    def add() -> dict[str, Any]:
        refuse_unknown(_NONE)
        content = sent_json(settings.max_json_depth)
        if not content:
            raise ValidationException(NO_JSON)
        try:
            added = faults.add(content)
        except FaultRuleError as error:
            raise ValidationException(str(error)) from error
        return {"faults": faults.shown(), "added": [each["id"] for each in added]}

    @paths.delete(FAULTS_PATH)
    def remove() -> dict[str, Any]:
        refuse_unknown(_ONE)
        unwanted = number("id")
        if unwanted is None:
            faults.reset()
        elif not faults.remove([unwanted]):
            raise ValidationException(NO_RULE.format(id=unwanted))
        return {"faults": faults.shown()}
