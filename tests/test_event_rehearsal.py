"""The rehearsal of rules: which of the registry's transitions fire them, and what is said of it."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import pytest

from sagemock import event_rehearsal as said
from sagemock.event_pattern import EventPattern
from sagemock.event_rehearsal import Rehearsal, shown, told
from sagemock.event_rehearsal import rehearse as rehearse_rule
from sagemock.event_rule_files import RulePattern, read_patterns
from sagemock.event_samples import Samples

FOLDER = Path(__file__).parents[1] / "fixtures" / "event_patterns"
VERSIONS = ["aws.sagemaker"], ["SageMaker Model Package State Change"]

PENDING = [
    "a version is registered (PendingManualApproval)",
    "a pending version is stamped with metadata",
]
BACK_TO_PENDING = ["an approved version goes back to PendingManualApproval"]
APPROVALS = ["a pending version is approved", "a rejected version is approved"]
OF_APPROVED = [
    *APPROVALS,
    "an approved version is stamped with metadata",
    "an approved version is approved again",
    "the approval of an approved version is described anew",
    "an approved version goes to another life cycle stage",
    "a version is stamped with metadata in that stage",
    "an approved version gets another inference specification",
    "an approved version gets another source URI",
    "a version is registered as Approved",
]
OF_REJECTED = [
    "an approved version is rejected",
    "a pending version is rejected",
    "a version is registered as Rejected",
]
OF_ALL_VERSIONS = [*PENDING, *BACK_TO_PENDING, *OF_APPROVED, *OF_REJECTED]
IN_SERVICE = [
    "a new endpoint goes into service (IN_SERVICE)",
    "an updated endpoint is in service (IN_SERVICE)",
]
OTHERS = [
    "a version is deleted",
    "an unversioned package is created",
    "a model is created",
    "an endpoint configuration is created",
    "an endpoint is created (CREATING)",
    "an endpoint is updated (UPDATING)",
    "an endpoint is deleted (DELETING)",
    "an endpoint configuration is deleted",
    "a model is deleted",
    "a new endpoint fails (FAILED)",
]
EVERY_TRANSITION = {*OF_ALL_VERSIONS, *IN_SERVICE, *OTHERS}

FIRED_AND_SAID = {
    "01-approved": (OF_APPROVED, [said.ON_METADATA]),
    "02-anything-but-pending": (
        [*OF_APPROVED, *OF_REJECTED],
        [said.ON_REJECTION, said.ON_METADATA],
    ),
    "03-group-only": (
        OF_ALL_VERSIONS,
        [said.ON_REGISTRATION, said.ON_REJECTION, said.ON_METADATA],
    ),
    "04-approved-or-rejected": (
        [*OF_APPROVED, *OF_REJECTED],
        [said.ON_REJECTION, said.ON_METADATA],
    ),
    "05-approved-terraform": (OF_APPROVED, [said.ON_METADATA]),
    "06-approved-github": (OF_APPROVED, [said.ON_METADATA]),
    "07-decisions-to-another-account": (
        [*OF_APPROVED, *OF_REJECTED],
        [said.ON_REJECTION, said.ON_METADATA],
    ),
    "08-approved-sns": (OF_APPROVED, [said.ON_METADATA]),
    "09-endpoint-in-service": (IN_SERVICE, []),
    "09-pending": ([*PENDING, *BACK_TO_PENDING], []),
    "10-approved-dispatch": (OF_APPROVED, [said.ON_METADATA]),
    "10-approved-just-now": (APPROVALS, [said.NOT_REGISTERED_AS_APPROVED]),
    "11-no-detail": (
        [*OF_ALL_VERSIONS, "an unversioned package is created"],
        [said.ON_REGISTRATION, said.ON_REJECTION, said.ON_METADATA],
    ),
}


def pattern(**detail: Any) -> dict[str, Any]:
    source, detail_type = VERSIONS
    return {"source": source, "detail-type": detail_type, "detail": detail}


DECISIONS = ["ModelApprovalStatus", {"exists": False}]


class Rehearse(Protocol):
    def __call__(
        self, content: dict[str, Any] | None, *open_names: str, decides: bool = False
    ) -> Rehearsal: ...


@pytest.fixture(scope="module")
def samples() -> Iterator[Samples]:
    with closing(Samples()) as samples:
        yield samples


@pytest.fixture(scope="module")
def rehearse(samples: Samples) -> Rehearse:
    def made(content: dict[str, Any] | None, *open_names: str, decides: bool = False) -> Rehearsal:
        read = None if content is None else EventPattern.of(content)
        return rehearse_rule(RulePattern("rule", read, open_names, decides), samples)

    return made


def fired(rehearsal: Rehearsal) -> set[str]:
    return {each.name for each in rehearsal.transitions if each.fires}


def test_each_rule_that_people_have_is_here() -> None:
    assert {path.stem for path in FOLDER.glob("[0-9]*.json")} == set(FIRED_AND_SAID)


@pytest.mark.parametrize("name", sorted(FIRED_AND_SAID))
def test_a_rule_that_people_have_fires_on_these_transitions_and_no_others(
    samples: Samples, name: str
) -> None:
    (rule,) = read_patterns(FOLDER / f"{name}.json")
    rehearsal = rehearse_rule(rule, samples)
    wanted, notices = FIRED_AND_SAID[name]
    assert {each.name for each in rehearsal.transitions} == EVERY_TRANSITION
    assert len(rehearsal.transitions) == len(EVERY_TRANSITION)
    assert fired(rehearsal) == set(wanted)
    assert rehearsal.notices == notices


def test_the_template_that_deployed_unapproved_models_is_cured_by_what_is_said_of_it(
    rehearse: Rehearse,
) -> None:
    group = {"ModelPackageGroupName": ["churn"]}
    assert said.ON_REGISTRATION in rehearse(pattern(**group)).notices
    cured = {**group, "ModelApprovalStatus": ["Approved"]}
    assert rehearse(pattern(**cured)).notices == [said.ON_METADATA]
    cured["UpdatedModelPackageFields"] = ["ModelApprovalStatus"]
    rehearsal = rehearse(pattern(**cured))
    assert fired(rehearsal) == set(APPROVALS)
    assert rehearsal.notices == [said.NOT_REGISTERED_AS_APPROVED]


@pytest.mark.parametrize(
    "own",
    [
        {"CustomerMetadataProperties": {"env": ["prod"]}},
        {"ModelPackageVersion": [{"numeric": [">", 5]}]},
        {"InferenceSpecification": {"Containers": {"Image": [{"prefix": "xgboost"}]}}},
        {"$or": [{"ModelPackageDescription": ["a"]}, {"ApprovalDescription": ["b"]}]},
    ],
)
def test_data_of_a_users_own_may_be_anything_and_that_is_said(
    rehearse: Rehearse, own: dict[str, Any]
) -> None:
    decided = {"ModelApprovalStatus": ["Approved"], "UpdatedModelPackageFields": DECISIONS}
    rehearsal = rehearse(pattern(**decided, **own))
    assert fired(rehearsal) == fired(rehearse(pattern(**decided)))
    members = own.get("$or", [own])
    paths = ", ".join(f"detail.{name}" for each in members for name in each)
    assert rehearsal.notices == [said.OWN_DATA.format(paths=paths)]


def test_what_keeps_stamps_out_can_keep_what_is_registered_as_approved(rehearse: Rehearse) -> None:
    fields = ["ModelApprovalStatus", {"exists": False}]
    assert json.dumps(fields) in said.ON_METADATA
    rehearsal = rehearse(
        pattern(ModelApprovalStatus=["Approved"], UpdatedModelPackageFields=fields)
    )
    assert fired(rehearsal) == {
        *APPROVALS,
        "a version is registered as Approved",
        # Which changes nothing, so that no field is named.
        "an approved version is approved again",
    }
    assert rehearsal.notices == []


def test_a_rule_for_metadata_alone_is_meant_so(rehearse: Rehearse) -> None:
    rehearsal = rehearse(pattern(UpdatedModelPackageFields=["CustomerMetadataProperties"]))
    assert fired(rehearsal) == {
        "a pending version is stamped with metadata",
        "an approved version is stamped with metadata",
        "a version is stamped with metadata in that stage",
    }
    assert rehearsal.notices == []


def test_a_rule_for_a_life_cycle_stage_is_gone_through_with_its_stage(rehearse: Rehearse) -> None:
    stage = {"ModelLifeCycle": {"Stage": ["QA"], "StageStatus": ["Retired"]}}
    loose = rehearse(pattern(**stage))
    assert "an approved version goes to another life cycle stage" in fired(loose)
    assert loose.notices == [said.ON_METADATA_IN_STAGE]
    tight = rehearse(pattern(**stage, UpdatedModelPackageFields=["ModelLifeCycle"]))
    assert fired(tight) == {"an approved version goes to another life cycle stage"}
    assert tight.notices == []


def test_a_rule_without_a_pattern_fires_on_all_that_has_an_event(rehearse: Rehearse) -> None:
    rehearsal = rehearse(None)
    assert fired(rehearsal) == EVERY_TRANSITION - {"a version is deleted"}
    assert rehearsal.notices == [said.ON_REGISTRATION, said.ON_REJECTION, said.ON_METADATA]


def test_nothing_is_advised_where_the_targets_look_at_the_status_themselves(
    rehearse: Rehearse,
) -> None:
    assert rehearse(pattern(ModelPackageGroupName=["churn"]), decides=True).notices == []


def test_what_is_filled_in_on_deployment_is_named(rehearse: Rehearse) -> None:
    rehearsal = rehearse(
        pattern(ModelPackageGroupName=[{"prefix": "churn"}], ModelApprovalStatus=["Rejected"]),
        "${Group}",
        '{"Ref": "Id"}',
    )
    assert rehearsal.notices == [
        'What is filled in on deployment fits any value here: ${Group}, {"Ref": "Id"}.'
    ]


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_a_rule_of_a_region_is_gone_through_in_its_partition(
    rehearse: Rehearse, region: str, partition: str
) -> None:
    arn = f"arn:{partition}:sagemaker:{region}:111122223333:model-package/fraud/1"
    rehearsal = rehearse({"resources": [arn], "detail": {"ModelApprovalStatus": ["Rejected"]}})
    assert fired(rehearsal) == {
        "an approved version is rejected",
        "a pending version is rejected",
    }


@pytest.mark.parametrize("length", [1, 63])
def test_names_of_any_length_are_gone_through(rehearse: Rehearse, length: int) -> None:
    name = "A" * length
    members = ("ModelPackageGroupName", "EndpointName", "ModelName", "EndpointConfigName")
    alternatives = [{member: [name]} for member in members]
    rehearsal = rehearse({"detail": {"$or": alternatives}})
    assert fired(rehearsal) >= {*OF_ALL_VERSIONS, *IN_SERVICE, "a model is created"}


STATUSES = ("PendingManualApproval", "Approved", "Rejected")
ENDPOINT_STATUSES = ("CREATING", "IN_SERVICE", "UPDATING", "DELETING", "FAILED")
KINDS = tuple(
    f"SageMaker {kind} State Change"
    for kind in ("Model Package", "Model", "Endpoint Config", "Endpoint")
)
IMAGES = tuple(f"123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:{tag}" for tag in (1, 2))
ARNS = tuple(
    f"arn:aws:sagemaker:us-east-1:123456789012:{resource}"
    for resource in (
        *("model-package/churn/1", "model-package/churn/2", "model-package/churn/3"),
        *("model-package/churn", "model/churn", "endpoint-config/churn"),
    )
)


def never_so(path: str, *values: str, more: str = "") -> str:
    listed = ", ".join(map(json.dumps, values))
    return f"No event has {path} as it asks for it. What events have: {listed}{more}."


def but_for(path: str, transition: str, value: str) -> str:
    return f"But for {path} it would fire when {transition}; the event has {value}."


@pytest.mark.parametrize(
    ("content", "notices"),
    [
        (
            {"detail": {"EndpointStatus": ["InService"]}},
            [never_so("detail.EndpointStatus", *ENDPOINT_STATUSES)],
        ),
        (
            pattern(ModelApprovalStatus=["APPROVED"]),
            [never_so("detail.ModelApprovalStatus", *STATUSES)],
        ),
        (
            {"detail.ModelApprovalStatus": ["APPROVED"]},
            [never_so("detail.ModelApprovalStatus", *STATUSES)],
        ),
        (
            {**pattern(ModelApprovalStatus=["Approved"]), "detail-type": ["Model Package"]},
            [never_so("detail-type", KINDS[0])],
        ),
        (
            {"source": ["sagemaker"], "detail-type": ["Model Package"]},
            [never_so("source", "aws.sagemaker"), never_so("detail-type", *KINDS)],
        ),
        (
            pattern(
                ModelApprovalStatus=["Approved"],
                previousModelApprovalStatus=["PendingManualApproval"],
            ),
            [said.NO_PREVIOUS_STATUS.format(path="detail.previousModelApprovalStatus")],
        ),
        (pattern(ApprovalStatus=["Approved"]), ["No event has detail.ApprovalStatus."]),
        ({"resources": ["churn"]}, [never_so("resources", *ARNS, more=" and others")]),
        (
            {"detail": {"$or": [{"EndpointStatus": ["x"]}, {"ModelApprovalStatus": ["y"]}]}},
            ["No event fits an alternative of detail.$or."],
        ),
        (
            pattern(EndpointStatus=["IN_SERVICE"]),
            [
                but_for("detail-type", IN_SERVICE[0], f'"{KINDS[3]}" there'),
                but_for("detail.EndpointStatus", PENDING[0], "none"),
            ],
        ),
        (
            pattern(
                ModelApprovalStatus=["PendingManualApproval"],
                UpdatedModelPackageFields=["ApprovalDescription"],
            ),
            [
                but_for("detail.ModelApprovalStatus", APPROVALS[0], '"Approved" there'),
                but_for(
                    "detail.UpdatedModelPackageFields",
                    PENDING[1],
                    '"CustomerMetadataProperties" there',
                ),
            ],
        ),
    ],
)
def test_a_rule_that_nothing_fires_is_told_why(
    rehearse: Rehearse, content: dict[str, Any], notices: list[str]
) -> None:
    rehearsal = rehearse(content)
    assert fired(rehearsal) == set()
    assert rehearsal.notices == [said.ON_NOTHING, *notices]


def test_the_lines_tell_what_fires_what_does_not_why_and_the_first_event(
    rehearse: Rehearse,
) -> None:
    rehearsal = rehearse(pattern(UpdatedModelPackageFields=["ApprovalDescription"]))
    first = "a pending version is approved"
    second = "the approval of an approved version is described anew"
    event = next(each.events[0] for each in rehearsal.transitions if each.name == first)
    others = [each.name for each in rehearsal.transitions if each.name not in {first, second}]
    assert list(told(rehearsal)) == [
        "rule fires when",
        f"  + {first}",
        f"  + {second}",
        "and not when",
        *(f"  - {each}{': no event' if each == OTHERS[0] else ''}" for each in others),
        "",
        f"The event when {first}:",
        json.dumps(event, indent=2),
    ]


def test_as_json_it_has_all_events(rehearse: Rehearse) -> None:
    rehearsal = rehearse(pattern(ModelApprovalStatus=["APPROVED"]))
    assert shown(rehearsal) == {
        "Rule": "rule",
        "Transitions": [
            {"Transition": each.name, "Fires": False, "Events": each.events}
            for each in rehearsal.transitions
        ],
        "Notices": rehearsal.notices,
    }
    json.dumps(shown(rehearsal))
