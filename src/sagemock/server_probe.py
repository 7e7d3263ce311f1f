"""What is at an address: nothing, a sagemock, or somebody else. Asked with a limit of seconds."""

import json
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from sagemock.reaching import other_address, told_other, unreached

_SHORTEST_S, _LONGEST_S = 0.05, 2.0
_MOST_BYTES = 1 << 20


@dataclass(frozen=True)
class Probe:
    """What was found at an address.

    `answered` tells whether anything did, `members` what a sagemock said, `reason` why not.
    `other` is the address to ask instead, where http and https were mistaken for each other.
    """

    answered: bool
    status: int = 0
    members: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    other: str | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it is a sagemock that takes calls."""
        return self.members.get("status") == "ready"

    @property
    def is_healthy(self) -> bool:
        """Whether it is a sagemock: nobody else tells a version of its own and botocore's."""
        return self.members.get("status") == "ok" and "botocore" in self.members


def probe(url: str, path: str, timeout_s: float) -> Probe:
    """What answers a GET at an address. A proxy is never asked."""
    is_https = url.startswith("https:")
    # A server of plain HTTP would let us wait until the time is over.
    if is_https and (other := other_address(url, timeout_s)):
        return Probe(answered=True, reason=told_other(url, other), other=other)
    found = _asked(url, path, timeout_s)
    if found.members or is_https or found.status not in {0, HTTPStatus.BAD_REQUEST}:
        return found
    if other := other_address(url, timeout_s):
        return Probe(answered=True, reason=told_other(url, other), other=other)
    return found


def _asked(url: str, path: str, timeout_s: float) -> Probe:
    from http.client import HTTPException  # noqa: PLC0415 - the command line has more to do
    from urllib.error import HTTPError, URLError  # noqa: PLC0415 - the same
    from urllib.request import ProxyHandler, build_opener  # noqa: PLC0415 - the same

    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(f"{url}{path}", timeout=timeout_s) as answer:
            return Probe(answered=True, status=answer.status, members=_members(answer))
    except HTTPError as error:
        with error:
            return Probe(
                answered=True,
                status=error.code,
                members=_members(error),
                reason=f"it answers with status {error.code}",
            )
    except HTTPException as error:
        return Probe(answered=True, reason=unreached(error))
    except (URLError, OSError, ValueError) as error:
        return Probe(answered=False, reason=unreached(error))


def _members(answer: Any) -> dict[str, Any]:
    try:
        members = json.loads(answer.read(_MOST_BYTES))
    except (ValueError, OSError):
        return {}
    return members if isinstance(members, dict) else {}


def wait_until_ready(url: str, timeout_s: float) -> Probe:
    """The last look at a server: the first at which it was ready, or that after the time.

    One that speaks http for https, or the other way round, is not waited for. Without any time it
    is looked at once, for as long as a look takes.
    """
    end = time.monotonic() + timeout_s
    pause_s = _SHORTEST_S
    shortest_s = _SHORTEST_S if timeout_s else _LONGEST_S
    while True:
        left_s = end - time.monotonic()
        found = probe(url, "/_sagemock/ready", max(min(left_s, _LONGEST_S), shortest_s))
        left_s = end - time.monotonic()
        if found.is_ready or found.other or left_s <= 0:
            return found
        time.sleep(min(pause_s, left_s))
        pause_s = min(pause_s * 1.5, 0.5)
