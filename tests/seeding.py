"""Seeds as tests plant them: their parts in a few words, and a file with a line for each value."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sagemock import Service
from sagemock.api.service_model import ServiceModel
from sagemock.operation import Caller
from sagemock.seeds import Planted, PlantedResource, plant, read_seed

ACCOUNT, REGION = "123456789012", "us-east-1"
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:"
GROUP, VERSION = f"{ARN}model-package-group/churn", f"{ARN}model-package/churn/1"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/churn"
SPECIFICATION = {
    "Containers": [{"Image": f"{IMAGE}:1", "Environment": {"MODE": "fast", "LOG": "on"}}],
    "SupportedContentTypes": ["text/csv"],
    "SupportedResponseMIMETypes": ["text/csv"],
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "sagemaker:DescribeModelPackage",
        "Resource": GROUP,
    },
}
CARD = {"model_overview": {"model_creator": "growth"}}

Members = dict[str, Any]


def written(folder: Path, content: Any) -> Path:
    """A file of JSON with a line for each value."""
    path = folder / "seed.json"
    path.write_text(json.dumps(content, indent=1), "utf-8")
    return path


def planting(service: Service, model: ServiceModel, folder: Path) -> Callable[[Any], Planted]:
    """What plants content in a service."""

    def planted(content: Any) -> Planted:
        seed = read_seed(written(folder, content), model)
        return plant(seed, calls_of(service), account=ACCOUNT, region=REGION)

    return planted


def calls_of(service: Service) -> Callable[[str, Members, str, str], Members]:
    def call(operation: str, request: Members, account: str, region: str) -> Members:
        caller = Caller(account, region, f"arn:aws:iam::{account}:user/ann", "AIDAANN")
        return service.invoke(operation, request, caller, "seeding") or {}

    return call


def ask(service: Service, operation: str, **request: Any) -> Members:
    return calls_of(service)(operation, request, ACCOUNT, REGION)


def group(*versions: Members, **members: Any) -> Members:
    named = {"ModelPackageGroupName": "churn", **members}
    return {"groups": [{**named, "versions": [*versions]} if versions else named]}


def additional(image: str) -> Members:
    return {"AdditionalInferenceSpecifications": [{"Name": "a", "Containers": [{"Image": image}]}]}


def made(*arns: str) -> tuple[PlantedResource, ...]:
    return tuple(PlantedResource(arn, "made") for arn in arns)
