"""SageMaker's operations over HTTP, in any account and region: how a server that runs is seeded."""

import json
from typing import Any

from sagemock.errors import SageMakerError
from sagemock.operation import Members
from sagemock.server_client import NO_ANSWER, NO_SERVER, NoServerError

_TIMEOUT_S = 60
_AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/sagemaker/aws4_request, "
    "SignedHeaders=host, Signature=none"
)


class RefusedCallError(SageMakerError):
    """A server's refusal, with the code that it gave."""

    def __init__(self, code: str, message: str | None) -> None:
        super().__init__(message)
        self._code = code

    @property
    def code(self) -> str:
        """What the server called the error."""
        return self._code


def authorization(account: str, region: str) -> str:
    """An Authorization header of a call to an account and region; an empty one is the server's."""
    return _AUTHORIZATION.format(account=account, region=region)


class ServerCalls:
    """Calls to the server at an address."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, operation: str, request: Members, account: str, region: str) -> Members:
        """The answer of an operation.

        Errors: RefusedCallError, the server refuses the call; NoServerError, there is none.
        """
        from http.client import HTTPException  # noqa: PLC0415 - the command line has more to do
        from urllib.error import HTTPError, URLError  # noqa: PLC0415 - the same
        from urllib.request import ProxyHandler, Request, build_opener  # noqa: PLC0415 - the same

        headers = {
            "Authorization": authorization(account, region),
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"SageMaker.{operation}",
        }
        try:
            posted = Request(f"{self._url.rstrip('/')}/", json.dumps(request).encode(), headers)  # noqa: S310 - what the user names
            # A proxy would be asked for this machine's own addresses too.
            with build_opener(ProxyHandler({})).open(posted, timeout=_TIMEOUT_S) as answer:
                return self._members(answer.read())
        except HTTPError as error:
            raise self._refusal(error) from error
        except (URLError, OSError, ValueError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise NoServerError(NO_SERVER.format(url=self._url, reason=reason)) from error

    def _members(self, body: bytes) -> Members:
        answered: Any = json.loads(body or b"{}")
        if not isinstance(answered, dict):
            raise NoServerError(NO_ANSWER.format(url=self._url, reason="that is no object"))
        return answered

    def _refusal(self, error: Any) -> Exception:
        try:
            members = json.loads(error.read())
            code = members["__type"].rpartition("#")[2]
        except (ValueError, AttributeError, OSError, KeyError, TypeError):
            reason = f"status {error.code}"
            return NoServerError(NO_ANSWER.format(url=self._url, reason=reason))
        return RefusedCallError(code, members.get("message") or members.get("Message"))
