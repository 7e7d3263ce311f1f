"""Which calls go wrong: rules over a service, looked at without a socket."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from fault_clients import ACCOUNT
from sagemock.fault_rules import DEFAULT_REASON, Asked, Fault, Refusal, fault_rule
from sagemock.faults import Faults

ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
THROTTLING = Refusal("ThrottlingException", "Rate exceeded", 400)
ITS_WORDS = "A fault rule has this call fail."
HERE = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"


def asked(operation: str = "CreateModelPackage", **request: Any) -> Asked:
    return Asked(operation, ACCOUNT, "us-east-1", ANN, request)


def faults(*rules: Mapping[str, Any]) -> Faults:
    made = Faults()
    made.add(list(rules))
    return made


def applied(faults: Faults, calls: int, **named: Any) -> str:
    """Of so many equal calls, those that go wrong as x and all others as a dot."""
    return "".join(".x"[faults.choose(asked(**named)) is not None] for _ in range(calls))


@pytest.mark.parametrize(
    ("match", "operations"),
    [
        ({}, "CDI"),
        ({"operation": "CreateModelPackage"}, "C"),
        ({"operation": "Create*"}, "C"),
        ({"operation": "*e*"}, "CDI"),
        ({"operation": "Invoke*", "account": ACCOUNT}, "I"),
        ({"account": "123*"}, "CDI"),
        ({"account": "222222222222"}, ""),
        ({"region": "us-*"}, "CDI"),
        ({"region": "eu-west-1"}, ""),
        ({"principal": "*:user/ann"}, "CDI"),
        ({"principal": "*:user/bob"}, ""),
    ],
)
def test_all_that_is_named_of_a_call_has_to_match(match: Any, operations: str) -> None:
    rules = faults({"match": match, "fault": {"cut": "after"}})
    names = ("CreateModelPackage", "DescribeModelPackage", "InvokeEndpoint")
    hit = [each[0] for each in names if rules.choose(asked(each)) is not None]
    assert "".join(hit) == operations


@pytest.mark.parametrize(
    ("pattern", "request_", "hit"),
    [
        ("churn", {"ModelPackageGroupName": "churn"}, True),
        ("churn", {"ModelPackageGroupName": "churn-2"}, False),
        ("churn*", {"ModelPackageGroupName": "churn-2"}, True),
        ("churn", {"ModelPackageGroupName": f"{HERE}:model-package-group/churn"}, True),
        (f"{HERE}:model-package-group/churn", {"ModelPackageGroupName": "churn"}, True),
        ("*:model-package-group/*", {"ModelPackageGroupName": "churn"}, True),
        ("*:endpoint/*", {"ModelPackageGroupName": "churn"}, False),
        ("churn", {"ModelPackageName": f"{HERE}:model-package/churn/3"}, True),
        ("churn/3", {"ModelPackageName": f"{HERE}:model-package/churn/3"}, True),
        ("churn/*", {"ResourceArn": f"{HERE}:model-package/churn/3"}, True),
        (f"{HERE}:endpoint/churn", {"EndpointName": "Churn"}, True),
        ("Churn", {"EndpointName": "Churn"}, True),
        ("churn", {"ModelPackageDescription": "churn"}, False),
        ("churn", {"EndpointName": ["churn"]}, False),
        ("*", {}, False),
    ],
)
def test_a_resource_is_known_by_its_name_and_by_its_arn(
    pattern: str, request_: Any, *, hit: bool
) -> None:
    rules = faults({"match": {"resource": pattern}, "fault": {"cut": "after"}})
    assert (rules.choose(asked(**request_)) is not None) == hit


def test_a_rule_applies_so_many_times_after_so_many_calls() -> None:
    rules = faults({"fault": {"cut": "before"}, "after": 2, "times": 3})
    assert applied(rules, 8) == "..xxx..."
    assert rules.shown() == [
        {
            "id": 1,
            "fault": {"cut": "before"},
            "after": 2,
            "times": 3,
            "matched": 8,
            "applied": 3,
        }
    ]


def test_the_first_rule_that_applies_decides() -> None:
    rules = faults(
        {"fault": {"error": "ThrottlingException"}, "times": 1},
        {"match": {"operation": "Describe*"}, "fault": {"cut": "midway"}},
        {"fault": {"cut": "before"}},
    )
    assert [rules.choose(asked()) for _ in range(2)] == [
        Fault(1, refusal=THROTTLING),
        Fault(3, cut="before"),
    ]
    assert rules.choose(asked("DescribeModel")) == Fault(2, cut="midway")
    assert [(each["matched"], each["applied"]) for each in rules.shown()] == [
        (3, 1),
        (1, 1),
        (1, 1),
    ]


def test_the_same_calls_have_the_same_faults_in_every_run() -> None:
    rule = {"fault": {"cut": "before"}, "probability": 0.3, "seed": 7}
    runs = {applied(faults(rule), 40) for _ in range(3)}
    assert len(runs) == 1
    (run,) = runs
    assert 4 < run.count("x") < 20
    assert applied(faults({**rule, "seed": 8}), 40) != run
    assert applied(faults({**rule, "probability": 1}), 40) == "x" * 40


def test_what_other_rules_draw_changes_nothing() -> None:
    rule = {"match": {"operation": "CreateModel"}, "fault": {"cut": "before"}, "probability": 0.5}
    alone = applied(faults(rule), 30, operation="CreateModel")
    other = {"match": {"operation": "DeleteModel"}, "fault": {"cut": "after"}, "probability": 0.5}
    both = faults(other, rule)
    drawn = ""
    for _ in range(30):
        both.choose(asked("DeleteModel"))
        drawn += applied(both, 1, operation="CreateModel")
    assert drawn == alone


def test_a_latency_is_drawn_between_its_ends() -> None:
    rule = {"fault": {"latency": [0.5, 2]}, "seed": 3}

    def drawn() -> list[float]:
        rules = faults(rule)
        found = [rules.choose(asked()) for _ in range(50)]
        return [each.latency_s for each in found if each is not None]

    latencies = drawn()
    assert len(set(latencies)) == 50
    assert all(0.5 <= each <= 2 for each in latencies)
    assert latencies == drawn()
    assert faults({"fault": {"latency": 2}}).choose(asked()) == Fault(1, latency_s=2.0)


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        ("ThrottlingException", THROTTLING),
        ("ServiceUnavailable", Refusal("ServiceUnavailable", ITS_WORDS, 503)),
        ("InternalFailure", Refusal("InternalFailure", "", 500)),
        (
            "AccessDeniedException",
            Refusal(
                "AccessDeniedException",
                f"User: {ANN} is not authorized to perform: sagemaker:CreateModelPackage",
                400,
            ),
        ),
        (
            {"code": "ResourceLimitExceeded", "message": "No more {of} them."},
            Refusal("ResourceLimitExceeded", "No more {of} them.", 400),
        ),
        (
            {"code": "ThrottlingException", "status": 429, "message": ""},
            Refusal("ThrottlingException", "", 429),
        ),
        ("ModelError", Refusal("ModelError", ITS_WORDS, 424)),
        ("ModelNotReadyException", Refusal("ModelNotReadyException", ITS_WORDS, 429)),
    ],
)
def test_an_error_has_the_status_and_the_words_of_aws(error: Any, refusal: Refusal) -> None:
    assert faults({"fault": {"error": error}}).choose(asked()) == Fault(1, refusal=refusal)


@pytest.mark.parametrize(
    ("fault", "operations", "expected"),
    [
        (
            {"status": "stuck"},
            ("CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint"),
            Fault(1, status="stuck"),
        ),
        (
            {"status": "failing"},
            ("CreateEndpoint", "UpdateEndpoint"),
            Fault(1, status="failing", reason=DEFAULT_REASON),
        ),
        (
            {"status": "failing", "reason": "Out of GPUs."},
            ("CreateEndpoint", "UpdateEndpoint"),
            Fault(1, status="failing", reason="Out of GPUs."),
        ),
    ],
)
def test_a_status_is_for_calls_that_begin_something(
    fault: Any, operations: Iterable[str], expected: Fault
) -> None:
    every = ("CreateModel", "CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint", "ListEndpoints")
    rules = faults({"fault": fault})
    found = {each: rules.choose(asked(each)) for each in every}
    assert found == {each: expected if each in operations else None for each in every}


def test_rules_that_are_added_come_before_those_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text("faults: [{fault: {cut: before}, times: 1}]")
    rules = Faults(file)
    rules.add({"fault": {"cut": "after"}})
    rules.add([{"fault": {"cut": "midway"}}])
    assert [(each["id"], each["fault"]["cut"]) for each in rules.shown()] == [
        (2, "after"),
        (3, "midway"),
        (1, "before"),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("faults.yaml", "- fault: {error: ThrottlingException}\n  times: 2\n"),
        ("faults.yaml", "fault: {error: ThrottlingException}\ntimes: 2\n"),
        ("faults.json", '{"faults": [{"fault": {"error": "ThrottlingException"}, "times": 2}]}'),
    ],
)
def test_a_file_is_yaml_or_json_with_one_rule_or_many(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert Faults(tmp_path / name).shown() == [
        {
            "id": 1,
            "fault": {"error": "ThrottlingException"},
            "times": 2,
            "matched": 0,
            "applied": 0,
            "from_file": True,
        }
    ]


def test_a_reset_forgets_what_was_added_and_begins_anew_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('{"fault": {"cut": "before"}, "probability": 0.5, "times": 6, "seed": 4}')
    rules = Faults(file)
    at_first = rules.shown()
    first = applied(rules, 12)
    rules.add({"fault": {"cut": "after"}})
    rules.reset()
    assert rules.shown() == at_first
    assert applied(rules, 12) == first
    assert first.count("x") == 6


def test_what_is_shown_can_be_added_again() -> None:
    rules = faults({"match": {"operation": "List*"}, "fault": {"latency": [0, 1]}, "seed": 1})
    rules.choose(asked("ListModels"))
    again = Faults()
    again.add({"faults": rules.shown()})
    assert again.shown() == [{**rules.shown()[0], "matched": 0, "applied": 0}]


def test_a_rule_is_taken_away_by_its_id() -> None:
    rules = faults({"fault": {"cut": "before"}}, {"fault": {"cut": "after"}})
    assert (rules.remove([1]), rules.remove([1, 7])) == (1, 0)
    assert [each["id"] for each in rules.shown()] == [2]


def test_a_rule_can_be_named_in_one_breath() -> None:
    named = {"operation": "CreateModel", "resource": None, "error": "Slow", "message": "Wait."}
    assert fault_rule(**named, http_status=503, latency=1, times=2) == {
        "match": {"operation": "CreateModel"},
        "fault": {"error": {"code": "Slow", "message": "Wait.", "status": 503}, "latency": 1},
        "times": 2,
    }
