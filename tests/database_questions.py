"""What a registry of the fixtures is asked: first calls that only read, then some that write."""

from collections.abc import Iterator

from sagemock.operation import Members

OURS, THEIRS = "111122223333", "444455556666"
VIRGINIA, IRELAND = "us-east-1", "eu-west-1"
PLACES = ((OURS, VIRGINIA), (OURS, IRELAND), (THEIRS, VIRGINIA))
GROUPS = ("Churn-Model", "alpha", "Reborn", "empty")
PACKAGES = ("Market-b", "market-A")
TOKEN = "$token"  # noqa: S105 - a placeholder
APPROVALS = ("Approved", "Rejected", "PendingManualApproval")
# The token of a call that is made again when the fixture is played, by what it does.
REGISTER = {
    "ModelPackageGroupName": "Churn-Model",
    "ModelPackageDescription": "registered once, asked for twice",
    "ClientToken": "register-1",
}
STAMP = {
    "ModelPackageArn": f"arn:aws:sagemaker:{VIRGINIA}:{OURS}:model-package/Churn-Model/3",
    "CustomerMetadataProperties": {"stamp": "1"},
    "ClientToken": "stamp-1",
}

Question = tuple[tuple[str, str], str, Members]


def arn(place: tuple[str, str], kind: str, name: str) -> str:
    return f"arn:aws:sagemaker:{place[1]}:{place[0]}:{kind}/{name}"


def questions() -> Iterator[Question]:
    """The calls whose answers are kept: first those that only read, then some that write."""
    for place in PLACES:
        yield from asked_of_groups(place)
        yield from asked_of_packages(place)
        yield from asked_of_endpoints(place)
        yield place, "ListModelPackages", {"ModelPackageType": "Both", "MaxResults": 100}
    yield from asked_by_lists(PLACES[0])
    yield from asked_by_search(PLACES[0])
    for place in PLACES:
        yield from writes(place)


def asked_of_groups(place: tuple[str, str]) -> Iterator[Question]:
    for name in (*GROUPS, "bare", "churn-MODEL", "missing"):
        yield place, "DescribeModelPackageGroup", {"ModelPackageGroupName": name}
        yield place, "GetModelPackageGroupPolicy", {"ModelPackageGroupName": name}
        yield place, "ListTags", {"ResourceArn": arn(place, "model-package-group", name)}


def asked_of_packages(place: tuple[str, str]) -> Iterator[Question]:
    versions = [f"Churn-Model/{number}" for number in (1, 2, 3, 4, 5, 6, 12, 13)]
    names = [*versions, "alpha/3", "Reborn/1", "Reborn/2", *PACKAGES, "alpha", "MARKET-b"]
    for name in names:
        yield place, "DescribeModelPackage", {"ModelPackageName": name}
    for name in (*PACKAGES, "alpha", "Churn-Model/1"):
        yield place, "ListTags", {"ResourceArn": arn(place, "model-package", name)}
    arns = [arn(place, "model-package", name) for name in ("alpha/1", "alpha/9", "Market-b")]
    yield place, "BatchDescribeModelPackage", {"ModelPackageArnList": arns}


def asked_of_endpoints(place: tuple[str, str]) -> Iterator[Question]:
    for name in ("Churn", "PLAIN", "missing"):
        yield place, "DescribeModel", {"ModelName": name}
        yield place, "ListTags", {"ResourceArn": arn(place, "model", name.lower())}
    for name in ("second", "first"):
        yield place, "DescribeEndpointConfig", {"EndpointConfigName": name}
    for name in ("Live", "gone"):
        yield place, "DescribeEndpoint", {"EndpointName": name}
    yield place, "ListTags", {"ResourceArn": arn(place, "endpoint", "live")}
    for operation in ("ListModels", "ListEndpointConfigs", "ListEndpoints"):
        yield place, operation, {"SortBy": "Name"}
    yield place, "ListEndpoints", {"StatusEquals": "InService"}


def asked_by_lists(place: tuple[str, str]) -> Iterator[Question]:
    of_churn = {"ModelPackageGroupName": "Churn-Model"}
    groups, packages = "ListModelPackageGroups", "ListModelPackages"
    yield place, packages, {}
    yield place, packages, of_churn
    for sort_by in ("Name", "CreationTime"):
        for order in ("Ascending", "Descending"):
            sorting = {"SortBy": sort_by, "SortOrder": order}
            yield from pages(place, groups, {**sorting, "MaxResults": 2}, 3)
            yield from pages(place, packages, {**sorting, **of_churn, "MaxResults": 5}, 3)
            everything = {**sorting, "ModelPackageType": "Both", "MaxResults": 100}
            yield from pages(place, packages, everything, 1)
    for approval in APPROVALS:
        filters = {**of_churn, "ModelApprovalStatus": approval, "MaxResults": 3}
        yield from pages(place, packages, filters, 2)
    for times in ({"CreationTimeAfter": 1_700_000_010}, {"CreationTimeBefore": 1_700_000_010.5}):
        yield place, groups, times
        yield place, packages, {**times, "ModelPackageType": "Both", "MaxResults": 100}
    yield place, groups, {"NameContains": "r"}
    yield place, packages, {"NameContains": "1", "ModelPackageType": "Versioned"}
    yield place, packages, {"NameContains": "A", "ModelPackageType": "Both"}


def asked_by_search(place: tuple[str, str]) -> Iterator[Question]:
    for filters in (
        [{"Name": "Tags.team", "Value": "größe"}],
        [{"Name": "ModelPackageGroupName", "Operator": "Contains", "Value": "e"}],
    ):
        expression = {"Filters": filters}
        yield place, "Search", {"Resource": "ModelPackageGroup", "SearchExpression": expression}
    for part in (
        {"Name": "ModelApprovalStatus", "Value": "Approved"},
        {"Name": "CustomerMetadataProperties.team", "Value": "other"},
        {"Name": "ModelLifeCycle.Stage", "Operator": "In", "Value": "QA,Development"},
        {"Name": "LastModifiedTime", "Operator": "Exists"},
        {"Name": "Tags.price", "Operator": "Exists"},
    ):
        request = {"Resource": "ModelPackage", "SearchExpression": {"Filters": [part]}}
        yield place, "Search", request
    for sort_by in ("CreationTime", "LastModifiedTime", "ModelPackageVersion"):
        sorting: Members = {"Resource": "ModelPackage", "SortBy": sort_by, "MaxResults": 8}
        yield from pages(place, "Search", sorting, 2)
    query = {"PropertyNameQuery": {"PropertyNameHint": "Tags."}}
    for resource in ("ModelPackage", "ModelPackageGroup"):
        yield place, "GetSearchSuggestions", {"Resource": resource, "SuggestionQuery": query}


def pages(
    place: tuple[str, str], operation: str, request: Members, number: int
) -> Iterator[Question]:
    """So many pages of a list: the second and later ones by the token of the one before."""
    yield place, operation, request
    for _ in range(number - 1):
        yield place, operation, {**request, "NextToken": TOKEN}


def writes(place: tuple[str, str]) -> Iterator[Question]:
    """Calls that show what an answer of a reading call does not: tokens and counters."""
    yield place, "CreateModelPackage", REGISTER
    yield place, "CreateModelPackage", {**REGISTER, "Task": "OTHER"}
    yield place, "UpdateModelPackage", STAMP
    yield place, "UpdateModelPackage", {**STAMP, "ModelApprovalStatus": "Approved"}
    for name in ("Churn-Model", "alpha", "Reborn", "empty", "CHURN-model", "missing"):
        yield place, "CreateModelPackage", {"ModelPackageGroupName": name}
    yield place, "CreateModelPackageGroup", {"ModelPackageGroupName": "EMPTY"}
    yield place, "CreateModelPackage", {"ModelPackageName": "Market-B"}
    yield place, "DeleteModelPackageGroup", {"ModelPackageGroupName": "alpha"}
    alpha = arn(place, "model-package-group", "alpha")
    tags = [{"Key": "new", "Value": "last"}, {"Key": "zeta", "Value": "first"}]
    yield place, "AddTags", {"ResourceArn": alpha, "Tags": tags}
    yield place, "DeleteModelPackageGroup", {"ModelPackageGroupName": "bare"}
    yield place, "ListModelPackageGroups", {"SortBy": "Name"}
    yield place, "UpdateEndpoint", {"EndpointName": "live", "EndpointConfigName": "Second"}
    yield place, "DeleteEndpoint", {"EndpointName": "Live"}
    yield place, "DescribeEndpoint", {"EndpointName": "Live"}
    yield place, "DeleteModel", {"ModelName": "Churn"}
