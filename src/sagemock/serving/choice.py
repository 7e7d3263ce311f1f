"""What answers for a container: chosen by settings, by a group, model, endpoint or image."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from sagemock.hosting import Container, Fleet, Variant

Chosen = tuple[str, str]
"""A selector (`group:churn*`) and what it selects."""


def chosen(
    choices: Sequence[Chosen], fleet: Fleet, variant: Variant, container: Container
) -> str | None:
    """What the first selector that fits a container selects for it."""
    for selector, value in choices:
        kind, _, pattern = selector.partition(":")
        if any(fnmatchcase(each, pattern) for each in _words(kind, fleet, variant, container)):
            return value
    return None


def _words(kind: str, fleet: Fleet, variant: Variant, container: Container) -> tuple[str, ...]:
    return {
        "group": (_group(container.package),),
        "model": (variant.model,),
        "endpoint": (fleet.endpoint,),
        "image": (container.image,),
    }[kind]


def _group(package: str | None) -> str:
    """The name of a version's group, or of an unversioned package."""
    return (package or "").rpartition(":")[2].partition("/")[2].partition("/")[0]
