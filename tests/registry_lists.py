"""What stands in the registry told again in plain Python, and lists that sort and sift all of it.

For `registry_model`: slow, short, and without an index.
"""

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sagemock.operation import Members

Place = tuple[str, str]
"""An account and a region."""

GROUP, PACKAGE = "model-package-group", "model-package"
MODEL, CONFIG, ENDPOINT = "model", "endpoint-config", "endpoint"
DEPLOYED = {MODEL: "model", CONFIG: "endpoint configuration", ENDPOINT: "endpoint"}
"""What is found whatever the case of its name, and what messages call it."""


@dataclass
class Resource:
    """Whatever is listed. `number` is 0 for what has none; `given` is a group's last number.

    `row` breaks the ties of equal times: it was given when the resource was put on its shelf.
    """

    kind: str
    name: str
    number: int
    created_ms: int
    document: Members
    tags: dict[str, str] = field(default_factory=dict)
    policy: str | None = None
    given: int = 0
    row: int = 0

    @property
    def key(self) -> tuple[str, str, int]:
        return self.kind, self.name.lower(), self.number

    @property
    def label(self) -> str:
        return f"{self.name}/{self.number}" if self.number else self.name

    def record(self) -> Members:
        """What Search shows of it (SR8, A16)."""
        record = copy.deepcopy(self.document)
        if self.kind == PACKAGE:
            record["ModelPackageName"] = self.label
        if self.tags:
            record["Tags"] = tag_list(self.tags)
        return record

    def property(self, name: str) -> Any:
        """What Search compares and sorts by: a member, a member's member, or `Tags.key`."""
        outer, _, inner = name.partition(".")
        if outer == "Tags":
            return self.tags.get(inner)
        value = self.record().get(outer)
        return value.get(inner) if inner and value else value


def tag_list(tags: Mapping[str, str]) -> list[Members]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def order_of(sort_by: str) -> Callable[[Resource], tuple[Any, ...]]:
    """The sorting key of a list. It is its token too: a place, not a count (LP6, LP11, SR3)."""
    if sort_by in ("Name", "ModelPackageName"):
        return lambda each: (each.name, each.number)
    if sort_by == "CreationTime":
        return lambda each: (each.created_ms, each.row)

    def by_property(each: Resource) -> tuple[Any, ...]:
        value = each.property(sort_by)
        if sort_by == "LastModifiedTime" and value is None:
            value = each.property("CreationTime")
        # What has no value comes first.
        return (value is not None, 0 if value is None else value, each.row)

    return by_property


def page_of(
    resources: Iterable[Resource], request: Members, sort_by: str, *, descending: bool
) -> tuple[list[Resource], Members]:
    """One page, and the token of the next if there is one."""
    place = order_of(request.get("SortBy", sort_by))
    if "SortOrder" in request:
        descending = request["SortOrder"] == "Descending"
    rows = sorted(resources, key=place, reverse=descending)
    if "NextToken" in request:
        last = request["NextToken"]
        rows = [each for each in rows if (place(each) < last if descending else place(each) > last)]
    size = request.get("MaxResults", 10)
    token = {"NextToken": place(rows[size - 1])} if len(rows) > size else {}
    return rows[:size], token


def is_listed(resource: Resource, request: Members) -> bool:
    """Whether the filters of lists let it through; times are exclusive bounds (LG5, LP5)."""
    created = resource.created_ms
    status = request.get("ModelApprovalStatus")
    return (
        request.get("NameContains", "") in resource.label
        and created > milliseconds(request.get("CreationTimeAfter", 0))
        and created < milliseconds(request.get("CreationTimeBefore", 2**33))
        and status in (None, resource.document.get("ModelApprovalStatus"))
    )


def milliseconds(bound: float) -> float:
    """A bound may lie between two milliseconds; the rest of its binary fraction is not meant."""
    return round(bound * 1000, 3)


def is_found(resource: Resource, part: Members) -> bool:
    """Whether an expression of Search, or a filter, lets it through (SR4, SR5)."""
    if "Filters" in part:
        each = [is_found(resource, inner) for inner in part["Filters"]]
        return any(each) if part.get("Operator") == "Or" else all(each)
    value, operator = resource.property(part["Name"]), part.get("Operator", "Equals")
    if operator in ("NotExists", "NotEquals"):
        opposite = {**part, "Operator": operator.removeprefix("Not")}
        return not is_found(resource, opposite)
    if value is None or operator == "Exists":
        return value is not None
    operand: Any = part["Value"]
    if part["Name"].endswith("Time"):
        operand = datetime.fromisoformat(operand).timestamp()
    elif part["Name"] == "ModelPackageVersion":
        operand = float(operand)
    return OPERATORS[operator](value, operand)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda value, operand: bool(value == operand),
    "Contains": lambda value, operand: operand in value,
    "In": lambda value, operand: value in operand.split(","),
    "GreaterThan": lambda value, operand: bool(value > operand),
    "GreaterThanOrEqualTo": lambda value, operand: bool(value >= operand),
    "LessThan": lambda value, operand: bool(value < operand),
}


@dataclass
class Walk:
    """A list under way: what was asked, and where its next page begins to both."""

    place: Place
    operation: str
    request: Members
    token: str
    model_token: Any
