"""The models that other tests deploy are what their scripts train, and answer as they say."""

import importlib.util
import inspect
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from real_models import MODELS, Exchange, archive, exchanges, near, put, unpack

PLAIN = ("plain_score", "plain_stream", "plain_tenant")
SELF_CONTAINED = (*PLAIN, "numpy_churn")
EXCHANGES = [
    pytest.param(model, exchange, id=f"{model}-{number}")
    for model in SELF_CONTAINED
    for number, exchange in enumerate(exchanges(model))
]
ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"


class Headers:
    """The part of the model server's context that the scripts use."""

    def __init__(self, custom_attributes: str | None) -> None:
        self.asked = {ATTRIBUTES: custom_attributes}
        self.answered: dict[str, str] = {}

    def get_request_header(self, _index: int, name: str) -> str | None:
        return self.asked.get(name)

    def set_response_header(self, _index: int, name: str, value: str) -> None:
        self.answered[name] = value


@pytest.mark.parametrize("model", SELF_CONTAINED)
def test_what_is_committed_is_what_the_script_trains_today(model: str) -> None:
    result = subprocess.run(
        [sys.executable, MODELS, "--check", model],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("model", sorted(path.parent.name for path in MODELS.glob("*/train.py")))
def test_the_archives_are_small(model: str) -> None:
    for path in (MODELS / model).glob("*.tar.gz"):
        assert path.stat().st_size < 200_000


def test_an_archive_is_put_where_its_uri_says(tmp_path: Path) -> None:
    uri = put("plain_score", tmp_path, "s3://models/churn/1/model.tar.gz")
    assert uri == "s3://models/churn/1/model.tar.gz"
    copy = tmp_path / "models" / "churn" / "1" / "model.tar.gz"
    assert copy.read_bytes() == archive("plain_score").read_bytes()


@pytest.mark.parametrize(("model", "exchange"), EXCHANGES)
def test_the_handlers_called_directly_give_the_expected_answer(
    model: str, exchange: Exchange, tmp_path: Path
) -> None:
    script = unpacked_script(model, tmp_path)
    context = Headers(exchange.custom_attributes)
    if exchange.error:
        with pytest.raises(Exception, match=exchange.error["message"]) as caught:
            answered(script, tmp_path, exchange, context)
        assert getattr(caught.value, "status_code", 500) == exchange.error["status"]
        return
    payload, content_type = answered(script, tmp_path, exchange, context)
    if exchange.chunks is not None:
        assert content_type == exchange.accept
        assert taken(payload) == (exchange.chunks, exchange.breaks)
    else:
        assert exchange.is_answered_by(content_type, payload.encode())
    assert context.answered.get(ATTRIBUTES) == exchange.answered_attributes


def test_a_score_is_printed_for_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = unpacked_script("plain_score", tmp_path)
    answered(script, tmp_path, exchanges("plain_score")[1], Headers(None))
    assert capsys.readouterr().out == "scored 2 rows\n"


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ({"churn": [0.5]}, {"churn": [0.6]}),
        ({"churn": [0.5]}, {"churn": [0.5, 0.5]}),
        ({"churn": [0.5]}, {"stays": [0.5]}),
        ([0.5], {"churn": [0.5]}),
        ({"churn": 0.5}, [0.5]),
        ("0.5", 0.5),
        ("a", "b"),
    ],
)
def test_another_answer_is_not_taken_for_the_expected_one(seen: Any, expected: Any) -> None:
    assert not near(seen, expected)
    assert near(expected, expected)


def unpacked_script(model: str, folder: Path) -> ModuleType:
    """The script in a model's archive, under a module name of its own."""
    unpack(model, folder)
    path = folder / "code" / "inference.py"
    spec = importlib.util.spec_from_file_location(f"{model}_inference", path)
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def answered(script: ModuleType, folder: Path, exchange: Exchange, context: Headers) -> Any:
    """Payload and content type, by the handlers in the order of a model server."""
    body = exchange.body.decode()
    model = script.model_fn(folder)
    if hasattr(script, "transform_fn"):
        return script.transform_fn(model, body, exchange.content_type, exchange.accept)
    data = called(script.input_fn, body, exchange.content_type, context)
    result = called(script.output_fn, script.predict_fn(data, model), exchange.accept, context)
    return result if isinstance(result, tuple) else (result, exchange.accept)


def called(handler: Any, first: Any, second: Any, context: Headers) -> Any:
    wants_context = len(inspect.signature(handler).parameters) == 3
    return handler(first, second, context) if wants_context else handler(first, second)


def taken(payload: Iterable[str]) -> tuple[list[str], str | None]:
    """The chunks of a stream, and what it broke off with."""
    chunks = []
    try:
        for chunk in payload:
            chunks.append(chunk)  # noqa: PERF402 - what came before the break is wanted too
    except ValueError as error:
        return chunks, str(error)
    return chunks, None
