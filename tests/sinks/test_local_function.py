"""The sink that calls a Python function, with real processes; what they run is given as text."""

import ast
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from sagemock.eventing import Event, NotDeliveredError
from sagemock.sinks import function_runner
from sagemock.sinks.local_function import LocalFunctionSink

ENVELOPE = {"id": "5b0f0000-0000-4000-8000-000000000001", "detail": {"ModelPackageVersion": 3}}
EVENT = Event(7, ENVELOPE)
BODY = json.dumps({"said": "für alle"}, ensure_ascii=False)
LIMIT_S = 20.0

Make = Callable[..., LocalFunctionSink]


def measured() -> dict[str, str]:
    """What lets coverage measure a function's process, when it measures the tests."""
    name = "COVERAGE_PROCESS_CONFIG"
    return {name: os.environ[name]} if name in os.environ else {}


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a sink for the function `handler` of a program."""

    def make(program: str, function: str = "handler", **others: Any) -> LocalFunctionSink:
        path = tmp_path / "deploy.py"
        path.write_text(dedent(program), "utf-8")
        others.setdefault("python", sys.executable)
        environment = {**measured(), **others.pop("environment", {})}
        return LocalFunctionSink(path, function, environment=environment, **others)

    return make


def send(sink: LocalFunctionSink, body: str = BODY) -> None:
    sink.send(EVENT, body)
    sink.flush()
    sink.close()


def refusal(sink: LocalFunctionSink, body: str = BODY) -> NotDeliveredError:
    with pytest.raises(NotDeliveredError) as caught:
        sink.send(EVENT, body)
    return caught.value


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_the_program_needs_nothing_but_the_standard_library_of_python_3_8() -> None:
    tree = ast.parse(Path(function_runner.__file__).read_text("utf-8"), feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
        )
    }
    assert imported <= {*sys.stdlib_module_names, "__future__"}


def test_the_function_is_called_with_the_body_and_a_context(make: Make, tmp_path: Path) -> None:
    send(
        make(
            """
            import json
            def on_approval(event, context):
                left = context.get_remaining_time_in_millis()
                with open("called.json", "w") as file:
                    json.dump([
                        event, context.function_name, context.aws_request_id, 0 < left <= 30000,
                    ], file)
            """,
            "on_approval",
            timeout_s=30.0,
        )
    )
    called = json.loads((tmp_path / "called.json").read_text("utf-8"))
    assert called == [{"said": "für alle"}, "on_approval", ENVELOPE["id"], True]


def test_its_environment_is_what_is_given_and_nothing_else(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the user's")
    program = """
        import json, os
        def handler(event, context):
            with open("environment", "w") as file:
                json.dump(dict(os.environ), file)
    """
    send(make(program, environment={"GROUP": "churn"}))
    environment = json.loads((tmp_path / "environment").read_text("utf-8"))
    # Python sets LC_CTYPE itself where there is no locale, coverage a variable of its own.
    ours = {name for name in environment if not name.startswith(("LC_", "COVERAGE"))}
    assert {name: environment[name] for name in ours} == {"GROUP": "churn"}


def test_modules_beside_the_file_are_found_before_those_of_the_server(
    make: Make, tmp_path: Path
) -> None:
    (tmp_path / "aws.py").write_text("NAME = 'beside'")
    send(
        make("""
            import os, sys
            from aws import NAME
            def handler(event, context):
                assert NAME == "beside"
                assert sys.modules[__name__].handler is handler
                assert (__name__, __file__) == ("deploy", os.path.abspath("deploy.py"))
                assert not any(path.endswith("sinks") for path in sys.path)
        """)
    )


def test_a_file_of_any_name_is_run_and_a_relative_path_counts_from_where_the_sink_was_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "on-approval.txt").write_text("def handler(event, context): open('called', 'w')")
    monkeypatch.chdir(tmp_path)
    path = Path("on-approval.txt")
    sink = LocalFunctionSink(path, "handler", python=sys.executable, environment=measured())
    monkeypatch.chdir("/")
    send(sink)
    assert (tmp_path / "called").is_file()


def test_each_event_has_a_process_of_its_own(make: Make, tmp_path: Path) -> None:
    sink = make("""
        import os
        calls = 0
        def handler(event, context):
            global calls
            calls += 1
            with open("calls", "a") as file:
                file.write(f"{calls} {os.getpid()}\\n")
    """)
    for _ in range(2):
        sink.send(EVENT, BODY)
    (first, pid), (second, other) = (
        line.split() for line in (tmp_path / "calls").read_text().splitlines()
    )
    assert (first, second) == ("1", "1")
    assert pid != other


def test_an_event_that_is_larger_than_a_pipe_comes_whole(make: Make) -> None:
    sink = make("def handler(event, context): assert event == ['x' * 1_000_000]")
    send(sink, json.dumps(["x" * 1_000_000]))


def test_what_it_prints_goes_to_the_log(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    sink = make("""
        import os
        def handler(event, context):
            print("one")
            print()
            print("two")
    """)
    send(sink)
    [said] = [each for each in caplog.messages if "said" in each]
    assert said.partition(" said:\n")[2] == "one\ntwo"


def test_of_much_that_it_prints_the_end_is_told(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    send(make("def handler(event, context): print(*range(300_000), sep='\\n')"))
    [said] = [each for each in caplog.messages if "said" in each]
    lines = said.partition(" said:\n")[2].splitlines()
    assert lines == [str(number) for number in range(299_980, 300_000)]


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (
            "def handler(event, context): raise KeyError('GroupName')",
            "KeyError: 'GroupName' (deploy.py, line 1)",
        ),
        (
            "import json\ndef handler(event, context):\n  json.loads('?')\n",
            "JSONDecodeError: Expecting value: line 1 column 1 (char 0) (deploy.py, line 3)",
        ),
        (
            "def handler(event, context): raise ValueError('one\\n two')",
            "ValueError: one two (deploy.py, line 1)",
        ),
        (
            "import none_such",
            "ModuleNotFoundError: No module named 'none_such' (deploy.py, line 1)",
        ),
        ("def handler(", "SyntaxError: '(' was never closed (deploy.py, line 1)"),
        (
            "import sys\ndef handler(event, context): sys.exit(0)",
            "It ended its process with sys.exit(0).",
        ),
        (
            "import os\ndef handler(event, context): os._exit(7)",
            "It ended with exit code 7.",
        ),
        (
            "import os, signal\ndef handler(event, context): os.kill(os.getpid(), signal.SIGKILL)",
            "It ended with exit code -9.",
        ),
        (
            "import os\ndef handler(event, context):\n  os.system('echo Alas!'); os._exit(1)",
            "Alas!",
        ),
        (
            "def handler(event, context):\n  print('on my way')\n  raise RuntimeError",
            "RuntimeError (deploy.py, line 3)",
        ),
    ],
)
def test_a_function_that_fails_may_be_called_again(
    make: Make, tmp_path: Path, program: str, reason: str
) -> None:
    refused = refusal(make(program))
    path = tmp_path / "deploy.py"
    assert str(refused) == f"The function 'handler' of {path} failed: {reason}"
    assert refused.again is True


@pytest.mark.parametrize("program", ["", "handler = 3", "class Handler: ..."])
def test_a_function_that_is_not_there_is_not_called_again(
    make: Make, tmp_path: Path, program: str
) -> None:
    refused = refusal(make(program))
    path = tmp_path / "deploy.py"
    assert str(refused) == (
        f"The function 'handler' of {path} cannot be called: {path} has no function 'handler'."
    )
    assert refused.again is False


def test_a_file_that_is_not_there_is_not_asked_again(make: Make, tmp_path: Path) -> None:
    sink = make("")
    path = tmp_path / "deploy.py"
    path.unlink()
    refused = refusal(sink)
    assert str(refused) == (
        f"The function 'handler' of {path} cannot be called: the file does not exist."
    )
    assert refused.again is False


def test_a_body_that_is_no_json_is_not_tried_again(make: Make, tmp_path: Path) -> None:
    refused = refusal(make("def handler(event, context): ..."), "Version 3 is approved.")
    assert str(refused) == (
        f"The function 'handler' of {tmp_path / 'deploy.py'} cannot be called: What it is to be "
        "called with is no JSON: Expecting value: line 1 column 1 (char 0)."
    )
    assert refused.again is False


@pytest.mark.parametrize(
    ("others", "again"),
    [
        ({"python": "/none/python3"}, False),
        ({"python": "/"}, False),
        ({"environment": {"NUL": "\0"}}, False),
        ({"environment": {"LONG": "x" * 10_000_000}}, True),
    ],
)
def test_what_cannot_be_started_is_told(
    make: Make, tmp_path: Path, others: dict[str, Any], *, again: bool
) -> None:
    refused = refusal(make("def handler(event, context): ...", **others))
    python = others.get("python", sys.executable)
    assert str(refused).startswith(
        f"The function 'handler' of {tmp_path / 'deploy.py'} cannot be started with {python}: "
    )
    assert refused.again is again


def test_a_function_that_takes_too_long_is_ended_with_all_that_it_started(
    make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    sink = make(
        """
        import os, signal, subprocess, time
        def handler(event, context):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            child = subprocess.Popen(["/bin/sleep", "600"])
            with open("pids", "w") as file:
                file.write(f"{os.getpid()} {child.pid}")
            print("so far", flush=True)
            time.sleep(600)
        """,
        timeout_s=2.5,
    )
    refused = refusal(sink)
    assert str(refused) == (
        f"The function 'handler' of {tmp_path / 'deploy.py'} did not return within 2.5 s and was "
        "ended."
    )
    assert refused.again is True
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert caplog.messages == [
        f"The function 'handler' of {tmp_path / 'deploy.py'} said:\nso far",
    ]
    eventually_ended(pids)


def test_what_a_function_leaves_running_is_ended_when_it_returns(
    make: Make, tmp_path: Path
) -> None:
    send(
        make("""
            import subprocess
            def handler(event, context):
                child = subprocess.Popen(["/bin/sleep", "600"])
                with open("pid", "w") as file:
                    file.write(str(child.pid))
        """)
    )
    eventually_ended([int((tmp_path / "pid").read_text())])


def test_a_close_ends_the_function_that_runs(make: Make, tmp_path: Path) -> None:
    sink = make("""
        import os, time
        def handler(event, context):
            with open("begun", "w") as file:
                file.write(str(os.getpid()))
            os.rename("begun", "pid")
            time.sleep(600)
    """)
    refusals: list[NotDeliveredError] = []
    sending = threading.Thread(target=lambda: refusals.append(refusal(sink)))
    sending.start()
    deadline = time.monotonic() + LIMIT_S
    while not (tmp_path / "pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    sink.close()
    sending.join(LIMIT_S)
    called = f"The function 'handler' of {tmp_path / 'deploy.py'}"
    told = f"{called} was ended because the server stops."
    assert [(str(each), each.again) for each in refusals] == [(told, True)]
    eventually_ended([int((tmp_path / "pid").read_text())])


def test_a_closed_sink_calls_nothing(make: Make, tmp_path: Path) -> None:
    sink = make("open('ran', 'w').close()")
    sink.close()
    refused = refusal(sink)
    assert str(refused) == (
        f"The function 'handler' of {tmp_path / 'deploy.py'} is not called: the server stops."
    )
    assert not (tmp_path / "ran").exists()


def eventually_ended(pids: list[int]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while any(map(is_running, pids)):
        assert time.monotonic() < deadline
        time.sleep(0.005)
