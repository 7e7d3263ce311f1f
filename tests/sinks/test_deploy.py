"""What the target `deploy` deploys, and what it leaves alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from approvals import CREATION, ENDPOINT, GROUP, TARGET, UPDATE, Approvals, Between

from fictions import ANN, IMAGE, create
from sagemock.api.service_model import ServiceModel
from sagemock.operation import Caller
from sagemock.ports import ActivityQuery

PENDING, APPROVED, REJECTED = "PendingManualApproval", "Approved", "Rejected"


@pytest.fixture
def approvals(model: ServiceModel) -> Iterator[Approvals]:
    approvals = Approvals(model)
    yield approvals
    approvals.service.close()


TRANSITIONS = [
    (PENDING, APPROVED, True),
    (REJECTED, APPROVED, True),
    (PENDING, REJECTED, False),
    (APPROVED, REJECTED, False),
    (APPROVED, PENDING, False),
    (REJECTED, PENDING, False),
    (PENDING, PENDING, False),
    (APPROVED, APPROVED, False),
    (REJECTED, REJECTED, False),
]


@pytest.mark.parametrize(("before", "after", "deploys"), TRANSITIONS)
def test_a_version_that_does_not_serve_is_deployed_when_it_comes_to_approved(
    approvals: Approvals, before: str, after: str, *, deploys: bool
) -> None:
    approvals.approved()
    version = approvals.register(before)
    approvals.events()
    approvals.decide(version, after)
    approvals.deliver()
    assert approvals.served() == (2 if deploys else 1)
    assert approvals.operations() == CREATION + (UPDATE if deploys else [])


@pytest.mark.parametrize(("before", "after", "deploys"), TRANSITIONS)
def test_a_version_comes_to_a_new_endpoint_where_there_is_none(
    approvals: Approvals, before: str, after: str, *, deploys: bool
) -> None:
    approvals.approved(deployed=False)
    version = approvals.register(before)
    approvals.events()
    approvals.decide(version, after)
    approvals.deliver()
    assert approvals.served() == (2 if deploys else None)
    assert approvals.operations() == (CREATION if deploys else [])


@pytest.mark.parametrize(("after", "served"), [(REJECTED, 1), (PENDING, 2), (APPROVED, 2)])
def test_the_version_that_serves_is_taken_back_when_it_is_rejected(
    approvals: Approvals, after: str, served: int
) -> None:
    approvals.approved(deployed=False)
    version = approvals.approved()
    approvals.decide(version, after)
    approvals.deliver()
    assert approvals.served() == served
    assert approvals.operations() == CREATION + (UPDATE if served == 1 else [])


@pytest.mark.parametrize(
    ("status", "served"), [(APPROVED, 1), (PENDING, None), (REJECTED, None), (None, None)]
)
def test_a_version_is_deployed_that_is_registered_as_approved(
    approvals: Approvals, status: str | None, served: int | None
) -> None:
    approvals.register(status)
    assert len(approvals.deliver()) == 1
    assert approvals.served() == served


def test_the_newest_version_that_is_approved_follows_one_that_is_rejected(
    approvals: Approvals,
) -> None:
    first, second = approvals.register(), approvals.register()
    for status in (PENDING, REJECTED):
        approvals.register(status)
    approvals.decide(second)
    approvals.decide(first)
    serving = approvals.approved()
    assert approvals.served() == 5
    approvals.decide(serving, REJECTED)
    approvals.deliver()
    assert approvals.served() == 2


def test_a_version_of_another_group_does_not_follow_one_that_is_rejected(
    approvals: Approvals, caplog: pytest.LogCaptureFixture
) -> None:
    approvals.call("CreateModelPackageGroup", ModelPackageGroupName="others")
    serving = approvals.approved()
    approvals.register(APPROVED, ModelPackageGroupName="others")
    approvals.events()
    approvals.decide(serving, REJECTED)
    approvals.deliver()
    assert approvals.served() == 1
    assert caplog.messages[-1].endswith(f"no version of {GROUP} is Approved: live keeps serving it")


def test_an_endpoint_keeps_serving_what_was_rejected_where_nothing_is_approved(
    approvals: Approvals, caplog: pytest.LogCaptureFixture
) -> None:
    version = approvals.approved()
    approvals.decide(version, REJECTED)
    approvals.deliver()
    assert (approvals.served(), approvals.status()) == (1, "InService")
    assert approvals.operations() == CREATION
    warned = [each for each in caplog.records if each.levelname == "WARNING"]
    said = f"{version} is rejected and no version of churn is Approved: live keeps serving it"
    assert [each.getMessage() for each in warned] == [said]


def test_what_was_rejected_without_another_is_deployed_when_it_is_approved_again(
    approvals: Approvals,
) -> None:
    version = approvals.approved()
    for status in (REJECTED, APPROVED):
        approvals.decide(version, status)
        approvals.deliver()
    assert approvals.served() == 1
    assert approvals.operations() == CREATION + UPDATE


def test_a_version_is_taken_off_an_endpoint_that_somebody_else_has_made(
    approvals: Approvals,
) -> None:
    approvals.approved(deployed=False)
    version = approvals.approved(deployed=False)
    approvals.call("CreateModel", ModelName="m", PrimaryContainer={"ModelPackageName": version})
    create(
        approvals.service,
        ENDPOINT,
        {
            "VariantName": "Mine",
            "ModelName": "m",
            "InitialInstanceCount": 1,
            "InstanceType": "ml.m5.large",
        },
    )
    assert approvals.served() == 2
    approvals.decide(version, REJECTED)
    approvals.deliver()
    assert approvals.served() == 1


def test_a_version_that_serves_at_another_endpoint_only_is_not_taken_back(
    approvals: Approvals,
) -> None:
    approvals.approved()
    approvals.new_sink("other")
    version = approvals.approved()
    approvals.new_sink()
    approvals.decide(version, REJECTED)
    approvals.deliver()
    assert (approvals.served(), approvals.served("other")) == (1, 2)
    assert approvals.operations() == CREATION + CREATION


STAMPS: list[dict[str, Any]] = [
    {"CustomerMetadataProperties": {"deployed": "yes"}},
    {"ModelLifeCycle": {"Stage": "Production", "StageStatus": "Approved"}},
    {"ApprovalDescription": "still good"},
    {"ModelApprovalStatus": APPROVED},
    {"ModelApprovalStatus": APPROVED, "ApprovalDescription": "approved again"},
    {"ModelApprovalStatus": APPROVED, "CustomerMetadataProperties": {"deployed": "yes"}},
    {"InferenceSpecification": {"Containers": [{"Image": f"{IMAGE}2"}]}},
    {},
]


@pytest.mark.parametrize("stamp", STAMPS)
@pytest.mark.parametrize("which", [0, 1], ids=["older", "serving"])
def test_a_change_that_leaves_the_approval_deploys_nothing(
    approvals: Approvals, stamp: dict[str, Any], which: int
) -> None:
    versions = [approvals.approved(), approvals.approved()]
    done = approvals.done()
    approvals.events()
    approvals.call("UpdateModelPackage", ModelPackageArn=versions[which], **stamp)
    assert len(approvals.deliver()) == 1
    assert approvals.served() == 2
    assert approvals.done() == done


def test_an_approval_that_comes_with_a_stamp_deploys(approvals: Approvals) -> None:
    version = approvals.register(PENDING, CustomerMetadataProperties={"stage": "test"})
    approvals.decide(
        version, ApprovalDescription="good", CustomerMetadataProperties={"stage": "live"}
    )
    approvals.deliver()
    assert approvals.served() == 1


def test_what_the_target_did_itself_deploys_nothing(approvals: Approvals) -> None:
    approvals.approved()
    assert {each.envelope["detail-type"] for each in approvals.deliver()} == {
        "SageMaker Model State Change",
        "SageMaker Endpoint Config State Change",
        "SageMaker Endpoint State Change",
    }
    assert approvals.operations() == CREATION


def test_a_package_without_versions_is_left_alone(approvals: Approvals) -> None:
    specification = {
        "Containers": [{"Image": IMAGE}],
        "SupportedTransformInstanceTypes": ["ml.m5.large"],
        "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    approvals.call(
        "CreateModelPackage", ModelPackageName="alone", InferenceSpecification=specification
    )
    assert len(approvals.deliver()) == 1
    assert approvals.operations() == []


def test_of_two_approvals_the_later_one_serves_in_the_end(approvals: Approvals) -> None:
    first, second = approvals.register(), approvals.register()
    approvals.decide(second)
    approvals.decide(first)
    approvals.deliver()
    assert approvals.served() == 1
    assert approvals.operations() == CREATION + UPDATE


def test_what_is_rejected_before_it_is_brought_is_not_deployed(approvals: Approvals) -> None:
    version = approvals.register()
    approvals.decide(version)
    approvals.decide(version, REJECTED)
    approvals.deliver()
    assert approvals.operations() == []


def test_what_is_approved_again_before_its_rejection_is_brought_goes_on_serving(
    approvals: Approvals,
) -> None:
    approvals.approved(deployed=False)
    version = approvals.approved()
    approvals.decide(version, REJECTED)
    approvals.decide(version)
    approvals.deliver()
    assert approvals.served() == 2
    assert approvals.operations() == CREATION + UPDATE


@pytest.mark.parametrize("gate", ["enforce", "warn", "off"])
@pytest.mark.parametrize("after", ["ListModelPackages", "CreateModel", "UpdateEndpoint"])
def test_what_is_rejected_serves_no_longer_where_its_successor_is_rejected_meanwhile(
    model: ServiceModel, gate: str, after: str
) -> None:
    approvals = Approvals(model, approval_gate=gate)
    approvals.approved(deployed=False)
    successor, serving = approvals.approved(deployed=False), approvals.approved()
    approvals.events()
    approvals.decide(serving, REJECTED)
    (rejection,) = approvals.events()
    meanwhile = Between(approvals, after, lambda: approvals.decide(successor, REJECTED), after=True)
    approvals.new_sink(invoke=meanwhile)
    if (gate, after) == ("enforce", "ListModelPackages"):
        assert approvals.refused(rejection).busy
    approvals.sink.send(rejection, "")
    approvals.deliver()
    assert approvals.served() == 1
    approvals.service.close()


def test_what_is_rejected_serves_no_longer_where_it_is_deleted_meanwhile(
    approvals: Approvals,
) -> None:
    approvals.approved(deployed=False)
    serving = approvals.approved()
    approvals.events()
    approvals.decide(serving, REJECTED)
    approvals.call("DeleteModelPackage", ModelPackageName=serving)
    approvals.deliver()
    assert approvals.served() == 1


@pytest.mark.parametrize("gate", ["enforce", "warn", "off"])
def test_the_approval_gate_lets_no_rejected_version_through(model: ServiceModel, gate: str) -> None:
    approvals = Approvals(model, approval_gate=gate)
    approvals.approved()
    version = approvals.register()
    approvals.decide(version)
    approvals.decide(version, REJECTED)
    approvals.register(PENDING)
    approvals.deliver()
    assert approvals.served() == 1
    assert approvals.operations() == CREATION
    approvals.service.close()


@pytest.mark.parametrize(
    ("account", "region", "partition"),
    [
        ("123456789012", "us-east-1", "aws"),
        ("444455556666", "us-east-1", "aws"),
        ("123456789012", "eu-west-1", "aws"),
        ("444455556666", "cn-north-1", "aws-cn"),
        ("444455556666", "us-gov-west-1", "aws-us-gov"),
    ],
)
def test_a_version_is_deployed_where_it_was_approved(
    model: ServiceModel, account: str, region: str, partition: str
) -> None:
    who = Caller(account, region, f"arn:{partition}:iam::{account}:user/bob", "AIDABOB")
    approvals = Approvals(model, who)
    approvals.register(APPROVED)
    approvals.deliver()
    principal = f"arn:{partition}:sts::{account}:assumed-role/sagemock-events/on-approval"
    place = f"arn:{partition}:sagemaker:{region}:{account}:"
    rows = approvals.service.deployments(None, None)
    assert [(row["EndpointArn"], row["SubjectArn"], row["Principal"]) for row in rows] == [
        (f"{place}endpoint/live", f"{place}model-package/churn/1", principal)
    ]
    made = approvals.call("DescribeModel", ModelName=approvals.done()[0][1])
    assert made["ExecutionRoleArn"] == f"arn:{partition}:iam::{account}:role/sagemock-events"
    approvals.service.close()


def test_versions_of_two_places_do_not_meet(model: ServiceModel) -> None:
    here = Approvals(model)
    here.approved()
    there = Caller("444455556666", "eu-west-1", "arn:aws:iam::444455556666:user/bob", "AIDABOB")
    here.caller = there
    here.call("CreateModelPackageGroup", ModelPackageGroupName=GROUP)
    first, second = here.approved(), here.approved()
    assert here.served() == 2
    here.decide(first, REJECTED)
    here.decide(second, REJECTED)
    here.deliver()
    assert here.served() == 2
    here.caller = ANN
    assert here.served() == 1
    here.service.close()


def test_the_log_says_that_the_target_did_it(approvals: Approvals) -> None:
    approvals.register(APPROVED)
    (event,) = approvals.deliver()
    name = f"live-v1-{event.envelope['id'][:8]}"
    assert approvals.done() == [
        ("CreateModel", name),
        ("CreateEndpointConfig", name),
        ("CreateEndpoint", "live"),
    ]
    arn = f"{ANN.account}:endpoint/live"
    page = approvals.service.activity_log.page(
        ActivityQuery(limit=100), f"arn:aws:sagemaker:us-east-1:{arn}"
    )
    assert [(each["Operation"], each["Principal"]) for each in page["Activity"]] == [
        ("Settle", "sagemaker.amazonaws.com"),
        ("CreateEndpoint", TARGET),
    ]
