"""What is derived from shapes: made when first asked for, once, by one thread."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lazily(Generic[T]):
    """Values by shape name.

    `make` may ask for other shapes, and for the one it makes: it then gets `stand_in` of it, which
    must not ask for the real value before it is used. Other threads see nothing half made.
    """

    def __init__(self, make: Callable[[str], T], stand_in: Callable[[str], T]) -> None:
        self._make = make
        self._stand_in = stand_in
        self._made: dict[str, T] = {}
        self._begun: set[str] = set()
        self._finished: dict[str, T] = {}
        self._lock = threading.RLock()

    def __getitem__(self, shape_name: str) -> T:
        if shape_name in self._made:
            return self._made[shape_name]
        with self._lock:
            if shape_name in self._made:
                return self._made[shape_name]
            if shape_name in self._finished:
                return self._finished[shape_name]
            if shape_name in self._begun:
                return self._stand_in(shape_name)
            outermost = not self._begun
            self._begun.add(shape_name)
            try:
                value = self._finished[shape_name] = self._make(shape_name)
            finally:
                self._begun.discard(shape_name)
            if outermost:
                # Only now does everything that stands for something else have it to stand for.
                self._made.update(self._finished)
                self._finished.clear()
            return value
