"""JSON documents that travel as text inside a request: policies, the content of model cards."""

import json
from typing import Any


def parsed(text: str) -> Any:
    """The value of a JSON document.

    Errors: ValueError, it is no JSON, nests too deep to read, or spells half a character.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
        # `"\\ud800"` is half a surrogate pair: no message that quotes it could be sent.
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        message = "the document nests too deep"
        raise ValueError(message) from error
    return value


def _refuse(constant: str) -> Any:
    message = f"{constant} is no JSON"
    raise ValueError(message)
