"""The journal: the last calls as they came and were answered, for whoever wonders what went wrong.

A ring in memory, bounded in calls and in bytes. While a call is answered only references to what
there is anyhow are kept; all reading of JSON, and the search for what may have been meant, is done
when somebody looks. Headers are not kept, so no credentials are.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any, NamedTuple

from sagemock.journal_body import MOST_TEXT, JournalBody
from sagemock.operation import Caller, Members

MOST_CALLS = 1000
"""How many calls are kept unless told otherwise."""

MOST_BODY_BYTES = 64 * 1024
MOST_BYTES = 64 * 1024 * 1024
MOST_PAGE = 1000

_MOST_WORD = 256
_MOST_SOUGHT = 100
_MOST_ACCOUNTS = 10_000
_CALL_BYTES = 1024
"""What a call takes beside its bodies, by and large."""

_FAILED = 400
_RUNTIME = "sagemaker-runtime"
# AWS sends these without a message.
_UNSAID = {
    "SerializationException": "The body is no JSON, or a member of it has the wrong type.",
    "UnknownOperationException": "There is no operation of this name, or nothing at this path.",
    "InternalFailure": "sagemock itself failed; its log tells how.",
}


class Streamed:
    """What is known of a stream: how long it is by now, how it began, and what broke it off."""

    def __init__(self) -> None:
        self.size = 0
        self.broken_by: str | None = None
        self.start = b""

    def add(self, piece: bytes) -> None:
        """Count a piece."""
        self.size += len(piece)
        if len(self.start) < MOST_TEXT:
            self.start += piece[:MOST_TEXT]


class Noted(NamedTuple):
    """A call as it was answered.

    `at` is epoch seconds, as the server's clock shows them. `service` is empty for an operation
    that is none, and `target` is what was asked for then. The request is None where it was not
    read. `sent` are the members of an invocation that stand beside its body, `told` the headers of
    its answer; `carried` and `shown` have the headers that carry members of either, by these.
    `sizes` are those of bodies that were cut.
    """

    at: float
    ms: float
    request_id: str
    caller: Caller
    service: str
    operation: str
    status: int
    error: str | None
    request: bytes | None
    answer: bytes | Streamed
    target: str = ""
    path: str = "/"
    as_of: str = ""
    sent: Mapping[str, str] | None = None
    told: Collection[tuple[str, str]] = ()
    shown: Mapping[str, str] | None = None
    carried: Mapping[str, str] | None = None
    sizes: tuple[int, int] | None = None


@dataclass(frozen=True)
class Refusal:
    """What a refused call was told, and by whom it was made: all that is needed to help."""

    account: str
    region: str
    operation: str
    error: str | None
    message: str
    request: Members


Nearest = Callable[[Refusal, Collection[tuple[str, str]], Collection[str]], str | None]
"""What may have been meant, as a sentence.

Beside the refusal come the places where others call, and the accounts that nobody can have meant.
"""


@dataclass(frozen=True)
class JournalQuery:
    """Which calls, and how many at most.

    `after` is the number of a call: those that follow it are asked for, the earliest first. Without
    it the latest are. `operation` may have `*` for anything. `whole` asks for bodies of invocations
    too, as Base64.
    """

    limit: int = MOST_PAGE
    after: int | None = None
    operation: str | None = None
    account: str | None = None
    statuses: range | None = None
    whole: bool = False

    def asks_for(self, noted: Noted) -> bool:
        """Whether a call is one of these."""
        return (
            (self.account is None or noted.caller.account == self.account)
            and (self.statuses is None or noted.status in self.statuses)
            and (self.operation is None or is_named(noted.operation, self.operation))
        )


class Journal:
    """The last calls of one service, numbered from 1 in the order of their answers.

    No more than `most` are kept; with 0 it is off. `begun` is when, so that whoever follows it sees
    that it is another.
    """

    def __init__(
        self, most: int = MOST_CALLS, *, begun: float = 0.0, nearest: Nearest | None = None
    ) -> None:
        self.most = most
        self._begun = begun
        self._nearest = nearest
        # The last has the newest number, and no number is left out.
        self._calls: deque[Noted] = deque()
        self._newest = 0
        self._taken = 0
        # By account, the number of the latest call that gave way.
        self._lost: dict[str, int] = {}
        self._noting = threading.Lock()
        self.past_accounts: set[str] = set()
        """Those of tests that have ended: whoever misses something has not meant theirs."""

    def note(self, noted: Noted) -> None:
        """Keep a call; the oldest give way."""
        if not self.most:
            return
        taken = _taken(noted)
        if taken > MOST_BODY_BYTES:
            noted = _cut(noted)
            taken = _taken(noted)
        calls = self._calls
        with self._noting:
            self._newest += 1
            calls.append(noted)
            self._taken += taken
            while len(calls) > self.most or self._taken > MOST_BYTES:
                self._lose(calls.popleft())

    @property
    def newest(self) -> int:
        """The number of the latest call, 0 before the first."""
        return self._newest

    def lost(self, account: str | None) -> int:
        """The number of the latest call of an account, or of any, that gave way to others."""
        with self._noting:
            if account is None:
                return max(self._lost.values(), default=0)
            return self._lost.get(account, 0)

    def forget(self) -> int:
        """Forget all calls; how many there were. Numbers go on."""
        with self._noting:
            count = len(self._calls)
            self._calls.clear()
            self._taken = 0
        return count

    def operations(self) -> set[str]:
        """The names of all operations that the kept calls asked for."""
        return {each.operation for _, each in self._all()[0]}

    def accounts(self, after: int = 0) -> Counter[str]:
        """How many calls each account has made since the call of this number."""
        return Counter(each.caller.account for number, each in self._all()[0] if number > after)

    def page(self, query: JournalQuery) -> Members:
        """The calls that a query asks for, earliest first, and how far was looked.

        `After` is what to ask for next. `Oldest` is the first number that is still kept.
        """
        calls, newest = self._all()
        asked = (each for each in calls if query.asks_for(each[1]))
        looked = newest
        if query.after is None:
            found = list(deque(asked, maxlen=query.limit))
        else:
            after = query.after
            found = list(islice((each for each in asked if each[0] > after), query.limit))
            if len(found) == query.limit:
                looked = found[-1][0]
        return {
            "Requests": self._shown(found, calls, whole=query.whole),
            "After": looked,
            "Newest": newest,
            "Oldest": newest - len(calls) + 1,
            "Begun": self._begun,
            "Most": self.most,
        }

    def _all(self) -> tuple[list[tuple[int, Noted]], int]:
        """The calls, each with its number, and the newest number."""
        with self._noting:
            calls, newest = list(self._calls), self._newest
        return list(enumerate(calls, newest - len(calls) + 1)), newest

    def _lose(self, noted: Noted) -> None:
        self._taken -= _taken(noted)
        self._lost[noted.caller.account] = self._newest - len(self._calls)
        if len(self._lost) > _MOST_ACCOUNTS:
            del self._lost[next(iter(self._lost))]

    def _shown(
        self, found: list[tuple[int, Noted]], calls: list[tuple[int, Noted]], *, whole: bool
    ) -> list[Members]:
        rows = [_shown(*each, whole=whole) for each in found]
        if self._nearest is None:
            return rows
        places = {(each.caller.account, each.caller.region) for _, each in calls}
        told: dict[str, str | None] = {}
        # The latest first: what is refused again and again is looked for once, and not without end.
        for row in reversed(rows):
            refusal = _refusal(row)
            if refusal is None:
                continue
            key = repr(refusal)
            if key not in told and len(told) < _MOST_SOUGHT:
                told[key] = self._nearest(refusal, places, self.past_accounts)
            if near := told.get(key):
                row["Nearest"] = near
        return rows


def plain(operation: str) -> str:
    """The name of an operation however it is spelled: as AWS, boto3 or the AWS CLI have it."""
    return operation.replace("_", "").replace("-", "").lower()


def is_named(operation: str, asked: str) -> bool:
    """Whether an operation is the one that is asked for, or one of a pattern with `*`."""
    name, wanted = plain(operation), plain(asked)
    return name == wanted or ("*" in wanted and fnmatchcase(name, wanted))


def word(text: str) -> str:
    """A text that a client chose, short enough to be kept."""
    return text[:_MOST_WORD]


def _taken(noted: Noted) -> int:
    """How many bytes a call takes, by and large."""
    taken = _CALL_BYTES
    if noted.request is not None:
        taken += len(noted.request)
    return taken + len(noted.answer) if type(noted.answer) is bytes else taken


def _cut(noted: Noted) -> Noted:
    """The same call with the starts of its bodies; what was cut off is let go."""
    request = noted.request and noted.request[:MOST_BODY_BYTES]
    answer = noted.answer
    if isinstance(answer, bytes):
        answer = answer[:MOST_BODY_BYTES]
    return noted._replace(request=request, answer=answer, sizes=_sizes(noted))


def _sizes(noted: Noted) -> tuple[int, int]:
    """How long the bodies were, of the request and of the answer."""
    if noted.sizes is not None:
        return noted.sizes
    answer = noted.answer
    return len(noted.request or b""), answer.size if isinstance(answer, Streamed) else len(answer)


def _shown(number: int, noted: Noted, *, whole: bool) -> Members:
    row: Members = {
        "Number": number,
        "Time": round(noted.at, 3),
        "RequestId": noted.request_id,
        "Account": noted.caller.account,
        "Region": noted.caller.region,
        "Principal": noted.caller.principal,
        "Operation": noted.operation,
        "Status": noted.status,
        "Ms": round(noted.ms, 3),
    }
    further = {
        "Service": noted.service,
        "Target": noted.target,
        "Path": noted.path if noted.path != "/" else "",
        "AsOf": noted.as_of,
        "Error": noted.error or "",
    }
    row.update({name: value for name, value in further.items() if value})
    request_size, answer_size = _sizes(noted)
    if noted.request is not None:
        body = JournalBody(noted.request, request_size, whole=whole)
        row["Request"] = body.json() if noted.sent is None else {**noted.sent, "Body": body.bytes()}
    if whole and noted.sent and noted.carried:
        sent = noted.sent
        row["Headers"] = {name: sent[of] for of, name in noted.carried.items() if of in sent}
    start = noted.answer.start if isinstance(noted.answer, Streamed) else noted.answer
    body = JournalBody(start, answer_size, whole=False)
    is_json = noted.service != _RUNTIME or noted.status >= _FAILED
    row["Response"] = body.json() if is_json else {**_told(noted), "Body": body.bytes()}
    if isinstance(noted.answer, Streamed) and noted.answer.broken_by is not None:
        row["BrokenBy"] = noted.answer.broken_by
    if noted.status >= _FAILED:
        said = _message(row["Response"]) or _UNSAID.get(noted.error or "")
        row.update({"WhyRefused": said} if said else {})
    return row


def _told(noted: Noted) -> Members:
    """The members of an answer that stand beside its body."""
    values, shown = dict(noted.told), noted.shown or {}
    return {member: values[header] for member, header in shown.items() if header in values}


def _message(response: Any) -> str:
    """The message of an error, by either of its names."""
    members = response if isinstance(response, dict) else {}
    return str(members.get("message") or members.get("Message") or "")


def _refusal(row: Members) -> Refusal | None:
    """What is known of a refusal in which a client may have meant another thing."""
    if row["Status"] < _FAILED:
        return None
    request = row.get("Request")
    return Refusal(
        account=row["Account"],
        region=row["Region"],
        operation=row["Operation"],
        error=row.get("Error"),
        message=_message(row["Response"]),
        request=request if isinstance(request, dict) else {},
    )
