"""Seeds: files that say which groups, versions, tags, policies and cards a registry is to hold.

Members have AWS's own names. A seed that is planted again changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sagemock.api.service_model import ServiceModel
from sagemock.operation import Members
from sagemock.seed_check import checked, filled
from sagemock.seed_document import SeedDocument, SeedError, read_seed_document
from sagemock.seed_planting import Intent, PlantedResource, Planting

__all__ = [
    "Call",
    "Planted",
    "PlantedResource",
    "Seed",
    "SeedError",
    "plant",
    "plant_all",
    "read_seed",
]

Call = Callable[[str, Members, str, str], Members]
"""Operation, request, account and region, and the answer. Errors: SageMakerError."""


@dataclass(frozen=True)
class Seed:
    """What a file says that is to be there; account and region may be left to whoever plants it."""

    document: SeedDocument

    @property
    def path(self) -> Path:
        """The file it was read from."""
        return self.document.path

    @property
    def account(self) -> str | None:
        """The account it names."""
        account: str | None = self.document.content.get("account")
        return account

    @property
    def region(self) -> str | None:
        """The region it names."""
        region: str | None = self.document.content.get("region")
        return region

    def into(self, account: str, region: str) -> "Seed":
        """The same seed for this account and region, whichever the file names."""
        content = {**self.document.content, "account": account, "region": region}
        return Seed(replace(self.document, content=content))


@dataclass(frozen=True)
class Planted:
    """What became of a seed's resources, in the seed's order."""

    path: Path
    resources: tuple[PlantedResource, ...]

    def arns(self, outcome: str) -> tuple[str, ...]:
        """The ARNs of what was `made`, `changed` or `unchanged`."""
        return tuple(each.arn for each in self.resources if each.outcome == outcome)

    def shown(self) -> Members:
        """All of it as JSON."""
        return {
            "Seed": str(self.path),
            "Resources": [
                {"ResourceArn": each.arn, "Outcome": each.outcome, "Members": list(each.members)}
                for each in self.resources
            ],
        }

    def told(self) -> str:
        """A line for each that was made or changed, and one for the seed."""
        lines = [
            "  ".join((each.outcome.ljust(7), each.arn, ", ".join(each.members))).rstrip()
            for each in self.resources
            if each.outcome != "unchanged"
        ]
        made, changed, unchanged = (
            len(self.arns(outcome)) for outcome in ("made", "changed", "unchanged")
        )
        lines.append(f"{self.path}: {made} made, {changed} changed, {unchanged} as they were")
        return "\n".join(lines)


def read_seed(path: Path, model: ServiceModel | None = None) -> Seed:
    """The seed of a file of YAML, or of JSON if its name ends in .json.

    It is held against the installed service model, or the one that is given.
    Errors: SeedError, the file cannot be read, or a place in it cannot be.
    """
    # Whether model data may lie at file:// is for the server to say.
    model = model or ServiceModel.installed().admitting_files()
    return Seed(checked(read_seed_document(path), model))


def plant(seed: Seed, call: Call, *, account: str, region: str) -> Planted:
    """Bring a registry to what a seed says; `account` and `region` hold where it names none.

    All is read and compared before anything is written.
    Errors: SeedError, something is there that cannot be changed, or a call is refused.
    """
    return plant_all([seed], call, account=account, region=region)[0]


def plant_all(seeds: Sequence[Seed], call: Call, *, account: str, region: str) -> list[Planted]:
    """Plant seeds one after the other; all are compared before anything of the first is written.

    Errors: those of `plant`.
    """
    plantings = [
        _planting(seed, call, seed.account or account, seed.region or region) for seed in seeds
    ]
    intents: list[list[Intent]] = [planting.intents() for planting in plantings]
    planted = []
    for number, (seed, planting) in enumerate(zip(seeds, plantings, strict=True)):
        # What the first has planted the second finds there.
        todo = intents[0] if number == 0 else planting.intents()
        planted.append(Planted(seed.path, planting.carry_out(todo)))
    return planted


def _planting(seed: Seed, call: Call, account: str, region: str) -> Planting:
    def ask(operation: str, request: Members) -> Members:
        return call(operation, request, account, region)

    document = filled(seed.document, account=account, region=region)
    return Planting(document, ask, account, region)
