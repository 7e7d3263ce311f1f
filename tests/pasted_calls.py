"""Calls of any client, and what it takes to make them again from their texts."""

import http.client
import json
import os
import subprocess
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from fictions import IMAGE, variant
from sagemock import RunningServer
from sagemock.call_text import FORMS
from sagemock.wire.aws_json import AS_OF

MEMBERS = ("Account", "Region", "Service", "Operation", "Target", "Path", "AsOf", "Request")
ODD = 'it\'s "$HOME" `id` \\ é\nnext\t%s 雪'
SCOPE = "AWS4-HMAC-SHA256 Credential=210987654321/20260101/eu-west-1/sagemaker/aws4_request"


def sent(server: RunningServer, body: bytes, path: str = "/", **headers: str) -> None:
    """Send a request as another client does, whatever comes back."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)) as connection:
        connection.request("POST", path, body, {"Authorization": SCOPE, **given})
        connection.getresponse().read()


def operated(server: RunningServer, operation: str, _as_of: str = "", **members: Any) -> None:
    as_of = {AS_OF: _as_of} if _as_of else {}
    target = {"X-Amz-Target": f"SageMaker.{operation}"}
    sent(server, json.dumps(members).encode(), **target, **as_of)


def journal(server: RunningServer) -> list[dict[str, Any]]:
    with urlopen(f"{server.url}/_sagemock/requests?bodies=whole", timeout=10) as answer:  # noqa: S310 - our own
        page = json.load(answer)
    return list(page["Requests"])


def forget(server: RunningServer) -> None:
    url = f"{server.url}/_sagemock/requests"
    urlopen(Request(url, method="DELETE"), timeout=10).close()  # noqa: S310 - our own


def same(call: dict[str, Any]) -> dict[str, Any]:
    """What of a call is to be the same when it is made again."""
    return {name: call[name] for name in MEMBERS if name in call}


def texts(server: RunningServer, form: str, calls: list[dict[str, Any]]) -> list[str]:
    return [FORMS[form](call, server.url) for call in calls]


def variables(**others: str) -> dict[str, str]:
    """The environment of somebody who has set up nothing."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "NO_PROXY": "127.0.0.1", "AWS_EC2_METADATA_DISABLED": "true", **others}


def run_shell(text: str, **others: str) -> str:
    result = subprocess.run(  # noqa: S602 - texts made for a shell
        text,
        shell=True,
        env=variables(**others),
        capture_output=True,
        text=True,
        errors="replace",  # an invocation may answer any bytes
        timeout=60,
        check=False,
    )
    return result.stdout + result.stderr


def made_by_anybody(server: RunningServer) -> None:
    """Calls that all clients can make: good ones, refused ones, and invocations."""
    operated(server, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    operated(server, "CreateModelPackage", ModelPackageGroupName="churn", ClientToken="once")
    arn = "arn:aws:sagemaker:eu-west-1:210987654321:model-package/churn/1"
    operated(server, "UpdateModelPackage", ModelPackageArn=arn, ApprovalDescription=ODD)
    operated(server, "ListModels", MaxResults=3, CreationTimeAfter=1_700_000_000)
    operated(server, "DescribeModelPackageGroup", ModelPackageGroupName="chrun")
    operated(server, "ListModels", MaxResults=1_000_000)
    operated(server, "ListTrainingJobs")
    sent(server, b"", **{"X-Amz-Target": "SageMaker.ListModels"})
    operated(server, "CreateModel", ModelName="it", PrimaryContainer={"Image": IMAGE})
    variants = [variant("it")]
    operated(server, "CreateEndpointConfig", EndpointConfigName="it", ProductionVariants=variants)
    operated(server, "CreateEndpoint", EndpointName="it", EndpointConfigName="it")
    of_runtime = {"path": "/endpoints/it/invocations", "Content_Type": "text/csv"}
    sent(server, ODD.encode(), **of_runtime)
    sent(server, b"@\x00\xff\r\n", Accept="text/csv", **of_runtime)
    sent(server, b"%d\\n", **of_runtime, **{"X-Amzn-SageMaker-Target-Variant": "none"})
