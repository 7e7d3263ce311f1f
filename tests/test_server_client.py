"""What asks a running server: its answers over several pages, and what cannot be had of it."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from command_line import assert_one_sentence, run
from fictions import ANN, ARN, call, create
from running import Running
from sagemock import Service
from sagemock.operation import Caller
from sagemock.server_client import NoServerError, ask, records, told

BEN = Caller("123456789012", "us-east-1", "arn:aws:iam::123456789012:user/ben", "AIDABEN")
VERSION = f"{ARN}model-package/churn/1"
LIMIT_S = 10


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    running = Running(app)
    yield running.url
    running.stop()


@pytest.fixture
def version(service: Service) -> str:
    call(service, "CreateModelPackageGroup", ModelPackageGroupName="churn")
    call(service, "CreateModelPackage", ModelPackageGroupName="churn")
    return VERSION


def numbers(found: Iterator[dict[str, Any]]) -> list[int]:
    return [each["Id"] for each in found]


@pytest.mark.usefixtures("version")
def test_as_many_records_are_told_as_are_asked_for_over_as_many_pages_as_it_takes(
    service: Service, url: str
) -> None:
    for _ in range(2098):
        service.invoke("CreateModelPackage", {"ModelPackageGroupName": "churn"}, BEN)
    assert numbers(records(url, limit=1)) == [2100]
    assert numbers(records(url, limit=1000)) == list(range(2100, 1100, -1))
    assert numbers(records(url, limit=1001)) == list(range(2100, 1099, -1))
    assert numbers(records(url, limit=5000)) == list(range(2100, 0, -1))
    assert numbers(records(url, limit=2, actor=ANN.principal)) == [2, 1]


def test_the_command_passes_on_what_is_asked_for(service: Service, url: str, version: str) -> None:
    service.invoke(
        "UpdateModelPackage", {"ModelPackageArn": version, "ModelApprovalStatus": "Approved"}, BEN
    )
    times = [each["Time"] for each in records(url, limit=9)]

    def operations(*arguments: str) -> list[str]:
        said = run("log", *arguments, "--json", "--url", url)
        assert (said.returncode, said.stderr) == (0, "")
        return [json.loads(line)["Operation"] for line in said.stdout.splitlines()]

    everything = ["UpdateModelPackage", "CreateModelPackage", "CreateModelPackageGroup"]
    assert operations() == everything
    assert operations("--actor", BEN.principal) == everything[:1]
    assert operations("--since", str(times[1])) == everything[:2]
    assert operations("--until", str(times[1])) == everything[1:]
    assert (
        operations(version, "--limit", "1", "--until", "2100-01-01T00:00:00+01:00")
        == (everything[:1])
    )


def test_a_record_is_a_line_and_one_more_for_each_member_it_changed(
    service: Service, url: str, version: str
) -> None:
    service.invoke(
        "UpdateModelPackage",
        {
            "ModelPackageArn": version,
            "ModelApprovalStatus": "Rejected",
            "ApprovalDescription": "zu viel \x1b[31mgrößer",
        },
        BEN,
    )
    (record,) = records(url, limit=1)
    assert told(record).split("\n") == [
        f"2023-11-14T22:13:23.123Z  UpdateModelPackage  {version}  changed  by {BEN.principal}",
        '    ModelApprovalStatus: "PendingManualApproval" -> "Rejected"',
        '    ApprovalDescription: - -> "zu viel \\u001b[31mgrößer"',
    ]


def test_no_line_is_longer_than_a_screen_can_hold(service: Service, url: str, version: str) -> None:
    call(
        service,
        "UpdateModelPackage",
        ModelPackageArn=version,
        CustomerMetadataProperties={f"key-{number}": "x" * 200 for number in range(50)},
    )
    (record,) = records(url, limit=1)
    assert max(map(len, told(record).split("\n"))) < 500
    assert told(record).endswith("...")


def test_what_an_endpoint_did_is_told_in_lines_too(service: Service, url: str) -> None:
    create(service, "it")
    lines = "\n".join(map(told, records(url, limit=9))).split("\n")
    heads = [line.split("  ")[1:4] for line in lines if not line.startswith(" ")]
    assert heads == [
        ["CreateEndpoint", f"{ARN}model/it", "deployed"],
        ["Settle", f"{ARN}endpoint/it", "changed"],
        ["CreateEndpoint", f"{ARN}endpoint/it", "created"],
        ["CreateEndpointConfig", f"{ARN}endpoint-config/it", "created"],
        ["CreateModel", f"{ARN}model/it", "created"],
    ]
    assert '    EndpointStatus: "Creating" -> "InService"' in lines


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], str]]:
    """The address of a server that answers anything with these bytes."""
    listening = socket.create_server(("127.0.0.1", 0))
    threads = []

    def answer(sent: bytes) -> str:
        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(sent)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield answer
    for each in threads:
        each.join(LIMIT_S)
        assert not each.is_alive()
    listening.close()


def plain(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        plain("200 OK", b"<html>"),
        plain("200 OK", b"\xff"),
        plain("200 OK", b"{}"),
        plain("200 OK", b"[]"),
        plain("200 OK", b"null"),
        plain("404 Not Found", b"not here"),
        plain("500 Oh", b"[]"),
    ],
    ids=lambda sent: repr(sent)[2:30],
)
def test_what_answers_otherwise_than_sagemock_is_told_in_one_sentence(
    answering: Callable[[bytes], str], sent: bytes
) -> None:
    with pytest.raises(NoServerError) as refused:
        list(records(answering(sent), limit=1))
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "",
        "http://",
        "http://127.0.0.1:port",
        "http://127.0.0.1:99999",
        "http://[::1",
        "http://a b/",
        "http://no.such.host.invalid",
        "ftp://127.0.0.1:1",
    ],
)
def test_an_address_of_nothing_is_told_in_one_sentence(url: str) -> None:
    with pytest.raises(NoServerError) as refused:
        ask(url, "/_sagemock/activity", limit=1)
    assert str(refused.value).startswith(f"There is no sagemock at {url}: ")


def test_an_empty_time_is_none(url: str, version: str) -> None:
    result = run("show", version, "--at", "", "--url", url)
    assert_one_sentence(result, "^sagemock: A time is written like 2026-01-31T09:30:00Z")
