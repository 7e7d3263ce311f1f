r"""Java's regular expressions, as the service model writes them, in Python.

AWS matches the whole value: use `fullmatch`. What differs between the two dialects is translated
token by token (wire-protocol 4): the dot, the ASCII classes \d \w \s \p{Alnum} \p{ASCII} and
\p{Print}, the end \z, a quantified end anchor, and surrogate ranges.
"""

import re
import time
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

# A pattern is run on a value longer than a shape's `max` too, for both breaks are reported; what
# takes longer than this to match does not match.
_TIMEOUT_S = 0.1
_LONG_VALUE = 1024
_TURNS = 20
"""How often a thread tries again that had no time of a processor to match in."""

_LINE_ENDS = r"\n\r\u0085\u2028\u2029"
_SPACE = r" \t\n\x0b\f\r"

# Java's predefined classes are ASCII. Each with its form inside [...] and, where it cannot simply
# be wrapped in brackets, its complement spelled out: sets do not nest in `regex`'s default mode.
_CLASSES = {
    "d": "0-9",
    "w": "a-zA-Z0-9_",
    "s": _SPACE,
    "D": r"\x00-/:-\U0010FFFF",
    "W": r"\x00-/:-@\[-\^`\{-\U0010FFFF",
    "S": r"\x00-\x08\x0e-\x1f!-\U0010FFFF",
}
_PROPERTIES = {
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{ASCII}": r"\x00-\x7f",
    r"\p{Print}": " -~",
}

# Java pairs surrogates into characters; Python's strings hold the characters themselves.
_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
_ASTRAL = r"\U00010000-\U0010FFFF"

_TOKEN = re.compile(
    r"""
      (?P<property> \\[pP]\{\w+\} )
    | (?P<escape> \\(?:u[0-9a-fA-F]{4}|.) )
    | (?P<anchor> \$\{\d+(?:,\d*)?\} )
    | (?P<open> \[\^? )
    | (?P<close> \] )
    | (?P<dot> \. )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)


# What the properties hold of ASCII.
_ASCII_PROPERTIES = {
    r"\p{L}": "a-zA-Z",
    r"\p{M}": "",
    r"\p{N}": "0-9",
    r"\p{P}": r"!-#%-*,-/:;?@\[-\]_{}",
    r"\p{S}": r"$+<->\^`|~",
    r"\p{Z}": " ",
}


class JavaPattern:
    """An expression of the model, compiled when the first value is held against it.

    A request has few of the members that it could have, and most texts are ASCII.
    """

    def __init__(self, java: str) -> None:
        self._java = java

    def matches(self, value: str) -> bool:
        """Whether it takes the whole value."""
        if len(value) > _LONG_VALUE:
            return self._matches_in_time(value)
        pattern = self._quick if value.isascii() else self._thorough
        return pattern.fullmatch(value) is not None

    def _matches_in_time(self, value: str) -> bool:
        import regex  # noqa: PLC0415 - few values need it, and it is slow to import

        # The time that this thread has had counts, not what it waited for its turn among others.
        end_s = time.thread_time() + _TIMEOUT_S
        for _ in range(_TURNS):
            try:
                return regex.fullmatch(self._expression, value, timeout=_TIMEOUT_S) is not None
            except TimeoutError:
                if time.thread_time() >= end_s:
                    break
        return False

    @cached_property
    def _expression(self) -> str:
        return translate(self._java)

    # `re` is three times as fast, but knows no Unicode classes and cannot be stopped.

    @cached_property
    def _quick(self) -> "re.Pattern[str] | regex.Pattern[str]":
        return _compiled(for_ascii(self._expression))

    @cached_property
    def _thorough(self) -> "re.Pattern[str] | regex.Pattern[str]":
        return _compiled(self._expression)


def _compiled(expression: str) -> "re.Pattern[str] | regex.Pattern[str]":
    if r"\p" not in expression.lower():
        return re.compile(expression)
    import regex  # noqa: PLC0415 - few values need it, and it is slow to import

    return regex.compile(expression)


def for_ascii(translated: str) -> str:
    """An expression that does the same to ASCII texts, and that `re` can mostly read."""
    for name, members in _ASCII_PROPERTIES.items():
        translated = translated.replace(name, members)
    return translated


def translate(java: str) -> str:
    """The same expression in the dialect of `regex`."""
    python: list[str] = []
    inside = False
    for token in _TOKEN.finditer(java.replace(_SURROGATES, _ASTRAL)):
        text = token.group()
        kind = token.lastgroup
        if kind == "open" and not inside:
            inside = True
        elif kind == "close":
            inside = False
        python.append(_translated(kind, text, inside=inside))
    return "".join(python)


def _translated(kind: str | None, text: str, *, inside: bool) -> str:
    if kind == "property" and text in _PROPERTIES:
        return _as_class(_PROPERTIES[text], inside=inside)
    if kind == "escape" and text[1:] in _CLASSES:
        return _as_class(_CLASSES[text[1:]], inside=inside)
    if text == r"\z":
        return r"\Z"
    if kind == "dot" and not inside:
        return f"[^{_LINE_ENDS}]"
    if kind == "anchor":
        # Java reads `${1,128}` as an end anchor, repeated: it matches nothing more. The length
        # that was meant is in the shape's min and max.
        return text if inside else ""
    return text


def _as_class(members: str, *, inside: bool) -> str:
    return members if inside else f"[{members}]"
