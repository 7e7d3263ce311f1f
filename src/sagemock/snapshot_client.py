"""Snapshots of a server that runs, over HTTP, and the files they are kept in."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from sagemock.server_client import (
    NO_ANSWER,
    NoServerError,
    RefusedAnswerError,
    exchange,
    read_json,
)

PATH = "/_sagemock/snapshot"
# A registry of a hundred thousand versions takes half a minute.
_TIMEOUT_S = 600
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")

Counts = Mapping[str, int]


class RefusedSnapshotError(Exception):
    """The server did not take a snapshot, or give one; the message is its sentence."""


def fetch(url: str) -> tuple[bytes, Counts]:
    """A server's snapshot to the byte, and how many resources of each noun are in it.

    Errors: NoServerError, there is none; RefusedSnapshotError.
    """
    body, content = _exchange(url, "GET")
    if not isinstance(content, dict) or not {"accounts", "sagemock"} <= content.keys():
        raise NoServerError(NO_ANSWER.format(url=url, reason="that is no snapshot"))
    counts: dict[str, int] = {}
    for regions in content["accounts"].values():
        for place in regions.values():
            for noun, resources in place["resources"].items():
                counts[noun] = counts.get(noun, 0) + len(resources)
    return body, dict(sorted(counts.items()))


def load(url: str, snapshot: bytes) -> tuple[Counts, Counts]:
    """How many resources of each noun a server has loaded, and how many that replaced.

    Errors: NoServerError, there is none; RefusedSnapshotError, and nothing has changed.
    """
    _, content = _exchange(url, "PUT", snapshot)
    if not isinstance(content, dict) or content.keys() != {"loaded", "replaced"}:
        raise NoServerError(NO_ANSWER.format(url=url, reason="it does not say what was loaded"))
    return content["loaded"], content["replaced"]


def _exchange(url: str, method: str, sent: bytes | None = None) -> tuple[bytes, Any]:
    try:
        body = exchange(url, method, PATH, sent, {"Content-Type": "application/json"}, _TIMEOUT_S)
    except RefusedAnswerError as refused:
        if refused.message:
            raise RefusedSnapshotError(refused.message) from refused
        raise NoServerError(refused.unexplained) from refused
    return body, read_json(url, body)


def told(counts: Counts) -> str:
    """How much there is, in words: `1 model package group and 12 model packages`."""
    parts = [
        f"{count} {_WORD.sub(' ', noun).lower()}{'s' * (count != 1)}"
        for noun, count in sorted(counts.items(), reverse=True)
        if count
    ]
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:]))) or "nothing"


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole: whoever reads it meanwhile, and after a failure, finds what was there.

    Errors: OSError.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        # A pipe, a terminal: there is nothing to be put in its place.
        path.write_bytes(content)
        return
    with _beside(path) as (file, name):
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, name)
        file.close()
        name.replace(path)


@contextmanager
def _beside(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A new file in the folder of another; removed unless it has been moved."""
    name = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with name.open("xb") as file:
            yield file, name
    finally:
        with suppress(OSError):
            name.unlink()
