"""Words of enums in values: found wherever they stand, and nothing else is looked at."""

from collections.abc import Iterator
from typing import Any

import pytest
from small_shapes import Shape, list_of, map_of, number, shapes_of, structure, text

from sagemock.api.service_model import ServiceModel
from sagemock.api.words import UnknownWord, Words

COLOR = text(enum=["red", "green"])
KNOWN = ("red", "green")
NOUNS = ("ModelPackageGroup", "ModelPackage", "Model", "EndpointConfig", "Endpoint")
WRONG = "no word of AWS"


def unknown(shape: Shape, value: Any) -> UnknownWord | None:
    return Words(shapes_of(shape)).unknown("Input", value)


@pytest.mark.parametrize(
    ("shape", "value", "place"),
    [
        (COLOR, "blue", ()),
        (structure(A=text(), B=COLOR), {"A": "blue", "B": "blue"}, ("B",)),
        (list_of(COLOR), ["red", "blue"], (1,)),
        (list_of(structure(A=COLOR)), [{}, {"A": None}, {"A": "blue"}], (2, "A")),
        (map_of(text(), COLOR), {"a": "red", "b": "blue"}, ("b",)),
        (map_of(COLOR, text()), {"red": "x", "blue": "y"}, ("blue",)),
        (map_of(COLOR, list_of(COLOR)), {"red": ["green", "blue"]}, ("red", 1)),
        (map_of(COLOR, list_of(COLOR)), {"red": [], "blue": []}, ("blue",)),
    ],
)
def test_the_first_unknown_word_is_found_where_it_stands(
    shape: Shape, value: Any, place: tuple[str | int, ...]
) -> None:
    assert unknown(shape, value) == UnknownWord(place, "blue", KNOWN)


def test_known_words_and_what_breaks_other_constraints_are_no_matter() -> None:
    shape = structure(
        A=COLOR,
        B=text(pattern="x", max=1),
        C=number(max=1),
        D=map_of(COLOR, COLOR),
        E=list_of(COLOR),
    )
    value = {"A": "red", "B": "yyy", "C": 7, "D": {"red": "green"}, "E": ["green"], "F": "blue"}
    assert unknown(shape, value) is None


def test_a_shape_that_holds_itself_is_looked_through() -> None:
    shapes = {
        "Tree": {"type": "structure", "members": {"c": {"shape": "C"}, "t": {"shape": "Trees"}}},
        "Trees": {"type": "list", "member": {"shape": "Tree"}},
        "C": COLOR,
    }
    words = Words(shapes)
    tree = {"t": [{"c": "red"}, {"t": [{"c": "blue"}]}]}
    assert words.unknown("Tree", tree) == UnknownWord(("t", 1, "t", 0, "c"), "blue", KNOWN)
    assert words.unknown("Tree", {"t": [{"c": "red", "t": []}]}) is None


def with_each_word_wrong(
    model: ServiceModel, shape_name: str, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """A value for each enum in a shape, which holds no more than a wrong word, and its place."""
    shape: Any = model.shapes[shape_name]
    if shape_name in above:
        return
    above = (*above, shape_name)
    match shape["type"]:
        case "structure":
            for name, member in shape["members"].items():
                for place, value in with_each_word_wrong(model, member["shape"], above):
                    yield (name, *place), {name: value}
        case "list":
            for place, value in with_each_word_wrong(model, shape["member"]["shape"], above):
                yield (0, *place), [value]
        case "map":
            for place, value in with_each_word_wrong(model, shape["value"]["shape"], above):
                yield ("key", *place), {"key": value}
        case "string" if "enum" in shape:
            yield (), WRONG


@pytest.mark.parametrize("noun", NOUNS)
def test_every_enum_of_what_describe_answers_is_looked_at(noun: str, model: ServiceModel) -> None:
    operation = model.operation(f"Describe{noun}")
    assert operation is not None
    assert operation.output is not None
    words = Words(model.shapes)
    wrong = list(with_each_word_wrong(model, operation.output))
    assert wrong
    for place, value in wrong:
        found = words.unknown(operation.output, value)
        assert found is not None
        assert (found.place, found.word) == (place, WRONG)
