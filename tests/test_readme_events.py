"""README's chapter on events: its rules deploy and tell what is approved, its commands answer."""

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fictions import ARN, call, describe
from sagemock import Service, Settings, create_app, create_service
from sagemock.errors import SageMakerError

README = Path(__file__).parent.parent.joinpath("README.md").read_text("utf-8")
VERSION = f"{ARN}model-package/churn/1"
PROMOTE = """
import json, sys
from pathlib import Path

Path("promoted.json").write_text(json.dumps(json.load(sys.stdin)["detail"]["ModelPackageArn"]))
"""
WITHIN_S = 30


class Receiver(BaseHTTPRequestHandler):
    """Notes what it is sent."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.server.took(body, self.headers["X-Sagemock-Signature"])  # type: ignore[attr-defined]

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""


class Hook(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.bodies: list[tuple[bytes, str]] = []
        self.came = threading.Condition()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def took(self, body: bytes, signature: str) -> None:
        with self.came:
            self.bodies.append((body, signature))
            self.came.notify_all()


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.shutdown()
    hook.server_close()


@pytest.fixture
def service(tmp_path: Path, hook: Hook) -> Iterator[Service]:
    rules = re.search(r"<!-- rules -->\n```yaml\n(.*?)```", README, re.DOTALL)
    assert rules
    text = rules[1].replace("127.0.0.1:9000", f"127.0.0.1:{hook.server_port}")
    (tmp_path / "rules.yaml").write_text(text.replace("run: [python", "run: [python3"))
    (tmp_path / "promote.py").write_text(PROMOTE)
    service = create_service(
        Settings(db=":memory:", event_rules=tmp_path / "rules.yaml", allow_commands=True)
    )
    yield service
    service.close()


def waited_for(service: Service, seen: Any) -> None:
    """Wait until something is seen; what is delivered commits, or is asked again soon."""
    pause = threading.Event()
    for _ in range(WITHIN_S * 20):
        try:
            if seen():
                return
        except (SageMakerError, OSError):
            pass
        pause.wait(0.05)
    raise AssertionError(service.events.deliveries.shown())


def test_its_rules_deploy_and_tell_what_is_approved(
    service: Service, hook: Hook, tmp_path: Path
) -> None:
    call(service, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    specification = {
        "Containers": [{"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    call(
        service,
        "CreateModelPackage",
        ModelPackageGroupName="churn",
        InferenceSpecification=specification,
    )
    call(service, "UpdateModelPackage", ModelPackageArn=VERSION, ModelApprovalStatus="Approved")

    waited_for(service, lambda: describe(service, "churn")["EndpointStatus"] == "InService")
    with hook.came:
        assert hook.came.wait_for(lambda: hook.bodies, WITHIN_S)
    body = json.dumps({"deploy": VERSION}, separators=(",", ":")).encode()
    signature = "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert hook.bodies == [(body, signature)]
    promoted = tmp_path / "promoted.json"
    waited_for(service, lambda: promoted.read_text() == json.dumps(VERSION))
    [deployed] = [each for each in service.deployments(None, None) if "Outcome" not in each]
    principal = "arn:aws:sts::123456789012:assumed-role/sagemock-events/deploy-approved"
    assert (deployed["SubjectArn"], deployed["Principal"]) == (VERSION, principal)


def test_the_paths_that_it_names_are_there(service: Service) -> None:
    client = create_app(service=service).test_client()
    paths = set(re.findall(r"/_sagemock/events[a-z/-]*", README))
    assert paths == {
        "/_sagemock/events",
        "/_sagemock/events/targets",
        "/_sagemock/events/dead-letters",
        "/_sagemock/events/dead-letters/retry",
    }
    for path in paths - {"/_sagemock/events/dead-letters/retry"}:
        assert client.get(path).status_code == 200
    assert client.post("/_sagemock/events/dead-letters/retry").status_code == 200
