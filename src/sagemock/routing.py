"""Which variant gets a call: by weight, in turn, or by weight and the same in every run."""

import random
import threading
from collections.abc import Mapping

_SEED = 0
_MOST_REMEMBERED = 10_000


class Routing:
    """Chooses among weighted names; `round_robin` keeps to the weights as closely as can be."""

    def __init__(self, mode: str) -> None:
        self._in_turn = mode == "round_robin"
        self._random = random.Random(_SEED if mode == "seeded" else None)  # noqa: S311 - no secret
        self._owed: dict[str, dict[str, float]] = {}
        self._choosing = threading.Lock()

    def choose(self, whose: str, weights: Mapping[str, float]) -> str:
        """One of the names, each as often as its share of the weights; `whose` turns they are."""
        if len(weights) == 1:
            return next(iter(weights))
        with self._choosing:
            if self._in_turn:
                return self._next_in_turn(whose, weights)
            return self._random.choices(tuple(weights), tuple(weights.values()))[0]

    def _next_in_turn(self, whose: str, weights: Mapping[str, float]) -> str:
        """The name that is owed most; whoever is chosen owes the others their share."""
        if len(self._owed) > _MOST_REMEMBERED:
            self._owed.clear()
        before = self._owed.get(whose, {})
        owed = {name: before.get(name, 0.0) + weight for name, weight in weights.items()}
        chosen = max(owed, key=owed.__getitem__)
        owed[chosen] -= sum(weights.values())
        self._owed[whose] = owed
        return chosen
