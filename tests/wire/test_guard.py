"""The guard: what settings let in beside the rules, which are cases in fixtures/wire."""

import re
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from sagemock import Service, Settings, create_app
from sagemock.wire.guard import Guard

LIST_GROUPS = {"X-Amz-Target": "SageMaker.ListModelPackageGroups"}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def lets_in(guard: Guard, method: str = "POST", **headers: str) -> bool:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return guard.refusal(method, {"Host": "localhost", **named}) is None


def sent(app: Flask, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return app.test_client().post("/", data=b"{}", headers={**LIST_GROUPS, **named})


@pytest.mark.parametrize("host", ["registry.test", "registry.test:4577", "Registry.Test:80"])
def test_an_allowed_host_is_served_with_any_port(host: str) -> None:
    assert lets_in(Guard(allow_hosts=("registry.TEST",)), Host=host)


@pytest.mark.parametrize(
    "host", ["registry.test.evil.com", "evil.registry.test", "registry", "test", "xregistry.test"]
)
def test_an_allowed_host_lets_no_other_name_in(host: str) -> None:
    guard = Guard(allow_hosts=("registry.test",))
    # Names of a single label are served anyway.
    assert lets_in(guard, Host=host) == ("." not in host)


def test_a_host_allowed_with_a_port_is_served_with_that_port_only() -> None:
    guard = Guard(allow_hosts=("registry.test:4577",))
    assert lets_in(guard, Host="registry.test:4577")
    assert not lets_in(guard, Host="registry.test:4578")
    assert not lets_in(guard, Host="registry.test")


def test_allowed_hosts_take_nothing_from_those_always_served() -> None:
    guard = Guard(allow_hosts=("registry.test",))
    assert lets_in(guard, Host="127.0.0.1:4577")
    assert not lets_in(guard, Host="evil.com")


def test_a_request_without_a_host_is_refused() -> None:
    assert Guard().refusal("POST", {}) is not None


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_an_allowed_origin_is_served_across_sites(site: str) -> None:
    guard = Guard(allow_origins=("http://Console.test:3000",))
    assert lets_in(guard, Origin="http://console.test:3000", Sec_Fetch_Site=site)


@pytest.mark.parametrize(
    "origin",
    ["https://console.test:3000", "http://console.test", "http://console.test:3000.evil.com"],
)
def test_an_allowed_origin_is_meant_to_the_letter(origin: str) -> None:
    assert not lets_in(Guard(allow_origins=("http://console.test:3000",)), Origin=origin)


def test_an_allowed_origin_does_not_let_a_foreign_host_in() -> None:
    guard = Guard(allow_origins=("http://evil.com",))
    assert not lets_in(guard, Host="evil.com", Origin="http://evil.com")


def test_no_origin_is_let_in_by_an_empty_one() -> None:
    guard = Guard(allow_origins=("",))
    assert not lets_in(guard, Sec_Fetch_Site="cross-site")


def test_a_preflight_is_refused_to_an_allowed_origin_too() -> None:
    guard = Guard(allow_origins=("http://console.test",))
    assert not lets_in(guard, "OPTIONS", Origin="http://console.test")


def test_allowed_hosts_and_origins_come_from_the_settings(service: Service) -> None:
    settings = Settings(allow_hosts=("registry.test",), allow_origins=("http://console.test",))
    app = create_app(settings, service=service)
    assert sent(app, Host="registry.test", Origin="http://console.test").status_code == 200
    assert sent(app, Host="evil.com").status_code == 403
    assert sent(app, Origin="http://evil.com").status_code == 403


def test_an_allowed_origin_gets_no_cors_header(service: Service) -> None:
    app = create_app(Settings(allow_origins=("http://console.test",)), service=service)
    answer = sent(app, Origin="http://console.test")
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


def test_nothing_of_a_refused_call_is_done(service: Service) -> None:
    client = create_app(service=service).test_client()
    headers = {"X-Amz-Target": "SageMaker.CreateModelPackageGroup", "Host": "evil.com"}
    client.post("/", json={"ModelPackageGroupName": "churn"}, headers=headers)
    answer = client.post("/", data=b"{}", headers=LIST_GROUPS)
    assert answer.data == b'{"ModelPackageGroupSummaryList":[]}'


def test_every_answer_has_a_request_id_of_its_own_a_lower_case_uuid(service: Service) -> None:
    app = create_app(service=service)
    client = app.test_client()
    answers = [
        sent(app),
        sent(app),
        sent(app, Host="evil.com"),
        sent(app, X_Amz_Target="SageMaker.MakeCoffee"),
        client.get("/nowhere"),
    ]
    request_ids = [answer.headers["x-amzn-RequestId"] for answer in answers]
    assert all(UUID.fullmatch(request_id) for request_id in request_ids)
    assert len(set(request_ids)) == len(answers)


@given(host=st.text(), origin=st.text(), site=st.text())
def test_whatever_the_headers_hold_the_guard_decides(host: str, origin: str, site: str) -> None:
    headers = {"Host": host, "Origin": origin, "Sec-Fetch-Site": site}
    reason = Guard().refusal("POST", headers)
    assert reason is None or reason.endswith(".")


@given(name=st.from_regex(r"[a-z0-9-]{1,20}(\.[a-z]{2,5}){1,3}", fullmatch=True))
def test_a_name_of_several_labels_is_refused_with_and_without_a_port(name: str) -> None:
    assert not lets_in(Guard(), Host=name)
    assert not lets_in(Guard(), Host=f"{name}:4577")
