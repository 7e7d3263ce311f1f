"""What the tests of a promise have counted, added up for the end of the run."""

from collections import defaultdict


class Counts:
    """For each promise what was counted; of durations, whose names end in `_s`, the longest."""

    def __init__(self) -> None:
        self._promises: dict[str, dict[str, float]] = defaultdict(dict)

    def add(self, promise: str, **counted: float) -> None:
        counts = self._promises[promise]
        for what, count in counted.items():
            so_far = counts.get(what, 0)
            counts[what] = max(so_far, count) if what.endswith("_s") else so_far + count

    def lines(self) -> list[str]:
        """One line a promise, in the order of their numbers."""
        return [
            f"{promise}: {', '.join(_words(*count) for count in counts.items())}"
            for promise, counts in sorted(self._promises.items(), key=lambda one: _order(one[0]))
        ]


def _order(promise: str) -> tuple[str, int, str]:
    name = promise.split(maxsplit=1)[0]
    return name[0], int(name[1:]), promise


def _words(what: str, count: float) -> str:
    words = what.replace("_", " ")
    if what.endswith("_s"):
        return f"{words.removesuffix(' s')} {count:.1f} s"
    return f"{count:,} {words}".replace(",", " ")
