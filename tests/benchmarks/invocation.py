"""Invocations: through sagemock against the worker asked directly, and what a start takes.

The worker that is asked directly runs the same model as the endpoint's, beside it. Both are asked
with the same body over a connection that is kept open, in turn.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from contenders import WrongAnswerError, in_turn
from figures import Figure, at_least, at_most, compared
from peers import Peer, sagemock
from prebuilt import Prebuilt
from run import Run
from wire_client import Address, Client

from sagemock.serving.archive import extract
from sagemock.serving.worker_launch import WorkerLaunch

MODEL = Path(__file__).parents[2] / "fixtures" / "models" / "numpy_churn"
ENDPOINT = "churn"
BODY_BYTES = 2048
CALLERS = 8
_CALLS_OF_ALL = 64
_SLEEP_S = 0.05
_START_S = 1.5

SLEEPER = f"""
import time

def model_fn(model_dir):
    return None

def transform_fn(model, body, content_type, accept):
    time.sleep({_SLEEP_S})
    return body, accept
"""


def invocation_figures(run: Run) -> list[Figure]:
    """Latency of one caller, the start of an endpoint, and how eight callers fare."""
    run.say("D1-D3: invocations, against the worker asked directly")
    state = run.folder / "deploy"
    state.mkdir()
    archive = "s3://models/churn/model.tar.gz"
    bucket = state / "s3" / "models"
    bucket.joinpath("churn").mkdir(parents=True)
    shutil.copy(MODEL / "model.tar.gz", bucket / "churn")
    with sagemock(state, "normal", state / "deploy.db") as peer, worker(run.folder) as address:
        peer.first_answer_s(run.prebuilt.request("ListEndpoints", {}))
        with Client(peer.address) as client, Client(address) as direct:
            starts = [start_s(run.prebuilt, client, archive, n) for n in range(run.amount.starts)]
            figures = [
                *_latency(run, (peer.address, client), (address, direct)),
                _start(starts),
                _scaling(run, peer, state),
            ]
    return figures


def _latency(
    run: Run, ours: tuple[Address, Client], peers: tuple[Address, Client]
) -> Iterator[Figure]:
    through = invocation(f"/endpoints/{ENDPOINT}-0/invocations")
    straight = invocation("/invocations")
    ways: dict[str, list[Callable[[], float]]] = {
        "over a kept connection": [
            lambda: asked_s(ours[1], through),
            lambda: asked_s(peers[1], straight),
        ],
        "over a new one each": [
            lambda: asked_anew_s(ours[0], through),
            lambda: asked_anew_s(peers[0], straight),
        ],
    }
    for way, acts in ways.items():
        calls = run.amount.calls_alone * 4
        taken = in_turn(acts, rounds=run.amount.rounds, calls=calls)
        mine, direct, ratio = compared(*taken)
        what = f"InvokeEndpoint, {BODY_BYTES} bytes {way}, against the worker asked directly"
        yield Figure("D1", what, mine * 1e6, direct * 1e6, "us", ratio, at_most(1.5))


def _start(starts: list[float]) -> Figure:
    bare = [_interpreter_s() for _ in starts]
    beside = median(starts) - median(bare)
    what = "CreateEndpoint to InService, numpy model, beside the interpreter's own start"
    note = f"in all {median(starts):.2f} s"
    return Figure("D2", what, beside, unit="s", goal=at_most(_START_S), note=note)


def _scaling(run: Run, peer: Peer, state: Path) -> Figure:
    """Eight callers of a model that waits, against one: how many times the calls in a second."""
    folder = state / "sleeper"
    folder.mkdir()
    folder.joinpath("inference.py").write_text(SLEEPER)
    archive = state / "s3" / "models" / "sleeper.tar.gz"
    subprocess.run(["tar", "-czf", archive, "-C", folder, "inference.py"], check=True)
    with Client(peer.address) as client:
        deploy(run.prebuilt, client, "sleeper", "s3://models/sleeper.tar.gz")
    request = invocation("/endpoints/sleeper/invocations")
    with Client(peer.address, CALLERS) as callers:
        answers, together_s = callers.all_at_once([request] * _CALLS_OF_ALL)
    if any(answer.status != 200 for answer in answers):
        raise WrongAnswerError(f"the sleeper answered {answers[0]}")
    times = _CALLS_OF_ALL * _SLEEP_S / together_s
    what = f"{CALLERS} callers of a model that takes {_SLEEP_S * 1000:g} ms, against one"
    return Figure("D3", what, times, unit="times", goal=at_least(CALLERS * 0.8))


def asked_s(client: Client, request: bytes) -> float:
    """Seconds of one invocation, whose answer is looked at."""
    answers, seconds = client.one_by_one([request])
    if answers[0].status != 200 or b"churn" not in answers[0].body:
        raise WrongAnswerError(f"the model answered {answers[0]}")
    return seconds


def asked_anew_s(address: Address, request: bytes) -> float:
    """Seconds of one invocation and of the connection that is opened for it."""
    before = time.perf_counter()
    with Client(address) as client:
        asked_s(client, request)
    return time.perf_counter() - before


def invocation(path: str) -> bytes:
    """A request of 2 KB, as bytes."""
    exchanges = json.loads((MODEL / "expected.json").read_text("utf-8"))
    exchange = next(each for each in exchanges if each["content_type"] == "application/json")
    body = exchange["body"].encode().ljust(BODY_BYTES)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return bytes(head.encode() + body)


def start_s(prebuilt: Prebuilt, client: Client, archive: str, number: int) -> float:
    """Seconds from CreateEndpoint to InService."""
    return deploy(prebuilt, client, f"{ENDPOINT}-{number}", archive)


def deploy(prebuilt: Prebuilt, client: Client, name: str, archive: str) -> float:
    """Deploy an archive under a name; the seconds that its endpoint took."""
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
    }
    ask(
        prebuilt,
        client,
        "CreateModel",
        ModelName=name,
        PrimaryContainer={"Image": "numpy", "ModelDataUrl": archive},
    )
    ask(
        prebuilt,
        client,
        "CreateEndpointConfig",
        EndpointConfigName=name,
        ProductionVariants=[variant],
    )
    before = time.perf_counter()
    ask(prebuilt, client, "CreateEndpoint", EndpointName=name, EndpointConfigName=name)
    while (answer := ask(prebuilt, client, "DescribeEndpoint", EndpointName=name))[
        "EndpointStatus"
    ] != "InService":
        if answer["EndpointStatus"] == "Failed":
            raise WrongAnswerError(f"{name} failed: {answer['FailureReason']}")
    return time.perf_counter() - before


def ask(prebuilt: Prebuilt, client: Client, operation: str, **members: object) -> dict[str, str]:
    """The answer to one call, which has to succeed."""
    answer = client.call(prebuilt.request(operation, members))
    if answer.status != 200:
        raise WrongAnswerError(f"{operation} answered {answer}")
    answered: dict[str, str] = json.loads(answer.body)
    return answered


def _interpreter_s() -> float:
    """Seconds that the interpreter takes to do nothing."""
    before = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - before


@contextmanager
def worker(folder: Path) -> Iterator[Address]:
    """A worker with the same model, started as an endpoint's is, that can be asked directly."""
    root = folder / "worker"
    base = root / "opt" / "ml"
    base.joinpath("tmp").mkdir(parents=True)
    extract(MODEL / "model.tar.gz", base / "model")
    launch = WorkerLaunch(
        python=sys.executable,
        folder=root,
        code=base / "model" / "code",
        environment={},
        server_environment={},
        region="us-east-1",
    )
    with subprocess.Popen(
        launch.command, env=launch.variables(), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        if process.stdout is None or process.stdin is None:
            raise OSError("a worker without its streams")
        port = int(process.stdout.readline().split()[-1])
        ready = b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with Client(("127.0.0.1", port)) as client:
            while client.call(ready).status != 200:
                time.sleep(0.01)
        yield ("127.0.0.1", port)
        process.terminate()
