"""What a service tells of its resources, now and as of a time, and histories for it to remember."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from conftest import TickingClock
from fictions import ANN, ARN, IMAGE, call, create, variant
from sagemock import Service
from sagemock.errors import SageMakerError
from sagemock.time_travel import AsOfSession

Members = dict[str, Any]
Asked = tuple[str, str]
"""A noun and a name."""

NAMES = ("a", "A", "b")
KINDS = {
    "ModelPackageGroup": "model-package-group",
    "ModelPackage": "model-package",
    "Model": "model",
    "EndpointConfig": "endpoint-config",
    "Endpoint": "endpoint",
}
EVERYTHING: tuple[Asked, ...] = tuple(
    (noun, name) for noun in KINDS for name in NAMES if noun != "ModelPackage"
) + tuple(("ModelPackage", f"{name}/{number}") for name in NAMES for number in (1, 2))
MOST_LOOKS = 200

HISTORIES = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def told(service: Service, asked: Asked, at_ms: int | None = None) -> Members | str:
    """The description of a resource, or what is said in place of one."""
    noun, name = asked
    request = {f"{noun}Name": name}
    try:
        return service.invoke(f"Describe{noun}", request, ANN, as_of_ms=at_ms) or {}
    except SageMakerError as error:
        return f"{error.code}: {error.message}"


def tags_of(service: Service, asked: Asked, at_ms: int | None = None) -> dict[str, str]:
    """The tags of a resource, in their order; as of a time as a rule would read them then."""
    noun, label = asked
    name, _, number = label.partition("/")
    with service._store.reading(ANN.account, ANN.region) as session:
        then = session if at_ms is None else AsOfSession(session, at_ms)
        return then.tags(KINDS[noun], name, int(number or 0))


Told = dict[Asked, tuple[Members | str, list[tuple[str, str]]]]


def everything(
    service: Service, at_ms: int | None = None, of: Iterable[Asked] = EVERYTHING
) -> Told:
    return {
        each: (told(service, each, at_ms), list(tags_of(service, each, at_ms).items()))
        for each in of
    }


@dataclass
class History:
    """A service that is written to, and what it told of everything after each write."""

    service: Service
    clock: TickingClock
    moments: list[tuple[int, int, Told]] = field(default_factory=list)
    """From when until when something was told, in milliseconds, and what."""

    def play(self, step: Callable[[Service], object]) -> None:
        try:
            step(self.service)
        except SageMakerError as error:
            assert error.status == 400  # noqa: PT017 - a refusal is part of a history
        at_rest(self.service)
        since_ms = round(self.clock.time * 1000)
        seen = everything(self.service)
        self.moments.append((since_ms, round(self.clock.time * 1000), seen))

    def check(self, service: Service) -> None:
        """What was told then is told of then, by this service."""
        for since_ms, until_ms, seen in self.moments:
            for at_ms in (since_ms, until_ms):
                now = everything(service, at_ms)
                differing = {
                    each: (now[each], seen[each]) for each in seen if now[each] != seen[each]
                }
                assert differing == {}, f"of {at_ms}: told now, and then"


def at_rest(service: Service) -> None:
    """Settle until nothing has anything left to move."""
    for _ in range(MOST_LOOKS):
        service.settle()
        if not service._store.due():
            return
        service._settling._serving.wait_for_change(service._settling._serving.changes(), 0.05)
    raise AssertionError("an endpoint does not come to rest")


Step = Callable[[Service], object]
_NAME = st.sampled_from(NAMES)
_VERSION = st.builds(
    "{}/{}".format,
    _NAME,
    st.sampled_from((1, 2)),
)
_TAGS = st.dictionaries(st.sampled_from("xyz"), st.sampled_from(("1", "2")), min_size=1)
_TAGGED = st.sampled_from(
    [f"{ARN}{KINDS[noun]}/{name}" for noun, name in EVERYTHING if noun != "ModelPackage"]
)


def tag_list(tags: dict[str, str]) -> list[Members]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _asking(operation: str, **members: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    """A call of an operation with these members; what is None is left out."""

    def step(request: Members) -> Step:
        given = {name: value for name, value in request.items() if value is not None}
        return _Named(operation, given)

    return st.fixed_dictionaries(members).map(step)


@dataclass(frozen=True)
class _Named:
    """A call, with a representation that Hypothesis can print."""

    operation: str
    request: Members

    def __call__(self, service: Service) -> object:
        return call(service, self.operation, **self.request)


STEPS: st.SearchStrategy[Step] = st.one_of(
    _asking("CreateModelPackageGroup", ModelPackageGroupName=_NAME, Tags=_TAGS.map(tag_list)),
    _asking("CreateModelPackage", ModelPackageGroupName=_NAME),
    _asking(
        "CreateModelPackage",
        ModelPackageGroupName=_NAME,
        ModelPackageDescription=st.sampled_from(("first", "second")),
        CustomerMetadataProperties=st.just({"k": "0"}),
    ),
    _asking(
        "UpdateModelPackage",
        ModelPackageArn=_VERSION.map(f"{ARN}model-package/{{}}".format),
        ModelApprovalStatus=st.sampled_from(("Approved", "Rejected", None)),
        ApprovalDescription=st.sampled_from(("good", "bad", None)),
        SourceUri=st.sampled_from(("s3://a", None)),
    ),
    _asking(
        "UpdateModelPackage",
        ModelPackageArn=_VERSION.map(f"{ARN}model-package/{{}}".format),
        CustomerMetadataProperties=st.dictionaries(
            st.sampled_from("kl"), st.sampled_from(("1", "2"))
        ),
        CustomerMetadataPropertiesToRemove=st.lists(st.sampled_from("kl"), max_size=1),
    ),
    _asking("DeleteModelPackage", ModelPackageName=_VERSION),
    _asking("DeleteModelPackageGroup", ModelPackageGroupName=_NAME),
    _asking("AddTags", ResourceArn=_TAGGED, Tags=_TAGS.map(tag_list)),
    _asking(
        "DeleteTags", ResourceArn=_TAGGED, TagKeys=st.lists(st.sampled_from("xyz"), min_size=1)
    ),
    _asking(
        "CreateModel",
        ModelName=_NAME,
        PrimaryContainer=st.just({"Image": IMAGE}),
        Tags=_TAGS.map(tag_list),
    ),
    _asking("DeleteModel", ModelName=_NAME),
    _asking(
        "CreateEndpointConfig",
        EndpointConfigName=_NAME,
        ProductionVariants=_NAME.map(lambda model: [variant(model)]),
    ),
    _asking("DeleteEndpointConfig", EndpointConfigName=_NAME),
    _asking("CreateEndpoint", EndpointName=_NAME, EndpointConfigName=_NAME),
    _asking("UpdateEndpoint", EndpointName=_NAME, EndpointConfigName=_NAME),
    _asking(
        "UpdateEndpointWeightsAndCapacities",
        EndpointName=_NAME,
        DesiredWeightsAndCapacities=st.integers(1, 3).map(
            lambda weight: [{"VariantName": "AllTraffic", "DesiredWeight": weight}]
        ),
    ),
    _asking("DeleteEndpoint", EndpointName=_NAME),
)


def made(service: Service) -> None:
    """Something of everything, so that a history has what to change."""
    create(service, "a")
    call(service, "CreateModelPackageGroup", ModelPackageGroupName="a")
    call(service, "CreateModelPackage", ModelPackageGroupName="a")


def played(service: Service, step: Step) -> None:
    """Take a step of a history, refused or not, and let all that moves come to rest."""
    try:
        step(service)
    except SageMakerError as error:
        assert error.status == 400  # noqa: PT017 - a refusal is part of a history
    at_rest(service)
