"""Frames of application/vnd.amazon.eventstream: lengths, headers, payload, and two checksums.

Source: deploy reference 5.2; botocore's own parser reads what the tests send.
"""

import struct
import zlib
from collections.abc import Mapping

import orjson

_PRELUDE = struct.Struct("!II")
_CHECKSUM = struct.Struct("!I")
_TEXT = 7
"""The type of a header whose value is a text."""


def part_frame(payload: bytes) -> bytes:
    """A piece of a model's answer."""
    return frame(
        {
            ":message-type": "event",
            ":event-type": "PayloadPart",
            ":content-type": "application/octet-stream",
        },
        payload,
    )


def exception_frame(code: str, members: Mapping[str, object]) -> bytes:
    """What broke a stream off."""
    return frame(
        {
            ":message-type": "exception",
            ":exception-type": code,
            ":content-type": "application/json",
        },
        orjson.dumps(members),
    )


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message: its length and that of its headers, a checksum of both, and so on."""
    packed = b"".join(
        struct.pack("!B", len(name))
        + name.encode("ascii")
        + struct.pack("!BH", _TEXT, len(value))
        + value.encode("ascii")
        for name, value in headers.items()
    )
    overhead = _PRELUDE.size + 2 * _CHECKSUM.size
    prelude = _PRELUDE.pack(overhead + len(packed) + len(payload), len(packed))
    message = prelude + _CHECKSUM.pack(zlib.crc32(prelude)) + packed + payload
    return message + _CHECKSUM.pack(zlib.crc32(message))
