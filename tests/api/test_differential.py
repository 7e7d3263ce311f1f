"""The validator against JSON Schema: generated requests, and both must say the same of each."""

import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from json_schema import (
    CONTAINERS,
    Break,
    Oracle,
    Shape,
    Verdict,
    compiled,
    lower_first,
    reachable,
    schema_of,
)
from jsonschema import Draft202012Validator, FormatChecker

from sagemock.api.service_model import ServiceModel
from sagemock.api.validation import Validator
from sagemock.errors import SerializationException, ValidationException

# Most of what runs is Hypothesis and `jsonschema`: measured, it takes more than twice as long, and
# the validator's lines are all measured where its rules are tested one by one.
pytestmark = pytest.mark.no_cover

REGISTRY = (
    "CreateModelPackageGroup",
    "DescribeModelPackageGroup",
    "ListModelPackageGroups",
    "DeleteModelPackageGroup",
    "CreateModelPackage",
    "DescribeModelPackage",
    "UpdateModelPackage",
    "ListModelPackages",
    "DeleteModelPackage",
    "BatchDescribeModelPackage",
    "PutModelPackageGroupPolicy",
    "GetModelPackageGroupPolicy",
    "DeleteModelPackageGroupPolicy",
    "AddTags",
    "ListTags",
    "DeleteTags",
    "ListModelMetadata",
)
# Not served, but their shapes have what the registry's lack: unions, floats, a shape in itself.
OTHERS = ("Search", "CreateEndpointConfig", "CreateHyperParameterTuningJob", "CreateCluster")

MODEL = ServiceModel.installed()
VALIDATOR = Validator(MODEL)
OPERATIONS = [MODEL.operation(name) for name in MODEL.operation_names()]
WITH_INPUT = [operation.name for operation in OPERATIONS if operation and operation.input]

BOUNDED = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

# Hypothesis choosing every step finds small examples; a seed for all of them makes more kinds.
SOURCES = {
    "steps": st.randoms(use_true_random=False),
    "seed": st.randoms(use_true_random=True),
}
BREAK_ONE_IN = (3, 8, 20, 60)

SAMPLES = (
    "a",
    "7",
    "my-name",
    "Some text, with commas.",
    "x" * 63,
    "text/csv",
    "1.0.0",
    "2.11",
    "Grüße 7",
    "s3://bucket/key",
    "https://host/path",
    "sha256:" + "0a" * 32,
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:latest",
    "arn:aws:iam::123456789012:role/service-role/Role_1",
    "arn:aws:sagemaker:us-east-1:123456789012:model-package/group/3",
    "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/group",
    "arn:aws:sagemaker:us-east-1:aws:hub-content/hub/Model/name/1.0.0",
    "arn:aws:kms:us-east-1:123456789012:key/0a",
)
BAD_TEXTS = (
    "",
    " ",
    "-",
    "a b",
    "a\n",
    "\u2028",
    "\x85",
    "Ä",
    "a_b",
    "x" * 64,
    "+=<",
    "٣",
    "s3:/",
    "/",
)
ANY_JSON: Sequence[Any] = (
    *(None, True, False, 0, 7, -1, 2.5, -0.5, 1e300, math.inf, 2**31, -(2**31) - 1, 2**63, 10**400),
    *("text", "yes", "False", "NaN", "1", [], {}, [None], [[]], {"a": None}, {"a": 1}, [7], ["a"]),
)


class Bodies:
    """Makes bodies of a shape: valid but for a break here and there, one in so many values."""

    def __init__(self, shapes: Mapping[str, Shape], random: Random) -> None:
        self._shapes = shapes
        self._random = random
        self._one_in = random.choice(BREAK_ONE_IN)

    def value(self, shape_name: str, depth: int = 0) -> Any:
        shape = self._shapes[shape_name]
        kind = shape["type"]
        if self._breaks(4 if kind in CONTAINERS else 1):
            return self._broken(shape, depth)
        if kind == "structure":
            return self._structure(shape, depth)
        if kind == "list":
            return [self.value(shape["member"]["shape"], depth + 1) for _ in self._size(shape)]
        if kind == "map":
            return self._map(shape, depth)
        return self._random.choice(right_values(shape))

    def _breaks(self, rarer: int = 1) -> bool:
        return self._random.randint(0, self._one_in * rarer - 1) == 1

    def _structure(self, shape: Shape, depth: int) -> dict[str, Any]:
        required = set(shape.get("required", ()))
        names = [name for name in shape["members"] if name in required and not self._breaks(2)]
        optional = sorted(shape["members"].keys() - required)
        least, most = (1, 1) if shape.get("union") else (min(1, depth), max(2, 7 - 2 * depth))
        number = min(self._random.randint(least, most), len(optional))
        names += self._random.sample(optional, number)
        body = {name: self.value(shape["members"][name]["shape"], depth + 1) for name in names}
        if self._breaks(2):
            body[lower_first(names[0]) if names else "Unknown"] = self._random.choice(ANY_JSON)
        if optional and self._breaks(2):
            body[self._random.choice(optional)] = None
        return body

    def _map(self, shape: Shape, depth: int) -> dict[str, Any]:
        right = right_values(self._shapes[shape["key"]["shape"]])
        return {
            self._random.choice(BAD_TEXTS if self._breaks() else right): self.value(
                shape["value"]["shape"], depth + 1
            )
            for _ in self._size(shape)
        }

    def _size(self, shape: Shape) -> range:
        least = shape.get("min", 0)
        return range(self._random.randint(least, min(shape.get("max", least + 2), least + 2)))

    def _broken(self, shape: Shape, depth: int) -> Any:
        kind = shape["type"]
        if self._random.randint(0, 2) == 2:
            return self._random.choice(ANY_JSON)
        if kind == "string":
            return self._random.choice(wrong_texts(shape))
        if kind == "list" and "max" in shape:
            return [self.value(shape["member"]["shape"], depth + 1)] * (shape["max"] + 1)
        if kind == "map" and "max" in shape:
            value = self.value(shape["value"]["shape"], depth + 1)
            return {f"k{number}": value for number in range(shape["max"] + 1)}
        if kind in ("integer", "long", "float", "double"):
            bounds = [shape[bound] for bound in ("min", "max") if bound in shape]
            near = [bound + off for bound in bounds for off in (-1, -0.5, 0.5, 1)]
            return self._random.choice([*near, 2.5, "Infinity"])
        return [] if kind == "list" else {}


def right_values(shape: Shape) -> Sequence[Any]:
    """Values that are right for a scalar, as far as is easily known."""
    kind = shape["type"]
    if kind == "string":
        return shape.get("enum") or [text for text in SAMPLES if is_right(shape, text)] or SAMPLES
    if kind == "boolean":
        return [True, False, "true", "No", "0"]
    if kind == "timestamp":
        return [0, 1_700_000_000, 1_700_000_000.123456, -62135596800, 253402300799]
    least = shape.get("min", -10)
    most = shape.get("max", least + 100)
    return [least, most, (least + most) // 2, least + 0.5]


def wrong_texts(shape: Shape) -> Sequence[str]:
    """Texts of which most are wrong for a string: too long, too short, off the pattern or enum."""
    lowered = [value.lower() for value in shape.get("enum", ())[:3]]
    return [*BAD_TEXTS, "x" * (shape.get("max", 0) + 1), *lowered]


def is_right(shape: Shape, text: str) -> bool:
    fits = shape.get("min", 0) <= len(text) <= shape.get("max", math.inf)
    return fits and ("pattern" not in shape or bool(compiled(shape["pattern"]).fullmatch(text)))


def said(operation_name: str, body: Any) -> tuple[str, frozenset[Break], int, Any]:
    """The validator's verdict: its kind, the breaks it told, how many it counted, the request."""
    operation = MODEL.operation(operation_name)
    assert operation is not None
    try:
        return "accepted", frozenset(), 0, VALIDATOR.validate(operation, body)
    except SerializationException:
        return "badly typed", frozenset(), 0, None
    except ValidationException as error:
        message = error.message or ""
        count, _ = re.split(r" validation errors? detected: ", message, maxsplit=1)
        return "constraint broken", told_breaks(message), int(count), None


def told_breaks(message: str) -> frozenset[Break]:
    pairs = re.findall(
        r" at '([^']*)' failed to satisfy constraint: (.*?)(?=; Value |\Z)", message, re.DOTALL
    )
    return frozenset((path, comparable(constraint)) for path, constraint in pairs)


def comparable(constraint: str) -> str:
    """A told constraint as the oracle words it: bundles without content, enum values sorted."""
    head, _, rest = constraint.partition(": [")
    if head.endswith("must satisfy constraint"):
        return head
    if head == "Member must satisfy enum value set":
        return f"{head}: [{', '.join(sorted(rest.removesuffix(']').split(', ')))}]"
    return constraint


def assert_agreement(operation_name: str, verdict: Verdict, body: Any) -> None:
    kind, told, count, request = said(operation_name, body)
    assert kind == verdict.kind
    assert count == min(10, len(verdict.breaks))
    if len(verdict.breaks) <= 10:
        assert told == verdict.breaks
    else:
        assert told < verdict.breaks
        assert len(told) == 10
    if kind == "accepted":
        assert json.dumps(request) == json.dumps(verdict.request)


def input_of(operation_name: str) -> str:
    operation = MODEL.operation(operation_name)
    assert operation is not None
    assert operation.input is not None
    return operation.input


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("operation_name", [*REGISTRY, *OTHERS])
def test_the_validator_and_json_schema_agree_on(operation_name: str, source: str) -> None:
    input_name = input_of(operation_name)
    oracle = Oracle(MODEL.shapes, input_name)

    @BOUNDED
    @given(SOURCES[source])
    def agree(random: Random) -> None:
        body = Bodies(MODEL.shapes, random).value(input_name)
        note(f"{operation_name} {body}")
        assert_agreement(operation_name, oracle.verdict(body), body)

    agree()


def test_generated_bodies_are_of_all_kinds() -> None:
    input_name = input_of("CreateModelPackage")
    oracle = Oracle(MODEL.shapes, input_name)
    verdicts = [
        oracle.verdict(Bodies(MODEL.shapes, Random(seed)).value(input_name))  # noqa: S311 - no secret
        for seed in range(200)
    ]
    kinds = Counter(verdict.kind for verdict in verdicts)
    assert all(kinds[kind] >= 30 for kind in ("accepted", "badly typed", "constraint broken")), (
        kinds
    )
    assert len({each for verdict in verdicts for each in verdict.breaks}) >= 50


@pytest.mark.parametrize("body", [{}, [], None, 7, "text"], ids=str)
def test_the_two_agree_on_the_simplest_bodies_of_every_operation(body: Any) -> None:
    for name in WITH_INPUT:
        assert_agreement(name, Oracle(MODEL.shapes, input_of(name)).verdict(body), body)


def test_an_eleventh_break_is_not_told() -> None:
    containers = [{"Image": " "} for _ in range(11)]
    body = {"InferenceSpecification": {"Containers": containers}}
    verdict = Oracle(MODEL.shapes, input_of("CreateModelPackage")).verdict(body)
    assert len(verdict.breaks) == 11
    assert_agreement("CreateModelPackage", verdict, body)


def test_every_derived_schema_is_valid_json_schema() -> None:
    definitions: dict[str, Any] = {}
    for name in WITH_INPUT:
        schema = schema_of(MODEL.shapes, input_of(name))
        fresh = {each: it for each, it in schema["$defs"].items() if it != definitions.get(each)}
        # No format is checked: a pattern is Java's, which `re` may refuse.
        Draft202012Validator.check_schema(
            schema | {"$defs": fresh}, format_checker=FormatChecker(())
        )
        definitions |= fresh


@pytest.mark.parametrize("operation_name", REGISTRY)
def test_there_is_a_right_sample_for_every_string_of(operation_name: str) -> None:
    for name in reachable(MODEL.shapes, input_of(operation_name)):
        shape = MODEL.shapes[name]
        if shape["type"] == "string" and "enum" not in shape:
            assert any(is_right(shape, text) for text in SAMPLES), name
