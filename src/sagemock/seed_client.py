"""SageMaker's operations over HTTP, in any account and region: how a server that runs is seeded."""

import json

from sagemock.errors import SageMakerError
from sagemock.operation import Members
from sagemock.own_calls import OWN_CALL
from sagemock.server_client import (
    NO_ANSWER,
    NoServerError,
    RefusedAnswerError,
    exchange,
    read_json,
)
from sagemock.server_probe import probe

_AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential={account}/20260101/{region}/sagemaker/aws4_request, "
    "SignedHeaders=host, Signature=none"
)
_LOOK_S = 5


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
    """Calls to the server at an address, marked as a tool's own."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, operation: str, request: Members, account: str, region: str) -> Members:
        """The answer of an operation.

        Errors: RefusedCallError, the server refuses the call; NoServerError, there is none.
        """
        headers = {
            "Authorization": authorization(account, region),
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"SageMaker.{operation}",
            OWN_CALL: "seed",
        }
        try:
            body = exchange(self._url, "POST", "/", json.dumps(request).encode(), headers)
        except RefusedAnswerError as refused:
            raise self._refusal(refused) from refused
        answered = read_json(self._url, body or b"{}")
        if not isinstance(answered, dict):
            raise NoServerError(NO_ANSWER.format(url=self._url, reason="that is no object"))
        return answered

    def own_place(self) -> tuple[str, str]:
        """The server's own account and region; two empty texts where it does not tell."""
        found = probe(self._url.rstrip("/"), "/_sagemock/health", _LOOK_S)
        told = found.members if found.is_healthy else {}
        return str(told.get("account", "")), str(told.get("region", ""))

    def _refusal(self, refused: RefusedAnswerError) -> Exception:
        code = refused.members.get("__type")
        if not isinstance(code, str):
            return NoServerError(refused.unexplained)
        message = refused.members.get("message") or refused.members.get("Message")
        return RefusedCallError(code.rpartition("#")[2], message)
