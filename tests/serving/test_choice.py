"""What serves a container, chosen by patterns for its group, model, endpoint or image."""

import pytest
from hosted import IMAGE, PACKAGE, container, fleet, variant

from sagemock.serving.choice import Chosen, chosen
from sagemock.settings import SELECTORS

UNVERSIONED = "arn:aws:sagemaker:us-east-1:123456789012:model-package/alone"


def choice(*choices: Chosen, package: str | None = PACKAGE) -> str | None:
    one = container(package=package)
    of = fleet(variant(one))
    return chosen(choices, of, of.variants[0], one)


@pytest.mark.parametrize(
    "selector",
    [
        "group:churn",
        "group:ch*",
        "group:*",
        "model:churn-model",
        "model:*-model",
        "endpoint:churn-end?oint",
        f"image:{IMAGE}",
        "image:*/churn:*",
        "image:registry.example/[a-d]*:1",
    ],
)
def test_a_selector_fits_the_whole_of_what_it_is_for(selector: str) -> None:
    assert choice((selector, "process")) == "process"


@pytest.mark.parametrize(
    "selector",
    [
        "group:churn/1",
        "group:chur",
        "group:Churn",
        "group:churn-model",
        "model:churn",
        "endpoint:churn",
        "endpoint:churn-model",
        "image:churn",
        "image:*:2",
    ],
)
def test_a_selector_that_fits_only_in_part_or_otherwise_chooses_nothing(selector: str) -> None:
    assert choice((selector, "process")) is None


def test_the_first_selector_that_fits_chooses() -> None:
    others = (("group:other", "a"), ("model:churn*", "b"), ("group:churn", "c"))
    assert choice(*others) == "b"
    assert choice(*others[::-1]) == "c"


def test_without_a_choice_there_is_none() -> None:
    assert choice() is None


def test_a_pattern_may_hold_colons() -> None:
    assert choice(("image:registry.example/churn:1", "canned")) == "canned"


def test_an_unversioned_package_is_chosen_by_its_own_name() -> None:
    assert choice(("group:alone", "process"), package=UNVERSIONED) == "process"


def test_a_container_of_no_package_has_no_group() -> None:
    assert choice(("group:?*", "process"), package=None) is None
    assert choice(("group:*", "process"), package=None) == "process"


@pytest.mark.parametrize("selector", SELECTORS)
def test_every_selector_can_fit(selector: str) -> None:
    assert choice((f"{selector}:*", "auto")) == "auto"
