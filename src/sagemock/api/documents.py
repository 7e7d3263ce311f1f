"""Documents inside requests that are themselves JSON Schema at AWS: the content of a model card.

Checked before the store is opened, with `jsonschema`, which is imported when the first card comes.
The schema is AWS's "model package model card schema" 0.1.0, written from its documentation.
"""

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagemock.errors import ValidationException
from sagemock.json_document import parsed
from sagemock.operation import Members

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

SCHEMA = Path(__file__).with_name("model_card.schema.json")

# The content is marked sensitive: no value of it is repeated in a message.
NOT_JSON = "Model card content is not a valid JSON object."
BROKEN = "Model card content does not follow the model card schema at '{path}': {reason}."


class ModelCardSchema:
    """AWS's schema for the content of a model package's model card."""

    @cached_property
    def _validator(self) -> "Draft202012Validator":
        from jsonschema import Draft202012Validator  # noqa: PLC0415 - 160 ms most calls never need

        return Draft202012Validator(json.loads(SCHEMA.read_bytes()))

    def check(self, request: Members) -> None:
        """Refuse a request whose model card content does not follow the schema.

        Errors: ValidationException, naming the first offending path (MC2; the text is ours).
        """
        content = request.get("ModelCard", {}).get("ModelCardContent")
        if content is None:
            return
        try:
            card = parsed(content)
        except ValueError:
            raise ValidationException(NOT_JSON) from None
        if not isinstance(card, dict):
            raise ValidationException(NOT_JSON)
        broken = min(
            self._validator.iter_errors(card), key=lambda error: error.json_path, default=None
        )
        if broken is not None:
            raise ValidationException(BROKEN.format(path=broken.json_path, reason=_reason(broken)))


def _reason(error: "ValidationError") -> str:
    expected: Any = error.validator_value
    instance: Any = error.instance
    if error.validator == "additionalProperties" and expected is False:
        schema: Any = error.schema
        extra = sorted(set(instance) - set(schema["properties"]))
        return f"unknown members {', '.join(extra)}"
    if error.validator == "required":
        missing = [name for name in expected if name not in instance]
        return f"missing members {', '.join(missing)}"
    if error.validator == "type":
        kinds = expected if isinstance(expected, list) else [expected]
        return f"the value must be of type {' or '.join(kinds)}"
    if error.validator == "enum":
        return f"the value must be one of {', '.join(map(str, expected))}"
    return f"{error.validator} is {json.dumps(expected)}"
