"""Calls that a test's own account did not see, since they came to another: whose, and why.

Code under test goes astray in three ways: its access key names no account, its client was kept from
an earlier test, or its key names an account that the test does not look at.
"""

import os

from sagemock.running_server import RunningServer

_MOST_TOLD = 3
_OF_AWS = ("AKIA", "ASIA")
_LATELY = (
    "that of an earlier test: the client was made there and kept; make it anew in each test, or "
    "forget it between them"
)
_UNNAMED = (
    "that of access keys which name no account{now}; let sagemock_endpoint set AWS_ACCESS_KEY_ID "
    "after whatever else does, and give clients no key"
)
_NAMED = "by a client whose access key names it; give clients no key, or that of sagemock_account"


def stray_calls(server: RunningServer, account: str, after: int = 0) -> str | None:
    """Which other accounts were called since a call of the journal, why, and what helps.

    A sentence for each of them; None if none was.
    """
    called = server.service.journal.accounts(after)
    others = [each for each, _ in called.most_common() if each != account]
    told = [
        f"Account {other} was called {_times(called[other])} meanwhile, {_reason(server, other)}."
        for other in others[:_MOST_TOLD]
    ]
    return " ".join(told) or None


def _reason(server: RunningServer, account: str) -> str:
    if account in server.service.journal.past_accounts:
        return _LATELY
    if account != server.settings.account_id:
        return _NAMED
    key = os.environ.get("AWS_ACCESS_KEY_ID", account)
    # Keys that AWS gave are nobody's business, though no secret.
    is_told = key != account and server.account_of(key) == account and not key.startswith(_OF_AWS)
    return _UNNAMED.format(now=f", as {key!r} in AWS_ACCESS_KEY_ID" if is_told else "")


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
