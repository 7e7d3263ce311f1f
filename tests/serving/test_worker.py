"""The worker's script as `process` starts it: its contract with whoever starts and asks it."""

import ast
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from worker_programs import ECHO, LIMIT_S, SCRIPT, Start, by_hand, eventually, is_running

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
MISSING = (
    "Please provide a model_fn implementation.\n"
    "See documentation for model_fn at https://sagemaker.readthedocs.io/en/stable/"
)
IN_CONJUNCTION = (
    "Cannot use transform_fn implementation in conjunction with "
    "input_fn, predict_fn, and/or output_fn implementation"
)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with by_hand(tmp_path) as start:
        yield start


def test_its_files_need_nothing_but_the_standard_library_of_python_3_8() -> None:
    for name in ("worker.py", "worker_handlers.py", "worker_codecs.py"):
        path = SCRIPT.with_name(name)
        tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 8))
        imported = {
            module.split(".")[0]
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for module in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
        }
        assert imported <= {*sys.stdlib_module_names, "__future__"}, path


def test_the_first_line_says_the_port_and_what_user_code_prints_goes_to_the_log(
    start: Start,
) -> None:
    worker = start("""
        import os
        print("über all")
        os.system("echo from a shell")
        def model_fn(model_dir): return None
    """).ready()
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.stdout
    assert worker.process.stdout.read() == b""
    assert worker.first_line == b"sagemock-worker %d\n" % worker.connection.port
    assert worker.log == "über all\nfrom a shell\n"


def test_ping_and_invocations_are_503_until_the_model_is_loaded(
    start: Start, tmp_path: Path
) -> None:
    latch = tmp_path / "latch"
    worker = start(f"""
        import os, time
        def model_fn(model_dir):
            while not os.path.exists({str(latch)!r}):
                time.sleep(0.005)
        def transform_fn(model, body, content_type, accept): return body
    """)
    assert worker.ask("GET", "/ping")[0] == 503
    assert worker.post(b"early")[0] == 503
    latch.touch()
    worker.ready()
    assert worker.post(b"late")[:2] == (200, b"late")


@pytest.mark.parametrize(
    ("program", "last_line"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def model_fn(model_dir: raise", "SyntaxError: "),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("def model_fn(model_dir): raise OSError('no weights')", "OSError: no weights"),
        (
            "def model_fn(d): pass\ndef model_warmup_fn(d, model): raise OSError('cold')",
            "OSError: cold",
        ),
        (
            "def model_fn(one, two, three): pass",
            "TypeError: model_fn takes 3 arguments but 1 were given.",
        ),
        (
            "x = 1",
            f"NotImplementedError: {MISSING}",
        ),
        (
            "def transform_fn(a, b, c, d): pass\ndef output_fn(a, b): pass",
            f"ValueError: {IN_CONJUNCTION}",
        ),
    ],
)
def test_a_failed_load_ends_it_with_the_error_last_in_the_log(
    start: Start, program: str, last_line: str
) -> None:
    worker = start(program)
    assert worker.ended() == 1
    assert worker.log.startswith("Traceback (most recent call last):\n")
    lines = last_line.count("\n") + 1
    assert "\n".join(worker.log.splitlines()[-lines:]).startswith(last_line)


def test_the_model_is_loaded_between_its_two_neighbours_from_its_folder(start: Start) -> None:
    worker = start("""
        import json, os
        seen = [os.environ["SM_MODEL_DIR"]]
        def pre_model_fn(model_dir): seen.append(["pre", model_dir])
        def model_fn(model_dir):
            seen.append(["model", model_dir])
            return "the model"
        def model_warmup_fn(model_dir, model): seen.append(["warm", model_dir, model])
        def transform_fn(model, body, content_type, accept): return json.dumps([model, *seen])
    """).ready()
    folder = str(worker.base / "model")
    expected = (
        f'["the model", "{folder}", ["pre", "{folder}"], ["model", "{folder}"], '
        f'["warm", "{folder}", "the model"]]'
    )
    assert worker.post()[1].decode() == expected


def test_a_connection_is_kept_whatever_is_asked(start: Start) -> None:
    worker = start(ECHO).ready()
    local = worker.connection.sock.getsockname()
    large = os.urandom(5_000_000)
    assert worker.post(large)[1] == large
    assert worker.ask("GET", "/nothing")[0] == 404
    assert worker.ask("GET", "/invocations")[0] == 404
    assert worker.post(b"")[1] == b""
    assert worker.connection.sock.getsockname() == local


@pytest.mark.parametrize("sent", [b"\r\n\r\n", b"GET /ping\r\n\r\n", b"\x00" * 70_000])
def test_what_is_no_request_is_hung_up_on(start: Start, sent: bytes) -> None:
    worker = start(ECHO).ready()
    with socket.create_connection(("127.0.0.1", worker.connection.port), LIMIT_S) as connection:
        connection.sendall(sent)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    assert worker.post(b"well")[1] == b"well"


def test_a_body_cut_short_never_reaches_the_model(start: Start, tmp_path: Path) -> None:
    reached = tmp_path / "reached"
    worker = start(f"""
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept): open({str(reached)!r}, "a").write("x")
    """).ready()
    with socket.create_connection(("127.0.0.1", worker.connection.port), LIMIT_S) as connection:
        connection.sendall(b"POST /invocations HTTP/1.1\r\nContent-Length: 5\r\n\r\nfour")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    worker.post()
    assert reached.read_text() == "x"


def test_callers_do_not_wait_for_each_other(start: Start) -> None:
    worker = start("""
        import time
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept):
            time.sleep(0.2)
            return body
    """).ready()

    def call(number: int) -> bytes:
        connection = worker.connect()
        connection.request("POST", "/invocations", str(number))
        body = connection.getresponse().read()
        connection.close()
        return body

    with ThreadPoolExecutor(8) as callers:
        began = time.monotonic()
        assert list(callers.map(call, range(8))) == [str(number).encode() for number in range(8)]
        assert time.monotonic() - began < 0.8


def test_it_ends_at_once_when_told_to(start: Start) -> None:
    worker = start("import time\ndef model_fn(model_dir): time.sleep(600)")
    worker.process.send_signal(signal.SIGTERM)
    assert worker.ended() == 0


def test_it_ends_with_all_it_started_when_nobody_holds_its_input(start: Start) -> None:
    worker = start("""
        import subprocess
        def model_fn(model_dir): return subprocess.Popen(["sleep", "600"])
        def transform_fn(model, body, content_type, accept): return str(model.pid)
    """).ready()
    child = int(worker.post()[1])
    assert is_running(child)
    assert worker.process.stdin
    worker.process.stdin.close()
    assert worker.ended() == -signal.SIGKILL
    eventually(lambda: not is_running(child))


def test_user_code_finds_its_own_modules_and_no_input(start: Start, tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    names = [path.stem for path in SCRIPT.parent.glob("*.py") if path.stem != "__init__"]
    assert {"process", "worker", "worker_codecs"} <= set(names)
    for name in names:
        (tmp_path / "beside" / f"{name}.py").write_text("HERE = 'mine'")
    own = [name for name in names if name not in {"worker_codecs", "worker_handlers"}]
    worker = start(
        f"""
        import sys
        import {", ".join(own)}
        def model_fn(model_dir): return {{module.HERE for module in ({", ".join(own)},)}}
        def transform_fn(model, body, content_type, accept):
            return repr([model, sys.stdin.read(), [x for x in sys.path if "serving" in x]])
        """,
        PYTHONPATH=str(tmp_path / "beside"),
    ).ready()
    assert worker.post()[1].decode() == repr([{"mine"}, "", []])


def test_user_code_may_spawn_processes_of_its_own(start: Start) -> None:
    worker = start("""
        import multiprocessing
        def double(number): return number * 2
        def model_fn(model_dir): return multiprocessing.get_context("spawn").Pool(1)
        def transform_fn(model, body, content_type, accept): return str(model.apply(double, (21,)))
    """).ready()
    assert worker.post()[:2] == (200, b"42")


def test_without_its_program_the_defaults_of_the_framework_serve(
    start: Start,
) -> None:
    worker = start(
        "def model_fn(model_dir): return None",
        SAGEMAKER_PROGRAM="absent.py",
        SAGEMOCK_FRAMEWORK="pytorch",
    )
    assert worker.ended() == 1
    first, *_, last = worker.log.splitlines()
    assert first.startswith("There is no absent.py in ")
    assert last == "ValueError: Exactly one .pth or .pt file is required for PyTorch models: []"


def test_a_program_may_lie_in_a_folder_and_import_what_is_around_it(
    start: Start, tmp_path: Path
) -> None:
    deep = tmp_path / "0" / "opt" / "ml" / "code" / "deep"
    deep.mkdir(parents=True)
    (deep / "neighbour.py").write_text("NAME = 'neighbour'")
    (deep / "my-serve.py").write_text(
        "import neighbour, inference\n"
        "def model_fn(model_dir): return neighbour.NAME + inference.NAME\n"
        "def transform_fn(model, body, content_type, accept): return model\n"
    )
    worker = start("NAME = 'above'", SAGEMAKER_PROGRAM="deep/my-serve.py").ready()
    assert worker.post()[1] == b"neighbourabove"
