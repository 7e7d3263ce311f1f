"""The one place where the parts are chosen and joined: Settings -> Service -> Flask app."""

import os
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sagemock import resources
from sagemock.api.list_rows import ListRows
from sagemock.api.service_model import ServiceModel
from sagemock.clock import TurnableClock
from sagemock.delivery import Delivery
from sagemock.faults import Faults
from sagemock.ids import RandomIds, SeededIds, ServerIds
from sagemock.journal import Journal
from sagemock.nearest import NearestName
from sagemock.operation import Hosting, Members, collect_operations
from sagemock.ports import Clock, Ids, Kind, Store
from sagemock.resource_type import collect_resource_types
from sagemock.resources.endpoint import ENDPOINT
from sagemock.resources.endpoint_moves import endpoint_move
from sagemock.routing import Routing
from sagemock.runtime import Runtime
from sagemock.service import Service
from sagemock.serving.canned import CannedRules
from sagemock.serving.faulty_fleets import FaultyFleets
from sagemock.serving.fleets import Fleets
from sagemock.serving.host import ProcessSettings
from sagemock.serving.hosts import Hosts
from sagemock.serving.model_data import ModelDataSources
from sagemock.settings import DEFAULT_DATABASE, Settings, is_loopback
from sagemock.store.sqlite_store import IN_MEMORY, SqliteStore
from sagemock.wire.caller import Callers
from sagemock.wire.front import Front
from sagemock.wire.shortcut import Shortcut, WsgiApp

if TYPE_CHECKING:
    from flask import Flask

    from sagemock.event_rules import EventRule
    from sagemock.seeds import Seed


class SystemClock:
    """The machine's time."""

    def now(self) -> float:
        """Epoch seconds, UTC."""
        return time.time()


def system_environment() -> Mapping[str, str]:
    """The variables of this process, for what is started on its behalf."""
    return os.environ


def create_service(
    settings: Settings | None = None,
    *,
    model: ServiceModel | None = None,
    store: Store | None = None,
    clock: Clock | None = None,
    strict: bool = False,
) -> Service:
    """A service with the registry's rules; what is not given is chosen by the settings.

    What the store holds of endpoints in service is started.
    Errors: StoreError, the database cannot be used; CannedRuleError, the file of canned rules
    cannot be; EventRulesError, that of event rules cannot; SeedError, a seed cannot be;
    FaultRuleError, a rule for faults cannot.
    """
    settings = settings or Settings()
    event_rules = create_event_rules(settings)
    model = model or ServiceModel.installed()
    if settings.allow_file_urls:
        model = model.admitting_files()
    # All are read before the store is opened, so that a mistake in one changes nothing.
    seeds = read_seeds(settings, model)
    rules = CannedRules(Path(settings.serving_rules) if settings.serving_rules else None)
    faults = create_faults(settings, model)
    model_data = create_model_data(settings)
    clock = TurnableClock(clock or SystemClock(), settings.freeze)
    store = store or SqliteStore(
        settings.db, kinds=stored_kinds(model), durability=settings.durability
    )
    # Its folder is nobody else's: the store has its file, and with it its name, to itself.
    fleets = Fleets(create_hosts(settings, rules, model_data), serving_folder(settings))
    serving = FaultyFleets(fleets, faults)
    nouns = {noun.arn_type: noun for noun in collect_resource_types(resources)}
    nearest = NearestName(store, nouns, model.operation_names)
    service = Service(
        model=model,
        rules=collect_operations(resources),
        store=store,
        clock=clock,
        ids=create_ids(settings),
        serving=serving,
        hosting=Hosting(
            approval_gate=settings.approval_gate,
            model_data=model_data,
            observe=serving.observe,
        ),
        looks={ENDPOINT.arn_type: endpoint_move},
        runtime=Runtime(
            model=partial(ServiceModel.installed, "sagemaker-runtime"),
            store=store,
            serving=serving,
            routing=Routing(routing_mode(settings)),
        ),
        canned=rules,
        faults=faults,
        journal=Journal(settings.journal, begun=time.time(), nearest=nearest),
        nouns=nouns,
        hold_s=settings.hold_s,
        activity_days=settings.activity_days,
        lenient=settings.validation == "warn",
        strict=strict,
    )
    clock.after_turn(service.forget_activity)
    try:
        if event_rules:
            deliver(service, settings, event_rules, store=store, clock=clock)
        service.resume()
        if seeds:
            plant_seeds(service, settings, seeds)
    except BaseException:
        service.close()
        raise
    return service


def create_ids(settings: Settings) -> ServerIds:
    """Where a server's identifiers come from, as the settings choose it."""
    return RandomIds() if settings.id_seed is None else SeededIds(settings.id_seed)


def routing_mode(settings: Settings) -> str:
    """How variants are chosen: with a seed for identifiers, nothing is left to chance here too."""
    is_by_chance = settings.routing == "weighted"
    return "seeded" if is_by_chance and settings.id_seed is not None else settings.routing


def create_faults(settings: Settings, model: ServiceModel) -> Faults:
    """The rules for faults, as the settings choose them. Errors: FaultRuleError, one cannot be."""

    def operations() -> list[str]:
        runtime = ServiceModel.installed("sagemaker-runtime")
        return [*model.operation_names(), *runtime.operation_names()]

    return Faults(Path(settings.faults) if settings.faults else None, operations)


def create_event_rules(settings: Settings) -> "list[tuple[Path, EventRule]]":
    """The rules by which events are delivered, as the settings choose them.

    Each comes with the folder where its relative paths begin: that of its file, or else that of the
    server.
    Errors: EventRulesError, one cannot be.
    """
    if settings.event_rules is None and not settings.sinks:
        return []
    from sagemock.event_rules import read_event_rules, sink_rule  # noqa: PLC0415 - it reads YAML

    # One that is given twice is still one target.
    rules = [(Path(), sink_rule(each)) for each in dict.fromkeys(settings.sinks)]
    if settings.event_rules is not None:
        file = Path(settings.event_rules)
        rules += [(file.parent, each) for each in read_event_rules(file)]
    return rules


def read_seeds(settings: Settings, model: ServiceModel) -> "list[Seed]":
    """The seeds that the settings name. Errors: SeedError, one cannot be."""
    if not settings.seeds:
        return []
    from sagemock.seeds import read_seed  # noqa: PLC0415 - it reads YAML

    return [read_seed(Path(each), model) for each in settings.seeds]


def plant_seeds(service: Service, settings: Settings, seeds: "list[Seed]") -> None:
    """Bring a service to what seeds say; its default account and region are theirs too.

    Errors: SeedError, something is there that cannot become what a seed says.
    """
    from sagemock.seed_client import authorization  # noqa: PLC0415 - few servers are given any
    from sagemock.seeds import plant_all  # noqa: PLC0415 - the same

    callers = Callers(settings)

    def call(operation: str, request: Members, account: str, region: str) -> Members:
        caller = callers.caller(authorization(account, region))
        return service.invoke(operation, request, caller, service.ids.request_id()) or {}

    plant_all(seeds, call, account=settings.account_id, region=settings.region)


def deliver(
    service: Service,
    settings: Settings,
    rules: "list[tuple[Path, EventRule]]",
    *,
    store: Store,
    clock: Clock,
) -> None:
    """Begin to deliver a service's events by these rules."""
    from sagemock.sinks.choice import Sinks  # noqa: PLC0415 - few servers deliver, all start

    sinks_in = partial(
        Sinks,
        environment=system_environment(),
        python=sys.executable,
        allow_commands=settings.allow_commands,
        invoke=service.invoke,
        deployments=service.deployments,
        variant_members=tuple(service.model.shapes["ProductionVariant"]["members"]),
    )
    service.events.deliveries.begin(
        [
            Delivery(
                target,
                rule.pattern,
                sinks_in(folder.resolve()).of(target),
                read=service.events.log.read,
                store=store,
                clock=clock,
            )
            for folder, rule in rules
            for target in rule.targets
        ]
    )


def create_model_data(settings: Settings) -> ModelDataSources:
    """Where model artifacts are looked for, as the settings choose it."""
    state = DEFAULT_DATABASE.parent if str(settings.db) == IN_MEMORY else Path(settings.db).parent
    return ModelDataSources(
        buckets={bucket: Path(folder).resolve() for bucket, folder in settings.buckets.items()},
        default_folder=state.resolve() / "s3",
        s3_endpoint=settings.s3_endpoint,
        region=settings.region,
        allow_files=settings.allow_file_urls,
    )


def serving_folder(settings: Settings) -> Path:
    """Where fleets have their folders: beside the database, or in a temporary folder."""
    if str(settings.db) == IN_MEMORY:
        return Path(tempfile.gettempdir(), f"sagemock-serving-{uuid.uuid4()}")
    database = Path(settings.db).resolve()
    return database.parent / "serving" / database.name


def create_hosts(settings: Settings, rules: CannedRules, model_data: ModelDataSources) -> Hosts:
    """What stands behind containers, as the settings choose it."""
    return Hosts(
        rules=rules,
        model_data=model_data,
        process=ProcessSettings(
            python=sys.executable,
            interpreters=settings.interpreters,
            environment=system_environment(),
            allowed=is_loopback(settings.host) or settings.allow_process_beyond_loopback,
        ),
        backends=settings.serving,
        fallback=settings.serving_fallback,
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
    settings = settings or Settings()
    service = service or create_service(settings)
    app = _flask_app(service, settings, Front.of(service, settings, ids or service.ids))
    app.extensions["sagemock"] = service
    return app


def create_front(service: Service, settings: Settings) -> WsgiApp:
    """What a server serves: AWS's protocols at once, and the Flask app from its first use on."""
    front = Front.of(service, settings, service.ids)
    return Shortcut(lambda: _flask_app(service, settings, front), front)


def _flask_app(service: Service, settings: Settings, front: Front) -> "Flask":
    from sagemock.wire.flask_app import flask_app  # noqa: PLC0415 - half of a server's start

    return flask_app(service, settings, front)
