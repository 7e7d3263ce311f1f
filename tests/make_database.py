"""Makes the fixtures a migration is tested with: a database of the installed code's schema.

`python tests/make_database.py fixtures/databases` writes `schema-N.db`, a small registry, and
`schema-N.json`, calls to it with the answers they got then. Run it when a schema is released, and
keep the files of the older ones: only the code of their time can make them. The same code makes the
same files. In the calls `$token` stands for the NextToken of the call before: what a token looks
like is no promise.
"""

import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from database_questions import (
    APPROVALS,
    GROUPS,
    OURS,
    PACKAGES,
    PLACES,
    REGISTER,
    STAMP,
    THEIRS,
    TOKEN,
    Question,
    arn,
    questions,
)
from sagemock import Service, Settings, create_service
from sagemock.errors import SageMakerError
from sagemock.operation import Caller, Members

CARD = json.dumps(
    {
        "model_overview": {"model_creator": "Zoë 🦀", "model_artifact": ["s3://models/a.tar.gz"]},
        "intended_uses": {"purpose_of_model": "Tell who may leave", "risk_rating": "Low"},
        "additional_information": {"custom_details": {"größe": "klein"}},
    },
    ensure_ascii=False,
)
DIGEST = "0123456789abcdef" * 4
CONTAINERS = [
    {
        "Image": f"{OURS}.dkr.ecr.us-east-1.amazonaws.com/churn@sha256:{DIGEST}",
        "ModelDataUrl": "s3://models/churn/model.tar.gz",
    }
]
SPECIFICATION = {
    "Containers": CONTAINERS,
    "SupportedTransformInstanceTypes": ["ml.m5.large"],
    "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}
METRICS = {
    "ModelQuality": {
        "Statistics": {"ContentType": "application/json", "S3Uri": "s3://reports/statistics.json"}
    },
    "Explainability": {},
}


class CountedClock:
    """A clock that goes on at every second reading, so that some times are equal.

    Once it is turned back: what comes later is older for a while.
    """

    def __init__(self, start: float = 1_700_000_000.123) -> None:
        self._start = start
        self._readings = 0

    def now(self) -> float:
        self._readings += 1
        turned_back = 40 if self._readings > 30 else 0
        return self._start + 1.511 * (self._readings // 2) - turned_back


class Registry:
    """Calls to a service by account and region."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._token = ""

    def call(self, place: tuple[str, str], operation: str, request: Members) -> Members:
        """The whole outcome: `{"answer": ...}` or `{"error": ...}`, a NextToken replaced."""
        account, region = place
        caller = Caller(account, region, f"arn:aws:iam::{account}:user/ana", "AIDAANA")
        if request.get("NextToken") == TOKEN:
            request = {**request, "NextToken": self._token}
        try:
            answer = self._service.invoke(operation, request, caller)
        except SageMakerError as error:
            return {"error": {"code": error.code, "message": error.message}}
        self._token = answer["NextToken"] if answer and "NextToken" in answer else ""
        if answer and self._token:
            answer = {**answer, "NextToken": TOKEN}
        return {"answer": answer}

    def make(self, place: tuple[str, str], operation: str, **request: Any) -> None:
        """Make a call that is to succeed."""
        outcome = self.call(place, operation, request)
        if "error" in outcome:
            message = f"{operation} {request}: {outcome['error']}"
            raise RuntimeError(message)


def fill(registry: Registry) -> None:
    """A small registry with something of everything."""
    for place in PLACES:
        make_groups(registry, place)
        make_versions(registry, place)
        make_packages(registry, place)
        make_endpoints(registry, place)
    ours = PLACES[0]
    change_versions(registry, ours)
    take_away(registry, ours)


def make_groups(registry: Registry, place: tuple[str, str]) -> None:
    # Not in the order of their names, nor is "alpha" before "Reborn" to a sorting by bytes.
    for name in GROUPS:
        registry.make(
            place,
            "CreateModelPackageGroup",
            ModelPackageGroupName=name,
            ModelPackageGroupDescription=f"{name} of {place[0]}: café ☕ 🚀",
            Tags=[{"Key": "team", "Value": "größe"}, {"Key": "sagemaker:project", "Value": ""}],
        )
    registry.make(place, "CreateModelPackageGroup", ModelPackageGroupName="bare")
    group = arn(place, "model-package-group", "alpha")
    tags = [{"Key": key, "Value": f"{key} é"} for key in ("zeta", "Team", "beta")]
    registry.make(place, "AddTags", ResourceArn=group, Tags=tags)
    registry.make(place, "DeleteTags", ResourceArn=group, TagKeys=["sagemaker:project"])
    registry.make(place, "AddTags", ResourceArn=group, Tags=[{"Key": "team", "Value": "anew"}])
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{THEIRS}:root"},
        "Action": "sagemaker:DescribeModelPackageGroup",
        "Resource": group,
    }
    # Blanks where nobody writes any: a policy is kept to the letter.
    policy = json.dumps({"Statement": [statement]}, separators=(" , ", ":"))
    registry.make(
        place,
        "PutModelPackageGroupPolicy",
        ModelPackageGroupName="alpha",
        ResourcePolicy=policy,
    )


def make_versions(registry: Registry, place: tuple[str, str]) -> None:
    registry.make(place, "CreateModelPackage", **REGISTER)
    rich: Members = {
        "ModelPackageDescription": "Größe ∑ of churn 🦀",
        "InferenceSpecification": SPECIFICATION,
        "ModelApprovalStatus": "Approved",
        "ModelCard": {"ModelCardContent": CARD, "ModelCardStatus": "PendingReview"},
        "ModelLifeCycle": {"Stage": "Development", "StageStatus": "InProgress"},
        "CustomerMetadataProperties": {"team": "churn", "schlüssel 1": "wert"},
        "AdditionalInferenceSpecifications": [{"Name": "batch", "Containers": CONTAINERS}],
        "ModelMetrics": METRICS,
        "MetadataProperties": {"CommitId": "0a1b2c3"},
        "Domain": "MACHINE_LEARNING",
        "Task": "CLASSIFICATION",
    }
    registry.make(place, "CreateModelPackage", ModelPackageGroupName="Churn-Model", **rich)
    for approval in APPROVALS:
        for group in ("Churn-Model", "alpha"):
            registry.make(
                place,
                "CreateModelPackage",
                ModelPackageGroupName=group,
                ModelApprovalStatus=approval,
                SourceUri=f"s3://models/{group}",
            )
    # Eleven and more: as text 10 would come before 2.
    for _ in range(7):
        registry.make(place, "CreateModelPackage", ModelPackageGroupName="Churn-Model")


def make_packages(registry: Registry, place: tuple[str, str]) -> None:
    for name in PACKAGES:
        registry.make(
            place,
            "CreateModelPackage",
            ModelPackageName=name,
            ModelPackageDescription=f"{name} 🛒",
            InferenceSpecification=SPECIFICATION,
            Tags=[{"Key": "price", "Value": "12 +"}, {"Key": "team", "Value": "größe"}],
        )
    # A group may have the name of a package.
    registry.make(place, "CreateModelPackage", ModelPackageName="alpha")


def variants(*models: str) -> list[Members]:
    return [
        {
            "VariantName": f"{model}-variant",
            "ModelName": model,
            "InitialInstanceCount": number,
            "InstanceType": "ml.m5.large",
            "InitialVariantWeight": number,
        }
        for number, model in enumerate(models, start=1)
    ]


def make_endpoints(registry: Registry, place: tuple[str, str]) -> None:
    """Two models, two configurations, an endpoint that was updated and one that was deleted."""
    version = {"ModelPackageName": "Churn-Model/2", "Environment": {"LEVEL": "größer"}}
    registry.make(place, "CreateModel", ModelName="Churn", Containers=[version])
    image = {"Image": "churn:2", "ModelDataUrl": "s3://nowhere/churn.tar.gz"}
    tags = [{"Key": "team", "Value": "größe"}]
    registry.make(place, "CreateModel", ModelName="plain", PrimaryContainer=image, Tags=tags)
    for name, models in (("first", ("Churn",)), ("Second", ("Churn", "plain"))):
        registry.make(
            place,
            "CreateEndpointConfig",
            EndpointConfigName=name,
            ProductionVariants=variants(*models),
            Tags=tags,
        )
    for name in ("Live", "gone"):
        registry.make(
            place, "CreateEndpoint", EndpointName=name, EndpointConfigName="first", Tags=tags
        )
    registry.make(place, "UpdateEndpoint", EndpointName="Live", EndpointConfigName="Second")
    wished = [{"VariantName": "plain-variant", "DesiredWeight": 0.5, "DesiredInstanceCount": 3}]
    registry.make(
        place,
        "UpdateEndpointWeightsAndCapacities",
        EndpointName="Live",
        DesiredWeightsAndCapacities=wished,
    )
    registry.make(place, "DeleteEndpoint", EndpointName="gone")
    registry.make(place, "DeleteEndpointConfig", EndpointConfigName="first")


def change_versions(registry: Registry, place: tuple[str, str]) -> None:
    def update(number: int, **changes: Any) -> None:
        package = arn(place, "model-package", f"Churn-Model/{number}")
        registry.make(place, "UpdateModelPackage", ModelPackageArn=package, **changes)

    registry.make(place, "UpdateModelPackage", **STAMP)
    update(2, ModelApprovalStatus="Rejected", ApprovalDescription="not yet: résumé")
    update(2, ModelCard={"ModelCardStatus": "Archived"})
    update(2, CustomerMetadataProperties={"team": "other", "k2": "v2"})
    update(2, CustomerMetadataPropertiesToRemove=["schlüssel 1"])
    update(
        2,
        AdditionalInferenceSpecificationsToAdd=[{"Name": "edge", "Containers": CONTAINERS}],
        SourceUri="anywhere else",
    )
    update(1, ModelLifeCycle={"Stage": "QA", "StageStatus": "OnHold", "StageDescription": "…"})
    update(4, ModelApprovalStatus="Approved", ModelPackageRegistrationType="Registered")
    # Nothing but the time.
    update(5)


def take_away(registry: Registry, place: tuple[str, str]) -> None:
    """Deletions, so that the counters are ahead of what is there."""
    registry.make(place, "DeleteModelPackage", ModelPackageName="Churn-Model/6")
    registry.make(place, "DeleteModelPackage", ModelPackageName="Churn-Model/12")
    registry.make(place, "DeleteModelPackage", ModelPackageName="market-A")
    reborn = {"ModelPackageGroupName": "Reborn"}
    for _ in range(2):
        registry.make(place, "CreateModelPackage", **reborn)
    for number in (1, 2):
        registry.make(place, "DeleteModelPackage", ModelPackageName=f"Reborn/{number}")
    registry.make(place, "DeleteModelPackageGroup", **reborn)
    registry.make(place, "CreateModelPackageGroup", **reborn)
    registry.make(place, "CreateModelPackage", **reborn)


def play(service: Service, asked: Sequence[Question]) -> Iterator[Members]:
    """Each call with its outcome, as the fixture holds it."""
    registry = Registry(service)
    for place, operation, request in asked:
        outcome = registry.call(place, operation, request)
        account, region = place
        yield {
            "account": account,
            "region": region,
            "call": operation,
            "with": request,
            **outcome,
        }


def make_database(folder: Path) -> int:
    """Write both files of the installed code's schema; its version is answered."""
    with tempfile.TemporaryDirectory() as temporary:
        database = Path(temporary, "registry.db")
        service = create_service(Settings(db=database), clock=CountedClock())
        fill(Registry(service))
        service.close()
        version = schema_of(database)
        kept = shutil.copy(database, folder / f"schema-{version}.db")
        Path(kept).chmod(0o644)
        service = create_service(Settings(db=database), clock=CountedClock(1_800_000_000.5))
        calls = list(play(service, list(questions())))
        service.close()
    lines = ",\n".join(json.dumps(call, ensure_ascii=False, default=list) for call in calls)
    (folder / f"schema-{version}.json").write_text(f"[\n{lines}\n]\n", "utf-8")
    return version


def schema_of(database: Path) -> int:
    """The version of its schema that a database file tells."""
    connection = sqlite3.connect(database)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return int(version)


if __name__ == "__main__":
    made = make_database(Path(sys.argv[1]))
    sys.stdout.write(f"schema {made}\n")
