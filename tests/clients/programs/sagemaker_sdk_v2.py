"""The SageMaker Python SDK v2 as a user's script calls it: one part of its story per run.

S3 and Resource Groups are moto's, served beside; all else goes to SageMaker.
"""

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

with contextlib.redirect_stdout(sys.stderr):  # The SDK logs to what it finds when it is imported.
    from sagemaker import Model, ModelPackage, PipelineModel, Session
    from sagemaker.collection import Collection
    from sagemaker.container_base_model import ContainerBaseModel
    from sagemaker.drift_check_baselines import DriftCheckBaselines
    from sagemaker.metadata_properties import MetadataProperties
    from sagemaker.model_card import ModelPackageModelCard
    from sagemaker.model_life_cycle import ModelLifeCycle
    from sagemaker.model_metrics import FileSource, MetricsSource, ModelMetrics
    from sagemaker.sklearn import SKLearnModel

sys.excepthook = sys.__excepthook__  # The SDK's own draws errors on standard output.

# A full ARN: the SDK would ask IAM for the ARN of a name.
ROLE = "arn:aws:iam::123456789012:role/churn"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
DATA = "s3://models/churn/model.tar.gz"
CONTAINER = {"Image": IMAGE, "ModelDataUrl": DATA}


def group_made(session: Any) -> Any:
    """A group is made by the first registration in it, and found by the second."""
    session.sagemaker_client.create_model_package_group(ModelPackageGroupName="churn-eu")
    sent = sent_by(session)
    versions = [
        session.create_model_package_from_containers(
            containers=[CONTAINER], model_package_group_name="churn"
        )["ModelPackageArn"]
        for _ in range(2)
    ]
    return {"versions": versions, "sent": list(sent), "groups": groups(session)}


def group_made_meanwhile(session: Any) -> Any:
    """Somebody else makes the group after this one has looked for it."""
    other = boto3.client("sagemaker")
    session.sagemaker_client.meta.events.register(
        "after-call.sagemaker.Search",
        lambda **_: other.create_model_package_group(ModelPackageGroupName="churn"),
    )
    sent = sent_by(session)
    package = model(session).register(model_package_group_name="churn")
    return {"version": package.model_package_arn, "sent": sent}


def group_by_arn(session: Any) -> Any:
    """A group given by its ARN is neither looked for nor made."""
    client = session.sagemaker_client
    group = client.create_model_package_group(ModelPackageGroupName="churn")["ModelPackageGroupArn"]
    sent = sent_by(session)
    package = model(session).register(model_package_group_name=group)
    missing = refused(lambda: model(session).register(model_package_group_name=f"{group}-eu"))
    return {"version": package.model_package_arn, "missing": missing, "sent": sent}


def group_of_the_image(session: Any) -> Any:
    """Without any name the group is called as the image is."""
    package = model(session).register()
    return {"version": package.model_package_arn, "groups": groups(session)}


def everything(session: Any) -> Any:
    """All that `register` can say of a version."""
    package = model(session).register(
        content_types=["text/csv"],
        response_types=["application/json"],
        inference_instances=["ml.m5.large"],
        transform_instances=["ml.m5.xlarge"],
        model_package_group_name="churn",
        model_metrics=ModelMetrics(
            model_statistics=metrics("statistics"),
            model_constraints=metrics("constraints"),
            model_data_statistics=metrics("data-statistics"),
            model_data_constraints=metrics("data-constraints"),
            bias=metrics("bias"),
            explainability=metrics("explainability"),
            bias_pre_training=metrics("bias-before"),
            bias_post_training=metrics("bias-after"),
        ),
        metadata_properties=MetadataProperties(
            commit_id="0a1b2c", repository="churn", generated_by="ana", project_id="p-1"
        ),
        approval_status="Approved",
        description="Who is about to leave",
        drift_check_baselines=DriftCheckBaselines(
            model_statistics=metrics("drift-statistics"),
            bias_config_file=FileSource("s3://models/churn/bias.json"),
        ),
        customer_metadata_properties={"trained-by": "ana"},
        domain="MACHINE_LEARNING",
        task="CLASSIFICATION",
        sample_payload_url="s3://models/churn/payload.tar.gz",
        framework="XGBOOST",
        framework_version="1.7",
        nearest_model_name="xgboost",
        data_input_configuration='{"shape": [1, 4]}',
        skip_model_validation="All",
        model_card=card("Draft", description="Logistic regression"),
        model_life_cycle=ModelLifeCycle("Staging", "Pending", "Waits for legal"),
        model_package_registration_type="Registered",
        base_model=ContainerBaseModel("forest", "1.0.0", "small"),
    )
    return described(package)


def folder(session: Any) -> Any:
    """A model that is a folder in S3, not a file."""
    where = {"S3Uri": "s3://models/churn/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    uncompressed = Model(IMAGE, {"S3DataSource": where}, ROLE, sagemaker_session=session)
    package = uncompressed.register(model_package_group_name="churn")
    return described(package)["InferenceSpecification"]["Containers"]


def unversioned(session: Any) -> Any:
    """A package of its own name, validated and waited for."""
    model(session).register(
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.m5.large"],
        transform_instances=["ml.m5.large"],
        model_package_name="churn",
        marketplace_cert=True,
        validation_specification={
            "ValidationRole": ROLE,
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
                            },
                        },
                        "TransformOutput": {"S3OutputPath": "s3://models/churn/out"},
                        "TransformResources": {"InstanceCount": 1, "InstanceType": "ml.m5.large"},
                    },
                }
            ],
        },
    )
    return plain(session.wait_for_model_package("churn", poll=0))


def from_algorithm(session: Any) -> Any:
    """A package made from an algorithm is made once: the SDK goes on with the one that exists."""
    algorithm = "arn:aws:sagemaker:us-east-1:123456789012:algorithm/forest"
    sent = sent_by(session)
    for _ in range(2):
        session.create_model_package_from_algorithm("churn", "From a forest", algorithm, DATA)
    package = session.sagemaker_client.describe_model_package(ModelPackageName="churn")
    return {"sent": sent, "algorithms": package["SourceAlgorithmSpecification"]["SourceAlgorithms"]}


def approval(session: Any) -> Any:
    """Versions approved and rejected, and each time the newest approved one."""
    group = session.sagemaker_client.create_model_package_group(ModelPackageGroupName="churn")
    packages = [model(session).register(model_package_group_name="churn") for _ in range(3)]

    def newest(group: str = "churn") -> Any:
        found = session.get_most_recently_created_approved_model_package(group)
        return found and found.model_package_arn

    seen = [newest()]
    packages[0].update_approval_status("Approved", approval_description="Good enough")
    seen.append(newest())
    packages[2].update_approval_status("Approved")
    seen.append(newest(group["ModelPackageGroupArn"]))
    packages[2].update_approval_status("Rejected", approval_description="Leaks the target")
    seen.append(newest())
    fields = ("ModelApprovalStatus", "ApprovalDescription")
    reviews = [{name: described(each).get(name) for name in fields} for each in packages]
    return {"newest": seen, "reviews": reviews}


def metadata(session: Any) -> Any:
    """Customer metadata added, overwritten and removed; the life cycle moved on."""
    package = model(session).register(
        model_package_group_name="churn",
        customer_metadata_properties={"trained-by": "ana", "ticket": "1"},
    )
    package.update_customer_metadata({"ticket": "2", "region": "eu"})
    updated = described(package)["CustomerMetadataProperties"]
    package.remove_customer_metadata_properties(["ticket"])
    removed = described(package)["CustomerMetadataProperties"]
    # The method passes an object on as it is; only its request is understood by the client.
    package.update_model_life_cycle(ModelLifeCycle("Production", "Ready")._to_request_dict())
    return {
        "updated": updated,
        "removed": removed,
        "life_cycle": described(package)["ModelLifeCycle"],
        "again": refused(lambda: package.remove_customer_metadata_properties(["ticket"])),
    }


def specifications(session: Any) -> Any:
    """Inference specifications replaced, and added by image and by container."""
    package = model(session).register(model_package_group_name="churn")
    package.update_inference_specification(
        containers=[CONTAINER | {"ModelDataUrl": f"{DATA}.2"}],
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.m5.large"],
        transform_instances=["ml.m5.large"],
    )
    package.add_inference_specification("edge", image_uris=[f"{IMAGE}-edge"])
    package.add_inference_specification(
        "gpu",
        containers=[CONTAINER],
        description="For many at once",
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.g5.xlarge"],
        transform_instances=["ml.g5.xlarge"],
    )
    seen = described(package)
    package.update_inference_specification(image_uris=[f"{IMAGE}.2"])
    return {
        "inference": seen["InferenceSpecification"],
        "additional": seen["AdditionalInferenceSpecifications"],
        "replaced": described(package)["InferenceSpecification"],
        "twice": refused(lambda: package.add_inference_specification("gpu", image_uris=[IMAGE])),
    }


def sources(session: Any) -> Any:
    """Versions that come from another one, or from elsewhere."""
    origin = model(session).register(model_package_group_name="churn", content_types=["text/csv"])
    sent = sent_by(session)
    clone = model(session).register(
        model_package_group_name="churn-eu", source_uri=origin.model_package_arn
    )
    clone_sent = list(sent)
    sent.clear()
    elsewhere = model(session).register(
        model_package_group_name="churn", source_uri="https://example.com/churn.git"
    )
    elsewhere_sent = list(sent)
    made = session.create_model_package_from_containers(
        model_package_group_name="churn", source_uri="s3://models/churn"
    )
    bare = ModelPackage(model_package_arn=made["ModelPackageArn"], sagemaker_session=session)
    gone = f"{origin.model_package_arn}99"
    fields = ("SourceUri", "InferenceSpecification")

    def source(package: Any) -> Any:
        return {name: described(package).get(name) for name in fields}

    seen = {"clone": source(clone), "elsewhere": source(elsewhere), "bare": source(bare)}
    bare.update_source_uri(origin.model_package_arn)
    return seen | {
        "clone_sent": clone_sent,
        "elsewhere_sent": elsewhere_sent,
        "updated": source(bare),
        "gone": refused(
            lambda: model(session).register(model_package_group_name="churn", source_uri=gone)
        ),
    }


def model_card(session: Any) -> Any:
    """A card given later, then its status alone, then its content alone."""
    package = model(session).register(model_package_group_name="churn")
    package.update_model_card(card("Draft", description="First"))
    seen = [described(package)["ModelCard"]]
    package.update_model_card(card("Approved", description="First"))
    seen.append(described(package)["ModelCard"])
    package.update_model_card(card("Approved", description="Second"))
    seen.append(described(package)["ModelCard"])
    package.update_model_card(ModelPackageModelCard(model_card_status="Archived"))
    seen.append(described(package)["ModelCard"])
    archived = refused(lambda: package.update_model_card(card("Archived", description="Third")))
    return {"cards": seen, "archived": archived}


def collection(session: Any) -> Any:
    """Groups in a collection, which is a resource group of what has its tag."""
    for name in ("churn", "fraud"):
        session.sagemaker_client.create_model_package_group(ModelPackageGroupName=name)
    collections = Collection(session)
    collections.create("growth")
    added = collections.add_model_groups("growth", ["churn", "fraud", "nope"])
    key = collections._get_collection_tag_rule("growth")["tag_rule_key"]
    filters = [{"Name": f"Tags.{key}", "Operator": "Equals", "Value": "growth"}]

    def inside() -> Any:
        return groups(session, {"Filters": filters})

    before = inside()
    removed = collections.remove_model_groups("growth", ["fraud"])
    return {"added": added, "before": before, "removed": removed, "after": inside()}


def script(session: Any) -> Any:
    """Models with a script: the SDK puts it into S3 and registers where it lies."""
    Path("inference.py").write_text("def model_fn(folder): ...\n")
    forest = SKLearnModel(
        DATA,
        ROLE,
        "inference.py",
        framework_version="1.2-1",
        name="forest",
        sagemaker_session=session,
    )
    alone = forest.register(model_package_group_name="churn", inference_instances=["ml.m5.large"])
    PipelineModel([forest, model(session)], ROLE, sagemaker_session=session).register(
        ["text/csv"], ["text/csv"], ["ml.m5.large"], model_package_group_name="both"
    )
    both = ModelPackage(
        model_package_arn=alone.model_package_arn.replace("churn", "both"),
        sagemaker_session=session,
    )
    bucket = session.boto_session.resource("s3").Bucket("models")
    return {
        "alone": described(alone)["InferenceSpecification"]["Containers"],
        "both": described(both)["InferenceSpecification"]["Containers"],
        "stored": sorted(f"s3://models/{each.key}" for each in bucket.objects.all()),
    }


def model(session: Any) -> Any:
    return Model(IMAGE, DATA, ROLE, sagemaker_session=session)


def metrics(name: str) -> Any:
    return MetricsSource("application/json", f"s3://models/churn/{name}.json")


def card(status: str, *, description: str) -> Any:
    content = {"additional_information": {"caveats_and_recommendations": description}}
    return ModelPackageModelCard(model_card_content=content, model_card_status=status)


def described(package: Any) -> Any:
    client = package.sagemaker_session.sagemaker_client
    return plain(client.describe_model_package(ModelPackageName=package.model_package_arn))


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without what differs in each run, which must be times."""
    times = [answer.pop(name) for name in ("CreationTime", "LastModifiedTime") if name in answer]
    assert all(time.tzinfo for time in times)
    del answer["ResponseMetadata"]
    return answer


def groups(session: Any, expression: Any = None) -> list[str]:
    found = session.search("ModelPackageGroup", expression, sort_by="ModelPackageGroupName")
    return [each["ModelPackageGroup"]["ModelPackageGroupName"] for each in found["Results"]]


def sent_by(session: Any) -> list[str]:
    """The operations that are sent from now on."""
    sent: list[str] = []
    session.sagemaker_client.meta.events.register(
        "before-call.sagemaker", lambda model, **_: sent.append(model.name)
    )
    return sent


def refused(call: Callable[[], Any]) -> str | None:
    """What a call is refused with; None if it is not."""
    try:
        call()
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return None


def main(part: str) -> None:
    with contextlib.redirect_stdout(sys.stderr):
        # The SDK would ask STS, always on the internet, for the name of a default bucket.
        seen = globals()[part](Session(boto3.Session(), default_bucket="models"))
    json.dump(seen, sys.stdout)


main(sys.argv[1])
