"""Where fresh identifiers come from: by chance, or from a seed and so the same in every run."""

import random
import uuid
from typing import Protocol

from sagemock.ports import Ids


class ServerIds(Ids, Protocol):
    """The identifiers of a server, which can begin anew."""

    def reset(self) -> None:
        """Be as at the start."""
        ...


class RandomIds:
    """Identifiers nobody can guess."""

    def request_id(self) -> str:
        """A lower-case UUID."""
        return str(uuid.uuid4())

    def reset(self) -> None:
        """Nothing: what is drawn by chance has no beginning to go back to."""


class SeededIds:
    """Identifiers that a seed foretells: the same ones in the same order, also after `reset`.

    They look like those nobody can guess. A seed is a number from 0 on.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - to be foretold is their purpose

    def request_id(self) -> str:
        """A lower-case UUID, of version 4 by its form."""
        # A single draw: threads cannot come between its parts.
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def reset(self) -> None:
        """Begin with the first one again."""
        self._random.seed(self._seed)
