"""What the target `deploy` makes: names, variants and roles."""

import re
from collections.abc import Iterator

import pytest
from approvals import CREATION, Approvals

from fictions import Members
from sagemock.api.service_model import ServiceModel

SAGEMAKER_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
USUAL = {
    "VariantName": "AllTraffic",
    "InitialInstanceCount": 1,
    "InstanceType": "ml.m5.large",
    "InitialVariantWeight": 1.0,
}
SERVERLESS = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}


@pytest.fixture
def approvals(model: ServiceModel) -> Iterator[Approvals]:
    approvals = Approvals(model)
    yield approvals
    approvals.service.close()


def made(approvals: Approvals, operation: str) -> str:
    """The name of what the target has made last by an operation."""
    return [name for done, name in approvals.done() if done == operation][-1]


def variants(approvals: Approvals) -> list[Members]:
    name = made(approvals, "CreateEndpointConfig")
    config = approvals.call("DescribeEndpointConfig", EndpointConfigName=name)
    found: list[Members] = config["ProductionVariants"]
    return found


@pytest.mark.parametrize(
    "endpoint",
    [
        "e",
        "e-v1",
        "a" * 51,
        "a" * 52,
        "a" * 63,
        f"{'a' * 41}{'-' * 10}{'b' * 12}",
        f"a{'-' * 61}b",
    ],
)
def test_names_fit_whatever_the_endpoint_is_called(approvals: Approvals, endpoint: str) -> None:
    approvals.new_sink(endpoint)
    approvals.approved()
    approvals.approved()
    assert approvals.served(endpoint) == 2
    names = [name for done, name in approvals.done() if done.startswith("CreateM")]
    assert len(set(names)) == 2
    assert all(SAGEMAKER_NAME.fullmatch(name) for name in names)


def test_long_names_that_begin_alike_have_configurations_of_their_own(
    approvals: Approvals,
) -> None:
    approvals.register("Approved")
    (event,) = approvals.events()
    for number in (1, 2):
        approvals.new_sink(f"{'a' * 62}{number}", variant={"InitialInstanceCount": number})
        approvals.sink.send(event, "")
        assert variants(approvals)[0]["InitialInstanceCount"] == number
    assert len({name for _, name in approvals.done()}) == 4


def test_the_name_tells_the_version_and_the_event(approvals: Approvals) -> None:
    approvals.register("Approved")
    (event,) = approvals.deliver()
    name = f"live-v1-{event.envelope['id'][:8]}"
    assert approvals.done() == [
        ("CreateModel", name),
        ("CreateEndpointConfig", name),
        ("CreateEndpoint", "live"),
    ]


@pytest.mark.parametrize(
    ("given", "variant"),
    [
        ({}, USUAL),
        (
            {"InstanceType": "ml.c5.xlarge", "InitialInstanceCount": 3},
            {**USUAL, "InstanceType": "ml.c5.xlarge", "InitialInstanceCount": 3},
        ),
        ({"VariantName": "Blue"}, {**USUAL, "VariantName": "Blue"}),
        ({"InitialVariantWeight": 0.5}, {**USUAL, "InitialVariantWeight": 0.5}),
        (
            {"ServerlessConfig": SERVERLESS},
            {
                "VariantName": "AllTraffic",
                "ServerlessConfig": SERVERLESS,
                "InitialVariantWeight": 1.0,
            },
        ),
        ({"ModelName": "another"}, USUAL),
    ],
)
def test_a_variant_is_as_it_is_wished(
    approvals: Approvals, given: Members, variant: Members
) -> None:
    approvals.new_sink(variant=given)
    approvals.approved()
    assert variants(approvals) == [{**variant, "ModelName": made(approvals, "CreateModel")}]
    assert approvals.status() == "InService"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            {"InitialInstanceCount": 0},
            (
                "ValidationException: 1 validation error detected: Value '0' at "
                "'productionVariants.1.member.initialInstanceCount' failed to satisfy constraint: "
                "Member must have value greater than or equal to 1"
            ),
        ),
        (
            {"InstanceType": 5},
            "SerializationException: NUMBER_VALUE can not be converted to a String",
        ),
        (
            {"ServerlessConfig": SERVERLESS, "InstanceType": "ml.m5.large"},
            (
                "ValidationException: Variant 'AllTraffic' has a ServerlessConfig; "
                "InstanceType cannot be specified beside it."
            ),
        ),
    ],
)
def test_a_variant_that_cannot_be_is_refused_in_the_words_of_aws(
    approvals: Approvals, given: Members, reason: str
) -> None:
    approvals.new_sink(variant=given)
    approvals.register("Approved")
    (event,) = approvals.events()
    refused = approvals.refused(event)
    assert str(refused) == reason
    assert (refused.again, refused.busy) == (False, False)
    assert approvals.status() is None


def test_options_that_are_put_right_serve_the_event_that_was_refused(approvals: Approvals) -> None:
    approvals.new_sink(variant={"InitialInstanceCount": 0})
    approvals.register("Approved")
    (event,) = approvals.events()
    approvals.refused(event)
    approvals.new_sink(variant={"InitialInstanceCount": 2})
    approvals.sink.send(event, "")
    assert approvals.served() == 1
    assert approvals.operations() == CREATION


@pytest.mark.parametrize(
    ("given", "role"),
    [
        (None, "arn:aws:iam::123456789012:role/sagemock-events"),
        ("arn:aws:iam::444455556666:role/mine", "arn:aws:iam::444455556666:role/mine"),
    ],
)
def test_models_have_the_role_that_is_given_or_one_of_ours(
    approvals: Approvals, given: str | None, role: str
) -> None:
    approvals.new_sink(execution_role_arn=given)
    version = approvals.approved()
    name = made(approvals, "CreateModel")
    model = approvals.call("DescribeModel", ModelName=name)
    model.pop("CreationTime")
    assert model == {
        "ModelName": name,
        "ModelArn": f"arn:aws:sagemaker:us-east-1:123456789012:model/{name}",
        "PrimaryContainer": {"ModelPackageName": version},
        "ExecutionRoleArn": role,
        "EnableNetworkIsolation": False,
    }
