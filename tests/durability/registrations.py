"""Versions that several clients register side by side, in the events' order of their groups."""

import time
from functools import partial
from http import HTTPStatus

from durability.event_streams import number_of
from durability.plain_client import PlainClient, together
from durability.receiver import Envelope
from durability.server_process import ServerProcess

GROUPS = ("churn", "fraud", "prices")


def make_groups(server: ServerProcess) -> None:
    client = server.client()
    for group in GROUPS:
        client.ok("CreateModelPackageGroup", ModelPackageGroupName=group)


def register(client: PlainClient, index: int, *, each: int) -> float:
    """Register versions, each after a call that is refused; how long the slowest took."""
    group = GROUPS[index % len(GROUPS)]
    slowest_s = 0.0
    for number in range(each):
        refused = client.call("CreateModelPackage", ModelPackageGroupName=f"no-{group}")
        assert refused.status == HTTPStatus.BAD_REQUEST
        started = time.monotonic()
        client.ok(
            "CreateModelPackage",
            ModelPackageGroupName=group,
            ModelPackageDescription=f"{index} {number}",
        )
        slowest_s = max(slowest_s, time.monotonic() - started)
    return slowest_s


def register_all(server: ServerProcess, many: tuple[int, int]) -> float:
    """Register as many; how long the slowest took."""
    clients, each = many
    return max(together(server.port, clients, partial(register, each=each)))


def existing(server: ServerProcess) -> dict[str, list[str]]:
    """By group the ARNs of its versions, in the order of their numbers."""
    client = server.client()
    return {
        group: sorted(
            (
                row["ModelPackageArn"]
                for row in client.listed("ListModelPackages", ModelPackageGroupName=group)
            ),
            key=number_of,
        )
        for group in GROUPS
    }


def told_of(stream: list[Envelope]) -> dict[str, list[str]]:
    """By group the ARNs of its versions, in the order in which they were told first."""
    arns = list(dict.fromkeys(event["resources"][0] for event in stream))
    return {group: [arn for arn in arns if f"/{group}/" in arn] for group in GROUPS}
