"""The second gate: its order, bundles, paths and limits."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from small_shapes import (
    AT,
    LONG,
    MATCH,
    Shape,
    found,
    list_of,
    map_of,
    number,
    shapes_of,
    structure,
    text,
)

from sagemock.api.constraints import Constraints
from sagemock.api.service_model import ServiceModel
from sagemock.api.validation import Validator
from sagemock.errors import SerializationException, ValidationException
from sagemock.operation import Operation


def real(model: ServiceModel, operation_name: str, body: Mapping[str, Any]) -> str | None:
    operation = model.operation(operation_name)
    assert operation is not None
    with pytest.raises(ValidationException) as error:
        Validator(model).validate(operation, body)
    return error.value.message


def test_a_list_of_structures_of_the_installed_model_is_checked(model: ServiceModel) -> None:
    variant = {"VariantName": "a", "ModelName": "ENTER MODEL NAME"}
    body = {"EndpointConfigName": "c", "ProductionVariants": [variant]}
    pattern = model.shapes["ModelName"]["pattern"]
    assert real(model, "CreateEndpointConfig", body) == (
        "1 validation error detected: Value 'ENTER MODEL NAME' at "
        f"'productionVariants.1.member.modelName' {MATCH} {pattern}"
    )


def test_an_instance_type_nobody_has_is_told_with_all_there_are(model: ServiceModel) -> None:
    variant = {"VariantName": "a", "ModelName": "m", "InstanceType": "ml.t3.medium-x"}
    body = {"EndpointConfigName": "c", "ProductionVariants": [variant]}
    told = real(model, "CreateEndpointConfig", body) or ""
    head, values = told.split("enum value set: [")
    assert head == (
        "1 validation error detected: Value 'ml.t3.medium-x' at "
        f"'productionVariants.1.member.instanceType' {AT} satisfy "
    )
    known = model.shapes["ProductionVariantInstanceType"]["enum"]
    assert sorted(values.removesuffix("]").split(", ")) == sorted(known)


def test_a_group_by_name_or_arn_may_be_long_but_not_underscored(model: ServiceModel) -> None:
    name = "a" * 80 + "_"
    pattern = model.shapes["ArnOrName"]["pattern"]
    assert real(model, "CreateModelPackage", {"ModelPackageGroupName": name}) == (
        f"1 validation error detected: Value '{name}' at 'modelPackageGroupName' {AT} satisfy "
        f"regular expression pattern: {pattern}"
    )


def test_sensitive_content_is_not_told(model: ServiceModel) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1"
    card = {"ModelCardContent": "se\ncret", "ModelCardStatus": "Draft"}
    assert real(model, "UpdateModelPackage", {"ModelPackageArn": arn, "ModelCard": card}) == (
        f"1 validation error detected: Value at 'modelCard.modelCardContent' {AT} satisfy regular "
        "expression pattern: .*"
    )


def test_a_wrong_type_is_told_before_any_constraint(model: ServiceModel) -> None:
    operation = model.operation("ListModelPackages")
    assert operation is not None
    body = {"SortBy": "Size", "NameContains": "_", "MaxResults": "many"}
    with pytest.raises(SerializationException) as error:
        Validator(model).validate(operation, body)
    assert error.value.message == "STRING_VALUE can not be converted to an Integer"


def test_missing_members_are_null(model: ServiceModel) -> None:
    assert real(model, "AddTags", {}) == (
        f"2 validation errors detected: Value null at 'resourceArn' {AT} not be null; "
        f"Value null at 'tags' {AT} not be null"
    )


def test_a_member_given_as_null_is_missing(model: ServiceModel) -> None:
    tags = [{"Key": "a", "Value": None}]
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1"
    assert real(model, "AddTags", {"ResourceArn": arn, "Tags": tags}) == (
        f"1 validation error detected: Value null at 'tags.1.member.value' {AT} not be null"
    )


def test_a_null_required_member_is_told_once_and_not_looked_into() -> None:
    shape = structure(("Inner",), Inner=structure(("Name",), Name=text(min=1)))
    assert found(shape, {}) == [f"Value null at 'inner' {AT} not be null"]
    assert found(shape, {"Inner": {}}) == [f"Value null at 'inner.name' {AT} not be null"]


def test_a_missing_member_that_is_not_required_is_fine() -> None:
    assert found(structure(Inner=structure(("Name",), Name=text(min=1))), {}) == []


def test_the_constraints_of_one_member_come_as_min_pattern_max_enum() -> None:
    shape = structure(A=text(min=5, max=2, pattern="[0-9]+", enum=["1"]))
    assert [each.split("Member must ")[1] for each in found(shape, {"A": "abc"})] == [
        "have length greater than or equal to 5",
        "satisfy regular expression pattern: [0-9]+",
        "have length less than or equal to 2",
        "satisfy enum value set: [1]",
    ]


def test_members_are_told_in_the_order_of_a_hash_map_not_of_the_body() -> None:
    shape = structure(DomainId=text(max=1), UserProfileName=text(max=1), MaxResults=number(max=1))
    body = {"MaxResults": 2, "DomainId": "ab", "UserProfileName": "ab"}
    first = [each.split("'")[3] for each in found(shape, body)]
    assert first.index("userProfileName") < first.index("domainId")
    assert first == [each.split("'")[3] for each in found(shape, dict(reversed(body.items())))]


def test_numbers_have_bounds() -> None:
    shape = structure(A=number(min=1, max=100))
    assert found(shape, {"A": 0}) == [
        f"Value '0' at 'a' {AT} have value greater than or equal to 1"
    ]
    assert found(shape, {"A": 101}) == [
        f"Value '101' at 'a' {AT} have value less than or equal to 100"
    ]
    assert found(shape, {"A": 1}) == found(shape, {"A": 100}) == []


def test_bounds_may_be_zero_or_fractions() -> None:
    shape = structure(A={"type": "float", "min": 0.25}, B=number(min=0))
    assert found(shape, {"A": 0.25, "B": 0}) == []
    assert sorted(found(shape, {"A": 0.2, "B": -1})) == [
        f"Value '-1' at 'b' {AT} have value greater than or equal to 0",
        f"Value '0.2' at 'a' {AT} have value greater than or equal to 0.25",
    ]


@pytest.mark.parametrize(("length", "fine"), [(1, False), (2, True), (4, True), (5, False)])
def test_both_ends_of_a_length_are_allowed(length: int, *, fine: bool) -> None:
    shapes = [
        (text(min=2, max=4), "x" * length),
        (list_of(number(), min=2, max=4), [7] * length),
        (map_of(text(), number(), min=2, max=4), {f"k{each}": 7 for each in range(length)}),
    ]
    for shape, value in shapes:
        assert (found(structure(A=shape), {"A": value}) == []) is fine


def test_the_elements_of_a_list_are_told_once_and_with_all_they_must_be() -> None:
    shape = structure(Names=list_of(text(min=1, max=3, pattern="[a-z]+"), max=5))
    assert found(shape, {"Names": ["a", "LONG", "", "b"]}) == [
        (
            "Value '[a, LONG, , b]' at 'names' failed to satisfy constraint: "
            "Member must satisfy constraint: [Member must have length less than or equal to 3, "
            "Member must have length greater than or equal to 1, "
            "Member must satisfy regular expression pattern: [a-z]+]"
        )
    ]


def test_an_element_without_a_length_has_none_in_its_bundle() -> None:
    shape = structure(A=list_of(text(enum=["x", "y"])), B=list_of(text(pattern="[a-z]")))
    assert sorted(found(shape, {"A": ["z"], "B": ["1"]})) == [
        (
            "Value '[1]' at 'b' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must satisfy regular expression pattern: [a-z]]"
        ),
        (
            "Value '[z]' at 'a' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must satisfy enum value set: [x, y]]"
        ),
    ]


def test_an_element_with_only_a_least_length_has_only_that_in_its_bundle() -> None:
    assert found(structure(A=list_of(text(min=2))), {"A": [""]}) == [
        (
            "Value '[]' at 'a' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must have length greater than or equal to 2]"
        )
    ]


def test_numbers_in_a_list_are_bundled_too() -> None:
    assert found(structure(A=list_of(number(min=1, max=9))), {"A": [1, 10]}) == [
        (
            "Value '[1, 10]' at 'a' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must have value less than or equal to 9, "
            "Member must have value greater than or equal to 1]"
        )
    ]


def test_a_lists_own_length_is_told_beside_its_elements() -> None:
    shape = structure(A=list_of(text(max=1), max=1))
    assert found(shape, {"A": ["ab", "c"]}) == [
        f"Value '[ab, c]' at 'a' {LONG} 1",
        (
            "Value '[ab, c]' at 'a' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must have length less than or equal to 1, "
            "Member must have length greater than or equal to 0]"
        ),
    ]


def test_the_keys_of_a_map_are_told_once_and_on_the_map() -> None:
    shape = structure(A=map_of(text(max=2, pattern="[a-z]*"), text()))
    assert found(shape, {"A": {"a": "1", "B": "2", "ccc": "3"}}) == [
        (
            "Value '{a=1, B=2, ccc=3}' at 'a' failed to satisfy constraint: "
            "Map keys must satisfy constraint: [Member must have length less than or equal to 2, "
            "Member must have length greater than or equal to 0, "
            "Member must satisfy regular expression pattern: [a-z]*]"
        )
    ]


def test_keys_values_and_size_of_a_map_are_told_apart() -> None:
    shape = structure(A=map_of(text(max=1), text(max=1), max=1))
    told = [each.split("constraint: ", 1)[1] for each in found(shape, {"A": {"kk": "vv", "b": ""}})]
    bundle = (
        "must satisfy constraint: [Member must have length less than or equal to 1, "
        "Member must have length greater than or equal to 0]"
    )
    assert told == [
        "Member must have length less than or equal to 1",
        f"Map keys {bundle}",
        f"Map value {bundle}",
    ]


def test_paths_go_through_lists_and_maps() -> None:
    shape = structure(
        Containers=list_of(structure(ModelDataUrl=text(max=1))),
        ByName=map_of(text(), structure(Value=text(max=1))),
        Rows=list_of(list_of(text(max=1))),
    )
    body = {
        "Containers": [{}, {"ModelDataUrl": "ab"}],
        "ByName": {"some.key": {"Value": "ab"}},
        "Rows": [["a"], ["ab"]],
    }
    assert {each.split(" at ")[1].split("'")[1] for each in found(shape, body)} == {
        "containers.2.member.modelDataUrl",
        "byName.some.key.member.value",
        "rows.2.member",
    }


def test_a_list_of_structures_is_printed_whole_when_it_is_too_long() -> None:
    shape = structure(Tags=list_of(structure(Key=text(), Value=text()), max=1))
    body = {"Tags": [{"Key": "a", "Value": "b"}, {"Key": "c"}]}
    assert found(shape, body) == [
        (f"Value '[TagsMember(key=a, value=b), TagsMember(key=c, value=null)]' at 'tags' {LONG} 1")
    ]


def test_a_shape_may_hold_itself(model: ServiceModel) -> None:
    inner: dict[str, Any] = {"Filters": [{"Name": "x" * 256}]}
    body = {"Resource": "ModelPackage", "SearchExpression": {"SubExpressions": [inner]}}
    assert real(model, "Search", body) == (
        f"1 validation error detected: Value '{'x' * 256}' at "
        f"'searchExpression.subExpressions.1.member.filters.1.member.name' {LONG} 255"
    )


def test_ten_of_many_errors_are_told(model: ServiceModel) -> None:
    tags = [{"Key": "a"} for _ in range(12)]
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1"
    told = real(model, "AddTags", {"ResourceArn": arn, "Tags": tags}) or ""
    assert told.startswith("10 validation errors detected: Value null at 'tags.1.member.value'")
    assert told.count("Member must not be null") == 10
    assert "tags.10.member" in told
    assert "tags.11.member" not in told


def test_what_constrains_nothing_has_no_check() -> None:
    shape = structure(A=text(), B=list_of(structure(C=number())), D=map_of(text(), text()))
    assert Constraints(shapes_of(shape)).check("Input") is None


def test_a_least_length_of_zero_constrains_nothing() -> None:
    assert Constraints(shapes_of(structure(A=text(min=0)))).check("Input") is None


def test_validators_of_all_operations_compile(model: ServiceModel) -> None:
    constraints = Constraints(model.shapes)
    for name in model.operation_names():
        operation = model.operation(name)
        if operation is not None and operation.input is not None:
            constraints.check(operation.input)


def test_an_operation_without_input_takes_anything(model: ServiceModel) -> None:
    ping = Operation(
        name="Ping", input=None, output=None, reads=False, result_member=None, token_member=None
    )
    assert Validator(model).validate(ping, {"Any": "thing"}) == {}


def test_only_the_keys_of_a_map_may_be_constrained() -> None:
    shape = structure(A=map_of(text(max=1), structure(B=text())))
    assert found(shape, {"A": {"k": {"B": "any"}}}) == []
    assert len(found(shape, {"A": {"kk": {"B": "any"}}})) == 1


def test_a_shape_that_holds_itself_may_constrain_nothing() -> None:
    shapes: dict[str, Shape] = {
        "Node": {"type": "structure", "members": {"Next": {"shape": "Node"}}},
    }
    check = Constraints(shapes).check("Node")
    told: list[str] = []
    if check is not None:
        check({"Next": {"Next": {}}}, "", told)
    assert told == []


def test_a_long_value_is_matched_like_a_short_one() -> None:
    shape = structure(A=text(pattern="[a-z]*"))
    assert found(shape, {"A": "x" * 100_000}) == []
    assert len(found(shape, {"A": "x" * 100_000 + "1"})) == 1


def test_a_pattern_that_takes_too_long_is_not_matched() -> None:
    shape = structure(A=text(pattern="(a|aa)+[bc]"))
    started = time.monotonic()
    told = found(shape, {"A": "a" * 5000})
    assert time.monotonic() - started < 2
    assert [each.split("constraint: ")[1] for each in told] == [
        "Member must satisfy regular expression pattern: (a|aa)+[bc]"
    ]
