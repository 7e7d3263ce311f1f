"""The SageMaker Model Registry on your own machine.

How to read the house: `wire` turns bytes into calls, `service` is the order of events in one call,
`api` holds what AWS publishes, `resources` what SageMaker does, one noun a file; `store` keeps the
rows. `app` joins them. README.md has the picture.

There is a pytest plugin in it, but no assertion for pytest to rewrite: PYTEST_DONT_REWRITE.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagemock.app import create_app as create_app
    from sagemock.app import create_service as create_service
    from sagemock.in_process import running as running
    from sagemock.running_server import RunningServer as RunningServer
    from sagemock.service import Service as Service
    from sagemock.settings import Settings as Settings

__all__ = ["RunningServer", "Service", "Settings", "create_app", "create_service", "running"]

_HOMES = {
    "RunningServer": "sagemock.running_server",
    "Service": "sagemock.service",
    "Settings": "sagemock.settings",
    "create_app": "sagemock.app",
    "create_service": "sagemock.app",
    "running": "sagemock.in_process",
}


if not TYPE_CHECKING:  # else type checkers would take any name for one of ours

    def __getattr__(name: str) -> Any:
        """The public names, imported when asked for: `sagemock.errors` alone needs no Flask."""
        import importlib  # noqa: PLC0415 - part of the same thrift

        if name not in _HOMES:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        return getattr(importlib.import_module(_HOMES[name]), name)
