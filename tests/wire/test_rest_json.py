"""SageMaker Runtime over HTTP: paths, headers in and out, errors, limits, streams."""

import io
import json
import logging
from typing import Any

import pytest
from flask import Flask
from rest_calls import (
    AMZN,
    ASYNC,
    FIRST_ID,
    FIXED,
    INVOKE,
    LIMIT,
    NOT_FOUND,
    STREAM,
    canned,
    error_of,
    frames,
    post,
    the_call,
)

from conftest import CountedIds
from fictions import VARIANT, call, create, make_model, variant
from running import MAX_BODY
from sagemock import Service, Settings, create_app
from sagemock.service import NOT_SERVED


@pytest.fixture
def endpoint(service: Service) -> Service:
    """A service with an endpoint `it` that gives canned answers."""
    create(service, "it")
    return service


class TestInvoking:
    def test_an_answer_has_the_body_and_headers_of_aws_and_no_more(
        self, app: Flask, endpoint: Service
    ) -> None:
        headers = {"Content-Type": "text/csv", f"{AMZN}Custom-Attributes": "trace=1"}
        canned(endpoint, body="0.7", headers=headers)
        answer = post(app)
        assert (answer.status_code, answer.data) == (200, b"0.7")
        assert dict(answer.headers) == {
            "x-amzn-RequestId": FIRST_ID,
            "Content-Type": "text/csv",
            "x-Amzn-Invoked-Production-Variant": VARIANT,
            f"{AMZN}Custom-Attributes": "trace=1",
            "Content-Length": "3",
        }

    def test_what_no_rule_answers_is_answered_in_fixed_words(
        self, app: Flask, endpoint: Service
    ) -> None:
        answer = post(app)
        assert json.loads(answer.data) == FIXED
        assert answer.headers["Content-Type"] == "application/json"
        assert the_call(endpoint)["rule"] is None

    def test_headers_of_a_request_reach_the_container(self, app: Flask, endpoint: Service) -> None:
        post(
            app,
            Content_Type="text/csv",
            Accept="text/plain",
            amzn={"Custom-Attributes": "trace=1", "Target-Model": "one.tar.gz"},
        )
        assert the_call(endpoint) == {
            "account": "123456789012",
            "region": "us-east-1",
            "endpoint": "it",
            "variant": VARIANT,
            "content_type": "text/csv",
            "accept": "text/plain",
            "custom_attributes": "trace=1",
            "target_model": "one.tar.gz",
            "target_container": None,
            "rule": None,
            "body": "1,2",
        }

    def test_a_request_without_a_type_is_served(self, app: Flask, endpoint: Service) -> None:
        assert post(app).status_code == 200
        assert the_call(endpoint)["content_type"] is None

    def test_a_body_of_any_bytes_or_none_is_served(self, app: Flask, endpoint: Service) -> None:
        for body in (b"", b"\x00\xff", b"{"):
            assert post(app, body=body).status_code == 200
        bodies = [each.get("body", each.get("body_base64")) for each in endpoint.canned.calls()]
        assert bodies == ["", "AP8=", "{"]

    def test_a_target_variant_is_asked_and_told(self, app: Flask, service: Service) -> None:
        make_model(service, "m")
        create(service, "it", *(variant("m", name) for name in "ab"))
        for name in "bab":
            answer = post(app, amzn={"Target-Variant": name})
            assert answer.headers["x-Amzn-Invoked-Production-Variant"] == name

    @pytest.mark.usefixtures("endpoint")
    def test_a_caller_sees_the_endpoints_of_its_own_account_and_region(self, app: Flask) -> None:
        scope = "AWS4-HMAC-SHA256 Credential={}/20260101/{}/sagemaker/aws4_request"
        here = scope.format("123456789012", "us-east-1")
        assert post(app, Authorization=here).status_code == 200
        for key, region in (("999988887777", "us-east-1"), ("123456789012", "eu-west-1")):
            answer = post(app, Authorization=scope.format(key, region))
            assert error_of(answer)[2] == {"Message": f"Endpoint it of account {key} not found."}

    @pytest.mark.usefixtures("endpoint")
    def test_the_name_of_an_endpoint_is_taken_exactly(self, app: Flask) -> None:
        assert post(app, "/endpoints/IT/invocations").status_code == 400

    @pytest.mark.usefixtures("endpoint")
    def test_a_call_is_one_line_in_the_log_without_its_body(
        self, app: Flask, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO, logger="sagemock.calls"):
            post(app, body=b"very secret")
            post(app, "/endpoints/other/invocations")
            post(app, "/endpoints/it/elsewhere")
            post(app, body=b"x" * (LIMIT + 1))
        lines = [each.getMessage().split(" ")[1:5] for each in caplog.records]
        place = ["123456789012", "us-east-1"]
        assert lines == [
            ["InvokeEndpoint", *place, "200"],
            ["InvokeEndpoint", *place, "ValidationError"],
            ["-", *place, "UnknownOperationException"],
            ["InvokeEndpoint", *place, "413"],
        ]
        assert "secret" not in caplog.text


class TestErrors:
    def test_an_error_has_its_code_in_a_header_and_a_message_with_a_capital(
        self, app: Flask
    ) -> None:
        answer = post(app, "/endpoints/other/invocations")
        assert error_of(answer) == (400, "ValidationError", {"Message": NOT_FOUND})
        assert answer.headers["x-amzn-RequestId"] == FIRST_ID
        assert "Transfer-Encoding" not in answer.headers

    def test_an_error_of_a_model_has_the_members_that_clients_read(
        self, app: Flask, endpoint: Service
    ) -> None:
        canned(endpoint, status=400, body="too long")
        status, code, body = error_of(post(app))
        assert (status, code) == (424, "ModelError")
        assert body == {
            "ErrorCode": "CLIENT_ERROR_FROM_MODEL",
            "OriginalStatusCode": 400,
            "OriginalMessage": "too long",
            "LogStreamArn": "arn:aws:logs:us-east-1:123456789012:log-group:"
            "/aws/sagemaker/Endpoints/it",
            "Message": 'Received client error (400) from primary with message "too long". See '
            "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
            "#logEventViewer:group=/aws/sagemaker/Endpoints/it in account 123456789012 for more"
            " information.",
        }

    @pytest.mark.parametrize(
        "path",
        [
            "/endpoints/it",
            "/endpoints/it/",
            "/endpoints/it/invocations/",
            "/endpoints/it/invocations/more",
            "/endpoints//it/invocations",
            "/endpoints/a%2Fb/invocations",
            "/endpoints/it/Invocations",
        ],
    )
    def test_a_path_that_is_no_operation_is_not_found(
        self, path: str, app: Flask, endpoint: Service
    ) -> None:
        assert error_of(post(app, path)) == (404, "UnknownOperationException", {})
        assert endpoint.canned.calls() == []

    @pytest.mark.usefixtures("endpoint")
    def test_an_operation_that_is_not_served_says_so(self, app: Flask) -> None:
        message = NOT_SERVED.format(operation="InvokeEndpointAsync")
        headers = {f"{AMZN}InputLocation": "s3://bucket/in"}
        answer = error_of(post(app, ASYNC, b"", **headers))
        assert answer == (404, "UnknownOperationException", {"Message": message})

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
    def test_nothing_but_a_post_invokes(self, method: str, app: Flask, endpoint: Service) -> None:
        answer = app.test_client().open(INVOKE, method=method)
        assert answer.status_code == 404
        assert endpoint.canned.calls() == []

    def test_an_empty_name_breaks_a_constraint(self, app: Flask) -> None:
        status, code, body = error_of(post(app, "/endpoints//invocations"))
        assert (status, code) == (400, "ValidationError")
        assert "at 'endpointName' failed to satisfy constraint" in body["Message"]

    def test_a_header_that_is_not_ascii_breaks_a_constraint(
        self, app: Flask, endpoint: Service
    ) -> None:
        environ = {"HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES": "caf\u00c3\u00a9"}
        answer = app.test_client().post(INVOKE, data=b"", environ_overrides=environ)
        status, code, body = error_of(answer)
        assert (status, code) == (400, "ValidationError")
        assert "at 'customAttributes' failed to satisfy constraint" in body["Message"]
        assert endpoint.canned.calls() == []

    @pytest.mark.usefixtures("endpoint")
    def test_a_header_that_is_too_long_breaks_a_constraint(self, app: Flask) -> None:
        answer = error_of(post(app, amzn={"Custom-Attributes": "x" * 1025}))
        assert answer[:2] == (400, "ValidationError")

    def test_a_web_page_of_elsewhere_invokes_nothing(self, app: Flask, endpoint: Service) -> None:
        assert post(app, Origin="http://evil.example").status_code == 403
        assert post(app, Host="evil.example").status_code == 403
        assert endpoint.canned.calls() == []

    def test_a_fault_of_ours_is_an_internal_failure_and_logged(
        self,
        app: Flask,
        endpoint: Service,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def fail(*_: Any) -> Any:
            message = "a bug"
            raise RuntimeError(message)

        monkeypatch.setattr(endpoint.runtime, "invoke", fail)
        answer = error_of(post(app, body=b"very secret"))
        assert answer == (500, "InternalFailure", {"Message": ""})
        assert "a bug" in caplog.text
        assert "very secret" not in caplog.text

    def test_a_storage_that_cannot_be_read_is_told_as_unavailable(
        self, app: Flask, endpoint: Service
    ) -> None:
        endpoint.close()
        status, code, body = error_of(post(app))
        assert (status, code) == (503, "ServiceUnavailable")
        assert "storage cannot be used now" in body["Message"]


class TestLimits:
    @pytest.mark.usefixtures("endpoint")
    def test_a_body_of_just_the_limit_is_served(self, app: Flask) -> None:
        assert post(app, body=b"x" * LIMIT).status_code == 200

    @pytest.mark.parametrize("path", [INVOKE, STREAM])
    def test_one_byte_more_is_refused_in_the_words_of_aws(
        self, path: str, app: Flask, endpoint: Service
    ) -> None:
        answer = post(app, path, b"x" * (LIMIT + 1))
        message = {"Message": f"HTTP content length exceeded {LIMIT} bytes."}
        # There is no code: clients show the status in its place.
        assert error_of(answer) == (413, None, message)
        assert endpoint.canned.calls() == []

    @pytest.mark.usefixtures("endpoint")
    def test_a_body_beyond_what_is_read_is_refused_alike(self, app: Flask) -> None:
        status, code, body = error_of(post(app, body=b"x" * (MAX_BODY + 1)))
        assert (status, code) == (413, None)
        assert body == {"Message": f"HTTP content length exceeded {LIMIT} bytes."}

    def test_a_smaller_limit_of_the_server_is_told_as_it_is(self, service: Service) -> None:
        create(service, "it")
        app = create_app(Settings(db=":memory:", max_body_bytes=100), service=service)
        body = error_of(post(app, body=b"x" * 101))[2]
        assert body == {"Message": "HTTP content length exceeded 100 bytes."}


class TestStreaming:
    def test_a_stream_goes_out_in_frames_with_its_type_in_a_header_of_its_own(
        self, app: Flask, endpoint: Service
    ) -> None:
        headers = {"Content-Type": "text/plain", f"{AMZN}Custom-Attributes": "trace=1"}
        canned(endpoint, stream_chunks=["one", "", "two"], headers=headers)
        answer = post(app, STREAM)
        assert answer.status_code == 200
        assert dict(answer.headers) == {
            "x-amzn-RequestId": FIRST_ID,
            "Content-Type": "application/vnd.amazon.eventstream",
            f"{AMZN}Content-Type": "text/plain",
            "x-Amzn-Invoked-Production-Variant": VARIANT,
            f"{AMZN}Custom-Attributes": "trace=1",
        }
        # An empty piece is none.
        assert frames(answer.data) == [("PayloadPart", b"one"), ("PayloadPart", b"two")]

    def test_what_a_stream_accepts_travels_in_a_header_of_its_own(
        self, app: Flask, endpoint: Service
    ) -> None:
        post(app, STREAM, Accept="application/other", amzn={"Accept": "text/plain"})
        assert the_call(endpoint)["accept"] == "text/plain"

    def test_an_error_before_the_stream_is_an_ordinary_one(
        self, app: Flask, endpoint: Service
    ) -> None:
        canned(endpoint, status=500, body="no")
        assert error_of(post(app, STREAM))[:2] == (424, "ModelError")
        missing = post(app, "/endpoints/other/invocations-response-stream")
        assert error_of(missing) == (400, "ValidationError", {"Message": NOT_FOUND})


def test_a_body_cut_short_within_the_application_is_refused(app: Flask, endpoint: Service) -> None:
    environ = {"CONTENT_LENGTH": "100", "wsgi.input": io.BytesIO(b"1,2")}
    answer = app.test_client().post(INVOKE, environ_overrides=environ)
    assert answer.status_code == 400
    assert endpoint.canned.calls() == []


def test_an_endpoint_that_has_become_ready_is_served_though_nobody_asked_how_it_is(
    app: Flask, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as unheld:
        unheld.setattr(service._settling, "hold", lambda *_: None)
        make_model(service, "m")
        call(
            service,
            "CreateEndpointConfig",
            EndpointConfigName="it",
            ProductionVariants=[variant("m")],
        )
        call(service, "CreateEndpoint", EndpointName="it", EndpointConfigName="it")
    assert post(app).status_code == 200


def test_request_ids_are_fresh_for_each_answer(service: Service) -> None:
    create(service, "it")
    app = create_app(Settings(db=":memory:"), service=service, ids=CountedIds())
    ids = [post(app).headers["x-amzn-RequestId"] for _ in range(3)]
    assert len(set(ids)) == 3
