"""Requests as boto3 would send them, signed, made before anything is measured.

All servers get the same bytes. A registration carries a ClientToken of its own, as every one of
boto3's does, so there is a supply of them, signed one by one.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.credentials import Credentials
from botocore.session import Session

REGION = "us-east-1"
ACCOUNT = "123456789012"
"""sagemock's default account, and moto's."""

ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
_KEY = "test"
_TOKEN = "00000000-0000-4000-8000-000000000000"  # noqa: S105 - a ClientToken's place
_SIGNED = ("Content-Type", "X-Amz-Target")

Members = dict[str, Any]


def version_arn(group: str, number: int) -> str:
    """The ARN of a version."""
    return f"{ARN}:model-package/{group}/{number}"


def registration(group: str) -> Members:
    """A version as a training pipeline registers it: 2 KB in JSON."""
    prefix = f"s3://ml-platform-artifacts-eu/pipelines/{group}/executions/7f3k2m9q"
    metrics = {
        kind: {"Statistics": {"ContentType": "application/json", "S3Uri": f"{prefix}/{kind}.json"}}
        for kind in ("ModelQuality", "ModelDataQuality", "Bias")
    }
    return {
        "ModelPackageGroupName": group,
        "ModelPackageDescription": "Gradient boosted trees on 90 days of usage; weekly retraining.",
        "InferenceSpecification": {
            "Containers": [
                {
                    "Image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/ml/{group}-serving:2024.18",
                    "ModelDataUrl": f"{prefix}/model.tar.gz",
                    "Environment": {
                        "SAGEMAKER_PROGRAM": "inference.py",
                        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
                        "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
                        "OMP_NUM_THREADS": "2",
                    },
                    "Framework": "XGBOOST",
                    "FrameworkVersion": "1.7",
                }
            ],
            "SupportedTransformInstanceTypes": ["ml.m5.large", "ml.m5.xlarge"],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large", "ml.c5.xlarge"],
            "SupportedContentTypes": ["text/csv", "application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        "ModelApprovalStatus": "PendingManualApproval",
        "MetadataProperties": {
            "CommitId": "9b1c5f0e7a3d4286b5f1c0d2e4a69788f0b1c2d3",
            "Repository": f"https://git.example.com/ml/{group}",
            "GeneratedBy": f"{ARN}:pipeline/{group}/execution/7f3k2m9q",
            "ProjectId": "p-4kd9x1m2qz7e",
        },
        "ModelMetrics": {name: metrics[name] for name in ("ModelQuality", "ModelDataQuality")},
        "CustomerMetadataProperties": {
            "trained-by": "ana",
            "team": "growth",
            "auc": "0.9134",
            "f1": "0.8127",
            "rows": "18230441",
            "features": "212",
            "training-job": f"{group}-2024-05-02-03-11-58-114",
            "data-snapshot": "2024-05-01T00:00:00Z",
            "cost-center": "4711",
        },
        "Domain": "MACHINE_LEARNING",
        "Task": "CLASSIFICATION",
    }


class Prebuilt:
    """Makes requests with botocore, and stops them just before they would go out."""

    def __init__(self) -> None:
        self._client = Session().create_client(
            "sagemaker",
            region_name=REGION,
            aws_access_key_id=_KEY,
            aws_secret_access_key=_KEY,
        )
        self._client.meta.events.register("before-send.sagemaker", self._keep)
        self._signer = SigV4Auth(Credentials(_KEY, _KEY), "sagemaker", REGION)
        self._kept: AWSPreparedRequest = None
        self._made: dict[str, bytes] = {}
        self._registrations: dict[str, list[bytes]] = {}

    def request(self, operation: str, members: Mapping[str, Any]) -> bytes:
        """A call as it goes over the wire; an equal call is the same bytes again."""
        key = f"{operation} {json.dumps(members, sort_keys=True)}"
        if key not in self._made:
            prepared = self._prepared(operation, members)
            self._made[key] = _on_the_wire(prepared.url, prepared.headers, prepared.body)
        return self._made[key]

    def registrations(self, group: str, first: int, count: int) -> list[bytes]:
        """The registrations number `first` and after of a group: each with its own ClientToken."""
        made = self._registrations.setdefault(group, [])
        if len(made) < first + count:
            prepared = self._prepared(
                "CreateModelPackage", registration(group) | {"ClientToken": _TOKEN}
            )
            while len(made) < first + count:
                made.append(self._with_token(prepared, str(uuid.uuid4())))
        return made[first : first + count]

    def _prepared(self, operation: str, members: Mapping[str, Any]) -> AWSPreparedRequest:
        self._client._make_api_call(operation, members)
        return self._kept

    def _keep(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        self._kept = request
        return AWSResponse(request.url, 200, {}, _Nothing())

    def _with_token(self, prepared: AWSPreparedRequest, token: str) -> bytes:
        """The same request with another token, signed anew."""
        headers = {name: _text(value) for name, value in prepared.headers.items()}
        body = prepared.body.replace(_TOKEN.encode(), token.encode())
        signed = {name: headers[name] for name in _SIGNED}
        request = AWSRequest("POST", prepared.url, signed, body)
        self._signer.add_auth(request)
        return _on_the_wire(prepared.url, headers | dict(request.headers.items()), body)


class _Nothing:
    """The body of an answer that nobody gave."""

    def stream(self, **_: Any) -> list[bytes]:
        return [json.dumps({}).encode()]


def _on_the_wire(url: str, headers: Mapping[str, Any], body: bytes) -> bytes:
    host = url.partition("://")[2].rstrip("/")
    lines = ["POST / HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {_text(value)}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
