"""The content of a model card, against AWS's schema of it."""

import json
from typing import Any

import pytest

from sagemock.api.documents import ModelCardSchema
from sagemock.errors import ValidationException

SCHEMA = ModelCardSchema()


def check(content: str) -> None:
    SCHEMA.check({"ModelCard": {"ModelCardContent": content, "ModelCardStatus": "Draft"}})


def refused(content: Any) -> str | None:
    with pytest.raises(ValidationException) as error:
        check(content if isinstance(content, str) else json.dumps(content))
    return error.value.message


def with_metric(**metric: Any) -> dict[str, Any]:
    group = {"name": "g", "metric_data": [{"name": "m", **metric}]}
    return {"evaluation_details": [{"name": "e", "metric_groups": [group]}]}


FUNCTION = {"function": "Maximize", "facet": "f" * 63, "condition": "c" * 63}
NAMED = {"name": "n" * 255, "value": "v" * 255}
FULL: dict[str, Any] = {
    "model_overview": {"model_creator": "c" * 1024, "model_artifact": ["s3://b/k"] * 15},
    "intended_uses": {
        "purpose_of_model": "p" * 2048,
        "intended_uses": "",
        "factors_affecting_model_efficiency": "f",
        "risk_rating": "Unknown",
        "explanations_for_risk_rating": "e",
    },
    "business_details": {
        "business_problem": "p",
        "business_stakeholders": "s",
        "line_of_business": "l",
    },
    "training_details": {
        "objective_function": {"function": FUNCTION, "notes": "n"},
        "training_observations": "o",
        "training_job_details": {
            "training_arn": "a",
            "training_datasets": ["d"] * 15,
            "training_environment": {"container_image": ["i"] * 15},
            "training_metrics": [{"name": "m", "value": 0.5, "notes": "n"}] * 50,
            "user_provided_training_metrics": [{"name": "m", "value": -1}],
            "hyper_parameters": [NAMED] * 100,
            "user_provided_hyper_parameters": [NAMED],
        },
    },
    "evaluation_details": [
        {
            "name": "e",
            "evaluation_observation": "o" * 2096,
            "evaluation_job_arn": "a" * 256,
            "datasets": ["d"] * 10,
            "metadata": {"any key": "v" * 1024},
            "metric_groups": [
                {
                    "name": "g",
                    "metric_data": [
                        {"name": "n", "type": "number", "value": 1.5, "x_axis_name": "x"},
                        {"name": "s", "type": "string", "value": "v" * 63, "notes": "n"},
                        {"name": "b", "type": "boolean", "value": False},
                        {"name": "l", "type": "linear_graph", "value": [[0, 1], [1, 2.5]]},
                        {"name": "c", "type": "bar_chart", "value": [1], "x_axis_name": ["a"]},
                        {
                            "name": "m",
                            "type": "matrix",
                            "value": [[1, 2], [3, 4]],
                            "x_axis_name": ["a", "b"],
                            "y_axis_name": ["c", "d"],
                        },
                    ],
                }
            ],
        }
    ],
    "additional_information": {
        "ethical_considerations": "e",
        "caveats_and_recommendations": "c",
        "custom_details": {"any key": "any value"},
    },
}


def test_a_card_with_all_there_is_follows_the_schema() -> None:
    check(json.dumps(FULL))


@pytest.mark.parametrize("content", ["{}", " {\n}\t", '{"evaluation_details": []}'])
def test_a_card_may_say_little(content: str) -> None:
    check(content)


@pytest.mark.parametrize(
    "request_members", [{}, {"ModelCard": {}}, {"ModelCard": {"ModelCardStatus": "Draft"}}]
)
def test_a_request_without_content_is_fine(request_members: dict[str, Any]) -> None:
    SCHEMA.check(request_members)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "text",
        "{",
        "{} {}",
        "[]",
        "null",
        "7",
        '"{}"',
        '{"a": NaN}',
        '{"a": Infinity}',
        "[" * 100_000,
        '{"a":' * 5_000,
        f'{{"a": {"9" * 5000}}}',
        "\ufeff{}",
        '{"a": "\\ud800"}',
        '{"\\udc00": 1}',
    ],
    ids=range(16),
)
def test_what_is_no_json_object_is_no_card(content: str) -> None:
    assert refused(content) == "Model card content is not a valid JSON object."


def broken(path: str, reason: str) -> str:
    return f"Model card content does not follow the model card schema at '{path}': {reason}."


def test_the_details_the_sdk_strips_are_refused() -> None:
    assert refused({"model_package_details": {}}) == broken(
        "$", "unknown members model_package_details"
    )


@pytest.mark.parametrize(
    "path",
    [
        ("model_overview",),
        ("intended_uses",),
        ("business_details",),
        ("training_details",),
        ("training_details", "objective_function"),
        ("training_details", "objective_function", "function"),
        ("training_details", "training_job_details"),
        ("training_details", "training_job_details", "training_environment"),
        ("training_details", "training_job_details", "training_metrics", 0),
        ("training_details", "training_job_details", "user_provided_training_metrics", 0),
        ("training_details", "training_job_details", "hyper_parameters", 0),
        ("training_details", "training_job_details", "user_provided_hyper_parameters", 0),
        ("evaluation_details", 0),
        ("evaluation_details", 0, "metric_groups", 0),
        ("evaluation_details", 0, "metric_groups", 0, "metric_data", 0),
        ("additional_information",),
    ],
    ids=lambda path: ".".join(map(str, path)),
)
def test_no_object_takes_members_of_its_own_making(path: tuple[str | int, ...]) -> None:
    card = json.loads(json.dumps(FULL))
    place = card
    for step in path:
        place = place[step]
    place["zz"] = 1
    place["own"] = 1
    told = "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    assert refused(card) == broken(told, "unknown members own, zz")


@pytest.mark.parametrize(
    ("card", "path", "reason"),
    [
        (
            {"model_overview": []},
            "$.model_overview",
            "the value must be of type object",
        ),
        (
            {"model_overview": {"model_creator": "c" * 1025}},
            "$.model_overview.model_creator",
            "maxLength is 1024",
        ),
        (
            {"model_overview": {"model_artifact": ["a"] * 16}},
            "$.model_overview.model_artifact",
            "maxItems is 15",
        ),
        (
            {"intended_uses": {"risk_rating": "high"}},
            "$.intended_uses.risk_rating",
            "the value must be one of High, Medium, Low, Unknown",
        ),
        (
            {"intended_uses": {"purpose_of_model": "p" * 2049}},
            "$.intended_uses.purpose_of_model",
            "maxLength is 2048",
        ),
        (
            {"business_details": {"line_of_business": 7}},
            "$.business_details.line_of_business",
            "the value must be of type string",
        ),
        (
            {"training_details": {"objective_function": {"function": {"function": "Max"}}}},
            "$.training_details.objective_function.function.function",
            "the value must be one of Maximize, Minimize",
        ),
        (
            {"training_details": {"training_job_details": {"training_metrics": [{"name": "m"}]}}},
            "$.training_details.training_job_details.training_metrics[0]",
            "missing members value",
        ),
        (
            {"training_details": {"training_job_details": {"hyper_parameters": [NAMED] * 101}}},
            "$.training_details.training_job_details.hyper_parameters",
            "maxItems is 100",
        ),
        (
            {
                "training_details": {
                    "training_job_details": {"hyper_parameters": [{"name": "", "value": "v"}]}
                }
            },
            "$.training_details.training_job_details.hyper_parameters[0].name",
            "minLength is 1",
        ),
        ({"evaluation_details": {}}, "$.evaluation_details", "the value must be of type array"),
        ({"evaluation_details": [{}]}, "$.evaluation_details[0]", "missing members name"),
        (
            {"evaluation_details": [{"name": "e" * 64}]},
            "$.evaluation_details[0].name",
            "maxLength is 63",
        ),
        (
            {"evaluation_details": [{"name": "e", "datasets": ["d"] * 11}]},
            "$.evaluation_details[0].datasets",
            "maxItems is 10",
        ),
        (
            {"evaluation_details": [{"name": "e", "metric_groups": [{}]}]},
            "$.evaluation_details[0].metric_groups[0]",
            "missing members name, metric_data",
        ),
        (
            {"additional_information": {"custom_details": {"k": 1}}},
            "$.additional_information.custom_details.k",
            "the value must be of type string",
        ),
    ],
)
def test_the_first_offending_path_is_told(card: dict[str, Any], path: str, reason: str) -> None:
    assert refused(card) == broken(path, reason)


METRIC = "$.evaluation_details[0].metric_groups[0].metric_data[0]"


@pytest.mark.parametrize(
    ("metric", "path", "reason"),
    [
        ({"type": "number"}, METRIC, "missing members value"),
        ({"value": 1}, METRIC, "missing members type"),
        (
            {"type": "percent", "value": 1},
            f"{METRIC}.type",
            "the value must be one of number, string, boolean, linear_graph, bar_chart, matrix",
        ),
        (
            {"type": "number", "value": "1"},
            f"{METRIC}.value",
            "the value must be of type number",
        ),
        (
            {"type": "number", "value": True},
            f"{METRIC}.value",
            "the value must be of type number",
        ),
        ({"type": "string", "value": "v" * 64}, f"{METRIC}.value", "maxLength is 63"),
        ({"type": "boolean", "value": 0}, f"{METRIC}.value", "the value must be of type boolean"),
        ({"type": "linear_graph", "value": []}, f"{METRIC}.value", "minItems is 1"),
        ({"type": "linear_graph", "value": [[1]]}, f"{METRIC}.value[0]", "minItems is 2"),
        ({"type": "linear_graph", "value": [[1, 2, 3]]}, f"{METRIC}.value[0]", "maxItems is 2"),
        ({"type": "bar_chart", "value": []}, f"{METRIC}.value", "minItems is 1"),
        (
            {"type": "bar_chart", "value": [1], "x_axis_name": "x"},
            f"{METRIC}.x_axis_name",
            "the value must be of type array",
        ),
        ({"type": "matrix", "value": [[1]] * 21}, f"{METRIC}.value", "maxItems is 20"),
        ({"type": "matrix", "value": [[1] * 21]}, f"{METRIC}.value[0]", "maxItems is 20"),
        ({"type": "matrix", "value": [[]]}, f"{METRIC}.value[0]", "minItems is 1"),
        (
            {"type": "matrix", "value": [[1]], "y_axis_name": "y"},
            f"{METRIC}.y_axis_name",
            "the value must be of type array",
        ),
        (
            {"type": "linear_graph", "value": [[1, 2]], "x_axis_name": "x" * 64},
            f"{METRIC}.x_axis_name",
            "maxLength is 63",
        ),
        (
            {"type": "number", "value": 1, "x_axis_name": ["x"]},
            f"{METRIC}.x_axis_name",
            "the value must be of type string",
        ),
        (
            {"type": "number", "value": 1, "notes": "n" * 1025},
            f"{METRIC}.notes",
            "maxLength is 1024",
        ),
    ],
)
def test_a_metric_is_held_to_its_type(metric: dict[str, Any], path: str, reason: str) -> None:
    assert refused(with_metric(**metric)) == broken(path, reason)


def test_no_value_of_the_content_is_told() -> None:
    secret = "s" * 3000
    for card in (
        {"intended_uses": {"intended_uses": secret, "risk_rating": secret}},
        {"x": secret},
    ):
        assert secret not in str(refused(card))
