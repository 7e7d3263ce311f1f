"""Where model data is looked for, what is brought from there, and what is left alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_data_place import Place, missing

from sagemock.serving.model_data import ModelDataError, ModelDataMissing, NotAtHand


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_an_archive_in_a_buckets_folder_stays_where_it_is(place: Place) -> None:
    archive = place.put("models/1/model.tar.gz")
    sources = place.sources()
    uri = "s3://mine/models/1/model.tar.gz"
    assert not sources.is_missing(uri)
    assert sources.fetch(uri, place.into, is_folder=False) == archive
    assert not place.into.exists()


def test_the_default_folder_holds_a_folder_for_each_bucket(place: Place) -> None:
    archive = place.root / "state" / "s3" / "other.bucket" / "model.tar.gz"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"data")
    sources = place.sources()
    uri = "s3://other.bucket/model.tar.gz"
    assert sources.fetch(uri, place.into, is_folder=False) == archive
    assert not sources.is_missing(uri)
    assert sources.is_missing("s3://other.bucket/none.tar.gz")


def test_a_bucket_that_is_mapped_is_not_looked_for_in_the_default_folder(place: Place) -> None:
    default = place.root / "state" / "s3" / "mine"
    default.mkdir(parents=True)
    (default / "model.tar.gz").write_bytes(b"data")
    assert place.sources().is_missing("s3://mine/model.tar.gz")
    nowhere = place.sources(buckets={"mine": place.root / "nowhere"})
    assert not nowhere.is_missing("s3://mine/model.tar.gz")
    assert isinstance(
        nowhere.fetch("s3://mine/model.tar.gz", place.into, is_folder=False), NotAtHand
    )


@pytest.mark.parametrize(
    ("uri", "is_folder"),
    [
        ("s3://mine/none.tar.gz", False),
        ("s3://mine/folder", False),
        ("s3://mine/folder/", False),
        ("s3://mine/file/below", False),
        ("s3://mine/file/", True),
        ("s3://mine/none/", True),
        ("s3://mine/empty/", True),
        ("s3://mine/empty", True),
        ("s3://mine", False),
        ("s3://mine/x\x00y", False),
        ("s3://mine/\ud800", False),
        ("s3://mine/dangling", False),
        ("s3://mine/circle", False),
        ("s3://mine/circle/", True),
        ("https://mine.s3.amazonaws.com/none.tar.gz", False),
    ],
)
def test_what_a_buckets_folder_lacks_is_told_as_by_aws(
    place: Place, uri: str, *, is_folder: bool
) -> None:
    place.put("file")
    place.put("folder/model.tar.gz")
    (place.bucket / "empty" / "below").mkdir(parents=True)
    (place.bucket / "dangling").symlink_to("nowhere")
    (place.bucket / "circle").symlink_to("circle")
    refused = place.refusal(place.sources(), uri, is_folder=is_folder)
    assert isinstance(refused, ModelDataMissing)
    assert str(refused) == missing(uri)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("s3://mine/file", False),
        ("s3://mine/none", True),
        ("s3://mine/folder", True),
        ("s3://mine/folder/", False),
        ("s3://mine/folder/file", False),
        ("s3://mine/file/", True),
        ("s3://mine/empty/", True),
        ("s3://mine/empty/below/", True),
        ("s3://mine/", False),
        ("s3://mine", False),
        ("s3://mine/dangling", True),
        ("s3://mine/circle", True),
        ("s3://mine/circle/", True),
        ("s3://mine/../mine/file", True),
        ("s3://mine//file", True),
        ("s3://other/none", False),
        ("s3://../mine/none", False),
        ("https://mine.s3.amazonaws.com/none", True),
        ("https://mine.s3.amazonaws.com/file", False),
        ("https://example.com/none", False),
        ("file:///none", False),
        ("s3:mine/none", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_only_what_a_buckets_folder_lacks_is_missing(
    place: Place, uri: str, *, expected: bool
) -> None:
    place.put("file")
    place.put("folder/file")
    (place.bucket / "empty" / "below").mkdir(parents=True)
    (place.bucket / "dangling").symlink_to("nowhere")
    (place.bucket / "circle").symlink_to("circle")
    # What a remote store has is not asked here.
    for endpoint in (None, "http://127.0.0.1:1"):
        assert place.sources(s3_endpoint=endpoint).is_missing(uri) is expected


def test_a_place_to_look_is_a_folder_an_endpoint_or_an_allowed_file(place: Place) -> None:
    uris = ("s3://mine/none", "s3://other/none", "file:///none", "https://example.com/none")
    folders, remote = place.sources(), place.sources(s3_endpoint="http://127.0.0.1:1")
    files = place.sources(allow_files=True)
    assert [[sources.may_have(uri) for uri in uris] for sources in (folders, remote, files)] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, False, True, False],
    ]


def test_a_name_too_long_for_a_file_is_not_called_missing_by_a_look(place: Place) -> None:
    uri = f"s3://mine/{'x' * 300}"
    assert not place.sources().is_missing(uri)
    assert str(place.refusal(place.sources(), uri)) == (
        f"{uri} cannot be brought: File name too long."
    )


@pytest.mark.parametrize("uri", ["s3://mine/m/1/", "s3://mine/m/1"])
def test_a_folder_is_copied(place: Place, uri: str) -> None:
    place.put("m/1/code/inference.py", b"pass")
    place.put("m/1/model.joblib", b"weights")
    place.put("m/12/other")
    (place.bucket / "m/1/again").symlink_to("model.joblib")
    os.mkfifo(place.bucket / "m/1/pipe")
    assert place.sources().fetch(uri, place.into, is_folder=True) == place.into
    assert place.tree() == {
        "code/inference.py": b"pass",
        "model.joblib": b"weights",
        "again": b"weights",
    }


def test_a_whole_bucket_is_a_folder_too(place: Place) -> None:
    place.put("a", b"1")
    place.put("b/c", b"2")
    place.sources().fetch("s3://mine", place.into, is_folder=True)
    assert place.tree() == {"a": b"1", "b/c": b"2"}


def test_a_folder_is_not_copied_beyond_its_limit(place: Place) -> None:
    place.put("m/a", bytes(600))
    place.put("m/b", bytes(400))
    sources = place.sources()
    refused = place.refusal(sources, "s3://mine/m/", is_folder=True, max_bytes=999)
    assert str(refused) == "s3://mine/m/ has more than 999 bytes."
    assert sources.fetch("s3://mine/m/", place.into, is_folder=True, max_bytes=1000) == place.into


def test_a_folder_that_holds_something_is_left_alone(place: Place) -> None:
    place.put("m/a")
    place.into.mkdir()
    (place.into / "mine").write_bytes(b"kept")
    with pytest.raises(FileExistsError):
        place.sources().fetch("s3://mine/m/", place.into, is_folder=True)
    assert place.tree() == {"mine": b"kept"}


@pytest.mark.parametrize(
    "key", ["../secret", "a/../../secret", "/secret", "a//secret", "./a", "..", "%2e%2e/secret"]
)
def test_no_key_leads_out_of_the_buckets_folder(place: Place, key: str) -> None:
    (place.bucket.parent / "secret").write_bytes(b"secret")
    place.put("a/b")
    for uri in (f"s3://mine/{key}", f"https://mine.s3.amazonaws.com/{key}"):
        assert str(place.refusal(place.sources(), uri)) == missing(uri)
        assert str(place.refusal(place.sources(), f"{uri}/", is_folder=True)) == missing(f"{uri}/")


KEYS = st.lists(
    st.sampled_from(["..", ".", "", "a", "secret", "out", "%2e%2e", "\\", "C:", "~", "\0"]),
    min_size=1,
    max_size=6,
).map("/".join)


@settings(max_examples=200, deadline=None)
@given(key=KEYS, is_folder=st.booleans())
def test_whatever_the_key_no_secret_is_brought(
    tmp_path_factory: pytest.TempPathFactory, *, key: str, is_folder: bool
) -> None:
    place = Place(tmp_path_factory.mktemp("place", numbered=True))
    (place.bucket.parent / "secret").write_bytes(b"secret")
    (place.bucket / "a").mkdir()
    (place.bucket / "out").symlink_to(place.bucket.parent)
    for uri in (f"s3://mine/{key}", f"https://s3.amazonaws.com/mine/{key}"):
        with pytest.raises(ModelDataError):
            place.sources().fetch(uri, place.into, is_folder=is_folder)
        assert not place.into.exists()


def test_a_link_out_of_the_buckets_folder_is_refused(place: Place) -> None:
    secret = place.root / "secret"
    secret.mkdir()
    (secret / "key").write_bytes(b"secret")
    (place.bucket / "file").symlink_to(secret / "key")
    (place.bucket / "folder").symlink_to(secret)
    place.put("m/good")
    (place.bucket / "m/file").symlink_to(secret / "key")
    sources = place.sources()
    for uri, is_folder in (
        ("s3://mine/file", False),
        ("s3://mine/folder/key", False),
        ("s3://mine/folder/", True),
        ("s3://mine/m/", True),
    ):
        assert not sources.is_missing(uri)
        assert str(place.refusal(sources, uri, is_folder=is_folder)) == (
            f"{uri} leads out of {place.bucket}, its bucket's folder, by a link."
        )


def test_a_link_to_a_folder_below_is_refused(place: Place) -> None:
    place.put("m/a/b")
    (place.bucket / "m/again").symlink_to("a")
    assert str(place.refusal(place.sources(), "s3://mine/m/", is_folder=True)) == (
        "s3://mine/m/ holds a link to a folder, 'again'."
    )


def test_a_buckets_folder_may_itself_be_a_link(place: Place) -> None:
    archive = place.put("model.tar.gz")
    link = place.root / "link"
    link.symlink_to(place.bucket)
    found = place.sources(buckets={"b": link}).fetch(
        "s3://b/model.tar.gz", place.into, is_folder=False
    )
    assert isinstance(found, Path)
    assert found.samefile(archive)


@pytest.mark.parametrize(
    "url",
    [
        "https://mine.s3.eu-west-1.amazonaws.com/a%20b/m%C3%BCller+1.tar.gz",
        "https://mine.s3.amazonaws.com/a%20b/m%C3%BCller+1.tar.gz?versionId=1#x",
        "https://mine.s3-us-gov-west-1.amazonaws.com/a%20b/m%C3%BCller+1.tar.gz",
        "https://mine.s3.dualstack.us-east-1.amazonaws.com/a%20b/m%C3%BCller+1.tar.gz",
        "https://s3.us-east-1.amazonaws.com/mine/a%20b/m%C3%BCller+1.tar.gz",
        "https://s3-us-west-2.amazonaws.com/mine/a%20b/m%C3%BCller+1.tar.gz",
        "https://s3.amazonaws.com:443/mine/a%20b%2Fm%C3%BCller+1.tar.gz",
        "https://mine.s3.cn-north-1.amazonaws.com.cn/a%20b/m%C3%BCller+1.tar.gz",
        "https://s3.cn-north-1.amazonaws.com.cn/mine/a%20b/m%C3%BCller+1.tar.gz",
        "HTTPS://Mine.S3.amazonaws.com/a%20b/m%C3%BCller+1.tar.gz",
    ],
)
def test_an_https_address_of_s3_is_that_of_an_object(place: Place, url: str) -> None:
    archive = place.put("a b/müller+1.tar.gz")
    assert place.sources().fetch(url, place.into, is_folder=False) == archive


def test_a_buckets_name_in_an_address_may_have_dots(place: Place) -> None:
    archive = place.put("m")
    sources = place.sources(buckets={"my.s3.bucket": place.bucket})
    for url in ("https://my.s3.bucket.s3.eu-west-1.amazonaws.com/m",):
        assert sources.fetch(url, place.into, is_folder=False) == archive


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com/mine/m",
        "https://mine.s3.amazonaws.com.example.com/m",
        "https://example.com/s3.amazonaws.com/m",
        "https://s3.amazonaws.com@example.com/mine/m",
        "https://mine.s3-website-us-east-1.amazonaws.com/m",
        "https://s3.amazonaws.com/",
        "https://mineXs3.amazonaws.com/m",
        "https://",
    ],
)
def test_any_other_https_address_is_left_alone(place: Place, uri: str) -> None:
    place.put("m")
    assert place.sources(allow_files=True).fetch(uri, place.into, is_folder=False) == NotAtHand(
        f"{uri} is no address of an object in S3, and nothing else is fetched."
    )


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "m",
        "/m",
        "http://s3.amazonaws.com/mine/m",
        "https://[",
        "s3:/mine/m",
        "S3://mine/m",
        "ftp://h/m",
        "file:m",
        "file://host/m",
        "file://",
        "s3://",
    ],
)
def test_what_is_no_uri_of_model_data_is_left_alone(place: Place, uri: str) -> None:
    place.put("m")
    assert place.sources(allow_files=True).fetch(uri, place.into, is_folder=False) == NotAtHand(
        f"{uri} is no URI of model data."
    )


def test_a_bucket_that_nothing_stands_for_is_not_at_hand(place: Place) -> None:
    expected = place.root / "state" / "s3" / "other"
    assert place.sources().fetch("s3://other/m", place.into, is_folder=False) == NotAtHand(
        f"No folder stands for the bucket 'other' ({expected} does not exist), "
        "and no S3 endpoint is set."
    )


def test_files_are_read_only_where_allowed(place: Place) -> None:
    archive = place.put("a b.tar.gz")
    uri = archive.as_uri()
    strict = place.sources()
    assert strict.fetch(uri, place.into, is_folder=False) == NotAtHand(
        f"{uri} is not followed: file:// URIs are not allowed."
    )
    assert not strict.is_missing(f"{uri}x")
    allowing = place.sources(allow_files=True)
    for form in (uri, uri.replace("file://", "file://localhost")):
        assert not allowing.is_missing(form)
        assert allowing.fetch(form, place.into, is_folder=False) == archive
    assert allowing.is_missing(f"{uri}x")
    assert str(place.refusal(allowing, f"{uri}x")) == missing(f"{uri}x")


def test_a_folder_of_files_is_copied_where_allowed(place: Place) -> None:
    place.put("m/code/inference.py", b"pass")
    (place.bucket / "empty").mkdir()
    uri, empty = f"{(place.bucket / 'm').as_uri()}/", f"{(place.bucket / 'empty').as_uri()}/"
    sources = place.sources(allow_files=True)
    assert (sources.is_missing(uri), sources.is_missing(empty)) == (False, True)
    assert str(place.refusal(sources, empty, is_folder=True)) == missing(empty)
    assert sources.fetch(uri, place.into, is_folder=True) == place.into
    assert place.tree() == {"code/inference.py": b"pass"}


def test_a_look_at_file_names_imports_no_botocore() -> None:
    program = """
import sys
from pathlib import Path
from sagemock.serving.model_data import ModelDataSources
sources = ModelDataSources(
    buckets={"b": Path()}, default_folder=Path(), s3_endpoint="http://127.0.0.1:1",
    region="us-east-1", allow_files=True,
)
assert sources.is_missing("s3://b/none") and not sources.is_missing("s3://remote/none")
assert "botocore" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
