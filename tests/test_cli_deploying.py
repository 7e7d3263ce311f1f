"""Deploying by the command line: options and variables, and their mistakes in one sentence."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command_line import Started, assert_one_sentence, run


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    started = Started(tmp_path)
    yield started
    if started.process.poll() is None:
        started.stop()


@pytest.mark.parametrize(
    ("name", "value", "pattern"),
    [
        ("SAGEMOCK_SERVING_FALLBACK", "none", "The fallback of serving is canned or fail"),
        ("SAGEMOCK_APPROVAL_GATE", "maybe", "The approval gate is enforce or warn or off"),
        ("SAGEMOCK_SERVING", "model:m=x model:n=canned", "served by auto or canned or process"),
        ("SAGEMOCK_BUCKET", "a=/no/such", "The folder '/no/such' of bucket 'a' does not exist"),
    ],
)
def test_a_bad_variable_of_deploying_is_told_in_one_sentence(
    name: str, value: str, pattern: str
) -> None:
    assert_one_sentence(run("serve", **{name: value}), f"^sagemock: .*{pattern}")


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        (None, r"The file of canned rules .*rules\.json cannot be read: No such file"),
        (b"{", r"The file of canned rules .*rules\.json is no JSON: "),
        (b'{"match": {}}', r"A canned rule is wrong at \[0\]: 'reply' is a required property\."),
        (b'{"reply": {"file": "absent"}}', "The file 'absent' cannot be read: No such file"),
        (b'{"reply": {"body": "caf\xe9"}}', r".*rules\.json is no JSON: "),
        (b"[" * 100_000, r".*rules\.json is no JSON: "),
    ],
    ids=["absent", "no JSON", "no reply", "absent reply", "no text", "deep"],
)
def test_a_bad_file_of_rules_is_told_in_one_sentence(
    content: bytes | None, pattern: str, tmp_path: Path
) -> None:
    path = tmp_path / "rules.json"
    if content is not None:
        path.write_bytes(content)
    options = ("--port", "0", "--db", ":memory:", "--serving-rules", str(path))
    assert_one_sentence(run("serve", *options), f"^sagemock: {pattern}")


IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1"


def deploy(started: Started, container: dict[str, str]) -> dict[str, Any]:
    """An endpoint of a container, as it is when its creation was answered."""
    started.call("CreateModel", ModelName="m", PrimaryContainer=container)
    variant = {
        "VariantName": "v",
        "ModelName": "m",
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
    }
    started.call("CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=[variant])
    started.call("CreateEndpoint", EndpointName="it", EndpointConfigName="c")
    described: dict[str, Any] = started.call("DescribeEndpoint", EndpointName="it")
    return described


def invoke(started: Started) -> bytes:
    url = f"{started.url}/endpoints/it/invocations"
    with urllib.request.urlopen(url, b"1,2", timeout=10) as answer:  # noqa: S310 - the server just started
        body: bytes = answer.read()
    return body


def test_a_fiction_is_in_service_and_answers_on_the_same_port(started: Started) -> None:
    assert deploy(started, {"Image": IMAGE})["EndpointStatus"] == "InService"
    assert b"nothing real runs" in invoke(started)
    code, errors = started.stop()
    assert code == 0
    told = [line for line in errors.splitlines() if "nothing real runs" in line]
    assert len(told) == 1
    assert "Endpoint it, variant v" in told[0]


@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_fiction_can_be_made_to_fail(way: str, tmp_path: Path) -> None:
    if way == "option":
        started = Started(tmp_path, "--serving-fallback", "fail")
    else:
        started = Started(tmp_path, SAGEMOCK_SERVING_FALLBACK="fail")
    endpoint = deploy(started, {"Image": IMAGE})
    started.stop()
    assert endpoint["EndpointStatus"] == "Failed"
    assert "cannot be run here" in endpoint["FailureReason"]


@pytest.mark.parametrize("gate", ["enforce", "warn", "off"])
def test_the_approval_gate_can_be_given_as_a_variable(gate: str, tmp_path: Path) -> None:
    started = Started(tmp_path, SAGEMOCK_APPROVAL_GATE=gate)
    started.call("CreateModelPackageGroup", ModelPackageGroupName="g")
    specification = {"Containers": [{"Image": IMAGE}]}
    version = started.call(
        "CreateModelPackage", ModelPackageGroupName="g", InferenceSpecification=specification
    )["ModelPackageArn"]
    container = {"ModelPackageName": version}
    if gate == "enforce":
        with pytest.raises(urllib.error.HTTPError) as refused:
            started.call("CreateModel", ModelName="m", PrimaryContainer=container)
        with refused.value as answer:
            assert answer.status == 400
            assert version in json.loads(answer.read())["message"]
    else:
        started.call("CreateModel", ModelName="m", PrimaryContainer=container)
    _, errors = started.stop()
    assert (version in errors) is (gate == "warn")


def test_rules_of_a_file_answer_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text('{"match": {"endpoint": "it"}, "reply": {"body": "of the file"}}', "utf-8")
    started = Started(tmp_path, "--serving-rules", str(path))
    deploy(started, {"Image": IMAGE})
    assert invoke(started) == b"of the file"
    assert started.stop()[0] == 0


def test_an_endpoint_and_what_was_deployed_survive_a_restart(
    tmp_path: Path, started: Started
) -> None:
    deploy(started, {"Image": IMAGE})
    started.stop()
    again = Started(tmp_path)
    assert again.call("DescribeEndpoint", EndpointName="it")["EndpointStatus"] == "InService"
    assert b"nothing real runs" in invoke(again)
    again.stop()
