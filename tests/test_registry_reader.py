"""Reading a registry through its API: sagemock's, moto's, and of what is none."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from sagemock import RunningServer
from sagemock.registry_reader import Endpoint, read_registry
from sagemock.registry_view import GroupView, RegistryError, RegistryView
from two_registries import IMAGE, Answer, Calls, Client, answering, moto_served

REGION = "eu-west-1"


@pytest.fixture
def calls(sagemock_client: Any) -> Calls:
    return Calls(sagemock_client)


@pytest.fixture
def endpoint(
    sagemock_server: RunningServer, sagemock_account: str, sagemock_region: str
) -> Endpoint:
    return Endpoint(sagemock_server.url, sagemock_account, sagemock_region)


@pytest.fixture
def no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, no region and no profile anywhere."""
    nothing = str(tmp_path / "nothing")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", nothing)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", nothing)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.sagemock(region=REGION)
def test_all_of_a_registry_is_read(calls: Calls, endpoint: Endpoint, sagemock_account: str) -> None:
    arn = f"arn:aws:sagemaker:{REGION}:{sagemock_account}"
    policy = _policy(arn)
    calls.group(Tags=[{"Key": "team", "Value": "growth"}])
    calls("PutModelPackageGroupPolicy", ModelPackageGroupName="churn", ResourcePolicy=policy)
    calls.group("empty")
    calls.version(ModelApprovalStatus="Approved")
    calls.version(data="s3://b/2.tar.gz")
    calls("DeleteModelPackage", ModelPackageName=f"{arn}:model-package/churn/1")
    calls("CreateModelPackage", ModelPackageName="lone", Tags=[{"Key": "a", "Value": "b"}])
    told: list[tuple[int, int]] = []
    view = read_registry(endpoint, progress=lambda *done: told.append(done))
    assert view == RegistryView(
        groups={
            "churn": GroupView(
                {
                    **_of_group("churn", arn, view),
                    "Tags": {"team": "growth"},
                    "ResourcePolicy": policy,
                },
                {
                    2: {
                        **_always(view.groups["churn"].versions[2]),
                        "ModelPackageGroupName": "churn",
                        "ModelPackageVersion": 2,
                        "ModelPackageArn": f"{arn}:model-package/churn/2",
                        "InferenceSpecification": {
                            "Containers": [
                                {
                                    "Image": IMAGE,
                                    "ModelDataUrl": "s3://b/2.tar.gz",
                                }
                            ],
                            "SupportedContentTypes": ["text/csv"],
                            "SupportedResponseMIMETypes": ["text/csv"],
                        },
                        "ModelApprovalStatus": "PendingManualApproval",
                    }
                },
            ),
            "empty": GroupView({**_of_group("empty", arn, view), "Tags": {}}, {}),
        },
        packages={
            "lone": {
                **_always(view.packages["lone"]),
                "ModelPackageName": "lone",
                "ModelPackageArn": f"{arn}:model-package/lone",
                "Tags": {"a": "b"},
            }
        },
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert read_registry(Endpoint(endpoint.url, sagemock_account)) == RegistryView()


def _policy(arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "444455556666"},
        "Action": "sagemaker:DescribeModelPackageGroup",
        "Resource": f"{arn}:model-package-group/churn",
    }
    return json.dumps({"Statement": statement})


def _always(package: dict[str, Any]) -> dict[str, Any]:
    assert isinstance(package["CreationTime"], str)
    return {
        "CreationTime": package["CreationTime"],
        "CreatedBy": package["CreatedBy"],
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": False,
    }


def _of_group(name: str, arn: str, view: RegistryView) -> dict[str, Any]:
    members = view.groups[name].members
    return {
        "ModelPackageGroupName": name,
        "ModelPackageGroupArn": f"{arn}:model-package-group/{name}",
        "ModelPackageGroupStatus": "Completed",
        "CreationTime": members["CreationTime"],
        "CreatedBy": members["CreatedBy"],
    }


def test_only_named_groups_are_read_and_no_packages(calls: Calls, endpoint: Endpoint) -> None:
    calls.group("churn")
    calls.group("other")
    calls.version("other")
    calls("CreateModelPackage", ModelPackageName="lone")
    view = read_registry(endpoint, groups=["other", "missing", "other"])
    assert {name: list(group.versions) for name, group in view.groups.items()} == {"other": [1]}
    assert view.packages == {}


def test_many_versions_come_over_several_pages(calls: Calls, endpoint: Endpoint) -> None:
    calls.group()
    for _ in range(230):
        calls("CreateModelPackage", ModelPackageGroupName="churn")
    view = read_registry(endpoint)
    assert sorted(view.groups["churn"].versions) == list(range(1, 231))


def test_what_moto_has_of_a_registry_is_read() -> None:
    with moto_served() as url, Client(url) as client:
        client.group(ModelPackageGroupDescription="who leaves", Tags=[{"Key": "a", "Value": "b"}])
        client.version()
        client.version(ModelApprovalStatus="Approved")
        client("CreateModelPackage", ModelPackageName="lone", ModelPackageDescription="one")
        view = read_registry(Endpoint(url))
    group = view.groups["churn"]
    assert group.members["Tags"] == {"a": "b"}
    assert group.members["ModelPackageGroupDescription"] == "who leaves"
    assert [
        (number, each.get("ModelApprovalStatus")) for number, each in group.versions.items()
    ] == [(1, None), (2, "Approved")]
    assert view.packages["lone"]["ModelPackageDescription"] == "one"
    assert view.untold == {"ResourcePolicy", "Tags"}


def refused(code: str, message: str, status: int = 400) -> Answer:
    return status, json.dumps({"__type": code, "message": message}).encode()


def sentence(endpoint: Endpoint) -> str:
    with pytest.raises(RegistryError) as caught:
        read_registry(endpoint)
    return str(caught.value)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            refused("AccessDeniedException", "User: ann is not authorized."),
            (
                "{url} refuses ListModelPackageGroups: AccessDeniedException, User: ann is not "
                "authorized; check who may call it there."
            ),
        ),
        (
            refused("UnrecognizedClientException", "The token is invalid.", 403),
            (
                "{url} refuses ListModelPackageGroups: UnrecognizedClientException, The token is "
                "invalid; check who may call it there."
            ),
        ),
        (
            refused("ConflictException", "No."),
            (
                "{url} cannot tell what it holds: ListModelPackageGroups answers "
                "ConflictException, No."
            ),
        ),
        (
            (404, b"<html>not here</html>"),
            (
                "{url} does not answer as a model registry does (status 404 to "
                "ListModelPackageGroups); name the address of a server that speaks SageMaker's API."
            ),
        ),
        (
            (200, b"<html>hello</html>"),
            (
                "{url} does not answer as a model registry does (there is no "
                "ModelPackageGroupSummaryList in its answer); name the address of a server that "
                "speaks SageMaker's API."
            ),
        ),
        (
            (200, b"{}"),
            (
                "{url} does not answer as a model registry does (there is no "
                "ModelPackageGroupSummaryList in its answer); name the address of a server that "
                "speaks SageMaker's API."
            ),
        ),
        (
            (501, b"<html>Unsupported method</html>"),
            (
                "{url} does not answer as a model registry does (status 501 to "
                "ListModelPackageGroups); name the address of a server that speaks SageMaker's API."
            ),
        ),
        (
            refused("UnknownOperationException", "What"),
            (
                "{url} cannot tell what it holds: ListModelPackageGroups answers "
                "UnknownOperationException, What."
            ),
        ),
        (
            (200, b'{"ModelPackageGroupSummaryList": [], "NextToken": "again"}'),
            (
                "{url} does not answer as a model registry does (ListModelPackageGroups does not "
                "come to an end); name the address of a server that speaks SageMaker's API."
            ),
        ),
    ],
)
def test_a_server_that_cannot_be_read_is_told_in_a_sentence(answer: Answer, said: str) -> None:
    with answering(lambda _: answer) as url:
        assert sentence(Endpoint(url)) == said.format(url=url)


def test_a_refusal_in_the_midst_of_it_ends_it() -> None:
    groups = {"ModelPackageGroupSummaryList": [{"ModelPackageGroupName": "churn"}]}
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"
    answers: dict[str, Answer] = {
        "ListModelPackageGroups": (200, json.dumps(groups).encode()),
        "ListModelPackages": (
            200,
            json.dumps({"ModelPackageSummaryList": [{"ModelPackageArn": arn}] * 20}).encode(),
        ),
        "GetModelPackageGroupPolicy": refused("ValidationException", "Cannot find it."),
    }
    denied = refused("AccessDeniedException", "Not you.")
    with answering(lambda operation: answers.get(operation, denied)) as url:
        assert sentence(Endpoint(url)).startswith(f"{url} refuses ")


def test_what_is_deleted_while_it_is_read_is_not_there() -> None:
    groups = {"ModelPackageGroupSummaryList": [{"ModelPackageGroupName": "churn"}]}
    answers: dict[str, Answer] = {"ListModelPackageGroups": (200, json.dumps(groups).encode())}
    gone = refused("ValidationException", "ModelPackageGroup churn does not exist.")
    with answering(lambda operation: answers.get(operation, gone)) as url:
        assert read_registry(Endpoint(url)) == RegistryView()


def test_where_no_server_is_a_sentence_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    said = sentence(Endpoint(f"http://127.0.0.1:{port}"))
    assert said.startswith(f"There is no server at http://127.0.0.1:{port}: ")
    assert said.endswith(
        "; start one with `sagemock serve`, or name the address of the one that runs."
    )


@pytest.mark.parametrize("url", ["ftp://x", "http://", "http://x:many", "nonsense"])
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(RegistryError, match="The address of a server looks like"):
        Endpoint(url)


def test_a_profile_is_not_for_plain_http() -> None:
    with pytest.raises(RegistryError, match="only sent to https addresses"):
        Endpoint("http://127.0.0.1:4577", profile="work")


@pytest.mark.usefixtures("no_settings_of_the_user")
def test_aws_without_credentials_is_told() -> None:
    assert sentence(Endpoint(region="eu-west-1")) == (
        "AWS cannot be asked: there are no credentials for it; log in, or name a profile that has "
        "credentials and a region."
    )
    assert sentence(Endpoint(profile="work")) == (
        "AWS (profile work) cannot be asked: The config profile (work) could not be found; log "
        "in, or name a profile that has credentials and a region."
    )


@pytest.mark.usefixtures("no_settings_of_the_user")
def test_aws_without_a_region_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert "You must specify a region" in sentence(Endpoint())


def called(endpoint: Endpoint) -> tuple[str, str, str]:
    """Where its calls go, in which region, and by which access key they are signed."""
    client = endpoint.client()
    credentials = client._request_signer._credentials
    facts = client.meta.endpoint_url, client.meta.region_name, credentials.access_key
    client.close()
    return facts


@pytest.mark.usefixtures("no_settings_of_the_user")
def test_aws_is_called_with_the_users_credentials_wherever_variables_point(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "own")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", "http://127.0.0.1:1")
    europe = "https://api.sagemaker.eu-west-1.amazonaws.com"
    frankfurt = "https://api.sagemaker.eu-central-1.amazonaws.com"
    assert called(Endpoint()) == (europe, "eu-west-1", "own")
    assert called(Endpoint(region="eu-central-1")) == (frankfurt, "eu-central-1", "own")
    assert called(Endpoint(frankfurt)) == (frankfurt, "eu-central-1", "own")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4577",
        "https://registry.example.com",
        "http://api.sagemaker.eu-west-1.amazonaws.com",
        "https://amazonaws.com.example.com",
    ],
)
@pytest.mark.usefixtures("no_settings_of_the_user")
def test_the_users_credentials_go_to_no_other_address(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "own")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setenv("AWS_PROFILE", "missing")
    assert called(Endpoint(url)) == (url, "us-east-1", "test")
    assert called(Endpoint(url, "111122223333", "eu-west-1")) == (
        url,
        "eu-west-1",
        "111122223333",
    )


@pytest.mark.usefixtures("no_settings_of_the_user")
def test_a_named_profile_goes_to_an_https_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile work]\nregion = eu-west-1\naws_access_key_id = of-work\n"
        "aws_secret_access_key = secret\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    url = "https://registry.example.com"
    assert called(Endpoint(url, profile="work")) == (url, "eu-west-1", "of-work")
