"""In which order resources were added, kept in a file that is sorted by their names.

Lists break the ties of a clock by it. Nearly always times and names tell it; where they do not, as
under a clock that stands still or was turned back, a resource says which it was, from 1: `added`.
"""

from collections.abc import Iterable, Iterator, Sequence

from sagemock.contents import Stored


def with_places(resources: Sequence[Stored]) -> Iterator[tuple[Stored, int | None]]:
    """Resources of one kind by name and number, each with which it was where nothing else tells.

    They are given in the order in which they were added.
    """
    told = sorted(resources, key=_by_time)
    places = {
        stored[:5]: place
        for place, (stored, otherwise) in enumerate(zip(resources, told, strict=True), start=1)
        if stored is not otherwise
    }
    for stored in sorted(resources, key=_by_name):
        yield stored, places.get(stored[:5])


def in_order(resources: Iterable[tuple[Stored, int | None]]) -> list[Stored]:
    """The same resources in the order in which they were added, whatever order they come in."""
    given = list(resources)
    ordered = sorted((stored for stored, added in given if added is None), key=_by_time)
    placed = [(added, stored) for stored, added in given if added is not None]
    # From the first place on: what stands before each is then complete.
    for added, stored in sorted(placed, key=lambda each: (each[0], _by_time(each[1]))):
        ordered.insert(int(added) - 1, stored)
    return ordered


def _by_time(stored: Stored) -> tuple[int, str, int]:
    return stored.created_ms, stored.name, stored.number


def _by_name(stored: Stored) -> tuple[str, int]:
    return stored.name, stored.number
