"""What the command line asks of a server that runs: our own paths, over HTTP."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from sagemock.time_text import shown

_TIMEOUT_S = 60
_PAGE = 1000
_MOST_SHOWN = 200
_SAID_ALREADY = ("LastModifiedTime", "LastModifiedBy")

NO_SERVER = (
    "There is no sagemock at {url}: {reason}; start one with `sagemock serve`, or name its address "
    "with --url."
)
NO_ANSWER = "{url} did not answer as sagemock does: {reason}."


class NoServerError(Exception):
    """No server, or one that refused; the message is a sentence."""


def ask(url: str, path: str, **asked: object) -> dict[str, Any]:
    """The answer to a GET of one of our own paths; what is None is not asked.

    Errors: NoServerError, there is no server, or it refused.
    """
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    return send(url, "GET", path + (f"?{query}" if query else ""))


def send(url: str, method: str, path: str, content: object = None) -> dict[str, Any]:
    """The answer to a request of one of our own paths, with JSON where there is content.

    Errors: NoServerError, there is no server, or it refused.
    """
    from http.client import HTTPException  # noqa: PLC0415 - the command line has more to do
    from urllib.error import HTTPError, URLError  # noqa: PLC0415 - the same
    from urllib.request import ProxyHandler, Request, build_opener  # noqa: PLC0415 - the same

    body = None if content is None else json.dumps(content).encode()
    headers = {} if content is None else {"Content-Type": "application/json"}
    # A proxy would be asked for this machine's own addresses too.
    opener = build_opener(ProxyHandler({}))
    try:
        request = Request(f"{url.rstrip('/')}{path}", body, headers, method=method)  # noqa: S310 - what the user names
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            answered: Any = json.load(answer)
    except HTTPError as error:
        raise NoServerError(_refusal(url, error)) from error
    except (URLError, OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise NoServerError(NO_SERVER.format(url=url, reason=reason)) from error
    if not isinstance(answered, dict):
        raise NoServerError(NO_ANSWER.format(url=url, reason="that is no object"))
    return answered


def records(url: str, *, limit: int, **asked: object) -> Iterator[dict[str, Any]]:
    """Records of the activity log, newest first, over as many pages as it takes.

    Errors: those of `ask`.
    """
    before: object = None
    while limit > 0:
        page = ask(url, "/_sagemock/activity", limit=min(limit, _PAGE), before=before, **asked)
        if not isinstance(page.get("Activity"), list):
            raise NoServerError(NO_ANSWER.format(url=url, reason="there is no activity in it"))
        yield from page["Activity"]
        limit -= len(page["Activity"])
        before = page.get("Before")
        if before is None:
            return


def told(record: dict[str, Any]) -> str:
    """A record of the activity log as a line, and one more for each member that it changed."""
    told_first = (record["Operation"], record["ResourceArn"], record["Change"])
    lines = ["  ".join((shown(record["Time"]), *told_first, f"by {record['Principal']}"))]
    before, after = record.get("Before", {}), record.get("After", {})
    if record["Change"] == "changed":
        lines += [
            f"    {name}: {_short(before.get(name))} -> {_short(after.get(name))}"
            for name in dict.fromkeys((*before, *after))
            if name not in _SAID_ALREADY
        ]
    return "\n".join(lines)


def _short(value: object) -> str:
    text = "-" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def _refusal(url: str, error: Any) -> str:
    try:
        message = json.loads(error.read()).get("message")
    except (ValueError, AttributeError, OSError):
        message = None
    return str(message) if message else NO_ANSWER.format(url=url, reason=f"status {error.code}")
