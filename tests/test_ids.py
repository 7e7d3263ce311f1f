"""Identifiers by a seed: the same session twice is the same bytes."""

import http.client
import json
import re
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

import sagemock
from command_line import Started, assert_one_sentence, run
from fictions import IMAGE, variant
from sagemock import Service, Settings, create_app, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.app import create_ids
from sagemock.ids import RandomIds, SeededIds
from sagemock.settings import SettingsError
from sagemock.wire.clock_paths import CLOCK_PATH

SEED = """
groups:
  - ModelPackageGroupName: seeded
    versions:
      - ModelApprovalStatus: Approved
"""
FROZEN = ("--freeze", "2026-01-31T12:00:00Z")
VARIANTS = [variant("churn", "a"), variant("churn", "b")]
# What a session does: an operation of SageMaker and its members, or a method, path and JSON.
SESSION: list[tuple[str, Any] | tuple[str, str, Any]] = [
    ("CreateModelPackageGroup", {"ModelPackageGroupName": "churn"}),
    ("CreateModelPackageGroup", {"ModelPackageGroupName": "churn"}),
    ("CreateModelPackage", {"ModelPackageGroupName": "churn", "ClientToken": "once"}),
    ("CreateModelPackage", {"ModelPackageGroupName": 3}),
    ("PUT", CLOCK_PATH, {"advance": "-2h"}),
    ("CreateModel", {"ModelName": "churn", "PrimaryContainer": {"Image": IMAGE}}),
    ("CreateEndpointConfig", {"EndpointConfigName": "churn", "ProductionVariants": VARIANTS}),
    ("CreateEndpoint", {"EndpointName": "churn", "EndpointConfigName": "churn"}),
    ("DescribeEndpoint", {"EndpointName": "churn"}),
    *[("POST", "/endpoints/churn/invocations", {"x": each}) for each in range(10)],
    ("POST", "/endpoints/none/invocations", {}),
    ("PUT", CLOCK_PATH, {"freeze": "2020-01-01"}),
    ("ListModelPackageGroups", {"MaxResults": 1}),
    ("DeleteEndpoint", {"EndpointName": "churn"}),
    ("NoOperation", {}),
    ("GET", "/nowhere", None),
    ("GET", "/_sagemock/snapshot", None),
    ("GET", "/_sagemock/events", None),
    ("GET", "/_sagemock/activity", None),
    ("GET", "/_sagemock/deployments", None),
]
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Client:
    """What comes back for each request, whole but for the real time."""

    def __init__(self, url: str) -> None:
        host, _, port = urlsplit(url).netloc.partition(":")
        self.connection = http.client.HTTPConnection(host, int(port), timeout=30)

    def answered(self, method: str, path: str, content: Any, **headers: str) -> Any:
        body = None if content is None else json.dumps(content)
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        said = [each for each in answer.getheaders() if each[0] != "Date"]
        return answer.status, said, answer.read()

    def session(self) -> list[Any]:
        answers = []
        for step in SESSION:
            if len(step) == 3:
                answers.append(self.answered(*step))
                if step[1] == CLOCK_PATH:
                    # It tells the real time, too.
                    answers.pop()
            else:
                operation, members = step
                target = {"X-Amz-Target": f"SageMaker.{operation}"}
                answers.append(self.answered("POST", "/", members, **target))
        return answers


def played(folder: Path, *options: str) -> list[Any]:
    """The answers to a session with a server of its own."""
    folder.mkdir()
    (folder / "seed.yaml").write_text(SEED)
    common = ("--db", ":memory:", "--seed", "seed.yaml", *FROZEN)
    started = Started(folder, *common, *options)
    client = Client(started.url)
    try:
        return client.session()
    finally:
        client.connection.close()
        assert started.stop()[0] == 0


def test_the_same_session_with_two_servers_is_the_same_bytes(tmp_path: Path) -> None:
    first = played(tmp_path / "one", "--id-seed", "7")
    assert played(tmp_path / "two", "--id-seed", "7") == first
    of_another = played(tmp_path / "three", "--id-seed", "8")
    assert [each[0] for each in of_another] == [each[0] for each in first]
    assert of_another != first
    said = [dict(headers) for _, headers, _ in first]
    ids = [each["x-amzn-RequestId"] for each in said if "x-amzn-RequestId" in each]
    assert len({*ids}) == len(ids) > 15
    assert all(UUID4.fullmatch(each) for each in ids)
    # Variants are drawn as well.
    drawn = {each.get("x-Amzn-Invoked-Production-Variant") for each in said}
    assert {"a", "b"} <= drawn


def test_ids_of_a_seed_are_unlike_and_look_like_any() -> None:
    seeded = [SeededIds(7), SeededIds(7), SeededIds(8)]
    first, again, other = ([ids.request_id() for _ in range(1000)] for ids in seeded)
    assert first == again
    assert len({*first, *other}) == 2000
    for each in first:
        assert str(uuid.UUID(each)) == each
        assert (uuid.UUID(each).version, uuid.UUID(each).variant) == (4, uuid.RFC_4122)
        assert UUID4.fullmatch(each)


def test_threads_that_ask_at_once_get_the_same_ids_each_once() -> None:
    ids, found = SeededIds(7), list[str]()
    threads = [
        threading.Thread(target=lambda: found.extend(ids.request_id() for _ in range(500)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    alone = SeededIds(7)
    assert sorted(found) == sorted(alone.request_id() for _ in range(2000))


def test_without_a_seed_they_differ_in_every_run() -> None:
    ids = create_ids(Settings())
    assert isinstance(ids, RandomIds)
    first = ids.request_id()
    ids.reset()
    assert ids.request_id() != first
    assert UUID4.fullmatch(first)


@pytest.fixture
def seeded(model: ServiceModel) -> Iterator[Flask]:
    settings = Settings(db=":memory:", id_seed=7)
    service = create_service(settings, model=model, strict=True)
    yield create_app(settings, service=service)
    service.close()


def request_id(app: Flask) -> str:
    return app.test_client().get("/nowhere").headers["x-amzn-RequestId"]


def test_a_reset_of_the_server_begins_with_the_first_one_again(seeded: Flask) -> None:
    first = [request_id(seeded) for _ in range(3)]
    seeded.test_client().post("/_sagemock/reset")
    assert [request_id(seeded) for _ in range(3)] == first


def test_a_service_without_a_socket_has_them_too(seeded: Flask) -> None:
    service: Service = seeded.extensions["sagemock"]
    assert service.ids.request_id() == SeededIds(7).request_id()


def test_accounts_for_tests_follow_the_seed_where_nothing_is_kept(tmp_path: Path) -> None:
    def accounts(**settings: Any) -> list[str]:
        with sagemock.running(id_seed=7, **settings) as server:
            return [server.new_account(), server.new_account()]

    assert accounts() == accounts()
    kept = tmp_path / "kept.db"
    assert not {*accounts(db=kept)} & {*accounts(db=kept)}


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_that_cannot_be_is_refused(seed: int) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings(id_seed=seed)
    assert str(refusal.value) == (
        f"A seed of ids is a number from 0 to 9223372036854775807, not {seed}."
    )


def test_on_the_command_line_that_is_one_sentence() -> None:
    assert_one_sentence(run("serve", "--id-seed", "-1"), "A seed of ids is a number from 0 to")
    assert_one_sentence(run("serve", "--id-seed", "seven"), "'seven' is not a valid integer")
