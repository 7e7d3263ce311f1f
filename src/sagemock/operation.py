"""What an operation is, and what a rule is given to work with.

`Operation` holds the facts AWS publishes, `Call` everything a rule may touch, `operation` marks
a rule, `collect_operations` finds the marked ones. Knows nothing of HTTP, SQL or botocore.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from sagemock.hosting import Fleet, ModelData, Observe
from sagemock.ports import Properties, Session

Members = dict[str, Any]
"""A request, an answer or a stored resource, with AWS's member names as keys."""


@dataclass(frozen=True)
class Operation:
    """The published facts of one operation.

    `input` and `output` are shape names, None where the operation has none. `reads` says that it
    changes nothing. `result_member` is the list a page of it carries; `token_member` the member
    that makes a call of it idempotent.
    """

    name: str
    input: str | None
    output: str | None
    reads: bool
    result_member: str | None
    token_member: str | None


@dataclass(frozen=True)
class Caller:
    """Who calls: account, region, and the principal's ARN with its unique id."""

    account: str
    region: str
    principal: str
    principal_id: str

    def user_context(self) -> Members:
        """What CreatedBy and LastModifiedBy show for this caller. ST11."""
        return {"IamIdentity": {"Arn": self.principal, "PrincipalId": self.principal_id}}


@dataclass(frozen=True)
class Hosting:
    """What a rule may know of what models are hosted by: only what needs no waiting.

    `approval_gate` says what becomes of a model made from a version that is not approved: enforce
    refuses it, warn makes it and says so in the log, off makes it. `observe` tells how a fleet is.
    """

    approval_gate: str
    model_data: ModelData
    observe: Observe


@dataclass(frozen=True)
class Call:
    """One call under way. `now` is epoch seconds, UTC, in whole milliseconds.

    `store` is bound to the caller's account and region: a rule cannot reach another's by mistake.
    `properties` knows the records of Search, `hosting` what models are hosted by. `due` collects
    the resources that the call left with something still to happen.
    """

    operation: Operation
    caller: Caller
    now: float
    request_id: str
    store: Session
    properties: Properties
    hosting: Hosting
    due: list[tuple[str, str, int]] = field(default_factory=list)


Rule = Callable[[Call, Members], Members]


@dataclass(frozen=True)
class Move:
    """What a resource that is due does next.

    `start` and `stop` are fleets to start and to stop, now and again until they are. `apply` is
    the change to its document, for a writing call; `stop_after` are fleets to stop once that is
    committed. With `waits` it is looked at again when some fleet has changed; a move that says
    nothing is one of a resource at rest.
    """

    start: tuple[Fleet, ...] = ()
    stop: tuple[str, ...] = ()
    apply: Callable[[Call, Members], None] | None = None
    stop_after: tuple[str, ...] = ()
    waits: bool = False


Look = Callable[[Members, Observe], Move]
"""Tells the next move of a resource, from its document and from how fleets stand."""


def operation(rule: Rule) -> Rule:
    """Mark a function as the rule of the operation it is named after, in snake case."""
    rule.__sagemaker_operation__ = True  # type: ignore[attr-defined]  # a mark, read just below
    return rule


def collect_operations(package: ModuleType) -> Mapping[str, Rule]:
    """The marked rules of a package's modules, by operation name without case or underscores."""
    rules: dict[str, Rule] = {}
    for module in modules(package):
        for name, member in vars(module).items():
            if getattr(member, "__sagemaker_operation__", False):
                rules[name.replace("_", "")] = member
    return rules


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """The modules of a package, imported."""
    for module_info in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{module_info.name}")
