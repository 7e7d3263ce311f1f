"""From an approval to an answer: the target `deploy` of a file of rules, served and run."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploying.deployed import (
    IMAGE,
    LIMIT_S,
    VARIANT,
    Connect,
    Deployed,
    Endpoints,
    Members,
    eventually,
)
from deploying.programs import loads_after, says
from deploying.test_history import ARN, timeless
from deploying.test_registered_versions import GROUP, approve, assert_exchanged, register
from real_models import exchanges, put

LIVE = "live"
TARGET = "arn:aws:sts::123456789012:assumed-role/sagemock-events/on-approval"

Start = Callable[..., Deployed]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return tmp_path / "rules.json"


def write_rules(rules: Path, *, pattern: Members | None = None, **deploy: Any) -> None:
    rule: Members = {
        "name": "on-approval",
        "targets": [{"deploy": {"endpoint": LIVE, **deploy}, "attempts": 1}],
    }
    if pattern is not None:
        rule["pattern"] = pattern
    rules.write_text(json.dumps({"rules": [rule]}), "utf-8")


@pytest.fixture
def start(serve: Callable[..., Deployed], rules: Path) -> Start:
    """What starts an app that deploys what is approved; one attempt is all a target has."""

    def start(*, settings: Members | None = None, **rule: Any) -> Deployed:
        write_rules(rules, **rule)
        return serve(event_rules=rules, hold_s=0.1, **(settings or {}))

    return start


def version_of(deployed: Deployed, word: str, group: str = GROUP) -> str:
    """A version that awaits its approval and says a word; without one it cannot be loaded."""
    container = deployed.program(says(word) if word else "1 / 0", word or "broken")
    return register(deployed, container, group=group)


def reject(endpoints: Endpoints, version: str) -> None:
    endpoints.sagemaker.update_model_package(
        ModelPackageArn=version, ModelApprovalStatus="Rejected"
    )


def deploys(deployed: Deployed, word: str) -> Members:
    """The endpoint, once it answers with a word and is at rest."""
    eventually(lambda: deployed.answers(LIVE, word))
    return deployed.comes_to(LIVE, "InService")


def target(deployed: Deployed) -> Members:
    (shown,) = deployed.get("/_sagemock/events/targets")["Targets"]
    return dict(shown)


def has_read_all(deployed: Deployed) -> None:
    eventually(lambda: target(deployed)["Behind"] == 0)


def letters(deployed: Deployed) -> list[tuple[str, str]]:
    """Versions whose events are dead letters, and why."""
    return [
        (each["Event"]["detail"]["ModelPackageArn"], each["Reason"])
        for each in deployed.get("/_sagemock/events/dead-letters")["DeadLetters"]
    ]


def done(deployed: Deployed) -> list[str]:
    """The operations of the target that created or changed something, oldest first."""
    page = deployed.get(f"/_sagemock/activity?limit=1000&actor={TARGET}")
    return [
        each["Operation"]
        for each in reversed(page["Activity"])
        if each["Change"] in {"created", "changed"}
    ]


def test_a_real_model_answers_once_it_is_approved(start: Start) -> None:
    deployed = start()
    uri = put("plain_score", deployed.buckets.folder, "s3://models/model.tar.gz")
    version = register(deployed, {"Image": IMAGE, "ModelDataUrl": uri})
    has_read_all(deployed)
    assert deployed.is_gone(LIVE)
    approve(deployed, version)
    eventually(lambda: not deployed.is_gone(LIVE))
    deployed.comes_to(LIVE, "InService")
    for exchange in exchanges("plain_score"):
        assert_exchanged(deployed, LIVE, exchange)


def test_the_version_answers_that_was_approved_last(start: Start) -> None:
    deployed = start()
    one, two = (version_of(deployed, word) for word in ("one", "two"))
    approve(deployed, two)
    deploys(deployed, "two")
    approve(deployed, one)
    deploys(deployed, "one")
    reject(deployed, one)
    deploys(deployed, "two")
    reject(deployed, two)
    has_read_all(deployed)
    assert deployed.ask(LIVE) == "two"
    approve(deployed, one)
    deploys(deployed, "one")
    assert letters(deployed) == []


def test_two_approvals_in_quick_succession_are_deployed_in_their_order(start: Start) -> None:
    deployed = start()
    one, two = (version_of(deployed, word) for word in ("one", "two"))
    approve(deployed, one)
    approve(deployed, two)
    deploys(deployed, "two")
    rows = deployed.deployments()
    assert [(each["SubjectArn"], each.get("Outcome")) for each in rows] == [
        (two, None),
        (one, "Replaced"),
    ]


def test_a_deployment_in_progress_is_waited_for_and_that_is_no_attempt(
    start: Start, tmp_path: Path
) -> None:
    deployed, latch = start(), tmp_path / "latch"
    slow = register(deployed, deployed.program(loads_after(latch), "slow"))
    approve(deployed, slow)
    approve(deployed, version_of(deployed, "two"))
    said = "The endpoint live is Creating; it is changed once that is over."
    eventually(lambda: target(deployed).get("Failure") == said)
    assert target(deployed)["Attempts"] == 0
    latch.touch()
    deploys(deployed, "two")
    assert letters(deployed) == []


def test_a_version_that_is_gone_is_a_dead_letter_and_the_next_is_deployed(
    start: Start, tmp_path: Path
) -> None:
    deployed, latch = start(), tmp_path / "latch"
    approve(deployed, register(deployed, deployed.program(loads_after(latch), "slow")))
    gone, last = (version_of(deployed, word) for word in ("gone", "last"))
    approve(deployed, gone)
    approve(deployed, last)
    deployed.sagemaker.delete_model_package(ModelPackageName=gone)
    latch.touch()
    deploys(deployed, "last")
    reason = f"ValidationException: ModelPackage {gone} does not exist."
    assert letters(deployed) == [(gone, reason)]


def test_what_is_rejected_while_it_waits_is_not_deployed(start: Start, tmp_path: Path) -> None:
    deployed, latch = start(), tmp_path / "latch"
    approve(deployed, register(deployed, deployed.program(loads_after(latch), "slow")))
    version = version_of(deployed, "two")
    approve(deployed, version)
    reject(deployed, version)
    latch.touch()
    has_read_all(deployed)
    deploys(deployed, "loaded")
    assert [each["SubjectArn"].rpartition("/")[2] for each in deployed.deployments()] == ["1"]


def test_only_approvals_deploy_though_the_rule_is_for_all_events(start: Start) -> None:
    deployed = start()
    one, two, _ = (version_of(deployed, word) for word in ("one", "two", "three"))
    approve(deployed, one)
    deploys(deployed, "one")
    approve(deployed, two)
    deploys(deployed, "two")
    before = done(deployed)
    approve(deployed, one)
    for version in (one, two):
        deployed.sagemaker.update_model_package(
            ModelPackageArn=version, CustomerMetadataProperties={"deployed": "yes"}
        )
    version_of(deployed, "four")
    has_read_all(deployed)
    assert deployed.ask(LIVE) == "two"
    assert done(deployed) == before


def test_a_pattern_chooses_the_group(start: Start) -> None:
    deployed = start(pattern={"detail": {"ModelPackageGroupName": [GROUP]}})
    approve(deployed, version_of(deployed, "other", group="others"))
    has_read_all(deployed)
    assert deployed.is_gone(LIVE)
    approve(deployed, version_of(deployed, "ours"))
    deploys(deployed, "ours")


def test_events_that_come_again_after_a_crash_change_nothing(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed = start()
    with monkeypatch.context() as crashing:
        # As if the process had ended before it was noted how far the target has come.
        crashing.setattr(deployed.service._store, "put_position", lambda *_: None)
        for word in ("one", "two"):
            approve(deployed, version_of(deployed, word))
            deploys(deployed, word)
        has_read_all(deployed)
        before = done(deployed), timeless(deployed.deployments())
        deployed.restart()
    deployed.comes_to(LIVE, "InService")
    eventually(lambda: target(deployed)["Delivered"] >= 4)
    has_read_all(deployed)
    assert deployed.ask(LIVE) == "two"
    assert (done(deployed), timeless(deployed.deployments())) == before


def test_an_approval_is_made_good_for_after_a_stop(start: Start, tmp_path: Path) -> None:
    deployed, latch = start(), tmp_path / "latch"
    approve(deployed, register(deployed, deployed.program(loads_after(latch), "slow")))
    eventually(lambda: not deployed.is_gone(LIVE))
    approve(deployed, version_of(deployed, "two"))
    deployed.restart()
    latch.touch()
    deploys(deployed, "two")
    assert letters(deployed) == []


def test_an_endpoint_that_failed_recovers_with_the_next_approval(start: Start) -> None:
    deployed = start(settings={"serving_fallback": "fail"})
    approve(deployed, version_of(deployed, ""))
    eventually(lambda: not deployed.is_gone(LIVE))
    deployed.comes_to(LIVE, "Failed")
    approve(deployed, version_of(deployed, "one"))
    deploys(deployed, "one")

    broken = version_of(deployed, "")
    approve(deployed, broken)
    eventually(lambda: deployed.deployments()[1]["SubjectArn"] == broken)
    has_read_all(deployed)
    endpoint = deployed.comes_to(LIVE, "InService")
    assert endpoint["FailureReason"]
    assert deployed.ask(LIVE) == "one"

    approve(deployed, version_of(deployed, "two"))
    deploys(deployed, "two")
    assert letters(deployed) == []


def test_options_that_cannot_be_are_told_and_can_be_put_right(start: Start, rules: Path) -> None:
    deployed = start(variant={"InstanceType": 5})
    version = version_of(deployed, "one")
    approve(deployed, version)
    reason = "SerializationException: NUMBER_VALUE can not be converted to a String"
    eventually(lambda: letters(deployed) == [(version, reason)])
    write_rules(rules, variant={"InstanceType": "ml.c5.large"})
    deployed.restart()
    url = f"{deployed.url}/_sagemock/events/dead-letters/retry"
    asked = urllib.request.Request(url, method="POST")  # noqa: S310 - our own server
    with urllib.request.urlopen(asked, timeout=LIMIT_S) as answer:  # noqa: S310 - the same
        assert json.load(answer) == {"tried": 1, "without_target": 0}
    deploys(deployed, "one")
    eventually(lambda: letters(deployed) == [])


def test_the_history_says_which_rule_did_it(start: Start) -> None:
    deployed = start()
    version = version_of(deployed, "one")
    approve(deployed, version)
    name = deploys(deployed, "one")["EndpointConfigName"]
    assert timeless(deployed.deployments()) == [
        {
            "SubjectArn": version,
            "ModelArn": f"{ARN}:model/{name}",
            "EndpointArn": f"{ARN}:endpoint/{LIVE}",
            "EndpointConfigName": name,
            "VariantName": VARIANT,
            "Weight": 1.0,
            "EndpointStatus": "InService",
            "Backend": "process",
            "Operation": "CreateEndpoint",
            "Principal": TARGET,
        }
    ]
    assert done(deployed) == ["CreateModel", "CreateEndpointConfig", "CreateEndpoint"]


def test_an_approval_in_another_region_deploys_there(start: Start, connect: Connect) -> None:
    deployed = start()
    there = connect(deployed.url, region_name="cn-north-1")
    version = register(there, deployed.program(says("there")))
    approve(there, version)
    eventually(lambda: there.answers(LIVE, "there"))
    assert deployed.is_gone(LIVE)
    (row,) = deployed.deployments()
    assert (row["SubjectArn"], row["Principal"]) == (
        version,
        "arn:aws-cn:sts::123456789012:assumed-role/sagemock-events/on-approval",
    )
