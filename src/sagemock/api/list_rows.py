"""What a list shows of a document: the projection to the summary shape AWS publishes for a noun."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sagemock.api.projection import Projection
from sagemock.api.service_model import ServiceModel
from sagemock.operation import Members
from sagemock.ports import Kind


class ListRows:
    """Makes the list rows of nouns from one service model."""

    def __init__(self, model: ServiceModel) -> None:
        self._shapes = model.shapes
        self._model = model
        self._projection = Projection(model.shapes)

    def kind(self, noun: str, indexed: Mapping[str, str | None]) -> Kind:
        """What a store is told of a noun: its list rows are those of its List operation."""
        shape = self._row_shape(noun)

        def list_row(document: Mapping[str, Any]) -> Members:
            return self._projection.answer(shape, dict(document), whole=False)

        return Kind(list_row=list_row, made_by=self._digest(shape), indexed=indexed)

    def _row_shape(self, noun: str) -> str:
        listing = self._model.operation(f"List{noun}s")
        if listing is None or listing.output is None or listing.result_member is None:
            message = f"the service has no list of {noun}s"
            raise LookupError(message)
        result = self._shapes[listing.output]["members"][listing.result_member]["shape"]
        return str(self._shapes[result]["member"]["shape"])

    def _digest(self, shape: str) -> str:
        """A digest of all members that a row can have."""
        described = json.dumps(self._members(shape, ()), sort_keys=True)
        return hashlib.sha256(described.encode()).hexdigest()

    def _members(self, shape_name: str, above: tuple[str, ...]) -> Any:
        shape = self._shapes[shape_name]
        if shape_name in above:
            return shape_name
        inside = (*above, shape_name)
        if shape["type"] == "structure":
            return {
                name: self._members(member["shape"], inside)
                for name, member in shape["members"].items()
            }
        if shape["type"] == "list":
            return [self._members(shape["member"]["shape"], inside)]
        if shape["type"] == "map":
            return {"*": self._members(shape["value"]["shape"], inside)}
        return None
