"""Event-stream frames: byte for byte, and as botocore reads them."""

import json
import struct
import zlib
from typing import Any

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer

from sagemock.wire.event_stream import exception_frame, frame, part_frame


def read(*frames: bytes, at_once: int = 1_000_000) -> list[Any]:
    """The messages that botocore's parser finds, given so many bytes at once."""
    sent = b"".join(frames)
    buffer = EventStreamBuffer()
    found = []
    for start in range(0, len(sent), at_once):
        buffer.add_data(sent[start : start + at_once])
        found += list(buffer)
    return found


def test_a_frame_is_laid_out_as_the_reference_has_it() -> None:
    headers = b"\x02:a\x07\x00\x03one"
    prelude = struct.pack("!II", 4 * 4 + len(headers) + 4, len(headers))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + b"body"
    expected = message + struct.pack("!I", zlib.crc32(message))
    assert frame({":a": "one"}, b"body") == expected


def test_a_part_carries_its_bytes_as_they_are() -> None:
    (message,) = read(part_frame(b"\x00\xff{}"))
    assert message.payload == b"\x00\xff{}"
    assert message.headers == {
        ":message-type": "event",
        ":event-type": "PayloadPart",
        ":content-type": "application/octet-stream",
    }


def test_what_breaks_a_stream_off_is_an_exception_in_json() -> None:
    members = {"Message": "caf\u00e9 broke", "ErrorCode": "StreamBroken"}
    (message,) = read(exception_frame("ModelStreamError", members))
    assert json.loads(message.payload) == members
    assert message.headers == {
        ":message-type": "exception",
        ":exception-type": "ModelStreamError",
        ":content-type": "application/json",
    }
    assert message.to_response_dict()["status_code"] == 400


@pytest.mark.parametrize("size", [0, 1, 255, 256, 65_536, 1_000_000])
def test_a_part_of_any_size_is_read_back(size: int) -> None:
    payload = bytes(number % 251 for number in range(size))
    (message,) = read(part_frame(payload))
    assert message.payload == payload


@pytest.mark.parametrize("at_once", [1, 7, 64])
def test_frames_in_a_row_are_told_apart_however_they_come(at_once: int) -> None:
    frames = [part_frame(b"one"), part_frame(b""), exception_frame("ModelStreamError", {})]
    messages = read(*frames, at_once=at_once)
    assert [message.payload for message in messages] == [b"one", b"", b"{}"]


@pytest.mark.parametrize("position", [0, 5, 9, 13, -5, -1])
def test_a_frame_that_was_damaged_is_noticed(position: int) -> None:
    damaged = bytearray(part_frame(b"payload"))
    damaged[position] ^= 1
    with pytest.raises(ChecksumMismatch):
        read(bytes(damaged))
