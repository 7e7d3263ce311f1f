"""Sample events of everything the registry does that is told in events.

Each transition is gone through for real, in a registry in memory, so that its events are those that
a server would send.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sagemock.api.service_model import ServiceModel
from sagemock.app import create_service
from sagemock.arn import partition_of
from sagemock.event_names import Names
from sagemock.operation import Members
from sagemock.resource_type import TAGS
from sagemock.service import Service
from sagemock.settings import Settings
from sagemock.wire.caller import Callers

REGISTERED = "a version is registered (PendingManualApproval)"
REGISTERED_APPROVED = "a version is registered as Approved"
APPROVED = "a pending version is approved"
REJECTED = "an approved version is rejected"
STAMPED = "an approved version is stamped with metadata"
STAGED = "an approved version goes to another life cycle stage"
STAMPED_IN_STAGE = "a version is stamped with metadata in that stage"

_CREDENTIAL = "AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/sagemaker/aws4_request"
_ROLE = "arn:{partition}:iam::{account}:role/sagemaker"
_IMAGE = "{account}.dkr.ecr.{region}.amazonaws.com/{group}:{tag}"
_REPORT = "s3://models/{group}/statistics.json"

_NOUNS = ("ModelPackage", "Model", "EndpointConfig", "Endpoint")

Event = Mapping[str, Any]


class Samples:
    """Sample events under one set of names after the other; to be closed when done.

    What was gone through once is kept: rules of one group share it. It belongs to one thread.
    """

    def __init__(self) -> None:
        self._services: list[tuple[Service, Sequence[Step]]] = []
        self._kept: dict[Names, list[tuple[str, list[Event]]]] = {}

    def of(self, names: Names) -> list[tuple[str, list[Event]]]:
        """Each transition of the registry by its name, with its events; some have none."""
        if not self._services:
            self._services += [
                (_service("canned"), _STEPS),
                (_service("fail"), _STEPS_THAT_FAIL),
            ]
        if names not in self._kept:
            self._kept[names] = [
                transition
                for service, steps in self._services
                for transition in _gone_through(service, _Registry(service, names), steps)
            ]
        return self._kept[names]

    @property
    def members(self) -> frozenset[str]:
        """The members that details of events can have."""
        model = ServiceModel.installed()
        outputs = (model.shapes[f"Describe{noun}Output"]["members"] for noun in _NOUNS)
        return frozenset({TAGS, *(name for members in outputs for name in members)})

    def close(self) -> None:
        """Let go of the registries in memory."""
        for service, _ in self._services:
            service.close()


def _service(fallback: str) -> Service:
    settings = Settings(db=":memory:", approval_gate="off", serving_fallback=fallback)
    return create_service(settings)


class _Registry:
    """A registry with calls in a few words."""

    def __init__(self, service: Service, names: Names) -> None:
        self._service = service
        self.names = names
        self._partition = partition_of(names.region)
        # As a server would know them: the events tell who it was.
        authorization = _CREDENTIAL.format(account=names.account, region=names.region)
        self._caller = Callers(Settings()).caller(authorization)

    def call(self, operation: str, **request: Any) -> Members:
        return self._service.invoke(operation, request, self._caller) or {}

    def group(self) -> None:
        self.call("CreateModelPackageGroup", ModelPackageGroupName=self.names.group)

    def register(self, **members: Any) -> None:
        statistics = {
            "ContentType": "application/json",
            "S3Uri": _REPORT.format(group=self.names.group),
        }
        self.call(
            "CreateModelPackage",
            ModelPackageGroupName=self.names.group,
            InferenceSpecification=self.specification("1"),
            ModelMetrics={"ModelQuality": {"Statistics": statistics}},
            **members,
        )

    def update(self, version: int, **members: Any) -> None:
        self.call("UpdateModelPackage", ModelPackageArn=self._version(version), **members)

    def delete(self, version: int) -> None:
        self.call("DeleteModelPackage", ModelPackageName=self._version(version))

    def specification(self, tag: str) -> Members:
        container = {
            "Image": self._image(tag),
            "ModelDataUrl": f"s3://models/{self.names.group}/{tag}/model.tar.gz",
        }
        return {
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        }

    def unversioned(self) -> None:
        instances = {
            "SupportedTransformInstanceTypes": ["ml.m5.large"],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
        }
        self.call(
            "CreateModelPackage",
            ModelPackageName=self.names.group,
            InferenceSpecification={**self.specification("1"), **instances},
        )

    def model(self) -> None:
        self.call(
            "CreateModel",
            ModelName=self.names.model,
            PrimaryContainer={"Image": self._image("1")},
            ExecutionRoleArn=_ROLE.format(partition=self._partition, account=self.names.account),
        )

    def config(self) -> None:
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": self.names.model,
            "InitialInstanceCount": 1,
            "InstanceType": "ml.m5.large",
        }
        self.call(
            "CreateEndpointConfig",
            EndpointConfigName=self.names.config,
            ProductionVariants=[variant],
        )

    def endpoint(self, operation: str) -> None:
        self.call(
            operation,
            EndpointName=self.names.endpoint,
            **({"EndpointConfigName": self.names.config} if operation != "DeleteEndpoint" else {}),
        )

    def _image(self, tag: str) -> str:
        names = self.names
        return _IMAGE.format(
            account=names.account, region=names.region, group=names.group.lower(), tag=tag
        )

    def _version(self, number: int) -> str:
        names = self.names
        return (
            f"arn:{self._partition}:sagemaker:{names.region}:{names.account}:"
            f"model-package/{names.group}/{number}"
        )


Step = tuple[tuple[str, ...], Callable[[_Registry], object]]
"""The names of the transitions of a step, one for each of its events, and what is done."""


def _gone_through(
    service: Service, registry: _Registry, steps: Sequence[Step]
) -> Iterator[tuple[str, list[Event]]]:
    # The names of those before may be the same in part.
    service.reset()
    after = 0
    for names, step in steps:
        step(registry)
        service.settle()
        page = service.events.page(after=after)
        after, events = page["After"], page["Events"]
        if len(names) == 1:
            yield names[0], events
        elif names:
            yield from ((name, [event]) for name, event in zip(names, events, strict=True) if name)


def _approval(version: int, status: str, **members: Any) -> Callable[[_Registry], object]:
    return lambda registry: registry.update(version, ModelApprovalStatus=status, **members)


_STEPS: tuple[Step, ...] = (
    ((), _Registry.group),
    ((REGISTERED,), _Registry.register),
    (
        ("a pending version is stamped with metadata",),
        lambda registry: registry.update(1, CustomerMetadataProperties={"ticket": "42"}),
    ),
    ((APPROVED,), _approval(1, "Approved", ApprovalDescription="reviewed")),
    ((STAMPED,), lambda registry: registry.update(1, CustomerMetadataProperties={"build": "7"})),
    (("an approved version is approved again",), _approval(1, "Approved")),
    (
        ("the approval of an approved version is described anew",),
        lambda registry: registry.update(1, ApprovalDescription="reviewed twice"),
    ),
    (
        (STAGED,),
        lambda registry: registry.update(
            1,
            ModelLifeCycle={
                "Stage": registry.names.stage,
                "StageStatus": registry.names.stage_status,
            },
        ),
    ),
    (
        (STAMPED_IN_STAGE,),
        lambda registry: registry.update(1, CustomerMetadataProperties={"build": "8"}),
    ),
    (
        ("an approved version gets another inference specification",),
        lambda registry: registry.update(1, InferenceSpecification=registry.specification("2")),
    ),
    (
        ("an approved version gets another source URI",),
        lambda registry: registry.update(1, SourceUri="s3://models/source"),
    ),
    ((REJECTED,), _approval(1, "Rejected")),
    (("a rejected version is approved",), _approval(1, "Approved")),
    (
        ("an approved version goes back to PendingManualApproval",),
        _approval(1, "PendingManualApproval"),
    ),
    (("a pending version is rejected",), _approval(1, "Rejected")),
    (
        (REGISTERED_APPROVED,),
        lambda registry: registry.register(ModelApprovalStatus="Approved"),
    ),
    (
        ("a version is registered as Rejected",),
        lambda registry: registry.register(ModelApprovalStatus="Rejected"),
    ),
    (("a version is deleted",), lambda registry: registry.delete(3)),
    (("an unversioned package is created",), _Registry.unversioned),
    (("a model is created",), _Registry.model),
    (("an endpoint configuration is created",), _Registry.config),
    (
        ("an endpoint is created (CREATING)", "a new endpoint goes into service (IN_SERVICE)"),
        lambda registry: registry.endpoint("CreateEndpoint"),
    ),
    (
        ("an endpoint is updated (UPDATING)", "an updated endpoint is in service (IN_SERVICE)"),
        lambda registry: registry.endpoint("UpdateEndpoint"),
    ),
    (
        ("an endpoint is deleted (DELETING)",),
        lambda registry: registry.endpoint("DeleteEndpoint"),
    ),
    (
        ("an endpoint configuration is deleted",),
        lambda registry: registry.call(
            "DeleteEndpointConfig", EndpointConfigName=registry.names.config
        ),
    ),
    (
        ("a model is deleted",),
        lambda registry: registry.call("DeleteModel", ModelName=registry.names.model),
    ),
)
_STEPS_THAT_FAIL: tuple[Step, ...] = (
    ((), _Registry.model),
    ((), _Registry.config),
    (
        ("", "a new endpoint fails (FAILED)"),
        lambda registry: registry.endpoint("CreateEndpoint"),
    ),
)
