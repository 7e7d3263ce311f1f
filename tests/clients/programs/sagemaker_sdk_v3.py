"""sagemaker-core, the resource classes of the SageMaker Python SDK v3: one part of a story per run.

What it does wrong by itself is left as it is: `create` of a version ends in an error after the
server made it, and `delete` of one forgets its ARN.
"""

import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

with contextlib.redirect_stdout(sys.stderr):  # The SDK draws its progress there.
    from sagemaker.core import shapes
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.model_registry import create_model_package_from_containers
    from sagemaker.core.resources import ModelPackage, ModelPackageGroup, Tag
    from sagemaker.core.utils.utils import Unassigned

VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/{number}"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
DATA = "s3://models/churn/model.tar.gz"
CONTAINER = {"Image": IMAGE, "ModelDataUrl": DATA}
# Of two shapes of this name resources know the model card's only: it has no content types.
INFERENCE = shapes.InferenceSpecification(containers=[{"image": IMAGE, "model_data_url": DATA}])
AT_ONCE = {"poll": 0, "timeout": 10}


def group() -> Any:
    """A group from its creation until it is gone."""
    made = ModelPackageGroup.create(
        model_package_group_name="churn",
        model_package_group_description="Who is about to leave",
        tags=[shapes.Tag(key="team", value="growth")],
    )
    made.wait_for_status("Completed", **AT_ONCE)
    arn = made.model_package_group_arn
    again = refused(lambda: ModelPackageGroup.create(model_package_group_name="churn"))
    got = ModelPackageGroup.get(arn)
    Tag.add_tags(arn, [shapes.Tag(key="team", value="risk"), shapes.Tag(key="tier", value="1")])
    tags = [plain(tag) for tag in Tag.get_all(arn)]
    Tag.delete_tags(arn, ["team"])
    left = [plain(tag) for tag in Tag.get_all(arn)]
    made.delete()
    made.wait_for_delete(**AT_ONCE)
    return {
        "made": plain(made),
        "got": plain(got),
        "again": again,
        "tags": tags,
        "left": left,
        "gone": refused(made.refresh),
    }


def groups() -> Any:
    """All groups, over several pages, and none at all."""
    none = [each.model_package_group_name for each in ModelPackageGroup.get_all()]
    for number in range(12):
        ModelPackageGroup.create(model_package_group_name=f"churn-{number:02}")
    everything = ModelPackageGroup.get_all(sort_by="Name", sort_order="Descending")
    some = ModelPackageGroup.get_all(name_contains="-1")
    return {
        "none": none,
        "all": [each.model_package_group_name for each in everything],
        "some": [each.model_package_group_name for each in some],
    }


def policy() -> Any:
    """A group's policy, put, read and deleted."""
    made = ModelPackageGroup.create(model_package_group_name="churn")
    before = refused(made.get_policy)
    statement = {
        "Sid": "Read",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
        "Action": "sagemaker:DescribeModelPackageGroup",
        "Resource": made.model_package_group_arn,
    }
    made.put_policy(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    seen = json.loads(made.get_policy())
    made.delete_policy()
    return {"before": before, "statements": seen["Statement"], "after": refused(made.get_policy)}


def created() -> Any:
    """A version with what `create` can say of it."""
    churn = ModelPackageGroup.create(model_package_group_name="churn")
    report = shapes.MetricsSource(
        content_type="application/json", s3_uri="s3://models/churn/statistics.json"
    )
    failure = register(
        model_package_group_name=churn,
        model_package_description="Who is about to leave",
        model_approval_status="PendingManualApproval",
        inference_specification=INFERENCE,
        additional_inference_specifications=[specification("gpu")],
        metadata_properties=shapes.MetadataProperties(commit_id="0a1b2c", generated_by="ana"),
        model_metrics=shapes.ModelMetrics(model_quality=shapes.ModelQuality(statistics=report)),
        drift_check_baselines=shapes.DriftCheckBaselines(
            model_quality=shapes.DriftCheckModelQuality(statistics=report)
        ),
        customer_metadata_properties={"trained-by": "ana"},
        domain="MACHINE_LEARNING",
        task="CLASSIFICATION",
        skip_model_validation="All",
        model_card=card("Draft", "Logistic regression"),
        model_life_cycle=shapes.ModelLifeCycle(stage="Staging", stage_status="Pending"),
    )
    version = ModelPackage.get(VERSION.format(number=1))
    version.wait_for_status("Completed", **AT_ONCE)
    return {"failure": failure, "version": plain(version)}


def updated() -> Any:
    """A version changed in every way, and what another one sees of it after a refresh."""
    ModelPackageGroup.create(model_package_group_name="churn")
    register(
        model_package_group_name="churn",
        customer_metadata_properties={"trained-by": "ana", "ticket": "1"},
        model_card=card("Draft", "First"),
    )
    version = ModelPackage.get(VERSION.format(number=1))
    other = ModelPackage.get(VERSION.format(number=1))
    version.update(
        model_approval_status="Approved",
        approval_description="Good enough",
        customer_metadata_properties={"region": "eu"},
        customer_metadata_properties_to_remove=["ticket"],
        additional_inference_specifications_to_add=[specification("gpu")],
        source_uri="s3://models/churn",
        model_card=card("Approved", "Second"),
        model_life_cycle=shapes.ModelLifeCycle(stage="Production", stage_status="Ready"),
        model_package_registration_type="Registered",
    )
    before = other.model_approval_status
    other.refresh()
    whole = other.model_card.model_card_content
    other.refresh(included_data="MetadataOnly")
    return {
        "version": plain(version),
        "before": before,
        "after": other.model_approval_status,
        "card": whole,
        "metadata": other.model_card.model_card_content,
    }


def versions() -> Any:
    """All versions, over several pages; those approved; some by their ARNs."""
    ModelPackageGroup.create(model_package_group_name="churn")
    for _ in range(12):
        register(model_package_group_name="churn", inference_specification=INFERENCE)
    third = ModelPackage.get(VERSION.format(number=3))
    third.update(model_approval_status="Approved")
    batch = third.batch_get([third.model_package_arn, VERSION.format(number=99)])

    def numbers(**filters: Any) -> list[int]:
        found = ModelPackage.get_all(model_package_group_name="churn", **filters)
        return [each.model_package_version for each in found]

    return {
        "all": numbers(),
        "oldest_first": numbers(sort_order="Ascending"),
        "approved": numbers(model_approval_status="Approved"),
        "batch": {
            arn: summary.model_approval_status
            for arn, summary in batch.model_package_summaries.items()
        },
        "errors": {
            arn: plain(error) for arn, error in batch.batch_describe_model_package_error_map.items()
        },
    }


def deleted() -> Any:
    """A version deleted and waited for; its group then, too."""
    churn = ModelPackageGroup.create(model_package_group_name="churn")
    register(model_package_group_name="churn")
    version = ModelPackage.get(VERSION.format(number=1))
    full = refused(churn.delete)
    version.model_package_name = version.model_package_arn
    version.delete()
    version.wait_for_delete(**AT_ONCE)
    churn.delete()
    churn.wait_for_delete(**AT_ONCE)
    return {"full": full, "gone": refused(version.refresh)}


def from_containers() -> Any:
    """The SDK's own registration, which has no search and looks through the list of groups."""
    for number in range(12):
        ModelPackageGroup.create(model_package_group_name=f"churn-{number:02}")
    session = Session(default_bucket="models")
    sent: list[str] = []
    session.sagemaker_client.meta.events.register(
        "before-call.sagemaker", lambda model, **_: sent.append(model.name)
    )

    def made(**arguments: Any) -> Any:
        sent.clear()
        package = create_model_package_from_containers(
            session, containers=[CONTAINER], model_package_group_name="churn", **arguments
        )
        version = ModelPackage.get(package["ModelPackageArn"])
        return {
            "number": version.model_package_version,
            "source": plain(version.source_uri),
            "containers": plain(version.inference_specification.containers),
            "sent": list(sent),
        }

    return [
        made(content_types=["text/csv"]),
        made(source_uri=VERSION.format(number=1)),
        made(source_uri="https://example.com/churn.git"),
    ]


def register(**arguments: Any) -> str:
    """What `create` fails with once the server has made the version (it looks for a name)."""
    try:
        ModelPackage.create(**arguments)
    except KeyError as error:
        return repr(error)
    return "nothing"


def specification(name: str) -> Any:
    container = shapes.ModelPackageContainerDefinition(image=IMAGE, model_data_url=DATA)
    return shapes.AdditionalInferenceSpecificationDefinition(name=name, containers=[container])


def card(status: str, caveats: str) -> Any:
    content = {
        "intended_uses": {"risk_rating": "Low"},
        "additional_information": {"caveats_and_recommendations": caveats},
    }
    return shapes.ModelPackageModelCard(
        model_card_content=json.dumps(content), model_card_status=status
    )


def plain(value: Any) -> Any:
    """A resource or shape as JSON has it, without what it was not given and what runs change."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, Unassigned):
        return None
    if not hasattr(value, "model_fields"):
        return value
    varying = ("creation_time", "last_modified_time", "created_by", "last_modified_by")
    return {
        name: plain(each)
        for name, each in value
        if name not in varying and not isinstance(each, Unassigned) and each is not None
    }


def refused(call: Callable[[], Any]) -> str | None:
    """What a call is refused with; None if it is not."""
    try:
        call()
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return None


def main(part: str) -> None:
    with contextlib.redirect_stdout(sys.stderr):
        seen = globals()[part]()
    json.dump(seen, sys.stdout)


main(sys.argv[1])
