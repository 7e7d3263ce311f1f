"""Who calls: account, region and principal, read from the Authorization header's scope.

The signature is not verified, and a call without one is served: it is the default account's. The
rules for telling an account from an access key are those of wire-protocol 6.3.
"""

import base64
import hashlib
import re

from sagemock.arn import partition_of
from sagemock.operation import Caller
from sagemock.settings import Settings

_CREDENTIAL = re.compile(r"Credential=(?P<scope>[^,\s]+)")
_SCOPE_PARTS = 5
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z0-9-]{9,16}")  # what ARNs take, A1

# The fifth to twelfth character of a key made since about 2019 are a number that holds the account.
_ACCOUNT_KEY = re.compile(r"A[KS]IA[A-Z2-7]{16}")
_ACCOUNT_OFFSET = 549755813888
_UPPER_HALF = frozenset("QRSTUVWXYZ234567")
_MOST_ACCOUNTS = 10**12
_MOST_REMEMBERED = 1000


class Callers:
    """Tells callers from Authorization headers; each that came lately is made once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lately: dict[tuple[str, str | None], Caller] = {}

    def caller(self, authorization: str) -> Caller:
        """The caller an Authorization header names; the default one where it names none."""
        scope = _scope(authorization)
        known = self._lately.get(scope)
        if known is None:
            if len(self._lately) >= _MOST_REMEMBERED:
                self._lately.clear()
            known = self._lately[scope] = _caller(*scope, self._settings)
        return known


def _caller(key_id: str, region: str | None, settings: Settings) -> Caller:
    named = settings.access_keys.get(key_id) or _account_of(key_id) or settings.account_id
    region = region or settings.region
    if _ACCOUNT.fullmatch(named):
        account = named
        principal = settings.principal.replace("{account}", account).replace(
            "{partition}", partition_of(region)
        )
    else:
        account, principal = named.split(":")[4], named
    return Caller(
        account=account,
        region=region,
        principal=principal,
        principal_id=_principal_id(principal),
    )


def _scope(authorization: str) -> tuple[str, str | None]:
    """The access key id and region of a credential scope; the region is None if it has none."""
    found = _CREDENTIAL.search(authorization)
    parts = found["scope"].rsplit("/", _SCOPE_PARTS - 1) if found else []
    if len(parts) != _SCOPE_PARTS:
        return "", None
    key_id, _, region, _, _ = parts
    return key_id, region if _REGION.fullmatch(region) else None


def _account_of(key_id: str) -> str | None:
    """The account an access key id holds: it is one, or it encodes one."""
    if _ACCOUNT.fullmatch(key_id):
        return key_id
    if not _ACCOUNT_KEY.fullmatch(key_id):
        return None
    number = int.from_bytes(base64.b32decode(key_id[4:12]), "big")
    account = 2 * (number - _ACCOUNT_OFFSET) + (key_id[12] in _UPPER_HALF)
    return f"{account:012d}" if 0 <= account < _MOST_ACCOUNTS else None


def _principal_id(principal: str) -> str:
    """A principal's unique id, in AWS's form: `AROA...:session` for a role, `AIDA...` for a user.

    Made from the ARN, so that it is the same in every run.
    """
    role, _, session = principal.rpartition("/")
    is_session = ":assumed-role/" in role
    digest = hashlib.sha256((role if is_session else principal).encode()).digest()
    unique = base64.b32encode(digest).decode()[:17]
    return f"AROA{unique}:{session}" if is_session else f"AIDA{unique}"
