"""Seeds planted in a service: what they make, change, leave alone and cannot change."""

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import FIXTURES, TickingClock, stored
from sagemock import Service, Settings, create_app, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.errors import SageMakerError
from sagemock.seeds import PlantedResource, SeedError, plant, plant_all, read_seed
from seeding import (
    ACCOUNT,
    ARN,
    CARD,
    GROUP,
    IMAGE,
    POLICY,
    REGION,
    SPECIFICATION,
    VERSION,
    Members,
    additional,
    ask,
    calls_of,
    group,
    made,
    planting,
    written,
)


@pytest.fixture
def planted(service: Service, model: ServiceModel, tmp_path: Path) -> Any:
    return planting(service, model, tmp_path)


def test_the_example_makes_all_that_it_names(service: Service, model: ServiceModel) -> None:
    seed = read_seed(FIXTURES / "seeds" / "churn.yaml", model)
    planted = plant(seed, calls_of(service), account=ACCOUNT, region=REGION)
    arn = "arn:aws:sagemaker:eu-west-1:210987654321:"
    assert planted.resources == made(
        f"{arn}model-package-group/churn",
        f"{arn}model-package/churn/1",
        f"{arn}model-package/churn/2",
        f"{arn}model-package-group/fraud",
        f"{arn}model-package/fraud/1",
        f"{arn}model-package/market",
    )


def test_the_example_planted_again_changes_nothing(service: Service, model: ServiceModel) -> None:
    seed = read_seed(FIXTURES / "seeds" / "churn.yaml", model)
    plant(seed, calls_of(service), account=ACCOUNT, region=REGION)
    before = stored(service)
    again = plant(seed, calls_of(service), account=ACCOUNT, region=REGION)
    assert stored(service) == before
    assert {each.outcome for each in again.resources} == {"unchanged"}


def test_a_version_is_as_its_seed_has_it(service: Service, planted: Any) -> None:
    version = {
        "ModelPackageDescription": "first",
        "ModelApprovalStatus": "Approved",
        "ApprovalDescription": "as good as gold",
        "InferenceSpecification": SPECIFICATION,
        "ModelCard": {"ModelCardContent": CARD},
        "CustomerMetadataProperties": {"commit": "3f2c1a9"},
        "ModelLifeCycle": {"Stage": "Production", "StageStatus": "Approved"},
        "Domain": "MACHINE_LEARNING",
    }
    planted(group(version))
    described = ask(service, "DescribeModelPackage", ModelPackageName=VERSION)
    card = {"ModelCardContent": json.dumps(CARD), "ModelCardStatus": "Draft"}
    assert {name: described[name] for name in version} == {**version, "ModelCard": card}


def test_a_group_has_its_description_tags_and_policy(service: Service, planted: Any) -> None:
    planted(
        group(
            ModelPackageGroupDescription="Who may leave",
            Tags={"team": "growth"},
            ResourcePolicy=POLICY,
        )
    )
    described = ask(service, "DescribeModelPackageGroup", ModelPackageGroupName="churn")
    policy = ask(service, "GetModelPackageGroupPolicy", ModelPackageGroupName="churn")
    tags = ask(service, "ListTags", ResourceArn=GROUP)
    assert described["ModelPackageGroupDescription"] == "Who may leave"
    assert json.loads(policy["ResourcePolicy"]) == POLICY
    assert tags == {"Tags": [{"Key": "team", "Value": "growth"}]}


CHANGES: dict[str, tuple[Members, Members]] = {
    "ModelApprovalStatus": ({}, {"ModelApprovalStatus": "Rejected"}),
    "ApprovalDescription": ({"ApprovalDescription": "a"}, {"ApprovalDescription": "b"}),
    "ModelLifeCycle": (
        {"ModelLifeCycle": {"Stage": "S", "StageStatus": "a", "StageDescription": "gone"}},
        {"ModelLifeCycle": {"Stage": "S", "StageStatus": "a"}},
    ),
    "InferenceSpecification": (
        {"InferenceSpecification": SPECIFICATION},
        {"InferenceSpecification": {**SPECIFICATION, "Containers": [{"Image": f"{IMAGE}:2"}]}},
    ),
    "SourceUri": ({"SourceUri": "s3://a"}, {"SourceUri": "s3://b"}),
    "ModelPackageRegistrationType": ({}, {"ModelPackageRegistrationType": "Registered"}),
    "ModelCard": (
        {"ModelCard": {"ModelCardContent": CARD, "ModelCardStatus": "Draft"}},
        {"ModelCard": {"ModelCardContent": json.dumps(CARD), "ModelCardStatus": "Approved"}},
    ),
}


@pytest.mark.parametrize("member", CHANGES)
def test_what_can_be_changed_is_brought_up_to_date(
    member: str, service: Service, planted: Any
) -> None:
    before, after = CHANGES[member]
    planted(group(before))
    assert planted(group(after)).resources == (
        PlantedResource(GROUP, "unchanged"),
        PlantedResource(VERSION, "changed", (member,)),
    )
    described = ask(service, "DescribeModelPackage", ModelPackageName=VERSION)
    assert described[member] == after[member]
    assert {each.outcome for each in planted(group(after)).resources} == {"unchanged"}


def test_what_a_seed_does_not_name_stays(service: Service, planted: Any) -> None:
    named = {"Name": "nightly", **SPECIFICATION}
    first = {
        "CustomerMetadataProperties": {"a": "1", "b": "2"},
        "AdditionalInferenceSpecifications": [named],
        "ApprovalDescription": "kept",
    }
    planted(group(first, {}, Tags={"a": "1", "b": "2"}, ResourcePolicy=POLICY))
    other = {**named, "Name": "weekly"}
    second = {
        "CustomerMetadataProperties": {"b": "3"},
        "AdditionalInferenceSpecifications": [other],
    }
    assert planted(group(second, Tags={"b": "3", "c": "4"})).resources == (
        PlantedResource(GROUP, "changed", ("Tags",)),
        PlantedResource(
            VERSION, "changed", ("CustomerMetadataProperties", "AdditionalInferenceSpecifications")
        ),
    )
    described = ask(service, "DescribeModelPackage", ModelPackageName=VERSION)
    tags = ask(service, "ListTags", ResourceArn=GROUP)["Tags"]
    assert described["CustomerMetadataProperties"] == {"a": "1", "b": "3"}
    assert described["AdditionalInferenceSpecifications"] == [named, other]
    assert described["ApprovalDescription"] == "kept"
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"a": "1", "b": "3", "c": "4"}


ADDED: dict[str, Members] = {
    "the digest of an image": additional(f"{IMAGE}@sha256:{'1' * 64}"),
    "a key that is none": {
        "ValidationSpecification": {
            "ValidationRole": f"arn:aws:iam::{ACCOUNT}:role/validation",
            "ValidationProfiles": [
                {
                    "ProfileName": "small",
                    "TransformJobDefinition": {
                        "TransformInput": {
                            "DataSource": {
                                "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://in"}
                            }
                        },
                        "TransformOutput": {"S3OutputPath": "s3://out"},
                        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
                    },
                }
            ],
        }
    },
    "the status of a card": {"ModelCard": {"ModelCardContent": CARD}},
    "that it is not for Marketplace": {"Domain": "OTHER"},
}


@pytest.mark.parametrize("what", ADDED)
@pytest.mark.parametrize("kind", ["version", "package"])
def test_what_sagemaker_adds_is_no_difference(
    what: str, kind: str, service: Service, planted: Any
) -> None:
    package = {"ModelPackageName": "market", **ADDED[what]}
    content = group(ADDED[what]) if kind == "version" else {"packages": [package]}
    planted(content)
    before = stored(service)
    assert {each.outcome for each in planted(content).resources} == {"unchanged"}
    assert stored(service) == before


def test_a_policy_is_put_only_when_it_says_something_else(service: Service, planted: Any) -> None:
    planted(group(ResourcePolicy=POLICY))
    before = stored(service)
    assert planted(group(ResourcePolicy=json.dumps(POLICY, indent=2))).arns("unchanged") == (GROUP,)
    assert stored(service) == before
    other = {**POLICY, "Version": "2008-10-17"}
    changed = PlantedResource(GROUP, "changed", ("ResourcePolicy",))
    assert planted(group(ResourcePolicy=other)).resources == (changed,)


def test_versions_are_added_to_those_that_are_there(planted: Any) -> None:
    planted(group({}))
    assert planted(group({}, {}, {})).arns("made") == (
        f"{ARN}model-package/churn/2",
        f"{ARN}model-package/churn/3",
    )


def test_more_than_a_page_of_versions_is_found_again(planted: Any) -> None:
    versions = [{"ModelPackageDescription": str(number)} for number in range(105)]
    planted(group(*versions))
    assert len(planted(group(*versions)).arns("unchanged")) == 106


def test_several_seeds_are_compared_before_the_first_is_planted(
    service: Service, model: ServiceModel, tmp_path: Path, planted: Any
) -> None:
    planted(group(ModelPackageGroupDescription="a"))
    before = stored(service)
    paths = tmp_path / "one.yaml", tmp_path / "two.yaml"
    paths[0].write_text("groups: [{ModelPackageGroupName: new}]")
    paths[1].write_text("groups: [{ModelPackageGroupName: churn, ModelPackageGroupDescription: b}]")
    seeds = [read_seed(path, model) for path in paths]
    with pytest.raises(SeedError, match=r"two\.yaml cannot be planted: line 1, "):
        plant_all(seeds, calls_of(service), account=ACCOUNT, region=REGION)
    assert stored(service) == before


def test_a_later_seed_goes_on_from_an_earlier_one(
    service: Service, model: ServiceModel, tmp_path: Path
) -> None:
    paths = tmp_path / "one.yaml", tmp_path / "two.yaml"
    paths[0].write_text("groups: [{ModelPackageGroupName: churn, versions: [{}]}]")
    paths[1].write_text("groups: [{ModelPackageGroupName: churn, versions: [{}, {}]}]")
    seeds = [read_seed(path, model) for path in paths]
    _, second = plant_all(seeds, calls_of(service), account=ACCOUNT, region=REGION)
    assert second.resources == (
        PlantedResource(GROUP, "unchanged"),
        PlantedResource(VERSION, "unchanged"),
        PlantedResource(f"{ARN}model-package/churn/2", "made"),
    )


def test_an_app_has_its_seeds_from_the_start(
    model: ServiceModel, clock: TickingClock, tmp_path: Path
) -> None:
    settings = Settings(
        db=":memory:", account_id="111122223333", seeds=(written(tmp_path, group({})),)
    )
    service = create_service(settings, model=model, clock=clock)
    client = create_app(settings, service=service).test_client()
    answer = client.post(
        "/",
        json={"ModelPackageGroupName": "churn"},
        headers={"X-Amz-Target": "SageMaker.ListModelPackages"},
    )
    arn = answer.get_json(force=True)["ModelPackageSummaryList"][0]["ModelPackageArn"]
    service.close()
    assert arn == "arn:aws:sagemaker:us-east-1:111122223333:model-package/churn/1"


def test_a_broken_seed_opens_no_database(tmp_path: Path) -> None:
    seeds = (FIXTURES / "seeds" / "churn.yaml", written(tmp_path, {"group": []}))
    with pytest.raises(SeedError, match="perhaps groups is meant"):
        create_service(Settings(db=tmp_path / "new" / "sagemock.db", seeds=seeds))
    assert not (tmp_path / "new").exists()


def test_model_data_may_lie_in_files_where_the_server_allows_it(tmp_path: Path) -> None:
    container = {"Image": f"{IMAGE}:1", "ModelDataUrl": "file:///models/1"}
    seed = written(
        tmp_path, group({"InferenceSpecification": {**SPECIFICATION, "Containers": [container]}})
    )
    create_service(Settings(db=":memory:", seeds=(seed,), allow_file_urls=True)).close()
    with pytest.raises(SeedError, match=r"Containers\[0\]\.ModelDataUrl: Value 'file:///models/1'"):
        create_service(Settings(db=":memory:", seeds=(seed,)))


def test_an_error_of_the_call_that_is_no_refusal_goes_through(
    model: ServiceModel, tmp_path: Path
) -> None:
    def call(*_: object) -> Members:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - it has no message
        plant(read_seed(written(tmp_path, group()), model), call, account=ACCOUNT, region=REGION)


def test_a_refusal_of_a_question_is_told(model: ServiceModel, tmp_path: Path) -> None:
    def call(*_: object) -> Members:
        raise SageMakerError

    said = "line 3, groups.0.: DescribeModelPackageGroup is refused, SageMakerError: no reason"
    with pytest.raises(SeedError, match=said):
        plant(read_seed(written(tmp_path, group()), model), call, account=ACCOUNT, region=REGION)


POLICY_HERE = {
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"},
        "Action": "*",
        "Resource": (
            "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:"
            "model-package-group/churn"
        ),
    }
}


def test_texts_can_name_the_account_and_region_that_are_planted_in(
    service: Service, model: ServiceModel, tmp_path: Path
) -> None:
    seed = read_seed(written(tmp_path, group(ResourcePolicy=POLICY_HERE)), model)
    where = "111122223333", "cn-north-1"
    for outcome in ("made", "unchanged"):
        planted = plant(seed, calls_of(service), account=where[0], region=where[1])
        assert [each.outcome for each in planted.resources] == [outcome]
    key = {"ModelPackageGroupName": "churn"}
    answer = calls_of(service)("GetModelPackageGroupPolicy", key, *where)
    statement = json.loads(answer["ResourcePolicy"])["Statement"]
    arn = "arn:aws-cn:sagemaker:cn-north-1:111122223333:model-package-group/churn"
    assert (statement["Principal"], statement["Resource"]) == (
        {"AWS": "arn:aws-cn:iam::111122223333:root"},
        arn,
    )


def test_a_seed_can_be_planted_elsewhere_than_its_file_says(
    service: Service, model: ServiceModel, tmp_path: Path
) -> None:
    content = {"account": "999999999999", **group(ResourcePolicy=POLICY_HERE)}
    seed = read_seed(written(tmp_path, content), model).into(ACCOUNT, REGION)
    planted = plant(seed, calls_of(service), account="000000000000", region="eu-west-1")
    assert planted.resources == made(GROUP)


def test_an_account_that_is_the_servers_to_know_is_asked_for(
    service: Service, model: ServiceModel, tmp_path: Path
) -> None:
    seed = read_seed(written(tmp_path, group({"SourceUri": "${AWS::AccountId}"})), model)
    said = r"line 7, groups\[0\]\.versions\[0\]\.SourceUri: \$\{AWS::AccountId\} stands for what"
    with pytest.raises(SeedError, match=said):
        plant(seed, calls_of(service), account="", region=REGION)
