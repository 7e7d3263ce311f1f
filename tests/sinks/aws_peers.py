"""What the AWS sinks are tested with: moto's server, one that answers as told, and bad advice."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from moto.server import ThreadedMotoServer

from sagemock.eventing import Event, EventSink, NotDeliveredError
from sagemock.sinks.aws import AwsEndpoint

REGION = "eu-west-1"
PACKAGE = f"arn:aws:sagemaker:{REGION}:000000000000:model-package/churn/3"
ENVELOPE = {
    "version": "0",
    "id": "5b0f0000-0000-4000-8000-000000000001",
    "detail-type": "SageMaker Model Package State Change",
    "source": "aws.sagemaker",
    "account": "000000000000",
    "time": "2026-01-05T09:30:00Z",
    "region": REGION,
    "resources": [PACKAGE],
    "detail": {"ModelPackageVersion": 3, "ApprovalDescription": "für alle"},
}
EVENT = Event(7, ENVELOPE)
BODY = json.dumps(ENVELOPE)

Members = dict[str, Any]


def lead_astray(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set whatever AWS's own tools would read to what would lead elsewhere, or nowhere."""
    config = tmp_path / ".aws" / "config"
    config.parent.mkdir()
    config.write_text("This is no such file.")
    nowhere = "http://127.0.0.1:1"
    for name, value in {
        "HOME": str(tmp_path),
        "USERPROFILE": str(tmp_path),
        "AWS_PROFILE": "nonexistent",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(config),
        "AWS_ENDPOINT_URL": nowhere,
        "AWS_ENDPOINT_URL_SQS": nowhere,
        "AWS_ACCESS_KEY_ID": "ambient",
        "AWS_SECRET_ACCESS_KEY": "ambient",
        "AWS_SESSION_TOKEN": "ambient",
        "AWS_DEFAULT_REGION": "of-variable-1",
        "AWS_DATA_PATH": str(tmp_path),
        "AWS_CA_BUNDLE": str(tmp_path / "none"),
        "AWS_MAX_ATTEMPTS": "none",
        "AWS_RETRY_MODE": "none",
        "AWS_DEFAULTS_MODE": "none",
        "AWS_CSM_ENABLED": "true",
        "AWS_CSM_PORT": "none",
        "HTTP_PROXY": nowhere,
        "http_proxy": nowhere,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


class Stub(ThreadingHTTPServer):
    """A server that answers every call in the same way, and keeps what it was asked."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, answer: Callable[[Members], tuple[int, str]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.asked: list[tuple[str, dict[str, str], str]] = []

    @property
    def endpoint(self) -> AwsEndpoint:
        return AwsEndpoint(f"http://127.0.0.1:{self.server_address[1]}")


class _Handler(BaseHTTPRequestHandler):
    server: Stub

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), body.decode()))
        asked = json.loads(body) if body.startswith(b"{") else {}
        status, text = self.server.answer(asked)
        self.send_response(status)
        answer = text.encode("utf-8", "surrogateescape")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def stubs() -> Iterator[Callable[..., Stub]]:
    """Makes servers that answer in a fixed way, or as a function of what they are asked says."""
    servers: list[Stub] = []

    def make(
        status: int = 200,
        text: str = "",
        answer: Callable[[Members], tuple[int, str]] | None = None,
    ) -> Stub:
        server = Stub(answer or (lambda _: (status, text)))
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


class Cloud:
    """Moto's server, with queues, topics and rules made on it."""

    def __init__(self, url: str) -> None:
        self.endpoint = AwsEndpoint(url)
        self._clients = {name: self._client(name) for name in ("events", "sqs", "sns")}

    def _client(self, service: str) -> Any:
        return Session().create_client(
            service,
            region_name=REGION,
            endpoint_url=self.endpoint.endpoint_url,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - none
        )

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def queue(self, name: str) -> str:
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        url: str = self._clients["sqs"].create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
        return url

    def topic(self, name: str, queue: str) -> str:
        sns = self._clients["sns"]
        fifo = {"FifoTopic": "true"} if name.endswith(".fifo") else {}
        arn: str = sns.create_topic(Name=name, Attributes=fifo)["TopicArn"]
        sns.subscribe(
            TopicArn=arn,
            Protocol="sqs",
            Endpoint=_queue_arn(queue),
            Attributes={"RawMessageDelivery": "true"},
        )
        return arn

    def rule(self, bus: str, queue: str) -> None:
        events = self._clients["events"]
        if bus != "default":
            events.create_event_bus(Name=bus)
        pattern = {"source": ["aws.sagemaker"], "detail": {"ModelPackageVersion": [3]}}
        events.put_rule(Name="r", EventBusName=bus, EventPattern=json.dumps(pattern))
        target = {"Id": "q", "Arn": _queue_arn(queue)}
        events.put_targets(Rule="r", EventBusName=bus, Targets=[target])

    def messages(self, queue: str) -> list[Members]:
        answer = self._clients["sqs"].receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"]
        )
        return list(answer.get("Messages", []))


def _queue_arn(url: str) -> str:
    return f"arn:aws:sqs:{REGION}:123456789012:{url.rpartition('/')[2]}"


@contextmanager
def moto_server() -> Iterator[Cloud]:
    """Moto's server, and clients that are led astray by nothing."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_RETRY_MODE", "AWS_DEFAULTS_MODE"):
            patch.delenv(name, raising=False)
        cloud = Cloud(f"http://{host}:{port}")
    yield cloud
    cloud.close()
    server.stop()


def refusal(sink: EventSink) -> NotDeliveredError:
    """What a sink says of an event that it cannot deliver."""
    with pytest.raises(NotDeliveredError) as caught:
        sink.send(EVENT, BODY)
    sink.close()
    return caught.value


def send(sink: EventSink, *events: Event) -> None:
    """Have a sink deliver these events, or the usual one."""
    for event in events or (EVENT,):
        sink.send(event, json.dumps(event.envelope))
    sink.flush()
    sink.close()
