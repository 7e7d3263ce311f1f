"""R2: equal requests with one ClientToken make one version, whatever happens between them."""

from functools import partial
from pathlib import Path

import pytest

from durability.counts import Counts
from durability.plain_client import Members, PlainClient, together
from durability.server_process import ServerProcess, Servers

STORMS = 12
EQUAL_REQUESTS = 16


def register(client: PlainClient, _: int, *, storm: int) -> str:
    answer = client.ok(
        "CreateModelPackage",
        ModelPackageGroupName="g",
        ModelPackageDescription=f"storm {storm}",
        ClientToken=f"token-{storm}",
    )
    return str(answer["ModelPackageArn"])


def storms(port: int) -> list[set[str]]:
    """The ARNs that each storm's requests were answered with."""
    return [
        set(together(port, EQUAL_REQUESTS, partial(register, storm=storm)))
        for storm in range(STORMS)
    ]


def versions(server: ServerProcess) -> list[Members]:
    return server.client().listed("ListModelPackages", ModelPackageGroupName="g")


@pytest.mark.parametrize("ends", ["kill -9", "SIGTERM"])
def test_a_storm_of_equal_requests_makes_one_version_also_after_a_restart(
    servers: Servers, db: Path, ends: str, counts: Counts
) -> None:
    server = servers.start(db)
    server.client().ok("CreateModelPackageGroup", ModelPackageGroupName="g")
    first = storms(server.port)
    if ends == "kill -9":
        server.kill()
    else:
        assert server.terminate() == 0
    server = servers.start(db)
    again = storms(server.port)
    stored = versions(server)
    counts.add(
        "R2 one ClientToken, before and after a restart",
        storms=2 * STORMS,
        requests=2 * STORMS * EQUAL_REQUESTS,
        ARNs_answered=len(set().union(*first, *again)),
        versions_stored=len(stored),
    )
    assert all(len(arns) == 1 for arns in first), first
    assert again == first
    assert {row["ModelPackageArn"] for row in stored} == set().union(*first)
    assert sorted(row["ModelPackageVersion"] for row in stored) == list(range(1, STORMS + 1))
    assert {row["ModelPackageDescription"] for row in stored} == {
        f"storm {storm}" for storm in range(STORMS)
    }
