"""All of SageMaker without a socket: `Service.invoke` is the order of events in one call.

Facts of the operation, the gates, the store, the rule, the answer. Beside it what AWS has no
operation for. Every way in (HTTP, CLI, tests) comes through here.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sagemock.activity_log import ActivityLog
from sagemock.api.documents import ModelCardSchema
from sagemock.api.projection import Projection
from sagemock.api.record_properties import RecordProperties
from sagemock.api.service_model import ServiceModel
from sagemock.api.validation import Validator
from sagemock.clock import TurnableClock
from sagemock.errors import (
    UnknownOperationException,
    ValidationException,
)
from sagemock.event_log import EventLog
from sagemock.faults import Faults
from sagemock.hosting import Canned, Serving
from sagemock.ids import ServerIds
from sagemock.journal import Journal
from sagemock.operation import Call, Caller, Hosting, Look, Members, Operation, Rule
from sagemock.ports import Session, Store
from sagemock.replaying import once
from sagemock.resource_type import ResourceType
from sagemock.resources.deployment_history import deployments
from sagemock.resources.endpoint import ENDPOINT
from sagemock.resources.model import MODEL
from sagemock.runtime import Runtime
from sagemock.service_events import ServiceEvents
from sagemock.settling import Settling
from sagemock.snapshot import Snapshots
from sagemock.storage import storage
from sagemock.time_text import shown
from sagemock.time_travel import AsOfSession

T = TypeVar("T")

NOT_SERVED = (
    "The operation {operation} is known to SageMaker but not served by sagemock; "
    "`sagemock coverage` and README list what is."
)
ONLY_DESCRIBE = "{operation} tells of today only; x-sagemock-as-of is for Describe operations."
FORGOTTEN = "What was before {since} is not known: the activity log was kept from then on."

_DAY_S = 24 * 60 * 60
_MOST_LOGGED = 2000

_log = logging.getLogger("sagemock.validation")


class Service:
    """SageMaker over one store: operations by name, in and out as AWS's member names have it.

    `lenient` serves requests that break a constraint, and says so in the log; wrong types and
    missing members are refused all the same. An answer waits up to `hold_s` for what its call has
    begun, so that nobody need ask twice. Activity is kept for `activity_days`, or for ever.
    `strict` is for tests: a stored member that Describe would not show raises.
    """

    def __init__(  # noqa: PLR0913 - all that it uses is passed in
        self,
        *,
        model: ServiceModel,
        rules: Mapping[str, Rule],
        store: Store,
        clock: TurnableClock,
        ids: ServerIds,
        serving: Serving,
        hosting: Hosting,
        looks: Mapping[str, Look],
        runtime: Runtime,
        canned: Canned,
        faults: Faults,
        journal: Journal,
        nouns: Mapping[str, ResourceType],
        hold_s: float = 0.0,
        activity_days: float | None = None,
        lenient: bool = False,
        strict: bool = False,
    ) -> None:
        self.model = model
        self._rules = model.match_rules(rules)
        self._store = store
        self.clock = clock
        self.ids = ids
        self._serving = serving
        self._hosting = hosting
        self.runtime = runtime
        self.canned = canned
        self.faults = faults
        self.journal = journal
        self.activity_log = ActivityLog(store, nouns)
        self._nouns = nouns
        self._hold_s = hold_s
        self._activity_days = activity_days
        self._settling = Settling(
            store=store, serving=serving, looks=looks, new_call=self._new_call
        )
        self._lenient = lenient
        self._tolerated = 0
        self._counting = threading.Lock()
        self._validator = Validator(model)
        self._model_cards = ModelCardSchema()
        self._properties = RecordProperties(model.shapes)
        self._projection = Projection(model.shapes, strict=strict)
        event_log = EventLog(store, nouns, self.activity_log, self._described)
        self.events = ServiceEvents(store, event_log)
        self._snapshots = Snapshots(model, nouns, lenient=lenient)

    def invoke(
        self,
        operation_name: str,
        body: Any,
        caller: Caller,
        request_id: str = "",
        *,
        as_of_ms: int | None = None,
    ) -> Members | None:
        """The answer to one call; None where AWS sends an empty body.

        With `as_of_ms` a Describe tells what was then.
        Errors: SageMakerError. After one the state is as before.
        """
        operation = self.model.operation(operation_name)
        if operation is None:
            raise UnknownOperationException
        rule = self._rules.get(operation_name)
        if rule is None:
            raise UnknownOperationException(NOT_SERVED.format(operation=operation_name))
        request = self._checked(operation, body)
        self._model_cards.check(request)

        if as_of_ms is not None:
            return self._as_of(rule, operation, caller, request_id, request, as_of_ms)
        self._settling.glance()
        if not operation.reads:
            return self._write(rule, operation, caller, request_id, request)
        with storage(), self._store.reading(caller.account, caller.region) as session:
            return self._run(rule, self._new_call(operation, caller, request_id, session), request)

    def _as_of(  # noqa: PLR0913, PLR0917 - a call, and a time
        self,
        rule: Rule,
        operation: Operation,
        caller: Caller,
        request_id: str,
        request: Members,
        at_ms: int,
    ) -> Members | None:
        if not operation.name.startswith("Describe"):
            raise ValidationException(ONLY_DESCRIBE.format(operation=operation.name))
        with storage():
            since_ms = self._store.activities_since_ms()
        if at_ms < since_ms:
            raise ValidationException(FORGOTTEN.format(since=shown(since_ms / 1000)))
        with storage(), self._store.reading(caller.account, caller.region) as session:
            then = AsOfSession(session, at_ms)
            return self._run(rule, self._new_call(operation, caller, request_id, then), request)

    def show(self, arn_text: str, at_ms: int | None) -> Members:
        """A resource by its ARN, as its Describe shows it, or showed it then.

        Errors: NoResourceError, nothing that is served has such an ARN; those of the Describe.
        """
        arn = self.activity_log.resource(arn_text)
        noun = self._nouns[arn.type]
        label = f"{arn.name}/{arn.number}" if arn.number else arn.name
        caller = Caller(account=arn.account, region=arn.region, principal="", principal_id="")
        described = self.invoke(
            f"Describe{noun.noun}", {f"{noun.noun}Name": label}, caller, as_of_ms=at_ms
        )
        return described or {}

    def resume(self) -> None:
        """Take up what was left by whoever served this store before."""
        with storage():
            self._settling.resume()

    def glance(self) -> None:
        """Settle if something is due that has changed; costs a comparison where nothing is."""
        self._settling.glance()

    def settle(self) -> None:
        """Bring what is due to where it should be, as far as it goes now."""
        with storage():
            self._settling.settle()

    def keep_settling(self) -> None:
        """From now on settle whenever something has changed, until the service is closed.

        Now and then forget the activity that is to be kept no longer.
        """
        self._settling.start(self.forget_activity)

    def forget_activity(self) -> None:
        """Forget the records that are older than they are to be kept, and read by all targets."""
        if self._activity_days is not None:
            before_ms = round((self.clock.now() - self._activity_days * _DAY_S) * 1000)
            with storage():
                self._store.forget_activities(before_ms, self.events.deliveries.read_by_all())

    def deployments(self, account: str | None, region: str | None) -> list[Members]:
        """What is deployed and what was, by account and region; None stands for all of them."""
        rows = []
        with storage():
            endpoints = {
                (each.account, each.region) for each in self._store.places(ENDPOINT.arn_type)
            }
            for place in sorted(endpoints | self._store.noted()):
                if place[0] == (account or place[0]) and place[1] == (region or place[1]):
                    with self._store.reading(*place) as session:
                        rows += deployments(session, self._serving.observe)
        return rows

    def logs(self, endpoint_name: str, account: str, region: str) -> dict[str, str] | None:
        """The last lines of what an endpoint's containers wrote; None for no such endpoint."""
        with storage(), self._store.reading(account, region) as session:
            row = session.get(ENDPOINT.arn_type, endpoint_name)
        if row is None:
            return None
        deployments = (row.document[each] for each in ("next", "current") if each in row.document)
        logs = (self._serving.logs(each["fleet"]) for each in deployments)
        failed = row.document.get("failed_logs", {})
        return {
            **{f"{name} (failed)": text for name, text in failed.items()},
            **{name: text for each in logs for name, text in each.items()},
        }

    def hosted_containers(self, model_name: str, account: str, region: str) -> list[Members] | None:
        """What a model's containers come to, packages resolved; None for no such model."""
        with storage(), self._store.reading(account, region) as session:
            row = session.get(MODEL.arn_type, model_name)
        return row.document["containers"] if row else None

    @property
    def tolerated(self) -> int:
        """How many calls were served that AWS would have refused for a broken constraint."""
        return self._tolerated

    def check(self) -> None:
        """Raise ServiceUnavailable when the store cannot be read."""
        with storage():
            self._store.check()

    def reset(self) -> None:
        """Forget everything, of every account and region; clock and ids are as at the start."""
        self._begin_anew(self._store.reset)
        self.canned.reset()
        self.faults.reset()
        self.journal.forget()
        self.clock.reset()
        self.ids.reset()

    def snapshot(self) -> Members:
        """All resources of every account and region, with their tags and the numbers given."""
        with storage():
            self._settling.settle()
            return self._snapshots.taken(self._store.contents())

    def load(self, content: Any) -> Members:
        """Put a snapshot in the place of everything; how much was loaded, and replaced, by noun.

        Endpoints are started as after a restart; canned rules stay.
        Errors: SnapshotError, it cannot be loaded; ServiceUnavailable. Nothing has changed then.
        """
        loaded = self._snapshots.checked(content)
        since_ms = round(self.clock.now() * 1000)
        replaced = self._begin_anew(lambda: self._store.replace(loaded, since_ms))
        with storage():
            self._settling.hold(self._settling.resume(), self._hold_s)
        return self._snapshots.counts(loaded, replaced)

    def close(self) -> None:
        """Stop what is running, deliver what is left, and let go of the store."""
        self.faults.close()
        self._settling.stop()
        self.events.deliveries.stop()
        self._serving.close()
        self._store.close()

    def _begin_anew(self, put: Callable[[], T]) -> T:
        """Put something in the place of all that is stored; no fleet goes on."""
        results: list[T] = []

        def put_and_stop() -> None:
            results.append(put())
            self.events.log.forget()
            self._serving.reset()

        with storage():
            self._settling.forget(lambda: self.events.deliveries.forget(put_and_stop))
        return results[0]

    def _new_call(
        self, operation: Operation, caller: Caller, request_id: str, session: Session
    ) -> Call:
        return Call(
            operation=operation,
            caller=caller,
            # Read after the writer's turn has come, so that times and numbers never cross.
            now=round(self.clock.now() * 1000) / 1000,
            request_id=request_id,
            store=session,
            properties=self._properties,
            hosting=self._hosting,
        )

    def _described(self, noun: str, document: Members) -> Members:
        """What the Describe of a noun shows of a document."""
        operation = self.model.operation(f"Describe{noun}")
        if operation is None or operation.output is None:
            raise LookupError(noun)
        return self._projection.answer(operation.output, document, whole=False)

    def _write(
        self, rule: Rule, operation: Operation, caller: Caller, request_id: str, request: Members
    ) -> Members | None:
        """Run a rule in the writer's turn; what it began is waited for once it is committed."""
        due: list[tuple[str, str, int]] = []

        def work(session: Session) -> Members | None:
            call = self._new_call(operation, caller, request_id, session)
            answer = once(call, request, lambda: self._run(rule, call, request))
            due[:] = call.due
            return answer

        with storage():
            answer = self._store.write(caller.account, caller.region, work)
        if due:
            places = self._settling.add(caller.account, caller.region, due)
            self._settling.hold(places, self._hold_s)
        return answer

    def _checked(self, operation: Operation, body: Any) -> Members:
        if not self._lenient:
            return self._validator.validate(operation, body)
        request = self._validator.typed(operation, body)
        broken = self._validator.broken(operation, request)
        if broken is not None:
            if broken.lacks_member:
                # There is nothing to serve it with.
                raise ValidationException(broken.message)
            with self._counting:
                self._tolerated += 1
            _log.warning("%s served; AWS would say: %s", operation.name, _line(broken.message))
        return request

    def _run(self, rule: Rule, call: Call, request: Members) -> Members | None:
        operation = call.operation
        answer = rule(call, request)
        if operation.output is None:
            return None
        whole = operation.name.startswith("Describe")
        return self._projection.answer(operation.output, answer, whole=whole)


def _line(text: str) -> str:
    """A text that quotes what a client sent, as part of one line of the log."""
    shown = text if len(text) <= _MOST_LOGGED else f"{text[:_MOST_LOGGED]}..."
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in shown)
