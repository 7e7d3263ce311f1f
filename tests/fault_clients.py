"""boto3 clients that try again, as users have them, without the waiting between two tries.

And a server whose calls go wrong, with what these tests do to it.
"""

import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.config import Config

import sagemock
from fictions import IMAGE, variant
from sagemock import RunningServer

ACCOUNT = "123456789012"
GROUP = "churn"
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


@pytest.fixture(scope="module", name="only_server")
def one_server() -> Iterator[RunningServer]:
    with sagemock.running(hold_s=5) as server:
        yield server


@pytest.fixture(name="server")
def empty_server(only_server: RunningServer) -> RunningServer:
    only_server.service.reset()
    with trying(only_server) as client:
        client.create_model_package_group(ModelPackageGroupName=GROUP)
    return only_server


@pytest.fixture(name="unheld")
def unheld_server(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> RunningServer:
    """A server whose answers do not wait for what they have begun."""
    monkeypatch.setattr(server.service, "_hold_s", 0)
    return server


def add(server: RunningServer, fault: Any, operation: str = "*", **rule: Any) -> None:
    server.service.faults.add({"match": {"operation": operation}, "fault": fault, **rule})


def deployed(client: Any, name: str = "it") -> None:
    client.create_model(ModelName=name, PrimaryContainer={"Image": IMAGE})
    client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant(name)])
    client.create_endpoint(EndpointName=name, EndpointConfigName=name)


def status(client: Any, name: str = "it") -> Any:
    return client.describe_endpoint(EndpointName=name)["EndpointStatus"]


def posted(server: RunningServer, operation: str, body: bytes) -> bytes:
    """All bytes that come back for a call, until the server closes the connection."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: SageMaker.{operation}\r\n"
        length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall((head + length).encode() + body)
        return b"".join(iter(lambda: connection.recv(65536), b""))
