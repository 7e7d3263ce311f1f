"""Whether a server is reached: http and https mistaken for each other, and why it is not."""

import http.client
import socket
import socketserver
import ssl
import threading
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import Started, assert_one_sentence, run
from sagemock.reaching import other_address, unreached
from sagemock.server_client import NoServerError, ask
from sagemock.server_probe import probe
from tls_server import tls_server

HTML = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 6\r\n\r\n<html>"
VERSION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a sagemock."""
    started = Started(tmp_path_factory.mktemp("served"), "--db", ":memory:")
    yield int(started.url.rpartition(":")[2])
    assert started.stop()[0] == 0


@pytest.fixture
def tls_port(tmp_path: Path) -> Iterator[int]:
    with tls_server(tmp_path) as port:
        yield port


@pytest.mark.parametrize(
    "command",
    [
        ("log",),
        ("show", VERSION),
        ("requests",),
        ("faults", "list"),
        ("clock", "show"),
        ("snapshot", "save", "-"),
        ("wait", "--timeout", "60"),
    ],
    ids=lambda command: command[0],
)
def test_https_where_plain_http_is_spoken_is_told_at_once(
    port: int, command: tuple[str, ...]
) -> None:
    # It would be waited for for a minute, longer than the command is given here.
    result = run(*command, "--url", f"https://127.0.0.1:{port}")
    assert_one_sentence(
        result,
        f"^sagemock: What answers at https://127.0.0.1:{port} speaks plain http; "
        f"use http://127.0.0.1:{port}\\.$",
    )


@pytest.mark.parametrize("command", [("log",), ("wait", "--timeout", "60")])
def test_http_where_https_is_spoken_is_told_at_once(
    tls_port: int, command: tuple[str, ...]
) -> None:
    result = run(*command, "--url", f"http://127.0.0.1:{tls_port}")
    assert_one_sentence(
        result,
        f"^sagemock: What answers at http://127.0.0.1:{tls_port} speaks https; "
        f"use https://127.0.0.1:{tls_port}\\.$",
    )


def test_a_server_of_tls_that_takes_its_time_is_not_taken_for_one_of_plain_http() -> None:
    begun = threading.Event()

    class Slow(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if self.request.recv(1) == b"\x16":
                begun.wait(10)
            else:
                self.request.sendall(HTML)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Slow) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        assert other_address(f"https://127.0.0.1:{server.server_address[1]}", 0.2) is None
        begun.set()
        server.shutdown()
        thread.join(10)


def test_a_server_of_tls_that_says_something_itself_is_told_the_same(tmp_path: Path) -> None:
    with tls_server(tmp_path, HTML) as port:
        url = f"http://127.0.0.1:{port}"
        with pytest.raises(NoServerError, match=rf"speaks https; use https://127.0.0.1:{port}\.$"):
            ask(url, "/_sagemock/activity")
        assert probe(url, "/_sagemock/health", 2).other == f"https://127.0.0.1:{port}"


def test_a_certificate_that_is_not_trusted_is_told(tls_port: int) -> None:
    url = f"https://127.0.0.1:{tls_port}"
    assert_one_sentence(
        run("log", "--url", url), f"^sagemock: There is no sagemock at {url}: its certificate is "
    )
    found = probe(url, "/_sagemock/health", 2)
    assert (found.answered, found.other) == (False, None)
    assert found.reason.startswith("its certificate is not trusted: ")


def test_the_doctor_says_how_the_server_is_reached(port: int) -> None:
    said = run("doctor", "--url", f"https://127.0.0.1:{port}").stdout
    assert f"wrong    What answers at https://127.0.0.1:{port} speaks plain http" in said
    assert f'-> Point clients there: eval "$(sagemock env --url http://127.0.0.1:{port})"\n' in said


def test_an_address_that_is_right_has_no_other(port: int, tls_port: int) -> None:
    assert other_address(f"http://127.0.0.1:{port}", 0.3) is None
    assert other_address(f"https://127.0.0.1:{tls_port}") is None
    assert other_address(f"https://127.0.0.1:{port}/") == f"http://127.0.0.1:{port}/"


@pytest.mark.parametrize(
    "url", ["nonsense", "", "ftp://127.0.0.1:1", "http://127.0.0.1", "https://h:port", "http://:1"]
)
def test_an_address_of_nothing_has_no_other(url: str) -> None:
    assert other_address(url) is None


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_where_nobody_is_or_says_anything_there_is_no_other_address(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"
        assert other_address(url, 0.1) is None
    assert other_address(url) is None


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (urllib.error.URLError(OSError(111, "Connection refused")), "Connection refused"),
        (urllib.error.URLError("no host given"), "no host given"),
        (TimeoutError("timed out"), "timed out"),
        (http.client.RemoteDisconnected("Remote end closed"), "Remote end closed"),
        (http.client.BadStatusLine("SSH-2.0"), "what answers there speaks no HTTP"),
        (http.client.IncompleteRead(b"{"), "its answer broke off"),
        (ssl.SSLError(1, "[SSL] (_ssl.c:1006)"), "what answers there speaks no TLS that is known"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_reason_is_told_without_numbers(error: Exception, told: str) -> None:
    assert unreached(error).startswith(told)
