"""Thousands of requests from a seed, good and bad, to a real server: it answers all and stays well.

`pytest tests/hostile --hostile 10000 --hostile-seed 7` sends more, or others. A request that is
answered badly is told with its bytes and with the command that comes to it again.
"""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

import pytest

from hostile.generator import FAMILIES, Case, Requests
from hostile.line import LIMIT_S, Answer, BadAnswerError, Line
from hostile.mutations import opened_token, sealed_token
from hostile.served import CALM_ACCOUNT, Served, Stored, serving
from sagemock.api.service_model import ServiceModel

_FOUR = ["content-length", "content-type", "date", "x-amzn-requestid"]
_REQUEST_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_TOLD = 15
_MOST_WRONG = 50  # a server that answers nothing any more would take hours
_LOOKED_AT = 10  # in how many cases once the state is read whole before the call


@dataclass
class Ran:
    """What a run showed."""

    served: Served
    requests: Requests
    before_ms: float
    cases: int
    answered: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    request_ids: set[str] = field(default_factory=set)
    unchanged: int = 0
    slowest_s: float = 0.0
    slowest: str = ""

    def statuses(self) -> Counter[int]:
        counted: Counter[int] = Counter()
        for (_, _, status), count in self.answered.items():
            counted[status] += count
        return counted


@pytest.fixture(scope="module", params=["strict", "warn"])
def ran(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    model: ServiceModel,
    tell: Callable[[str], None],
    wanted: tuple[int, int],
) -> Iterator[Ran]:
    """All cases against a server; one that only warns of broken constraints lets more pass."""
    cases, seed = wanted
    validation: str = request.param
    requests = Requests(seed, model)
    folder = tmp_path_factory.mktemp("generated")
    with serving(folder, "--validation", validation) as served:
        for operation, members in requests.beginning():
            served.call(operation, members)
        served.plain_call_ms()
        run = Ran(served, requests, served.plain_call_ms(), cases)
        with closing(Line(served.address)) as line, closing(Stored(served.database)) as stored:
            for number in range(cases):
                _play(run, number, line, stored)
                if len(run.wrong) > _MOST_WRONG:
                    break
        counts = ", ".join(
            f"{count} of {status}" for status, count in sorted(run.statuses().items())
        )
        tell(
            f"hostile: {cases} cases, seed {seed}, {validation}: {counts}; state unchanged after "
            f"{run.unchanged} refusals; slowest {run.slowest_s * 1000:.0f} ms, {run.slowest}",
        )
        yield run


def _play(run: Ran, number: int, line: Line, stored: Stored) -> None:
    """Send one case and note what is wrong with its answer."""
    case = run.requests.case(number)
    version = stored.version()
    digest = stored.digest() if number % _LOOKED_AT == 0 else None
    try:
        answer = line.exchange(case.sent, bodyless=case.is_head)
    except (BadAnswerError, TimeoutError) as error:
        run.wrong.append(_told(run, case, f"{type(error).__name__} {error}"))
        line.close()
        return
    if answer is None:
        run.wrong.append(_told(run, case, "no answer, closed"))
        return
    run.answered[case.family, case.operation, answer.status] += 1
    mistakes = list(_mistakes(case, answer, run.request_ids))
    if not answer.closes and not line.is_open():
        mistakes.append("closed without a word, or more came than an answer")
    if mistakes:
        run.wrong.append(_told(run, case, f"{'; '.join(mistakes)}: {answer}"))
    if answer.seconds > run.slowest_s:
        run.slowest_s, run.slowest = answer.seconds, str(case)
    if answer.status == 200 and case.is_post:
        _keep_token(run.requests, case, answer)
    elif stored.version() == version or (digest and stored.digest() == digest):
        run.unchanged += 1
    elif digest:
        run.changed.append(_told(run, case, f"the state is another one: {answer}"))


def _mistakes(case: Case, answer: Answer, request_ids: set[str]) -> Iterator[str]:
    if answer.status >= 500:
        yield "a server error"
    if answer.surplus:
        yield f"bytes after the answer: {answer.surplus[:200]!r}"
    body = _json(answer.body)
    if answer.body and not isinstance(body, dict):
        yield "no JSON object"
    if b"Traceback" in answer.body:
        yield "a traceback"
    if answer.status != 200 and not case.is_head:
        code = body.get("__type") if isinstance(body, dict) else None
        if not isinstance(code, str) or not re.fullmatch(r"[A-Z][A-Za-z]+", code):
            yield "no __type"
    if answer.status != 200 or case.is_post:
        yield from _mistaken_headers(answer, request_ids)


def _mistaken_headers(answer: Answer, request_ids: set[str]) -> Iterator[str]:
    if sorted(name.lower() for name, _ in answer.headers if name != "Connection") != _FOUR:
        yield "not the four headers"
    if answer.header("Content-Type") != "application/x-amz-json-1.1":
        yield "another content type"
    age_s = time.time() - parsedate_to_datetime(answer.header("Date")).timestamp()
    if not -2 < age_s < LIMIT_S:
        yield "another time"
    request_id = answer.header("x-amzn-RequestId")
    if not _REQUEST_ID.fullmatch(request_id) or request_id in request_ids:
        yield "a request id that is none, or not new"
    request_ids.add(request_id)


def _json(body: bytes) -> object:
    def refuse(constant: str) -> object:
        raise ValueError(constant)

    try:
        return json.loads(body.decode(), parse_constant=refuse)
    except ValueError:
        return None


def _keep_token(requests: Requests, case: Case, answer: Answer) -> None:
    body = _json(answer.body)
    if isinstance(body, dict) and "NextToken" in body:
        requests.tokens[case.operation] = body["NextToken"]


def _told(run: Ran, case: Case, what: str) -> str:
    replay = f"--hostile {case.number + 1} --hostile-seed {run.requests.seed}"
    sent = f"sent {case.sent[:1500]!r}"
    return f"{case}\n  {what[:1500]}\n  {sent}\n  again: pytest tests/hostile {replay}"


def _first(told: list[str]) -> str:
    return "\n".join([f"{len(told)} in all", *told[:_TOLD]])


def test_every_answer_is_one_that_the_service_could_give(ran: Ran) -> None:
    assert not ran.wrong, _first(ran.wrong)
    assert sum(ran.answered.values()) == ran.cases


def test_a_refused_request_leaves_the_state_as_it_was(ran: Ran) -> None:
    assert not ran.changed, _first(ran.changed)
    refused = sum(count for status, count in ran.statuses().items() if status != 200)
    assert ran.unchanged >= refused / _LOOKED_AT / 2


def test_nothing_in_the_log_tells_of_a_failure(ran: Ran) -> None:
    assert ran.served.tracebacks() == ""


def test_no_sender_can_write_a_line_of_the_log(ran: Ran) -> None:
    assert not ran.served.odd_log_lines()


def test_no_request_takes_long(ran: Ran) -> None:
    assert ran.slowest_s < 5, ran.slowest


def test_the_server_is_well_afterwards(ran: Ran) -> None:
    assert ran.served.is_well()


def test_no_thread_goes_on_computing_afterwards(ran: Ran) -> None:
    assert ran.served.comes_to_rest()


def test_a_plain_call_is_no_slower_afterwards(ran: Ran) -> None:
    assert ran.served.stays_as_fast_as(ran.before_ms)


def test_the_cases_reach_every_operation_and_both_outcomes(ran: Ran) -> None:
    """Else a run that is refused at the door would prove nothing."""
    if ran.cases < 1000:
        pytest.skip("so few cases need not reach everything")
    served = {operation for _, operation, status in ran.answered if status == 200}
    assert served == set(ran.requests.operations)
    for family in FAMILIES:
        refused = sum(
            ran.answered[key] for key in ran.answered if key[0] == family and key[2] != 200
        )
        fine = sum(ran.answered[key] for key in ran.answered if key[0] == family and key[2] == 200)
        assert refused >= ran.cases / 100, family
        assert fine >= ran.cases / 100 or family == "bytes", family


def test_a_token_taken_apart_and_put_together_is_the_same(ran: Ran) -> None:
    """Else tokens that say something else would be refused for their checksum alone."""
    ran.served.call("CreateModelPackageGroup", {"ModelPackageGroupName": "more"}, CALM_ACCOUNT)
    page = ran.served.call("ListModelPackageGroups", {"MaxResults": 1}, CALM_ACCOUNT)
    said = opened_token(page["NextToken"])
    assert sealed_token(json.dumps(said).encode()) == page["NextToken"]


def test_a_case_is_the_same_whenever_it_is_made(
    model: ServiceModel, wanted: tuple[int, int]
) -> None:
    seed = wanted[1]
    again, other = Requests(seed, model), Requests(seed + 1, model)
    first = [Requests(seed, model).case(number) for number in range(50)]
    assert [again.case(number) for number in reversed(range(50))] == first[::-1]
    assert [other.case(number) for number in range(50)] != first
