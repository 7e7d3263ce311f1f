"""R1, R3, R4, R5, R7 and P10 from outside: clients at once, each on its own connection."""

from collections import Counter
from collections.abc import Iterator

import pytest

from durability.counts import Counts
from durability.plain_client import Answer, Members, PlainClient, connected, together
from durability.server_process import Servers

COUNTS = {"R1": (16, 60, 500), "P10": (64, 6, 6)}
"""Clients, and the creates of each: in every run, and in full."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """One server for all of them: each test has groups of its own."""
    folder = tmp_path_factory.mktemp("concurrency")
    servers = Servers(folder)
    yield servers.start(folder / "registry.db").port
    servers.end()


@pytest.fixture
def client(port: int) -> Iterator[PlainClient]:
    with connected(port) as client:
        yield client


def make_group(client: PlainClient, name: str) -> str:
    made = client.ok("CreateModelPackageGroup", ModelPackageGroupName=name)
    return str(made["ModelPackageGroupArn"])


def versions(client: PlainClient, group: str) -> list[Members]:
    return client.listed("ListModelPackages", ModelPackageGroupName=group)


def assert_gapless(
    client: PlainClient, group: str, answered: list[tuple[str, Answer]]
) -> list[Members]:
    """Acknowledged = listed = exactly 1..N, each with its own caller's description."""
    assert Counter(answer.status for _, answer in answered) == {200: len(answered)}
    listed = versions(client, group)
    assert {row["ModelPackageArn"]: row["ModelPackageDescription"] for row in listed} == {
        answer.body["ModelPackageArn"]: description for description, answer in answered
    }
    assert sorted(row["ModelPackageVersion"] for row in listed) == list(range(1, len(answered) + 1))
    return listed


@pytest.mark.parametrize("promise", COUNTS)
def test_versions_made_at_once_are_numbered_without_a_gap(
    port: int, client: PlainClient, promise: str, *, full_counts: bool, counts: Counts
) -> None:
    clients, quick, full = COUNTS[promise]
    each = full if full_counts else quick
    make_group(client, promise)

    def create(client: PlainClient, index: int) -> list[tuple[str, Answer]]:
        descriptions = [f"client {index} call {call}" for call in range(each)]
        return [
            (
                description,
                client.call(
                    "CreateModelPackage",
                    ModelPackageGroupName=promise,
                    ModelPackageDescription=description,
                ),
            )
            for description in descriptions
        ]

    answered = [one for part in together(port, clients, create) for one in part]
    listed = assert_gapless(client, promise, answered)
    assert len(listed) == clients * each
    counts.add(
        f"{promise} gapless versions",
        clients=clients,
        acknowledged=len(answered),
        listed_exactly_once=len(listed),
    )


def test_one_of_many_creators_of_a_name_wins(
    port: int, client: PlainClient, counts: Counts
) -> None:
    outcomes: Counter[tuple[int, str]] = Counter()
    for round_ in range(10):

        def create(client: PlainClient, index: int, name: str = f"name-{round_}") -> Answer:
            return client.call(
                "CreateModelPackageGroup",
                ModelPackageGroupName=name,
                ModelPackageGroupDescription=f"creator {index}",
            )

        answers = together(port, 16, create)
        (winner,) = (index for index, answer in enumerate(answers) if answer.status == 200)
        group = client.ok("DescribeModelPackageGroup", ModelPackageGroupName=f"name-{round_}")
        assert group["ModelPackageGroupDescription"] == f"creator {winner}"
        outcomes.update((answer.status, answer.code) for answer in answers)
        arn = answers[winner].body["ModelPackageGroupArn"]
        assert {answer.message for answer in answers if answer.status != 200} == {
            f"Model Package Group already exists: {arn}"
        }
    assert outcomes == {(200, ""): 10, (400, "ValidationException"): 150}
    counts.add("R3 one winner of a name", names=10, successes=10, clean_refusals=150)


def test_parallel_updates_of_one_version_are_all_there(
    port: int, client: PlainClient, counts: Counts
) -> None:
    make_group(client, "metadata")
    arn = client.ok("CreateModelPackage", ModelPackageGroupName="metadata")["ModelPackageArn"]

    def update(client: PlainClient, index: int) -> None:
        properties = {f"key-{index}": f"value {index}"}
        client.ok("UpdateModelPackage", ModelPackageArn=arn, CustomerMetadataProperties=properties)

    together(port, 48, update)
    described = client.ok("DescribeModelPackage", ModelPackageName=arn)
    expected = {f"key-{index}": f"value {index}" for index in range(48)}
    found = described["CustomerMetadataProperties"]
    there = len(found.items() & expected.items())
    counts.add("R4 no lost update", parallel_updates=48, there=there)
    assert found == expected


def test_parallel_tags_of_one_group_are_all_there(
    port: int, client: PlainClient, counts: Counts
) -> None:
    arn = make_group(client, "tags")
    wanted = [{"Key": f"key-{index:02}", "Value": f"value {index}"} for index in range(48)]
    together(
        port, 48, lambda client, index: client.ok("AddTags", ResourceArn=arn, Tags=[wanted[index]])
    )
    found = client.ok("ListTags", ResourceArn=arn)["Tags"]
    there = sum(tag in wanted for tag in found)
    counts.add("R4 no lost update", parallel_updates=48, there=there)
    assert sorted(found, key=lambda tag: str(tag["Key"])) == wanted


def test_what_was_written_is_seen_at_once_over_other_connections(
    port: int, client: PlainClient, counts: Counts
) -> None:
    make_group(client, "seen")
    writes_each = 16

    def write_and_look(client: PlainClient, index: int) -> int:
        unseen = 0
        with connected(port) as another, connected(port) as third:
            for number in range(writes_each):
                made = client.ok(
                    "CreateModelPackage",
                    ModelPackageGroupName="seen",
                    ModelPackageDescription=f"{index} {number}",
                )
                arn = made["ModelPackageArn"]
                described = another.call("DescribeModelPackage", ModelPackageName=arn)
                listed = versions(third, "seen")
                unseen += described.body.get("ModelPackageDescription") != f"{index} {number}"
                unseen += arn not in [row["ModelPackageArn"] for row in listed]
        return unseen

    unseen = sum(together(port, 8, write_and_look))
    counts.add("R5 read your writes", writes=8 * writes_each, unseen=unseen)
    assert unseen == 0


def test_a_group_is_not_deleted_while_a_version_is_made_in_it(
    port: int, client: PlainClient, counts: Counts
) -> None:
    outcomes: Counter[str] = Counter(both_succeeded=0)
    for race in range(40):
        name = f"race-{race}"
        make_group(client, name)

        def delete_or_create(client: PlainClient, index: int, name: str = name) -> Answer:
            operation = "CreateModelPackage" if index else "DeleteModelPackageGroup"
            return client.call(operation, ModelPackageGroupName=name)

        deleted, created = together(port, 2, delete_or_create)
        if created.status == 200:
            outcomes["both_succeeded" if deleted.status == 200 else "versions_made"] += 1
            assert (deleted.status, deleted.code) == (400, "ConflictException")
            assert [row["ModelPackageVersion"] for row in versions(client, name)] == [1]
        else:
            outcomes["groups_deleted"] += 1
            assert deleted.status == 200
            assert created.message == "Model Package Group does not exist."
            make_group(client, name)
            assert versions(client, name) == []
    counts.add("R7 delete against create", races=40, **outcomes)
    assert outcomes["both_succeeded"] == 0
