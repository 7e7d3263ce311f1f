"""The words in which files are told what is wrong with them, by the JSON Schemas they break.

What a schema asks for is said by whoever owns it; here is what they all say alike.
"""

import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import lru_cache

_MOST_SHOWN = 80
_MOST_WORDS = 12

TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}
NO_VALUE = "; the lines that belong to it may want indenting"
IN_QUOTES = "; put it in quotes"


def said_of_type(printed: str, wanted: str | list[str]) -> str:
    """What is said where a value of another type must stand."""
    expected = [wanted] if isinstance(wanted, str) else wanted
    return f"{printed} stands where {' or '.join(TYPES[each] for each in expected)} must be"


def hint_at_type(value: object, wanted: str | list[str]) -> str:
    """How a value of another type came to stand there, most likely; empty if nobody knows."""
    if value is None:
        return NO_VALUE
    is_text_wanted = "string" in ([wanted] if isinstance(wanted, str) else wanted)
    return IN_QUOTES if is_text_wanted and isinstance(value, int | float) else ""


def said_of_word(printed: str, value: object, words: Sequence[str]) -> str:
    """What is said of a value that is none of some words; of many only a few are named."""
    meant = perhaps(value, words) if isinstance(value, str) else ""
    more = len(words) - _MOST_WORDS
    if meant and more > 0:
        return f"{printed} is not known{meant}"
    named = [*words[:_MOST_WORDS], f"{more} more"] if more > 0 else words
    return f"{printed} is not known{meant}; known are {listed(named)}"


def place_text(path: Iterable[str | int]) -> str:
    """A place in a document, as `rules[2].targets`; empty for the document itself."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.lstrip(".")


def perhaps(key: str, known: Iterable[str]) -> str:
    """A hint at the known word that is most like one nobody knows; empty if none is."""
    near = nearest(key, known)
    return f", perhaps {near} is meant" if near else ""


def nearest(key: str, known: Iterable[str]) -> str | None:
    """The known word that is most like one nobody knows; None if none is."""
    return _nearest(key, tuple(known))


# What is misspelled once is often misspelled a thousand times, and to compare words is slow.
@lru_cache(maxsize=256)
def _nearest(key: str, known: tuple[str, ...]) -> str | None:
    words = {each.lower(): each for each in known}
    near = get_close_matches(key.lower(), words, 1)
    return words[near[0]] if near else None


def listed(words: Iterable[str]) -> str:
    """The words with commas, and an `and` before the last; there must be one."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def shown(value: object) -> str:
    """A value as a message shows it: cut short where it is long."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return repr(value if len(value) <= _MOST_SHOWN else f"{value[:_MOST_SHOWN]}...")
    return "nothing" if value is None else json.dumps(value)
