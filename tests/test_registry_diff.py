"""Comparing two registries: nothing where they are the same, and whatever differs at its path."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagemock.registry_diff import Difference, by_place, differences, not_compared, summary, table
from sagemock.registry_view import POLICY, TAGS, GroupView, Place, RegistryView, described

STAGING = "arn:aws:sagemaker:eu-west-1:111122223333"
LAPTOP = "arn:aws:sagemaker:us-east-1:123456789012"

Members = dict[str, Any]


def version(number: int = 1, *, at: str = LAPTOP, **members: Any) -> Members:
    return described(
        {
            "ModelPackageGroupName": "churn",
            "ModelPackageVersion": number,
            "ModelPackageArn": f"{at}:model-package/churn/{number}",
            "CreationTime": 1_700_000_000.5,
            **members,
        }
    )


def of_members(number: int, members: Members) -> Members:
    return version(number, **members)


def group(*versions: Members, at: str = LAPTOP, tags: Any = (), policy: str | None = None) -> Any:
    document = {
        "ModelPackageGroupName": "churn",
        "ModelPackageGroupArn": f"{at}:model-package-group/churn",
    }
    members = described(document, tags=tags, policy=policy)
    return GroupView(members, {each["ModelPackageVersion"]: each for each in versions})


def registry(*versions: Members, **given: Any) -> RegistryView:
    return RegistryView({"churn": group(*versions, **given)})


def shown(a: RegistryView, b: RegistryView, **options: Any) -> list[Members]:
    return [each.shown() for each in differences(a, b, **options)]


CHANGED = {"Group": "churn", "Version": 1}


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (
            {"ModelApprovalStatus": "Approved"},
            {"ModelApprovalStatus": "Rejected"},
            {"Member": "ModelApprovalStatus", "A": "Approved", "B": "Rejected"},
        ),
        (
            {"InferenceSpecification": {"Containers": [{"ModelDataUrl": "s3://b/1"}]}},
            {"InferenceSpecification": {"Containers": [{"ModelDataUrl": "s3://b/2"}]}},
            {
                "Member": "InferenceSpecification.Containers.0.ModelDataUrl",
                "A": "s3://b/1",
                "B": "s3://b/2",
            },
        ),
        (
            {"InferenceSpecification": {"Containers": [{"Image": "i"}]}},
            {"InferenceSpecification": {"Containers": [{"Image": "i"}, {"Image": "j"}]}},
            {
                "Member": "InferenceSpecification.Containers.1",
                "Only": "B",
                "A": None,
                "B": {"Image": "j"},
            },
        ),
        (
            {"CustomerMetadataProperties": {"team": "a"}},
            {},
            {
                "Member": "CustomerMetadataProperties",
                "Only": "A",
                "A": {"team": "a"},
                "B": None,
            },
        ),
        (
            {"ModelCard": {"ModelCardContent": '{"model_overview": {"model_id": "1"}}'}},
            {"ModelCard": {"ModelCardContent": '{"model_overview":{"model_id":"2"}}'}},
            {
                "Member": "ModelCard.ModelCardContent.model_overview.model_id",
                "A": "1",
                "B": "2",
            },
        ),
        (
            {"ModelCard": {"ModelCardContent": "{}"}},
            {"ModelCard": {"ModelCardContent": "no JSON"}},
            {"Member": "ModelCard.ModelCardContent", "A": "{}", "B": "no JSON"},
        ),
        (
            {"CertifyForMarketplace": True},
            {"CertifyForMarketplace": 1},
            {"Member": "CertifyForMarketplace", "A": True, "B": 1},
        ),
        (
            {"Task": "OTHER"},
            {"Task": {"a": "b"}},
            {"Member": "Task", "A": "OTHER", "B": {"a": "b"}},
        ),
    ],
)
def test_a_member_that_differs_is_told_at_its_path(a: Any, b: Any, expected: Members) -> None:
    assert shown(registry(version(**a)), registry(version(**b))) == [{**CHANGED, **expected}]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"CreationTime": 1}, {"CreationTime": 2}),
        ({"LastModifiedTime": 1}, {}),
        ({"CreatedBy": {"IamIdentity": {"Arn": "a"}}}, {"CreatedBy": {}}),
        ({"LastModifiedBy": {"IamIdentity": {"Arn": "a"}}}, {}),
        ({"ResponseMetadata": {"RequestId": "1"}}, {"ResponseMetadata": {"RequestId": "2"}}),
        ({"kept_by_the_rules": 1}, {}),
        (
            {"ModelCard": {"ModelCardContent": '{"a": 1, "b": [2]}'}},
            {"ModelCard": {"ModelCardContent": '{"b":[2],"a":1}'}},
        ),
    ],
)
def test_what_differs_between_any_two_registries_is_left_out(a: Members, b: Members) -> None:
    assert shown(registry(version(**a)), registry(version(**b))) == []


def test_exact_tells_of_times_and_authors_and_whole_arns() -> None:
    a = version(CreatedBy={"IamIdentity": {"Arn": "ann"}})
    b = version(at=STAGING, CreationTime=1_700_000_001.5, CreatedBy={"IamIdentity": {"Arn": "bo"}})
    assert shown(registry(a), registry(b), exact=True) == [
        {**CHANGED, "Member": "CreatedBy.IamIdentity.Arn", "A": "ann", "B": "bo"},
        {
            **CHANGED,
            "Member": "CreationTime",
            "A": "2023-11-14T22:13:20.500Z",
            "B": "2023-11-14T22:13:21.500Z",
        },
        {
            **CHANGED,
            "Member": "ModelPackageArn",
            "A": f"{LAPTOP}:model-package/churn/1",
            "B": f"{STAGING}:model-package/churn/1",
        },
    ]


def policy(at: str, principal: str, **statement: Any) -> str:
    resources = [f"{at}:model-package-group/churn", f"{at}:model-package/churn/*"]
    told = {"Principal": {"AWS": principal}, "Resource": resources, **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": [told]})


def test_an_arn_of_the_sides_own_account_and_region_is_the_same_wherever_it_is() -> None:
    sides = [
        registry(
            version(
                at=at,
                SourceUri=f"{at}:model-package/other/3",
                MetadataProperties={"GeneratedBy": f"arn:aws:iam::{account}:role/train"},
            ),
            at=at,
            policy=policy(at, f"arn:aws:iam::{account}:root"),
        )
        for at, account in ((STAGING, "111122223333"), (LAPTOP, "123456789012"))
    ]
    assert shown(*sides) == []
    promoted = f"{STAGING}:model-package/other/3"
    sides = [registry(version(at=at, SourceUri=promoted)) for at in (STAGING, LAPTOP)]
    assert shown(*sides) == []
    china = "arn:aws-cn:sagemaker:cn-north-1:111122223333"
    sides[0] = registry(version(at=china, SourceUri=f"{china}:model-package/other/3"), at=china)
    sides[1] = registry(version(SourceUri=f"{LAPTOP}:model-package/other/3"))
    assert shown(*sides) == []


@pytest.mark.parametrize(
    ("a", "b"),
    [
        # Each side names the other's account, or the one names a third.
        (f"{LAPTOP}:model-package/x/1", f"{STAGING}:model-package/x/1"),
        (f"{STAGING}:model-package/x/1", f"{LAPTOP}:model-package/x/2"),
        (
            f"{STAGING}:model-package/x/1",
            "arn:aws:sagemaker:us-east-1:999988887777:model-package/x/1",
        ),
        ("s3://111122223333/eu-west-1", "s3://123456789012/us-east-1"),
    ],
)
def test_an_arn_of_somebody_else_is_compared_as_it_is(a: str, b: str) -> None:
    sides = registry(version(at=STAGING, SourceUri=a)), registry(version(SourceUri=b))
    assert shown(*sides) == [{**CHANGED, "Member": "SourceUri", "A": a, "B": b}]


def test_policies_are_compared_as_json_and_tags_without_order() -> None:
    tags = [{"Key": "team", "Value": "growth"}, {"Key": "cost", "Value": "1"}]
    a = registry(tags=tags, policy=policy(LAPTOP, "111122223333"))
    b = registry(tags=tags[::-1], policy=json.dumps(json.loads(a_policy(a)), indent=1))
    assert shown(a, b) == []
    c = registry(tags=tags[:1], policy=policy(LAPTOP, "444455556666"))
    assert shown(a, c) == [
        {
            "Group": "churn",
            "Member": "ResourcePolicy.Statement.0.Principal.AWS",
            "A": "111122223333",
            "B": "444455556666",
        },
        {"Group": "churn", "Member": "Tags.cost", "Only": "A", "A": "1", "B": None},
    ]


def a_policy(view: RegistryView) -> str:
    text: str = view.groups["churn"].members[POLICY]
    return text


def test_what_one_side_only_has_is_one_difference() -> None:
    a = RegistryView({"churn": group(version(1), version(2)), "alpha": group()})
    b = RegistryView({"churn": group(version(2), version(3))}, {"package": version()})
    assert shown(a, b) == [
        {"Group": "alpha", "Only": "A", "Versions": 0},
        {"Group": "churn", "Version": 1, "Only": "A"},
        {"Group": "churn", "Version": 3, "Only": "B"},
        {"Package": "package", "Only": "B"},
    ]
    nothing = RegistryView()
    assert shown(nothing, RegistryView({"churn": group(version(1), version(2))})) == [
        {"Group": "churn", "Only": "B", "Versions": 2}
    ]


def test_what_a_server_does_not_tell_of_is_not_compared_and_said() -> None:
    package = {"ModelPackageName": "p", "ModelPackageArn": f"{LAPTOP}:model-package/p"}
    tags = [{"Key": "team", "Value": "growth"}]
    a = RegistryView({"churn": group(policy="{}", tags=tags)}, {"p": described(package, tags=tags)})
    b = RegistryView(
        {"churn": group()}, {"p": described(package, tags=())}, frozenset({POLICY, TAGS})
    )
    assert shown(a, b) == [
        {"Group": "churn", "Member": "Tags.team", "Only": "A", "A": "growth", "B": None}
    ]
    assert not_compared(a, b) == ["policies of groups", "tags of unversioned packages"]
    assert not_compared(a) == []


HOME, AWAY = Place("123456789012", "us-east-1"), Place("111122223333", "eu-west-1")


def test_two_lone_registries_are_a_pair_whosever_they_are() -> None:
    a, b = registry(version(1)), registry(version(1), version(2))
    assert [each.shown() for each in by_place({HOME: a}, {AWAY: b})] == [
        {"Group": "churn", "Version": 2, "Only": "B"}
    ]


def test_of_several_registries_those_of_one_place_are_a_pair() -> None:
    a, b = registry(version(1)), registry(version(2))
    there = {"Account": "111122223333", "Region": "eu-west-1", "Group": "churn"}
    assert by_place({HOME: a, AWAY: b}, {AWAY: b, HOME: a}) == []
    assert [each.shown() for each in by_place({HOME: a, AWAY: a}, {AWAY: b, HOME: a})] == [
        {**there, "Version": 1, "Only": "A"},
        {**there, "Version": 2, "Only": "B"},
    ]
    assert [each.shown() for each in by_place({HOME: a, AWAY: a}, {HOME: a})] == [
        {**there, "Only": "A", "Versions": 1}
    ]


BOUNDED = settings(max_examples=200, deadline=None, derandomize=True, database=None)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text("ab:~", max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=12,
)
MEMBERS = st.dictionaries(st.sampled_from(["Task", "Domain", "ModelCard"]), JSON)
VIEWS = st.dictionaries(st.integers(1, 3), MEMBERS, max_size=3).map(
    lambda versions: registry(*(of_members(number, each) for number, each in versions.items()))
)


@BOUNDED
@given(VIEWS)
def test_a_registry_does_not_differ_from_itself(view: RegistryView) -> None:
    assert differences(view, view) == []
    assert differences(view, view, exact=True) == []


@BOUNDED
@given(VIEWS, VIEWS)
def test_the_other_way_round_the_same_differs(a: RegistryView, b: RegistryView) -> None:
    turned = {"A": "B", "B": "A", None: None}
    there = [(each.version, each.member, each.a, each.b, each.only) for each in differences(a, b)]
    back = [
        (each.version, each.member, each.b, each.a, turned[each.only]) for each in differences(b, a)
    ]
    assert there == back
    assert bool(there) == (a.groups != b.groups)


@BOUNDED
@given(MEMBERS, st.data())
def test_a_changed_value_is_found_where_it_is(members: Members, data: st.DataObject) -> None:
    members = {**members, "Domain": {"a": [members, "first"]}}
    changed = json.loads(json.dumps(members))
    path: list[str] = []
    place, key = changed, "Domain"
    while True:
        path.append(str(key))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        place = inner
        keys = list(inner) if isinstance(inner, dict) else range(len(inner))
        key = data.draw(st.sampled_from(keys))
    place[key] = "something else"
    [found] = differences(registry(version(**members)), registry(version(**changed)))
    assert (found.member, found.b) == (".".join(path), "something else")


def told(*found: Difference, width: int = 80) -> list[str]:
    return ["".join(line).rstrip() for line in table(found, width)]


def test_the_table_has_a_headline_for_each_thing_and_both_values() -> None:
    found = (
        Difference(group="alpha", only="A", versions=3),
        Difference(group="beta", only="B", versions=1),
        Difference(group="churn", member="Tags.team", a="growth", only="A"),
        Difference(group="churn", version=2, member="ModelApprovalStatus", a="Approved", b=None),
        Difference(group="churn", version=3, only="B"),
        Difference(package="p", only="B", place=HOME),
    )
    assert told(*found) == [
        "group alpha: only in A, with 3 versions",
        "group beta: only in B, with 1 version",
        "group churn",
        '  Tags.team            "growth"    -',
        "group churn version 2",
        '  ModelApprovalStatus  "Approved"  null',
        "group churn version 3: only in B",
        "package p (account 123456789012, us-east-1): only in B",
    ]


@pytest.mark.parametrize("width", [20, 48, 80, 200])
def test_no_line_is_wider_than_the_terminal_nor_hides_what_differs(width: int) -> None:
    stem = "s3://my-bucket/models/churn/of/the/year/2026/"
    name = "InferenceSpecification.Containers.0.ModelDataUrl"
    found = Difference(
        group="g" * 63, version=1, member=name, a=f"{stem}one.tar.gz", b=f"{stem}two.tar.gz"
    )
    lines = told(found, width=width)
    assert max(map(len, lines)) <= max(width, 48)
    _, a, b = list(table([found], width))[1]
    assert "one" in a
    assert "two" in b
    shown_name = lines[1].split()[0]
    assert name.endswith(shown_name.removeprefix("..."))


def test_values_cannot_break_a_line_or_steer_the_terminal() -> None:
    found = Difference(group="g", member="Task", a="one\ntwo\x1b[31m\x9b31m", b="")
    [_, line] = told(found)
    assert line.isprintable()


@pytest.mark.parametrize(
    ("count", "sentence"), [(0, "No differences."), (1, "1 difference."), (2, "2 differences.")]
)
def test_the_last_line_counts_them(count: int, sentence: str) -> None:
    assert summary([Difference(group="g", only="A")] * count) == sentence
