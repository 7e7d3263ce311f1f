"""A worker's log: how much of it is kept, and what is shown."""

from pathlib import Path

import pytest

from sagemock.serving.worker_log import WorkerLog


@pytest.fixture
def log(tmp_path: Path) -> WorkerLog:
    return WorkerLog(tmp_path / "log", most_bytes=3_000_000)


def test_a_log_that_was_never_written_is_empty(log: WorkerLog) -> None:
    log.cut()
    assert log.tail() == ""
    assert log.last_line() == ""
    assert not log.mentions_opt_ml()


def test_its_tail_is_twenty_lines_of_two_thousand_characters_together(log: WorkerLog) -> None:
    with log.open() as file:
        file.write("".join(f"line {number}\n" for number in range(100)).encode())
        assert log.tail() == "\n".join(f"line {number}" for number in range(80, 100))
        file.write(b"y" * 3000 + b"\n\xff\n\n")
    assert log.tail() == "y" * 1998 + "\n\ufffd"
    assert log.last_line() == "\ufffd"


def test_it_is_cut_when_too_long_and_what_came_before_is_still_shown(log: WorkerLog) -> None:
    with log.open() as file:
        file.write(b"z" * 2_999_990 + b"\nbefore\n")
        log.cut()
        assert log.path.stat().st_size == 2_999_998
        file.write(b"more\n")
        log.cut()
        assert log.path.stat().st_size == 0
        file.write(b"after\n")
    assert log.path.read_bytes() == b"after\n"
    assert log.tail().endswith("z\nbefore\nmore\nafter")
    assert sum(path.stat().st_size for path in log.path.parent.iterdir()) < 1_100_000


def test_it_is_cut_when_it_is_opened_again(log: WorkerLog) -> None:
    with log.open() as file:
        file.write(b"z" * 4_000_000)
    log.open().close()
    assert log.path.stat().st_size == 0


@pytest.mark.parametrize(
    "line",
    [
        "FileNotFoundError: '/opt/ml/model/weights.json'",
        "/opt/ml/code",
        "open(/opt/ml/model)",
    ],
)
def test_it_knows_a_hard_coded_path(log: WorkerLog, line: str) -> None:
    with log.open() as file:
        file.write(line.encode())
    assert log.mentions_opt_ml()


@pytest.mark.parametrize(
    "line",
    [
        'File "/state/serving/a/b/primary/opt/ml/code/inference.py", line 1',
        r"C:\state\/opt/ml/",
        "/opt/mlx/",
    ],
)
def test_a_path_in_its_own_folder_is_not_hard_coded(log: WorkerLog, line: str) -> None:
    with log.open() as file:
        file.write(line.encode())
    assert not log.mentions_opt_ml()
