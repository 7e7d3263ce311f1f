"""The one place where the parts are chosen and joined: Settings -> Service -> Flask app."""

import time
import uuid
from typing import TYPE_CHECKING

from sagemock import resources
from sagemock.api.list_rows import ListRows
from sagemock.api.service_model import ServiceModel
from sagemock.operation import collect_operations
from sagemock.ports import Clock, Ids, Kind, Store
from sagemock.resource_type import collect_resource_types
from sagemock.service import Service
from sagemock.settings import Settings
from sagemock.store.sqlite_store import SqliteStore
from sagemock.wire.aws_json import AwsJson
from sagemock.wire.guard import Guard
from sagemock.wire.shortcut import Shortcut, WsgiApp

if TYPE_CHECKING:
    from flask import Flask


class SystemClock:
    """The machine's time."""

    def now(self) -> float:
        """Epoch seconds, UTC."""
        return time.time()


class RandomIds:
    """Identifiers nobody can guess."""

    def request_id(self) -> str:
        """A lower-case UUID."""
        return str(uuid.uuid4())


def create_service(
    settings: Settings | None = None,
    *,
    model: ServiceModel | None = None,
    store: Store | None = None,
    clock: Clock | None = None,
    strict: bool = False,
) -> Service:
    """A service with the registry's rules; what is not given is chosen by the settings.

    Errors: StoreError, the database cannot be used.
    """
    settings = settings or Settings()
    model = model or ServiceModel.installed()
    return Service(
        model=model,
        rules=collect_operations(resources),
        store=store
        or SqliteStore(settings.db, kinds=stored_kinds(model), durability=settings.durability),
        clock=clock or SystemClock(),
        lenient=settings.validation == "warn",
        strict=strict,
    )


def stored_kinds(model: ServiceModel) -> dict[str, Kind]:
    """What the store is told of SageMaker's nouns."""
    list_rows = ListRows(model)
    return {
        noun.arn_type: list_rows.kind(noun.noun, noun.indexed)
        for noun in collect_resource_types(resources)
    }


def create_app(
    settings: Settings | None = None,
    *,
    service: Service | None = None,
    ids: Ids | None = None,
) -> "Flask":
    """A Flask app that is a SageMaker; several can live in one process.

    Its service is `app.extensions["sagemock"]`; close it when the app is no longer needed.
    Errors: StoreError, the database cannot be used.
    """
    from sagemock.wire.flask_app import flask_app  # noqa: PLC0415 - half of a server's start

    settings = settings or Settings()
    service = service or create_service(settings)
    app = flask_app(service, settings, ids or RandomIds())
    app.extensions["sagemock"] = service
    return app


def create_front(service: Service, settings: Settings) -> WsgiApp:
    """What a server serves: AWS's protocol at once, and the Flask app from its first use on."""
    ids = RandomIds()

    def whole() -> WsgiApp:
        return create_app(settings, service=service, ids=ids)

    return Shortcut(
        whole,
        aws_json=AwsJson(service, settings, ids),
        guard=Guard(settings.allow_hosts, settings.allow_origins),
        max_body_bytes=settings.max_body_bytes,
        request_id=ids.request_id,
    )
