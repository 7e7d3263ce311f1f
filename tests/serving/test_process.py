"""A supervised worker: it starts, or says why not, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from supervised import (  # noqa: F401 - fixtures
    OBEYS,
    Make,
    ask,
    launch,
    obedient,
    open_files,
    open_files_of,
    pid_of,
    send,
    supervised,
)
from worker_programs import ECHO, LIMIT_S, eventually, is_running, make_container, measured

from sagemock.hosting import NoAnswerError
from sagemock.serving import process
from sagemock.serving.process import StartFailed, WorkerProcess


def failure_of(worker: WorkerProcess) -> str:
    with pytest.raises(StartFailed) as failed:
        worker.start()
    assert not worker.is_ready
    assert open_files_of(worker) == []
    return str(failed.value)


def test_the_environment_is_the_machines_the_containers_and_ours(make: Make) -> None:
    server = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_PROFILE": "production",
        "AWS_CONFIG_FILE": "/home/me/.aws/config",
        "VIRTUAL_ENV": "/venv",
        "PYTHONPATH": "/server",
        "TMPDIR": "/server",
    }
    environment = {
        "MINE": "a b=c\n",
        "SAGEMAKER_SUBMIT_DIRECTORY": "s3://b/sourcedir.tar.gz",
        "SAGEMAKER_REGION": "us-east-1",
        "SAGEMAKER_BASE_DIR": "/opt/ml",
        "AWS_EC2_METADATA_DISABLED": "false",
    }
    worker = make(environment=environment, server_environment=server, framework="sklearn")
    worker.start()
    base = str(worker._launch.base)
    temporary = os.path.join(base, "tmp")  # noqa: PTH118 - a variable is a str
    seen = json.loads(ask(worker, "dict(os.environ)"))
    assert {name: value for name, value in seen.items() if name not in measured()} == {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "TMPDIR": temporary,
        "TEMP": temporary,
        "TMP": temporary,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "false",
        "MINE": "a b=c\n",
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_BASE_DIR": base,
        "SAGEMAKER_SUBMIT_DIRECTORY": f"{base}/code",
        "SAGEMAKER_REGION": "eu-west-3",
        "SAGEMOCK_FRAMEWORK": "sklearn",
        "SM_MODEL_DIR": f"{base}/model",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    assert ask(worker, "os.getcwd()") == f"{base}/model"


@pytest.mark.parametrize(
    ("program", "last_line"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def model_fn(model_dir): raise OSError('no weights')", "OSError: no weights"),
        ("import os\nprint('so long')\nos._exit(7)", "so long"),
        ("import os, signal\nprint('aargh')\nos.kill(os.getpid(), signal.SIGSEGV)", "aargh"),
    ],
)
def test_a_worker_that_ends_before_it_answers_fails_with_its_last_lines(
    make: Make, program: str, last_line: str
) -> None:
    worker = make(program)
    failure = failure_of(worker)
    code = {"so long": 7, "aargh": -signal.SIGSEGV}.get(last_line, 1)
    assert failure.startswith(
        f"The process of container primary ended with exit code {code} before it answered /ping. "
        "The last lines of its log:\n"
    )
    assert failure.endswith(f"\n{last_line}")
    assert failure.endswith(worker.log_tail())
    with pytest.raises(NoAnswerError, match=r"^Container primary is not running.$"):
        send(worker, "1")


def test_a_failure_shows_no_more_than_the_end_of_a_long_log(make: Make) -> None:
    failure = failure_of(make("for i in range(5000): print(i, 'x' * 90)\nraise OSError('no')"))
    assert failure.endswith("\nOSError: no")
    assert len(failure) < 2200
    assert len(failure.splitlines()) <= 21


def test_a_hard_coded_path_is_told_as_the_reason(make: Make) -> None:
    program = "def model_fn(model_dir): return open('{}/weights.json')"
    told = "use the model_dir that model_fn is given, or the environment variable SM_MODEL_DIR."
    assert told in failure_of(make(program.format("/opt/ml/model")))
    assert told not in failure_of(make(program.format("/nowhere/model")))


def test_a_worker_that_does_not_answer_in_time_fails_and_is_gone(
    make: Make, tmp_path: Path
) -> None:
    mark = tmp_path / "pid"
    worker = make(
        f"""
        import os, time
        print("downloading")
        def model_fn(model_dir):
            open({str(mark)!r}, "w").write(str(os.getpid()))
            time.sleep(600)
        """,
        startup_timeout_s=2,
    )
    began = time.monotonic()
    assert failure_of(worker) == (
        "The process of container primary did not answer /ping with 200 within 2 s. "
        "The last lines of its log:\ndownloading"
    )
    assert time.monotonic() - began < 6
    assert not is_running(int(mark.read_text()))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"python": "/no/such/python"}, "No such file or directory: '/no/such/python'"),
        ({"environment": {"A": "b\0c"}}, "embedded null byte"),
    ],
)
def test_a_command_that_cannot_run_is_told(make: Make, options: Any, told: str) -> None:
    failure = failure_of(make(**options))
    assert failure.startswith("The process of container primary cannot start: ")
    assert told in failure


def test_a_program_that_never_says_its_port_is_given_up(make: Make, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("#!/bin/sh\necho hello\nexec sleep 600\n")
    other.chmod(0o755)
    failure = failure_of(make(python=other, startup_timeout_s=0.3))
    assert failure == "The process of container primary did not answer /ping with 200 within 0.3 s."


def test_what_an_interpreter_says_first_is_no_obstacle(make: Make, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text(f'#!/bin/sh\necho "sagemock-worker of yours"\nexec {sys.executable} "$@"\n')
    other.chmod(0o755)
    worker = make(python=other)
    worker.start()
    assert ask(worker, "'here'") == "here"


def test_a_stop_during_the_start_ends_both(make: Make, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    worker = make(f"""
        import os, time
        def model_fn(model_dir):
            open({str(mark)!r}, "w").write(str(os.getpid()))
            time.sleep(600)
    """)
    with ThreadPoolExecutor(1) as other:
        start = other.submit(worker.start)
        eventually(lambda: mark.exists() and bool(mark.read_text()))
        began = time.monotonic()
        worker.stop()
        with pytest.raises(StartFailed, match=r"^The container was stopped before it was ready.$"):
            start.result(LIMIT_S)
    assert time.monotonic() - began < 2
    assert not is_running(int(mark.read_text()))


def test_a_worker_that_was_stopped_first_does_not_start(make: Make) -> None:
    worker = make()
    worker.stop()
    with pytest.raises(StartFailed, match=r"stopped"):
        worker.start()
    worker.stop()
    assert not (worker._launch.folder / "log").exists()


def test_a_stop_ends_all_that_the_worker_started(worker: WorkerProcess) -> None:
    pids = [pid_of(worker)]
    pids += [int(ask(worker, 'str(subprocess.Popen(["sleep", "600"]).pid)')) for _ in range(2)]
    assert all(is_running(pid) for pid in pids)
    worker.stop()
    assert not any(is_running(pid) for pid in pids)
    assert not worker.is_ready
    with pytest.raises(NoAnswerError, match=r"^Container primary is not running.$"):
        send(worker, "1")


def test_a_worker_that_does_not_want_to_end_is_made_to(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_GRACE_S", 0.2)
    worker = make(f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n{dedented()}")
    worker.start()
    pid = pid_of(worker)
    worker.stop()
    assert not is_running(pid)


def dedented() -> str:
    return "\n".join(line.removeprefix("    ") for line in OBEYS.splitlines())


def test_its_log_is_cut_while_it_runs(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_WATCH_S", 0.02)
    worker = make()
    worker._log._most_bytes = 100_000
    worker.start()
    path = worker._log.path
    ask(worker, "print('x' * 200_000) or ''")
    eventually(lambda: path.stat().st_size == 0)
    ask(worker, "print('after') or ''")
    assert path.read_text() == "after\n"


PARENT = """
import os, sys
from pathlib import Path
from sagemock.hosting import Invocation
from sagemock.serving.process import WorkerLaunch, WorkerProcess

folder = Path(sys.argv[1])
worker = WorkerProcess(WorkerLaunch(
    python=sys.executable, folder=folder, code=folder / "opt/ml/code", environment={},
    server_environment=os.environ, region="us-east-1",
))
worker.start()
for body in (b"str(os.getpid())", b"str(subprocess.Popen(['sleep', '600']).pid)"):
    print(b"".join(worker.invoke(Invocation(body)).chunks).decode(), flush=True)
input()
"""


def test_a_server_that_is_killed_leaves_no_worker(tmp_path: Path) -> None:
    folder = make_container(tmp_path / "container", OBEYS)
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout
        pids = [int(parent.stdout.readline()) for _ in range(2)]
        assert all(is_running(pid) for pid in pids)
        parent.kill()
    eventually(lambda: not any(is_running(pid) for pid in pids))


def test_fifty_workers_leave_no_process_file_or_thread(tmp_path: Path) -> None:
    files, threads = len(open_files()), threading.active_count()

    def live(number: int) -> int:
        worker = WorkerProcess(launch(tmp_path / str(number), ECHO_PID))
        worker.start()
        try:
            return int(ask(worker, ""))
        finally:
            worker.stop()

    with ThreadPoolExecutor(4) as four:
        pids = list(four.map(live, range(50)))
    assert len(set(pids)) == 50
    assert not any(is_running(pid) for pid in pids)
    assert (len(open_files()), threading.active_count()) == (files, threads)


ECHO_PID = ECHO.replace("return body", "return str(__import__('os').getpid())")
