"""Moves of endpoints at moments that are rare: nothing is forgotten, nothing done twice."""

import threading
from collections import Counter
from typing import Any

import pytest

from deploying.deployed import Deployed, eventually
from deploying.programs import says
from sagemock.hosting import Fleet
from sagemock.resources.endpoint import ENDPOINT
from sagemock.serving.fleets import Fleets


def test_an_endpoint_out_of_service_is_not_started_again_and_again(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However soon its failed fleet is gone."""
    started: Counter[str] = Counter()
    start, stop = Fleets.start, Fleets.stop

    def counted(fleets: Fleets, fleet: Fleet) -> None:
        started[fleet.id] += fleets.observe(fleet.id) is None
        start(fleets, fleet)

    def at_once(fleets: Fleets, fleet_id: str) -> None:
        stop(fleets, fleet_id)
        eventually(lambda: fleets.observe(fleet_id) is None)

    name = deployed.run(says("old"))
    deployed.buckets.path("s3://models/it.tar.gz").unlink()
    monkeypatch.setattr(Fleets, "start", counted)
    monkeypatch.setattr(Fleets, "stop", at_once)
    deployed.restart()
    deployed.comes_to(name, "OutOfService")
    assert {deployed.status(name) for _ in range(30)} == {"OutOfService"}
    assert list(started.values()) == [1]


def test_what_becomes_due_while_it_is_found_at_rest_is_not_forgotten(
    deployed: Deployed,
) -> None:
    name = deployed.run(says("old"))
    settling = deployed.service._settling
    look = settling._looks[ENDPOINT.arn_type]
    deleting = threading.Thread(
        target=deployed.sagemaker.delete_endpoint, kwargs={"EndpointName": name}
    )

    def look_slowly(endpoint: dict[str, Any], observe: Any) -> Any:
        move = look(endpoint, observe)
        if endpoint["EndpointStatus"] == "InService" and not deleting.ident:
            # It is at rest; before that has been noted, somebody deletes it.
            settling._outdated = False
            deleting.start()
            eventually(lambda: settling._outdated)
        return move

    settling._looks = {ENDPOINT.arn_type: look_slowly}
    settling.hold(settling.add("123456789012", "us-east-1", [("endpoint", name, 0)]), 0)
    deleting.join()
    eventually(lambda: deployed.is_gone(name), limit_s=3)


@pytest.mark.parametrize("times", [3])
def test_a_name_can_be_used_again_and_again(deployed: Deployed, times: int) -> None:
    for number in range(times):
        deployed.configure(
            deployed.make_model(f"m{number}", deployed.program(says(f"{number}"), f"m{number}"))
        )
        deployed.sagemaker.create_endpoint(EndpointName="It", EndpointConfigName=f"m{number}")
        assert deployed.ask("It") == f"{number}"
        deployed.delete("It")
