"""A registry that has grown: fills a database with a million versions, or as many as asked for.

By itself: `python tests/benchmarks/growth.py FILE --versions 1000000`. Half of the versions are in
one hot group, five in a group of rare name in the middle, the others in many groups of different
sizes; there are unversioned packages too. The versions are spread evenly over two years. Whatever
the size, there are enough of everything for a full page of a small registry.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from growth_bodies import Bodies
from stores import service_to_fill

from sagemock import Service, Settings, create_service
from sagemock.operation import Caller

HOT = "recommendations-global"
"""The group with half of the versions."""

RARE = "zq-needle-in-haystack"
"""A group with five versions, whatever the size: its name is like no other."""

RARE_VERSIONS = 5
STARTED = 1_640_995_200
"""Epoch seconds of the first group: 2022-01-01."""

SPAN_S = 2 * 365 * 86_400
MIDDLE = STARTED + SPAN_S // 2
MILLION = 1_000_000
_SEED = 4
_FEWEST = 120
_SHOWN_EVERY = 500
_SAMPLE = 500
_ACCOUNT = "123456789012"
_PRINCIPALS = ("pipeline", "ana", "ben", "release-bot")
CALLERS = tuple(
    Caller(
        account=_ACCOUNT,
        region="us-east-1",
        principal=f"arn:aws:sts::{_ACCOUNT}:assumed-role/ml/{name}",
        principal_id=f"AROABENCHMARK:{name}",
    )
    for name in _PRINCIPALS
)


class SetClock:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.time = float(STARTED)

    def now(self) -> float:
        return self.time


@dataclass(frozen=True)
class Sizes:
    """Bytes of a database on disk, and of its packages as DescribeModelPackage shows them.

    The latter are those of a sample, taken for all.
    """

    on_disk: int
    documents: int


def fill(
    database: Path, versions: int, *, seed: int = _SEED, progress: Callable[[int], None]
) -> None:
    """Fill a new database. `progress` is told how many versions were added since it was last."""
    clock = SetClock()
    service = service_to_fill(database, clock)
    try:
        _Filling(service, clock, versions, seed).run(progress)
    finally:
        service.close()


def sizes(database: Path, versions: int) -> Sizes:
    """How large a database that was filled is, beside what it holds."""
    service = create_service(Settings(db=database))
    try:
        step = max(1, versions // 2 // _SAMPLE)
        numbers = range(1, versions // 2, step)
        described = [_described(service, number) for number in numbers]
    finally:
        service.close()
    files = database.parent.glob(f"{database.name}*")
    return Sizes(
        on_disk=sum(file.stat().st_size for file in files),
        documents=round(sum(described) / len(described) * versions),
    )


class _Filling:
    """One filling under way: what is there already, and what comes when."""

    def __init__(self, service: Service, clock: SetClock, versions: int, seed: int) -> None:
        self._service = service
        self._clock = clock
        self._versions = versions
        self._bodies = Bodies(seed)
        self._groups: list[str] = []
        self._packages = 0
        self._rare_from = versions // 2

    def run(self, progress: Callable[[int], None]) -> None:
        for name in (HOT, RARE):
            self._invoke("CreateModelPackageGroup", {"ModelPackageGroupName": name})
        groups = max(_FEWEST, self._versions // 200)
        packages = max(_FEWEST, self._versions // 100)
        for index in range(self._versions):
            self._clock.time = STARTED + (index + 1) * SPAN_S / (self._versions + 1)
            # A share of the groups and packages that is as large as the share of the versions.
            while len(self._groups) * self._versions <= index * groups:
                self._add_group()
            while self._packages * self._versions <= index * packages:
                self._add_package()
            self._add_version(index)
            if (index + 1) % _SHOWN_EVERY == 0:
                progress(_SHOWN_EVERY)

    def _add_group(self) -> None:
        body = self._bodies.group(len(self._groups))
        self._invoke("CreateModelPackageGroup", body)
        self._groups.append(body["ModelPackageGroupName"])

    def _add_package(self) -> None:
        self._invoke("CreateModelPackage", self._bodies.package(self._packages))
        self._packages += 1

    def _add_version(self, index: int) -> None:
        # One in a hundred is approved and thirty rejected, in every group alike.
        turn = index // 2 % 100
        status = {0: "Approved"}.get(turn, "Rejected" if turn <= 30 else "PendingManualApproval")
        self._invoke("CreateModelPackage", self._bodies.version(self._group_of(index), status))

    def _group_of(self, index: int) -> str:
        if index % 2 == 0:
            return HOT
        if 0 <= index - self._rare_from < 2 * RARE_VERSIONS:
            return RARE
        # Squared, so that the older groups are the larger ones.
        return self._groups[int(len(self._groups) * self._bodies.random.random() ** 2)]

    def _invoke(self, operation: str, body: dict[str, Any]) -> None:
        self._service.invoke(operation, body, self._bodies.random.choice(CALLERS))


def _described(service: Service, number: int) -> int:
    request = {"ModelPackageName": f"{HOT}/{number}"}
    answer = service.invoke("DescribeModelPackage", request, CALLERS[0])
    return len(json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode())


def fill_shown(database: Path, versions: int, *, seed: int = _SEED) -> None:
    """Fill a new database, with a bar that shows how far it is."""
    with click.progressbar(length=versions, label=f"filling {database.name}") as bar:
        fill(database, versions, seed=seed, progress=bar.update)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--versions", default=MILLION, show_default=True, help="How many versions.")
@click.option("--seed", default=_SEED, show_default=True, help="Another seed, other bodies.")
def main(file: Path, versions: int, seed: int) -> None:
    """Fill FILE, a new database, with versions of mixed, realistic bodies."""
    if file.exists():
        raise click.ClickException(f"{file} is there already; name a new file.")
    started = time.perf_counter()
    fill_shown(file, versions, seed=seed)
    seconds = time.perf_counter() - started
    size = sizes(file, versions)
    click.echo(
        f"{versions:,} versions in {seconds:,.0f} s; {size.on_disk:,} bytes on disk, "
        f"{size.documents:,} of documents: {size.on_disk / size.documents:.2f}"
    )


if __name__ == "__main__":
    main()
