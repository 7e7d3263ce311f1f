"""Model data from S3 endpoints: a good one, and such as refuse, lie or are not there."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from botocore.session import Session
from model_data_place import Place, missing
from moto.server import ThreadedMotoServer

from sagemock.serving import model_data
from sagemock.serving.model_data import ModelDataMissing, NotAtHand

URI = "s3://b/m.tar.gz"


@pytest.fixture(autouse=True)
def _no_credentials_and_no_waiting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    # Between tries.
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(scope="module")
def s3() -> Iterator[tuple[str, Any]]:
    """An S3 server's address, and a client that fills it."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = Session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - none
    )
    client.create_bucket(Bucket="remote")
    yield endpoint, client
    client.close()
    server.stop()


def put(client: Any, key: str, data: bytes = b"data") -> None:
    client.put_object(Bucket="remote", Key=key, Body=data)


def test_an_archive_is_brought_from_an_s3_endpoint(place: Place, s3: tuple[str, Any]) -> None:
    endpoint, client = s3
    data = os.urandom(3 * 1024**2 + 7)
    put(client, "models/für 1/model.tar.gz", data)
    sources = place.sources(s3_endpoint=endpoint)
    for number, uri in enumerate(
        (
            "s3://remote/models/für 1/model.tar.gz",
            "https://remote.s3.eu-west-1.amazonaws.com/models/f%C3%BCr%201/model.tar.gz",
        )
    ):
        into = place.root / str(number)
        found = sources.fetch(uri, into, is_folder=False)
        assert found == into / "archive.tar.gz"
        assert isinstance(found, Path)
        assert found.read_bytes() == data


def test_a_folder_is_brought_from_an_s3_endpoint(place: Place, s3: tuple[str, Any]) -> None:
    endpoint, client = s3
    files = {f"f{number:02}": b"%d" % number for number in range(5)} | {"code/a b/x.py": b"pass"}
    for key, data in files.items():
        put(client, f"folder/{key}", data)
    put(client, "folder/", b"")
    put(client, "folder/code/", b"")
    put(client, "folder2/other")
    sources = place.sources(s3_endpoint=endpoint)
    assert sources.fetch("s3://remote/folder/", place.into, is_folder=True) == place.into
    assert place.tree() == files


@pytest.mark.parametrize(
    ("uri", "is_folder"), [("s3://remote/none", False), ("s3://remote/none/", True)]
)
def test_what_an_s3_endpoint_lacks_is_told_as_by_aws(
    place: Place, s3: tuple[str, Any], uri: str, *, is_folder: bool
) -> None:
    refused = place.refusal(place.sources(s3_endpoint=s3[0]), uri, is_folder=is_folder)
    assert isinstance(refused, ModelDataMissing)
    assert str(refused) == missing(uri)


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_bucket_that_the_s3_endpoint_lacks_is_not_at_hand(
    place: Place, s3: tuple[str, Any], *, is_folder: bool
) -> None:
    sources = place.sources(s3_endpoint=s3[0])
    assert sources.fetch("s3://unknown/m/", place.into, is_folder=is_folder) == NotAtHand(
        f"The S3 endpoint {s3[0]} has no bucket 'unknown'."
    )
    assert not place.into.exists()


@pytest.mark.parametrize(
    "uri", ["s3://remote", "s3://remote/", "s3://arn:aws:s3:::b/m", "s3://../m", "s3://a b/m"]
)
def test_what_can_be_no_object_is_not_asked_for(place: Place, uri: str) -> None:
    sources = place.sources(s3_endpoint="http://127.0.0.1:1")
    assert sources.fetch(uri, place.into, is_folder=False) == NotAtHand(
        f"{uri} names no object in S3."
    )


def test_a_buckets_folder_goes_before_the_s3_endpoint(place: Place, s3: tuple[str, Any]) -> None:
    put(s3[1], "model.tar.gz")
    sources = place.sources(buckets={"remote": place.bucket}, s3_endpoint=s3[0])
    uri = "s3://remote/model.tar.gz"
    assert str(place.refusal(sources, uri)) == missing(uri)


def test_more_bytes_than_allowed_are_not_brought(place: Place, s3: tuple[str, Any]) -> None:
    endpoint, client = s3
    put(client, "large/a", bytes(600))
    put(client, "large/b", bytes(400))
    sources = place.sources(s3_endpoint=endpoint)
    for uri, is_folder, limit in (
        ("s3://remote/large/a", False, 599),
        ("s3://remote/large/", True, 999),
    ):
        refused = place.refusal(sources, uri, is_folder=is_folder, max_bytes=limit)
        assert str(refused) == f"{uri} has more than {limit} bytes."
    assert isinstance(
        sources.fetch("s3://remote/large/", place.into, is_folder=True, max_bytes=1000), Path
    )


def test_more_objects_than_allowed_are_not_brought(
    place: Place, s3: tuple[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        put(s3[1], f"few/{number}")
    monkeypatch.setattr(model_data, "_MOST_OBJECTS", 2)
    refused = place.refusal(place.sources(s3_endpoint=s3[0]), "s3://remote/few/", is_folder=True)
    assert str(refused) == "s3://remote/few/ has more than 2 objects."


@dataclass
class Reply:
    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Stub:
    """A server that answers every GET with what `reply` gives for its path."""

    endpoint: str
    reply: Callable[[str], Reply] = lambda _: Reply(b"archive")
    seen: list[tuple[str, str]] = field(default_factory=list)

    def keys_used(self) -> set[str]:
        """The access key ids that were shown to it."""
        return {shown.partition("Credential=")[2].partition("/")[0] for _, shown in self.seen}


@pytest.fixture
def stub() -> Iterator[Stub]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.seen.append((self.path, self.headers.get("Authorization", "")))
            reply = told.reply(self.path)
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                if value:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_PUT = do_GET  # noqa: N815 - http.server's name; metadata services are asked so

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Stub(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield told
        server.shutdown()
        thread.join(10)


MORE = "<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>"


def listing(*keys: str, more: str = "") -> Reply:
    contents = "".join(f"<Contents><Key>{escape(key)}</Key></Contents>" for key in keys)
    return Reply(f"<ListBucketResult>{more}{contents}</ListBucketResult>".encode())


def error(status: int, code: str, message: str) -> Reply:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Reply(body.encode(), status, {"Content-Type": "application/xml"})


@pytest.mark.parametrize("key", ["../../x", "a/../b", "/etc/x", "a//b", "./x", "..", "a/.."])
def test_keys_that_no_file_can_have_are_refused(place: Place, stub: Stub, key: str) -> None:
    stub.reply = lambda path: listing("p/good", f"p/{key}") if "list-type" in path else Reply()
    sources = place.sources(s3_endpoint=stub.endpoint)
    assert str(place.refusal(sources, "s3://b/p/", is_folder=True)) == (
        f"s3://b/p/ has the key 'p/{key}', which no file can have."
    )


def test_keys_beside_the_prefix_stay_below_the_folder(place: Place, stub: Stub) -> None:
    stub.reply = lambda path: listing("other/x") if "list-type" in path else Reply(b"x")
    sources = place.sources(s3_endpoint=stub.endpoint)
    sources.fetch("s3://b/p/", place.into, is_folder=True)
    assert place.tree() == {"other/x": b"x"}


def test_a_key_that_is_a_file_and_a_folder_is_refused(place: Place, stub: Stub) -> None:
    stub.reply = lambda path: listing("p/a", "p/a/b") if "list-type" in path else Reply(b"x")
    refused = place.refusal(place.sources(s3_endpoint=stub.endpoint), "s3://b/p/", is_folder=True)
    assert str(refused) == "s3://b/p/ cannot be brought: File exists."


def test_a_list_may_have_pages(place: Place, stub: Stub) -> None:
    def reply(path: str) -> Reply:
        if "list-type" not in path:
            return Reply(path.encode())
        if "continuation-token=second" in path:
            return listing("p/b")
        return listing("p/a", more=MORE.format("second"))

    stub.reply = reply
    place.sources(s3_endpoint=stub.endpoint).fetch("s3://b/p/", place.into, is_folder=True)
    assert place.tree() == {"a": b"/b/p/a", "b": b"/b/p/b"}


def test_a_list_without_end_is_refused(place: Place, stub: Stub) -> None:
    stub.reply = lambda _: listing(more=MORE.format("again"))
    refused = place.refusal(place.sources(s3_endpoint=stub.endpoint), "s3://b/p/", is_folder=True)
    assert "same next token" in str(refused)


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (
            error(403, "AccessDenied", "Access Denied."),
            "The S3 endpoint {endpoint} refuses s3://b/m.tar.gz: AccessDenied, Access Denied.",
        ),
        (
            error(301, "PermanentRedirect", "Elsewhere"),
            "The S3 endpoint {endpoint} refuses s3://b/m.tar.gz: PermanentRedirect, Elsewhere.",
        ),
        (
            Reply(status=404),
            "The S3 endpoint {endpoint} refuses s3://b/m.tar.gz: 404, Not Found.",
        ),
    ],
    ids=["denied", "redirect", "empty"],
)
def test_a_refusal_is_told_with_its_reason(
    place: Place, stub: Stub, reply: Reply, told: str
) -> None:
    stub.reply = lambda _: reply
    sources = place.sources(s3_endpoint=stub.endpoint)
    assert str(place.refusal(sources, URI)) == told.format(endpoint=stub.endpoint)


def test_an_object_that_the_endpoint_lacks_is_missing(place: Place, stub: Stub) -> None:
    stub.reply = lambda _: error(404, "NoSuchKey", "None")
    refused = place.refusal(place.sources(s3_endpoint=stub.endpoint), URI)
    assert isinstance(refused, ModelDataMissing)
    assert str(refused) == missing(URI)


@pytest.mark.parametrize(
    ("is_folder", "reply"),
    [
        (False, Reply(b"half", headers={"Content-Length": "100"})),
        (False, Reply(b"<html>not</html", 500)),
        (False, Reply(b"<html>no page</p>", 404)),
        (True, Reply(b"<html>no list</p>")),
        (True, Reply(b"{}")),
    ],
    ids=["cut off", "broken", "no page", "no list", "JSON"],
)
def test_an_answer_that_makes_no_sense_is_told(
    place: Place, stub: Stub, reply: Reply, *, is_folder: bool
) -> None:
    stub.reply = lambda _: reply
    refused = place.refusal(place.sources(s3_endpoint=stub.endpoint), URI, is_folder=is_folder)
    assert str(refused).startswith(f"The S3 endpoint {stub.endpoint} ")


def test_an_object_of_unknown_length_is_held_against_the_limit(place: Place, stub: Stub) -> None:
    stub.reply = lambda _: Reply(b"x" * 1000, headers={"Content-Length": ""})
    sources = place.sources(s3_endpoint=stub.endpoint)
    assert str(place.refusal(sources, URI, max_bytes=999)) == f"{URI} has more than 999 bytes."
    found = sources.fetch(URI, place.into, is_folder=False, max_bytes=1000)
    assert isinstance(found, Path)
    assert found.read_bytes() == b"x" * 1000


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://localhost:1"])
def test_an_endpoint_that_is_not_there_is_told(place: Place, endpoint: str) -> None:
    assert str(place.refusal(place.sources(s3_endpoint=endpoint), URI)) == (
        f"The S3 endpoint {endpoint} does not give {URI}: "
        f'Could not connect to the endpoint URL: "{endpoint}/b/m.tar.gz".'
    )


@pytest.mark.parametrize("endpoint", ["localhost:9000", "minio", "http://"])
def test_an_endpoint_that_is_no_url_is_told(place: Place, endpoint: str) -> None:
    refused = place.refusal(place.sources(s3_endpoint=endpoint), URI)
    assert str(refused).startswith(f"The S3 endpoint {endpoint} does not give {URI}: ")


# Which credentials


def test_without_credentials_those_of_local_servers_are_shown(place: Place, stub: Stub) -> None:
    place.sources(s3_endpoint=stub.endpoint).fetch(URI, place.into, is_folder=False)
    assert [path for path, _ in stub.seen] == ["/b/m.tar.gz"]
    assert stub.keys_used() == {"test"}


def test_credentials_of_the_environment_are_shown(
    place: Place, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    place.sources(s3_endpoint=stub.endpoint).fetch(URI, place.into, is_folder=False)
    assert stub.keys_used() == {"mine"}


@pytest.mark.parametrize(
    ("name", "section"), [("credentials", "minio"), ("config", "profile minio")]
)
def test_credentials_of_the_shared_files_are_shown(
    place: Place, stub: Stub, monkeypatch: pytest.MonkeyPatch, name: str, section: str
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "minio")
    (place.root / name).write_text(
        f"[{section}]\naws_access_key_id = filed\naws_secret_access_key = secret\n"
    )
    place.sources(s3_endpoint=stub.endpoint).fetch(URI, place.into, is_folder=False)
    assert stub.keys_used() == {"filed"}


def test_a_profile_that_is_nowhere_is_told(
    place: Place, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    refused = place.refusal(place.sources(s3_endpoint=stub.endpoint), URI)
    assert str(refused) == (
        f"The S3 endpoint {stub.endpoint} does not give {URI}: "
        "The config profile (nowhere) could not be found."
    )


def test_nothing_but_the_endpoint_is_asked(
    place: Place, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = f"{stub.endpoint}/outward"
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", other)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", other)
    monkeypatch.setenv("AWS_ENDPOINT_URL", other)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", other)
    monkeypatch.setenv("AWS_DEFAULTS_MODE", "auto")
    monkeypatch.setenv("HTTP_PROXY", other)
    monkeypatch.setenv("AWS_PROFILE", "role")
    (place.root / "config").write_text(
        "[profile role]\n"
        "role_arn = arn:aws:iam::123456789012:role/r\n"
        "credential_source = Ec2InstanceMetadata\n"
        f"credential_process = touch {place.root / 'was-run'}\n"
    )
    place.sources(s3_endpoint=stub.endpoint).fetch(URI, place.into, is_folder=False)
    assert [path for path, _ in stub.seen] == ["/b/m.tar.gz"]
    assert stub.keys_used() == {"test"}
    assert not (place.root / "was-run").exists()
