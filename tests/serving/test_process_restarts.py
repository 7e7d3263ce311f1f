"""Workers that end by themselves, and come back."""

import os
import signal
from pathlib import Path

import pytest
from supervised import Make, ask, obedient, pid_of, send, supervised  # noqa: F401 - fixtures
from worker_programs import eventually, is_running

from sagemock.hosting import NoAnswerError
from sagemock.serving import process
from sagemock.serving.process import WorkerProcess


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_worker_that_ends_is_started_again(worker: WorkerProcess, end: str) -> None:
    first = pid_of(worker)
    left = int(ask(worker, 'str(subprocess.Popen(["sleep", "600"]).pid)'))
    ask(worker, "print('last words') or '1'")
    with pytest.raises(
        NoAnswerError,
        match=r"^Container primary broke off its answer. The last line of its log: last words$",
    ) as told:
        send(worker, end)
    assert (told.value.container, told.value.timed_out) == ("primary", False)
    eventually(lambda: not worker.is_ready)
    eventually(lambda: worker.is_ready)
    assert pid_of(worker) != first
    assert not is_running(left)
    assert worker.log_tail() == "last words"


def test_an_end_that_nobody_asked_for_is_noticed_too(worker: WorkerProcess) -> None:
    first = pid_of(worker)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: not worker.is_ready)
    eventually(lambda: worker.is_ready)
    assert pid_of(worker) != first


def test_while_it_cannot_come_back_it_is_said_to_be_restarted(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_LONGEST_BACK_OFF_S", 0.1)
    broken = tmp_path / "broken"
    worker = make(f"""
        import os
        if os.path.exists({str(broken)!r}):
            raise OSError("worn out")
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept): os._exit(1)
    """)
    worker.start()
    broken.touch()
    with pytest.raises(NoAnswerError):
        send(worker, "1")
    eventually(lambda: worker.log_tail().count("worn out") >= 2)
    with pytest.raises(
        NoAnswerError,
        match=r"^Container primary has ended and is being restarted. "
        r"The last line of its log: OSError: worn out$",
    ):
        send(worker, "1")
    broken.unlink()
    eventually(lambda: worker.is_ready)
