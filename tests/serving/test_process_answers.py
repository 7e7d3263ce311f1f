"""What a supervised worker answers, and what is told when it does not."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from supervised import Make, ask, obedient, pid_of, send, sockets, supervised  # noqa: F401 - fixtures
from worker_programs import eventually

from sagemock.hosting import Invocation, NoAnswerError
from sagemock.serving.process import WorkerProcess

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"


def test_an_invocation_reaches_the_model_and_its_answer_comes_back(make: Make) -> None:
    worker = make(
        f"""
        def model_fn(model_dir): return "model"
        def transform_fn(model, body, content_type, accept, context):
            asked = context.get_request_header(0, "{ATTRIBUTES}")
            context.set_response_header(0, "{ATTRIBUTES}", asked.upper())
            context.set_response_status(201)
            return repr([model, body, content_type, accept]), "text/x"
        """,
        hostname="first",
    )
    assert not worker.is_ready
    worker.start()
    assert worker.is_ready
    answer = worker.invoke(Invocation(b"\x00" * 3, "a/b", "c/d", {ATTRIBUTES: "asked é"}))
    assert b"".join(answer.chunks) == rb"['model', b'\x00\x00\x00', 'a/b', 'c/d']"
    assert (answer.status, answer.content_type) == (201, "text/x")
    assert (answer.custom_attributes, answer.container) == ("ASKED É", "first")


def test_a_line_break_in_a_header_stays_in_it(make: Make) -> None:
    worker = make("""
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept, context):
            return repr([body, content_type, context.get_request_header(0, "X"), accept])
    """)
    worker.start()
    answer = worker.invoke(Invocation(b"body", "a/b\r\nX: y", "c/d\n\ne", {}))
    assert b"".join(answer.chunks) == b"[b'body', 'a/b X: y', None, 'c/d e']"


def test_an_answer_that_takes_too_long_is_given_up_and_the_worker_left_alone(
    make: Make, tmp_path: Path
) -> None:
    worker = make(invocation_timeout_s=0.5)
    worker.start()
    pid, latch, done = pid_of(worker), tmp_path / "latch", tmp_path / "done"
    with pytest.raises(
        NoAnswerError, match=r"^Container primary did not answer within 0.5 s.$"
    ) as told:
        send(worker, f"[wait_for({str(latch)!r}), open({str(done)!r}, 'w').close()]")
    assert told.value.timed_out
    assert pid_of(worker) == pid
    latch.touch()
    eventually(done.exists)
    assert ask(worker, "'fine'") == "fine"


def test_an_answer_that_stops_midway_is_given_up_too(make: Make, tmp_path: Path) -> None:
    worker = make(invocation_timeout_s=0.5)
    worker.start()
    chunks = send(worker, f"pieces({str(tmp_path / 'latch')!r})").chunks
    assert next(chunks) == b"one"
    with pytest.raises(NoAnswerError) as told:
        next(chunks)
    assert told.value.timed_out
    assert list(chunks) == []


def test_an_answer_that_is_too_long_is_not_read(make: Make) -> None:
    worker = make(most_answer_bytes=1000)
    worker.start()
    told = r"^The answer of container primary is longer than 1000 bytes.$"
    assert len(ask(worker, "'x' * 1000")) == 1000
    with pytest.raises(NoAnswerError, match=told):
        send(worker, "'x' * 1001")
    chunks = send(worker, "iter(['x' * 600] * 9)").chunks
    assert next(chunks) == b"x" * 600
    with pytest.raises(NoAnswerError, match=told):
        next(chunks)
    assert ask(worker, "iter(['x' * 500] * 2)") == "x" * 1000


def test_pieces_come_as_they_are_made_one_for_one(worker: WorkerProcess, tmp_path: Path) -> None:
    latch = tmp_path / "latch"
    chunks = send(worker, f"pieces({str(latch)!r})").chunks
    assert next(chunks) == b"one"
    latch.touch()
    assert list(chunks) == [b"two"]
    large = send(worker, "iter(['x' * 300_000, 'y', 'z' * 300_000])")
    assert [len(chunk) for chunk in large.chunks] == [300_000, 1, 300_000]


def test_an_answer_that_breaks_off_midway_is_told(worker: WorkerProcess) -> None:
    chunks = send(worker, "broken()").chunks
    assert next(chunks) == b"one"
    with pytest.raises(
        NoAnswerError,
        match=r"^Container primary broke off its answer. The last line of .*: OSError: no more$",
    ):
        next(chunks)
    assert ask(worker, "'fine'") == "fine"


@pytest.mark.parametrize("taken", [0, 1])
def test_letting_go_of_an_answer_midway_closes_its_connection(
    worker: WorkerProcess, tmp_path: Path, taken: int
) -> None:
    latch = tmp_path / "latch"
    before = sockets()
    chunks: Any = send(worker, f"pieces({str(latch)!r})").chunks
    for _ in range(taken):
        next(chunks)
    chunks.close()
    assert list(chunks) == []
    assert sockets() < before
    assert ask(worker, "'fine'") == "fine"


def test_connections_are_kept_and_a_dead_one_is_replaced(worker: WorkerProcess) -> None:
    client = worker._client
    assert client
    for _ in range(3):
        ask(worker, "'1'")
        assert len(client._idle) == 1
    kept = client._idle[0]
    kept._socket.shutdown(2)
    assert ask(worker, "'again'") == "again"
    assert client._idle[0] is not kept


def test_callers_do_not_wait_for_each_other_and_few_connections_stay(
    worker: WorkerProcess,
) -> None:
    client = worker._client
    assert client
    with ThreadPoolExecutor(20) as callers:
        began = time.monotonic()
        bodies = callers.map(
            lambda number: ask(worker, f"time.sleep(0.05) or '{number}'"), range(8)
        )
        assert list(bodies) == [str(number) for number in range(8)]
        assert time.monotonic() - began < 0.8
        list(callers.map(lambda _: ask(worker, "time.sleep(0.1) or ''"), range(20)))
    assert len(client._idle) == 16
