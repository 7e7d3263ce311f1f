"""An answer that comes in pieces, and somebody who is to know when no more of them are wanted."""

from collections.abc import Callable, Iterator


class Pieces:
    """Pieces as they come; `ended` is called once, when they have ended or are let go."""

    def __init__(self, pieces: Iterator[bytes], ended: Callable[[], None]) -> None:
        self._pieces = pieces
        self._ended: Callable[[], None] | None = ended

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except BaseException:
            self.close()
            raise

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the rest."""
        let_go(self._pieces)
        ended, self._ended = self._ended, None
        if ended is not None:
            ended()


def let_go(pieces: Iterator[bytes]) -> None:
    """Close what can be closed of pieces that nobody wants."""
    close = getattr(pieces, "close", None)
    if close is not None:
        close()
