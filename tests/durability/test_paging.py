"""R6: a walk through the pages beside writers shows all that stood throughout, once, in order."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from durability.counts import Counts
from durability.plain_client import PlainClient, connected
from durability.server_process import Servers

STANDING = 84
PAGE = 7
WRITERS = 3
WRITES_OF_A_WRITER = 100
WRITES_A_PAGE = 8

ORDERS = [f"{by} {way}" for by in ("CreationTime", "Name") for way in ("Ascending", "Descending")]


def sorting(order: str) -> dict[str, str]:
    by, way = order.split()
    return {"SortBy": by, "SortOrder": way}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("paging")
    servers = Servers(folder)
    yield servers.start(folder / "registry.db").port
    servers.end()


@pytest.fixture
def client(port: int) -> Iterator[PlainClient]:
    with connected(port) as client:
        yield client


class Groups:
    """Groups whose names do not follow their creation times, and others that come and go."""

    operation = "ListModelPackageGroups"
    arn_member = "ModelPackageGroupArn"

    def __init__(self, client: PlainClient, word: str) -> None:
        self._word = word
        self.members = {"NameContains": f"-{word}-"}
        for index in range(STANDING):
            self._make(client, index, "standing")

    def _make(self, client: PlainClient, index: int, suffix: str) -> str:
        name = f"n{index * 37 % STANDING:03}-{self._word}-{suffix}"
        made = client.ok("CreateModelPackageGroup", ModelPackageGroupName=name)
        return str(made["ModelPackageGroupArn"])

    def come(self, client: PlainClient, index: int) -> str:
        return self._make(client, index, f"passing-{index}")

    def go(self, client: PlainClient, arn: str) -> None:
        client.ok("DeleteModelPackageGroup", ModelPackageGroupName=arn)


class Versions:
    """Versions of a group, with gaps between their numbers, and others that come and go."""

    operation = "ListModelPackages"
    arn_member = "ModelPackageArn"

    def __init__(self, client: PlainClient, word: str) -> None:
        self.members = {"ModelPackageGroupName": f"{word}-versions"}
        client.ok("CreateModelPackageGroup", **self.members)
        for index in range(STANDING):
            self.come(client, index)
            self.go(client, self.come(client, index))

    def come(self, client: PlainClient, _: int) -> str:
        return str(client.ok("CreateModelPackage", **self.members)["ModelPackageArn"])

    def go(self, client: PlainClient, arn: str) -> None:
        client.ok("DeleteModelPackage", ModelPackageName=arn)


class Passing:
    """Writers of rows that come and go, so many of them and no more."""

    def __init__(self, port: int, rows: Groups | Versions) -> None:
        self._port = port
        self._rows = rows
        self._writes = 0
        self._progress = threading.Condition()
        self._pool = ThreadPoolExecutor(WRITERS)
        self._running: list[Future[None]] = []

    def begin(self) -> None:
        self._running = [self._pool.submit(self._write, number) for number in range(WRITERS)]

    def end(self) -> int:
        """How many writes there were."""
        self._pool.shutdown()
        for one in self._running:
            one.result()
        return self._writes

    def wait_for_some(self) -> None:
        """Until there were a few more writes; not at all once they have come to their end."""
        goal = min(self._writes + WRITES_A_PAGE, WRITERS * WRITES_OF_A_WRITER)
        with self._progress:
            assert self._progress.wait_for(lambda: self._writes >= goal, timeout=30)

    def _write(self, writer: int) -> None:
        passing: list[str] = []
        with connected(self._port) as client:
            # Bounded, for who walks towards the newest would never arrive.
            for number in range(WRITES_OF_A_WRITER):
                if len(passing) > 3:
                    self._rows.go(client, passing.pop(0))
                else:
                    passing.append(self._rows.come(client, number * WRITERS + writer))
                with self._progress:
                    self._writes += 1
                    self._progress.notify()


def expected_order(client: PlainClient, rows: Groups | Versions, order: str) -> list[str]:
    """The rows as a list shows them while nobody writes, seen to be in order."""
    quiet = client.listed(rows.operation, **rows.members, **sorting(order))
    name = "ModelPackageVersion" if isinstance(rows, Versions) else "ModelPackageGroupName"
    keys = [row["CreationTime"] if "CreationTime" in order else row[name] for row in quiet]
    assert keys == sorted(keys, reverse="Descending" in order)
    assert len(quiet) == STANDING
    return [row[rows.arn_member] for row in quiet]


@pytest.mark.parametrize("noun", [Groups, Versions])
@pytest.mark.parametrize("order", ORDERS)
def test_what_stands_is_shown_once_and_in_order_beside_writers(
    port: int,
    client: PlainClient,
    noun: type[Groups | Versions],
    order: str,
    counts: Counts,
) -> None:
    rows = noun(client, order.replace(" ", ""))
    expected = expected_order(client, rows, order)
    passing = Passing(port, rows)
    seen: list[str] = []
    pages = 0
    passing.begin()
    for page in client.pages(rows.operation, **rows.members, **sorting(order), MaxResults=PAGE):
        seen += [row[rows.arn_member] for row in page]
        pages += 1
        passing.wait_for_some()
    writes = passing.end()
    skipped, repeated = len(set(expected) - set(seen)), len(seen) - len(set(seen))
    counts.add(
        "R6 paging beside writers, 4 orders of 2 lists",
        walks=1,
        pages=pages,
        writes=writes,
        skipped=skipped,
        repeated=repeated,
    )
    assert [arn for arn in seen if arn in expected] == expected
    assert repeated == 0


@pytest.mark.parametrize("noun", [Groups, Versions])
@pytest.mark.parametrize("order", ORDERS)
def test_deleting_the_row_a_token_names_does_no_harm(
    client: PlainClient, noun: type[Groups | Versions], order: str
) -> None:
    rows = noun(client, f"gone{order}".replace(" ", ""))
    expected = expected_order(client, rows, order)
    seen = []
    for page in client.pages(rows.operation, **rows.members, **sorting(order), MaxResults=PAGE):
        seen += [row[rows.arn_member] for row in page]
        rows.go(client, seen[-1])
    assert seen == expected
