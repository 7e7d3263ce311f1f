"""A server that runs the models of fixtures/models, and versions of them for clients to deploy.

A client program is given a version's ARN, as a deployment pipeline is.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import sagemock
from real_models import archive, exchanges, put
from sagemock import RunningServer
from sagemock.clients import Clients

Deploy = Callable[..., Any]

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"
# By these names the server knows whose default handlers a script without its own wants.
LIBRARY_IMAGES = {
    "sklearn_iris": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2",
    "xgboost_wine": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.0-5",
}
LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints"

CHURN = exchanges("numpy_churn")[0]
"""Three customers in JSON, and how likely each of them leaves."""

STREAM, _, _, BROKEN = exchanges("plain_stream")
"""A sentence gone on with, and one that breaks off after three words."""


def running_models(folder: Path, **settings: Any) -> AbstractContextManager[RunningServer]:
    """A server whose bucket `models` is in a folder; what it runs ends with it.

    Its answers wait for what they began, so that no client sleeps 30 s on a busy machine.
    """
    bucket = folder / "models"
    bucket.mkdir(parents=True, exist_ok=True)
    chosen: dict[str, Any] = {"buckets": {"models": bucket}, "hold_s": 20, **settings}
    return sagemock.running(**chosen)


def deploying(run: Callable[..., Any], url: str, buckets: Path) -> Deploy:
    """A function that runs a part of a client program on a new version of a model."""

    def deploy(part: str, model: str, *bodies: bytes, status: str = "Approved") -> Any:
        version = registered(url, buckets, model, status)
        return run(part, version, *(body.decode() for body in bodies))

    return deploy


def registered(url: str, buckets: Path, model: str, status: str = "Approved") -> str:
    """The ARN of a version of the group `churn` with a model's archive in the bucket `models`."""
    sagemaker = Clients(url).client("sagemaker", account="123456789012", region="us-east-1")
    if not sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]:
        sagemaker.create_model_package_group(ModelPackageGroupName="churn")
    version = sagemaker.create_model_package(
        ModelPackageGroupName="churn",
        ModelApprovalStatus=status,
        InferenceSpecification={
            "Containers": [container(model, buckets)],
            "SupportedContentTypes": ["application/json", "text/csv"],
            "SupportedResponseMIMETypes": ["application/json", "text/csv"],
        },
    )
    sagemaker.close()
    arn: str = version["ModelPackageArn"]
    return arn


def container(model: str, buckets: Path) -> dict[str, Any]:
    """How a version names a model's archive, and its script where that lies beside it."""
    data = put(model, buckets, f"s3://models/{model}/model.tar.gz")
    described: dict[str, Any] = {
        "Image": LIBRARY_IMAGES.get(model, IMAGE),
        "ModelDataUrl": data,
    }
    script = "sourcedir.tar.gz"
    if archive(model, script).exists():
        source = put(model, buckets, f"s3://models/{model}/{script}", script)
        described["Environment"] = {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": source,
        }
    return described
