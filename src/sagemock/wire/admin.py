"""Our own paths: is the server alive, is it ready, forget everything.

`/moto-api/reset` does what it does in moto's server mode, so that suites written for that run here
unchanged. No GET changes anything.
"""

from importlib.metadata import version
from typing import Any

from flask import Blueprint

from sagemock.service import Service


def admin(service: Service) -> Blueprint:
    """The paths as a Flask blueprint."""
    paths = Blueprint("admin", __name__)

    @paths.get("/_sagemock/health")
    def health() -> dict[str, Any]:
        return {
            "status": "ok",
            "version": version("sagemock"),
            "botocore": version("botocore"),
            "tolerated": service.tolerated,
        }

    @paths.get("/_sagemock/ready")
    def ready() -> dict[str, Any]:
        service.check()
        return {"status": "ready"}

    @paths.post("/_sagemock/reset")
    @paths.post("/moto-api/reset")
    def reset() -> dict[str, Any]:
        service.reset()
        return {"status": "ok"}

    return paths
