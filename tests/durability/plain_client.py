"""Calls over one plain HTTP connection: what came back, or that nothing came.

No retries: a client that tries again by itself could not say what was acknowledged.
"""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

Members = dict[str, Any]
T = TypeVar("T")

ANSWER_WITHIN_S = 30


class Unanswered(Exception):  # noqa: N818 - an outcome, told as such
    """The connection ended before the answer had come: nobody knows whether the call was done."""


@dataclass(frozen=True)
class Answer:
    """The status and body of one answer; no bytes at all are read as no members."""

    status: int
    body: Members

    @property
    def code(self) -> str:
        return str(self.body.get("__type", ""))

    @property
    def message(self) -> str:
        return str(self.body.get("message", self.body.get("Message", "")))


class PlainClient:
    """One kept-alive connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN_S)

    def connect(self) -> None:
        self._connection.connect()

    def close(self) -> None:
        self._connection.close()

    def call(self, operation: str, **members: Any) -> Answer:
        """The answer, whatever it is.

        Errors: Unanswered, the connection was lost on the way.
        """
        headers = {"X-Amz-Target": f"SageMaker.{operation}"}
        try:
            self._connection.request("POST", "/", json.dumps(members).encode(), headers)
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Unanswered(f"{operation}: {error!r}") from error
        return Answer(answer.status, json.loads(body) if body else {})

    def ok(self, operation: str, **members: Any) -> Members:
        """The members of an answer that must be a success."""
        answer = self.call(operation, **members)
        assert answer.status == 200, (operation, members, answer)
        return answer.body

    def pages(self, operation: str, **members: Any) -> Iterator[list[Members]]:
        """The pages of a list, as long as a token says that there are more."""
        token: Members = {}
        while True:
            page = self.ok(operation, **members, **token)
            (rows,) = (value for value in page.values() if isinstance(value, list))
            yield rows
            if "NextToken" not in page:
                return
            token = {"NextToken": page["NextToken"]}

    def listed(self, operation: str, **members: Any) -> list[Members]:
        """All rows of a list, in its order."""
        pages = self.pages(operation, MaxResults=100, **members)
        return [row for page in pages for row in page]


@contextmanager
def connected(port: int) -> Iterator[PlainClient]:
    with closing(PlainClient(port)) as client:
        client.connect()
        yield client


def together(port: int, count: int, work: Callable[[PlainClient, int], T]) -> list[T]:
    """What `count` clients got for work that all of them began at the same moment."""
    ready = threading.Barrier(count, timeout=ANSWER_WITHIN_S)

    def one(index: int) -> T:
        with connected(port) as client:
            ready.wait()
            return work(client, index)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
