"""Our own paths about faults: rules added, shown and forgotten; no fault touches these."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from fault_clients import (  # noqa: F401 - fixtures
    ACCOUNT,
    add,
    counts,
    empty_server,
    one_server,
)
from sagemock import RunningServer


def test_our_own_paths_never_go_wrong(server: RunningServer) -> None:
    add(server, {"cut": "before"})
    for path in ("health", "ready", "faults", "activity", "deployments"):
        assert asked(server, path=path)[0] == 200
    assert counts(server) == [(0, 0)]


def asked(
    server: RunningServer,
    method: str = "GET",
    content: object = None,
    query: str = "",
    path: str = "faults",
) -> tuple[int, Any]:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    request = urllib.request.Request(  # noqa: S310 - the server just started
        f"{server.url}/_sagemock/{path}{query}", None if content is None else body, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_rules_are_added_shown_and_forgotten_over_http(server: RunningServer) -> None:
    rule = {"match": {"operation": "ListModels", "account": ACCOUNT}, "fault": {"cut": "before"}}
    counted = {"matched": 0, "applied": 0}
    first = server.service.faults._last_id + 1
    shown = [{"id": first, **rule, **counted}, {"id": first + 1, **rule, "times": 1, **counted}]
    assert asked(server) == (200, {"faults": []})
    assert asked(server, "POST", rule) == (200, {"faults": shown[:1], "added": [first]})
    assert asked(server, "POST", {"faults": [{**rule, "times": 1}]}) == (
        200,
        {"faults": shown, "added": [first + 1]},
    )
    assert asked(server, "DELETE", query=f"?id={first}") == (200, {"faults": shown[1:]})
    assert asked(server) == (200, {"faults": shown[1:]})
    assert asked(server, "DELETE") == (200, {"faults": []})


@pytest.mark.parametrize(
    ("method", "content", "query", "message"),
    [
        ("POST", b"{]", "", "The body is a JSON list of fault rules, a single one, or"),
        ("POST", [], "", "The body is a JSON list of fault rules, a single one, or"),
        ("POST", {"fault": {}}, "", "A fault rule is wrong at faults[0].fault: a fault is latency"),
        ("DELETE", None, "?id=999", "There is no fault rule 999; `sagemock faults list` shows"),
        ("DELETE", None, "?id=no", "The argument 'id' is a number from 1 on, not 'no'."),
        ("GET", None, "?id=1", "There is no argument 'id' here; there are none."),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(
    server: RunningServer, method: str, content: object, query: str, message: str
) -> None:
    code, answer = asked(server, method, content, query)
    assert (code, answer["__type"]) == (400, "ValidationException")
    assert answer["message"].startswith(message)
    assert asked(server) == (200, {"faults": []})
