"""Who calls: settings and principals. The rules for keys and regions are cases in fixtures/wire."""

from types import MappingProxyType
from typing import Any

import pytest

from sagemock import Service, Settings, create_app
from sagemock.operation import Caller
from sagemock.settings import SettingsError
from sagemock.wire.caller import Callers

USER = "arn:aws:iam::210987654321:user/ann"
SESSION = "arn:aws:sts::210987654321:assumed-role/reviewer/ann"


def scope(key: str, region: str = "us-east-1") -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential={key}/20240101/{region}/sagemaker/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=0000"
    )


def with_keys(**keys: str) -> Settings:
    return Settings(access_keys=MappingProxyType(keys))


def with_principal(principal: str) -> Caller:
    return Callers(Settings(principal=principal)).caller("")


def created_by(service: Service, settings: Settings, authorization: str) -> Any:
    client = create_app(settings, service=service).test_client()
    answers = [
        client.post(
            "/",
            json={"ModelPackageGroupName": "churn"},
            headers={"X-Amz-Target": f"SageMaker.{operation}", "Authorization": authorization},
        )
        for operation in ("CreateModelPackageGroup", "DescribeModelPackageGroup")
    ]
    return answers[1].get_json(force=True)["CreatedBy"]


def test_an_unsigned_call_has_the_account_and_region_of_the_settings() -> None:
    caller = Callers(Settings(account_id="210987654321", region="eu-west-1")).caller("")
    assert (caller.account, caller.region) == ("210987654321", "eu-west-1")


def test_a_key_that_says_no_account_has_the_account_of_the_settings_and_its_own_region() -> None:
    caller = Callers(Settings(account_id="210987654321")).caller(scope("test", "eu-west-1"))
    assert (caller.account, caller.region) == ("210987654321", "eu-west-1")


def test_a_configured_key_stands_for_an_account() -> None:
    settings = with_keys(ann="210987654321")
    caller = Callers(settings).caller(scope("ann", "eu-west-1"))
    assert caller.account == "210987654321"
    assert caller.region == "eu-west-1"
    assert caller.principal == "arn:aws:sts::210987654321:assumed-role/sagemock/developer"


@pytest.mark.parametrize("principal", [USER, SESSION])
def test_a_configured_key_stands_for_a_principal_and_its_account(principal: str) -> None:
    caller = Callers(with_keys(ann=principal)).caller(scope("ann"))
    assert (caller.account, caller.principal) == ("210987654321", principal)


def test_a_configured_key_goes_before_the_account_that_is_in_it() -> None:
    settings = with_keys(AKIARZPUZDIKGB2VALC4=USER)
    assert Callers(settings).caller(scope("AKIARZPUZDIKGB2VALC4")).principal == USER


def test_another_key_than_the_configured_one_is_not_looked_up() -> None:
    settings = with_keys(ann=USER)
    assert Callers(settings).caller(scope("ANN")).account == settings.account_id


def test_who_calls_by_default_is_a_session_of_a_role_in_the_callers_own_account() -> None:
    caller = Callers(Settings()).caller(scope("210987654321"))
    assert caller.principal == "arn:aws:sts::210987654321:assumed-role/sagemock/developer"


def test_the_default_principal_has_the_partition_of_the_callers_region() -> None:
    caller = Callers(Settings()).caller(scope("210987654321", "cn-north-1"))
    assert caller.principal == "arn:aws-cn:sts::210987654321:assumed-role/sagemock/developer"


def test_a_configured_principal_may_leave_account_and_partition_to_the_caller() -> None:
    settings = Settings(principal="arn:{partition}:iam::{account}:user/ann")
    caller = Callers(settings).caller(scope("210987654321", "us-gov-west-1"))
    assert caller.principal == "arn:aws-us-gov:iam::210987654321:user/ann"


def test_a_sessions_id_is_that_of_its_role_with_the_sessions_name() -> None:
    role, _, session = with_principal(SESSION).principal_id.partition(":")
    assert role.startswith("AROA")
    assert len(role) == len("AROA") + 17
    assert session == "ann"


def test_sessions_of_one_role_share_its_id() -> None:
    ann = with_principal("arn:aws:sts::123456789012:assumed-role/reviewer/ann").principal_id
    ben = with_principal("arn:aws:sts::123456789012:assumed-role/reviewer/ben").principal_id
    assert ann.removesuffix(":ann") == ben.removesuffix(":ben")


def test_sessions_of_two_roles_have_two_ids() -> None:
    reviewer = with_principal("arn:aws:sts::123456789012:assumed-role/reviewer/ann")
    developer = with_principal("arn:aws:sts::123456789012:assumed-role/developer/ann")
    assert reviewer.principal_id != developer.principal_id


def test_a_users_id_is_of_a_user_and_has_no_session() -> None:
    principal_id = with_principal(USER).principal_id
    assert principal_id.startswith("AIDA")
    assert len(principal_id) == len("AIDA") + 17
    assert ":" not in principal_id


def test_users_of_two_names_have_two_ids() -> None:
    ann = with_principal("arn:aws:iam::123456789012:user/ann")
    ben = with_principal("arn:aws:iam::123456789012:user/ben")
    assert ann.principal_id != ben.principal_id


def test_an_id_is_the_same_at_every_call() -> None:
    assert with_principal(SESSION) == with_principal(SESSION)


def test_a_session_is_shown_as_the_creator_with_its_role_id(service: Service) -> None:
    caller = Callers(with_keys(ann=SESSION)).caller(scope("ann"))
    assert created_by(service, with_keys(ann=SESSION), scope("ann")) == {
        "IamIdentity": {"Arn": SESSION, "PrincipalId": caller.principal_id}
    }
    assert caller.principal_id.endswith(":ann")


def test_a_user_is_shown_as_the_creator_with_its_own_id(service: Service) -> None:
    caller = Callers(with_keys(ann=USER)).caller(scope("ann"))
    assert created_by(service, with_keys(ann=USER), scope("ann")) == {
        "IamIdentity": {"Arn": USER, "PrincipalId": caller.principal_id}
    }


@pytest.mark.parametrize(
    "value", ["", "12345678901", "ann", "arn:aws:s3:::bucket", "arn:aws:iam::1:user/ann"]
)
def test_a_configured_key_needs_an_account_or_a_principal(value: str) -> None:
    with pytest.raises(SettingsError, match="'ann' needs a 12-digit account or an IAM or STS ARN"):
        with_keys(ann=value)


@pytest.mark.parametrize("principal", ["", "ann", "arn:aws:s3:::bucket"])
def test_a_configured_principal_is_an_iam_or_sts_arn(principal: str) -> None:
    with pytest.raises(SettingsError, match="A principal is an IAM or STS ARN"):
        Settings(principal=principal)
