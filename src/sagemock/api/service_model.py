"""botocore's service model of SageMaker: operations and shapes as AWS publishes them.

Read straight from the data folder of the installed botocore, without importing botocore (270 ms).
The model never changes once read, so services in one process may share it. What is derived from it
(validators, projections) belongs to whoever derives it.
"""

import importlib.util
import re
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from sagemock.operation import Members, Operation, Rule

Shape = Mapping[str, Any]

_READING_VERBS = re.compile(r"(Describe|BatchDescribe|List|Get|Search|Query)(?=[A-Z]|$)")
_ARTIFACT_SHAPES = {"Url", "S3ModelUri"}
_GZIPPED = zlib.MAX_WBITS | 16
_CLIENT_TOKEN = "ClientToken"  # noqa: S105 - a member's name


class ServiceModel:
    """The operations and shapes of one service of the installed botocore."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._operations: dict[str, Operation] = {}

    @classmethod
    def installed(cls, service: str = "sagemaker") -> "ServiceModel":
        """The newest API version of a service that the installed botocore knows."""
        spec = importlib.util.find_spec("botocore")
        if spec is None or not spec.submodule_search_locations:
            message = "botocore is not installed; the service model is read from its data folder"
            raise ModuleNotFoundError(message)
        versions = Path(spec.submodule_search_locations[0], "data", service)
        return cls(max(path for path in versions.iterdir() if path.is_dir()))

    def admitting_files(self) -> "ServiceModel":
        """The same model, but that `file://` is a place for model artifacts too."""
        other = ServiceModel(self._folder)
        shapes = dict(self.shapes)
        for name in _ARTIFACT_SHAPES & shapes.keys():
            pattern = shapes[name]["pattern"]
            shapes[name] = {**shapes[name], "pattern": f"{pattern}|file://.*"}
        other.__dict__["_model"] = {**self._model, "shapes": shapes}
        return other

    @cached_property
    def _model(self) -> Mapping[str, Any]:
        return _read(self._folder / "service-2.json")

    @cached_property
    def _pagination(self) -> Mapping[str, Any]:
        pagination: Mapping[str, Any] = _read(self._folder / "paginators-1.json")["pagination"]
        return pagination

    @property
    def shapes(self) -> Mapping[str, Shape]:
        """All shapes by name."""
        shapes: Mapping[str, Shape] = self._model["shapes"]
        return shapes

    @property
    def target_prefix(self) -> str:
        """What stands before the dot in X-Amz-Target."""
        return str(self._model["metadata"]["targetPrefix"])

    def operation_names(self) -> Iterator[str]:
        """The names of all operations, in the model's order."""
        return iter(self._model["operations"])

    def operation(self, name: str) -> Operation | None:
        """The facts of an operation, or None when the service has none of that name."""
        known = self._operations.get(name)
        if known is None and name in self._model["operations"]:
            known = self._operations[name] = self._facts(name)
        return known

    def request_uri(self, name: str) -> str:
        """The path of an operation, with `{Member}` for what is taken from it."""
        return str(self._model["operations"][name]["http"]["requestUri"])

    def message_member(self, code: str) -> str:
        """The member an error of this code carries its message in.

        A modelled error says so itself; all others use `message` (wire-protocol 1.3).
        """
        shape = self.shapes.get(code, {})
        return next(iter(shape["members"])) if shape.get("exception") else "message"

    def match_rules(self, rules: Mapping[str, Rule]) -> Mapping[str, Rule]:
        """The collected rules under the operations' own names.

        Errors: LookupError, a rule is named after no operation of the service.
        """
        names = {name.lower(): name for name in self.operation_names()}
        unknown = sorted(set(rules) - set(names))
        if unknown:
            message = f"rules named after no operation of the service: {', '.join(unknown)}"
            raise LookupError(message)
        return {names[key]: rule for key, rule in rules.items()}

    def _facts(self, name: str) -> Operation:
        facts = self._model["operations"][name]
        return Operation(
            name=name,
            input=facts.get("input", {}).get("shape"),
            output=facts.get("output", {}).get("shape"),
            reads=_READING_VERBS.match(name) is not None,
            result_member=self._pagination.get(name, {}).get("result_key"),
            token_member=self._token_member(facts),
        )

    def _token_member(self, facts: Members) -> str | None:
        """The idempotency token: marked by a trait, or by its name (UpdateModelPackage, W11)."""
        members = self.shapes[facts["input"]["shape"]]["members"] if "input" in facts else {}
        marked = (name for name, member in members.items() if member.get("idempotencyToken"))
        return next(marked, _CLIENT_TOKEN if _CLIENT_TOKEN in members else None)


def _read(path: Path) -> Mapping[str, Any]:
    """A JSON file of botocore's: gzipped since 1.29, plain before."""
    packed = path.with_name(path.name + ".gz")
    is_packed = packed.exists()
    raw = zlib.decompress(packed.read_bytes(), _GZIPPED) if is_packed else path.read_bytes()
    content: Mapping[str, Any] = orjson.loads(raw)
    return content
