"""What is done to a good request: members changed in their place, and bytes after that.

Each mutation takes its choices from the generator it is given, so that a seed says all.
"""

import base64
import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hostile.values import ODD_STRINGS, dumped, odd_value, raw
from sagemock.api.service_model import Shape

_DOCUMENTS = ("ModelCardContent", "ResourcePolicy")
_LARGEST = 200_000


@dataclass(frozen=True)
class Place:
    """Where a value lies in a request, and the name of its shape; empty for what has none."""

    holder: Any
    key: Any
    shape: str

    @property
    def value(self) -> Any:
        return self.holder[self.key]

    def put(self, value: Any) -> None:
        self.holder[self.key] = value


def places(value: Any, shape_name: str, shapes: Mapping[str, Shape]) -> Iterator[Place]:
    """Every place in a value of this shape, outer ones first."""
    shape = shapes[shape_name]
    kind = shape["type"]
    inner: list[Place] = []
    if kind == "structure" and isinstance(value, dict):
        members = shape["members"]
        inner = [Place(value, key, members[key]["shape"]) for key in value if key in members]
    elif kind == "map" and isinstance(value, dict):
        inner = [Place(value, key, shape["value"]["shape"]) for key in value]
    elif kind == "list" and isinstance(value, list):
        inner = [Place(value, index, shape["member"]["shape"]) for index in range(len(value))]
    yield from inner
    for place in inner:
        yield from places(place.value, place.shape, shapes)


class Mutations:
    """Changes to requests of one service's shapes."""

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self._shapes = shapes

    def change(self, draw: random.Random, request: Any, shape_name: str) -> str:
        """Change one thing in a request, in place; says which and how."""
        found = list(places(request, shape_name, self._shapes))
        if not found or draw.random() < 0.05:
            key = draw.choice(["Unknown", "", "__type", "modelPackageName", "x" * 5000, "\ud800"])
            request[key] = odd_value(draw)
            return "unknown member"
        place = draw.choice(found)
        change = draw.choice(_CHANGES)
        before = place.key
        if place.key in _DOCUMENTS and draw.random() < 0.8:
            change = _in_document
        elif place.key == "NextToken" and draw.random() < 0.8:
            change = _in_token
        change(draw, place, self._shapes[place.shape])
        return f"{change.__name__.strip('_')} at {before!r}"


Change = Callable[[random.Random, Place, Shape], None]


def _wrong_type(draw: random.Random, place: Place, _: Shape) -> None:
    place.put(odd_value(draw))


def _raw_json(draw: random.Random, place: Place, _: Shape) -> None:
    place.put(raw(draw))


def _odd_string(draw: random.Random, place: Place, _: Shape) -> None:
    odd = draw.choice(ODD_STRINGS)
    if isinstance(place.value, str) and draw.random() < 0.5:
        odd = draw.choice([place.value + odd, odd + place.value, place.value.replace("a", odd)])
    place.put(odd[: _LARGEST if len(odd) < 2_000_000 else None])


def _gone(_: random.Random, place: Place, __: Shape) -> None:
    del place.holder[place.key]


def _null(_: random.Random, place: Place, __: Shape) -> None:
    place.put(None)


def _renamed(draw: random.Random, place: Place, _: Shape) -> None:
    if isinstance(place.holder, dict):
        value = place.holder.pop(place.key)
        odd = draw.choice(ODD_STRINGS)[:5000]
        place.holder[draw.choice([place.key.lower(), place.key + " ", odd])] = value


def _wrapped(draw: random.Random, place: Place, _: Shape) -> None:
    place.put([place.value] if draw.random() < 0.5 else {"value": place.value})


def _at_a_bound(draw: random.Random, place: Place, shape: Shape) -> None:
    """A length or value at, just beside, or far beyond what the shape allows."""
    bound = draw.choice([shape.get("min", 0), shape.get("max", 1000)])
    size = draw.choice([bound, bound + 1, bound - 1, 10 * bound])
    value = place.value
    if isinstance(value, str):
        place.put((value or "a")[:1] * min(size, _LARGEST))
    elif isinstance(value, list):
        place.put((value or ["a"])[:1] * min(size, 5000))
    elif isinstance(value, dict):
        filler = next(iter(value.values()), "v")
        place.put(value | {f"key{number}": filler for number in range(min(size, 5000))})
    else:
        place.put(size)


def _another_case(_: random.Random, place: Place, __: Shape) -> None:
    if isinstance(place.value, str):
        place.put(place.value.swapcase())


def _in_document(draw: random.Random, place: Place, _: Shape) -> None:
    """A change inside JSON that travels as a string, or to its text."""
    root = [_read(place.value)]
    holders = [each for each in _containers(root) if each]
    holder = draw.choice(holders)
    key = draw.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    holder[key] = odd_value(draw) if draw.random() < 0.7 else draw.choice(ODD_STRINGS)
    text = dumped(root[0], escaped=draw.random() < 0.7)
    if draw.random() < 0.2:
        text = draw.choice(
            [text[:-1], f"\ufeff{text}", text * 2, f"{text}x", text.replace('"', "'")]
        )
    place.put(text)


def _read(text: Any) -> Any:
    """The value of a JSON text; an empty object when an earlier change has made it none."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {}


def _containers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        yield value
        for each in list(value.values()) if isinstance(value, dict) else value:
            yield from _containers(each)


def _in_token(draw: random.Random, place: Place, _: Shape) -> None:
    """A NextToken broken, or one that says something else under a checksum that is right."""
    token = place.value if isinstance(place.value, str) else ""
    at = draw.randrange(len(token) + 1)
    broken = [token[:at], token + "=", token[at:] + token[:at], token + token, token.swapcase()]
    parts = opened_token(token)
    if draw.random() < 0.3 or not parts:
        place.put(draw.choice([*broken, "=", "AAAA", "bm9uZQ==", f"{token}\ud800", f"{token}é"]))
        return
    odd = odd_value(draw) if draw.random() < 0.7 else draw.choice(ODD_STRINGS)
    parts[draw.randrange(len(parts))] = odd
    if draw.random() < 0.1:
        parts.append(odd)
    place.put(sealed_token(dumped(parts).encode()))


def opened_token(token: str) -> list[Any]:
    """What a NextToken of a list says; nothing when an earlier change has broken it."""
    try:
        said = _read(base64.urlsafe_b64decode(token)[4:])
    except ValueError:
        return []
    return said if isinstance(said, list) else []


def sealed_token(place: bytes) -> str:
    """A token that says this, with the checksum it must have."""
    check = zlib.crc32(place).to_bytes(4, "big")
    return base64.urlsafe_b64encode(check + place).decode()


_CHANGES: tuple[Change, ...] = (
    *(_wrong_type, _wrong_type, _raw_json, _raw_json, _odd_string, _odd_string, _odd_string),
    *(_gone, _null, _renamed, _wrapped, _at_a_bound, _at_a_bound, _at_a_bound, _another_case),
)


def broken_bytes(draw: random.Random, body: bytes) -> tuple[bytes, str]:
    """A body that is no longer what was meant, often no JSON; and how it was broken."""
    name = draw.choice(list(_BREAKS))
    return _BREAKS[name](draw, body), name


def _flipped(draw: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(draw.randint(1, 4)):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def _put_in(draw: random.Random, body: bytes) -> bytes:
    at = draw.randrange(len(body) + 1)
    pieces = [
        b"\x00",
        b"\xff",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"\n",
    ]
    pieces += [
        b'"',
        b"{",
        b"}",
        b"[",
        b",",
        b":",
        b"\\",
        b"NaN",
        b"/*x*/",
        b"\xef\xbb\xbf",
        b"\x85",
    ]
    return body[:at] + draw.choice(pieces) + body[at:]


def _twice_a_key(draw: random.Random, body: bytes) -> bytes:
    key = draw.choice([b"NextToken", b"ModelPackageName", b"Unknown", b"\\u0041"])
    return b'{"%b":1,"%b":2,' % (key, key) + body[1:]


_BREAKS: Mapping[str, Callable[[random.Random, bytes], bytes]] = {
    "cut short": lambda draw, body: body[: draw.randrange(len(body))],
    "bytes flipped": _flipped,
    "bytes put in": _put_in,
    "a key twice": _twice_a_key,
    "a byte order mark": lambda _, body: b"\xef\xbb\xbf" + body,
    "UTF-16": lambda _, body: body.decode("latin-1").encode("utf-16"),
    "UTF-16 without a mark": lambda _, body: body.decode("latin-1").encode("utf-16-be"),
    "UTF-32": lambda _, body: body.decode("latin-1").encode("utf-32"),
    "twice": lambda _, body: body + body,
    "twice, with a line between": lambda _, body: body + b"\n" + body,
    "something after": lambda draw, body: (
        body + draw.choice([b"x", b"\x00", b"]", b"}", b"//", b","])
    ),
    "single quotes": lambda _, body: body.replace(b'"', b"'"),
    "in a list": lambda _, body: b"[" + body + b"]",
    "as a string": lambda _, body: json.dumps(body.decode("latin-1")).encode(),
    "gzip": lambda _, body: gzip.compress(body, mtime=0),
    "a form": lambda _, body: b"Action=ListTags&Body=" + body,
    "XML": lambda _, __: b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "no bytes": lambda _, __: b"",
    "blanks": lambda draw, _: draw.choice([b" ", b"\r\n", b"\t" * 5000, b"\x00" * 5000]),
    "noise": lambda draw, _: draw.randbytes(draw.randint(1, 3000)),
    "only brackets": lambda draw, _: (
        draw.choice([b"[", b"{", b'{"a":']) * draw.choice([1, 300, 70_000])
    ),
    "another value": lambda draw, _: draw.choice(
        [b"null", b"0", b'""', b"[]", b"true", b"-", b"1e9"]
    ),
}
