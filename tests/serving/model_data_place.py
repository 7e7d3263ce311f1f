"""A folder that stands for a bucket, and where model data is brought."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sagemock.serving.model_data import ModelDataError, ModelDataSources

REGION = "eu-west-1"


class Place:
    """A folder that stands for the bucket `mine`, and the sources that know it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self.bucket = folder / "buckets" / "mine"
        self.bucket.mkdir(parents=True)
        self.into = folder / "into"

    def put(self, key: str, data: bytes = b"data") -> Path:
        path = self.bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def sources(
        self,
        *,
        buckets: Mapping[str, Path] | None = None,
        s3_endpoint: str | None = None,
        allow_files: bool = False,
    ) -> ModelDataSources:
        return ModelDataSources(
            buckets={"mine": self.bucket} if buckets is None else buckets,
            default_folder=self.root / "state" / "s3",
            s3_endpoint=s3_endpoint,
            region=REGION,
            allow_files=allow_files,
        )

    def tree(self) -> dict[str, bytes]:
        """The files that were brought."""
        return {
            str(path.relative_to(self.into)): path.read_bytes()
            for path in self.into.rglob("*")
            if path.is_file()
        }

    def refusal(self, sources: ModelDataSources, uri: str, **how: Any) -> ModelDataError:
        """Why something is not brought, after it was seen that nothing is left of it."""
        with pytest.raises(ModelDataError) as refused:
            sources.fetch(uri, self.into, **{"is_folder": False, **how})
        assert not self.into.exists()
        return refused.value


def missing(uri: str) -> str:
    return f"Could not find model data at {uri}."
