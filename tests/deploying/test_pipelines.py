"""Models of several containers: in a row, or called directly."""

import pytest

from deploying.deployed import Deployed
from deploying.programs import OBEYS, appends, says

DIRECT = {"InferenceExecutionConfig": {"Mode": "Direct"}}
SENT = {"ContentType": "text/plain", "Accept": "text/x-last"}


def deploy_two(deployed: Deployed, first: str, second: str, **members: object) -> str:
    containers = [
        deployed.program(program, hostname) | {"ContainerHostname": hostname}
        for hostname, program in (("first", first), ("second", second))
    ]
    deployed.configure(deployed.make_model("it", *containers, **members))
    deployed.sagemaker.create_endpoint(EndpointName="it", EndpointConfigName="it")
    assert deployed.status("it") == "InService"
    return "it"


def test_each_container_in_a_row_gets_what_the_one_before_said(deployed: Deployed) -> None:
    name = deploy_two(deployed, appends("a"), appends("b"))
    answer = deployed.runtime.invoke_endpoint(EndpointName=name, Body="sent", **SENT)
    with answer["Body"] as body:
        said = body.read().decode()
    assert said == "sent>a(text/plain,application/json)>b(text/x-a,text/x-last)"
    assert answer["ContentType"] == "text/x-b"


def test_the_error_of_a_container_in_a_row_is_told_by_its_hostname(deployed: Deployed) -> None:
    name = deploy_two(deployed, OBEYS, says("never asked"))
    error = deployed.refused(name, "refuse(400, 'not this')")
    assert error["Error"]["Message"].startswith(
        'Received client error (400) from first with message "not this'
    )
    assert error["OriginalStatusCode"] == 400


def test_a_container_is_called_directly_by_its_hostname(deployed: Deployed) -> None:
    name = deploy_two(deployed, says("one"), says("two"), **DIRECT)
    assert deployed.ask(name, TargetContainerHostname="first") == "one"
    assert deployed.ask(name, TargetContainerHostname="second") == "two"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            {},
            (
                "The containers of endpoint it of account 123456789012 are called directly: name "
                "one of first, second as TargetContainerHostname."
            ),
        ),
        (
            {"TargetContainerHostname": "third"},
            "Container third of endpoint it of account 123456789012 not found.",
        ),
    ],
)
def test_a_direct_call_without_a_container_that_is_there_is_refused(
    deployed: Deployed, target: dict[str, str], message: str
) -> None:
    name = deploy_two(deployed, says("one"), says("two"), **DIRECT)
    error = deployed.refused(name, **target)
    assert (error["Error"]["Code"], error["Error"]["Message"]) == ("ValidationError", message)


def test_a_container_that_cannot_start_fails_the_whole_endpoint(deployed: Deployed) -> None:
    good = deployed.program(says("one"), "good")
    broken = deployed.program("raise RuntimeError('the second one')", "broken")
    endpoint = deployed.create("it", good, broken)
    assert endpoint["EndpointStatus"] == "Failed"
    assert endpoint["FailureReason"].startswith(
        "The container-2 container for production variant AllTraffic did not pass the ping "
        "health check."
    )
    assert endpoint["FailureReason"].endswith("RuntimeError: the second one")
