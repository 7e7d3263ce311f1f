"""Our own paths about deployments: what is deployed, what answers, rules and calls."""

import json
from typing import Any

import pytest
from flask import Flask

from fictions import (
    ANN,
    ARN,
    IMAGE,
    VARIANT,
    call,
    configure,
    create,
    make_model,
    update,
    variant,
)
from sagemock import Service
from sagemock.operation import Caller
from sagemock.wire.admin import NO_JSON
from sagemock.wire.flask_app import NOT_OURS

BEN = Caller("210987654321", "eu-west-1", "arn:aws:iam::210987654321:user/ben", "AIDABEN")
RULES = "/_sagemock/serving/rules"
CALLS = "/_sagemock/serving/calls"
DEPLOYMENTS = "/_sagemock/deployments"
INVOKE = "/endpoints/it/invocations"
NOT_FOUND = (404, {"__type": "UnknownOperationException", "message": NOT_OURS})


def no_such(what: str, name: str) -> tuple[int, dict[str, str]]:
    message = f"There is no {what} '{name}' in this account and region."
    return 404, {"__type": "UnknownOperationException", "message": message}


EVERYTHING = [DEPLOYMENTS, "/_sagemock/logs/it", "/_sagemock/models/it", RULES, CALLS]


def asked(app: Flask, path: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    answer = app.test_client().open(path, method=method, data=data)
    assert answer.headers["Content-Type"].split(";")[0].endswith(("json", "json-1.1"))
    return answer.status_code, json.loads(answer.data)


def rows(app: Flask, place: str = "") -> list[dict[str, Any]]:
    status, body = asked(app, DEPLOYMENTS + place)
    assert status == 200
    assert list(body) == ["deployments"]
    found: list[dict[str, Any]] = body["deployments"]
    return found


def rule(body: str = "ruled", **match: str) -> dict[str, Any]:
    return {"match": match, "reply": {"body": body}}


class TestDeployments:
    def test_nothing_is_deployed_at_first(self, app: Flask) -> None:
        assert rows(app) == []

    def test_a_deployment_is_told_whole_and_that_nothing_real_runs(
        self, app: Flask, service: Service
    ) -> None:
        create(service, "it")
        (row,) = rows(app)
        assert row.pop("StartTime") > 1_700_000_000
        assert row == {
            "SubjectArn": f"{ARN}model/it",
            "ModelArn": f"{ARN}model/it",
            "EndpointArn": f"{ARN}endpoint/it",
            "EndpointConfigName": "it",
            "VariantName": VARIANT,
            "Weight": 1.0,
            "EndpointStatus": "InService",
            "Backend": "canned",
            "Note": "Nothing real runs behind this variant: it gives canned answers. "
            "Its model data is nowhere at hand.",
            "Operation": "CreateEndpoint",
            "Principal": ANN.principal,
        }

    def test_what_was_replaced_and_what_was_deleted_stand_behind_what_is(
        self, app: Flask, service: Service
    ) -> None:
        create(service, "it")
        configure(service, "next")
        update(service, "it", "next")
        create(service, "other")
        call(service, "DeleteEndpoint", EndpointName="other")
        told = [(row["EndpointConfigName"], row.get("Outcome")) for row in rows(app)]
        assert told == [("next", None), ("other", "Deleted"), ("it", "Replaced")]
        for row in rows(app)[1:]:
            assert row["EndTime"] > row["StartTime"]
            assert "Backend" not in row

    def test_each_version_of_each_variant_has_a_row(self, app: Flask, service: Service) -> None:
        call(service, "CreateModelPackageGroup", ModelPackageGroupName="churn")
        version = call(
            service,
            "CreateModelPackage",
            ModelPackageGroupName="churn",
            ModelApprovalStatus="Approved",
            InferenceSpecification={"Containers": [{"Image": IMAGE}]},
        )["ModelPackageArn"]
        containers = [{"ModelPackageName": version}]
        call(service, "CreateModel", ModelName="versioned", Containers=containers)
        make_model(service, "plain")
        create(service, "it", variant("versioned", "a"), variant("plain", "b"))
        told = {(row["VariantName"], row["SubjectArn"]) for row in rows(app)}
        assert told == {("a", version), ("b", f"{ARN}model/plain")}

    def test_they_can_be_asked_for_by_account_and_region(
        self, app: Flask, service: Service
    ) -> None:
        create(service, "it")
        theirs = {"ModelName": "ben", "PrimaryContainer": {"Image": IMAGE}}
        service.invoke("CreateModel", theirs, BEN)
        config = {"EndpointConfigName": "ben", "ProductionVariants": [variant("ben")]}
        service.invoke("CreateEndpointConfig", config, BEN)
        named = {"EndpointName": "ben", "EndpointConfigName": "ben"}
        service.invoke("CreateEndpoint", named, BEN)
        there = f"?account={BEN.account}&region={BEN.region}"
        assert [row["EndpointConfigName"] for row in rows(app)] == ["it", "ben"]
        assert [row["EndpointConfigName"] for row in rows(app, there)] == ["ben"]
        assert len(rows(app, f"?account={BEN.account}")) == 1
        assert len(rows(app, "?region=us-east-1")) == 1
        assert rows(app, f"?account={BEN.account}&region=us-east-1") == []
        assert asked(app, f"/_sagemock/models/ben{there}")[0] == 200
        assert asked(app, "/_sagemock/models/ben") == no_such("model", "ben")
        assert asked(app, f"/_sagemock/logs/ben{there}")[0] == 200
        assert asked(app, "/_sagemock/logs/ben") == no_such("endpoint", "ben")

    def test_they_are_forgotten_with_everything(self, app: Flask, service: Service) -> None:
        create(service, "it")
        app.test_client().post("/_sagemock/reset")
        assert rows(app) == []
        assert app.test_client().post(INVOKE, data=b"").status_code == 400
        create(service, "it")
        assert len(rows(app)) == 1
        assert app.test_client().post(INVOKE, data=b"").status_code == 200


class TestModels:
    def test_a_models_containers_are_told_with_what_its_package_brought(
        self, app: Flask, service: Service
    ) -> None:
        container = {"Image": IMAGE, "ModelDataUrl": "s3://nowhere/model.tar.gz"}
        call(service, "CreateModelPackageGroup", ModelPackageGroupName="churn")
        package = call(
            service,
            "CreateModelPackage",
            ModelPackageGroupName="churn",
            ModelApprovalStatus="Approved",
            InferenceSpecification={"Containers": [{**container, "Environment": {"A": "1"}}]},
        )["ModelPackageArn"]
        given = {"ModelPackageName": package, "Environment": {"B": "2"}}
        call(service, "CreateModel", ModelName="it", PrimaryContainer=given)
        status, body = asked(app, "/_sagemock/models/it")
        assert status == 200
        assert list(body) == ["containers"]
        (told,) = body["containers"]
        assert told["image"] == IMAGE
        assert told["model_data"] == "s3://nowhere/model.tar.gz"
        assert told["environment"] == {"A": "1", "B": "2"}
        assert told["package"] == package

    def test_a_model_that_is_not_there_is_not_found(self, app: Flask) -> None:
        assert asked(app, "/_sagemock/models/it") == no_such("model", "it")


class TestLogs:
    def test_an_endpoint_that_runs_nothing_has_empty_logs(
        self, app: Flask, service: Service
    ) -> None:
        create(service, "it")
        told = asked(app, "/_sagemock/logs/it")
        assert told == (200, {"logs": {f"{VARIANT}/primary": ""}})

    def test_an_endpoint_that_is_not_there_is_not_found(self, app: Flask) -> None:
        assert asked(app, "/_sagemock/logs/it") == no_such("endpoint", "it")


class TestRules:
    def test_rules_are_added_shown_and_used(self, app: Flask, service: Service) -> None:
        create(service, "it")
        shown = {"rules": [{**rule(endpoint="it"), "answered": 0}]}
        assert asked(app, RULES, "POST", [rule(endpoint="it")]) == (200, shown)
        assert app.test_client().post(INVOKE, data=b"1").data == b"ruled"
        shown["rules"][0]["answered"] = 1
        assert asked(app, RULES) == (200, shown)

    def test_a_single_rule_may_come_without_a_list_and_of_any_content_type(
        self, app: Flask
    ) -> None:
        answer = app.test_client().post(
            RULES, data=json.dumps(rule()), headers={"Content-Type": "text/plain"}
        )
        assert answer.status_code == 200
        assert len(asked(app, RULES)[1]["rules"]) == 1

    def test_rules_are_forgotten_with_a_delete_and_with_everything(
        self, app: Flask, service: Service
    ) -> None:
        create(service, "it")
        for path, method in ((RULES, "DELETE"), ("/_sagemock/reset", "POST")):
            asked(app, RULES, "POST", [rule()])
            app.test_client().post(INVOKE, data=b"1")
            assert asked(app, path, method)[0] == 200
            assert asked(app, RULES) == (200, {"rules": []})
            assert asked(app, CALLS) == (200, {"calls": []})

    @pytest.mark.parametrize("body", [b"", b"{", b"null", b"\xff", b"'a'"])
    def test_what_is_no_json_is_refused(self, body: bytes, app: Flask) -> None:
        refusal = {"__type": "ValidationException", "message": NO_JSON}
        assert asked(app, RULES, "POST", body) == (400, refusal)

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            (5, "at the top: 5 is not of type 'array'"),
            ({"match": {}}, "at [0]: 'reply' is a required property"),
            ([rule(), rule(body_regex="(")], "The body_regex '(' cannot be read"),
            ({"reply": {"file": "/etc/passwd"}}, "Only the rules of --serving-rules"),
        ],
        ids=["number", "no reply", "regex", "file"],
    )
    def test_a_rule_that_cannot_be_is_refused_in_a_sentence(
        self, body: Any, sentence: str, app: Flask
    ) -> None:
        status, told = asked(app, RULES, "POST", body)
        assert (status, told["__type"]) == (400, "ValidationException")
        assert sentence in told["message"]
        assert asked(app, RULES) == (200, {"rules": []})

    @pytest.mark.parametrize(
        "body",
        [
            b"[" * 100_000,
            b'{"reply":{"body":"\\ud800"}}',
            b'{"reply":{"template":"\\ud800"}}',
            b'{"reply":{"body":' + b"[" * 900 + b"]" * 900 + b"}}",
        ],
        ids=["deep", "half a character", "half a character in a template", "deep body"],
    )
    def test_odd_json_is_no_fault_of_the_server(
        self, body: bytes, app: Flask, service: Service
    ) -> None:
        create(service, "it")
        assert asked(app, RULES, "POST", body)[0] in {200, 400}
        assert asked(app, RULES)[0] == 200
        assert app.test_client().post(INVOKE, data=b"1").status_code == 200


class TestCalls:
    def test_calls_are_read_back_and_forgotten(self, app: Flask, service: Service) -> None:
        create(service, "it")
        headers = {"Content-Type": "text/csv"}
        for body in (b"1", b"2"):
            app.test_client().post(INVOKE, data=body, headers=headers)
        status, told = asked(app, CALLS)
        assert status == 200
        assert [(each["endpoint"], each["body"]) for each in told["calls"]] == [
            ("it", "1"),
            ("it", "2"),
        ]
        assert asked(app, CALLS, "DELETE") == (200, {"calls": []})
        assert asked(app, CALLS) == (200, {"calls": []})

    def test_what_is_refused_before_a_container_is_asked_is_no_call(
        self, app: Flask, service: Service
    ) -> None:
        create(service, "it")
        headers = {"X-Amzn-SageMaker-Target-Variant": "Other"}
        app.test_client().post(INVOKE, data=b"1", headers=headers)
        assert asked(app, CALLS) == (200, {"calls": []})


@pytest.mark.parametrize("path", EVERYTHING)
def test_looking_changes_nothing_but_what_is_asked_for(
    path: str, app: Flask, service: Service
) -> None:
    create(service, "it")
    service.canned.add(rule())
    app.test_client().post(INVOKE, data=b"1")
    before = [asked(app, each) for each in EVERYTHING]
    asked(app, path)
    assert [asked(app, each) for each in EVERYTHING] == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST", "DELETE"])
@pytest.mark.parametrize("path", EVERYTHING)
def test_only_the_methods_that_are_documented_are_served(
    path: str, method: str, app: Flask, service: Service
) -> None:
    create(service, "it")
    served = {(RULES, "POST"), (RULES, "DELETE"), (CALLS, "DELETE")}
    if (path, method) not in served:
        assert asked(app, path, method) == NOT_FOUND


@pytest.mark.parametrize("path", EVERYTHING)
def test_a_web_page_of_elsewhere_reads_and_changes_nothing(
    path: str, app: Flask, service: Service
) -> None:
    create(service, "it")
    for method in ("GET", "POST", "DELETE"):
        answer = app.test_client().open(
            path, method=method, data=b"{}", headers={"Origin": "http://evil.example"}
        )
        assert answer.status_code == 403


@pytest.mark.parametrize("path", [DEPLOYMENTS, "/_sagemock/logs/it", "/_sagemock/models/it"])
def test_a_storage_that_cannot_be_read_is_told_in_json(
    path: str, app: Flask, service: Service
) -> None:
    service.close()
    status, told = asked(app, path)
    assert (status, told["__type"]) == (503, "ServiceUnavailable")
