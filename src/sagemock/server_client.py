"""What the command line asks of a server that runs: our own paths, over HTTP."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from sagemock.reaching import other_address, told_other, unreached
from sagemock.time_text import shown

_TIMEOUT_S = 60
_PAGE = 1000
_MOST_SHOWN = 200
_SAID_ALREADY = ("LastModifiedTime", "LastModifiedBy")

NO_SERVER = (
    "There is no sagemock at {url}: {reason}; start one with `sagemock serve`, or name its address "
    "with --url."
)
NO_ANSWER = (
    "{url} did not answer as sagemock does: {reason}; name the address of a sagemock with --url."
)


class NoServerError(Exception):
    """No server, or one that refused; the message is a sentence."""


class UnreachedError(NoServerError):
    """Nothing answers at the address `url`, for a reason that follows in words."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(NO_SERVER.format(url=url, reason=reason))
        self.url = url
        self.reason = reason


class RefusedAnswerError(Exception):
    """A server's refusal, with the `members` of its body; `unexplained` says it where none do."""

    def __init__(self, url: str, error: Any) -> None:
        super().__init__(url)
        self.unexplained = NO_ANSWER.format(url=url, reason=f"status {error.code}")
        try:
            members = json.loads(error.read())
        except (ValueError, OSError):
            members = None
        self.members: dict[str, Any] = members if isinstance(members, dict) else {}

    @property
    def message(self) -> str | None:
        """What the server says."""
        message = self.members.get("message")
        return str(message) if message else None


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
    body = None if content is None else json.dumps(content).encode()
    headers = {} if content is None else {"Content-Type": "application/json"}
    try:
        answered = read_json(url, exchange(url, method, path, body, headers))
    except RefusedAnswerError as refused:
        raise NoServerError(refused.message or refused.unexplained) from refused
    if not isinstance(answered, dict):
        raise NoServerError(NO_ANSWER.format(url=url, reason="that is no object"))
    return answered


def exchange(  # noqa: PLR0913, PLR0917 - what a request consists of
    url: str,
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str],
    timeout_s: float = _TIMEOUT_S,
) -> bytes:
    """The body of the answer to a request. A proxy is never asked.

    Errors: NoServerError, there is no server; RefusedAnswerError, it refused.
    """
    from http import HTTPStatus  # noqa: PLC0415 - the command line has more to do
    from http.client import HTTPException  # noqa: PLC0415 - the same
    from urllib.error import HTTPError, URLError  # noqa: PLC0415 - the same
    from urllib.request import ProxyHandler, Request, build_opener  # noqa: PLC0415 - the same

    # Later would be a minute later: a server of plain HTTP waits for the rest of a request.
    _refuse_other_scheme("https:", url)
    # A proxy would be asked for this machine's own addresses too.
    opener = build_opener(ProxyHandler({}))
    try:
        request = Request(f"{url.rstrip('/')}{path}", body, dict(headers), method=method)  # noqa: S310 - what the user names
        with opener.open(request, timeout=timeout_s) as answer:
            received: bytes = answer.read()
    except HTTPError as error:
        refused = RefusedAnswerError(url, error)
        # So tells one server of TLS or another that it was asked in plain HTTP.
        if error.code == HTTPStatus.BAD_REQUEST and not refused.members:
            _refuse_other_scheme("http:", url)
        raise refused from error
    except (URLError, OSError, ValueError, HTTPException) as error:
        _refuse_other_scheme("http:", url)
        raise UnreachedError(url, unreached(error)) from error
    return received


def _refuse_other_scheme(scheme: str, url: str) -> None:
    """Errors: NoServerError, the address has this scheme, and the server speaks the other one."""
    other = other_address(url) if url.startswith(scheme) else None
    if other is not None:
        raise NoServerError(told_other(url, other))


def read_json(url: str, body: bytes) -> Any:
    """What a body holds as JSON. Errors: NoServerError, it is none: no server of ours is there."""
    try:
        return json.loads(body)
    except ValueError as error:
        raise NoServerError(NO_ANSWER.format(url=url, reason="that is no JSON")) from error


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
