"""Events as the input of real programs."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sagemock.eventing import Event, NotDeliveredError
from sagemock.sinks.command import CommandSink

LIMIT_S = 20.0
EVENT = Event(1, {"id": "5b0f", "detail-type": "SageMaker Model State Change"})

POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="Groups of processes are POSIX's.")

Make = Callable[..., CommandSink]

CHILD = "import time; open('child', 'w').close(); time.sleep(600)"
STARTS_ANOTHER = f"""
import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}])
while not os.path.exists("child"):
    time.sleep(0.005)
pathlib.Path("pids.new").write_text(f"{{os.getpid()}} {{child.pid}}")
os.rename("pids.new", "pids")
"""


def pids(folder: Path) -> list[int]:
    until(folder.joinpath("pids").exists)
    return [int(each) for each in folder.joinpath("pids").read_text().split()]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes a sink that runs a program given as its Python source."""
    made: list[CommandSink] = []

    def make_one(source: str, **options: Any) -> CommandSink:
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        options = {"folder": tmp_path, "environment": environment, **options}
        made.append(CommandSink((sys.executable, "-c", source), **options))
        return made[-1]

    yield make_one
    for each in made:
        each.close()


def reason(sink: CommandSink) -> str:
    """Why an event is not taken now, and may be later."""
    with pytest.raises(NotDeliveredError) as refused:
        sink.send(EVENT, "{}")
    assert refused.value.again
    return str(refused.value)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < deadline
        threading.Event().wait(0.005)


def is_running(pid: int) -> bool:
    """Whether it runs; one that has ended and is collected by nobody does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return not Path("/proc/self").exists()


def test_a_program_is_given_the_body_its_folder_and_its_environment(
    make: Make, tmp_path: Path
) -> None:
    source = """
import json, os, sys
names = ("SAGEMOCK_EVENT_ID", "SAGEMOCK_EVENT_TYPE", "GREETING", "SAGEMOCK_UNKNOWN")
seen = [sys.stdin.buffer.read().decode(), *(os.environ.get(each) for each in names)]
open("seen.json", "w").write(json.dumps(seen))
"""
    sink = make(source, environment={**os.environ, "GREETING": "hello"})
    sink.send(EVENT, '{"name":"ü"}')
    sink.flush()
    seen = json.loads(tmp_path.joinpath("seen.json").read_text())
    assert seen == ['{"name":"ü"}\n', "5b0f", "SageMaker Model State Change", "hello", None]


def test_half_of_a_character_pair_is_given_as_its_escape(make: Make, tmp_path: Path) -> None:
    source = "import sys; open('seen', 'wb').write(sys.stdin.buffer.read())"
    make(source).send(EVENT, '"\ud83d"')
    assert tmp_path.joinpath("seen").read_bytes() == b'"\\ud83d"\n'


def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    source = "import sys; open('seen', 'w').write(sys.argv[1])"
    sink = CommandSink(
        (sys.executable, "-c", source, "$HOME; *"), folder=tmp_path, environment=os.environ
    )
    sink.send(EVENT, "{}")
    assert tmp_path.joinpath("seen").read_text() == "$HOME; *"


def test_an_exit_code_refuses_an_event_with_the_last_line_of_the_errors(make: Make) -> None:
    source = """
import sys
print("only said")
sys.stderr.write("first\\nlast\\x1b[0m\\tline\\n\\n  \\n")
sys.exit(3)
"""
    told = f"The program {sys.executable} ended with exit code 3: last [0m line"
    assert reason(make(source)) == told


def test_an_exit_code_without_a_word_is_told_alone(make: Make) -> None:
    told = f"The program {sys.executable} ended with exit code 1."
    assert reason(make("raise SystemExit(1)")) == told


def test_a_long_line_is_cut(make: Make) -> None:
    told = reason(make("raise SystemExit('e' * 100_000)"))
    assert told == f"The program {sys.executable} ended with exit code 1: {'e' * 200}"


@POSIX_ONLY
def test_a_signal_refuses_an_event(make: Make) -> None:
    source = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert reason(make(source)) == f"The program {sys.executable} was ended by signal 9."


def test_a_program_that_reads_nothing_takes_an_event(make: Make, tmp_path: Path) -> None:
    sink = make("open('ran', 'w').close()")
    sink.send(EVENT, json.dumps("x" * 1_000_000))
    assert tmp_path.joinpath("ran").exists()


def test_a_program_that_says_much_does_not_hang(make: Make) -> None:
    source = """
import sys
for stream in (sys.stdout, sys.stderr):
    for _ in range(300):
        stream.write("x" * 9_999 + "\\n")
sys.exit("the end")
"""
    assert reason(make(source)) == f"The program {sys.executable} ended with exit code 1: the end"


@POSIX_ONLY
def test_what_has_left_the_group_is_not_waited_for(make: Make, tmp_path: Path) -> None:
    source = f"""
import pathlib, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], start_new_session=True)
pathlib.Path("pids").write_text(str(child.pid))
sys.exit("it goes on")
"""
    begun = time.monotonic()
    try:
        told = f"The program {sys.executable} ended with exit code 1: it goes on"
        assert reason(make(source)) == told
        assert time.monotonic() - begun < LIMIT_S
    finally:
        os.kill(pids(tmp_path)[0], signal.SIGKILL)


def test_a_program_that_is_not_there_is_not_tried_again(tmp_path: Path) -> None:
    sink = CommandSink(("no-such-program",), folder=tmp_path, environment=os.environ)
    with pytest.raises(NotDeliveredError) as refused:
        sink.send(EVENT, "{}")
    assert not refused.value.again
    assert str(refused.value) == (
        "The program no-such-program cannot be run: there is no such program."
    )


def test_a_folder_that_is_not_there_may_come(make: Make, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    assert reason(make("", folder=folder)) == (
        f"The program {sys.executable} cannot be run: its folder {folder} is not there."
    )


@POSIX_ONLY
def test_a_file_that_may_not_be_run_is_told_as_the_system_says_it(tmp_path: Path) -> None:
    program = tmp_path / "deploy.sh"
    program.write_text("#!/bin/sh\n")
    sink = CommandSink((str(program),), folder=tmp_path, environment=os.environ)
    assert reason(sink) == f"The program {program} cannot be run: Permission denied."


@POSIX_ONLY
def test_a_program_is_found_from_its_folder(tmp_path: Path) -> None:
    program = tmp_path / "deploy.sh"
    program.write_text("#!/bin/sh\ncat > seen\n")
    program.chmod(0o755)
    sink = CommandSink(("./deploy.sh",), folder=tmp_path, environment=os.environ)
    sink.send(EVENT, "{}")
    assert tmp_path.joinpath("seen").read_text() == "{}\n"


@POSIX_ONLY
def test_a_program_that_takes_too_long_is_killed_with_all_it_started(
    make: Make, tmp_path: Path
) -> None:
    sink = make(
        f"{STARTS_ANOTHER}print('busy', file=sys.stderr, flush=True)\ntime.sleep(600)",
        timeout_s=2.0,
    )
    told = f"The program {sys.executable} did not end within 2 s and was killed: busy"
    assert reason(sink) == told
    until(lambda: not any(is_running(each) for each in pids(tmp_path)))


@POSIX_ONLY
def test_what_a_program_leaves_running_ends_with_it(make: Make, tmp_path: Path) -> None:
    make(STARTS_ANOTHER).send(EVENT, "{}")
    until(lambda: not any(is_running(each) for each in pids(tmp_path)))


def test_a_close_kills_what_runs(make: Make, tmp_path: Path) -> None:
    sink = make("import time; open('pids', 'w').close(); time.sleep(600)")
    reasons: list[str] = []
    sending = threading.Thread(target=lambda: reasons.append(reason(sink)))
    sending.start()
    until(tmp_path.joinpath("pids").exists)
    sink.close()
    sending.join(LIMIT_S)
    assert reasons == [f"The program {sys.executable} was killed because the server stops."]


def test_a_closed_sink_runs_nothing(make: Make, tmp_path: Path) -> None:
    sink = make("open('ran', 'w').close()")
    sink.close()
    assert reason(sink) == f"The program {sys.executable} is not run: the server stops."
    assert not tmp_path.joinpath("ran").exists()


@pytest.mark.parametrize(
    ("arguments", "environment", "timeout_s", "message"),
    [
        ((), {}, 1.0, r"^A command names the program to run\.$"),
        (("",), {}, 1.0, r"^A command names the program to run\.$"),
        (("a", "b\0"), {}, 1.0, "characters of number 0"),
        (("a",), {"A": "\0"}, 1.0, "characters of number 0"),
        (("a",), {"A=B": ""}, 1.0, "environment variable"),
        (("a",), {"": ""}, 1.0, "environment variable"),
        (("a",), {}, 0.0, "The time-out of a command is a number of seconds, not 0.0"),
        (("a",), {}, float("nan"), "not nan"),
        (("a",), {}, float("inf"), "not inf"),
    ],
)
def test_a_command_that_cannot_be_is_refused_when_made(
    tmp_path: Path,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    timeout_s: float,
    message: str,
) -> None:
    with pytest.raises(ValueError, match=message):
        CommandSink(arguments, folder=tmp_path, environment=environment, timeout_s=timeout_s)
