"""Web pages and foreign names are kept from every path that deployment has brought."""

import json
from collections.abc import Iterator

import pytest

from hostile.served import Served, serving

_RULE = json.dumps({"reply": {"body": "of a web page"}}).encode()
PATHS = (
    ("POST", "/endpoints/canned/invocations"),
    ("POST", "/endpoints/canned/invocations-response-stream"),
    ("POST", "/endpoints/canned/async-invocations"),
    ("GET", "/_sagemock/serving/rules"),
    ("POST", "/_sagemock/serving/rules"),
    ("DELETE", "/_sagemock/serving/rules"),
    ("GET", "/_sagemock/serving/calls"),
    ("DELETE", "/_sagemock/serving/calls"),
    ("GET", "/_sagemock/deployments"),
    ("GET", "/_sagemock/logs/canned"),
    ("GET", "/_sagemock/models/canned"),
)
PAGES = (
    "Origin: http://evil.example",
    "Origin: null",
    "Origin: http://localhost:1",
    "origin: HTTP://EVIL.EXAMPLE",
    "Sec-Fetch-Site: cross-site",
    "sec-fetch-site: CROSS-SITE",
)
HOSTS = (
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "",
    "a b",
    "[::1",
    "x@localhost",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("guarded")) as served:
        served.deploy("canned")
        rules = json.dumps({"reply": {"body": "mine"}}).encode()
        assert served.send("POST", "/_sagemock/serving/rules", rules).status == 200
        assert served.send("POST", "/endpoints/canned/invocations", b"1").body == b"mine"
        yield served


def _kept(served: Served) -> tuple[bytes, bytes]:
    """The rules and the calls there are."""
    rules = served.send("GET", "/_sagemock/serving/rules")
    return rules.body, served.send("GET", "/_sagemock/serving/calls").body


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("coding", ["Content-Type: application/json", "Content-Type: text/plain"])
def test_a_web_page_reaches_nothing(
    served: Served, method: str, path: str, page: str, coding: str
) -> None:
    before = _kept(served)
    answer = served.send(method, path, _RULE, page, coding)
    assert answer.status == 403
    assert json.loads(answer.body)["__type"] == "AccessDeniedException"
    assert not any(name.lower().startswith("access-control") for name, _ in answer.headers)
    assert _kept(served) == before


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("host", HOSTS)
def test_a_foreign_name_reaches_nothing(served: Served, method: str, path: str, host: str) -> None:
    before = _kept(served)
    answer = served.send(method, path, _RULE, host=host)
    assert answer.status in (400, 403)
    assert json.loads(answer.body)["__type"]
    assert _kept(served) == before


@pytest.mark.parametrize("path", sorted({path for _, path in PATHS}))
def test_no_page_is_told_that_it_may_call(served: Served, path: str) -> None:
    asks = ("Origin: http://localhost:1", "Access-Control-Request-Method: POST")
    answer = served.send("OPTIONS", path, b"", *asks)
    assert answer.status == 403
    assert not any(name.lower().startswith("access-control") for name, _ in answer.headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", sorted({path for _, path in PATHS}))
def test_no_get_changes_anything(served: Served, method: str, path: str) -> None:
    before = _kept(served)
    assert served.send(method, path).status in (200, 404)
    assert _kept(served) == before


@pytest.mark.parametrize(
    "query",
    [
        *(
            "account=",
            "account=%00",
            "account=%ff",
            "account=%ed%a0%80",
            "account[]=1",
            "?",
            "&" * 500,
        ),
        *("account=" + "9" * 20_000, "region=../../x", "region=%F0%9F%98%80", "%00=1", "region"),
        *("account=1&account=2", "account='%20OR%201=1--", "region=us-east-1%0a", "account=*"),
    ],
)
@pytest.mark.parametrize(
    "path", ["deployments", "logs/canned", "models/canned", "logs/%ff", "models/%00"]
)
def test_odd_places_are_answered_in_order(served: Served, path: str, query: str) -> None:
    answer = served.send("GET", f"/_sagemock/{path}?{query}")
    assert answer.status in (200, 404)
    assert isinstance(json.loads(answer.body), dict)
    # An empty account is none that is asked for.
    if "account=" in query and query != "account=" and path == "deployments":
        assert json.loads(answer.body) == {"deployments": []}


def test_nothing_in_the_log_tells_of_a_failure(served: Served) -> None:
    assert served.tracebacks() == ""
    assert not served.odd_log_lines()
