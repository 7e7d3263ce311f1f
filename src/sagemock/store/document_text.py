"""Documents as the text they are stored as."""

from typing import Any

import orjson

from sagemock.ports import StorageFailed


def encoded(value: Any) -> str:
    """The text of a document."""
    return orjson.dumps(value).decode()


def decoded(text: str) -> Any:
    """A document as it was written.

    Errors: StorageFailed, it is none any more.
    """
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise StorageFailed("a stored document is damaged") from error
