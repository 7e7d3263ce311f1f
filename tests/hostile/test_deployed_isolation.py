"""What one account has deployed in one region is nowhere in another, whatever is asked (R17)."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from hostile.line import Answer
from hostile.served import Served, Stored, serving, signed_by

Place = tuple[str, str]

MINE: Place = ("123456789012", "us-east-1")
OTHERS: tuple[Place, ...] = (
    ("123456789012", "eu-west-1"),
    ("210987654321", "us-east-1"),
    ("210987654321", "eu-west-1"),
    ("123456789012", "cn-north-1"),
)
NAME = "mine"
NAMED = {noun: {f"{noun}Name": NAME} for noun in ("Model", "EndpointConfig", "Endpoint")}
KINDS = ("model", "endpoint-config", "endpoint")
SCALED = {"DesiredWeightsAndCapacities": [{"VariantName": "all", "DesiredWeight": 0.0}]}
REFUSED: tuple[tuple[str, dict[str, Any]], ...] = (
    *((f"Describe{noun}", named) for noun, named in NAMED.items()),
    *((f"Delete{noun}", named) for noun, named in NAMED.items()),
    ("UpdateEndpoint", {**NAMED["Endpoint"], **NAMED["EndpointConfig"]}),
    ("UpdateEndpointWeightsAndCapacities", {**NAMED["Endpoint"], **SCALED}),
    ("CreateEndpoint", {"EndpointName": "theirs", "EndpointConfigName": NAME}),
)


class Places:
    """A server with an endpoint in one place, called from others too."""

    def __init__(self, served: Served) -> None:
        self.served = served

    def call(self, place: Place, operation: str, members: Any) -> Answer:
        body = json.dumps(members).encode()
        target = f"X-Amz-Target: SageMaker.{operation}"
        return self.served.send("POST", "/", body, target, _signed(place))

    def invoke(self, place: Place, path: str = "invocations") -> Answer:
        return self.served.send("POST", f"/endpoints/{NAME}/{path}", b"1", _signed(place))

    def deploy(self, place: Place, name: str, image: str) -> None:
        variant = {"VariantName": "all", "ModelName": name, "InitialInstanceCount": 1}
        variant["InstanceType"] = "ml.m5.large"
        config = {"EndpointConfigName": name, "ProductionVariants": [variant]}
        endpoint = {"EndpointName": name, "EndpointConfigName": name}
        for operation, members in (
            ("CreateModel", {"ModelName": name, "PrimaryContainer": {"Image": image}}),
            ("CreateEndpointConfig", config),
            ("CreateEndpoint", endpoint),
        ):
            assert self.call(place, operation, members).status == 200


def _signed(place: Place) -> str:
    return f"Authorization: {signed_by(*place)}"


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with serving(tmp_path_factory.mktemp("places")) as served:
        places = Places(served)
        places.deploy(MINE, NAME, "registry.example/mine:1")
        yield places


@pytest.fixture
def unchanged(places: Places) -> Iterator[None]:
    """Nothing is another thing after the test."""
    with closing(Stored(places.served.database)) as stored:
        before = stored.digest()
        yield
        assert stored.digest() == before


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize(("operation", "members"), REFUSED, ids=lambda each: str(each)[:40])
def test_no_operation_finds_what_another_place_has(
    places: Places, other: Place, operation: str, members: dict[str, Any]
) -> None:
    answer = places.call(other, operation, members)
    assert answer.status == 400
    said = json.loads(answer.body)
    assert said["__type"] == "ValidationException"
    assert said["message"].startswith("Could not find ")
    assert f":{other[1]}:{other[0]}:" in said["message"]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("path", ["invocations", "invocations-response-stream"])
def test_no_invocation_reaches_an_endpoint_of_another_place(
    places: Places, other: Place, path: str
) -> None:
    before = places.served.send("GET", "/_sagemock/serving/calls").body
    answer = places.invoke(other, path)
    said = {"Message": f"Endpoint {NAME} of account {other[0]} not found."}
    assert (answer.status, json.loads(answer.body)) == (400, said)
    assert places.served.send("GET", "/_sagemock/serving/calls").body == before


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("AddTags", {"Tags": [{"Key": "of", "Value": "others"}]}),
        ("ListTags", {}),
        ("DeleteTags", {"TagKeys": ["of"]}),
    ],
)
def test_no_arn_leads_to_another_place(
    places: Places, other: Place, kind: str, operation: str, members: dict[str, Any]
) -> None:
    account, region = MINE
    arn = f"arn:aws:sagemaker:{region}:{account}:{kind}/{NAME}"
    answer = places.call(other, operation, {"ResourceArn": arn, **members})
    assert answer.status == 400
    code = json.loads(answer.body)["__type"]
    assert code == ("ValidationException" if other[1] != region else "AccessDeniedException")


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("noun", ["Models", "EndpointConfigs", "Endpoints"])
def test_no_list_shows_what_another_place_has(places: Places, other: Place, noun: str) -> None:
    listed = json.loads(places.call(other, f"List{noun}", {"NameContains": NAME}).body)
    assert listed == {noun: []}
    mine = json.loads(places.call(MINE, f"List{noun}", {"NameContains": NAME}).body)
    assert len(mine[noun]) == 1


@pytest.mark.parametrize("other", OTHERS)
def test_our_own_paths_show_one_place_alone(places: Places, other: Place) -> None:
    query = f"account={other[0]}&region={other[1]}"
    shown = places.served.send("GET", f"/_sagemock/deployments?{query}")
    assert json.loads(shown.body) == {"deployments": []}
    for path in (f"logs/{NAME}", f"models/{NAME}"):
        assert places.served.send("GET", f"/_sagemock/{path}?{query}").status == 404
        assert places.served.send("GET", f"/_sagemock/{path}").status == 200


def test_endpoints_of_one_name_are_each_their_own(places: Places) -> None:
    """Made, invoked, updated and deleted in one place, the others go on as before."""
    for number, place in enumerate((MINE, *OTHERS)):
        places.deploy(place, "shared", f"registry.example/shared:{number}")
    described = {"EndpointName": "shared"}
    before = {place: places.call(place, "DescribeEndpoint", described).body for place in OTHERS}
    assert len(set(before.values())) == len(OTHERS)
    assert places.call(MINE, "UpdateEndpointWeightsAndCapacities", {**described, **SCALED})
    assert places.call(MINE, "DeleteEndpoint", described).status == 200
    for place in OTHERS:
        assert places.call(place, "DescribeEndpoint", described).body == before[place]
    path = "/endpoints/shared/invocations"
    statuses = [
        places.served.send("POST", path, b"1", _signed(place)).status for place in (MINE, *OTHERS)
    ]
    assert statuses == [400, 200, 200, 200, 200]


def test_a_version_of_another_place_is_not_deployed(places: Places) -> None:
    group = {"ModelPackageGroupName": "g"}
    version = {
        "ModelApprovalStatus": "Approved",
        "InferenceSpecification": {"Containers": [{"Image": "registry.example/mine:1"}]},
    }
    places.call(MINE, "CreateModelPackageGroup", group)
    made = places.call(MINE, "CreateModelPackage", {**group, **version})
    arn = json.loads(made.body)["ModelPackageArn"]
    for place in OTHERS:
        for name in (arn, "g/1"):
            model = {"ModelName": "m", "PrimaryContainer": {"ModelPackageName": name}}
            assert places.call(place, "CreateModel", model).status == 400
    model = {"ModelName": "m", "PrimaryContainer": {"ModelPackageName": arn}}
    assert places.call(MINE, "CreateModel", model).status == 200
