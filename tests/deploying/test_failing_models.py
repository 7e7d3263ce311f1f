"""Invocations that go wrong: what the caller is told, and that the server goes on."""

from functools import partial

import pytest

from deploying.deployed import Deployed, eventually
from deploying.programs import OBEYS, PID
from sagemock.serving import process_host
from sagemock.serving.process import WorkerLaunch

MOST_BYTES = 6_291_456
LOOK_THERE = (
    " See https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
    "#logEventViewer:group=/aws/sagemaker/Endpoints/it in account 123456789012 for more"
    " information."
)
LOG_GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/it"


def answers_again(deployed: Deployed, name: str, refusals: list[str]) -> bool:
    """Whether an endpoint answers; where it does not, it has said why."""
    try:
        return deployed.ask(name) == "yes"
    except deployed.runtime.exceptions.ModelError as error:
        refusals.append(error.response["OriginalMessage"])
        return False


@pytest.mark.parametrize(
    ("body", "status", "whose", "said"),
    [
        ("refuse(400, 'not this')", 400, "client", "not this"),
        ("refuse(422, 'nor that')", 422, "client", "nor that"),
        ("refuse(503, 'too busy')", 503, "server", "too busy"),
        ("fail('wrong')", 500, "server", "wrong"),
        ("sys.exit('leaving')", 500, "server", "leaving"),
    ],
)
def test_what_a_models_code_raises_is_a_model_error(
    deployed: Deployed, body: str, status: int, whose: str, said: str
) -> None:
    name = deployed.run(OBEYS)
    before = deployed.ask(name, PID)
    error = deployed.refused(name, body)
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert error["Error"]["Code"] == "ModelError"
    assert error["OriginalStatusCode"] == status
    assert error["OriginalMessage"].startswith(f"{said}\nTraceback")
    assert error["LogStreamArn"] == LOG_GROUP
    assert error["Error"]["Message"] == (
        f"Received {whose} error ({status}) from primary with message "
        f'"{error["OriginalMessage"]}".{LOOK_THERE}'
    )
    assert deployed.ask(name, PID) == before


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_model_that_crashes_is_a_model_error_and_is_started_again(
    deployed: Deployed, end: str
) -> None:
    name = deployed.run(OBEYS)
    before = deployed.ask(name, PID)
    deployed.ask(name, "print('last words') or 'said'")
    error = deployed.refused(name, end)
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert error["Error"]["Code"] == "ModelError"
    assert error["OriginalStatusCode"] == 0
    assert error["OriginalMessage"] == (
        "Container primary broke off its answer. The last line of its log: last words"
    )
    refusals: list[str] = []
    eventually(lambda: answers_again(deployed, name, refusals))
    # Until its end has been noticed it is asked in vain.
    assert all("being restarted" in each or "broke off" in each for each in refusals), refusals
    assert deployed.ask(name, PID) != before
    assert deployed.status(name) == "InService"


def test_an_answer_as_long_as_the_limit_is_passed_on(deployed: Deployed) -> None:
    assert len(deployed.ask(deployed.run(OBEYS), f"'x' * {MOST_BYTES}")) == MOST_BYTES


@pytest.mark.parametrize(
    "body", [f"'x' * {MOST_BYTES + 1}", f"(c * 1024 for c in 'x' * {MOST_BYTES // 1024 + 1})"]
)
def test_an_answer_beyond_the_limit_is_a_model_error(deployed: Deployed, body: str) -> None:
    name = deployed.run(OBEYS)
    before = deployed.ask(name, PID)
    error = deployed.refused(name, body)
    assert error["Error"]["Code"] == "ModelError"
    assert error["OriginalMessage"] == f"The model's answer is longer than {MOST_BYTES} bytes."
    assert deployed.ask(name, PID) == before


def test_an_answer_without_end_is_a_model_error_too(deployed: Deployed) -> None:
    name = deployed.run(OBEYS)
    error = deployed.refused(name, "iter(lambda: 'x' * 65536, None)")
    assert error["OriginalMessage"] == f"The model's answer is longer than {MOST_BYTES} bytes."
    assert deployed.ask(name) == "yes"
    deployed.delete(name)


def test_a_request_beyond_the_limit_never_reaches_the_model(deployed: Deployed) -> None:
    name = deployed.run(OBEYS)
    error = deployed.refused(name, "'yes'".ljust(MOST_BYTES + 1))
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert deployed.ask(name, "'yes'".ljust(MOST_BYTES)) == "yes"


def test_a_model_that_takes_too_long_is_told_of_in_the_words_of_aws(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        process_host, "WorkerLaunch", partial(WorkerLaunch, invocation_timeout_s=0.3)
    )
    name = deployed.run(OBEYS)
    before = deployed.ask(name, PID)
    latch = deployed.folder / "latch"
    error = deployed.refused(name, f"wait_for({str(latch)!r})")
    said = (
        "Your invocation timed out while waiting for a response from container primary. Review "
        "the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try "
        "again."
    )
    assert (error["OriginalStatusCode"], error["OriginalMessage"]) == (0, said)
    assert error["Error"]["Message"] == (
        f'Received server error (0) from primary with message "{said}".{LOOK_THERE}'
    )
    # The worker is not interrupted by it.
    assert deployed.ask(name, PID) == before
    latch.touch()
