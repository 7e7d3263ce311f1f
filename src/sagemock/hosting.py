"""What hosts models, as a port: fleets of variants, what they are asked and what they answer.

A fleet is what one deployment of an endpoint runs. An update starts a second one and stops the
first once that answers; a fleet itself never changes. Plain data, made from stored documents by
the rules and understood by `serving`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol


@dataclass(frozen=True)
class Container:
    """One container of a variant.

    `hostname` is what AWS's messages call it. `model_data` is the URI of a gzipped tar archive, or
    of a folder where `is_folder`. `package` is the ARN of the model package it was made from.
    """

    hostname: str
    image: str
    model_data: str | None = None
    is_folder: bool = False
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    framework: str | None = None
    package: str | None = None


@dataclass(frozen=True)
class Variant:
    """One production variant: its model's containers, called in a row or, `direct`, one of them.

    What `was_real` has been run before, so canned answers will not do for it.
    """

    name: str
    model: str
    containers: tuple[Container, ...]
    direct: bool = False
    startup_timeout_s: int | None = None
    was_real: bool = False


@dataclass(frozen=True)
class Fleet:
    """All variants of one deployment of an endpoint; `id` ends in a number of its own."""

    id: str
    account: str
    region: str
    endpoint: str
    variants: tuple[Variant, ...]


@dataclass(frozen=True)
class Standing:
    """How a fleet is; `reason` says why it failed, in the words of a FailureReason.

    `backends` tells for each variant what answers for it (`canned`, `process`), as far as chosen,
    and `notes` why nothing real does. `logs` are the last lines of what failed.
    """

    state: Literal["starting", "ready", "failed"]
    reason: str = ""
    backends: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    logs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


Observe = Callable[[str], Standing | None]
"""Tells from memory how a fleet is; None for one that is not known."""


@dataclass(frozen=True)
class Invocation:
    """What a container is sent.

    `headers` are those of SageMaker's own that reach a container, by their names in HTTP.
    `target_container` is the hostname of the one to call, where the variant is `direct`.
    """

    body: bytes
    content_type: str | None = None
    accept: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    target_container: str | None = None


@dataclass(frozen=True)
class Answer:
    """What a container answered: its status, and its body in the pieces that it sent.

    `container` is the hostname of the one that answered. Closing `chunks` lets go of it midway.
    """

    status: int
    content_type: str | None
    chunks: Iterator[bytes]
    custom_attributes: str | None = None
    container: str = "primary"


class NoAnswerError(Exception):
    """A container did not answer; the message says what happened, for whoever called."""

    def __init__(self, message: str, *, container: str, timed_out: bool = False) -> None:
        super().__init__(message)
        self.container = container
        self.timed_out = timed_out


class NotRunningError(NoAnswerError):
    """Nothing was asked: the fleet is not there, or not ready."""


class Serving(Protocol):
    """Runs fleets. Nothing but `invoke` waits for anything; all may be called again and again."""

    def start(self, fleet: Fleet) -> None:
        """Begin to start a fleet; one that is known is left alone."""
        ...

    def observe(self, fleet_id: str) -> Standing | None:
        """How a fleet is, from memory; None for one that was not started or is stopped."""
        ...

    def stop(self, fleet_id: str) -> None:
        """Begin to stop a fleet, once what it was asked is answered.

        `observe` knows it until nothing of it is left.
        """
        ...

    def invoke(self, fleet_id: str, variant: str, invocation: Invocation) -> Answer:
        """What a variant answers. Errors: NoAnswerError, or NotRunningError of these."""
        ...

    def logs(self, fleet_id: str) -> dict[str, str]:
        """The last lines of what each container wrote, by `variant/hostname`."""
        ...

    def changes(self) -> int:
        """How often the standing of a fleet has changed so far."""
        ...

    def wait_for_change(self, seen: int, timeout_s: float) -> None:
        """Wait until there have been more changes than `seen`, or for so long."""
        ...

    def reset(self) -> None:
        """Stop all fleets, and return when nothing of them is left."""
        ...

    def close(self) -> None:
        """Stop all fleets for good, and leave nothing behind."""
        ...


class CannedRuleError(ValueError):
    """A rule that cannot be; the message is a sentence that says where and why."""


class Canned(Protocol):
    """Rules for canned answers, and the calls that were given one."""

    def add(self, content: object) -> None:
        """Put rules behind those there are. Errors: CannedRuleError."""
        ...

    def shown(self) -> list[dict[str, Any]]:
        """The rules in order, each with how often it has answered."""
        ...

    def calls(self) -> list[dict[str, Any]]:
        """The calls that were given a canned answer, oldest first."""
        ...

    def forget_calls(self) -> None:
        """Forget the calls, not the rules."""
        ...

    def reset(self) -> None:
        """Forget the calls, and the rules that were added."""
        ...


class ModelData(Protocol):
    """Where model artifacts lie."""

    def is_missing(self, uri: str) -> bool:
        """Whether a place that is at hand lacks this object. Looks at file names, no further."""
        ...
