"""Updates of endpoints that are called meanwhile: to good models, to broken ones, and back."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise

import boto3
import pytest
from botocore.exceptions import ClientError

from deploying.deployed import Deployed, Endpoints, Serve, eventually, processes_below
from deploying.programs import OBEYS, PID, loads_after, says

BROKEN = "raise RuntimeError('worn out')"


class Callers:
    """Threads that invoke an endpoint again and again, and what each was answered, in order."""

    def __init__(self, session: boto3.Session, url: str, name: str, count: int) -> None:
        self.heard: list[list[str]] = [[] for _ in range(count)]
        self._enough = threading.Event()
        self._pool = ThreadPoolExecutor(count)
        self._done = [
            self._pool.submit(self._call, Endpoints(session, url), name, heard)
            for heard in self.heard
        ]

    def _call(self, endpoints: Endpoints, name: str, heard: list[str]) -> None:
        with closing(endpoints):
            while not self._enough.is_set():
                try:
                    heard.append(endpoints.ask(name))
                except ClientError as error:
                    heard.append(str(error))

    def all_have_heard(self, word: str, times: int) -> bool:
        return all(heard.count(word) >= times for heard in self.heard)

    def close(self) -> None:
        self._enough.set()
        for each in self._done:
            each.result()
        self._pool.shutdown()


def test_an_update_fails_no_call(deployed: Deployed, session: boto3.Session) -> None:
    name = deployed.run(says("0"))
    with closing(Callers(session, deployed.url, name, 4)) as callers:
        for number in range(1, 4):
            eventually(lambda: callers.all_have_heard(str(number - 1), 10))  # noqa: B023 - at once
            program = deployed.program(says(str(number)), f"model-{number}")
            updated = deployed.update(name, program, to=f"model-{number}")
            assert updated["EndpointStatus"] == "InService"
        eventually(lambda: callers.all_have_heard("3", 10))
    for heard in callers.heard:
        assert Counter(heard).keys() == {"0", "1", "2", "3"}
        # Nobody hears of the old model again who has heard of the new one.
        assert all(before <= after for before, after in pairwise(heard))
    eventually(lambda: len(processes_below(deployed.folder)) == 1)


def test_a_call_under_way_is_answered_by_the_model_that_is_replaced(deployed: Deployed) -> None:
    name = deployed.run(OBEYS)
    begun, latch = deployed.folder / "begun", deployed.folder / "latch"
    body = f"open({str(begun)!r}, 'w').close() or wait_for({str(latch)!r})"
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(deployed.ask, name, body)
        eventually(begun.exists)
        updated = deployed.update(name, deployed.program(says("new"), "new"), to="new")
        assert updated["EndpointStatus"] == "InService"
        assert deployed.ask(name) == "new"
        latch.touch()
        assert asked.result() == "waited"
    eventually(lambda: len(processes_below(deployed.folder)) == 1)


def test_while_the_next_model_loads_the_present_one_answers(serve: Serve) -> None:
    deployed, name = serve(hold_s=0.2), "it"
    deployed.create(name, deployed.program(says("old"), name))
    deployed.comes_to(name, "InService")
    latch = deployed.folder / "latch"
    updated = deployed.update(name, deployed.program(loads_after(latch, "new"), "new"), to="new")
    assert updated["EndpointStatus"] == "Updating"
    assert updated["EndpointConfigName"] == name
    assert updated["PendingDeploymentSummary"]["EndpointConfigName"] == "new"
    assert deployed.ask(name) == "old"
    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        deployed.sagemaker.delete_endpoint(EndpointName=name)
    latch.touch()
    updated = deployed.comes_to(name, "InService")
    assert updated["EndpointConfigName"] == "new"
    assert "PendingDeploymentSummary" not in updated
    assert deployed.ask(name) == "new"


def test_an_update_to_a_broken_model_leaves_the_old_one_and_says_why(deployed: Deployed) -> None:
    name = deployed.run(OBEYS)
    before = deployed.ask(name, PID)
    updated = deployed.update(name, deployed.program(BROKEN, "broken"), to="broken")
    assert (updated["EndpointStatus"], updated["EndpointConfigName"]) == ("InService", name)
    assert updated["FailureReason"].startswith(
        "The primary container for production variant AllTraffic did not pass the ping health "
        "check."
    )
    assert updated["FailureReason"].endswith("RuntimeError: worn out")
    assert "PendingDeploymentSummary" not in updated
    assert deployed.ask(name, PID) == before
    eventually(lambda: len(processes_below(deployed.folder)) == 1)


def test_a_later_good_update_takes_the_failure_reason_away(deployed: Deployed) -> None:
    name = deployed.run(says("old"))
    deployed.update(name, deployed.program(BROKEN, "broken"), to="broken")
    updated = deployed.update(name, deployed.program(says("good"), "good"), to="good")
    assert (updated["EndpointStatus"], updated["EndpointConfigName"]) == ("InService", "good")
    assert "FailureReason" not in updated
    assert deployed.ask(name) == "good"


def test_the_reason_of_a_failed_update_survives_a_restart(deployed: Deployed) -> None:
    name = deployed.run(says("old"))
    failed = deployed.update(name, deployed.program(BROKEN, "broken"), to="broken")
    deployed.restart()
    restarted = deployed.comes_to(name, "InService")
    assert restarted["FailureReason"] == failed["FailureReason"]
    assert restarted["EndpointConfigName"] == name
    assert deployed.ask(name) == "old"


def test_an_update_whose_artifact_has_gone_leaves_the_old_model(deployed: Deployed) -> None:
    name = deployed.run(says("old"))
    container = deployed.program(says("new"), "new")
    deployed.configure(deployed.make_model("new", container))
    deployed.buckets.path(container["ModelDataUrl"]).unlink()
    deployed.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName="new")
    updated = deployed.comes_to(name, "InService")
    assert container["ModelDataUrl"] in updated["FailureReason"]
    assert deployed.ask(name) == "old"


def test_two_variants_share_the_calls_by_their_weights(deployed: Deployed) -> None:
    for word in ("one", "two"):
        deployed.make_model(word, deployed.program(says(word), word))
    variants = [
        {
            "VariantName": word,
            "ModelName": word,
            "InitialInstanceCount": 1,
            "InstanceType": "ml.m5.large",
            "InitialVariantWeight": weight,
        }
        for word, weight in (("one", 1.0), ("two", 0.0))
    ]
    deployed.configure("it", *variants)
    deployed.sagemaker.create_endpoint(EndpointName="it", EndpointConfigName="it")
    assert {deployed.ask("it") for _ in range(20)} == {"one"}
    assert deployed.ask("it", TargetVariant="two") == "two"
    before = processes_below(deployed.folder)
    deployed.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="it",
        DesiredWeightsAndCapacities=[
            {"VariantName": "one", "DesiredWeight": 0},
            {"VariantName": "two", "DesiredWeight": 1},
        ],
    )
    assert deployed.status("it") == "InService"
    assert {deployed.ask("it") for _ in range(20)} == {"two"}
    # Weights are nothing that a worker would have to be started for.
    assert processes_below(deployed.folder) == before
