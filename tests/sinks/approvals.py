"""A registry whose approvals are brought to the target `deploy` by hand, one after the other."""

from collections.abc import Callable
from typing import Any

from fictions import ANN, IMAGE, Members
from sagemock import Service, Settings
from sagemock.api.service_model import ServiceModel
from sagemock.errors import SageMakerError
from sagemock.eventing import Event, NotDeliveredError
from sagemock.hosting import Fleet, Standing
from sagemock.operation import Caller
from sagemock.ports import ActivityQuery
from sagemock.sinks.deploy import DeployOptions, DeploySink, Invoke
from standing_serving import StandingServing, service_on

GROUP, ENDPOINT, RULE = "churn", "live", "on-approval"
TARGET = "arn:aws:sts::123456789012:assumed-role/sagemock-events/on-approval"
CREATION = ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"]
UPDATE = ["CreateModel", "CreateEndpointConfig", "UpdateEndpoint"]
READY, STARTING, BROKEN = Standing("ready"), Standing("starting"), Standing("failed", "It broke.")

Plan = Callable[[Fleet], Standing]


class Approvals:
    """A group of versions, in one account and region, and a sink that is told of them.

    Endpoints are in service at once, unless the serving is told otherwise.
    """

    def __init__(
        self, model: ServiceModel, caller: Caller = ANN, *, group: str = GROUP, **settings: Any
    ) -> None:
        self.serving = StandingServing(lambda _: READY)
        given = Settings(**{"db": ":memory:", "hold_s": 0, **settings})
        self.service: Service = service_on(self.serving, given, model=model)
        self.caller = caller
        self.group = group
        self.seen = 0
        self.new_sink()
        self.call("CreateModelPackageGroup", ModelPackageGroupName=group)

    def new_sink(
        self, endpoint: str = ENDPOINT, invoke: Invoke | None = None, **options: Any
    ) -> DeploySink:
        """The sink from now on, as after a start: it remembers nothing."""
        self.sink = DeploySink(
            RULE,
            DeployOptions(endpoint, **options),
            invoke=invoke or self.service.invoke,
            deployments=self.service.deployments,
        )
        return self.sink

    def call(self, operation: str, **request: Any) -> Any:
        return self.service.invoke(operation, request, self.caller, f"request of {operation}")

    def register(self, status: str | None = None, **members: Any) -> str:
        """The ARN of a version; without a status it awaits its approval."""
        given = {} if status is None else {"ModelApprovalStatus": status}
        specification = {
            "Containers": [{"Image": IMAGE}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        }
        request = {
            "ModelPackageGroupName": self.group,
            "InferenceSpecification": specification,
            **given,
            **members,
        }
        return str(self.call("CreateModelPackage", **request)["ModelPackageArn"])

    def decide(self, version: str, status: str = "Approved", **members: Any) -> None:
        self.call(
            "UpdateModelPackage", ModelPackageArn=version, ModelApprovalStatus=status, **members
        )

    def events(self) -> list[Event]:
        """What has happened since it was last asked for."""
        batch = self.service.events.log.read(self.seen)
        self.seen = batch.last
        return batch.events

    def deliver(self) -> list[Event]:
        """Have the sink take what has happened; it is returned."""
        events = self.events()
        for event in events:
            self.sink.send(event, "")
        return events

    def refused(self, event: Event) -> NotDeliveredError:
        """How the sink does not take an event."""
        try:
            self.sink.send(event, "")
        except NotDeliveredError as refused:
            return refused
        raise AssertionError("it was taken")

    def approved(self, *, deployed: bool = True) -> str:
        """A version that is approved, and deployed unless told otherwise."""
        version = self.register("Approved")
        if deployed:
            self.deliver()
        else:
            self.events()
        return version

    def endpoint(self, name: str = ENDPOINT) -> Members | None:
        try:
            described: Members = self.call("DescribeEndpoint", EndpointName=name)
        except SageMakerError:
            return None
        return described

    def status(self, name: str = ENDPOINT) -> str | None:
        endpoint = self.endpoint(name)
        return None if endpoint is None else str(endpoint["EndpointStatus"])

    def served(self, name: str = ENDPOINT) -> int | None:
        """The number of the version that an endpoint serves; None where there is none."""
        rows = self.service.deployments(self.caller.account, self.caller.region)
        numbers = [
            int(row["SubjectArn"].rpartition("/")[2])
            for row in rows
            if row["EndpointArn"].endswith(f":endpoint/{name.lower()}") and "Outcome" not in row
        ]
        assert len(numbers) <= 1
        return numbers[0] if numbers else None

    def done(self) -> list[tuple[str, str]]:
        """What the target has done so far, oldest first: operations, and the names of what."""
        records = self.service._store.activities(ActivityQuery(limit=1000, oldest_first=True))
        return [
            (each.activity.operation, each.activity.name)
            for each in records
            if "/sagemock-events/" in each.activity.principal
            and each.activity.change in {"created", "changed"}
        ]

    def operations(self) -> list[str]:
        return [operation for operation, _ in self.done()]


class Between:
    """An `invoke` at which something happens just before an operation, or after it, once."""

    def __init__(
        self,
        approvals: Approvals,
        operation: str,
        what: Callable[[], object],
        *,
        after: bool = False,
    ) -> None:
        self._approvals = approvals
        self._operation = operation
        self._left = [what]
        self._after = after

    def __call__(
        self, operation: str, request: Members, caller: Caller, request_id: str
    ) -> Members | None:
        if not self._after:
            self._happen(operation)
        answer = self._approvals.service.invoke(operation, request, caller, request_id)
        if self._after:
            self._happen(operation)
        return answer

    def _happen(self, operation: str) -> None:
        if operation == self._operation and self._left:
            self._left.pop()()
