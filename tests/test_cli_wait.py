"""`sagemock wait`: returns when a server is ready, or says in time that none is."""

import http.server
import json
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from command_line import COMMAND, Started, assert_one_sentence, run
from sagemock.server_probe import probe, wait_until_ready
from test_cli_habits import on_a_terminal


@contextmanager
def answering(status: int, content: bytes) -> Iterator[str]:
    """The address of somebody who answers everything with the same."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def test_it_returns_at_once_and_without_a_word_when_the_server_is_ready(tmp_path: Path) -> None:
    started = Started(tmp_path, "--db", ":memory:")
    result = run("wait", "--url", started.url)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    told = run("wait", "--timeout", "0", "--json", SAGEMOCK_URL=started.url)
    assert json.loads(told.stdout) == {"url": started.url, "status": "ready"}
    assert on_a_terminal("wait", "--url", started.url) == (
        0,
        f"Waiting for {started.url} ...\r\x1b[K",
    )
    started.stop()


def test_it_waits_for_a_server_that_is_started_later(tmp_path: Path, free_port: int) -> None:
    url = f"http://127.0.0.1:{free_port}"
    with subprocess.Popen([*COMMAND, "wait", "--url", url, "--timeout", "20"]) as waiting:
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(timeout=0.5)
        started = Started(tmp_path, "--db", ":memory:", "--port", str(free_port))
        assert waiting.wait(timeout=20) == 0
    started.stop()


@pytest.mark.parametrize(
    ("timeout", "told"), [("0", "0 seconds"), ("0.2", "0.2 seconds"), ("1", "1 second")]
)
def test_where_nothing_is_it_says_so_in_one_sentence_with_exit_code_1(
    free_port: int, timeout: str, told: str
) -> None:
    url = f"http://127.0.0.1:{free_port}"
    result = run("wait", "--url", url, "--timeout", timeout)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"sagemock: {url} was not ready within {told}: Connection refused.\n"


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (200, b"hello", "what answers there is not sagemock"),
        (200, b'{"status": "starting"}', "what answers there is not sagemock"),
        (404, b"<html>", "it answers with status 404"),
        (503, b'{"message": "The database is locked."}', "The database is locked"),
    ],
)
def test_somebody_else_who_answers_is_not_taken_for_a_server(
    status: int, content: bytes, said: str
) -> None:
    with answering(status, content) as url:
        result = run("wait", "--url", url, "--timeout", "0.2")
    assert result.returncode == 1
    assert result.stderr == f"sagemock: {url} was not ready within 0.2 seconds: {said}.\n"


def test_one_that_never_answers_is_not_waited_for_longer_than_was_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        found = wait_until_ready(url, 0.3)
    assert (found.answered, found.is_ready) == (False, False)


def test_interrupted_it_ends_with_exit_code_130() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen([*COMMAND, "wait", "--url", url], stderr=subprocess.PIPE) as waiting:
            connection, _ = silent.accept()
            waiting.send_signal(signal.SIGINT)
            assert waiting.wait(timeout=20) == 130
            connection.close()
            assert waiting.stderr is not None
            assert b"Traceback" not in waiting.stderr.read()


def test_one_that_speaks_no_http_has_answered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"220 mail ready\r\n")
                connection.recv(1000)

        thread = threading.Thread(target=greet)
        thread.start()
        found = probe(f"http://127.0.0.1:{listening.getsockname()[1]}", "/", 5)
        thread.join()
    assert (found.answered, found.reason) == (True, "what answers there speaks no HTTP")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--timeout", "-1"), "'--timeout': it is a number from 0 up, not '-1'"),
        (("--timeout", "nan"), "'--timeout': it is a number from 0 up, not 'nan'"),
        (("--timeout", "soon"), "'--timeout': it is a number from 0 up, not 'soon'"),
        (("--url", "nonsense"), "An address looks like http://127.0.0.1:4577, not 'nonsense'"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: tuple[str, str], said: str) -> None:
    assert_one_sentence(run("wait", *arguments), f"^sagemock: .*{said}")
