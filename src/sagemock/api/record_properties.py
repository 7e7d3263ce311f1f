"""The properties of search records: every dotted name that Search can filter and sort by.

Read from the shape of the record. A name goes through lists without saying so:
`InferenceSpecification.Containers.Image` is the image of any container. What follows the name of a
map is a key of it, dots and all.
"""

from collections.abc import Iterator, Mapping

from sagemock.api.service_model import Shape
from sagemock.conditions import Each, Key, Step
from sagemock.ports import Property

_RECORDS = "SearchRecord"
_KINDS = {
    "string": "text",
    "integer": "number",
    "long": "number",
    "float": "number",
    "double": "number",
    "timestamp": "time",
    "boolean": "flag",
}


class RecordProperties:
    """The properties of one service's search records."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes

    def find(self, resource: str, name: str) -> Property | None:
        """The property of a dotted name; None where the record has none of that name."""
        steps: list[Step] = []
        shape = self._record(resource)
        words = name.split(".")
        while words:
            kind = shape["type"]
            if kind == "structure":
                word = words.pop(0)
                if word not in shape["members"]:
                    return None
                steps.append(word)
                shape = self._shapes[shape["members"][word]["shape"]]
            elif kind == "list":
                steps.append(Each())
                shape = self._shapes[shape["member"]["shape"]]
            elif kind == "map":
                steps.append(Key(".".join(words)))
                words.clear()
                shape = self._shapes[shape["value"]["shape"]]
            else:
                return None
        if shape["type"] == "list" and self._shapes[shape["member"]["shape"]]["type"] in _KINDS:
            steps.append(Each())
            shape = self._shapes[shape["member"]["shape"]]
        return Property(path=tuple(steps), kind=_KINDS.get(shape["type"], "structure"))

    def names(self, resource: str) -> list[str]:
        """The dotted names of all properties but those of maps, whose keys nobody publishes."""
        return sorted(self._names(self._record(resource), ""))

    def _record(self, resource: str) -> Shape:
        return self._shapes[self._shapes[_RECORDS]["members"][resource]["shape"]]

    def _names(self, shape: Shape, prefix: str) -> Iterator[str]:
        for name, member in shape["members"].items():
            inner = self._shapes[member["shape"]]
            while inner["type"] == "list":
                inner = self._shapes[inner["member"]["shape"]]
            if inner["type"] == "structure":
                yield from self._names(inner, f"{prefix}{name}.")
            elif inner["type"] in _KINDS:
                yield f"{prefix}{name}"
