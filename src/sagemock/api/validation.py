"""The two gates every request passes before its rule: JSON types, then constraints.

Derived from the input shapes of all operations, compiled at an operation's first call. The order
is part of the contract: it decides which error a client sees.
"""

from typing import Any

from sagemock.api.constraints import Constraints
from sagemock.api.json_types import JsonTypes
from sagemock.api.service_model import ServiceModel
from sagemock.api.wording import violations_message
from sagemock.errors import ValidationException
from sagemock.operation import Members, Operation


class Validator:
    """Holds request bodies against the input shapes of one service model."""

    def __init__(self, model: ServiceModel) -> None:
        self._types = JsonTypes(model.shapes)
        self._constraints = Constraints(model.shapes)

    def validate(self, operation: Operation, body: Any) -> Members:
        """The request of a parsed body: modelled members only, nulls left out.

        Errors: SerializationException, the first value of a wrong type; ValidationException, all
        broken constraints at once.
        """
        if operation.input is None:
            return {}
        request: Members = self._types.parser(operation.input)(body)
        check = self._constraints.check(operation.input)
        if check is not None:
            found: list[str] = []
            check(request, "", found)
            if found:
                raise ValidationException(violations_message(found))
        return request
