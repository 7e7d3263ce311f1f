"""What is deployed where, since when and by whom; and what was."""

from datetime import UTC, datetime
from typing import Any

from deploying.deployed import VARIANT, Deployed, Members
from deploying.programs import says

PRINCIPAL = "arn:aws:sts::123456789012:assumed-role/sagemock/developer"
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


def version_of(deployed: Deployed, word: str) -> str:
    """The ARN of an approved version that says a word."""
    listed = deployed.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
    if not listed:
        deployed.sagemaker.create_model_package_group(ModelPackageGroupName="words")
    created = deployed.sagemaker.create_model_package(
        ModelPackageGroupName="words",
        ModelApprovalStatus="Approved",
        InferenceSpecification={
            "Containers": [deployed.program(says(word) if word else "1 / 0", word or "broken")],
            "SupportedContentTypes": ["text/plain"],
            "SupportedResponseMIMETypes": ["text/plain"],
        },
    )
    return str(created["ModelPackageArn"])


def timeless(rows: list[Members]) -> list[Members]:
    """Rows without their times, after it was seen that these are times."""
    now = datetime.now(UTC).timestamp()
    shown = []
    for row in rows:
        kept = dict(row)
        start, end = kept.pop("StartTime"), kept.pop("EndTime", None)
        assert now - 60 < start <= now
        assert end is None or start <= end <= now
        shown.append(kept)
    return shown


def row(version: str, model: str, **others: Any) -> Members:
    return {
        "SubjectArn": version,
        "ModelArn": f"{ARN}:model/{model}",
        "EndpointArn": f"{ARN}:endpoint/it",
        "EndpointConfigName": model,
        "VariantName": VARIANT,
        "Weight": 1.0,
        "Principal": PRINCIPAL,
        **others,
    }


def test_a_deployment_is_told_of_from_its_start_to_its_end(deployed: Deployed) -> None:
    first, second, broken = (version_of(deployed, word) for word in ("one", "two", ""))
    name = deployed.deploy("it", {"ModelPackageName": first})
    created = row(first, "it", Operation="CreateEndpoint")
    assert timeless(deployed.deployments()) == [
        {**created, "Backend": "process", "EndpointStatus": "InService"}
    ]

    deployed.update(name, {"ModelPackageName": second}, to="two")
    updated = row(second, "two", Operation="UpdateEndpoint")
    assert timeless(deployed.deployments()) == [
        {**updated, "Backend": "process", "EndpointStatus": "InService"},
        {**created, "Outcome": "Replaced"},
    ]

    deployed.update(name, {"ModelPackageName": broken}, to="broken")
    failed = row(broken, "broken", Operation="UpdateEndpoint", Outcome="Failed")
    assert timeless(deployed.deployments()) == [
        {**updated, "Backend": "process", "EndpointStatus": "InService"},
        failed,
        {**created, "Outcome": "Replaced"},
    ]

    deployed.delete(name)
    assert timeless(deployed.deployments()) == [
        {**updated, "Outcome": "Deleted"},
        failed,
        {**created, "Outcome": "Replaced"},
    ]


def test_the_history_survives_a_restart(deployed: Deployed) -> None:
    name = deployed.deploy("it", {"ModelPackageName": version_of(deployed, "one")})
    deployed.update(name, {"ModelPackageName": version_of(deployed, "two")}, to="two")
    before = deployed.deployments()
    deployed.restart()
    deployed.comes_to(name, "InService")
    assert deployed.deployments() == before


def test_an_endpoint_that_never_came_into_service_is_told_of(deployed: Deployed) -> None:
    version = version_of(deployed, "")
    deployed.create("it", {"ModelPackageName": version})
    failed = row(version, "it", Operation="CreateEndpoint", Outcome="Failed")
    assert timeless(deployed.deployments()) == [failed]
    deployed.delete("it")
    assert timeless(deployed.deployments()) == [failed]


def test_a_model_without_a_version_is_told_of_by_its_own_arn(deployed: Deployed) -> None:
    deployed.run(says("plain"))
    (deployment,) = timeless(deployed.deployments())
    model = f"{ARN}:model/it"
    assert deployment == row(
        model, "it", Operation="CreateEndpoint", Backend="process", EndpointStatus="InService"
    )


def test_a_version_in_two_endpoints_has_two_rows(deployed: Deployed) -> None:
    version = version_of(deployed, "one")
    for name in ("it", "that"):
        deployed.deploy(name, {"ModelPackageName": version})
    assert [(each["SubjectArn"], each["EndpointArn"]) for each in deployed.deployments()] == [
        (version, f"{ARN}:endpoint/that"),
        (version, f"{ARN}:endpoint/it"),
    ]
