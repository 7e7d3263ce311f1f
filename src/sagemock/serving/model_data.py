"""Where model artifacts lie: in folders that stand for buckets, in an S3 endpoint, in files.

A URI that leads to none of these is left alone: nothing else is ever fetched.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sagemock.settings import is_loopback

MISSING = "Could not find model data at {uri}."
MAX_BYTES = 20 * 1024**3

_S3 = re.compile(r"s3://(?P<bucket>[^/]+)/?(?P<key>.*)", re.DOTALL)
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_S3_HOST = re.compile(
    r"(?:(?P<bucket>.+)\.)?"
    r"s3(?:[.-](?:dualstack\.)?[a-z]{2,4}(?:-[a-z]+)+-[0-9])?"
    r"\.amazonaws\.com(?:\.cn)?"
)
_MOST_OBJECTS = 100_000
_CHUNK = 1024 * 1024
# The others of botocore's chain ask instance metadata, a container's agent, STS or a program.
_CREDENTIALS = frozenset({"env", "shared-credentials-file", "config-file"})


class ModelDataError(Exception):
    """Model data that cannot be brought; the message is a sentence with the URI and the reason."""


class ModelDataMissing(ModelDataError):  # noqa: N818 - a fact about the model data, told as such
    """The bucket is at hand and has no such object; the message is AWS's."""

    def __init__(self, uri: str) -> None:
        super().__init__(MISSING.format(uri=uri))


@dataclass(frozen=True)
class NotAtHand:
    """Nothing here knows where a URI leads to; `reason` is a sentence."""

    reason: str


@dataclass(frozen=True)
class _Object:
    """What S3 knows an object by; a key that ends in `/`, or none, is that of a folder."""

    bucket: str
    key: str


class ModelDataSources:
    """Where model artifacts lie (the port ModelData), and a way to bring them.

    A bucket is the folder that `buckets` names for it, or else the one of its name in
    `default_folder`. Where that folder does not exist, the bucket is asked for at `s3_endpoint`,
    if there is one. `file://` URIs are followed where `allow_files`.
    """

    def __init__(
        self,
        *,
        buckets: Mapping[str, Path],
        default_folder: Path,
        s3_endpoint: str | None,
        region: str,
        allow_files: bool,
    ) -> None:
        self._buckets = dict(buckets)
        self._default_folder = default_folder
        self._s3 = None if s3_endpoint is None else _S3Endpoint(s3_endpoint, region)
        self._allow_files = allow_files

    def is_missing(self, uri: str) -> bool:
        """Whether a bucket's folder, or an allowed `file://`, lacks this object.

        With a `/` at its end, whether it lacks any file below. Looks at file names, no further:
        what is there may still be refused by `fetch`.
        """
        place = self._place(uri)
        if isinstance(place, NotAtHand):
            return False
        if isinstance(place, _Object):
            folder = self._folder_of(place.bucket)
            if folder is None:
                return False
            is_folder = not place.key or place.key.endswith("/")
            path = _below(folder, place.key, is_folder=is_folder)
        else:
            path, is_folder = place, uri.endswith("/")
        try:
            return path is None or not (_has_files(path) if is_folder else path.is_file())
        except OSError:
            return False

    def may_have(self, uri: str) -> bool:
        """Whether there is a place to look for this object; does not look yet."""
        place = self._place(uri)
        if isinstance(place, _Object):
            return self._s3 is not None or self._folder_of(place.bucket) is not None
        return not isinstance(place, NotAtHand)

    def fetch(
        self, uri: str, into: Path, *, is_folder: bool, max_bytes: int = MAX_BYTES
    ) -> Path | NotAtHand:
        """Bring model data: the path where it now lies, or that nothing here has it.

        An archive in a bucket's folder stays there, and its own path is the answer. Anything else
        is brought into `into`, a folder that is new or empty: an archive as a file in it, a folder
        as the files below the URI, at most `max_bytes` in all; then `into` itself is the answer.
        Errors: ModelDataMissing, the bucket is at hand but lacks the object. ModelDataError, it
        cannot be read, leads out of its bucket's folder or is too large, or the endpoint does not
        answer or refuses. FileExistsError, `into` holds something. After an error `into` is gone.
        """
        if into.is_dir() and any(into.iterdir()):
            raise FileExistsError(f"{into} is not empty.")
        copy = _Copy(uri, into, max_bytes)
        try:
            return self._fetch(copy, is_folder=is_folder)
        except BaseException as error:
            shutil.rmtree(into, ignore_errors=True)
            if isinstance(error, OSError):
                reason = error.strerror or error
                raise ModelDataError(f"{uri} cannot be brought: {reason}.") from error
            raise

    def _fetch(self, copy: "_Copy", *, is_folder: bool) -> Path | NotAtHand:
        place = self._place(copy.uri)
        if isinstance(place, NotAtHand):
            return place
        if isinstance(place, Path):
            return _bring(copy, place, within=None, is_folder=is_folder)
        folder = self._folder_of(place.bucket)
        if folder is not None:
            path = _below(folder, place.key, is_folder=is_folder)
            return _bring(copy, path, within=folder, is_folder=is_folder)
        if self._s3 is None:
            expected = self._buckets.get(place.bucket, self._default_folder / place.bucket)
            return NotAtHand(
                f"No folder stands for the bucket '{place.bucket}' ({expected} does not exist), "
                "and no S3 endpoint is set."
            )
        if not _BUCKET.fullmatch(place.bucket) or not (place.key or is_folder):
            return NotAtHand(f"{copy.uri} names no object in S3.")
        return self._s3.bring(copy, place, is_folder=is_folder)

    def _place(self, uri: str) -> _Object | Path | NotAtHand:
        if match := _S3.fullmatch(uri):
            return _Object(match["bucket"], match["key"])
        try:
            url = urlsplit(uri)
        except ValueError:
            return NotAtHand(f"{uri} is no URI of model data.")
        if url.scheme == "https":
            return _object_at(url.hostname or "", unquote(url.path)) or NotAtHand(
                f"{uri} is no address of an object in S3, and nothing else is fetched."
            )
        if url.scheme != "file" or url.netloc not in {"", "localhost"} or url.path[:1] != "/":
            return NotAtHand(f"{uri} is no URI of model data.")
        if not self._allow_files:
            return NotAtHand(f"{uri} is not followed: file:// URIs are not allowed.")
        # Imported here: it brings all of HTTP along.
        from urllib.request import url2pathname  # noqa: PLC0415

        return Path(url2pathname(url.path))

    def _folder_of(self, bucket: str) -> Path | None:
        """The folder that stands for a bucket; None when it does not exist."""
        folder = self._buckets.get(bucket)
        if folder is None and _BUCKET.fullmatch(bucket):
            folder = self._default_folder / bucket
        return folder if folder is not None and folder.is_dir() else None


def _object_at(host: str, path: str) -> _Object | None:
    """The object behind an https address of S3, its bucket in the host's name or in the path."""
    match = _S3_HOST.fullmatch(host)
    if match is None:
        return None
    if match["bucket"]:
        return _Object(match["bucket"], path.removeprefix("/"))
    bucket, _, key = path.removeprefix("/").partition("/")
    return _Object(bucket, key) if bucket else None


def _below(folder: Path, key: str, *, is_folder: bool) -> Path | None:
    """The path below a folder that a key stands for; None when no file can have it."""
    if is_folder:
        key = key.removesuffix("/")
        if not key:
            return folder
    parts = key.split("/")
    if "\0" in key or not {"", ".", ".."}.isdisjoint(parts):
        return None
    path = folder.joinpath(*parts)
    # A drive letter, where there are drives, would start again from the top.
    return path if path.is_relative_to(folder) else None


def _has_files(folder: Path) -> bool:
    return any(files for _, _, files in _walk(folder))


def _walk(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """What lies below a folder, if it is one. Errors: OSError, some of it cannot be read."""

    def stop(error: OSError) -> None:
        raise error

    return os.walk(folder, onerror=stop) if folder.is_dir() else iter(())


class _Copy:
    """What is being brought: its URI, where to, and how much more of it may come."""

    def __init__(self, uri: str, into: Path, max_bytes: int) -> None:
        self.uri = uri
        self.into = into
        self._max_bytes = max_bytes
        self._left = max_bytes

    def claim(self, size: int) -> None:
        """Take so many of the bytes that may come."""
        self._left -= size
        if self._left < 0:
            raise ModelDataError(f"{self.uri} has more than {self._max_bytes} bytes.")

    def path(self, relative: Path) -> Path:
        """Where a file is to be written; its folders are made."""
        path = self.into / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def _bring(copy: _Copy, path: Path | None, *, within: Path | None, is_folder: bool) -> Path:
    """An archive where it lies, or a copy of the files in a folder."""
    if path is None:
        raise ModelDataMissing(copy.uri)
    if not is_folder:
        if not path.is_file():
            raise ModelDataMissing(copy.uri)
        _refuse_way_out(copy, path, within)
        return path
    _refuse_way_out(copy, path, within)
    missing = True
    for file in _files_below(copy, path):
        _refuse_way_out(copy, file, within)
        copy.claim(file.stat().st_size)
        shutil.copyfile(file, copy.path(file.relative_to(path)))
        missing = False
    if missing:
        raise ModelDataMissing(copy.uri)
    return copy.into


def _refuse_way_out(copy: _Copy, path: Path, within: Path | None) -> None:
    # Unlike Path's, this one takes links that lead in a circle.
    real = Path(os.path.realpath(path))
    if within is not None and not real.is_relative_to(os.path.realpath(within)):
        raise ModelDataError(f"{copy.uri} leads out of {within}, its bucket's folder, by a link.")


def _files_below(copy: _Copy, folder: Path) -> Iterator[Path]:
    for parent, folders, files in _walk(folder):
        for name in folders:
            # Followed it could lead in circles, and left out it would be missed.
            if Path(parent, name).is_symlink():
                raise ModelDataError(f"{copy.uri} holds a link to a folder, '{name}'.")
        for name in files:
            path = Path(parent, name)
            if path.is_file():
                yield path


class _S3Endpoint:
    """Buckets of an S3-compatible server, asked by path and with credentials that lie at hand."""

    def __init__(self, endpoint: str, region: str) -> None:
        self._endpoint = endpoint
        self._region = region

    def bring(self, copy: _Copy, place: _Object, *, is_folder: bool) -> Path | NotAtHand:
        # botocore takes longer to import than most servers ever need it.
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as said
        from botocore.parsers import ResponseParserError  # noqa: PLC0415 - the same

        try:
            client = self._client()
            with closing(client):
                if is_folder:
                    return _bring_objects(client, copy, place)
                path = copy.path(Path("archive.tar.gz"))
                _bring_object(client, copy, place, path)
                return path
        except ClientError as error:
            told = error.response.get("Error", {})
            code, message = told.get("Code", "?"), str(told.get("Message", "?")).rstrip(".")
            if code == "NoSuchBucket":
                shutil.rmtree(copy.into, ignore_errors=True)
                return NotAtHand(
                    f"The S3 endpoint {self._endpoint} has no bucket '{place.bucket}'."
                )
            if code == "NoSuchKey":
                raise ModelDataMissing(copy.uri) from None
            raise ModelDataError(
                f"The S3 endpoint {self._endpoint} refuses {copy.uri}: {code}, {message}."
            ) from error
        except (BotoCoreError, ResponseParserError, ValueError) as error:
            reason = str(error).rstrip(".")
            raise ModelDataError(
                f"The S3 endpoint {self._endpoint} does not give {copy.uri}: {reason}."
            ) from error

    def _client(self) -> Any:
        from botocore.config import Config  # noqa: PLC0415 - slow to import
        from botocore.session import Session  # noqa: PLC0415 - the same

        session = Session()
        key, secret, token = _credentials(session)
        return session.create_client(
            "s3",
            region_name=self._region,
            endpoint_url=self._endpoint,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(
                s3={"addressing_style": "path"},
                connect_timeout=5,
                read_timeout=60,
                retries={"max_attempts": 2, "mode": "standard"},
                defaults_mode="legacy",  # `auto` would ask instance metadata for a region.
                proxies={} if is_loopback(urlsplit(self._endpoint).hostname or "") else None,
            ),
        )


def _credentials(session: Any) -> tuple[str, str, str | None]:
    """Those of the environment and the shared files, or such as local servers take."""
    chain = session.get_component("credential_provider")
    chain.providers = [p for p in chain.providers if p.METHOD in _CREDENTIALS]
    found = chain.load_credentials()
    return ("test", "test", None) if found is None else tuple(found.get_frozen_credentials()[:3])


def _bring_object(client: Any, copy: _Copy, place: _Object, path: Path) -> None:
    answer = client.get_object(Bucket=place.bucket, Key=place.key)
    with closing(answer["Body"]) as body, path.open("wb") as file:
        length = answer.get("ContentLength")
        copy.claim(length or 0)
        while chunk := body.read(_CHUNK):
            if length is None:
                copy.claim(len(chunk))
            file.write(chunk)


def _bring_objects(client: Any, copy: _Copy, place: _Object) -> Path:
    prefix = f"{place.key.removesuffix('/')}/" if place.key else ""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=prefix)
    found = 0
    for listed in (listed for page in pages for listed in page.get("Contents", ())):
        key = listed["Key"]
        if key.endswith("/"):  # What consoles make to show a folder.
            continue
        found += 1
        if found > _MOST_OBJECTS:
            raise ModelDataError(f"{copy.uri} has more than {_MOST_OBJECTS} objects.")
        path = _below(Path(), key.removeprefix(prefix), is_folder=False)
        if path is None:
            raise ModelDataError(f"{copy.uri} has the key '{key}', which no file can have.")
        _bring_object(client, copy, _Object(place.bucket, key), copy.path(path))
    if not found:
        raise ModelDataMissing(copy.uri)
    return copy.into
