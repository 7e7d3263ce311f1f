"""What of a document is shown: what the output shape names, at every depth."""

from typing import Any

import pytest

from sagemock.api.projection import Projection
from sagemock.api.service_model import ServiceModel

SHAPES: dict[str, dict[str, Any]] = {
    "Text": {"type": "string"},
    "Texts": {"type": "list", "member": {"shape": "Text"}},
    "TextMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    "Node": {
        "type": "structure",
        "members": {
            "Name": {"shape": "Text"},
            "Names": {"shape": "Texts"},
            "TextMap": {"shape": "TextMap"},
            "Child": {"shape": "Node"},
            "Children": {"shape": "Nodes"},
            "ByName": {"shape": "NodeMap"},
        },
    },
    "Nodes": {"type": "list", "member": {"shape": "Node"}},
    "NodeMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Node"}},
    "Empty": {"type": "structure", "members": {}},
}


def shown(document: dict[str, Any], shape_name: str = "Node") -> dict[str, Any]:
    return Projection(SHAPES).answer(shape_name, document, whole=True)


def test_members_the_shape_does_not_name_are_left_out() -> None:
    assert shown({"Name": "a", "Other": 1, "next_version": 3}) == {"Name": "a"}


def test_a_missing_member_and_a_null_are_left_out() -> None:
    assert shown({"Name": None, "Child": {"Name": None}}) == {"Child": {}}


@pytest.mark.parametrize("value", ["", 0, False, [], {}])
def test_what_is_merely_empty_is_shown(value: Any) -> None:
    assert shown({"Name": value}) == {"Name": value}


def test_structures_inside_are_projected_too() -> None:
    inner = {"Name": "b", "hidden": 1}
    document = {"Child": inner, "Children": [inner, {}], "ByName": {"k": inner}}
    assert shown(document) == {
        "Child": {"Name": "b"},
        "Children": [{"Name": "b"}, {}],
        "ByName": {"k": {"Name": "b"}},
    }


def test_a_shape_may_hold_itself_to_any_depth() -> None:
    document: dict[str, Any] = {"Name": "leaf", "hidden": 1}
    expected: dict[str, Any] = {"Name": "leaf"}
    for _ in range(30):
        document = {"Children": [{"Child": document}]}
        expected = {"Children": [{"Child": expected}]}
    assert shown(document) == expected


def test_lists_and_maps_of_scalars_are_shown_as_they_are() -> None:
    document = {"Names": ["a", ""], "TextMap": {"lower": "b", "Upper": "c"}}
    assert shown(document) == document


def test_members_are_shown_in_the_order_of_the_shape() -> None:
    assert list(shown({"Names": [], "Name": "a"})) == ["Name", "Names"]


def test_an_empty_answer_shows_nothing() -> None:
    assert shown({"ModelPackageArn": "arn"}, "Empty") == {}


def test_the_document_is_left_as_it_was() -> None:
    document = {"Child": {"Name": "a", "hidden": 1}, "hidden": 2}
    shown(document)["Child"]["Name"] = "changed"
    assert document == {"Child": {"Name": "a", "hidden": 1}, "hidden": 2}


def test_strict_a_document_that_is_not_shown_whole_is_an_error() -> None:
    strict = Projection(SHAPES, strict=True)
    with pytest.raises(LookupError, match=r"^Node does not show Nmae, Other$"):
        strict.answer("Node", {"Name": "a", "Nmae": "b", "Other": 1}, whole=True)


def test_strict_what_is_the_rules_own_may_be_hidden() -> None:
    strict = Projection(SHAPES, strict=True)
    assert strict.answer("Node", {"Name": "a", "next_version": 3}, whole=True) == {"Name": "a"}


def test_strict_an_answer_that_shows_a_part_is_none_the_worse() -> None:
    strict = Projection(SHAPES, strict=True)
    assert strict.answer("Node", {"Name": "a", "Other": 1}, whole=False) == {"Name": "a"}


def test_there_is_a_projection_for_every_answer_of_the_installed_model(model: ServiceModel) -> None:
    projection = Projection(model.shapes)
    for name in model.operation_names():
        operation = model.operation(name)
        if operation is not None and operation.output is not None:
            assert projection.answer(operation.output, {"hidden": 1}, whole=True) == {}


def test_a_summary_shows_what_its_shape_names(model: ServiceModel) -> None:
    document = {
        "ModelPackageArn": "arn",
        "ModelPackageVersion": 1,
        "ModelPackageGroupName": "g",
        "CreatedBy": {"IamIdentity": {"Arn": "a"}},
        "next": 2,
    }
    answer = Projection(model.shapes).answer(
        "ListModelPackagesOutput", {"ModelPackageSummaryList": [document]}, whole=False
    )
    assert answer == {
        "ModelPackageSummaryList": [
            {"ModelPackageGroupName": "g", "ModelPackageVersion": 1, "ModelPackageArn": "arn"}
        ]
    }
