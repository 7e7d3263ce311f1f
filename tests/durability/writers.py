"""Writers: connections that create, update, delete and tag until the server is gone or enough.

What each of them does follows from the seed; which write meets a fault does not.
"""

import random
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from durability.ledger import Findings, Inspection, Ledger, Write
from durability.plain_client import Answer, PlainClient, Unanswered, connected

GROUP = "shared"
WAIT_S = 30
MOST_REFUSALS = 5
"""As many as a writer meets before it gives up."""


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - chance that can be repeated, no secret


class Writer:
    """One connection at a time, and a ledger of what it was answered."""

    def __init__(self, name: str, seed: int, padding: int) -> None:
        self.ledger = Ledger(group=name)
        self.refusals: list[Answer] = []
        self._random = seeded(seed)
        self._padding = " x" * (padding // 2)
        self._count = 0

    def run(self, port: int, enough: Callable[[], bool], acknowledged: Callable[[], None]) -> None:
        """Write until it is enough, the server is gone, or it has refused too often."""
        refused = 0
        with connected(port) as client:
            while not enough() and refused < MOST_REFUSALS:
                write = self._next()
                self.ledger.in_flight = write
                try:
                    answer = client.call(write.operation, **write.request)
                except Unanswered:
                    return
                if answer.status == 200:
                    self.ledger.settle(write, answer.body)
                    acknowledged()
                else:
                    self.ledger.in_flight = None
                    self.refusals.append(answer)
                    refused += 1

    def _next(self) -> Write:
        self._count += 1
        stamp = f"{self.ledger.group} {self._count}"
        choice = self._random.random()
        standing = list(self.ledger.versions)
        if choice < 0.15:
            return self._tagging(stamp)
        if choice < 0.55 or not standing:
            return self._creation(stamp)
        # The newest too: a number is not given again though nothing above it is left.
        arn = standing[-1] if choice > 0.95 else self._random.choice(standing)
        if choice < 0.8:
            return self._update(stamp, arn)
        return Write("DeleteModelPackage", {"ModelPackageName": arn}, arn)

    def _creation(self, stamp: str) -> Write:
        request = {
            "ModelPackageGroupName": GROUP,
            "ModelPackageDescription": f"{stamp}{self._padding}",
            "CustomerMetadataProperties": {"first": stamp, "last": stamp},
            "ClientToken": stamp.replace(" ", "-"),
        }
        return Write("CreateModelPackage", request)

    def _update(self, stamp: str, arn: str) -> Write:
        request = {
            "ModelPackageArn": arn,
            "ModelApprovalStatus": self._random.choice(["Approved", "Rejected"]),
            "ApprovalDescription": f"{stamp}{self._padding}",
            "CustomerMetadataProperties": {"first": stamp, "last": stamp},
        }
        return Write("UpdateModelPackage", request, arn)

    def _tagging(self, stamp: str) -> Write:
        """Two tags at once, of one value, added or taken away."""
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package-group/{self.ledger.group}"
        pair = self._random.choice(["a", "b", "c"])
        keys = [f"{pair}-first", f"{pair}-last"]
        if keys[0] in self.ledger.tags and self._random.random() < 0.4:
            return Write("DeleteTags", {"ResourceArn": arn, "TagKeys": keys}, arn)
        tags = [{"Key": key, "Value": stamp} for key in keys]
        return Write("AddTags", {"ResourceArn": arn, "Tags": tags}, arn)


class Team:
    """Writers side by side in one group, with a group of their own each for its tags."""

    def __init__(self, count: int = 8, *, seed: int = 1, padding: int = 0) -> None:
        self.seed = seed
        self.writers = [Writer(f"writer-{n}", 1000 * seed + n, padding) for n in range(count)]
        self._progress = threading.Condition()
        self._enough = threading.Event()
        self._pool = ThreadPoolExecutor(count)
        self._running: list[Future[None]] = []

    @property
    def ledgers(self) -> list[Ledger]:
        return [writer.ledger for writer in self.writers]

    @property
    def acknowledged(self) -> int:
        return sum(ledger.acknowledged for ledger in self.ledgers)

    @property
    def refusals(self) -> list[Answer]:
        return [answer for writer in self.writers for answer in writer.refusals]

    def make_groups(self, client: PlainClient) -> None:
        for name in (GROUP, *(ledger.group for ledger in self.ledgers)):
            client.ok("CreateModelPackageGroup", ModelPackageGroupName=name)

    def begin(self, port: int) -> None:
        self._enough.clear()
        for writer in self.writers:
            writer.refusals = []
        self._running = [
            self._pool.submit(writer.run, port, self._enough.is_set, self._note)
            for writer in self.writers
        ]
        for one in self._running:
            one.add_done_callback(self._note)

    def wait_for(self, more: int) -> None:
        """Until so many more writes are acknowledged, or none can be any more."""
        goal = self.acknowledged + more

        def reached() -> bool:
            return self.acknowledged >= goal or all(one.done() for one in self._running)

        with self._progress:
            assert self._progress.wait_for(reached, WAIT_S), f"{self.acknowledged} of {goal}"

    def end(self) -> None:
        """Until every writer has ended: by what happened to the server, or because it is enough."""
        self._enough.set()
        for one in self._running:
            one.result(timeout=WAIT_S)

    def write(self, port: int, count: int) -> None:
        """About so many writes, all of them done with at the end."""
        self.begin(port)
        self.wait_for(count)
        self.end()

    def close(self) -> None:
        self._enough.set()
        self._pool.shutdown()

    def findings(
        self, client: PlainClient, *, settled: bool, all_versions: bool = False
    ) -> Findings:
        """What the server shows that is not as acknowledged."""
        inspection = Inspection(client, GROUP, self.ledgers)
        return inspection.findings(settled=settled, all_versions=all_versions)

    def _note(self, _: object = None) -> None:
        with self._progress:
            self._progress.notify()
