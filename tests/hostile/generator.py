"""Requests from a seed: good calls of the served operations, and the same made bad in every way.

Case n of a seed is the same whatever came before it, but for the NextTokens it was given. Names
come from a small pool, so that calls meet what earlier ones stored.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hostile import deploy_requests
from hostile.deploy_requests import ARN
from hostile.heads import Head, changed_head
from hostile.mutations import Mutations, broken_bytes
from hostile.served import signed_by
from hostile.values import GoodValues, dumped
from sagemock import resources
from sagemock.api.record_properties import RecordProperties
from sagemock.api.service_model import ServiceModel
from sagemock.operation import collect_operations

FAMILIES = {"good": 25, "members": 45, "bytes": 12, "head": 18}
"""How many of a hundred cases are of each family."""

_GROUPS = [f"g{number}" for number in range(6)]
_PACKAGES = [f"p{number}" for number in range(6)]
_SEARCHED = ("ModelPackage", "ModelPackageGroup")
_FILTERS = (
    ("ModelPackageGroupName", "Equals", "g1"),
    ("ModelPackageGroupName", "In", "g1, g2 ,,e1"),
    ("ModelPackageGroupName", "Contains", "_%"),
    ("CreationTime", "GreaterThan", "2024-01-01T00:00:00+01:00"),
    ("CreationTime", "LessThanOrEqualTo", "2999-12-31T23:59:59.999999Z"),
    ("Tags.team", "Equals", "g1"),
    ("Tags.team", "NotEquals", "g1"),
    ("Tags.a.b", "NotExists"),
    ("Tags", "Exists"),
    ("CreatedBy.IamIdentity.Arn", "Exists"),
)
_WEIGHTS = {
    "CreateModelPackage": 5,
    "UpdateModelPackage": 3,
    "Search": 4,
    "ListModelPackages": 3,
    "ListModelPackageGroups": 2,
    "PutModelPackageGroupPolicy": 2,
    "CreateModelPackageGroup": 2,
    **deploy_requests.WEIGHTS,
}


@dataclass(frozen=True)
class Case:
    """One request, and how it came to be."""

    number: int
    family: str
    operation: str
    about: str
    line: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def sent(self) -> bytes:
        """What goes over the wire."""
        head = b"".join(b"%b: %b\r\n" % header for header in self.headers)
        length = b"Content-Length: %d\r\n" % len(self.body)
        return self.line + b"\r\n" + head + length + b"\r\n" + self.body

    @property
    def is_head(self) -> bool:
        """Whether the answer has no body, whatever its length says."""
        return self.line.startswith(b"HEAD ")

    @property
    def is_post(self) -> bool:
        """Whether it may change something."""
        return self.line.startswith(b"POST ")

    def __str__(self) -> str:
        return f"case {self.number} ({self.operation}, {self.family}: {self.about})"


class Requests:
    """The cases of one seed."""

    def __init__(self, seed: int, model: ServiceModel) -> None:
        self.seed = seed
        self._model = model
        self.operations = sorted(model.match_rules(collect_operations(resources)))
        self.tokens: dict[str, str] = {}
        """NextTokens that were answered, by operation: put here by who runs the cases."""
        self._properties = RecordProperties(model.shapes)
        self._good = GoodValues(model.shapes, self._links())
        self._mutations = Mutations(model.shapes)

    def case(self, number: int) -> Case:
        """One case, by its number from 0."""
        draw = random.Random(f"{self.seed}/{number}")  # noqa: S311 - it must be repeatable
        family = draw.choices(list(FAMILIES), list(FAMILIES.values()))[0]
        weights = [_WEIGHTS.get(name, 1) for name in self.operations]
        operation = draw.choices(self.operations, weights)[0]
        request = self._request(draw, operation)
        about = "as it should be"
        if family == "members":
            shape = self._model.operation(operation)
            assert shape
            assert shape.input
            changes = draw.choice([1, 1, 2, 3])
            told = [self._mutations.change(draw, request, shape.input) for _ in range(changes)]
            about = ", ".join(told)
        body = dumped(request, escaped=draw.random() < 0.7).encode("utf-8", "surrogatepass")
        if family == "bytes":
            body, about = broken_bytes(draw, body)
        head = _head(operation)
        if family == "head":
            head, about = changed_head(draw, head)
        line = head.pop(b"")
        return Case(number, family, operation, about, line, tuple(head.items()), body)

    def beginning(self) -> list[tuple[str, dict[str, Any]]]:
        """Calls that store something for the cases to meet."""
        calls: list[tuple[str, dict[str, Any]]] = []
        for group in _GROUPS:
            tags = [{"Key": "team", "Value": group}]
            calls.append(
                ("CreateModelPackageGroup", {"ModelPackageGroupName": group, "Tags": tags})
            )
            version = {"ModelPackageGroupName": group}
            calls += [("CreateModelPackage", version)] * 5
        calls += [("CreateModelPackage", {"ModelPackageName": name}) for name in _PACKAGES]
        draw = random.Random(self.seed)  # noqa: S311 - it must be repeatable
        policy = {"ModelPackageGroupName": "g0", "ResourcePolicy": _policy(draw)}
        calls.append(("PutModelPackageGroupPolicy", policy))
        return calls + deploy_requests.beginning()

    def _request(self, draw: random.Random, operation: str) -> dict[str, Any]:
        facts = self._model.operation(operation)
        assert facts
        assert facts.input
        request = self._good.structure(draw, facts.input)
        token = self.tokens.get(operation)
        request.pop("NextToken", None)
        if token and draw.random() < 0.4:
            request["NextToken"] = token
        if operation == "Search" and draw.random() < 0.7:
            request["SearchExpression"] = self._expression(draw)
        if draw.random() < 0.9:
            _MADE_POSSIBLE.get(operation, _as_it_is)(draw, request)
        return request

    def _expression(self, draw: random.Random, depth: int = 0) -> dict[str, Any]:
        expression: dict[str, Any] = {"Operator": draw.choice(["And", "Or"])}
        if depth < 3 and draw.random() < 0.3:
            inner = [self._expression(draw, depth + 1) for _ in range(draw.randint(1, 2))]
            expression["SubExpressions"] = inner
        expression["Filters"] = [self._filter(draw) for _ in range(draw.randint(1, 3))]
        if draw.random() < 0.2:
            filters = [{"Name": "InferenceSpecification.Containers.Image", "Operator": "Exists"}]
            nested = {"NestedPropertyName": "InferenceSpecification.Containers", "Filters": filters}
            expression["NestedFilters"] = [nested]
        return expression

    def _filter(self, draw: random.Random) -> dict[str, Any]:
        if draw.random() < 0.8:
            return dict(zip(("Name", "Operator", "Value"), draw.choice(_FILTERS), strict=False))
        chosen = {
            "Name": draw.choice(self._properties.names(draw.choice(_SEARCHED))),
            "Operator": draw.choice(self._model.shapes["Operator"]["enum"]),
        }
        if draw.random() < 0.8:
            chosen["Value"] = draw.choice(["g1", "1", "true", "2024-01-01T00:00:00Z", "0.5", "%"])
        return chosen

    def _links(self) -> Mapping[str, Callable[[random.Random], Any]]:
        """Members whose good values lead to what is stored, or say what another language says."""
        return {
            "ModelPackageGroupName": _group,
            "ModelPackageName": _package,
            "ModelPackageArn": _version_arn,
            "ModelPackageArnList": lambda draw: [_version_arn(draw) for _ in range(3)],
            "ResourceArn": _taggable_arn,
            "SourceUri": _version_arn,
            "ClientToken": lambda draw: f"token-{draw.randrange(300)}",
            "ResourcePolicy": _policy,
            "ModelCardContent": _card,
            "Resource": lambda draw: draw.choice(_SEARCHED),
            "SortBy": lambda draw: draw.choice(["Name", "CreationTime", "LastModifiedTime"]),
            "NameContains": lambda draw: draw.choice(["g", "1", "p1"]),
            "CreationTimeAfter": lambda draw: draw.choice([0, 1_600_000_000.25]),
            "CreationTimeBefore": lambda _: 4_000_000_000,
            "MaxResults": lambda draw: draw.choice([1, 2, 50, 100]),
            "PropertyNameHint": lambda draw: draw.choice(["Model", "Tags", "x"]),
            **deploy_requests.LINKS,
        }


def _head(operation: str) -> Head:
    return {
        b"": b"POST / HTTP/1.1",
        b"Host": b"localhost",
        b"Content-Type": b"application/x-amz-json-1.1",
        b"X-Amz-Target": f"SageMaker.{operation}".encode(),
        b"Authorization": signed_by("123456789012").encode(),
    }


# What the rules would refuse beside the rest, or what is not there, is left out of most requests:
# a call refused for its first member says nothing about the others.


def _as_it_is(_: random.Random, __: dict[str, Any]) -> None:
    return


def _new_package(draw: random.Random, request: dict[str, Any]) -> None:
    gone = ["SourceUri", "CertifyForMarketplace"]
    if draw.random() < 0.8:
        request["ModelPackageGroupName"] = _group(draw)
        gone += ["ModelPackageName", "Tags"]
    else:
        request["ModelPackageName"] = draw.choice([*_PACKAGES, f"p{draw.randrange(1000)}"])
        gone += ["ModelPackageGroupName", "InferenceSpecification", "SourceAlgorithmSpecification"]
    if draw.random() < 0.5:
        gone += ["InferenceSpecification", "AdditionalInferenceSpecifications"]
    _leave_out(request, *gone)


def _changed_package(draw: random.Random, request: dict[str, Any]) -> None:
    gone = draw.choice(["SourceUri", "InferenceSpecification"])
    _leave_out(request, gone, "AdditionalInferenceSpecificationsToAdd")


def _new_group(draw: random.Random, request: dict[str, Any]) -> None:
    request["ModelPackageGroupName"] = f"e{draw.randrange(30)}"
    tags = {tag["Key"]: tag for tag in request.get("Tags", ())}
    request["Tags"] = list(tags.values())


def _added_tags(_: random.Random, request: dict[str, Any]) -> None:
    request["Tags"] = list({tag["Key"]: tag for tag in request["Tags"]}.values())


def _empty_group(draw: random.Random, request: dict[str, Any]) -> None:
    request["ModelPackageGroupName"] = f"e{draw.randrange(10)}"


def _group_with_policy(draw: random.Random, request: dict[str, Any]) -> None:
    group = draw.choice(_GROUPS[:2])
    request["ModelPackageGroupName"] = group
    if "ResourcePolicy" in request:
        request["ResourcePolicy"] = _policy(draw, group)


def _search(draw: random.Random, request: dict[str, Any]) -> None:
    if "VisibilityConditions" in request:
        request["VisibilityConditions"] = [{"Key": "Tags.team", "Value": draw.choice(_GROUPS)}]


def _list(draw: random.Random, request: dict[str, Any]) -> None:
    if "SortBy" in request:
        request["SortBy"] = draw.choice(["Name", "CreationTime"])


def _leave_out(request: dict[str, Any], *members: str) -> None:
    for member in members:
        request.pop(member, None)


_MADE_POSSIBLE: Mapping[str, Callable[[random.Random, dict[str, Any]], None]] = {
    "AddTags": _added_tags,
    "CreateModelPackage": _new_package,
    "CreateModelPackageGroup": _new_group,
    "DeleteModelPackageGroup": _empty_group,
    "DeleteModelPackageGroupPolicy": _group_with_policy,
    "GetModelPackageGroupPolicy": _group_with_policy,
    "ListModelPackageGroups": _list,
    "ListModelPackages": _list,
    "PutModelPackageGroupPolicy": _group_with_policy,
    "Search": _search,
    "UpdateModelPackage": _changed_package,
    **deploy_requests.MADE_POSSIBLE,
}


def _group(draw: random.Random) -> str:
    name = draw.choice(_GROUPS)
    return name if draw.random() < 0.8 else f"{ARN}:model-package-group/{name}"


def _package(draw: random.Random) -> str:
    return draw.choice([draw.choice(_PACKAGES), _version_arn(draw), f"{ARN}:model-package/p1"])


def _version_arn(draw: random.Random) -> str:
    return f"{ARN}:model-package/{draw.choice(_GROUPS)}/{draw.randint(1, 6)}"


def _taggable_arn(draw: random.Random) -> str:
    names = [
        f"model-package-group/{draw.choice(_GROUPS)}",
        f"model-package/{draw.choice(_PACKAGES)}",
        deploy_requests.taggable(draw),
    ]
    return f"{ARN}:{draw.choice(names)}"


def _policy(draw: random.Random, name: str = "g0") -> str:
    group = f"{ARN}:model-package-group/{name}"
    statement = {
        "Sid": "a",
        "Effect": draw.choice(["Allow", "Deny"]),
        "Principal": {"AWS": draw.choice(["111122223333", "arn:aws:iam::111122223333:root"])},
        "Action": ["sagemaker:DescribeModelPackageGroup"],
        "Resource": [group, f"{ARN}:model-package/{name}/*"],
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-x"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _card(draw: random.Random) -> str:
    metric = {"name": "auc", "type": "number", "value": 0.5}
    evaluation = {"name": "e", "metric_groups": [{"name": "m", "metric_data": [metric]}]}
    training = {"hyper_parameters": [{"name": "depth", "value": "6"}]}
    card = {
        "model_overview": {"model_creator": "a", "model_artifact": ["s3://bucket/key"]},
        "intended_uses": {"risk_rating": draw.choice(["High", "Low"]), "intended_uses": "x"},
        "business_details": {"business_problem": "y"},
        "training_details": {"training_job_details": training},
        "evaluation_details": [evaluation],
        "additional_information": {"custom_details": {"key": "value"}},
    }
    kept = {name: section for name, section in card.items() if draw.random() < 0.7}
    return json.dumps(kept)
