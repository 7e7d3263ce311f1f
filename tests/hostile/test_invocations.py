"""Made-up invocations, good and bad, to a real server: all are answered, nothing is written.

`pytest tests/hostile --hostile 10000 --hostile-seed 7` sends more, or others.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from hostile.generator import Requests
from hostile.invocations import RULES, Invocations, Invoking
from hostile.line import Answer, BadAnswerError, Line
from hostile.served import Served, Stored, serving
from sagemock.api.service_model import ServiceModel

_CODES = {"ValidationError", "ModelError", "UnknownOperationException"}
_MOST_TOLD = 12


@dataclass
class Ran:
    """What a run showed."""

    served: Served
    before_ms: float
    cases: int
    digests: list[str]
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest_s: float = 0.0


@pytest.fixture(scope="module")
def ran(
    tmp_path_factory: pytest.TempPathFactory,
    model: ServiceModel,
    tell: Callable[[str], None],
    wanted: tuple[int, int],
) -> Iterator[Ran]:
    cases, seed = max(wanted[0] // 2, 1), wanted[1]
    invocations = Invocations(seed, ServiceModel.installed("sagemaker-runtime"))
    with serving(tmp_path_factory.mktemp("invocations")) as served:
        for operation, members in Requests(seed, model).beginning():
            served.call(operation, members)
        answer = served.send("POST", "/_sagemock/serving/rules", json.dumps(RULES).encode())
        assert answer.status == 200, answer
        served.plain_call_ms()
        with closing(Stored(served.database)) as stored, closing(Line(served.address)) as line:
            run = Ran(served, served.plain_call_ms(), cases, [stored.digest()])
            for number in range(cases):
                _play(run, invocations.case(number), line)
            run.digests.append(stored.digest())
        counted: Counter[int] = Counter()
        for (_, status), count in run.answered.items():
            counted[status] += count
        counts = ", ".join(f"{count} of {status}" for status, count in sorted(counted.items()))
        tell(f"hostile: {cases} invocations, seed {seed}: {counts}")
        yield run


def _play(run: Ran, case: Invoking, line: Line) -> None:
    """Send one case and note what is wrong with its answer."""
    try:
        answer = line.exchange(case.sent, bodyless=case.is_head)
    except (BadAnswerError, TimeoutError) as error:
        line.close()
        run.wrong.append(f"{case}: {type(error).__name__} {error}\n  sent {case.sent[:1500]!r}")
        return
    mistakes = ["no answer"] if answer is None else list(_mistakes(case, answer))
    if answer is not None:
        run.answered[case.about, answer.status] += 1
        run.slowest_s = max(run.slowest_s, answer.seconds)
        if not answer.closes and not line.is_open():
            mistakes.append("closed without a word, or more came than an answer")
    if mistakes:
        told = f"{'; '.join(mistakes)}: {str(answer)[:1000]}"
        run.wrong.append(f"{case}: {told}\n  sent {case.sent[:1500]!r}")


def _mistakes(case: Invoking, answer: Answer) -> Iterator[str]:
    if answer.status >= 500:
        yield "a server error"
    if answer.surplus:
        yield "bytes after the answer"
    if any(re.search(r"[^\t -~\x80-\xff]", value) for _, value in answer.headers):
        yield "a control character in a header"
    if not answer.header("x-amzn-RequestId"):
        yield "no request id"
    if answer.status != 200 and not case.is_head:
        yield from _mistaken_refusal(answer)


def _mistaken_refusal(answer: Answer) -> Iterator[str]:
    try:
        body = json.loads(answer.body)
    except ValueError:
        yield "no JSON"
        return
    error_type = answer.header("x-amzn-ErrorType")
    code = error_type or body.get("__type")
    if answer.status == 413:
        if set(body) != {"Message"}:
            yield "not the refusal of a body"
    elif not isinstance(code, str) or not re.fullmatch(r"[A-Z][A-Za-z]+", code):
        yield "no code"
    elif error_type and (error_type not in _CODES or not _is_error(body, error_type)):
        yield "not an error of the data plane"


def _is_error(body: dict[str, object], code: str) -> bool:
    more = {"ErrorCode", "OriginalStatusCode", "OriginalMessage", "LogStreamArn"}
    if code == "ModelError":
        return set(body) == {"Message", *more}
    return set(body) == ({"Message"} if code == "ValidationError" else set(body) & {"Message"})


def test_every_answer_is_one_that_the_service_could_give(ran: Ran) -> None:
    told = "\n".join([f"{len(ran.wrong)} in all", *ran.wrong[:_MOST_TOLD]])
    assert not ran.wrong, told
    assert sum(ran.answered.values()) == ran.cases


def test_no_invocation_writes_anything(ran: Ran) -> None:
    assert ran.digests[0] == ran.digests[1]


def test_nothing_in_the_log_tells_of_a_failure(ran: Ran) -> None:
    assert ran.served.tracebacks() == ""


def test_no_caller_can_write_a_line_of_the_log(ran: Ran) -> None:
    assert not ran.served.odd_log_lines()


def test_no_invocation_takes_long(ran: Ran) -> None:
    assert ran.slowest_s < 5


def test_the_server_is_well_and_at_rest_afterwards(ran: Ran) -> None:
    assert ran.served.is_well()
    assert ran.served.comes_to_rest()


def test_a_plain_call_is_no_slower_afterwards(ran: Ran) -> None:
    assert ran.served.stays_as_fast_as(ran.before_ms)


def test_the_cases_reach_every_outcome(ran: Ran) -> None:
    """Else a run that is refused at the door would prove nothing."""
    if ran.cases < 500:
        pytest.skip("so few cases need not reach everything")
    statuses = {status for _, status in ran.answered}
    assert statuses >= {200, 400, 404, 413, 424}
    for about in ("header", "body", "head", "good"):
        assert ran.answered[about, 200] >= ran.cases / 100, about
