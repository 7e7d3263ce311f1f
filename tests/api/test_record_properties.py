"""Properties of search records: dotted names, where they lead, and what kind of value is there."""

from typing import Any

import pytest

from sagemock.api.record_properties import RecordProperties
from sagemock.api.service_model import ServiceModel
from sagemock.conditions import Each, Key
from sagemock.ports import Property

SHAPES: dict[str, dict[str, Any]] = {
    "SearchRecord": {"type": "structure", "members": {"Shelf": {"shape": "ShelfRecord"}}},
    "ShelfRecord": {
        "type": "structure",
        "members": {
            "Name": {"shape": "Text"},
            "Count": {"shape": "Integer"},
            "Weight": {"shape": "Double"},
            "Made": {"shape": "Timestamp"},
            "Full": {"shape": "Boolean"},
            "Place": {"shape": "Place"},
            "Labels": {"shape": "TextMap"},
            "Words": {"shape": "Texts"},
            "Books": {"shape": "Books"},
            "ByRoom": {"shape": "PlaceMap"},
        },
    },
    "Place": {"type": "structure", "members": {"Room": {"shape": "Text"}}},
    "Book": {
        "type": "structure",
        "members": {
            "Title": {"shape": "Text"},
            "Pages": {"shape": "Long"},
            "Words": {"shape": "Texts"},
            "Notes": {"shape": "TextMap"},
            "Places": {"shape": "Places"},
        },
    },
    "Books": {"type": "list", "member": {"shape": "Book"}},
    "Places": {"type": "list", "member": {"shape": "Place"}},
    "Texts": {"type": "list", "member": {"shape": "Text"}},
    "TextMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
    "PlaceMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Place"}},
    "Text": {"type": "string"},
    "Integer": {"type": "integer"},
    "Long": {"type": "long"},
    "Double": {"type": "double"},
    "Timestamp": {"type": "timestamp"},
    "Boolean": {"type": "boolean"},
}
PROPERTIES = RecordProperties(SHAPES)


def find(name: str) -> Property | None:
    return PROPERTIES.find("Shelf", name)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Name", "text"),
        ("Count", "number"),
        ("Weight", "number"),
        ("Made", "time"),
        ("Full", "flag"),
        ("Place", "structure"),
        ("Labels", "structure"),
        ("Books", "structure"),
        ("ByRoom", "structure"),
    ],
)
def test_a_member_has_the_kind_of_its_shape(name: str, kind: str) -> None:
    assert find(name) == Property(path=(name,), kind=kind)


def test_a_dot_leads_into_a_structure() -> None:
    assert find("Place.Room") == Property(path=("Place", "Room"), kind="text")


def test_a_name_goes_through_lists_without_saying_so() -> None:
    assert find("Books.Pages") == Property(path=("Books", Each(), "Pages"), kind="number")
    assert find("Books.Places.Room") == Property(
        path=("Books", Each(), "Places", Each(), "Room"), kind="text"
    )


def test_a_list_of_structures_is_itself_and_not_its_elements() -> None:
    assert find("Books.Places") == Property(path=("Books", Each(), "Places"), kind="structure")


def test_a_list_of_single_values_is_its_elements() -> None:
    assert find("Words") == Property(path=("Words", Each()), kind="text")
    assert find("Books.Words") == Property(path=("Books", Each(), "Words", Each()), kind="text")


@pytest.mark.parametrize("key", ["k", "a.b", "..", "", "Name", "\0'\"\\%$[0]", "東京"])
def test_all_that_follows_a_map_is_its_key(key: str) -> None:
    assert find(f"Labels.{key}") == Property(path=("Labels", Key(key)), kind="text")
    assert find(f"Books.Notes.{key}") == Property(
        path=("Books", Each(), "Notes", Key(key)), kind="text"
    )


def test_an_entry_of_a_map_of_structures_can_only_be_there() -> None:
    assert find("ByRoom.a.Room") == Property(path=("ByRoom", Key("a.Room")), kind="structure")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "name",
        "Unknown",
        "Name.",
        ".Name",
        "Name.Room",
        "Place.",
        "Place.Unknown",
        "Place..Room",
        "Words.0",
        "Books.0.Title",
        "Books.",
        "Shelf.Name",
        "Name\0",
        "Name'",
        '"Name"',
        "$.Name",
    ],
)
def test_what_the_record_does_not_have_is_no_property(name: str) -> None:
    assert find(name) is None


def test_all_names_of_single_values_are_told_in_order_and_no_keys() -> None:
    assert PROPERTIES.names("Shelf") == [
        "Books.Pages",
        "Books.Places.Room",
        "Books.Title",
        "Books.Words",
        "Count",
        "Full",
        "Made",
        "Name",
        "Place.Room",
        "Weight",
        "Words",
    ]


@pytest.mark.parametrize("resource", ["ModelPackage", "ModelPackageGroup"])
def test_every_name_of_awss_records_is_a_property_with_a_value(
    model: ServiceModel, resource: str
) -> None:
    properties = RecordProperties(model.shapes)
    names = properties.names(resource)
    found = {name: properties.find(resource, name) for name in names}
    assert {"CreationTime", "CreatedBy.IamIdentity.Arn", f"{resource}Arn"} <= found.keys()
    for name, each in found.items():
        assert each is not None, name
        assert each.kind in ("text", "number", "time", "flag"), name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ModelPackageVersion", "number"),
        ("CreationTime", "time"),
        ("LastModifiedTime", "time"),
        ("CertifyForMarketplace", "flag"),
        ("ModelLifeCycle.Stage", "text"),
        ("CustomerMetadataProperties.run.id", "text"),
        ("InferenceSpecification.Containers.Environment.LEVEL", "text"),
        ("InferenceSpecification.SupportedContentTypes", "text"),
        ("AdditionalInferenceSpecifications.Containers", "structure"),
        ("ModelMetrics", "structure"),
    ],
)
def test_awss_package_record_has_these_kinds(model: ServiceModel, name: str, kind: str) -> None:
    found = RecordProperties(model.shapes).find("ModelPackage", name)
    assert found is not None
    assert found.kind == kind


def test_a_package_record_tells_nothing_of_managed_storage(model: ServiceModel) -> None:
    assert RecordProperties(model.shapes).find("ModelPackage", "ManagedStorageType") is None
