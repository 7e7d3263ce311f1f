"""The two gates every request passes before its rule: JSON types, then constraints.

Derived from the input shapes of all operations, compiled at an operation's first call. The order
is part of the contract: it decides which error a client sees.
"""

from dataclasses import dataclass
from typing import Any

from sagemock.api.constraints import Constraints
from sagemock.api.json_types import JsonTypes
from sagemock.api.service_model import ServiceModel
from sagemock.api.wording import NOT_NULL, violations_message
from sagemock.errors import ValidationException
from sagemock.operation import Members, Operation


@dataclass(frozen=True)
class Broken:
    """What AWS says of a request's constraints; whether a required member is not there at all."""

    message: str
    lacks_member: bool


class Validator:
    """Holds request bodies against the input shapes of one service model."""

    def __init__(self, model: ServiceModel) -> None:
        self._types = JsonTypes(model.shapes)
        self._constraints = Constraints(model.shapes)

    def typed(self, operation: Operation, body: Any) -> Members:
        """The request of a parsed body: modelled members only, nulls left out.

        Errors: SerializationException, the first value of a wrong type.
        """
        if operation.input is None:
            return {}
        request: Members = self._types.parser(operation.input)(body)
        return request

    def broken(self, operation: Operation, request: Members) -> Broken | None:
        """The constraints that a typed request breaks; None where it keeps them all."""
        check = self._constraints.check(operation.input) if operation.input else None
        found: list[str] = []
        if check is not None:
            check(request, "", found)
        if not found:
            return None
        lacks = any(violation.endswith(NOT_NULL) for violation in found)
        return Broken(message=violations_message(found), lacks_member=lacks)

    def validate(self, operation: Operation, body: Any) -> Members:
        """The request of a parsed body that passes both gates.

        Errors: those of `typed`; ValidationException, all broken constraints at once.
        """
        request = self.typed(operation, body)
        broken = self.broken(operation, request)
        if broken is not None:
            raise ValidationException(broken.message)
        return request
