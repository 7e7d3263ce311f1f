"""boto3 clients that try again, as users have them, without the waiting between two tries."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any
from unittest import mock

import boto3
from botocore.config import Config

from sagemock import RunningServer

ACCOUNT = "123456789012"
THROTTLED = "An error occurred (ThrottlingException) when calling the {} operation"

Members = dict[str, Any]


def trying(server: RunningServer, **options: Any) -> AbstractContextManager[Any]:
    """A client of a server in this process."""
    return trying_at(server.url, **options)


@contextmanager
def trying_at(
    url: str, *, mode: str = "standard", attempts: int = 3, service: str = "sagemaker"
) -> Iterator[Any]:
    """A client that makes so many attempts in all."""
    client = _session().client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="secret",  # noqa: S106 - none
        config=Config(retries={"mode": mode, "total_max_attempts": attempts}, proxies={}),
    )
    # That of both modes, in botocore.endpoint.
    with mock.patch("time.sleep"):
        yield client
    client.close()


@cache
def _session() -> boto3.Session:
    """One for all tests: it reads the service model once."""
    return boto3.Session()


def versions(client: Any, group: str) -> list[str]:
    listed = client.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    return sorted(each["ModelPackageArn"].rpartition("/")[2] for each in listed)


def counts(server: RunningServer) -> list[tuple[int, int]]:
    """How many calls each rule has matched, and to how many applied."""
    return [(each["matched"], each["applied"]) for each in server.service.faults.shown()]
