"""Deploys what is approved: a version goes to an endpoint, and off it again when it is rejected.

What the developer guide's table of approval transitions says AWS's project templates do: to
Approved deploys that version; the serving version from Approved to Rejected deploys the newest one
that is Approved; anything else does nothing. Only a change of the approval counts: a version that
was merely stamped with metadata is not deployed again. Everything is done by the same calls that a
pipeline would make, under a principal that names the rule.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sagemock.arn import partition_of
from sagemock.errors import SageMakerError, ServiceUnavailable, ValidationException
from sagemock.eventing import Event, NotDeliveredError
from sagemock.operation import Caller, Members
from sagemock.resources.state_changes import PACKAGE_EVENT, UPDATED

Invoke = Callable[[str, Members, Caller, str], Members | None]
Deployments = Callable[[str, str], list[Members]]
"""What is deployed, and what was, in an account and region."""

PRINCIPAL = "arn:{partition}:sts::{account}:assumed-role/sagemock-events/{rule}"
ROLE = "arn:{partition}:iam::{account}:role/sagemock-events"

IN_PROGRESS = "The endpoint {endpoint} is {status}; it is changed once that is over."
DELETED_FAILED = "The endpoint {endpoint} has failed and is deleted first."
NOT_DEPLOYED = "%s did not go to the endpoint %s: %s"
_AT_REST = ("InService", "OutOfService")
_OVERTAKEN = (
    "Cannot create already existing",
    "Cannot update in-progress",
    'Could not find endpoint "',
)
"""How refusals begin where somebody else was there between looking and doing."""
_REJECTED_SINCE = "cannot be deployed: its ModelApprovalStatus is"
"""What the approval gate says of a version that was Approved a moment before."""

_MOST_NAME = 63
_DIGEST = 8
_PRINCIPAL_ID = "AROASAGEMOCKEVENTS000"
_SERVERLESS: Mapping[str, Any] = MappingProxyType({"VariantName": "AllTraffic"})
_INSTANCE: Mapping[str, Any] = MappingProxyType(
    {**_SERVERLESS, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
)
NOTHING_APPROVED = "%s is rejected and no version of %s is Approved: %s keeps serving it"

_log = logging.getLogger("sagemock.events")


@dataclass(frozen=True)
class DeployOptions:
    """Where to deploy to and how.

    `variant` has further members of the ProductionVariant, by AWS's names. Without
    `execution_role_arn` models have a role of ours.
    """

    endpoint: str
    execution_role_arn: str | None = None
    variant: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class DeploySink:
    """Deploys versions by the events of their approval; other events do nothing."""

    def __init__(
        self, rule: str, options: DeployOptions, *, invoke: Invoke, deployments: Deployments
    ) -> None:
        self._rule = rule
        self._options = options
        self._invoke = invoke
        self._deployments = deployments
        self._has_deployed = False

    def send(self, event: Event, body: str) -> None:  # noqa: ARG002 - what is done is not chosen
        """Begin what the event asks for; the deployment itself goes on after that.

        Errors: NotDeliveredError; busy while the endpoint is in progress, again where the storage
        fails.
        """
        detail = event.envelope["detail"]
        if event.envelope["detail-type"] != PACKAGE_EVENT or not is_decision(detail):
            return
        deploying = _Deploying(
            caller=self._caller(event.envelope["account"], event.envelope["region"]),
            options=self._options,
            event_id=event.envelope["id"],
            is_resuming=not self._has_deployed,
            invoke=self._invoke,
            deployments=self._deployments,
        )
        try:
            if detail["ModelApprovalStatus"] == "Approved":
                self._has_deployed |= deploying.deploy(detail["ModelPackageArn"])
            elif detail["ModelApprovalStatus"] == "Rejected":
                self._has_deployed |= deploying.take_back(
                    detail["ModelPackageArn"], detail["ModelPackageGroupName"]
                )
        except SageMakerError as error:
            raise NotDeliveredError(
                f"{error.code}: {error.message}",
                again=isinstance(error, ServiceUnavailable),
                busy=str(error.message).startswith(_OVERTAKEN)
                or _REJECTED_SINCE in str(error.message),
            ) from error

    def flush(self) -> None:
        """Nothing: what was answered is durable."""

    def close(self) -> None:
        """Nothing: nothing is held."""

    def _caller(self, account: str, region: str) -> Caller:
        """Who the calls come from, in an account and region."""
        partition = partition_of(region)
        return Caller(
            account=account,
            region=region,
            principal=PRINCIPAL.format(partition=partition, account=account, rule=self._rule),
            principal_id=f"{_PRINCIPAL_ID}:{self._rule}",
        )


def is_decision(detail: Mapping[str, Any]) -> bool:
    """Whether an event tells that a version's approval was decided.

    By an update that names it, or by a registration that brings it along. An update that changed
    nothing names no fields; a version that is new was never modified.
    """
    if "ModelPackageVersion" not in detail:
        return False
    if UPDATED in detail:
        return "ModelApprovalStatus" in detail[UPDATED]
    return "LastModifiedTime" not in detail


@dataclass(frozen=True)
class _Deploying:
    """What is done about one event; its id tells its model and configuration from others'.

    While it is resuming, events may come that were seen to before the last start.
    """

    caller: Caller
    options: DeployOptions
    event_id: str
    is_resuming: bool
    invoke: Invoke
    deployments: Deployments

    def deploy(self, package_arn: str) -> bool:
        """Bring a version to the endpoint, unless it was rejected since; whether that is begun."""
        package = self._call("DescribeModelPackage", ModelPackageName=package_arn)
        if package["ModelApprovalStatus"] != "Approved":
            _log.info("%s is not Approved any more: it is not deployed", package_arn)
            return False
        return self._bring(package_arn, package["ModelPackageVersion"])

    def _bring(self, package_arn: str, version: int) -> bool:
        name = self._name(version)
        if self.is_resuming and any(each["EndpointConfigName"] == name for each in self._history()):
            # It was begun before the last start; others may have followed it since.
            return False
        endpoint = self._endpoint()
        if endpoint is not None and endpoint["EndpointConfigName"] == name:
            # An earlier try came as far as this.
            return False
        self._make_model(package_arn, name)
        self._make_config(name)
        operation = "CreateEndpoint" if endpoint is None else "UpdateEndpoint"
        self._call(operation, EndpointName=self.options.endpoint, EndpointConfigName=name)
        self._tell(package_arn, name)
        return True

    def _tell(self, package_arn: str, config: str) -> None:
        """Log what has become of a deployment so far; it may go on after that."""
        endpoint = self._call("DescribeEndpoint", EndpointName=self.options.endpoint)
        status, serves = endpoint["EndpointStatus"], endpoint["EndpointConfigName"]
        if status == "Failed" or (status in _AT_REST and serves != config):
            reason = endpoint.get("FailureReason", "")
            _log.warning(NOT_DEPLOYED, package_arn, self.options.endpoint, reason)
        else:
            _log.info("%s goes to the endpoint %s", package_arn, self.options.endpoint)

    def take_back(self, package_arn: str, group: str) -> bool:
        """Return to the newest version that is Approved, if this one serves; whether it is begun.

        Errors: NotDeliveredError, the endpoint that serves it, or is about to, is in progress.
        """
        # One that was deleted since serves on all the same.
        if self._approval(package_arn) not in {"Rejected", None}:
            return False
        serving = [
            each
            for each in self._history()
            if each["SubjectArn"] == package_arn and "Outcome" not in each
        ]
        if not serving:
            return False
        self._check_at_rest(serving[0]["EndpointStatus"])
        newest = self._call(
            "ListModelPackages",
            ModelPackageGroupName=group,
            ModelApprovalStatus="Approved",
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=1,
        )["ModelPackageSummaryList"]
        if newest:
            # Rejected since or not: that has an event of its own, which takes it back if it serves.
            return self._bring(newest[0]["ModelPackageArn"], newest[0]["ModelPackageVersion"])
        _log.warning(NOTHING_APPROVED, package_arn, group, self.options.endpoint)
        return False

    def _approval(self, package_arn: str) -> str | None:
        """The approval status of a version; None where it is gone."""
        try:
            package = self._call("DescribeModelPackage", ModelPackageName=package_arn)
        except ValidationException as error:
            if not str(error.message).endswith("does not exist."):
                raise
            return None
        return str(package["ModelApprovalStatus"])

    def _endpoint(self) -> Members | None:
        """The endpoint, if it can be changed; None where there is none.

        Errors: NotDeliveredError, it is in progress; or it has failed, and is deleted now.
        """
        name = self.options.endpoint
        endpoint = self._found("DescribeEndpoint", EndpointName=name)
        if endpoint is None:
            return None
        if endpoint["EndpointStatus"] == "Failed":
            self._call("DeleteEndpoint", EndpointName=name)
            raise NotDeliveredError(DELETED_FAILED.format(endpoint=name), busy=True)
        self._check_at_rest(endpoint["EndpointStatus"])
        return endpoint

    def _check_at_rest(self, status: str) -> None:
        if status not in _AT_REST:
            message = IN_PROGRESS.format(endpoint=self.options.endpoint, status=status)
            raise NotDeliveredError(message, busy=True)

    def _history(self) -> list[Members]:
        """What the endpoint serves, or is about to, and what it served."""
        name = self.options.endpoint.lower()
        return [
            each
            for each in self.deployments(self.caller.account, self.caller.region)
            if each["EndpointArn"].rpartition("/")[2] == name
        ]

    def _make_model(self, package_arn: str, name: str) -> None:
        """A model of a version, unless an earlier try has made it."""
        if self._found("DescribeModel", ModelName=name) is not None:
            return
        partition = partition_of(self.caller.region)
        role = ROLE.format(partition=partition, account=self.caller.account)
        self._call(
            "CreateModel",
            ModelName=name,
            PrimaryContainer={"ModelPackageName": package_arn},
            ExecutionRoleArn=self.options.execution_role_arn or role,
        )

    def _make_config(self, name: str) -> None:
        """A configuration of the model of that name, unless an earlier try has made it."""
        if self._found("DescribeEndpointConfig", EndpointConfigName=name) is not None:
            return
        usual = _SERVERLESS if "ServerlessConfig" in self.options.variant else _INSTANCE
        variant = {**usual, **self.options.variant, "ModelName": name}
        self._call("CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=[variant])

    def _name(self, version: int) -> str:
        """The name of what is made for this event: the same at every try."""
        endpoint, end = self.options.endpoint, f"-v{version}-{self.event_id[:8]}"
        if len(endpoint) + len(end) <= _MOST_NAME:
            return endpoint + end
        # Of two long names that begin alike, each has models and configurations of its own.
        digest = hashlib.sha256(endpoint.lower().encode()).hexdigest()[:_DIGEST]
        end = f"-{digest}{end}"
        return endpoint[: _MOST_NAME - len(end)] + end

    def _found(self, operation: str, **request: Any) -> Members | None:
        try:
            return self._call(operation, **request)
        except ValidationException as error:
            if not str(error.message).startswith("Could not find"):
                raise
            return None

    def _call(self, operation: str, **request: Any) -> Members:
        return self.invoke(operation, request, self.caller, "") or {}
