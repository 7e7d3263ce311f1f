"""Our own paths: is the server alive, what is deployed, what endpoints answer, forget everything.

`/moto-api/reset` does what it does in moto's server mode, so that suites written for that run here
unchanged. No GET changes anything.
"""

from importlib.metadata import version
from typing import Any

from flask import Blueprint, request
from werkzeug.exceptions import NotFound

from sagemock.errors import ValidationException
from sagemock.hosting import CannedRuleError
from sagemock.ports import ActivityQuery
from sagemock.service import Service
from sagemock.settings import Settings
from sagemock.time_text import epoch_ms
from sagemock.wire.arguments import number, refuse_unknown, refusing, sent_json
from sagemock.wire.clock_paths import add_clock_paths
from sagemock.wire.event_paths import add_event_paths
from sagemock.wire.fault_paths import add_fault_paths
from sagemock.wire.journal_paths import add_journal_paths
from sagemock.wire.snapshot_paths import add_snapshot_paths

NO_SUCH = "There is no {what} '{name}' in this account and region."
NO_JSON = "The body is a JSON list of canned rules, or a single one."

_ACTIVITY_ARGUMENTS = frozenset(
    {"resource", "actor", "operation", "since", "until", "account", "region", "limit", "before"}
)
_SHOW_ARGUMENTS = frozenset({"arn", "at"})
_PAGE = 100


def admin(service: Service, settings: Settings) -> Blueprint:
    """The paths as a Flask blueprint."""
    paths = Blueprint("admin", __name__)

    @paths.get("/_sagemock/health")
    def health() -> dict[str, Any]:
        return {
            "status": "ok",
            "version": version("sagemock"),
            "botocore": version("botocore"),
            "tolerated": service.tolerated,
            "account": settings.account_id,
            "region": settings.region,
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

    _add_deployments(paths, service, settings)
    _add_canned(paths, service, settings)
    add_event_paths(paths, service)
    add_snapshot_paths(paths, service, settings)
    add_journal_paths(paths, service)
    add_clock_paths(paths, service, settings)
    add_fault_paths(paths, service, settings)
    return paths


def _add_deployments(paths: Blueprint, service: Service, settings: Settings) -> None:
    def place() -> tuple[str, str]:
        """The account and region that are asked about: those of the settings unless given."""
        account = request.args.get("account", settings.account_id)
        return account, request.args.get("region", settings.region)

    @paths.get("/_sagemock/deployments")
    def deployments() -> dict[str, Any]:
        service.settle()
        asked = request.args.get("account"), request.args.get("region")
        return {"deployments": service.deployments(*asked)}

    @paths.get("/_sagemock/activity")
    def activity() -> dict[str, Any]:
        service.settle()
        with refusing():
            return service.activity_log.page(_activity_query(), request.args.get("resource"))

    @paths.get("/_sagemock/show")
    def show() -> dict[str, Any]:
        with refusing():
            refuse_unknown(_SHOW_ARGUMENTS)
            at = request.args.get("at")
            at_ms = None if at is None else epoch_ms(at)
            return service.show(request.args.get("arn", ""), at_ms)

    @paths.get("/_sagemock/logs/<name>")
    def logs(name: str) -> dict[str, Any]:
        lines = service.logs(name, *place())
        if lines is None:
            raise NotFound(NO_SUCH.format(what="endpoint", name=name))
        return {"logs": lines}

    @paths.get("/_sagemock/models/<name>")
    def model(name: str) -> dict[str, Any]:
        containers = service.hosted_containers(name, *place())
        if containers is None:
            raise NotFound(NO_SUCH.format(what="model", name=name))
        return {"containers": containers}


def _activity_query() -> ActivityQuery:
    """The records that a request's arguments ask for."""
    asked = request.args
    refuse_unknown(_ACTIVITY_ARGUMENTS)
    return ActivityQuery(
        limit=number("limit") or _PAGE,
        before_id=number("before"),
        account=asked.get("account"),
        region=asked.get("region"),
        principal=asked.get("actor"),
        operation=asked.get("operation"),
        since_ms=epoch_ms(asked["since"]) if "since" in asked else None,
        until_ms=epoch_ms(asked["until"]) if "until" in asked else None,
    )


def _add_canned(paths: Blueprint, service: Service, settings: Settings) -> None:
    @paths.get("/_sagemock/serving/rules")
    def rules() -> dict[str, Any]:
        return {"rules": service.canned.shown()}

    @paths.post("/_sagemock/serving/rules")
    def add_rules() -> dict[str, Any]:
        content = sent_json(settings.max_json_depth)
        if not content:
            raise ValidationException(NO_JSON)
        try:
            service.canned.add(content)
        except CannedRuleError as error:
            raise ValidationException(str(error)) from error
        return {"rules": service.canned.shown()}

    @paths.delete("/_sagemock/serving/rules")
    def forget_rules() -> dict[str, Any]:
        service.canned.reset()
        return {"rules": service.canned.shown()}

    @paths.get("/_sagemock/serving/calls")
    def calls() -> dict[str, Any]:
        return {"calls": service.canned.calls()}

    @paths.delete("/_sagemock/serving/calls")
    def forget_calls() -> dict[str, Any]:
        service.canned.forget_calls()
        return {"calls": []}
