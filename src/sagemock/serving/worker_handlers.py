"""A model's handlers, called as SageMaker's inference toolkit calls them: `model_fn`, `input_fn`...

Part of the worker: standard library only, Python 3.8, imports nothing of this package.
Source: aws/sagemaker-inference-toolkit, `transformer.py`; the context is that of its model servers,
awslabs/multi-model-server and pytorch/serve, `context.py`.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator
from http import HTTPStatus
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagemock.serving.worker_codecs import Defaults

_TEXT_TYPES = ("application/json", "text/csv")
_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
_REPLACED = ("input_fn", "predict_fn", "output_fn")
_FIRST_STATUS, _LAST_STATUS = 200, 599


class Reply:
    """What a model answers: one body, or `pieces` of it that are yet to be made."""

    def __init__(self, status: int, phrase: str, content_type: str | None) -> None:
        self.status = status
        self.phrase = phrase
        self.content_type = content_type
        self.attributes: str | None = None
        self.body = b""
        self.pieces: Iterator[bytes] | None = None


class Headers(dict):  # type: ignore[type-arg]
    """Headers by their names, whatever the case these are asked for in."""

    def __getitem__(self, name: str) -> str:
        for known, value in self.items():
            if known.lower() == name.lower():
                return str(value)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(known.lower() == str(name).lower() for known in self)

    def get(self, name: str, default: Any = None) -> Any:
        """The header's value, or the default."""
        try:
            return self[name]
        except KeyError:
            return default


class RequestProcessor:
    """One request's headers, and what a handler wants of its answer."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._request_headers = Headers(headers)
        self._response_headers = Headers()
        self._status = (200, "")

    def get_request_property(self, key: str) -> str | None:
        """A header of the request."""
        value: str | None = self._request_headers.get(key)
        return value

    def get_request_properties(self) -> dict[str, str]:
        """All headers of the request."""
        return self._request_headers

    def report_status(self, code: int, reason_phrase: str | None = None) -> None:
        """Answer with this status."""
        self._status = (code, reason_phrase or "")

    def get_response_status_code(self) -> int:
        """The status so far."""
        return self._status[0]

    def get_response_status_phrase(self) -> str:
        """The status in words so far."""
        return self._status[1]

    def add_response_property(self, key: str, value: str) -> None:
        """Answer with this header; only custom attributes leave the container."""
        self._response_headers[key] = value

    def get_response_headers(self) -> dict[str, str]:
        """The headers so far."""
        return self._response_headers

    def get_response_header(self, key: str) -> str | None:
        """A header so far."""
        value: str | None = self._response_headers.get(key)
        return value


class Context:
    """What a handler that takes one more argument is given. `idx` is always 0: no batches here."""

    model_name = "model"
    metrics = None

    def __init__(self, model_dir: str, headers: Mapping[str, str]) -> None:
        self.manifest: dict[str, Any] = {}
        self.system_properties = {
            "model_dir": model_dir,
            "gpu_id": None,
            "batch_size": 1,
            "server_name": "sagemock",
            "server_version": "1",
        }
        self.request_processor = [RequestProcessor(headers)]

    def get_request_id(self, idx: int = 0) -> str | None:
        """The caller's inference id, if it gave one."""
        return self.get_request_header(idx, "X-Amzn-SageMaker-Inference-Id")

    def get_request_header(self, idx: int, key: str) -> str | None:
        """A header of the request."""
        return self.request_processor[idx].get_request_property(key)

    def get_all_request_header(self, idx: int) -> dict[str, str]:
        """All headers of the request."""
        return self.request_processor[idx].get_request_properties()

    def set_response_content_type(self, idx: int, value: str) -> None:
        """No effect, as in the toolkit: what the handler answers decides."""
        self.set_response_header(idx, "content-type", value)

    def get_response_content_type(self, idx: int) -> str | None:
        """The content type set so far."""
        return self.request_processor[idx].get_response_header("content-type")

    def set_response_status(self, code: int = 200, phrase: str = "", idx: int = 0) -> None:
        """Answer with this status."""
        self.request_processor[idx].report_status(code, phrase)

    def get_response_status(self, idx: int) -> tuple[int, str]:
        """The status so far, and in words."""
        processor = self.request_processor[idx]
        return processor.get_response_status_code(), processor.get_response_status_phrase()

    def set_response_header(self, idx: int, key: str, value: str) -> None:
        """Answer with this header; only custom attributes leave the container."""
        self.request_processor[idx].add_response_property(key, value)

    def get_response_headers(self, idx: int) -> dict[str, str]:
        """The headers so far."""
        return self.request_processor[idx].get_response_headers()


class Handlers:
    """The functions of a model's program, its framework's defaults in place of missing ones."""

    def __init__(self, defaults: Defaults, model_dir: str, accept: str) -> None:
        self._defaults = defaults
        self._model_dir = model_dir
        self._accept = accept
        self._model: Any = None

    def load(self, folder: str, program: str) -> None:
        """Import the program and load the model. Errors: whatever user code raises."""
        module = _imported(folder, program)
        own = {name: getattr(module, name, None) for name in (*_REPLACED, "transform_fn")}
        if own["transform_fn"] and any(own[name] for name in _REPLACED):
            raise ValueError(
                "Cannot use transform_fn implementation in conjunction with "
                "input_fn, predict_fn, and/or output_fn implementation"
            )
        self._input, self._predict, self._output = (
            _called(own[name] or getattr(self._defaults, name), 2) for name in _REPLACED
        )
        self._transform = (
            _called(own["transform_fn"], 4) if own["transform_fn"] else self._in_three_steps
        )
        context = Context(self._model_dir, {})
        self._around_load(module, "pre_model_fn", context, self._model_dir)
        load = getattr(module, "model_fn", None) or self._defaults.model_fn
        self._model = _called(load, 1)(context, self._model_dir)
        self._around_load(module, "model_warmup_fn", context, self._model_dir, self._model)

    def answer(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """What the model answers. What user code raises becomes an answer too, and is logged."""
        try:
            return self._answer(body, headers)
        except BaseException as error:  # noqa: BLE001 - user code may raise anything
            trace = traceback.format_exc()
            sys.stderr.write(trace)
            return _refusal(error, trace)

    def _answer(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        content_type = headers.get("Content-Type") or self._defaults.content_type
        accept = headers.get("Accept")
        if not accept or accept == "*/*":
            accept = self._accept
        data: bytes | str = body.decode("utf-8") if content_type in _TEXT_TYPES else body
        context = Context(self._model_dir, headers)
        payload = self._transform(context, self._model, data, content_type, accept)
        if isinstance(payload, tuple):
            payload, accept = payload[0], payload[1]
        # The first piece is made before the head is sent: an error in it is still an answer, and
        # what it does to the context still counts.
        pieces = _in_pieces(payload) if isinstance(payload, Iterator) else None
        status, phrase = context.get_response_status(0)
        reply = Reply(*_status(status, phrase), content_type=accept)
        reply.attributes = context.get_response_headers(0).get(_ATTRIBUTES)
        reply.pieces = pieces
        if pieces is None:
            reply.body = _as_bytes(payload)
        return reply

    def _in_three_steps(
        self, context: Context, model: Any, body: Any, content_type: str | None, accept: str
    ) -> Any:
        data = self._input(context, body, content_type)
        prediction = self._predict(context, data, model)
        return self._output(context, prediction, accept)

    @staticmethod
    def _around_load(module: Any, name: str, context: Context, *arguments: Any) -> None:
        function = getattr(module, name, None)
        if function:
            _called(function, len(arguments))(context, *arguments)


def _imported(folder: str, program: str) -> Any:
    """The user's module, or None when there is none: then all is left to the defaults."""
    path = os.path.join(folder, program)  # noqa: PTH118 - goes on the path as a str
    if not os.path.isfile(path):  # noqa: PTH113 - the same
        sys.stderr.write(f"There is no {program} in {folder}: the framework's defaults serve.\n")
        return None
    sys.path.insert(0, folder)
    if os.path.dirname(program):  # noqa: PTH120 - the same
        sys.path.insert(0, os.path.dirname(path))  # noqa: PTH120 - the same
    return import_module(os.path.basename(path)[: -len(".py")])  # noqa: PTH119 - the same


def _called(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """The function, to be called with the context first, which it gets last or not at all."""
    try:
        taken = len(signature(function).parameters)
    except (TypeError, ValueError):
        taken = count  # Some that are written in C do not tell.
    name = getattr(function, "__name__", str(function))

    def with_context(context: Context, *arguments: Any) -> Any:
        return function(*arguments, context)

    def without_context(_context: Context, *arguments: Any) -> Any:
        return function(*arguments)

    def refused(*_arguments: Any) -> Any:
        raise TypeError(f"{name} takes {taken} arguments but {count} were given.")

    return {count: without_context, count + 1: with_context}.get(taken, refused)


def _in_pieces(made: Iterator[Any]) -> Iterator[bytes]:
    """The pieces as bytes, the first of them made at once. Errors: what making that one raises."""
    pieces = _encoded(made)
    first = next(pieces, b"")
    return _chained(first, pieces)


def _encoded(made: Iterator[Any]) -> Iterator[bytes]:
    for piece in made:
        if isinstance(piece, str):
            yield piece.encode()
        elif not isinstance(piece, (bytes, bytearray, memoryview)):
            raise TypeError(f"A piece of a streamed answer is a {type(piece).__name__}.")
        # An empty one would be taken for the end.
        elif piece:
            yield bytes(piece)


def _chained(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from others


def _as_bytes(payload: Any) -> bytes:
    if isinstance(payload, str):
        return payload.encode()
    if isinstance(payload, (bytes, bytearray, memoryview)):
        return bytes(payload)
    # As the model servers do with what is neither.
    return json.dumps(payload, default=lambda value: value.tolist()).encode()


def _refusal(error: BaseException, trace: str) -> Reply:
    """The answer for an exception: its own status where it carries one, else 500."""
    if all(hasattr(error, name) for name in ("status_code", "message", "phrase")):
        status, message, phrase = error.status_code, error.message, error.phrase  # type: ignore[attr-defined]
    else:
        message = phrase = str(error) or "Invalid Request"
        status = 500
    reply = Reply(*_status(status, str(phrase)), content_type="text/plain; charset=utf-8")
    reply.body = f"{message}\n{trace}".encode("utf-8", "backslashreplace")
    return reply


def _status(status: Any, phrase: str) -> tuple[int, str]:
    """A status that HTTP can send, and words for it."""
    try:
        known = int(status)
    except (TypeError, ValueError):
        known = 500
    if not _FIRST_STATUS <= known <= _LAST_STATUS:
        known = 500
    try:
        return known, phrase or HTTPStatus(known).phrase
    except ValueError:
        return known, ""
