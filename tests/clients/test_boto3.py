"""Unmodified boto3 against our own fixtures: the developer guide's flow, and client habits."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError

INFERENCE = {
    "Containers": [
        {
            "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
            "ModelDataUrl": "s3://bucket/model.tar.gz",
        }
    ],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}
METRICS = {
    "ModelQuality": {
        "Statistics": {"ContentType": "application/json", "S3Uri": "s3://bucket/statistics.json"}
    }
}

MakeClient = Callable[[], Any]


@pytest.fixture
def make_client(sagemock_endpoint: str) -> Iterator[MakeClient]:
    clients = []

    def make() -> Any:
        # As users write it: where it goes, and as whom, is told by the environment.
        client = boto3.client("sagemaker")
        assert client.meta.endpoint_url == sagemock_endpoint
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> Any:
    return make_client()


@pytest.fixture
def versions(client: Any) -> list[str]:
    client.create_model_package_group(ModelPackageGroupName="churn")
    return [
        client.create_model_package(ModelPackageGroupName="churn")["ModelPackageArn"]
        for _ in range(25)
    ]


def test_the_developer_guides_flow(client: Any) -> None:
    group = client.create_model_package_group(
        ModelPackageGroupName="churn",
        ModelPackageGroupDescription="Who is about to leave",
        Tags=[{"Key": "team", "Value": "growth"}],
    )["ModelPackageGroupArn"]
    arn = client.create_model_package(
        ModelPackageGroupName="churn",
        ModelPackageDescription="First try",
        InferenceSpecification=INFERENCE,
        ModelMetrics=METRICS,
        CustomerMetadataProperties={"trained-by": "ana"},
    )["ModelPackageArn"]
    client.create_model_package(ModelPackageGroupName=group, InferenceSpecification=INFERENCE)

    version = client.describe_model_package(ModelPackageName=arn)
    assert version["ModelApprovalStatus"] == "PendingManualApproval"
    assert version["ModelMetrics"] == METRICS
    assert version["InferenceSpecification"] == INFERENCE
    assert isinstance(version["CreationTime"], dt.datetime)
    assert "ModelPackageName" not in version

    client.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="Reviewed"
    )
    approved = client.list_model_packages(
        ModelPackageGroupName="churn", ModelApprovalStatus="Approved"
    )["ModelPackageSummaryList"]
    assert [summary["ModelPackageVersion"] for summary in approved] == [1]

    client.add_tags(ResourceArn=group, Tags=[{"Key": "stage", "Value": "prod"}])
    assert client.list_tags(ResourceArn=group)["Tags"] == [
        {"Key": "team", "Value": "growth"},
        {"Key": "stage", "Value": "prod"},
    ]
    for number in (1, 2):
        client.delete_model_package(ModelPackageName=f"churn/{number}")
    client.delete_model_package_group(ModelPackageGroupName="churn")
    assert client.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


def test_validation_exception_has_no_class_of_its_own(client: Any) -> None:
    assert not hasattr(client.exceptions, "ValidationException")
    with pytest.raises(ClientError, match=r"does not exist\.$") as caught:
        client.describe_model_package(ModelPackageName="nope")
    assert type(caught.value) is ClientError
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_modelled_error_is_caught_by_its_class(client: Any, versions: list[str]) -> None:
    assert versions
    with pytest.raises(client.exceptions.ConflictException, match="contains Model Packages") as e:
        client.delete_model_package_group(ModelPackageGroupName="churn")
    assert "contains Model Packages" in e.value.response["Message"]


def test_boto3_checks_some_constraints_itself_and_leaves_others_to_the_server(client: Any) -> None:
    with pytest.raises(ParamValidationError):
        client.describe_model_package_group(ModelPackageGroupName="")
    with pytest.raises(ParamValidationError):
        client.list_model_packages(MaxResults=0)
    client.create_model_package_group(ModelPackageGroupName="churn")
    for broken in (
        {"ModelPackageGroupName": "n" * 100},
        {"ModelPackageGroupName": "churn", "ModelApprovalStatus": "Maybe"},
        {"ModelPackageGroupName": "churn", "CustomerMetadataProperties": {}},
    ):
        with pytest.raises(ClientError, match=r"[12] validation errors? detected: "):
            client.create_model_package(**broken)
    with pytest.raises(ClientError, match="value less than or equal to 100"):
        client.list_model_packages(MaxResults=1000)


def test_time_bounds_are_compared_with_milliseconds_as_they_come(
    client: Any, versions: list[str]
) -> None:
    assert versions
    time = client.describe_model_package(ModelPackageName="churn/1")["CreationTime"]

    def found(**bounds: dt.datetime) -> list[int]:
        page = client.list_model_packages(
            ModelPackageGroupName="churn", SortOrder="Ascending", MaxResults=100, **bounds
        )
        return [summary["ModelPackageVersion"] for summary in page["ModelPackageSummaryList"]]

    # Exclusive on both sides; older clients send whole seconds, newer ones the fraction.
    assert 1 not in found(CreationTimeAfter=time)
    assert 1 not in found(CreationTimeBefore=time)
    a_millisecond = dt.timedelta(milliseconds=1)
    assert 1 in found(CreationTimeAfter=time - a_millisecond)
    assert 1 in found(CreationTimeBefore=time + a_millisecond)
    assert 1 in found(CreationTimeAfter=time.replace(microsecond=0) - a_millisecond)
    assert found(CreationTimeAfter=time + dt.timedelta(hours=1)) == []


def test_boto3_fills_in_a_client_token_for_create_but_not_for_update(client: Any) -> None:
    sent: dict[str, Any] = {}
    client.meta.events.register(
        "before-call.sagemaker", lambda model, params, **_: sent.update({model.name: params})
    )
    client.create_model_package_group(ModelPackageGroupName="churn")
    arn = client.create_model_package(ModelPackageGroupName="churn")["ModelPackageArn"]
    client.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    assert b"ClientToken" in sent["CreateModelPackage"]["body"]
    assert b"ClientToken" not in sent["UpdateModelPackage"]["body"]


def test_paginator_collects_all_groups(client: Any) -> None:
    names = [f"group-{number:02d}" for number in range(25)]
    for name in names:
        client.create_model_package_group(ModelPackageGroupName=name)
    pages = client.get_paginator("list_model_package_groups").paginate(
        PaginationConfig={"PageSize": 7}
    )
    found = pages.build_full_result()["ModelPackageGroupSummaryList"]
    assert [group["ModelPackageGroupName"] for group in found] == names
    assert client.waiter_names
    assert not [name for name in client.waiter_names if "package" in name]


def test_paginator_collects_all_versions(client: Any, versions: list[str]) -> None:
    pages = client.get_paginator("list_model_packages").paginate(ModelPackageGroupName="churn")
    found = pages.build_full_result()["ModelPackageSummaryList"]
    assert [version["ModelPackageArn"] for version in found] == versions[::-1]


def test_paginator_collects_all_search_results(client: Any) -> None:
    names = [f"group-{number:02d}" for number in range(25)]
    for name in names:
        client.create_model_package_group(ModelPackageGroupName=name)
    pages = client.get_paginator("search").paginate(
        Resource="ModelPackageGroup",
        SortBy="CreationTime",
        SortOrder="Ascending",
        PaginationConfig={"PageSize": 7},
    )
    whole = pages.build_full_result()
    found = [result["ModelPackageGroup"]["ModelPackageGroupName"] for result in whole["Results"]]
    assert found == names
    # Not a part of each page to be added up.
    assert whole["TotalHits"] == {"Value": 25, "Relation": "EqualTo"}


def test_list_tags_refuses_a_small_page_in_the_client(client: Any) -> None:
    group = client.create_model_package_group(ModelPackageGroupName="churn")
    arn = group["ModelPackageGroupArn"]
    with pytest.raises(ParamValidationError):
        client.list_tags(ResourceArn=arn, MaxResults=10)
    client.add_tags(
        ResourceArn=arn, Tags=[{"Key": str(number), "Value": ""} for number in range(50)]
    )
    page = client.list_tags(ResourceArn=arn, MaxResults=50)
    assert len(page["Tags"]) == 50
    assert "NextToken" not in page


def test_sixteen_callers_at_once_get_each_number_once(make_client: MakeClient) -> None:
    make_client().create_model_package_group(ModelPackageGroupName="churn")
    clients = [make_client() for _ in range(16)]
    given: list[tuple[str, str]] = []

    def register(client: Any, name: str) -> None:
        for number in range(5):
            description = f"{name}-{number}"
            answer = client.create_model_package(
                ModelPackageGroupName="churn", ModelPackageDescription=description
            )
            given.append((answer["ModelPackageArn"], description))

    in_parallel(register, clients)
    numbers = sorted(int(arn.rsplit("/", 1)[1]) for arn, _ in given)
    assert numbers == list(range(1, 81))
    for arn, description in given:
        version = clients[0].describe_model_package(ModelPackageName=arn)
        assert version["ModelPackageDescription"] == description


def test_sixteen_equal_calls_at_once_make_one_version(make_client: MakeClient) -> None:
    make_client().create_model_package_group(ModelPackageGroupName="churn")
    answers: list[str] = []

    def register(client: Any, _: str) -> None:
        answer = client.create_model_package(ModelPackageGroupName="churn", ClientToken="storm")
        answers.append(answer["ModelPackageArn"])

    in_parallel(register, [make_client() for _ in range(16)])
    assert len(answers) == 16
    assert len(set(answers)) == 1
    page = make_client().list_model_packages(ModelPackageGroupName="churn")
    assert len(page["ModelPackageSummaryList"]) == 1


def test_one_of_sixteen_creators_of_a_name_wins(make_client: MakeClient) -> None:
    outcomes: list[str] = []

    def create(client: Any, _: str) -> None:
        try:
            client.create_model_package_group(ModelPackageGroupName="churn")
            outcomes.append("created")
        except ClientError as error:
            outcomes.append(error.response["Error"]["Message"])

    in_parallel(create, [make_client() for _ in range(16)])
    assert outcomes.count("created") == 1
    assert sum(text.startswith("Model Package Group already exists") for text in outcomes) == 15


def test_no_update_is_lost(make_client: MakeClient) -> None:
    client = make_client()
    group = client.create_model_package_group(ModelPackageGroupName="churn")
    group_arn = group["ModelPackageGroupArn"]
    arn = client.create_model_package(ModelPackageGroupName="churn")["ModelPackageArn"]

    def add(client: Any, name: str) -> None:
        client.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={name: name})
        client.add_tags(ResourceArn=group_arn, Tags=[{"Key": name, "Value": name}])

    in_parallel(add, [make_client() for _ in range(16)])
    expected = {f"caller-{number}": f"caller-{number}" for number in range(16)}
    version = client.describe_model_package(ModelPackageName=arn)
    assert version["CustomerMetadataProperties"] == expected
    tags = client.list_tags(ResourceArn=group_arn)["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == expected


def in_parallel(work: Callable[[Any, str], None], clients: list[Any]) -> None:
    barrier = threading.Barrier(len(clients))
    failures: list[BaseException] = []

    def run(client: Any, name: str) -> None:
        barrier.wait()
        try:
            work(client, name)
        except BaseException as failure:  # noqa: BLE001 - told by the assertion below
            failures.append(failure)

    threads = [
        threading.Thread(target=run, args=(client, f"caller-{number}"))
        for number, client in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
