"""Endpoints whose model data lies in an S3 server, or in files of this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from deploying.deployed import IMAGE, Serve
from deploying.programs import SCRIPT, packed, program_files, says
from real_models import archive, exchanges


@pytest.fixture
def s3(session: boto3.Session) -> Iterator[tuple[str, Any]]:
    """An S3 server's address, and a client that fills it."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = session.client("s3", endpoint_url=f"http://{host}:{port}")
    client.create_bucket(Bucket="remote")
    yield f"http://{host}:{port}", client
    client.close()
    server.stop()


def test_a_model_comes_from_an_s3_server(serve: Serve, s3: tuple[str, Any]) -> None:
    address, client = s3
    client.put_object(
        Bucket="remote", Key="m/model.tar.gz", Body=archive("numpy_churn").read_bytes()
    )
    deployed = serve(s3_endpoint=address)
    uri = "s3://remote/m/model.tar.gz"
    name = deployed.deploy("it", {"Image": IMAGE, "ModelDataUrl": uri})
    exchange = exchanges("numpy_churn")[0]
    body = deployed.ask(name, exchange.body.decode(), ContentType=exchange.content_type)
    assert exchange.is_answered_by(exchange.accept, body.encode())


def test_a_folder_comes_from_an_s3_server(serve: Serve, s3: tuple[str, Any]) -> None:
    address, client = s3
    script = program_files(says("a folder"))[SCRIPT]
    client.put_object(Bucket="remote", Key=f"m/{SCRIPT}", Body=script.encode())
    deployed = serve(s3_endpoint=address)
    source = {"S3Uri": "s3://remote/m/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    container = {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
    assert deployed.ask(deployed.deploy("it", container)) == "a folder"


def test_an_s3_server_is_asked_when_the_endpoint_starts_and_not_before(
    serve: Serve, s3: tuple[str, Any]
) -> None:
    address, _ = s3
    deployed = serve(s3_endpoint=address)
    uri = "s3://remote/none.tar.gz"
    endpoint = deployed.create("it", {"Image": IMAGE, "ModelDataUrl": uri})
    assert endpoint["EndpointStatus"] == "Failed"
    assert f"Could not find model data at {uri}." in endpoint["FailureReason"]


def test_a_folder_for_a_bucket_comes_before_an_s3_server(serve: Serve, s3: tuple[str, Any]) -> None:
    address, client = s3
    client.put_object(
        Bucket="remote", Key="it.tar.gz", Body=packed(program_files(says("the server's")))
    )
    deployed = serve(s3_endpoint=address)
    container = deployed.buckets.put_program(says("the folder's"), "s3://remote/it.tar.gz")
    assert deployed.ask(deployed.deploy("it", container)) == "the folder's"


def test_a_bucket_may_be_any_folder(serve: Serve, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "it.tar.gz").write_bytes(packed(program_files(says("elsewhere"))))
    deployed = serve(buckets={"mine": folder})
    name = deployed.deploy("it", {"Image": IMAGE, "ModelDataUrl": "s3://mine/it.tar.gz"})
    assert deployed.ask(name) == "elsewhere"


def test_a_file_url_is_followed_where_that_is_allowed(serve: Serve, tmp_path: Path) -> None:
    archive = tmp_path / "it.tar.gz"
    archive.write_bytes(packed(program_files(says("a file"))))
    deployed = serve(allow_file_urls=True)
    name = deployed.deploy("it", {"Image": IMAGE, "ModelDataUrl": archive.as_uri()})
    assert deployed.ask(name) == "a file"


def test_a_file_url_breaks_the_pattern_elsewhere(serve: Serve, tmp_path: Path) -> None:
    container = {"Image": IMAGE, "ModelDataUrl": (tmp_path / "it.tar.gz").as_uri()}
    with pytest.raises(ClientError, match="regular expression pattern") as error:
        serve().make_model("it", container)
    assert error.value.response["Error"]["Code"] == "ValidationException"
