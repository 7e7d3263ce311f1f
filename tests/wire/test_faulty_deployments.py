"""Faults of deployments: stuck, or failing, as a real boto3 client sees them."""

import pytest
from botocore.exceptions import ClientError

from fault_clients import (  # noqa: F401 - fixtures
    add,
    deployed,
    empty_server,
    one_server,
    status,
    trying,
    unheld_server,
)
from fictions import variant
from sagemock import RunningServer


def test_a_deployment_that_is_stuck_goes_on_when_its_rule_is_gone(unheld: RunningServer) -> None:
    with trying(unheld) as client:
        add(unheld, {"status": "stuck"}, "*", times=1)
        deployed(client)
        unheld.service.settle()
        assert status(client) == "Creating"
        deployed(client, "other")
        unheld.service.settle()
        assert status(client, "other") == "InService"
        assert status(client) == "Creating"
        unheld.service.faults.remove([each["id"] for each in unheld.service.faults.shown()])
        unheld.service.settle()
        assert status(client) == "InService"


def test_a_deployment_that_is_failing_fails_for_the_reason_given(server: RunningServer) -> None:
    with trying(server) as client:
        add(server, {"status": "failing", "reason": "Out of GPUs."}, "CreateEndpoint", times=1)
        deployed(client)
        endpoint = client.describe_endpoint(EndpointName="it")
        assert (endpoint["EndpointStatus"], endpoint["FailureReason"]) == ("Failed", "Out of GPUs.")
        client.delete_endpoint(EndpointName="it")
        client.create_endpoint(EndpointName="it", EndpointConfigName="it")
        assert status(client) == "InService"


def test_an_update_that_is_failing_rolls_back(server: RunningServer) -> None:
    with trying(server) as client:
        deployed(client)
        client.create_endpoint_config(EndpointConfigName="next", ProductionVariants=[variant("it")])
        add(server, {"status": "failing"}, "UpdateEndpoint")
        client.update_endpoint(EndpointName="it", EndpointConfigName="next")
        endpoint = client.describe_endpoint(EndpointName="it")
        assert endpoint["EndpointStatus"] == "InService"
        assert endpoint["EndpointConfigName"] == "it"
        assert endpoint["FailureReason"] == "A fault rule has this deployment fail."


def test_an_update_and_a_deletion_can_be_stuck(unheld: RunningServer) -> None:
    with trying(unheld) as client, trying(unheld, service="sagemaker-runtime") as runtime:
        deployed(client)
        unheld.service.settle()
        client.create_endpoint_config(EndpointConfigName="next", ProductionVariants=[variant("it")])
        add(unheld, {"status": "stuck"}, "UpdateEndpoint")
        client.update_endpoint(EndpointName="it", EndpointConfigName="next")
        unheld.service.settle()
        assert status(client) == "Updating"
        # What is replaced goes on answering.
        assert runtime.invoke_endpoint(EndpointName="it", Body=b"1")["Body"].read()
        unheld.service.faults.reset()
        unheld.service.settle()
        assert status(client) == "InService"
        add(unheld, {"status": "stuck"})
        client.delete_endpoint(EndpointName="it")
        unheld.service.settle()
        assert status(client) == "Deleting"
        unheld.service.faults.reset()
        unheld.service.settle()
        assert client.list_endpoints()["Endpoints"] == []


def test_a_status_is_not_left_behind_by_a_call_that_was_refused(server: RunningServer) -> None:
    with trying(server) as client:
        add(server, {"status": "failing"}, "CreateEndpoint", times=1)
        with pytest.raises(ClientError, match="Could not find"):
            client.create_endpoint(EndpointName="it", EndpointConfigName="none")
        deployed(client)
        assert status(client) == "InService"


def test_a_reset_lets_go_of_what_was_stuck(unheld: RunningServer) -> None:
    with trying(unheld) as client:
        add(unheld, {"status": "stuck"})
        deployed(client)
        unheld.service.reset()
        deployed(client)
        unheld.service.settle()
        assert status(client) == "InService"
