"""Answers of the worker that are made piece by piece."""

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest
from worker_programs import Start, by_hand, eventually

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with by_hand(tmp_path) as start:
        yield start


def streaming(generator: str, result: str = "pieces(body)") -> str:
    return f"""
        import os, time
        def wait_for(path):
            while not os.path.exists(path):
                time.sleep(0.005)
        def pieces(body):
            {generator}
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept): return {result}
    """


def test_pieces_are_sent_as_they_are_made(start: Start, tmp_path: Path) -> None:
    worker = start(streaming("yield 'one'; wait_for(body); yield b''; yield b'two'")).ready()
    latch = tmp_path / "latch"
    worker.connection.request("POST", "/invocations", str(latch))
    answer = worker.connection.getresponse()
    assert answer.getheader("Transfer-Encoding") == "chunked"
    assert answer.read(3) == b"one"
    latch.touch()
    assert answer.read() == b"two"
    assert worker.ask("GET", "/ping")[0] == 200


@pytest.mark.parametrize(
    ("result", "content_type"),
    [
        ("(pieces(body), 'text/event-stream')", "text/event-stream"),
        ("iter(['a', 'b'])", "application/json"),
        ("map(str, 'ab')", "application/json"),
    ],
)
def test_any_iterator_is_streamed(start: Start, result: str, content_type: str) -> None:
    worker = start(streaming("yield 'a'; yield 'b'", result)).ready()
    status, body, headers = worker.post()
    assert (status, body, headers["Content-Type"]) == (200, b"ab", content_type)
    assert headers["Transfer-Encoding"] == "chunked"


def test_an_error_before_the_first_piece_is_an_answer(start: Start) -> None:
    worker = start(streaming("raise OSError('no weights'); yield b''")).ready()
    status, body, headers = worker.post()
    assert (status, body.split(b"\n")[0]) == (500, b"no weights")
    assert "Transfer-Encoding" not in headers


@pytest.mark.parametrize(
    ("generator", "logged"),
    [
        ("yield 'one'; raise OSError('no more')", "OSError: no more"),
        ("yield 'one'; yield 2", "TypeError: A piece of a streamed answer is a int."),
        ("yield 'one'; raise SystemExit(0)", "SystemExit: 0"),
    ],
)
def test_an_error_between_pieces_breaks_the_answer_off(
    start: Start, generator: str, logged: str
) -> None:
    worker = start(streaming(generator)).ready()
    with pytest.raises(http.client.IncompleteRead) as broken:
        worker.post()
    assert broken.value.partial == b"one"
    assert worker.log.endswith(f"{logged}\n")
    worker.connection.close()
    assert worker.ask("GET", "/ping")[0] == 200


def test_an_asker_that_leaves_midway_ends_the_making_of_pieces(
    start: Start, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    worker = start(
        streaming(f"""
            try:
                while True: yield b"x" * 100_000
            finally: open({str(closed)!r}, "w").close()
        """)
    ).ready()
    worker.connection.request("POST", "/invocations")
    worker.connection.getresponse().close()
    worker.connection.close()
    eventually(closed.exists)
    assert worker.ask("GET", "/ping")[0] == 200
    assert worker.log == ""
