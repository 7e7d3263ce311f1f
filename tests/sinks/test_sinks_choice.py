"""Which sink stands behind a target, and a service that delivers as its settings say."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from receivers import HttpReceiver

from conftest import TickingClock
from fictions import IMAGE, call, make_model
from listed_sink import models, until
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.event_rules import EventRulesError

Members = dict[str, Any]
Serve = Callable[..., Service]

GROUP = {"ModelPackageGroupName": "churn"}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries look about often, so that nobody waits for them to end."""
    monkeypatch.setattr("sagemock.delivery._LOOK_S", 0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where rules lie, which is not where the server runs."""
    folder = tmp_path / "rules"
    folder.mkdir()
    return folder


@pytest.fixture
def serve(model: ServiceModel, folder: Path) -> Iterator[Serve]:
    """Makes a service with a file of these rules, if any; the one before is closed."""
    services: list[Service] = []

    def make(*rules: Members, **settings: Any) -> Service:
        for each in services:
            each.close()
        services.clear()
        if rules:
            path = folder / "rules.json"
            path.write_text(json.dumps({"rules": rules}))
            settings["event_rules"] = path
        given = Settings(db=folder / "registry.db", durability="normal", **settings)
        services.append(create_service(given, model=model, clock=TickingClock(), strict=True))
        return services[0]

    yield make
    for each in services:
        each.close()


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    receiver = HttpReceiver(answer=b"{}")
    yield receiver
    receiver.close()


def rule(name: str, *targets: Members, **members: Any) -> Members:
    return {"name": name, "targets": [*targets], **members}


def lines(path: Path) -> list[Members]:
    return [json.loads(each) for each in path.read_text("utf-8").splitlines()]


def happened(service: Service) -> list[Members]:
    events: list[Members] = service.events.page()["Events"]
    return events


def test_without_rules_nothing_is_delivered(serve: Serve) -> None:
    service = serve()
    assert service.events.deliveries.shown() == []
    assert service.events.deliveries.read_by_all() is None


def test_all_events_go_to_a_sink_of_the_settings(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    service = serve(sinks=(f"file={path}",))
    models(service, "a", "b")
    events = happened(service)
    service.close()
    assert lines(path) == events
    assert len(events) == 2


def test_the_file_of_a_sink_lies_where_the_server_runs(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    service = serve(sinks=("file=events.jsonl",))
    models(service, "a")
    service.close()
    assert len(lines(tmp_path / "events.jsonl")) == 1


def test_the_file_of_a_sink_lies_where_the_server_runs_also_beside_rules(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    service = serve(rule("all", {"file": {"path": "all.jsonl"}}), sinks=("file=events.jsonl",))
    models(service, "a")
    service.close()
    assert len(lines(tmp_path / "events.jsonl")) == 1


def test_the_file_of_a_rule_lies_where_the_rules_do(
    serve: Serve, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    service = serve(rule("all", {"file": {"path": "made/events.jsonl"}}))
    models(service, "a")
    service.close()
    assert len(lines(folder / "made" / "events.jsonl")) == 1


def test_each_rule_sends_what_its_pattern_matches_to_all_its_targets(
    serve: Serve, tmp_path: Path, folder: Path
) -> None:
    approved = {"detail": {"ModelApprovalStatus": ["Approved"]}}
    service = serve(
        rule(
            "approved",
            {"file": {"path": "first.jsonl"}},
            {"file": {"path": "second.jsonl"}, "InputPath": "$.detail.ModelPackageArn"},
            pattern=approved,
        ),
        rule(
            "models", {"file": {"path": "models.jsonl"}}, pattern={"detail": {"ModelName": ["a"]}}
        ),
        sinks=(f"file={tmp_path / 'all.jsonl'}",),
    )
    call(service, "CreateModelPackageGroup", **GROUP)
    for status in ("Approved", "Rejected"):
        call(service, "CreateModelPackage", **GROUP, ModelApprovalStatus=status)
    models(service, "a")
    version, rejected, model = happened(service)
    names = [each["Target"] for each in service.events.deliveries.shown()]
    service.close()
    assert lines(folder / "first.jsonl") == [version]
    assert lines(folder / "second.jsonl") == [version["detail"]["ModelPackageArn"]]
    assert lines(folder / "models.jsonl") == [model]
    assert lines(tmp_path / "all.jsonl") == [version, rejected, model]
    assert names[1:] == ["approved/file", "approved/file-2", "models/file"]
    assert names[0].endswith("/file")


def test_what_happens_after_each_start_is_delivered_once(serve: Serve, folder: Path) -> None:
    to_file = rule("all", {"file": {"path": "events.jsonl"}})
    for name in ("a", "b", "c"):
        models(serve(to_file), name)
    service = serve(to_file)
    events = happened(service)
    service.close()
    assert lines(folder / "events.jsonl") == events
    assert len(events) == 3


def test_a_webhook_is_sent_what_its_rule_says(serve: Serve, receiver: HttpReceiver) -> None:
    url = f"http://127.0.0.1:{receiver.port}/hook"
    options = {"url": url, "secret": "s", "headers": {"X-Team": "churn"}, "timeout_s": 5}
    service = serve(rule("hook", {"webhook": options, "InputPath": "$.detail.ModelName"}))
    models(service, "a")
    until(lambda: receiver.seen)
    ((path, headers, body),) = receiver.seen
    assert (path, headers["X-Team"], body) == ("/hook", "churn", b'"a"')
    assert any(value.startswith("sha256=") for value in headers.values())


def test_a_webhook_of_the_settings_is_sent_whole_events(
    serve: Serve, receiver: HttpReceiver
) -> None:
    service = serve(sinks=(f"webhook=http://127.0.0.1:{receiver.port}/",))
    models(service, "a")
    until(lambda: receiver.seen)
    assert [json.loads(body) for _, _, body in receiver.seen] == happened(service)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("eventbridge", {"bus": "ci"}),
        ("sqs", {"queue_url": "http://127.0.0.1/123456789012/queue"}),
        ("sns", {"topic_arn": "arn:aws:sns:eu-west-1:123456789012:topic"}),
        ("lambda", {"function": "notify"}),
    ],
)
def test_a_service_of_aws_is_called_as_its_options_say(
    serve: Serve, receiver: HttpReceiver, kind: str, options: Members
) -> None:
    endpoint = {
        "endpoint_url": f"http://127.0.0.1:{receiver.port}",
        "region": "eu-west-1",
        "access_key_id": "AKIDOFTHERULE",
        "secret_access_key": "s",
        "timeout_s": 5,
    }
    service = serve(rule("aws", {kind: {**endpoint, **options}, "attempts": 1}))
    models(service, "a")
    until(lambda: receiver.seen)
    _, headers, body = receiver.seen[0]
    assert "Credential=AKIDOFTHERULE/" in headers["Authorization"]
    assert "/eu-west-1/" in headers["Authorization"]
    event_id = happened(service)[0]["id"].encode()
    assert (event_id in body) or kind == "eventbridge"


PROGRAM = """
import os, pathlib, sys
pathlib.Path("ran").write_text(sys.stdin.read() + os.environ["SAGEMOCK_EVENT_ID"])
"""


def test_a_command_runs_beside_the_rules_where_commands_are_allowed(
    serve: Serve, folder: Path
) -> None:
    target = {
        "command": {"run": [sys.executable, "-c", PROGRAM]},
        "InputPath": "$.detail.ModelName",
    }
    service = serve(rule("run", target), allow_commands=True)
    models(service, "a")
    until(lambda: service.events.deliveries.shown()[0]["Delivered"])
    assert (folder / "ran").read_text() == '"a"\n' + happened(service)[0]["id"]


FUNCTION = """
import pathlib

def handler(event, context):
    pathlib.Path(__file__).with_name("called").write_text(event["detail"]["ModelName"])
"""


def test_a_function_of_ones_own_is_called_where_commands_are_allowed(
    serve: Serve, folder: Path
) -> None:
    (folder / "notify.py").write_text(FUNCTION)
    target = {"lambda": {"file": "notify.py", "function": "handler", "timeout_s": 20}}
    service = serve(rule("call", target), allow_commands=True)
    models(service, "a")
    until(lambda: service.events.deliveries.shown()[0]["Delivered"])
    assert (folder / "called").read_text() == "a"


def test_a_version_that_is_approved_is_deployed_by_a_rule(serve: Serve) -> None:
    options = {"endpoint": "live", "variant": {"InstanceType": "ml.m5.large"}}
    service = serve(rule("deploy", {"deploy": options}))
    call(service, "CreateModelPackageGroup", **GROUP)
    specification = {
        "Containers": [{"Image": IMAGE}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    call(
        service,
        "CreateModelPackage",
        **GROUP,
        InferenceSpecification=specification,
        ModelApprovalStatus="Approved",
    )
    until(lambda: call(service, "ListEndpoints")["Endpoints"])
    (endpoint,) = call(service, "ListEndpoints")["Endpoints"]
    assert endpoint["EndpointName"] == "live"


COMMAND = {"command": {"run": ["true"]}}
LOCAL = {"lambda": {"file": "notify.py", "function": "handler"}}
NOT_ALLOWED = (
    "The target 'r/{kind}' runs a program, which only happens with --allow-commands; start the "
    "server with it."
)
FUNCTION_OPTIONS = {"function": "f", "file": "a.py", "endpoint_url": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (COMMAND, NOT_ALLOWED.format(kind="command")),
        (LOCAL, NOT_ALLOWED.format(kind="lambda")),
        (
            {"webhook": {"url": "http://127.0.0.1:1/", "headers": {"Host": "other"}}},
            "The target 'r/webhook': ",
        ),
        (
            {"webhook": {"url": "http://127.0.0.1:1/", "allow_hosts": ["a_b!"]}},
            "The target 'r/webhook': ",
        ),
        ({"lambda": {"function": "f"}}, "The target 'r/lambda': give either endpoint_url, "),
        ({"lambda": FUNCTION_OPTIONS}, "The target 'r/lambda': give either endpoint_url, "),
        (
            {"deploy": {"endpoint": "live", "variant": {"InstanceTyp": "ml.m5.large"}}},
            "The target 'r/deploy': a variant has no member InstanceTyp; perhaps InstanceType is",
        ),
        (
            {"command": {"run": ["no-such-program"]}},
            "The target 'r/command' runs a program, which only happens with --allow-commands",
        ),
    ],
    ids=str,
)
def test_a_target_that_cannot_be_is_refused_before_anything_starts(
    serve: Serve, target: Members, message: str
) -> None:
    with pytest.raises(EventRulesError) as refused:
        serve(rule("fine", {"file": {"path": "events.jsonl"}}), rule("r", target))
    assert str(refused.value).startswith(message)
    assert str(refused.value).endswith(".")
    # The database is let go of, and can be served again.
    assert serve().events.deliveries.shown() == []


def test_rules_that_cannot_be_leave_the_database_free(serve: Serve, folder: Path) -> None:
    with pytest.raises(EventRulesError, match=r"known kinds are"):
        serve(sinks=("fax=1234",))
    with pytest.raises(EventRulesError, match="cannot be read"):
        serve(event_rules=folder / "none.yaml")
    assert serve().events.deliveries.shown() == []


def test_the_same_sink_given_twice_gets_each_event_once(serve: Serve, tmp_path: Path) -> None:
    sink = f"file={tmp_path / 'events.jsonl'}"
    service = serve(sinks=(sink, sink))
    make_model(service, "a")
    service.close()
    assert len(lines(tmp_path / "events.jsonl")) == 1
