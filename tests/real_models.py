"""The models of fixtures/models: their archives, put where S3 is imitated, and their answers."""

import base64
import io
import json
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODELS = Path(__file__).parent.parent / "fixtures" / "models"
# What a client environment needs to train or to serve the models with libraries.
LIBRARIES = tuple((MODELS / "requirements.txt").read_text("utf-8").split())
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Exchange:
    """One request, and what the model answered when it was called directly.

    A good answer is what a parser reads from the body (CSV: rows). An `error` has the status and
    message of the worker's answer; a stream that `breaks` does so after its chunks.
    """

    content_type: str
    accept: str
    body: bytes
    answer: Any = None
    error: Mapping[str, Any] | None = None
    chunks: list[str] | None = None
    breaks: str | None = None
    custom_attributes: str | None = None
    answered_attributes: str | None = None

    def is_answered_by(self, content_type: str, body: bytes) -> bool:
        """Whether a body says what the model answered, in the format that was asked for."""
        asked_for = content_type.partition(";")[0] == self.accept
        return asked_for and near(read(self.accept, body), self.answer)


def exchanges(model: str) -> list[Exchange]:
    """The requests and answers of a model."""
    found = json.loads((MODELS / model / "expected.json").read_text("utf-8"))
    for each in found:
        encoded = each.pop("body_base64", None)
        each["body"] = base64.b64decode(encoded) if encoded else each["body"].encode()
    return [Exchange(**each) for each in found]


def archive(model: str, name: str = "model.tar.gz") -> Path:
    """Where an archive is committed; a side-loaded script is in `sourcedir.tar.gz`."""
    return MODELS / model / name


def put(model: str, buckets: Path, uri: str, name: str = "model.tar.gz") -> str:
    """The URI, under which an archive now lies: `s3://b/k` is `<buckets>/b/k`."""
    target = buckets / uri.removeprefix("s3://")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(archive(model, name), target)
    return uri


def unpack(model: str, folder: Path, name: str = "model.tar.gz") -> None:
    """Write the files of an archive; `extractall` has its safe form from Python 3.11.4 only."""
    with tarfile.open(archive(model, name)) as packed:
        for member in packed:
            if (content := packed.extractfile(member)) is not None:
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())


def read(content_type: str, body: bytes) -> Any:
    """What a body says."""
    if content_type == "application/json":
        return json.loads(body)
    if content_type == "text/csv":
        return [[float(cell) for cell in line.split(",")] for line in body.decode().splitlines()]
    if content_type == "application/x-npy":
        import numpy as np  # noqa: PLC0415 - only this format needs it

        return np.load(io.BytesIO(body)).tolist()
    return body.decode()


def near(seen: Any, expected: Any) -> bool:
    """Whether two documents are the same but for the last digits of their numbers."""
    if isinstance(expected, dict):
        return (
            isinstance(seen, dict)
            and seen.keys() == expected.keys()
            and all(near(seen[name], expected[name]) for name in expected)
        )
    if isinstance(expected, list):
        return (
            isinstance(seen, list) and len(seen) == len(expected) and all(map(near, seen, expected))
        )
    if isinstance(expected, int | float):
        return isinstance(seen, int | float) and abs(seen - expected) <= TOLERANCE
    return bool(seen == expected)
