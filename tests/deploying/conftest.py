"""Servers and clients for tests of deployments; none outlives its test."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import boto3
import pytest

from deploying.deployed import Connect, Deployed, Endpoints, Serve
from durability.server_process import Servers
from sagemock.api.service_model import ServiceModel


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    return boto3.Session(
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - none
    )


@pytest.fixture(autouse=True)
def _nothing_of_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("AWS_", "SAGEMOCK_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


@pytest.fixture
def serve(tmp_path: Path, session: boto3.Session, model: ServiceModel) -> Iterator[Serve]:
    """What starts an app with these settings, in a state folder of its own."""
    with ExitStack() as started:

        def start(**settings: Any) -> Deployed:
            return started.enter_context(
                closing(Deployed(tmp_path / "state", session, model, **settings))
            )

        yield start


@pytest.fixture
def deployed(serve: Serve) -> Deployed:
    """An app with the settings of a new installation."""
    return serve()


@pytest.fixture
def connect(session: boto3.Session) -> Iterator[Connect]:
    """What makes clients of a server that somebody else has started."""
    with ExitStack() as made:

        def connect(url: str, **options: Any) -> Endpoints:
            return made.enter_context(closing(Endpoints(session, url, **options)))

        yield connect


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """Servers in processes of their own."""
    logs = tmp_path / "logs"
    logs.mkdir()
    servers = Servers(logs)
    yield servers
    servers.end()
