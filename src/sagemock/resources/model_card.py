"""The model card of a model package: its content, its status, and what little of it is metadata.

The content is a JSON string, kept to the letter (MC1). Whether it follows AWS's schema is checked
before a rule runs. A card's status and the package's approval are independent (MC5).
"""

import json
from typing import Any

from sagemock.errors import ValidationException
from sagemock.operation import Members

ARCHIVED = "Model Card is in Archived state"
DEFAULT_STATUS = "Draft"

_METADATA = (
    ("model_overview", "model_id"),
    ("model_overview", "model_name"),
    ("intended_uses", "risk_rating"),
    ("model_package_details", "model_package_group_name"),
    ("model_package_details", "model_package_arn"),
)
"""The paths of the content that IncludedData=MetadataOnly leaves (DP2)."""


def updated_card(present: Members | None, given: Members) -> Members:
    """The card after a request that gives its content, its status, or both.

    The half that is not given keeps its value; content without a status is a Draft (OQ19).
    Errors: ValidationException, new content for an Archived card (UP10).
    """
    present = present or {}
    if present.get("ModelCardStatus") == "Archived" and "ModelCardContent" in given:
        raise ValidationException(ARCHIVED)
    card = {**present, **given}
    if "ModelCardContent" in card:
        card.setdefault("ModelCardStatus", DEFAULT_STATUS)
    return card


def metadata_only(card: Members) -> Members:
    """The card with its content reduced to what counts as metadata."""
    if "ModelCardContent" not in card:
        return card
    content: Members = json.loads(card["ModelCardContent"])
    reduced: dict[str, dict[str, Any]] = {}
    for section, member in _METADATA:
        if member in content.get(section, {}):
            reduced.setdefault(section, {})[member] = content[section][member]
    return {**card, "ModelCardContent": json.dumps(reduced, separators=(",", ":"))}
