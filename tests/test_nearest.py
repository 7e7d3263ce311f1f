"""What may have been meant where there is no such thing: names, versions, regions, operations."""

from typing import Any

import pytest

from fictions import ANN, create, make_model
from sagemock import Service
from sagemock.errors import SageMakerError
from sagemock.journal import Refusal
from sagemock.nearest import NearestName
from sagemock.operation import Caller
from sagemock.ports import StorageFailed

BEN = Caller("210987654321", "us-east-1", "arn:aws:iam::210987654321:user/ben", "AIDABEN")
ABROAD = Caller("123456789012", "eu-west-1", "arn:aws:iam::123456789012:user/ann", "AIDAANN")
PLACE = (ANN.account, ANN.region)
GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/"
VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/"


def group(service: Service, name: str, *versions: str, caller: Caller = ANN) -> None:
    made = {"ModelPackageGroupName": name}
    service.invoke("CreateModelPackageGroup", made, caller)
    for _ in versions:
        service.invoke("CreateModelPackage", made, caller)


def nearest(service: Service, operation: str, **request: Any) -> str | None:
    """What is told of a call of Ann's that is refused."""
    look = service.journal._nearest
    assert look
    with pytest.raises(SageMakerError) as refused:
        service.invoke(operation, request, ANN)
    error = refused.value
    refusal = Refusal(ANN.account, ANN.region, operation, error.code, error.message or "", request)
    return look(refusal, [(BEN.account, BEN.region)], ())


def described(service: Service, name: str) -> str | None:
    return nearest(service, "DescribeModelPackageGroup", ModelPackageGroupName=name)


def test_the_nearest_name_of_the_kind_is_told(service: Service) -> None:
    for name in ("churn-prediction", "fraud", "pricing"):
        group(service, name)
    make_model(service, "churn-predicton")
    assert described(service, "churn-predictoin") == (
        "There is a model package group 'churn-prediction'."
    )


def test_a_name_that_is_part_of_another_is_near(service: Service) -> None:
    group(service, "churn-prediction-for-everybody")
    told = "There is a model package group 'churn-prediction-for-everybody'."
    assert described(service, "churn") == told


def test_a_name_like_no_other_has_no_nearest(service: Service) -> None:
    group(service, "churn")
    assert described(service, "weather") is None


def test_names_are_compared_whatever_their_case(service: Service) -> None:
    group(service, "Churn")
    assert described(service, "CHURN") == "There is a model package group 'Churn'."
    assert described(service, "CHURM") == "There is a model package group 'Churn'."


def test_the_same_name_is_told_of_another_region_and_then_of_another_account(
    service: Service,
) -> None:
    group(service, "churn", caller=BEN)
    told = "There is a model package group 'churn' in account 210987654321, us-east-1."
    assert described(service, "churn") == told
    group(service, "churn", caller=ABROAD)
    assert described(service, "churn") == "There is a model package group 'churn' in eu-west-1."
    group(service, "churm")
    assert described(service, "churn") == (
        "There is a model package group 'churm'. There is a model package group 'churn' in "
        "eu-west-1."
    )


def test_among_thousands_of_names_those_around_the_missing_one_are_looked_at(
    service: Service,
) -> None:
    for number in range(2500):
        group(service, f"group-{number:04d}")
    group(service, "churn-prediction")
    assert described(service, "churn-predictoin") == (
        "There is a model package group 'churn-prediction'."
    )
    assert described(service, "group-2345x") == "There is a model package group 'group-2345'."


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            f"{VERSION}churn/7",
            "There is a model package group 'churn', whose newest version is 'churn/2'.",
        ),
        (
            f"{VERSION}churm/2",
            "There is a model package 'churn/2'.",
        ),
        (
            "churn",
            "There is a model package group 'churn'; its versions are named 'churn/1' and so on.",
        ),
        (f"{VERSION}empty/1", "There is a model package group 'empty', without versions."),
        (f"{VERSION}weather/1", None),
    ],
)
def test_of_a_version_its_group_is_told(service: Service, name: str, told: str | None) -> None:
    group(service, "churn", "1", "2")
    group(service, "empty")
    assert nearest(service, "DescribeModelPackage", ModelPackageName=name) == told


def test_a_group_that_a_new_version_names_is_looked_for(service: Service) -> None:
    group(service, "churn")
    told = "There is a model package group 'churn'."
    assert nearest(service, "CreateModelPackage", ModelPackageGroupName="chrun") == told


def test_a_group_without_a_policy_is_not_missing(service: Service) -> None:
    group(service, "churn")
    group(service, "churn-2")
    asked = {"ModelPackageGroupName": "churn"}
    assert nearest(service, "GetModelPackageGroupPolicy", **asked) is None


@pytest.mark.parametrize(
    ("operation", "request_", "told"),
    [
        ("DescribeModel", {"ModelName": "churm"}, "There is a model 'churn'."),
        ("DescribeEndpoint", {"EndpointName": "churm"}, "There is an endpoint 'churn'."),
        (
            "DescribeEndpointConfig",
            {"EndpointConfigName": "churm"},
            "There is an endpoint config 'churn'.",
        ),
        (
            "ListTags",
            {"ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:model/churm"},
            "There is a model 'churn'.",
        ),
        (
            "UpdateEndpointWeightsAndCapacities",
            {
                "EndpointName": "churn",
                "DesiredWeightsAndCapacities": [{"VariantName": "x", "DesiredWeight": 1.0}],
            },
            "The endpoint 'churn' has 'AllTraffic'.",
        ),
    ],
)
def test_other_kinds_are_told_of_as_well(
    service: Service, operation: str, request_: dict[str, Any], told: str
) -> None:
    create(service, "churn")
    assert nearest(service, operation, **request_) == told


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Endpoint churm of account 123456789012 not found.", "There is an endpoint 'churn'."),
        (
            "Endpoint churn of account 123456789012 not found.",
            "There is an endpoint 'churn' now, InService.",
        ),
        (
            "Variant x of endpoint churn of account 123456789012 not found.",
            "The endpoint 'churn' has 'AllTraffic'.",
        ),
        ("Variant x of endpoint none of account 123456789012 not found.", None),
        ("Could not find model data at s3://bucket/churm.", None),
        ("Endpoint churm of account 123456789012 is asynchronous.", None),
    ],
)
def test_of_an_invocation_endpoints_and_variants_are_told(
    service: Service, message: str, told: str | None
) -> None:
    create(service, "churn")
    look = service.journal._nearest
    assert look
    refusal = Refusal(ANN.account, ANN.region, "InvokeEndpoint", "ValidationError", message, {})
    assert look(refusal, (), ()) == told


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        ("CreateModelPakage", "There is an operation 'CreateModelPackage'."),
        ("describemodel", "There is an operation 'DescribeModel'."),
        ("Fly", None),
    ],
)
def test_the_nearest_operation_is_told(service: Service, operation: str, told: str | None) -> None:
    assert nearest(service, operation) == told


def test_an_operation_that_is_not_served_is_not_misspelled(service: Service) -> None:
    assert nearest(service, "ListTrainingJobs") is None


def test_where_the_storage_fails_nothing_is_told(service: Service) -> None:
    class Failing:
        def reading(self, *_: str) -> Any:
            raise StorageFailed("gone")

    look = NearestName(Failing(), service._nouns, list)  # type: ignore[arg-type]
    message = "Endpoint it of account 123456789012 not found."
    assert look(Refusal("1", "us-east-1", "InvokeEndpoint", "V", message, {}), ()) is None


def test_another_account_is_not_told_where_nobody_can_have_meant_it(service: Service) -> None:
    group(service, "churn", caller=BEN)
    group(service, "fraud", caller=ABROAD)
    look = service.journal._nearest
    assert look
    told = []
    for name in ("churn", "fraud"):
        message = f"ModelPackageGroup {GROUP}{name} does not exist."
        refusal = Refusal(*PLACE, "DescribeModelPackageGroup", "ValidationException", message, {})
        told.append(look(refusal, [], {BEN.account, ANN.account}))
    # The same account in another region is always the caller's own.
    assert told == [None, "There is a model package group 'fraud' in eu-west-1."]
