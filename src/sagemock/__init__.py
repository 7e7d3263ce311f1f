"""The SageMaker Model Registry on your own machine.

How to read the house: `wire` turns bytes into calls, `service` is the order of events in one call,
`api` holds what AWS publishes, `resources` what SageMaker does, one noun a file; `store` keeps the
rows. `app` joins them. README.md has the picture.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagemock.app import create_app as create_app
    from sagemock.app import create_service as create_service
    from sagemock.service import Service as Service
    from sagemock.settings import Settings as Settings

__all__ = ["Service", "Settings", "create_app", "create_service"]

_HOMES = {
    "Service": "sagemock.service",
    "Settings": "sagemock.settings",
    "create_app": "sagemock.app",
    "create_service": "sagemock.app",
}


def __getattr__(name: str) -> Any:
    """The public names, imported when asked for: `sagemock.errors` alone needs no Flask."""
    import importlib  # noqa: PLC0415 - part of the same thrift

    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(_HOMES[name]), name)
