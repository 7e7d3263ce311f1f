"""A service with a clock that ticks when read, and ways to send to it without a socket."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session
from flask import Flask

import sagemock
from sagemock import RunningServer, Service, Settings, create_app, create_service
from sagemock.api.service_model import ServiceModel

pytest_plugins = ["botocore_files", "client_suite"]

_INDEX_TABLES = tuple(
    f'INSERT INTO "name_part_{table}"' for table in ("data", "idx", "docsize", "config")
)
FIXTURES = Path(__file__).parent.parent / "fixtures"


class TickingClock:
    """A clock that goes on by a second whenever it is read, until it is set."""

    def __init__(self, start: float = 1_700_000_000.123) -> None:
        self.time = start

    def now(self) -> float:
        self.time += 1
        return self.time


class CountedIds:
    """Request ids that can be foretold."""

    def __init__(self) -> None:
        self.count = 0

    def request_id(self) -> str:
        self.count += 1
        return f"00000000-0000-4000-8000-{self.count:012d}"


class BotocoreSender:
    """Sends through botocore, its own parameter validation off, into a Flask app.

    Its clients are made once for all tests; each test gives it the app it sends to.
    """

    def __init__(self, session: Session) -> None:
        self.app: Flask | None = None
        self._session = session
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._raw: tuple[int, bytes] = (0, b"")

    def send(
        self, operation: str, request: Any, caller: Mapping[str, str]
    ) -> tuple[int, dict[str, Any] | None]:
        if operation.startswith("Invoke"):
            return self._invoke(operation, request, caller)
        client = self.client(caller["account"], caller["region"])
        # What came over the wire says more than the exception.
        with contextlib.suppress(ClientError):
            client._make_api_call(operation, request)
        status, body = self._raw
        return status, json.loads(body) if body else None

    def _invoke(
        self, operation: str, request: Any, caller: Mapping[str, str]
    ) -> tuple[int, dict[str, Any] | None]:
        """An invocation: the members of its answer, a body as text, a stream as texts.

        Of an error the code that clients read, as `__type`, beside the members of its body.
        """
        client = self.client(caller["account"], caller["region"], "sagemaker-runtime")
        try:
            answer = client._make_api_call(operation, request)
        except ClientError as error:
            members = json.loads(self._raw[1])
            return self._raw[0], {**members, "__type": error.response["Error"]["Code"]}
        body = answer.pop("Body")
        answer.pop("ResponseMetadata")
        if operation.endswith("Stream"):
            body = [event["PayloadPart"]["Bytes"].decode() for event in body]
        else:
            body = body.read().decode()
        return self._raw[0], {**answer, "Body": body}

    def client(self, account: str, region: str, service: str = "sagemaker") -> Any:
        key = (account, region, service)
        if key not in self._clients:
            client = self._session.create_client(
                service,
                region_name=region,
                endpoint_url="http://localhost",
                aws_access_key_id=account,
                aws_secret_access_key="secret",  # noqa: S106 - none
                config=Config(parameter_validation=False, retries={"max_attempts": 0}),
            )
            client.meta.events.register(f"before-send.{service}", self._deliver)
            self._clients[key] = client
        return self._clients[key]

    def _deliver(self, request: Any, **_: Any) -> AWSResponse:
        # Signed headers are bytes once prepared.
        headers = {
            name: value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        assert self.app
        answer = self.app.test_client().open(
            urlsplit(request.url).path,
            method=request.method,
            data=request.body,
            headers=headers,
        )
        self._raw = (answer.status_code, answer.data)
        return AWSResponse(
            request.url, answer.status_code, dict(answer.headers), _RawBody(answer.data)
        )


class _RawBody(BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


@pytest.fixture(scope="session")
def model() -> ServiceModel:
    """The installed service model, read once."""
    return ServiceModel.installed()


@pytest.fixture(scope="session")
def patterns(model: ServiceModel) -> dict[str, str]:
    """AWS's patterns as values for cases: `{pattern.EntityName}`, as the installed model has it."""
    return {
        f"pattern.{name}": shape["pattern"]
        for name, shape in model.shapes.items()
        if "pattern" in shape
    }


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture
def service(model: ServiceModel, clock: TickingClock) -> Iterator[Service]:
    service = create_service(Settings(db=":memory:"), model=model, clock=clock, strict=True)
    yield service
    service.close()


@pytest.fixture
def app(service: Service) -> Flask:
    return create_app(Settings(db=":memory:"), service=service, ids=CountedIds())


@pytest.fixture
def server() -> Iterator[RunningServer]:
    """A server of the test's own, with an empty registry: for programs that choose their account.

    Others take `sagemock_server`, and an account of their own in it.
    """
    with sagemock.running() as server:
        yield server


@pytest.fixture(scope="session")
def only_sender() -> BotocoreSender:
    return BotocoreSender(Session())


@pytest.fixture
def sender(app: Flask, only_sender: BotocoreSender) -> BotocoreSender:
    only_sender.app = app
    return only_sender


def stored(service: Service) -> list[str]:
    """Everything the service's database holds, as SQL: two equal dumps are one state."""
    with sqlite3.connect(service._store._file.path) as connection:  # type: ignore[attr-defined]
        dump = list(connection.iterdump())
    connection.close()
    # How the index of names lies in its own tables is history, not state; what is in it is state.
    return [each for each in dump if not each.startswith(_INDEX_TABLES)]
