"""What a test says of the calls that were made, and what it is told when that is not so."""

import json
from typing import Any

import pytest
from flask import Flask

from sagemock import Service, Settings, create_app
from sagemock.app import create_service
from sagemock.journal_checks import LOST, OFF, Requests

NO_OPERATION, NOR = "SageMaker has no operation", ", and none of that name was called"
NO_MEMBER = "CreateModelPackage has no member"
ANN, BEN = "123456789012", "210987654321"
SCOPE = "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/sagemaker/aws4_request"


def called(app: Flask, operation: str, account: str = ANN, **members: Any) -> None:
    headers = {
        "X-Amz-Target": f"SageMaker.{operation}",
        "Authorization": SCOPE.format(account),
    }
    app.test_client().post("/", data=json.dumps(members), headers=headers)


@pytest.fixture
def requests(service: Service) -> Requests:
    return Requests(service)


def test_calls_are_those_of_an_account_or_of_all(
    app: Flask, service: Service, requests: Requests
) -> None:
    called(app, "ListModels")
    called(app, "ListTags", BEN)
    called(app, "ListModels", BEN, MaxResults=5)
    assert [each["Number"] for each in requests.calls()] == [1, 2, 3]
    assert [each["Number"] for each in requests.calls("ListModels")] == [1, 3]
    assert [each["Number"] for each in requests.calls("list_models", account=BEN)] == [3]
    assert [each["Number"] for each in requests.calls("ListModels", MaxResults=5)] == [3]
    assert [each["Number"] for each in Requests(service, ANN).calls()] == [1]
    assert [each["Number"] for each in Requests(service, after=2).calls()] == [3]


def test_what_was_called_can_be_asserted(app: Flask, requests: Requests) -> None:
    called(app, "ListModels", MaxResults=5)
    called(app, "ListModels")
    requests.assert_called("ListModels")
    requests.assert_called("ListModels", times=2)
    requests.assert_called("ListModels", times=1, MaxResults=5)
    requests.assert_called("ListModels", times=0, MaxResults=6)
    requests.assert_not_called("ListModels", MaxResults=6)
    requests.assert_not_called("ListTags")


@pytest.mark.parametrize(
    ("asserted", "said"),
    [
        (
            {"operation": "ListModels", "times": 2},
            "ListModels was to be called twice, and was called once.",
        ),
        (
            {"operation": "ListModels", "times": 0},
            "ListModels was to be called never, and was called once.",
        ),
        (
            {"operation": "ListModels", "MaxResults": 6, "times": 3},
            'ListModels with {"MaxResults": 6} was to be called 3 times, and was never called.',
        ),
        (
            {"operation": "ListTags"},
            "ListTags was to be called at least once, and was never called.",
        ),
    ],
)
def test_a_failure_tells_what_was_expected_and_what_was_called(
    app: Flask, requests: Requests, asserted: dict[str, Any], said: str
) -> None:
    called(app, "ListModels", MaxResults=5)
    with pytest.raises(AssertionError) as failure:
        requests.assert_called(**asserted)
    assert str(failure.value).splitlines() == [
        said,
        "There were these calls: ListModels (1).",
        '  ListModels {"MaxResults": 5}: 200',
    ]


def test_a_failure_tells_what_was_refused_and_what_was_meant(
    app: Flask, requests: Requests
) -> None:
    called(app, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    called(app, "CreateModelPackage", ModelPackageGroupName="chrun")
    with pytest.raises(AssertionError) as failure:
        requests.assert_not_called("CreateModelPackage")
    assert str(failure.value).splitlines() == [
        "CreateModelPackage was to be called never, and was called once.",
        "There were these calls: CreateModelPackageGroup (1), CreateModelPackage (1).",
        '  CreateModelPackage {"ModelPackageGroupName": "chrun"}: 400',
        "    Model Package Group does not exist.",
        "    There is a model package group 'churn'.",
    ]


def test_operations_can_be_a_pattern(app: Flask, requests: Requests) -> None:
    called(app, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    called(app, "CreateModelPackage", ModelPackageGroupName="churn")
    requests.assert_called("Create*", times=2)
    requests.assert_called("create_model_package*", times=2, ModelPackageGroupName="churn")
    requests.assert_called("*", times=2)
    requests.assert_not_called("Delete*")
    assert [each["Operation"] for each in requests.calls("*Group")] == ["CreateModelPackageGroup"]
    with pytest.raises(AssertionError) as failure:
        requests.assert_not_called("Create*", ModelPackageGroupName="churn")
    assert str(failure.value).splitlines() == [
        (
            'Create* with {"ModelPackageGroupName": "churn"} was to be called never, '
            "and was called twice."
        ),
        "There were these calls: CreateModelPackageGroup (1), CreateModelPackage (1).",
        '  CreateModelPackageGroup {"ModelPackageGroupName": "churn"}: 200',
        '  CreateModelPackage {"ModelPackageGroupName": "churn"}: 200',
    ]


def test_calls_can_be_counted_by_their_answers(app: Flask, requests: Requests) -> None:
    for _ in range(2):
        called(app, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    requests.assert_called("CreateModelPackageGroup", times=2)
    requests.assert_called("CreateModelPackageGroup", times=1, status=200)
    requests.assert_not_called("CreateModelPackageGroup", status=500)
    assert [each["Number"] for each in requests.calls(status=400)] == [2]
    with pytest.raises(AssertionError) as failure:
        requests.assert_not_called("CreateModelPackageGroup", status=400)
    assert str(failure.value).startswith(
        "CreateModelPackageGroup, answered with 400, was to be called never, and was called once.\n"
    )


def test_that_nothing_was_written_can_be_asserted(app: Flask, requests: Requests) -> None:
    called(app, "ListModels")
    called(app, "Search", Resource="ModelPackage")
    requests.assert_nothing_written()
    called(app, "DeleteModel", ModelName="churn")
    called(app, "AddTags")
    with pytest.raises(AssertionError) as failure:
        requests.assert_nothing_written()
    assert str(failure.value).splitlines()[:3] == [
        "Nothing was to be written, and 2 of these calls would write.",
        "There were these calls: ListModels (1), Search (1), DeleteModel (1), AddTags (1).",
        '  DeleteModel {"ModelName": "churn"}: 400',
    ]


@pytest.mark.parametrize("times", [-1, 1.0, "1", True])
def test_so_many_times_cannot_be(requests: Requests, times: Any) -> None:
    with pytest.raises(ValueError, match=r"^times is a whole number from 0 on, not "):
        requests.assert_called("ListModels", times=times)


def test_a_failure_tells_what_was_called_elsewhere(app: Flask, service: Service) -> None:
    requests = Requests(service, BEN, after=0, elsewhere=lambda after: f"Elsewhere since {after}.")
    called(app, "ListModels")
    with pytest.raises(AssertionError) as failure:
        requests.assert_called("ListModels")
    assert str(failure.value).splitlines() == [
        "ListModels was to be called at least once, and was never called.",
        "Elsewhere since 0.",
    ]
    called(app, "ListModels", BEN)
    with pytest.raises(AssertionError) as failure:
        requests.assert_called("ListModels", times=2)
    assert "Elsewhere" not in str(failure.value)


def test_where_nothing_was_called_a_failure_says_so(requests: Requests) -> None:
    with pytest.raises(AssertionError, match=r"(?s)never called\.\nThere were no calls\.$"):
        requests.assert_called("ListModels")


@pytest.mark.parametrize(
    ("operation", "members", "said"),
    [
        (
            "CreateModlPackage",
            {},
            f"{NO_OPERATION} 'CreateModlPackage'{NOR}; did you mean 'CreateModelPackage'?",
        ),
        ("Fly", {}, f"{NO_OPERATION} 'Fly'{NOR}."),
        (
            "CreateModl*",
            {},
            f"{NO_OPERATION} 'CreateModl*'{NOR}; did you mean 'CreateModel'?",
        ),
        ("Delete*", {"Colour": "red"}, "Delete* has no member 'Colour'."),
        (
            "CreateModelPackage",
            {"ModelPackageGroupNme": "churn"},
            f"{NO_MEMBER} 'ModelPackageGroupNme'; did you mean 'ModelPackageGroupName'?",
        ),
        ("InvokeEndpoint", {"Colour": "red"}, "InvokeEndpoint has no member 'Colour'."),
    ],
)
def test_a_name_that_is_misspelled_is_a_mistake(
    requests: Requests, operation: str, members: dict[str, Any], said: str
) -> None:
    for check in (requests.assert_called, requests.assert_not_called, requests.calls):
        with pytest.raises(ValueError) as mistake:  # noqa: PT011 - compared whole
            check(operation, **members)
        assert str(mistake.value) == said


def test_an_unknown_operation_that_was_called_can_be_asserted(
    app: Flask, requests: Requests
) -> None:
    called(app, "Fly")
    requests.assert_called("Fly", times=1)


def test_what_was_called_so_far_can_be_passed_over(app: Flask, requests: Requests) -> None:
    called(app, "ListModels")
    requests.forget()
    requests.assert_not_called("ListModels")
    called(app, "ListModels")
    requests.assert_called("ListModels", times=1)


def test_where_calls_are_forgotten_no_number_of_them_is_asserted() -> None:
    settings = Settings(db=":memory:", journal=2)
    service = create_service(settings)
    app = create_app(settings, service=service)
    requests, of_ben = Requests(service), Requests(service, BEN)
    called(app, "ListTags")
    called(app, "ListModels", BEN)
    called(app, "ListModels", BEN)
    lost = LOST.format(most=2)
    for operation, times in (("ListModels", 2), ("ListTags", 0), ("ListTags", None)):
        with pytest.raises(AssertionError) as failure:
            requests.assert_called(operation, times=times)
        assert str(failure.value).splitlines()[-1] == lost
    requests.assert_called("ListModels")
    # Those of others may be forgotten.
    of_ben.assert_called("ListModels", times=2)
    with pytest.raises(AssertionError, match=lost):
        requests.assert_nothing_written()
    requests.forget()
    requests.assert_not_called("ListTags")
    requests.assert_nothing_written()
    service.close()


def test_where_the_journal_is_off_nothing_can_be_asserted() -> None:
    service = create_service(Settings(db=":memory:", journal=0))
    with pytest.raises(ValueError) as mistake:  # noqa: PT011 - compared whole
        Requests(service)
    assert str(mistake.value) == OFF
    service.close()
