"""Event patterns as data: the rules that people have, and each matcher as its documents tell it."""

import json
from pathlib import Path
from typing import Any

import pytest

from sagemock.event_pattern import EventPattern

FOLDER = Path(__file__).parents[1] / "fixtures" / "event_patterns"
RULES = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("[0-9]*.json")}
DOCUMENTED = json.loads((FOLDER / "documented.json").read_text("utf-8"))

ARN = "arn:aws:sagemaker:eu-west-1:000000000000:"


def envelope(kind: str, resource: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "5b0fd20a-9ea7-4d3a-9c0d-6f0a3e3c1c11",
        "detail-type": kind,
        "source": "aws.sagemaker",
        "account": "000000000000",
        "time": "2026-01-05T09:30:00Z",
        "region": "eu-west-1",
        "resources": [ARN + resource],
        "detail": detail,
    }


def of_package(
    status: str, *updated: str, group: str = "churn", **members: object
) -> dict[str, Any]:
    """The event of a model package with this approval status, and of what an update named."""
    detail: dict[str, Any] = {
        "ModelPackageGroupName": group,
        "ModelPackageVersion": 3,
        "ModelPackageArn": f"{ARN}model-package/{group}/3",
        "CreationTime": "2026-01-05T09:00:00Z",
        "InferenceSpecification": {
            "Containers": [{"Image": "xgboost:1.7", "ModelDataUrl": "s3://bucket/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": status,
        **members,
    }
    if updated:
        detail["UpdatedModelPackageFields"] = list(updated)
        detail["LastModifiedTime"] = "2026-01-05T09:30:00Z"
    kind = "SageMaker Model Package State Change"
    return envelope(kind, f"model-package/{group}/3", detail)


def of_endpoint(status: str) -> dict[str, Any]:
    detail = {
        "EndpointName": "churn",
        "EndpointArn": f"{ARN}endpoint/churn",
        "EndpointConfigName": "churn-3",
        "EndpointStatus": status,
        "CreationTime": 1767603600000,
        "Tags": {},
    }
    return envelope("SageMaker Endpoint State Change", "endpoint/churn", detail)


# A stamp and a change of stage are of a version that is approved already: of such events a rule
# on the status alone makes a loop.
TRANSITIONS = {
    "registered": of_package("PendingManualApproval"),
    "approved": of_package("Approved", "ModelApprovalStatus", "ApprovalDescription"),
    "rejected": of_package("Rejected", "ModelApprovalStatus"),
    "stamped": of_package(
        "Approved", "CustomerMetadataProperties", CustomerMetadataProperties={"deployed": "yes"}
    ),
    "stage_changed": of_package(
        "Approved",
        "ModelLifeCycle",
        ModelLifeCycle={"Stage": "Production", "StageStatus": "InProgress"},
    ),
    "other_group_approved": of_package("Approved", "ModelApprovalStatus", group="fraud"),
    "endpoint_creating": of_endpoint("CREATING"),
    "endpoint_in_service": of_endpoint("IN_SERVICE"),
}


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_that_people_have_fires_on_these_transitions_and_on_no_other(name: str) -> None:
    rule = RULES[name]
    pattern = EventPattern.of(rule["pattern"])
    fired = {each for each, event in TRANSITIONS.items() if pattern.matches(event)}
    assert fired == set(rule["fires"])
    assert set(TRANSITIONS) - fired == set(rule["does_not_fire"])


def test_all_eleven_rules_of_the_reference_are_there() -> None:
    assert {int(name.split("-")[0]) for name in RULES} == set(range(1, 12))


@pytest.mark.parametrize("case", DOCUMENTED, ids=lambda case: case["title"])
def test_a_matcher_matches_what_is_said_of_it_and_nothing_else(case: dict[str, Any]) -> None:
    pattern = EventPattern.of(case["pattern"])
    assert [each for each in case["matches"] if not pattern.matches(each)] == []
    assert [each for each in case["does_not_match"] if pattern.matches(each)] == []


@pytest.mark.parametrize("case", DOCUMENTED, ids=lambda case: case["title"])
def test_a_pattern_is_the_same_as_a_text(case: dict[str, Any]) -> None:
    pattern = EventPattern.of(json.dumps(case["pattern"]))
    assert pattern.content == case["pattern"]
    assert all(map(pattern.matches, case["matches"]))
    assert not any(map(pattern.matches, case["does_not_match"]))
