"""Bodies for a registry that has grown: groups, versions and packages as teams register them.

The same seed makes the same bodies in the same order. Bodies have 0.5 to 6 KB in JSON.
"""

import json
from random import Random
from typing import Any

Members = dict[str, Any]

_TEAMS = ("growth", "risk", "search", "logistics", "support", "pricing", "ads", "platform")
_SUBJECTS = ("churn", "fraud", "ranking", "eta", "intent", "demand", "ctr", "anomaly", "uplift")
_PLACES = ("eu", "us", "apac", "latam", "global")
_FRAMEWORKS = (("XGBOOST", "1.7"), ("PYTORCH", "2.2"), ("TENSORFLOW", "2.14"), ("SKLEARN", "1.4"))
_INSTANCES = ("ml.m5.large", "ml.m5.xlarge", "ml.c5.xlarge", "ml.g4dn.xlarge", "ml.g5.2xlarge")
_PERCENT = (30, 45, 18, 5, 2)
"""How many versions are small, usual, large, of the largest, and with a card."""

_STAGES = (
    ("Development", "InReview"),
    ("Staging", "PendingApproval"),
    ("Staging", "Approved"),
    ("Production", "Approved"),
)
_SENTENCES = (
    "Weekly retraining on the newest snapshot.",
    "Calibrated on the hold-out set; see the report for slices by market.",
    "Replaces the linear baseline.",
    "Same features as before, trees limited to depth six to keep latency down.",
    "Trained after the schema change of the orders table; older rows were dropped.",
    "Candidate for the autumn rollout, to be compared with the champion for two weeks.",
)


class Bodies:
    """Makes request bodies, each different."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - it must be foretold
        self._cards = [_card(self.random, sections) for sections in (1, 2, 3, 4)]
        self._makers = (self._small, self._usual, self._large, self._largest, self._with_card)

    def group(self, number: int) -> Members:
        """A group with two or three tags."""
        pick = self.random.choice
        team = pick(_TEAMS)
        tags = {"team": team, "cost-center": str(self.random.randrange(4000, 4100))}
        if number % 3 == 0:
            tags["environment"] = pick(("dev", "staging", "production"))
        return {
            "ModelPackageGroupName": f"{pick(_SUBJECTS)}-{team}-{pick(_PLACES)}-{number:05d}",
            "ModelPackageGroupDescription": self._text(1),
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }

    def version(self, group: str, status: str) -> Members:
        """A version of a group, of one of five sizes."""
        (make,) = self.random.choices(self._makers, _PERCENT)
        body = make(group)
        body |= {
            "ModelPackageGroupName": group,
            "ModelPackageDescription": self._text(self.random.randrange(1, 4)),
            "ModelApprovalStatus": status,
            "ClientToken": f"{self.random.getrandbits(128):032x}",
        }
        if self.random.random() < 0.3:
            stage, state = self.random.choice(_STAGES)
            body["ModelLifeCycle"] = {"Stage": stage, "StageStatus": state}
        return body

    def package(self, number: int) -> Members:
        """An unversioned package."""
        name = f"listing-{self.random.choice(_SUBJECTS)}-{number:06d}"
        specification = self._specification(name, 1)
        for container in specification["Containers"]:
            del container["Environment"]
        return {
            "ModelPackageName": name,
            "ModelPackageDescription": self._text(2),
            "InferenceSpecification": specification,
            "Tags": [{"Key": "team", "Value": self.random.choice(_TEAMS)}],
            "ClientToken": f"{self.random.getrandbits(128):032x}",
        }

    def _small(self, group: str) -> Members:
        return {
            "InferenceSpecification": {
                "Containers": [self._container(group, 0)],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            }
        }

    def _usual(self, group: str) -> Members:
        return {
            "InferenceSpecification": self._specification(group, 1),
            "ModelMetrics": self._metrics(group, ("ModelQuality", "ModelDataQuality")),
            "CustomerMetadataProperties": self._properties(8),
            "MetadataProperties": {
                "CommitId": f"{self.random.getrandbits(160):040x}",
                "Repository": f"https://git.example.com/ml/{group}",
            },
        }

    def _large(self, group: str) -> Members:
        return self._usual(group) | {
            "InferenceSpecification": self._specification(group, 2),
            "CustomerMetadataProperties": self._properties(24),
            "DriftCheckBaselines": {
                "ModelQuality": {"Statistics": self._file(group, "baseline-quality")},
                "ModelDataQuality": {"Statistics": self._file(group, "baseline-data")},
            },
            "Domain": "MACHINE_LEARNING",
            "Task": "CLASSIFICATION",
        }

    def _largest(self, group: str) -> Members:
        return self._large(group) | {
            "CustomerMetadataProperties": self._properties(40),
            "AdditionalInferenceSpecifications": [
                {"Name": f"variant-{number}", **self._specification(group, 1)}
                for number in range(2)
            ],
        }

    def _with_card(self, group: str) -> Members:
        return self._usual(group) | {
            "ModelCard": {
                "ModelCardContent": self.random.choice(self._cards),
                "ModelCardStatus": self.random.choice(("Draft", "PendingReview", "Approved")),
            }
        }

    def _specification(self, group: str, containers: int) -> Members:
        return {
            "Containers": [self._container(group, 4) for _ in range(containers)],
            "SupportedTransformInstanceTypes": ["ml.m5.xlarge"],
            "SupportedRealtimeInferenceInstanceTypes": self.random.sample(_INSTANCES, 2),
            "SupportedContentTypes": ["text/csv", "application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        }

    def _container(self, group: str, variables: int) -> Members:
        framework, version = self.random.choice(_FRAMEWORKS)
        execution = f"{self.random.getrandbits(60):015x}"
        return {
            "Image": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/ml/serving:{execution[:7]}",
            "ModelDataUrl": f"s3://ml-artifacts/{group}/executions/{execution}/model.tar.gz",
            "Framework": framework,
            "FrameworkVersion": version,
            "Environment": {
                f"SERVING_OPTION_{number}": f"{self.random.getrandbits(64):016x}"
                for number in range(variables)
            },
        }

    def _metrics(self, group: str, kinds: tuple[str, ...]) -> Members:
        return {kind: {"Statistics": self._file(group, kind.lower())} for kind in kinds}

    def _file(self, group: str, name: str) -> Members:
        folder = f"s3://ml-artifacts/{group}/{self.random.getrandbits(60):015x}"
        return {"ContentType": "application/json", "S3Uri": f"{folder}/{name}.json"}

    def _properties(self, count: int) -> Members:
        named = {
            "trained-by": self.random.choice(("ana", "ben", "chloe", "dmitri", "eun-ji")),
            "auc": f"{self.random.uniform(0.6, 0.99):.4f}",
            "rows": str(self.random.randrange(10**5, 10**8)),
        }
        others = {
            f"feature-set-{number:02d}": f"{self.random.getrandbits(48):012x}"
            for number in range(count - len(named))
        }
        return named | others

    def _text(self, sentences: int) -> str:
        return " ".join(self.random.choices(_SENTENCES, k=sentences))


def _card(random: Random, sections: int) -> str:
    """The content of a model card: 0.6 to 3 KB."""
    evaluations = [
        {
            "name": f"slice {section}",
            "evaluation_observation": random.choice(_SENTENCES),
            "metric_groups": [
                {
                    "name": "by market",
                    "metric_data": [
                        {"name": place, "type": "number", "value": round(random.random(), 4)}
                        for place in _PLACES
                    ],
                }
            ],
        }
        for section in range(sections)
    ]
    return json.dumps(
        {
            "model_overview": {"model_creator": random.choice(_TEAMS)},
            "intended_uses": {
                "purpose_of_model": random.choice(_SENTENCES),
                "risk_rating": random.choice(("Low", "Medium", "High")),
            },
            "evaluation_details": evaluations,
        }
    )
