"""What a client sees of a document: the members its output shape names, nothing else.

Names in a stored document that do not begin with a capital are the rules' own and never shown.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sagemock.api.lazily import Lazily
from sagemock.api.service_model import Shape
from sagemock.json_document import JsonList
from sagemock.operation import Members

Project = Callable[[Any], Any]


class Projection:
    """Projects values to the output shapes of one service.

    With `strict`, a document's own member that the shape does not name is an error rather than
    left out: it shows a misspelling in a rule, which would otherwise just vanish.
    """

    def __init__(self, shapes: Mapping[str, Shape], *, strict: bool = False) -> None:
        self._shapes = shapes
        self._strict = strict
        self._projections = Lazily[Project | None](self._compile, self._forward)

    def answer(self, shape_name: str, document: Members, *, whole: bool) -> Members:
        """The answer of this shape; `whole` says that it is to show all of the document."""
        if self._strict and whole:
            members = self._shapes[shape_name]["members"]
            lost = [name for name in document if name[:1].isupper() and name not in members]
            if lost:
                message = f"{shape_name} does not show {', '.join(lost)}"
                raise LookupError(message)
        project = self._projections[shape_name]
        shown: Members = project(document) if project else document
        return shown

    def _forward(self, shape_name: str) -> Project:
        def later(value: Any) -> Any:
            project = self._projections[shape_name]
            return project(value) if project else value

        return later

    def _compile(self, shape_name: str) -> Project | None:
        shape = self._shapes[shape_name]
        if shape["type"] == "structure":
            members = {
                name: self._projections[each["shape"]] for name, each in shape["members"].items()
            }
            return lambda value: {
                name: project(value[name]) if project else value[name]
                for name, project in members.items()
                if value.get(name) is not None
            }
        if shape["type"] == "list":
            element = self._projections[shape["member"]["shape"]]
            # What is JSON already was projected when it was made.
            return (
                (
                    lambda value: (
                        value if type(value) is JsonList else [element(each) for each in value]
                    )
                )
                if element
                else None
            )
        if shape["type"] == "map":
            each_value = self._projections[shape["value"]["shape"]]
            if each_value:
                return lambda value: {key: each_value(each) for key, each in value.items()}
        return None
