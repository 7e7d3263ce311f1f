"""aiobotocore: many calls on one event loop, asynchronous paginators, errors."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from client_programs import run_python
from deployable import BROKEN, CHURN, STREAM, Deploy, deploying, running_models
from environments import clean_environment, python_environment
from expected import PAGES, REGISTRY, VERSION_1, botocore_errors

from real_models import near
from sagemock import RunningServer

pytestmark = pytest.mark.clients
VERSION = "3.10.0"
CLIENT = f"aiobotocore {VERSION}"

Run = Callable[[str], Any]


@pytest.fixture(scope="module")
def python() -> Path:
    return python_environment("aiobotocore", f"aiobotocore=={VERSION}") / "python"


@pytest.fixture
def run(server: RunningServer, python: Path, tmp_path: Path) -> Run:
    variables = clean_environment(server.url, tmp_path)
    return lambda part: run_python(
        python, "aiobotocore_client.py", part, variables=variables, folder=tmp_path
    )


@pytest.fixture
def deploy(python: Path, tmp_path: Path) -> Iterator[Deploy]:
    with running_models(tmp_path) as server:
        variables = clean_environment(server.url, tmp_path)
        program = "aiobotocore_deploy.py"
        run = partial(run_python, python, program, variables=variables, folder=tmp_path)
        yield deploying(run, server.url, tmp_path)


def test_the_developer_guides_flow(run: Run) -> None:
    assert run("flow") == {
        "version": VERSION_1,
        "before": "PendingManualApproval",
        "metadata": {"trained-by": "ana"},
        "created": "<class 'datetime.datetime'>",
        "approved": [VERSION_1],
        "tags": [{"Key": "team", "Value": "growth"}],
        "found": ["churn"],
        "left": [],
    }


def test_twenty_registrations_at_once_get_twenty_numbers(run: Run) -> None:
    storm = run("storm")
    expected = {f"{REGISTRY}:model-package/churn/{number}" for number in range(1, 21)}
    assert len(storm["versions"]) == 20
    assert set(storm["versions"]) == expected
    assert storm["mixed_up"] == []


def test_paginators_follow_all_pages(run: Run) -> None:
    assert run("pages") == PAGES


def test_errors_have_aws_words_and_are_not_tried_again(run: Run) -> None:
    assert run("errors") == botocore_errors()


def test_a_version_is_deployed_called_and_taken_down(deploy: Deploy) -> None:
    seen = deploy("deploy", "numpy_churn", CHURN.body)
    assert near(seen.pop("answered"), CHURN.answer)
    assert seen == {
        "variant": "blue",
        "refused": [["ValidationError", None], ["ModelError", 415]],
        "left": [[], [], []],
    }


def test_sixteen_callers_at_once_get_each_their_own_answer(deploy: Deploy) -> None:
    expected = [[price * 0.8, "rate=0.8"] for price in range(16)]
    assert near(deploy("crowd", "plain_tenant"), expected)


def test_streams_are_read_chunk_by_chunk_and_a_broken_one_raises(deploy: Deploy) -> None:
    assert deploy("stream", "plain_stream", STREAM.body, BROKEN.body, STREAM.body) == [
        [STREAM.chunks, "text/plain"],
        [BROKEN.chunks, "ModelStreamError"],
        [STREAM.chunks, "text/plain"],
    ]
