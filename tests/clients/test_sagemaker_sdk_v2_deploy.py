"""The SageMaker Python SDK, version 2: `ModelPackage(...).deploy()` and `predictor.predict()`."""

import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import sdk_v2
from client_programs import run_python
from deployable import BROKEN, CHURN, STREAM, Deploy, deploying, registered, running_models
from environments import python_environment
from expected import LOOK_THERE, REGISTRY, VERSION_1

from real_models import LIBRARIES, MODELS, archive, exchanges, near
from sagemock import RunningServer

pytestmark = pytest.mark.clients
CLIENT = sdk_v2.CLIENT


@pytest.fixture(scope="module")
def python() -> Path:
    return sdk_v2.sdk_python()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[RunningServer]:
    """A server that runs models."""
    with running_models(tmp_path) as running:
        yield running


@pytest.fixture
def deploy(host: RunningServer, python: Path, tmp_path: Path) -> Deploy:
    return sdk_deploying(host, python, tmp_path)


def sdk_deploying(host: RunningServer, python: Path, folder: Path) -> Deploy:
    """A function that runs a part of the program on a new version of a model."""
    variables = sdk_v2.sdk_variables(host.url, folder)
    program = "sagemaker_sdk_v2_deploy.py"
    run = partial(run_python, python, program, variables=variables, folder=folder)
    return deploying(run, host.url, folder)


def test_a_version_that_waits_for_its_approval_is_deployed_and_predicts(deploy: Deploy) -> None:
    seen = deploy("deploy", "numpy_churn", CHURN.body, status="PendingManualApproval")
    probabilities = CHURN.answer["churn"]
    assert near(
        seen.pop("answers"), [CHURN.answer, CHURN.answer, [[each] for each in probabilities]]
    )
    assert seen == {
        "deployed": [
            *("DescribeModelPackage", "UpdateModelPackage", "DescribeModelPackage"),
            *("CreateModel", "CreateEndpointConfig", "CreateEndpoint", "DescribeEndpoint"),
        ],
        "approval": "Approved",
        "containers": [{"ModelPackageName": VERSION_1, "Environment": {"CUT_OFF": "0.5"}}],
        "taken_down": [
            *("DescribeEndpoint", "DescribeEndpointConfig", "DeleteModel"),
            *("DeleteEndpointConfig", "DeleteEndpoint"),
        ],
        "left": [[], [], []],
    }


def test_an_endpoint_is_changed_over_to_another_version_and_back(
    deploy: Deploy, host: RunningServer, tmp_path: Path
) -> None:
    registered(host.url, tmp_path, "plain_tenant")
    seen = deploy("update", "numpy_churn", CHURN.body)
    assert near(
        seen.pop("answers"),
        [CHURN.answer, {"tenant": "umbrella", "rate": 0.8, "price": 9.6}, CHURN.answer],
    )
    assert seen == {"counts": [2, 2], "configs": [False, True]}


def test_errors_of_a_deployment_are_understood_by_the_sdk(deploy: Deploy) -> None:
    seen = deploy("errors", "plain_score", b"[[60, 2]]")
    narrow = seen.pop("narrow")
    assert narrow.startswith(
        "ModelError: Received client error (422) from primary with message "
        '"a row has 2 columns, the model knows 3\n'
    )
    assert narrow.endswith(LOOK_THERE)
    assert seen == {
        "again": "ValidationException: Cannot create already existing endpoint configuration "
        f'"{REGISTRY}:endpoint-config/churn-live".',
        "gone": "ValidationError: Endpoint Churn-Live of account 123456789012 not found.",
        "there": [True, False],
        "not_there": "ValueError(\"Endpoint with name 'Churn-Live' does not exist; please use an "
        'existing endpoint name")',
    }


def test_a_stream_is_read_chunk_by_chunk_and_a_broken_one_raises(deploy: Deploy) -> None:
    assert deploy("stream", "plain_stream", STREAM.body, BROKEN.body) == {
        "whole": STREAM.chunks,
        "broken": [BROKEN.chunks, "ModelStreamError"],
    }


@pytest.mark.parametrize("library_model", ["sklearn_iris", "xgboost_wine"])
def test_a_version_with_its_script_beside_it_answers_as_its_library_does(
    library_model: str, python: Path, tmp_path: Path
) -> None:
    libraries = python_environment("model-libraries", *LIBRARIES) / "python"
    asked = [
        each
        for each in exchanges(library_model)
        if "application/x-npy" not in (each.content_type, each.accept)
    ]
    requests = [
        json.dumps(
            {
                "content_type": each.content_type,
                "accept": each.accept,
                "body": each.body.decode(),
            }
        ).encode()
        for each in asked
    ]
    interpreters = (("image:*", str(libraries)),)
    with running_models(tmp_path, interpreters=interpreters) as host:
        deploy = sdk_deploying(host, python, tmp_path)
        answers = deploy("answers", library_model, *requests)
    assert len(answers) == len(asked) > 1
    for exchange, answer in zip(asked, answers, strict=True):
        assert exchange.is_answered_by(exchange.accept, answer.encode())


def test_a_model_and_its_script_are_registered_and_deployed_from_s3(
    python: Path, tmp_path: Path
) -> None:
    libraries = python_environment("model-libraries", *LIBRARIES) / "python"
    source = tmp_path / "source"
    source.mkdir()
    shutil.copy(MODELS / "sklearn_iris" / "inference.py", source)
    rows = exchanges("sklearn_iris")[1]
    with (
        sdk_v2.moto_beside(python, tmp_path) as s3,
        running_models(
            tmp_path,
            buckets={},
            s3_endpoint=s3,
            interpreters=(("image:*scikit-learn*", str(libraries)),),
        ) as host,
    ):
        seen = run_python(
            python,
            *("sagemaker_sdk_v2_deploy.py", "script", str(archive("sklearn_iris")), str(source)),
            rows.body.decode(),
            variables=sdk_v2.sdk_variables(host.url, tmp_path) | {"AWS_ENDPOINT_URL_S3": s3},
            folder=tmp_path,
        )
    assert seen == {
        "version": f"{REGISTRY}:model-package/iris/1",
        "answer": rows.answer,
    }
