"""The SageMaker Python SDK, version 2: registration, review, cards, collections, scripts in S3."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sdk_v2
from client_programs import run_python
from expected import GROUP, REGISTRY, VERSION_1

from sagemock import RunningServer

pytestmark = pytest.mark.clients
CLIENT = sdk_v2.CLIENT

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
DATA = "s3://models/churn/model.tar.gz"
CONTAINER = {"Image": IMAGE, "ModelDataUrl": DATA}
# A `Model` always names its variables, even if it has none.
REGISTERED: dict[str, Any] = CONTAINER | {"Environment": {}}

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def python() -> Path:
    return sdk_v2.sdk_python()


@pytest.fixture
def run(server: RunningServer, python: Path, tmp_path: Path) -> Run:
    variables = sdk_v2.sdk_variables(server.url, tmp_path)

    def run(part: str, **beside: str) -> Any:
        return run_python(
            python, "sagemaker_sdk_v2.py", part, variables=variables | beside, folder=tmp_path
        )

    return run


@pytest.fixture
def moto(python: Path, tmp_path: Path) -> Iterator[str]:
    with sdk_v2.moto_beside(python, tmp_path) as url:
        yield url


def test_the_first_registration_makes_the_group_and_the_second_finds_it(run: Run) -> None:
    assert run("group_made") == {
        "versions": [f"{REGISTRY}:model-package/churn/{number}" for number in (1, 2)],
        "sent": [
            *("Search", "CreateModelPackageGroup", "CreateModelPackage"),
            *("Search", "CreateModelPackage"),
        ],
        "groups": ["churn-eu", "churn"],
    }


def test_a_group_that_somebody_else_makes_meanwhile_is_taken(run: Run) -> None:
    assert run("group_made_meanwhile") == {
        "version": VERSION_1,
        "sent": ["Search", "CreateModelPackageGroup", "CreateModelPackage"],
    }


def test_a_group_given_by_arn_is_neither_looked_for_nor_made(run: Run) -> None:
    assert run("group_by_arn") == {
        "version": VERSION_1,
        "missing": "ValidationException: Model Package Group does not exist.",
        "sent": ["CreateModelPackage", "CreateModelPackage"],
    }


def test_a_registration_without_names_makes_a_group_named_after_the_image(run: Run) -> None:
    assert run("group_of_the_image") == {"version": VERSION_1, "groups": ["churn"]}


def test_all_that_a_registration_says_is_described(run: Run) -> None:
    version = run("everything")
    del version["CreatedBy"]
    assert version == {
        "ModelPackageGroupName": "churn",
        "ModelPackageVersion": 1,
        "ModelPackageArn": VERSION_1,
        "ModelPackageDescription": "Who is about to leave",
        "ModelPackageRegistrationType": "Registered",
        "InferenceSpecification": {
            "Containers": [
                REGISTERED
                | {
                    "ModelInput": {"DataInputConfig": '{"shape": [1, 4]}'},
                    "Framework": "XGBOOST",
                    "FrameworkVersion": "1.7",
                    "NearestModelName": "xgboost",
                    "BaseModel": {
                        "HubContentName": "forest",
                        "HubContentVersion": "1.0.0",
                        "RecipeName": "small",
                    },
                }
            ],
            "SupportedTransformInstanceTypes": ["ml.m5.xlarge"],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": False,
        "ModelApprovalStatus": "Approved",
        "MetadataProperties": {
            "CommitId": "0a1b2c",
            "Repository": "churn",
            "GeneratedBy": "ana",
            "ProjectId": "p-1",
        },
        "ModelMetrics": {
            "ModelQuality": {
                "Statistics": metrics("statistics"),
                "Constraints": metrics("constraints"),
            },
            "ModelDataQuality": {
                "Statistics": metrics("data-statistics"),
                "Constraints": metrics("data-constraints"),
            },
            "Bias": {
                "Report": metrics("bias"),
                "PreTrainingReport": metrics("bias-before"),
                "PostTrainingReport": metrics("bias-after"),
            },
            "Explainability": {"Report": metrics("explainability")},
        },
        "DriftCheckBaselines": {
            "Bias": {"ConfigFile": {"S3Uri": "s3://models/churn/bias.json"}},
            "ModelQuality": {"Statistics": metrics("drift-statistics")},
        },
        "Domain": "MACHINE_LEARNING",
        "Task": "CLASSIFICATION",
        "SamplePayloadUrl": "s3://models/churn/payload.tar.gz",
        "CustomerMetadataProperties": {"trained-by": "ana"},
        "SkipModelValidation": "All",
        "ModelCard": card("Draft", "Logistic regression"),
        "ModelLifeCycle": {
            "Stage": "Staging",
            "StageStatus": "Pending",
            "StageDescription": "Waits for legal",
        },
    }


def test_a_model_that_is_a_folder_keeps_its_data_source(run: Run) -> None:
    where = {"S3Uri": "s3://models/churn/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    assert run("folder") == [
        {"Image": IMAGE, "ModelDataSource": {"S3DataSource": where}, "Environment": {}}
    ]


def test_an_unversioned_package_is_validated_when_it_is_waited_for(run: Run) -> None:
    package = run("unversioned")
    del package["CreatedBy"]
    assert package == {
        "ModelPackageName": "churn",
        "ModelPackageArn": f"{REGISTRY}:model-package/churn",
        "InferenceSpecification": {
            "Containers": [CONTAINER],
            "SupportedTransformInstanceTypes": ["ml.m5.large"],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        "ValidationSpecification": {
            "ValidationRole": "arn:aws:iam::123456789012:role/churn",
            "ValidationProfiles": [
                {
                    "ProfileName": "csv",
                    "TransformJobDefinition": {
                        "TransformInput": {
                            "DataSource": {
                                "S3DataSource": {
                                    "S3DataType": "S3Prefix",
                                    "S3Uri": "s3://models/churn/in",
                                }
                            }
                        },
                        "TransformOutput": {
                            "S3OutputPath": "s3://models/churn/out",
                            "KmsKeyId": "",
                        },
                        "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
                    },
                }
            ],
        },
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {
            "ValidationStatuses": [{"Name": "csv", "Status": "Completed"}],
            "ImageScanStatuses": [],
        },
        "CertifyForMarketplace": True,
        "SkipModelValidation": "None",
    }


def test_a_package_made_again_from_an_algorithm_is_the_one_that_exists(run: Run) -> None:
    algorithm = f"{REGISTRY}:algorithm/forest"
    assert run("from_algorithm") == {
        "sent": ["CreateModelPackage", "CreateModelPackage", "DescribeModelPackage"],
        "algorithms": [{"AlgorithmName": algorithm, "ModelDataUrl": DATA}],
    }


def test_the_newest_approved_version_follows_the_reviews(run: Run) -> None:
    third = f"{REGISTRY}:model-package/churn/3"
    assert run("approval") == {
        "newest": [None, VERSION_1, third, VERSION_1],
        "reviews": [
            {"ModelApprovalStatus": "Approved", "ApprovalDescription": "Good enough"},
            {"ModelApprovalStatus": "PendingManualApproval", "ApprovalDescription": None},
            {"ModelApprovalStatus": "Rejected", "ApprovalDescription": "Leaks the target"},
        ],
    }


def test_customer_metadata_is_merged_and_removed_and_the_life_cycle_moves_on(run: Run) -> None:
    assert run("metadata") == {
        "updated": {"trained-by": "ana", "ticket": "2", "region": "eu"},
        "removed": {"trained-by": "ana", "region": "eu"},
        "life_cycle": {"Stage": "Production", "StageStatus": "Ready"},
        "again": None,
    }


def test_inference_specifications_are_replaced_and_added(run: Run) -> None:
    seen = run("specifications")
    assert seen.pop("twice").startswith("ValidationException: ")
    assert seen == {
        "inference": {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": f"{DATA}.2"}],
            "SupportedTransformInstanceTypes": ["ml.m5.large"],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        "additional": [
            {"Name": "edge", "Containers": [{"Image": f"{IMAGE}-edge"}]},
            {
                "Name": "gpu",
                "Description": "For many at once",
                "Containers": [CONTAINER],
                "SupportedTransformInstanceTypes": ["ml.g5.xlarge"],
                "SupportedRealtimeInferenceInstanceTypes": ["ml.g5.xlarge"],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        ],
        "replaced": {"Containers": [{"Image": f"{IMAGE}.2"}]},
    }


def test_a_version_can_come_from_another_one_or_from_elsewhere(run: Run) -> None:
    origin = {"Containers": [REGISTERED], "SupportedContentTypes": ["text/csv"]}
    assert run("sources") == {
        "clone": {"SourceUri": VERSION_1, "InferenceSpecification": origin},
        "clone_sent": ["Search", "CreateModelPackageGroup", "CreateModelPackage"],
        "elsewhere": {
            "SourceUri": "https://example.com/churn.git",
            "InferenceSpecification": {"Containers": [REGISTERED]},
        },
        "elsewhere_sent": ["Search", "CreateModelPackage", "UpdateModelPackage"],
        "bare": {"SourceUri": "s3://models/churn", "InferenceSpecification": None},
        "updated": {"SourceUri": VERSION_1, "InferenceSpecification": origin},
        "gone": f"ValidationException: ModelPackage {VERSION_1}99 does not exist.",
    }


def test_a_cards_status_and_content_change_one_by_one_until_it_is_archived(run: Run) -> None:
    assert run("model_card") == {
        "cards": [
            card("Draft", "First"),
            card("Approved", "First"),
            card("Approved", "Second"),
            card("Archived", "Second"),
        ],
        "archived": "ValidationException: Model Card is in Archived state",
    }


def test_groups_are_put_into_a_collection_and_taken_out(run: Run, moto: str) -> None:
    missing = GROUP.replace("churn", "nope")
    assert run("collection", AWS_ENDPOINT_URL_RESOURCE_GROUPS=moto) == {
        "added": {
            "added_groups": ["churn", "fraud"],
            "failure": [
                {
                    "model_group": "nope",
                    "failure_reason": f"ModelPackageGroup {missing} does not exist.",
                }
            ],
        },
        "before": ["fraud", "churn"],
        "removed": {"removed_groups": ["fraud"], "failure": []},
        "after": ["churn"],
    }


def test_models_with_a_script_are_registered_with_where_it_lies_in_s3(run: Run, moto: str) -> None:
    source = "s3://models/forest/sourcedir.tar.gz"
    forest = {
        # The SDK knows this account of AWS.
        "Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/"
        "sagemaker-scikit-learn:1.2-1-cpu-py3",
        "ModelDataUrl": DATA,
        "Environment": {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": source,
            "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
            "SAGEMAKER_REGION": "us-east-1",
        },
    }
    assert run("script", AWS_ENDPOINT_URL_S3=moto) == {
        "alone": [forest | {"Framework": "SKLEARN"}],
        "both": [forest, REGISTERED],
        "stored": [source],
    }


def metrics(name: str) -> dict[str, str]:
    return {"ContentType": "application/json", "S3Uri": f"s3://models/churn/{name}.json"}


def card(status: str, caveats: str) -> dict[str, str]:
    """A card as the SDK writes it, blanks and all: the server keeps it to the letter."""
    return {
        "ModelCardStatus": status,
        "ModelCardContent": '{"additional_information": {"caveats_and_recommendations": '
        f'"{caveats}"' + "}}",
    }
