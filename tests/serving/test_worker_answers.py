"""What the worker's handlers are called with, and what becomes of what they return or raise."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from worker_programs import ECHO, Start, by_hand

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with by_hand(tmp_path) as start:
        yield start


THREE_STEPS = """
    def model_fn(model_dir): return "model"
    def input_fn(body, content_type): return [body, content_type]
    def predict_fn(data, model): return [data, model]
    def output_fn(prediction, accept): return repr([prediction, accept])
"""


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ({"Content_Type": "application/json"}, [[["1,é", "application/json"], "model"], "a/b"]),
        ({"Content_Type": "text/csv"}, [[["1,é", "text/csv"], "model"], "a/b"]),
        ({"Content_Type": "text/plain"}, [[["1,é".encode(), "text/plain"], "model"], "a/b"]),
        ({}, [[["1,é".encode(), None], "model"], "a/b"]),
        ({"Accept": "*/*"}, [[["1,é".encode(), None], "model"], "a/b"]),
        ({"Accept": "c/d, e/f"}, [[["1,é".encode(), None], "model"], "c/d, e/f"]),
    ],
)
def test_a_request_goes_through_the_three_handlers(
    start: Start, headers: dict[str, str], seen: list[object]
) -> None:
    worker = start(THREE_STEPS, SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT="a/b").ready()
    status, body, answered = worker.post("1,é".encode(), **headers)
    assert (status, body.decode()) == (200, repr(seen))
    assert answered["Content-Type"] == seen[1]


def test_without_another_default_what_is_accepted_is_json(start: Start) -> None:
    worker = start(ECHO).ready()
    assert worker.post(b"x")[2] == {"Content-Type": "application/json", "Content-Length": "1"}


def test_text_that_is_no_utf_8_is_told_as_an_error_of_the_model(start: Start) -> None:
    worker = start(THREE_STEPS).ready()
    status, body, _ = worker.post(b"\xff", Content_Type="text/csv")
    assert status == 500
    assert b"UnicodeDecodeError" in body


def test_any_handler_may_take_a_context(start: Start) -> None:
    worker = start(f"""
        def model_fn(model_dir, context): return context.system_properties["model_dir"]
        def model_warmup_fn(model_dir, model, context): assert model == model_dir
        def input_fn(body, content_type, context):
            return context.get_request_header(0, "x-amzn-sagemaker-custom-attributes")
        def predict_fn(data, model, context):
            return [data, context.get_all_request_header(0).get("{ATTRIBUTES}")]
        def output_fn(prediction, accept, context):
            context.set_response_header(0, "{ATTRIBUTES.lower()}", "answered\\r\\nX: y")
            context.set_response_status(202, "Taken")
            return repr(prediction)
    """).ready()
    worker.connection.request("POST", "/invocations", b"", {ATTRIBUTES: "asked"})
    answer = worker.connection.getresponse()
    assert answer.read() == b"['asked', 'asked']"
    assert (answer.status, answer.reason) == (202, "Taken")
    assert answer.getheader(ATTRIBUTES) == "answered  X: y"
    assert answer.getheader("X") is None


def test_the_context_answers_as_those_of_the_model_servers(start: Start) -> None:
    worker = start("""
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept, context):
            processor = context.request_processor[0]
            context.set_response_content_type(0, "not/this")
            return repr([
                context.get_request_id(),
                processor.get_request_property("accept"),
                "Nope" in processor.get_request_properties(),
                processor.get_request_property("Nope"),
                context.get_response_status(0),
                context.get_response_headers(0),
                context.get_response_content_type(0),
                context.system_properties["batch_size"],
                context.manifest,
            ])
    """).ready()
    _, body, answered = worker.post(X_Amzn_SageMaker_Inference_Id="me", Accept="this/one")
    seen = ["me", "this/one", False, None, (200, ""), {"content-type": "not/this"}, "not/this"]
    assert body.decode() == repr([*seen, 1, {}])
    assert answered["Content-Type"] == "this/one"


@pytest.mark.parametrize(
    ("handler", "counts"),
    [
        ("input_fn(body)", "input_fn takes 1 arguments but 2 were given."),
        ("predict_fn(a, b, c, d)", "predict_fn takes 4 arguments but 2 were given."),
        ("output_fn(*both)", "output_fn takes 1 arguments but 2 were given."),
        ("transform_fn(a, b, c)", "transform_fn takes 3 arguments but 4 were given."),
    ],
)
def test_another_number_of_parameters_is_a_type_error(
    start: Start, handler: str, counts: str
) -> None:
    rest = "".join(
        f"def {name}(a, b): return a\n"
        for name in ("input_fn", "predict_fn", "output_fn")
        if not handler.startswith((name, "transform_fn"))
    )
    worker = start(f"def model_fn(model_dir): pass\n{rest}def {handler}: pass").ready()
    status, body, _ = worker.post()
    assert status == 500
    assert body.decode().startswith(f"{counts}\nTraceback")


@pytest.mark.parametrize(
    ("result", "body", "content_type"),
    [
        ("'é'", "é", "application/json"),
        ("b'bytes'", "bytes", "application/json"),
        ("bytearray(b'more')", "more", "application/json"),
        ("('a;b', 'text/csv')", "a;b", "text/csv"),
        ("{'score': [1, 2.5, None]}", '{"score": [1, 2.5, null]}', "application/json"),
        ("''", "", "application/json"),
    ],
)
def test_a_result_is_sent_as_what_it_is(
    start: Start, result: str, body: str, content_type: str
) -> None:
    worker = start(f"""
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept): return {result}
    """).ready()
    status, answered, headers = worker.post()
    assert (status, answered.decode(), headers["Content-Type"]) == (200, body, content_type)


RAISES = """
    class Refused(Exception):
        def __init__(self, status_code, message, phrase):
            self.status_code, self.message, self.phrase = status_code, message, phrase
    def model_fn(model_dir): return None
    def input_fn(body, content_type): return body.decode()
    def predict_fn(data, model): exec(data, globals())
    def output_fn(prediction, accept): return "fine"
"""


@pytest.mark.parametrize(
    ("raised", "status", "phrase", "message"),
    [
        ("raise ValueError('bad row')", 500, "bad row", "bad row"),
        ("raise ValueError", 500, "Invalid Request", "Invalid Request"),
        ("raise Refused(422, 'no such row', 'Odd')", 422, "Odd", "no such row"),
        ("raise Refused(400, 'no', 'a\\r\\nX: y')", 400, "a  X: y", "no"),
        ("raise Refused('418', 'no', 'Tea')", 418, "Tea", "no"),
        ("raise Refused(42, 'no', 'Odd')", 500, "Odd", "no"),
        ("raise Refused(None, 'no', '')", 500, "Internal Server Error", "no"),
        ("import sys; sys.exit(3)", 500, "3", "3"),
    ],
)
def test_an_exception_is_answered_and_logged_and_the_next_request_served(
    start: Start, raised: str, status: int, phrase: str, message: str
) -> None:
    worker = start(RAISES).ready()
    worker.connection.request("POST", "/invocations", raised)
    answer = worker.connection.getresponse()
    body = answer.read().decode()
    assert (answer.status, answer.reason) == (status, phrase)
    assert body.startswith(f"{message}\nTraceback (most recent call last):\n")
    assert 'inference.py", line' in body
    assert body.endswith(worker.log)
    assert worker.post("1")[:2] == (200, b"fine")


def test_a_missing_predict_fn_is_told_when_it_is_needed(start: Start) -> None:
    worker = start("""
        def model_fn(model_dir): return None
        def input_fn(body, content_type): return body
    """).ready()
    status, body, _ = worker.post()
    assert status == 500
    assert body.startswith(b"Please provide a predict_fn implementation.")


def test_output_fn_may_stream_too(start: Start) -> None:
    worker = start(THREE_STEPS.replace("return repr(", "yield repr(")).ready()
    _, body, headers = worker.post(Accept="a/b")
    assert body == b"[[[b'', None], 'model'], 'a/b']"
    assert headers["Transfer-Encoding"] == "chunked"
