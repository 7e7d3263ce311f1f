"""Registries to hold against each other: sagemock in threads, and clients of theirs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from botocore.config import Config
from botocore.session import Session

from running import Running
from sagemock import Settings, create_app, create_service
from sagemock.api.service_model import ServiceModel

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"


@contextmanager
def sagemock_served(model: ServiceModel, **settings: Any) -> Iterator[str]:
    """The address of a registry in memory."""
    chosen = Settings(db=":memory:", **settings)
    service = create_service(chosen, model=model)
    running = Running(create_app(chosen, service=service))
    try:
        yield running.url
    finally:
        running.stop()
        service.close()


class Client:
    """Calls in a few words, as a client of an account and region; to be closed."""

    def __init__(self, url: str, account: str = "test", region: str = "us-east-1") -> None:
        self._client = Session().create_client(
            "sagemaker",
            region_name=region,
            endpoint_url=url,
            aws_access_key_id=account,
            aws_secret_access_key="test",  # noqa: S106 - none
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

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


Answer = tuple[int, bytes]


@contextmanager
def answering(answer: Callable[[str], Answer]) -> Iterator[str]:
    """The address of a server that gives these answers, by the operation that is called."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
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
