"""Failures of the storage, as clients are told of them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sagemock.errors import ServiceUnavailable
from sagemock.ports import StorageFailed

UNAVAILABLE = "The registry's storage cannot be used now: {reason}."

_log = logging.getLogger("sagemock.storage")


@contextmanager
def storage() -> Iterator[None]:
    """A failure of the storage is logged, and raised as ServiceUnavailable."""
    try:
        yield
    except StorageFailed as failure:
        _log.error("The storage failed: %s", failure)
        raise ServiceUnavailable(UNAVAILABLE.format(reason=failure)) from failure
