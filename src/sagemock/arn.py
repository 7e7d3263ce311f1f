"""ARNs of SageMaker resources: built from a caller's account and region, and taken apart.

Knows the grammar only. Whose ARN a caller may use is decided in `resource_type`.
"""

import re
from dataclasses import dataclass

# What a name may be is ruled by the operations' shapes, not here.
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):sagemaker:(?P<region>[a-z0-9-]*):(?P<account>[0-9]{12}):"
    r"(?P<type>[a-z-]*)/(?P<name>[^/\x00-\x1f]+)(?:/(?P<number>[1-9][0-9]{0,8}))?"
)

# Longer prefixes first: us-isob-east-1 is not of the partition of us-iso-east-1. A1.
_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-iso-", "aws-iso"),
)


def partition_of(region: str) -> str:
    """The partition a region lies in: `aws` unless its name says otherwise.

    Source: model-registry rule A1, fixtures/conformance/isolation/partition_*.json (inferred).
    """
    return next((name for prefix, name in _PARTITIONS if region.startswith(prefix)), "aws")


@dataclass(frozen=True)
class Arn:
    """One SageMaker ARN. `number` is a version's number, 0 for what has no versions."""

    region: str
    account: str
    type: str
    name: str
    number: int = 0
    partition: str = ""

    def __str__(self) -> str:
        partition = self.partition or partition_of(self.region)
        version = f"/{self.number}" if self.number else ""
        return (
            f"arn:{partition}:sagemaker:{self.region}:{self.account}:"
            f"{self.type}/{self.name}{version}"
        )

    @classmethod
    def parse(cls, text: str) -> "Arn | None":
        """The parts of an ARN, or None for a text that is no `type/name` ARN of SageMaker."""
        match = _ARN.fullmatch(text)
        if match is None:
            return None
        return cls(
            region=match["region"],
            account=match["account"],
            type=match["type"],
            name=match["name"],
            number=int(match["number"] or 0),
            partition=match["partition"],
        )
