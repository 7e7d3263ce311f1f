"""Registries to hold against each other: sagemock in threads, and clients of theirs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.request import Request, urlopen

from botocore.config import Config
from botocore.session import Session
from moto.server import ThreadedMotoServer

import sagemock
from sagemock.api.service_model import ServiceModel

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"


@contextmanager
def sagemock_served(_: ServiceModel) -> Iterator[str]:
    """The address of a registry in memory."""
    with sagemock.running() as server:
        yield server.url


def saved(url: str, file: Path) -> str:
    """The name of a file that holds a snapshot of a server."""
    path = f"{url}/_sagemock/snapshot"
    with urlopen(path, timeout=10) as answer:  # noqa: S310 - the server just started
        file.write_bytes(answer.read())
    return str(file)


@contextmanager
def moto_served() -> Iterator[str]:
    """The address of moto's registry, which is empty though all of a process have the same."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        _emptied(url)
        yield url
        _emptied(url)
    finally:
        server.stop()


def _emptied(moto: str) -> None:
    reset = Request(f"{moto}/moto-api/reset", method="POST")  # noqa: S310 - the server just started
    urlopen(reset, timeout=10).close()  # noqa: S310 - the same


class Calls:
    """A client's calls in a few words."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __call__(self, operation: str, **members: Any) -> Any:
        return self._client._make_api_call(operation, members)

    def group(self, name: str = "churn", **members: Any) -> None:
        self("CreateModelPackageGroup", ModelPackageGroupName=name, **members)

    def version(self, group: str = "churn", data: str = "s3://b/1.tar.gz", **members: Any) -> str:
        specification = {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": data}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        }
        arn: str = self(
            "CreateModelPackage",
            ModelPackageGroupName=group,
            InferenceSpecification=specification,
            **members,
        )["ModelPackageArn"]
        return arn


class Client(Calls):
    """Those of a client of an account and region, wherever it calls; to be closed."""

    def __init__(self, url: str, account: str = "test", region: str = "us-east-1") -> None:
        client = _session().create_client(
            "sagemaker",
            region_name=region,
            endpoint_url=url,
            aws_access_key_id=account,
            aws_secret_access_key="test",  # noqa: S106 - none
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )
        super().__init__(client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()


@cache
def _session() -> Session:
    """One for all tests: it reads the service model once."""
    return Session()


Answer = tuple[int, bytes]


@contextmanager
def answering(answer: Callable[[str], Answer], heard: list[str] | None = None) -> Iterator[str]:
    """The address of a server that gives these answers, by the operation that is called.

    The names of all headers that are sent to it go to `heard`.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if heard is not None:
                heard.extend(self.headers)
            self.send_error(404)

        def do_POST(self) -> None:
            if heard is not None:
                heard.extend(self.headers)
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = answer(self.headers["X-Amz-Target"].partition(".")[2])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
