"""Search where a case cannot say it: many records, exact times, forged tokens, deep expressions."""

import base64
import json
import zlib
from typing import Any

import pytest

from conftest import TickingClock
from sagemock import Service
from sagemock.errors import SerializationException, ValidationException
from sagemock.operation import Caller
from sagemock.ports import Session

CALLER = Caller(
    account="123456789012",
    region="us-east-1",
    principal="arn:aws:sts::123456789012:assumed-role/sagemock/developer",
    principal_id="AROAEXAMPLE",
)
MANY = 10_000


def invoke(service: Service, operation: str, **request: Any) -> dict[str, Any]:
    return service.invoke(operation, request, CALLER) or {}


def search(service: Service, *filters: tuple[str, str, str], **request: Any) -> dict[str, Any]:
    """The answer to a search for packages that meet all filters."""
    if filters:
        names = ("Name", "Operator", "Value")
        given = [dict(zip(names, each, strict=True)) for each in filters]
        request["SearchExpression"] = {"Filters": given}
    return invoke(service, "Search", Resource="ModelPackage", **request)


def versions(answer: dict[str, Any]) -> list[int]:
    return [result["ModelPackage"]["ModelPackageVersion"] for result in answer["Results"]]


def register(service: Service, count: int = 1, **members: Any) -> None:
    for _ in range(count):
        invoke(service, "CreateModelPackage", ModelPackageGroupName="churn", **members)


@pytest.fixture
def group(service: Service) -> str:
    answer = invoke(service, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    return str(answer["ModelPackageGroupArn"])


@pytest.fixture
def full(service: Service) -> Service:
    """A service with 10 001 groups, one of them in a class of its own."""

    def fill(session: Session) -> None:
        for number in range(MANY + 1):
            name = f"group-{number}"
            arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package-group/{name}"
            document = {
                "ModelPackageGroupName": name,
                "ModelPackageGroupArn": arn,
                "ModelPackageGroupDescription": "most" if number else "one",
                "ModelPackageGroupStatus": "Completed",
                "CreationTime": 1_700_000_000 + number,
            }
            session.add("model-package-group", name, 0, 1_700_000_000_000 + number, document)

    service._store.write(CALLER.account, CALLER.region, fill)
    return service


def test_hits_are_counted_exactly_up_to_ten_thousand(full: Service) -> None:
    one = {"Name": "ModelPackageGroupDescription", "Value": "one"}
    but_one = {**one, "Operator": "NotEquals"}
    for expression, total, relation in (
        (None, MANY, "GreaterThanOrEqualTo"),
        ({"Filters": [but_one]}, MANY, "EqualTo"),
        ({"Filters": [one]}, 1, "EqualTo"),
    ):
        answer = invoke(
            full, "Search", Resource="ModelPackageGroup", SearchExpression=expression, MaxResults=1
        )
        assert answer["TotalHits"] == {"Value": total, "Relation": relation}
        assert len(answer["Results"]) == 1
        assert ("NextToken" in answer) == (total > 1)


def test_a_page_goes_on_behind_the_last_one_counted(full: Service) -> None:
    answer: dict[str, Any] = {"NextToken": None}
    names: list[str] = []
    while "NextToken" in answer:
        answer = invoke(
            full,
            "Search",
            Resource="ModelPackageGroup",
            MaxResults=100,
            SortOrder="Ascending",
            NextToken=answer["NextToken"],
        )
        names += [each["ModelPackageGroup"]["ModelPackageGroupName"] for each in answer["Results"]]
    assert names == [f"group-{number}" for number in range(MANY + 1)]


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("Equals", "2023-11-14T22:13:23.123", [2]),
        ("Equals", "2023-11-14T22:13:23", []),
        ("NotEquals", "2023-11-14T22:13:23.123", [1, 3]),
        ("GreaterThan", "2023-11-14T22:13:23", [2, 3]),
        ("GreaterThan", "2023-11-14T22:13:23.123", [3]),
        ("GreaterThanOrEqualTo", "2023-11-14T22:13:23.123", [2, 3]),
        ("LessThan", "2023-11-14T22:13:23", [1]),
        ("LessThan", "2023-11-14T22:13:24", [1, 2]),
        ("LessThan", "2023-11-14T22:13:23.123", [1]),
        ("LessThanOrEqualTo", "2023-11-14T22:13:23.123", [1, 2]),
        ("GreaterThan", "2023-11-14T22:13:23Z", [2, 3]),
        ("GreaterThan", "2023-11-14T23:13:23+01:00", [2, 3]),
        ("GreaterThan", "2023-11-14T17:13:23-0500", [2, 3]),
        ("GreaterThan", "0001-01-01T00:00:00", [1, 2, 3]),
        ("GreaterThan", "9999-12-31T23:59:59-23:59", []),
        ("GreaterThan", "0001-01-01T00:00:00+23:59", [1, 2, 3]),
    ],
)
def test_a_time_is_compared_to_the_millisecond_and_in_utc(
    service: Service, operator: str, value: str, expected: list[int]
) -> None:
    # The group is made at 22:13:21.123, the versions in each of the next three seconds.
    register(service, 3)
    answer = search(service, ("CreationTime", operator, value), SortOrder="Ascending")
    assert versions(answer) == expected


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("millisecond", range(0, 1000, 37))
def test_a_time_equals_itself_whatever_the_millisecond(
    service: Service, clock: TickingClock, millisecond: int
) -> None:
    clock.time = 1_700_000_099 + millisecond / 1000
    register(service)
    value = f"2023-11-14T22:15:00.{millisecond:03d}"
    assert versions(search(service, ("CreationTime", "Equals", value))) == [1]
    assert versions(search(service, ("CreationTime", "NotEquals", value))) == []


def forged(place: Any) -> str:
    """A token with a right checksum over whatever is given."""
    raw = json.dumps(place).encode()
    return base64.urlsafe_b64encode(zlib.crc32(raw).to_bytes(4, "big") + raw).decode()


SCOPE = "ModelPackage/LastModifiedTime"


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize(
    "place",
    [
        [SCOPE, 0, "\ud800", 0, 1, None],
        [SCOPE, 0, "a", 0, 1, "\ud800"],
        [SCOPE, 0, "a", 0, 1, [1]],
        [SCOPE, 0, "a", 0, 1, {}],
        [SCOPE, 0, "a", 0, 1, 2**63],
        [SCOPE, 0, "a", 0, 2**63, None],
        [SCOPE, 0, "a", 0, "1", None],
        [SCOPE, 0, "a", 0, True, None],
        [SCOPE, 0, "a", 2**63, 1, None],
        [SCOPE, 0, "a", 0, None],
        [SCOPE, 0, "a", 0, 1],
        [SCOPE, 0, "a", 0, 1, None, None],
        ["ModelPackageGroup/LastModifiedTime", 0, "a", 0, 1, None],
        ["ModelPackage/CreationTime", 0, "a", 0, 1, None],
        ["model-package", 0, "a", 0, 1, None],
    ],
    ids=repr,
)
def test_a_forged_token_that_names_no_place_is_refused(service: Service, place: Any) -> None:
    with pytest.raises(ValidationException, match=r"^Invalid NextToken\.$"):
        search(service, NextToken=forged(place))


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("sort_value", [None, "", "x", "\0", 0, -1, 1e308, 2**62, True])
@pytest.mark.parametrize("order", ["Ascending", "Descending"])
def test_a_forged_token_that_names_a_place_gets_a_page(
    service: Service, sort_value: Any, order: str
) -> None:
    register(service, 2)
    token = forged([SCOPE, 0, "churn", 1, 1, sort_value])
    answer = search(service, NextToken=token, SortOrder=order)
    assert answer["TotalHits"]["Value"] == 2
    assert set(versions(answer)) <= {1, 2}


LIST = "AdditionalInferenceSpecifications.Containers"


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("operator", ["And", "Or"])
@pytest.mark.parametrize(
    "leaf",
    [
        {"Filters": [{"Name": "Domain", "Operator": "NotEquals", "Value": "x"}]},
        {"Filters": [{"Name": "ModelPackageName", "Operator": "NotEquals", "Value": "x"}]},
        {"Filters": [{"Name": "Tags.x", "Operator": "NotEquals", "Value": "x"}]},
        {"Filters": [{"Name": f"{LIST}.Environment.X", "Operator": "NotEquals", "Value": "x"}]},
        {
            "Filters": [
                {"Name": "CustomerMetadataProperties.x", "Operator": "NotEquals", "Value": "x"}
            ]
        },
    ],
    ids=lambda leaf: leaf["Filters"][0]["Name"],
)
def test_an_expression_may_be_as_deep_as_fifty_parts_go(
    service: Service, leaf: dict[str, Any], operator: str
) -> None:
    register(service)
    beside = {"Name": "ModelPackageVersion", "Value": "1"}
    expression = leaf
    for _ in range(24):
        expression = {"Operator": operator, "Filters": [beside], "SubExpressions": [expression]}
    assert versions(search(service, SearchExpression=expression)) == [1]


@pytest.mark.usefixtures("group")
def test_as_many_texts_may_be_asked_for_as_fifty_parts_can_name(service: Service) -> None:
    register(service, Domain="y")
    texts = "x," * 511 + "y"
    filters = [{"Name": "Domain", "Operator": "In", "Value": texts}] * 15
    expression = {"SubExpressions": [{"Filters": filters}] * 3}
    assert versions(search(service, SearchExpression=expression)) == [1]


@pytest.mark.usefixtures("group")
def test_what_was_just_written_is_found_at_once(service: Service) -> None:
    register(service)
    assert versions(search(service)) == [1]
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"
    invoke(service, "UpdateModelPackage", ModelPackageArn=arn, ModelApprovalStatus="Approved")
    assert versions(search(service, ("ModelApprovalStatus", "Equals", "Approved"))) == [1]
    invoke(service, "DeleteModelPackage", ModelPackageName=arn)
    assert versions(search(service)) == []


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("name", ["\ud800", "Tags.\ud800", "CustomerMetadataProperties.\udfff"])
def test_half_a_character_is_no_text(service: Service, name: str) -> None:
    with pytest.raises(SerializationException):
        search(service, (name, "Equals", "x"))
    with pytest.raises(SerializationException):
        search(service, SortBy=name)
