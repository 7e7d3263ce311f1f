"""What the registry machine asks: strategies for the parts of requests that break no constraint.

There is few of everything, so that calls meet each other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from registry_lists import DEPLOYED, GROUP, PACKAGE, Place
from sagemock.operation import Members

START_MS = 1_700_000_000_123
HERE = ("111122223333", "us-east-1")
PLACES: Sequence[Place] = (HERE, HERE, HERE, (HERE[0], "eu-west-1"), ("444455556666", HERE[1]))
NAMES = ("churn", "alpha", "B-2", "Churn")
APPROVALS = ("PendingManualApproval", "Approved", "Rejected")
KEYS = ("team", "k 2", "Team")
TEXTS = ("first", "größe 🦀", "")
TAG_TEXTS = ("first", "größe", "")
SPECIFICATION = {
    "Containers": [{"Image": "image:1"}],
    "SupportedTransformInstanceTypes": ["ml.m5.large"],
    "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
    "SupportedContentTypes": ["text/csv"],
}
CARDS = tuple(
    json.dumps({"model_overview": {"model_creator": who}}, ensure_ascii=False)
    for who in ("us", "Zoë")
)
CARD_STATUSES = ("Draft", "Approved", "Archived")

one_of = st.sampled_from

KIND, NAME, PLACE = one_of((GROUP, GROUP, GROUP, PACKAGE, *DEPLOYED)), one_of(NAMES), one_of(PLACES)


def few(made: st.SearchStrategy[Members]) -> st.SearchStrategy[list[Members]]:
    return st.lists(made, min_size=1, max_size=4)


def some(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Members]:
    """Any choice of these members."""
    return st.fixed_dictionaries({}, optional=optional)


def time_text(offset_ms: float) -> str:
    """A time as Search takes it."""
    time = datetime.fromtimestamp(START_MS // 1000, UTC)
    time += timedelta(milliseconds=START_MS % 1000 + offset_ms)
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def merged(*parts: st.SearchStrategy[Members]) -> st.SearchStrategy[Members]:
    """One request of several parts."""
    return st.tuples(*parts).map(lambda given: {k: v for part in given for k, v in part.items()})


def specifications() -> st.SearchStrategy[list[Members]]:
    made = one_of(("batch", "edge", "web")).map(
        lambda name: {"Name": name, "Containers": [{"Image": "image:2"}]}
    )
    return st.lists(made, min_size=1, max_size=2)


PROPERTIES = st.dictionaries(one_of(KEYS), one_of(("a", "b")), min_size=1)
BOTH_CAN = {
    "ModelApprovalStatus": one_of(APPROVALS),
    "CustomerMetadataProperties": PROPERTIES,
    "ModelLifeCycle": one_of(("QA", "Production")).map(
        lambda stage: {"Stage": stage, "StageStatus": "OnHold"}
    ),
    "ModelCard": some(ModelCardContent=one_of(CARDS), ModelCardStatus=one_of(CARD_STATUSES)),
    "ModelPackageRegistrationType": one_of(("Logged", "Registered")),
    "InferenceSpecification": st.just(SPECIFICATION),
    "ClientToken": one_of(("t1", "t2", "t3")),
}
MEMBERS = some(
    **BOTH_CAN,
    ModelPackageDescription=one_of(TEXTS),
    AdditionalInferenceSpecifications=specifications(),
)
CHANGES = some(
    **BOTH_CAN,
    ApprovalDescription=one_of(TEXTS),
    CustomerMetadataPropertiesToRemove=st.lists(one_of(KEYS), min_size=1, max_size=2),
    AdditionalInferenceSpecificationsToAdd=specifications(),
)
TAG_KEYS = st.lists(one_of((*KEYS, "a1", "b25")), min_size=1, max_size=3)
FEW = st.lists(
    st.tuples(one_of((*KEYS * 4, "sagemaker:x", "aws:x")), one_of(TAG_TEXTS)), max_size=3
)
# Both are more than a resource can have.
MANY = one_of("ab").map(lambda letter: [(f"{letter}{number}", "") for number in range(26)])
TAGS = st.one_of(FEW, FEW, FEW, MANY).map(
    lambda tags: [{"Key": key, "Value": value} for key, value in tags]
)
GROUP_MEMBERS = some(ModelPackageGroupDescription=one_of(TEXTS), Tags=TAGS)
# Around the times there are, on them and between two milliseconds.
OFFSETS_MS = (-30_000, 0, 0.5, 1000, 2000.5, 2001, 2001.5, 3001, 4001.5, 4002, 5002)
TIMES = one_of(OFFSETS_MS).map(lambda off: (START_MS + off) / 1000)
FILTERS = some(
    NameContains=one_of(("c", "ur", "2", "1", "-")),
    CreationTimeAfter=TIMES,
    CreationTimeBefore=TIMES,
)
SORTING = st.fixed_dictionaries(
    {"MaxResults": st.integers(1, 3)}, optional={"SortOrder": one_of(("Ascending", "Descending"))}
)
SORTED_BY = some(SortBy=one_of(("Name", "CreationTime")))
PROPERTY_FILTERS: tuple[Members, ...] = (
    {"Name": "ModelApprovalStatus", "Value": "Approved"},
    {"Name": "ModelApprovalStatus", "Operator": "In", "Value": "Approved,Rejected"},
    {"Name": "ModelApprovalStatus", "Operator": "NotEquals", "Value": "Approved"},
    {"Name": "ModelPackageGroupName", "Operator": "Contains", "Value": "h"},
    {"Name": "ModelPackageGroupName", "Value": "churn"},
    {"Name": "ModelPackageGroupName", "Value": "Churn"},
    {"Name": "ModelPackageGroupName", "Operator": "In", "Value": "alpha,churn,Churn"},
    {"Name": "ModelPackageGroupName", "Operator": "NotEquals", "Value": "churn"},
    {"Name": "ModelPackageVersion", "Operator": "GreaterThan", "Value": "1"},
    {"Name": "ModelPackageVersion", "Value": "1"},
    {"Name": "ModelPackageName", "Value": "churn/2"},
    {"Name": "ModelPackageStatus", "Value": "Completed"},
    {"Name": "ModelPackageStatus", "Operator": "In", "Value": "Failed,Completed"},
    {"Name": "ModelPackageStatus", "Value": "Failed"},
    {"Name": "ModelPackageGroupStatus", "Value": "Completed"},
    {"Name": "CustomerMetadataProperties.team", "Value": "a"},
    {"Name": "CustomerMetadataProperties.k 2", "Operator": "NotExists"},
    {"Name": "ModelLifeCycle.Stage", "Value": "QA"},
    {"Name": "LastModifiedTime", "Operator": "Exists"},
    {"Name": "Tags.team", "Operator": "Exists"},
    {"Name": "Tags.team", "Value": "first"},
    {"Name": "Tags.Team", "Operator": "NotEquals", "Value": "größe"},
    *(
        {"Name": f"{which}Time", "Operator": operator, "Value": time_text(off)}
        for which in ("Creation", "LastModified")
        for operator in ("GreaterThan", "GreaterThanOrEqualTo", "LessThan", "Equals")
        for off in OFFSETS_MS
    ),
)
OF_GROUPS = ("ModelPackageGroup", "Tags.", "CreationTime")
"""How the names of the properties above begin that groups have too."""

OTHER = {"ModelPackage": "ModelPackageGroup", "ModelPackageGroup": "ModelPackage"}
OTHER_FILTERS = tuple(part for part in PROPERTY_FILTERS if "Time" not in part["Name"])
AND_OR = one_of(("And", "Or"))
SEARCH_SORTED_BY = [
    *("LastModifiedTime", "CreationTime", "ModelApprovalStatus", "ModelPackageVersion"),
    *("Tags.team", "ModelPackageName", "ModelPackageGroupName"),
]


VARIANTS = st.lists(
    merged(
        st.fixed_dictionaries({"VariantName": one_of(("blue", "green", "Blue"))}),
        some(InitialVariantWeight=one_of((0.0, 0.5, 2.0)), InitialInstanceCount=st.integers(1, 3)),
    ),
    min_size=1,
    max_size=2,
)
RETAINED = some(
    RetainAllVariantProperties=st.booleans(),
    ExcludeRetainedVariantProperties=st.lists(
        one_of(("DesiredWeight", "DesiredInstanceCount")).map(
            lambda kind: {"VariantPropertyType": kind}
        ),
        max_size=2,
    ),
)
DESIRED = st.lists(
    merged(
        st.fixed_dictionaries({"VariantName": one_of(("blue", "green"))}),
        some(DesiredWeight=one_of((0.0, 1.5)), DesiredInstanceCount=st.integers(0, 3)),
    ),
    min_size=1,
    max_size=2,
)
LISTS_OF_DEPLOYED = merged(FILTERS, SORTING, SORTED_BY)
LISTS_OF_ENDPOINTS = merged(
    LISTS_OF_DEPLOYED,
    some(
        LastModifiedTimeAfter=TIMES,
        LastModifiedTimeBefore=TIMES,
        StatusEquals=one_of(("InService", "InService", "Failed")),
    ),
)


RICH: dict[str, Members] = {
    name: {
        "InferenceSpecification": SPECIFICATION,
        "ModelCard": {"ModelCardContent": CARDS[0], "ModelCardStatus": card_status},
        "CustomerMetadataProperties": {"team": "a"},
        "ModelApprovalStatus": "Approved",
        "ClientToken": name,
    }
    for name, card_status in (("churn", "Approved"), ("alpha", "Archived"))
}
SOME_TAGS = [{"Key": "team", "Value": "first"}, {"Key": "k 2", "Value": ""}]
LISTS_OF_GROUPS = merged(FILTERS, SORTING, SORTED_BY)
LISTS_OF_PACKAGES = merged(
    FILTERS,
    SORTING,
    SORTED_BY,
    some(
        ModelApprovalStatus=one_of(APPROVALS),
        ModelPackageType=one_of(("Both", "Both", "Versioned", "Unversioned")),
    ),
)


def searches(noun: str) -> st.SearchStrategy[Members]:
    """Searches of one resource by properties that it has."""
    # Of equal weight, though there are many more of the times.
    parts: Sequence[Members] = PROPERTY_FILTERS + OTHER_FILTERS * 5
    parts = [part for part in parts if part["Name"] != f"{OTHER[noun]}Status"]
    sorts = SEARCH_SORTED_BY
    if noun == "ModelPackageGroup":
        parts = [part for part in parts if part["Name"].startswith(OF_GROUPS)]
        sorts = [name for name in sorts if name.startswith(OF_GROUPS)]
    # One Contains is the most a search may have (SR6).
    filters = st.lists(one_of(parts), min_size=1, max_size=2, unique_by=str)
    expression = merged(filters.map(lambda made: {"Filters": made}), some(Operator=AND_OR))
    asked = some(SearchExpression=expression, SortBy=one_of(sorts))
    return merged(st.just({"Resource": noun}), asked, SORTING)


SEARCHES = st.one_of(searches("ModelPackage"), searches("ModelPackageGroup"))


def policy_of(arn: str, number: int) -> str:
    """A policy for a group; some end in a blank, for it is kept to the letter."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "555566667777"},
        "Action": "sagemaker:DescribeModelPackageGroup",
        "Resource": arn,
    }
    return json.dumps({"Statement": [statement]}) + " " * (number % 3)


@dataclass(frozen=True)
class Pick:
    """Which resource a call is about, and how it is called."""

    index: int
    spelled: str


PICKS = st.builds(
    Pick,
    index=st.integers(0, 60),
    # Mostly as it is called; some calls go to others' or to another case.
    spelled=one_of((*["name"] * 6, *["arn"] * 6, "case", "account", "region")),
)

SOURCES = st.none() | st.none() | PICKS
"""The package a SourceUri names, by its ARN or as mere text."""
