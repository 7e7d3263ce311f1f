"""Lifecycles: a move that the table has gives a change, any other is an error."""

import itertools

import pytest

from sagemock.lifecycle import Lifecycle
from sagemock.resources.endpoint import LIFECYCLE

DOOR = Lifecycle("DoorStatus", {"": ("Open",), "Open": ("Shut",), "Shut": ("Open", "Gone")})


def door(status: str) -> dict[str, str]:
    return {"DoorStatus": status, "Name": "front"}


def test_a_move_of_the_table_is_the_change_of_one_member() -> None:
    assert DOOR.to(None, "Open") == {"DoorStatus": "Open"}
    assert DOOR.to(door("Open"), "Shut") == {"DoorStatus": "Shut"}
    assert DOOR.to(door("Shut"), "Gone") == {"DoorStatus": "Gone"}


@pytest.mark.parametrize(
    ("before", "status"), [("Open", "Gone"), ("Gone", "Open"), ("Nowhere", "Open"), ("Open", "")]
)
def test_a_move_the_table_does_not_have_is_an_error_that_names_both(
    before: str, status: str
) -> None:
    with pytest.raises(ValueError, match=f"DoorStatus does not go from '{before}' to '{status}'"):
        DOOR.to(door(before), status)
    assert not DOOR.allows(door(before), status)


def test_something_new_begins_only_as_the_table_says() -> None:
    with pytest.raises(ValueError, match="from '' to 'Shut'"):
        DOOR.to(None, "Shut")


@pytest.mark.parametrize("status", ["Open", "Shut", "Gone"])
def test_to_stay_is_no_move(status: str) -> None:
    assert DOOR.to(door(status), status) == {"DoorStatus": status}


def test_what_is_allowed_is_asked_without_moving() -> None:
    document = door("Open")
    assert DOOR.allows(document, "Shut")
    assert not DOOR.allows(document, "Gone")
    assert document == door("Open")


MOVES = {
    ("", "Creating"),
    ("Creating", "InService"),
    ("Creating", "Failed"),
    ("InService", "Updating"),
    ("InService", "SystemUpdating"),
    ("InService", "OutOfService"),
    ("InService", "Deleting"),
    ("Updating", "InService"),
    ("SystemUpdating", "InService"),
    ("SystemUpdating", "OutOfService"),
    ("OutOfService", "Updating"),
    ("OutOfService", "SystemUpdating"),
    ("OutOfService", "InService"),
    ("OutOfService", "Deleting"),
    ("Failed", "Deleting"),
}


def test_endpoints_move_as_the_reference_draws_them_and_no_otherwise() -> None:
    statuses = {status for move in MOVES for status in move}
    found = set()
    for before, after in itertools.permutations(sorted(statuses), 2):
        if LIFECYCLE.allows({"EndpointStatus": before}, after):
            found.add((before, after))
    assert found == MOVES
