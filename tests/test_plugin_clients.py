"""Clients of servers in this process: what they share, and what each has for itself."""

import threading
from typing import Any
from unittest import mock

import sagemock
from sagemock.clients import ModelFiles

CHURN = {"ModelPackageGroupName": "churn"}


def groups(client: Any) -> list[str]:
    found = client.list_model_package_groups()["ModelPackageGroupSummaryList"]
    return [each["ModelPackageGroupName"] for each in found]


def test_clients_of_a_second_server_read_no_service_model_again() -> None:
    with sagemock.running() as first, sagemock.running() as second:
        first.client().create_model_package_group(**CHURN)
        with mock.patch.object(ModelFiles, "load_file", side_effect=AssertionError):
            assert groups(second.client()) == []
        assert groups(first.client()) == ["churn"]


def test_a_client_works_on_when_another_server_is_stopped() -> None:
    with sagemock.running() as first:
        client = first.client()
        with sagemock.running() as second:
            assert groups(second.client()) == []
        client.create_model_package_group(**CHURN)
        assert groups(client) == ["churn"]


def test_what_is_hung_on_a_client_is_on_that_one_alone() -> None:
    called: list[str] = []
    with sagemock.running() as first, sagemock.running() as second:
        client = first.client()
        client.meta.events.register(
            "before-call.sagemaker", lambda model, **_: called.append(model.name)
        )
        groups(second.client())
        groups(first.client())
        groups(client)
    assert called == ["ListModelPackageGroups"]


def test_threads_make_clients_of_two_servers_at_once() -> None:
    found: list[list[str]] = []
    with sagemock.running() as first, sagemock.running() as second:
        first.client().create_model_package_group(**CHURN)
        begin = threading.Barrier(8)

        def look(server: sagemock.RunningServer) -> None:
            begin.wait(30)
            found.append(groups(server.client()))

        threads = [threading.Thread(target=look, args=(each,)) for each in (first, second) * 4]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert sorted(found) == [[]] * 4 + [["churn"]] * 4
