"""What is asked of a registry that has grown: every filter and sort of the lists, and searches."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from typing import Any

from growth import HOT, MIDDLE, RARE, SPAN_S

Members = dict[str, Any]

SORTS = tuple(product(("CreationTime", "Name"), ("Ascending", "Descending")))
SCOPES: dict[str, Members] = {
    "in the hot group": {"ModelPackageGroupName": HOT},
    "all versions": {"ModelPackageType": "Versioned"},
    "all packages": {"ModelPackageType": "Both"},
    "unversioned": {},
}
TERMS = {
    "of one group": "haystack",
    "of two letters": "zq",
    "of half of all": "recommendations",
    "of nothing": "no-such-name",
}
_LATE = MIDDLE + SPAN_S // 4
_TIMES: dict[str, Members] = {
    "CreationTimeAfter": {"CreationTimeAfter": MIDDLE},
    "CreationTimeBefore": {"CreationTimeBefore": MIDDLE},
    "between two times": {"CreationTimeAfter": MIDDLE, "CreationTimeBefore": _LATE},
}
FILTERS: dict[str, Members] = {
    "no filter": {},
    **_TIMES,
    "Approved (1 %)": {"ModelApprovalStatus": "Approved"},
    "Rejected (30 %)": {"ModelApprovalStatus": "Rejected"},
    "Pending (69 %)": {"ModelApprovalStatus": "PendingManualApproval"},
    "Rejected and CreationTimeAfter": {
        "ModelApprovalStatus": "Rejected",
        "CreationTimeAfter": MIDDLE,
    },
}


@dataclass(frozen=True)
class Case:
    """One question, in every sort it can be asked in.

    `second_page` asks for the page after the first one.
    """

    what: str
    operation: str
    members: Members
    sorts: tuple[Members, ...] = field(default=({},))
    second_page: bool = False


def list_cases() -> Iterator[Case]:
    """Each scope of ListModelPackages with each filter, and ListModelPackageGroups."""
    sorts = tuple({"SortBy": by, "SortOrder": order} for by, order in SORTS)
    for (scope, within), (name, asked) in product(SCOPES.items(), FILTERS.items()):
        if scope == "unversioned" and "ModelApprovalStatus" in asked:
            continue  # these have none
        yield Case(f"versions, {scope}, {name}", "ListModelPackages", within | asked, sorts)
    for scope, within in SCOPES.items():
        what = f"versions, {scope}, second page"
        yield Case(what, "ListModelPackages", within, sorts, second_page=True)
    for name, asked in {"no filter": {}, **_TIMES}.items():
        yield Case(f"groups, {name}", "ListModelPackageGroups", asked, sorts)
    yield Case("groups, second page", "ListModelPackageGroups", {}, sorts, second_page=True)


def name_cases() -> Iterator[Case]:
    """NameContains, alone and beside other filters."""
    sorts = tuple({"SortBy": by, "SortOrder": order} for by, order in SORTS)
    for (what, term), (scope, within) in product(TERMS.items(), SCOPES.items()):
        members = within | {"NameContains": term}
        yield Case(f"NameContains {what}, {scope}", "ListModelPackages", members, sorts)
    for what, term in TERMS.items():
        members = {"NameContains": term}
        yield Case(f"NameContains {what}, groups", "ListModelPackageGroups", members, sorts)


def search_cases() -> Iterator[Case]:
    """Searches on what has an index."""
    late = datetime.fromtimestamp(MIDDLE, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    by_time: tuple[Members, ...] = ({}, {"SortBy": "CreationTime"})
    yield _search("without an expression", sorts=by_time)
    for status in ("Approved", "Rejected"):
        yield _search(f"of {status}", ("ModelApprovalStatus", "Equals", status), sorts=by_time)
    yield _search("of one small group", ("ModelPackageGroupName", "Equals", RARE), sorts=by_time)
    yield _search("of the hot group", ("ModelPackageGroupName", "Equals", HOT), sorts=by_time)
    yield _search("by CreationTime", ("CreationTime", "GreaterThan", late), sorts=by_time)
    yield _search(
        "of groups by a tag", ("Tags.team", "Equals", "growth"), resource="ModelPackageGroup"
    )


def scan_cases() -> Iterator[Case]:
    """Searches on what has none."""
    yield _search("by a metadata property", ("CustomerMetadataProperties.auc", "Equals", "0.7000"))
    yield _search("in descriptions", ("ModelPackageDescription", "Contains", "linear baseline"))
    yield _search("by a life cycle's stage", ("ModelLifeCycle.Stage", "Equals", "Production"))


def _search(
    what: str,
    asked: tuple[str, str, str] | None = None,
    *,
    resource: str = "ModelPackage",
    sorts: tuple[Members, ...] = ({},),
) -> Case:
    members: Members = {"Resource": resource}
    if asked:
        name, operator, value = asked
        given = {"Name": name, "Operator": operator, "Value": value}
        members["SearchExpression"] = {"Filters": [given]}
    return Case(f"Search {what}, CPU, large against small", "Search", members, sorts)
