"""What a value of an event may be, as the matchers of an event pattern say it.

A value is a string, a number, true, false or null; a matcher stands for a set of them, such as
{"prefix": "arn:"}. Which field it is a value of is the business of the pattern.
Source: EventBridge's user guide, "Comparison operators for use in event patterns", and the
library that AWS matches with, github.com/aws/event-ruler. Reasons are in AWS's words.
"""

import ipaddress
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

REFUSED = "Event pattern is not valid. Reason: "
"""How EventBridge's own refusals begin."""

MOST_WILDCARDS = 5
"""EventBridge bounds how complex a wildcard is and tells no number; its example of one that is
too complex has six. Our choice."""
MOST_NUMBER = 5_000_000_000

Test = Callable[[Any], bool]
"""Whether a value is one that is wanted."""


class EventPatternError(ValueError):
    """A pattern that EventBridge would refuse; the message is a sentence: why, and where."""


def refuse(reason: str, path: str = "", fix: str = "") -> NoReturn:
    """Raise an EventPatternError: why, at which field, and what to write."""
    where = f" at {path}" if path else ""
    raise EventPatternError(f"{REFUSED}{reason}{where}.{' ' if fix else ''}{fix}")


def only(matcher: dict[str, Any], path: str, none: str) -> tuple[str, Any]:
    """The one name in a matcher and what stands under it.

    Errors: EventPatternError, it has several, or for the reason `none` no name.
    """
    if not matcher:
        refuse(none, path)
    if len(matcher) > 1:
        refuse("Only one key allowed in match expression", path, "Write an object for each.")
    return next(iter(matcher.items()))


def exact(values: list[Any], path: str) -> list[Test]:
    """Tests for values as they are: 300 is 300.0, but true is not 1, and null is not "".

    Errors: EventPatternError, one is no value.
    """
    strings, numbers, constants = set(), set(), set()
    for value in values:
        if isinstance(value, str):
            strings.add(value)
        elif _is_number(value) and abs(value) < math.inf:
            numbers.add(value)
        elif value is None or isinstance(value, bool):
            constants.add(value)
        else:
            refuse("Match value must be String, number, true, false, or null", path)
    tests: list[Test] = []
    if strings:
        tests.append(lambda value: isinstance(value, str) and value in strings)
    if numbers:
        tests.append(lambda value: _is_number(value) and value in numbers)
    if constants:
        tests.append(
            lambda value: (value is None or isinstance(value, bool)) and value in constants
        )
    # One address has several spellings; event-ruler takes them for the same value.
    addresses = {address for each in strings if (address := _address(each))}
    if addresses:
        tests.append(lambda value: isinstance(value, str) and _address(value) in addresses)
    return tests


def anything(_value: Any) -> bool:
    """The test that every value passes."""
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(operand: Any, path: str, name: str) -> str:
    if not isinstance(operand, str):
        refuse(f"{name} match pattern must be a string", path)
    return operand


def _of_text(test: Callable[[str], bool]) -> Test:
    return lambda value: isinstance(value, str) and test(value)


def _folded(text: str) -> str:
    """Without its case, letter by letter: what a letter becomes must not hang on its neighbours."""
    return text.lower() if text.isascii() else "".join(map(str.lower, text))


def _exactly(operand: Any, path: str) -> Test:
    wanted = _text(operand, path, "exact")
    return _of_text(lambda value: value == wanted)


def _prefix(operand: Any, path: str) -> Test:
    if isinstance(operand, dict):
        folded = _folded(_inside_affix(operand, path, "prefix"))
        return _of_text(lambda value: _folded(value).startswith(folded))
    wanted = _text(operand, path, "prefix")
    return _of_text(lambda value: value.startswith(wanted))


def _suffix(operand: Any, path: str) -> Test:
    if isinstance(operand, dict):
        folded = _folded(_inside_affix(operand, path, "suffix"))
        return _of_text(lambda value: _folded(value).endswith(folded))
    wanted = _text(operand, path, "suffix")
    return _of_text(lambda value: value.endswith(wanted))


def _inside_affix(operand: dict[str, Any], path: str, name: str) -> str:
    inner, text = only(operand, path, f"{name.capitalize()} expression name not found")
    if inner != "equals-ignore-case":
        refuse(f"Unsupported {name} pattern: {inner}", path)
    return _text(text, path, inner)


def _equals_ignore_case(operand: Any, path: str) -> Test:
    folded = _folded(_text(operand, path, "equals-ignore-case"))
    return _of_text(lambda value: _folded(value) == folded)


def _wildcard(operand: Any, path: str) -> Test:
    first, *others = _literals(_text(operand, path, "wildcard"), path)
    if not others:
        return _of_text(lambda value: value == first)
    *between, last = others

    def test(value: str) -> bool:
        position, end = len(first), len(value) - len(last)
        if position > end or not (value.startswith(first) and value.endswith(last)):
            return False
        # Each literal at the first place it is found: a later one leaves less for the others.
        for literal in between:
            found = value.find(literal, position, end)
            if found < 0:
                return False
            position = found + len(literal)
        return True

    return _of_text(test)


def _literals(wildcard: str, path: str) -> list[str]:
    r"""What stands between the `*` of a wildcard, `\*` and `\\` read as the signs they mean."""
    literals = [""]
    for found in re.finditer(r"\\?[\\*]|[^\\*]+", wildcard):
        sign, at = found.group(), found.start()
        # EventBridge counts bytes, and the quote before the text.
        position = 1 + len(wildcard[:at].encode(errors="surrogatepass"))
        if sign == "*" and wildcard[at + 1 : at + 2] == "*":
            refuse(f"Consecutive wildcard characters at pos {position}", path)
        if sign == "\\":
            refuse(f"Invalid escape character at pos {position}", path, r"Write \\ for \.")
        if sign == "*":
            literals.append("")
        else:
            literals[-1] += sign[1:] if sign in (r"\*", r"\\") else sign
    if len(literals) > MOST_WILDCARDS + 1:
        reason = "Rule is too complex - try using fewer wildcard characters or fewer repeating "
        refuse(f"{reason}character sequences after a wildcard character", path)
    return literals


def _anything_but(operand: Any, path: str) -> Test:
    if isinstance(operand, dict):
        return _anything_but_texts(operand, path)
    values = _listed(operand, path)
    if not all(_is_number(each) or isinstance(each, str) for each in values):
        refuse("Inside anything but list, start|null|boolean is not supported", path)
    if len({isinstance(each, str) for each in values}) != 1:
        reason = "Inside anything but list, either all values are number or string, "
        refuse(f"{reason}mixed type is not supported", path)
    listed = frozenset(each if isinstance(each, str) else _limited(each, path) for each in values)
    return lambda value: isinstance(value, bool) or value not in listed


def _anything_but_texts(operand: dict[str, Any], path: str) -> Test:
    name, inner = only(operand, path, "Anything-But expression name not found")
    if name not in _MADE_OF_TEXT:
        refuse(f"Unsupported anything-but pattern: {name}", path)
    values = _listed(inner, path)
    if not values:
        refuse("Empty arrays are not allowed", path)
    make, reason = _MADE_OF_TEXT[name]
    if not all(isinstance(each, str) for each in values):
        refuse(reason, path)
    if name in ("prefix", "suffix") and "" in values:
        refuse("Null prefix/suffix not allowed", path)
    unwanted = [make(each, path) for each in values]
    return lambda value: not any(test(value) for test in unwanted)


def _listed(operand: Any, path: str) -> list[Any]:
    if isinstance(operand, list):
        return operand
    if not (isinstance(operand, str) or _is_number(operand)):
        refuse("Value of anything-but must be an array or single string/number value", path)
    return [operand]


def _limited(number: float, path: str) -> float:
    if not -MOST_NUMBER <= number <= MOST_NUMBER:
        refuse("Value must be between -5.0E9 and 5.0E9, inclusive", path)
    return number


_COMPARED: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, limit: value == limit,
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}


def _numeric(operand: Any, path: str) -> Test:
    if not isinstance(operand, list):
        refuse("Value of numeric must be an array", path, 'Write it like [">", 0, "<=", 5].')
    compare, limit = _comparison(
        operand[:2], "Unrecognized numeric range operator", _COMPARED, path
    )
    if len(operand) <= 2:  # noqa: PLR2004 - an operator and its number
        return lambda value: _is_comparable(value) and compare(value, limit)
    if operand[0] not in (">", ">="):
        refuse("Too many elements in numeric expression", path, "A range begins with > or >=.")
    below, top = _comparison(operand[2:4], "Bad numeric range operator", ("<", "<="), path)
    if len(operand) > 4:  # noqa: PLR2004 - two operators and their numbers
        refuse("Too many terms in numeric range expression", path)
    if limit >= top:
        refuse("Bottom must be less than top", path)
    return lambda value: _is_comparable(value) and compare(value, limit) and below(value, top)


def _comparison(
    terms: list[Any], unknown: str, known: Sequence[str] | Mapping[str, Any], path: str
) -> tuple[Callable[[float, float], bool], float]:
    operator = terms[0] if terms else None
    if not isinstance(operator, str):
        refuse(f"Invalid member in numeric match: {json.dumps(operator, default=str)}", path)
    if operator not in known:
        refuse(f"{unknown}: {operator}", path)
    if len(terms) == 1 or not _is_number(terms[1]):
        refuse(f"Value of {'equals' if operator == '=' else operator} must be numeric", path)
    return _COMPARED[operator], _limited(terms[1], path)


def _is_comparable(value: Any) -> bool:
    """Whether it is a number of the range that EventBridge compares in."""
    return _is_number(value) and -MOST_NUMBER <= value <= MOST_NUMBER


def _cidr(operand: Any, path: str) -> Test:
    # AWS's refusal speaks of a prefix here, too.
    address, slash, bits = _text(operand, path, "prefix").partition("/")
    if not slash or "/" in bits:
        refuse("Malformed CIDR, one '/' required", path)
    if not re.fullmatch("-?[0-9]{1,9}", bits):
        refuse("Malformed CIDR, mask bits must be an integer", path)
    if bits.startswith("-"):
        refuse("Malformed CIDR, mask bits must not be negative", path)
    base = _address(address)
    if base is None:
        refuse(f"Nonstandard IP address: {address}", path)
    if int(bits) >= base.max_prefixlen:
        refuse(f"IPv{base.version} mask bits must be < {base.max_prefixlen}", path)
    network = ipaddress.ip_network(f"{base}/{int(bits)}", strict=False)

    def test(value: str) -> bool:
        found = _address(value)
        return found is not None and found in network

    return _of_text(test)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        # A scope is no part of an address that is sent.
        return None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        return None


_Maker = Callable[[Any, str], Test]
_AFFIX = "prefix/suffix match pattern must be a string"
_MADE_OF_TEXT: Mapping[str, tuple[_Maker, str]] = {
    "prefix": (_prefix, _AFFIX),
    "suffix": (_suffix, _AFFIX),
    "equals-ignore-case": (
        _equals_ignore_case,
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported",
    ),
    "wildcard": (_wildcard, "wildcard match pattern must be a string"),
}
"""What anything-but can stand before, and why it is refused with something that is no text."""

MATCHERS: Mapping[str, _Maker] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _equals_ignore_case,
    "exactly": _exactly,
    "numeric": _numeric,
    "prefix": _prefix,
    "suffix": _suffix,
    "wildcard": _wildcard,
}
"""What makes the test of each matcher, of what stands under its name and the path of the field.

Errors: EventPatternError. Not here is `exists`, which is about the field, not its value.
"""
