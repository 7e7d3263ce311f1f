"""What the writers of a test were answered, held against what the server shows afterwards.

A version is *standing* when its creation was acknowledged and its deletion was not. What a lost
connection left open is settled by asking: a write happened whole or not at all.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from durability.plain_client import Members, PlainClient

WRITTEN = (
    "ModelPackageDescription",
    "ModelApprovalStatus",
    "ApprovalDescription",
    "CustomerMetadataProperties",
)
"""The members of a version that the writers write, and by which it is known whole."""


@dataclass(frozen=True)
class Write:
    """One call of a writer: what it asks, and the resource it changes where there is one yet."""

    operation: str
    request: Members
    arn: str = ""


@dataclass
class Ledger:
    """What one writer knows of its own versions and of the tags of its own group."""

    group: str
    versions: dict[str, Members] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    numbers: list[int] = field(default_factory=list)
    in_flight: Write | None = None
    acknowledged: int = 0

    def settle(self, write: Write, answer: Members) -> None:
        """Enter a write that was done."""
        self.in_flight = None
        self.acknowledged += 1
        request = write.request
        if write.operation == "CreateModelPackage":
            arn = answer["ModelPackageArn"]
            self.versions[arn] = {"ModelApprovalStatus": "PendingManualApproval"} | written(request)
            self.numbers.append(int(arn.rpartition("/")[2]))
            self.touched.add(arn)
        elif write.operation == "UpdateModelPackage":
            self.versions[write.arn] = after_update(self.versions[write.arn], request)
            self.touched.add(write.arn)
        elif write.operation == "DeleteModelPackage":
            del self.versions[write.arn]
            self.touched.discard(write.arn)
            self.deleted.add(write.arn)
        else:
            self.tags = after_tagging(self.tags, write)


def written(document: Members) -> Members:
    return {member: document[member] for member in WRITTEN if member in document}


def after_update(version: Members, request: Members) -> Members:
    properties = {
        **version.get("CustomerMetadataProperties", {}),
        **request["CustomerMetadataProperties"],
    }
    return version | written(request) | {"CustomerMetadataProperties": properties}


def after_tagging(tags: dict[str, str], write: Write) -> dict[str, str]:
    if write.operation == "AddTags":
        return tags | {tag["Key"]: tag["Value"] for tag in write.request["Tags"]}
    gone = write.request["TagKeys"]
    return {key: value for key, value in tags.items() if key not in gone}


@dataclass
class Findings:
    """What the server shows and should not, or does not show and should; empty is the promise."""

    lost: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)

    def add(self, other: "Findings") -> None:
        for kind, found in vars(self).items():
            found.extend(getattr(other, kind))

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def counts(self) -> dict[str, int]:
        return {
            "lost": len(self.lost),
            "torn": len(self.torn),
            "deleted_ones_back": len(self.back),
            "numbers_reused": len(self.repeated),
            "stored_unasked": len(self.unasked),
        }


class Inspection:
    """A look at one group after the server was started again."""

    def __init__(self, client: PlainClient, group: str, ledgers: list[Ledger]) -> None:
        self._client = client
        self._group = group
        self._ledgers = ledgers
        self._findings = Findings()

    def findings(self, *, settled: bool, all_versions: bool = False) -> Findings:
        """What is not as acknowledged.

        What was in flight is asked about first, unless it is `settled` that none of it was done.
        Versions touched since the last look are compared whole, or all of them.
        """
        if settled:
            for ledger in self._ledgers:
                ledger.in_flight = None
        else:
            self._settle(self._shown())
        self._compare(self._shown())
        for ledger in self._ledgers:
            self._compare_whole(ledger, set(ledger.versions) if all_versions else ledger.touched)
            ledger.touched = set()
        return self._findings

    def _shown(self) -> dict[str, Members]:
        rows = self._client.listed("ListModelPackages", ModelPackageGroupName=self._group)
        return {row["ModelPackageArn"]: row for row in rows}

    def _settle(self, shown: dict[str, Members]) -> None:
        for ledger in self._ledgers:
            write = ledger.in_flight
            if write is None:
                continue
            if write.operation == "CreateModelPackage":
                self._settle_creation(ledger, write, shown)
            elif write.operation == "DeleteModelPackage":
                if write.arn not in shown:
                    ledger.settle(write, {})
            elif write.operation == "UpdateModelPackage":
                found = self._described(write.arn)
                if found == after_update(ledger.versions[write.arn], write.request):
                    ledger.settle(write, {})
            elif self._tags(ledger.group) == after_tagging(ledger.tags, write):
                ledger.settle(write, {})
            ledger.in_flight = None

    def _settle_creation(self, ledger: Ledger, write: Write, shown: dict[str, Members]) -> None:
        """Send it again with its token: a creation that was done answers as it would have."""
        description = write.request["ModelPackageDescription"]
        done = {arn for arn, row in shown.items() if row["ModelPackageDescription"] == description}
        answer = self._client.ok(write.operation, **write.request)
        if len(done) > 1 or (done and answer["ModelPackageArn"] not in done):
            self._findings.unasked += sorted(done)
        ledger.settle(write, answer)

    def _compare(self, shown: dict[str, Members]) -> None:
        known: set[str] = set()
        for ledger in self._ledgers:
            known |= set(ledger.versions)
            self._findings.lost += sorted(set(ledger.versions) - set(shown))
            self._findings.back += sorted(ledger.deleted & set(shown))
            if self._tags(ledger.group) != ledger.tags:
                self._findings.torn.append(f"tags of {ledger.group}")
        deleted = {arn for ledger in self._ledgers for arn in ledger.deleted}
        self._findings.unasked += sorted(set(shown) - known - deleted)
        numbers = Counter(number for ledger in self._ledgers for number in ledger.numbers)
        self._findings.repeated += [f"{n} given {k} times" for n, k in numbers.items() if k > 1]
        missing = set(range(1, len(numbers) + 1)) - set(numbers)
        self._findings.lost += [f"number {number}" for number in sorted(missing)]

    def _compare_whole(self, ledger: Ledger, arns: set[str]) -> None:
        for arn in sorted(arns):
            found = self._described(arn)
            if found != ledger.versions[arn] and arn not in self._findings.lost:
                self._findings.torn.append(f"{arn}: {found} for {ledger.versions[arn]}")

    def _described(self, arn: str) -> Members | None:
        """The version as far as it is written, or None where there is none."""
        answer = self._client.call("DescribeModelPackage", ModelPackageName=arn)
        return written(answer.body) if answer.status == 200 else None

    def _tags(self, group: str) -> dict[str, str]:
        described = self._client.ok("DescribeModelPackageGroup", ModelPackageGroupName=group)
        arn = described["ModelPackageGroupArn"]
        tags: Any = self._client.ok("ListTags", ResourceArn=arn)["Tags"]
        return {tag["Key"]: tag["Value"] for tag in tags}
