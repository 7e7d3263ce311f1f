"""State changes: which events AWS sends of a change to a resource, and what they tell.

One function a noun: from a record of the activity log, and the resource as it was after it (before
it, where it was removed), to the detail of an event, or None where AWS sends none. Groups have no
events (EV1), and nothing is sent of a package that is deleted (OQ12).
Source: AWS's page "Events that SageMaker AI sends to EventBridge"; what it leaves out is marked.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sagemock.operation import Members
from sagemock.ports import Activity
from sagemock.resource_type import TAGS
from sagemock.resources.endpoint import ENDPOINT
from sagemock.resources.endpoint_config import ENDPOINT_CONFIG
from sagemock.resources.endpoint_moves import KEPT_UP_FROM
from sagemock.resources.model import MODEL
from sagemock.resources.model_package import MODEL_PACKAGE
from sagemock.time_text import in_seconds

Describe = Callable[[str, Members], Members]
"""What the Describe of a noun shows of a stored document."""

Detail = Callable[[Activity, Members, Describe], Members | None]

PACKAGE_EVENT = "SageMaker Model Package State Change"
UPDATED = "UpdatedModelPackageFields"

# In this order where several were changed; any other member follows under its own name. EV4.
_UPDATED_NAMES = {
    "ModelLifeCycle": "ModelLifeCycle",
    "ModelApprovalStatus": "ModelApprovalStatus",
    "ApprovalDescription": "ApprovalDescription",
    "SourceUri": "sourceUri",
    "CustomerMetadataProperties": "CustomerMetadataProperties",
    "InferenceSpecification": "InferenceSpecification",
}
_BY_EVERY_UPDATE = ("LastModifiedTime", "LastModifiedBy")
_TIMES = ("CreationTime", "LastModifiedTime")
_EMPTY: tuple[object, ...] = (None, "", [], {})
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def package_detail(activity: Activity, package: Members, describe: Describe) -> Members | None:
    """A package that was registered, or updated in whatever way, also without any change (EV5)."""
    updated = activity.operation == "UpdateModelPackage" and activity.change == "changed"
    if activity.change != "created" and not updated:
        return None
    detail = _described(MODEL_PACKAGE.noun, package, describe)
    detail |= {name: in_seconds(detail[name]) for name in _TIMES if name in detail}
    fields = _updated_fields(activity) if updated else []
    return {**detail, UPDATED: fields} if fields else detail


def _updated_fields(activity: Activity) -> list[str]:
    changed = {
        name
        for name in (*activity.before, *activity.after)
        if name[:1].isupper() and name not in _BY_EVERY_UPDATE
    }
    known = [name for name in _UPDATED_NAMES if name in changed]
    others = sorted(changed - _UPDATED_NAMES.keys())
    return [_UPDATED_NAMES.get(name, name) for name in (*known, *others)]


def model_detail(activity: Activity, model: Members, describe: Describe) -> Members | None:
    """A model that was created or deleted."""
    return _made_or_gone(activity, MODEL.noun, model, describe)


def endpoint_config_detail(
    activity: Activity, config: Members, describe: Describe
) -> Members | None:
    """An endpoint configuration that was created or deleted."""
    return _made_or_gone(activity, ENDPOINT_CONFIG.noun, config, describe)


def _made_or_gone(
    activity: Activity, noun: str, document: Members, describe: Describe
) -> Members | None:
    if activity.change not in {"created", "removed"}:
        return None
    detail = _described(noun, document, describe)
    times = {name: epoch_ms(detail[name]) for name in _TIMES if name in detail}
    return {**detail, **times, TAGS: dict(document.get(TAGS, {}))}


def endpoint_detail(activity: Activity, endpoint: Members, describe: Describe) -> Members | None:
    """An endpoint whose status has changed; one that is gone was announced as DELETING.

    Not told is what only a start of this server does: what was in service goes into it again.
    """
    reached = activity.change == "changed" and "EndpointStatus" in activity.after
    if activity.change != "created" and not reached:
        return None
    if "InService" in (activity.before.get(KEPT_UP_FROM), activity.after.get(KEPT_UP_FROM)):
        was, is_now = activity.before.get("EndpointStatus"), activity.after.get("EndpointStatus")
        if {was, is_now} == {"InService", "SystemUpdating"}:
            return None
    pending = endpoint.get("PendingDeploymentSummary", {})
    variants = endpoint.get("ProductionVariants") or pending.get("ProductionVariants", ())
    detail: Members = {
        "EndpointName": endpoint["EndpointName"],
        "EndpointArn": endpoint["EndpointArn"],
        "EndpointConfigName": endpoint["EndpointConfigName"],
        "ProductionVariants": [
            {name: each[name] for name in ("DesiredWeight", "DesiredInstanceCount") if name in each}
            for each in variants
        ],
        "EndpointStatus": upper_snake(endpoint["EndpointStatus"]),
        **{name: epoch_ms(endpoint[name]) for name in _TIMES},
        TAGS: dict(endpoint.get(TAGS, {})),
    }
    if endpoint.get("FailureReason"):
        # The page has it for jobs; of endpoints public handlers read it too.
        detail["FailureReason"] = endpoint["FailureReason"]
    return detail


STATE_CHANGES: Mapping[str, tuple[str, Detail]] = {
    MODEL_PACKAGE.arn_type: (PACKAGE_EVENT, package_detail),
    MODEL.arn_type: ("SageMaker Model State Change", model_detail),
    ENDPOINT_CONFIG.arn_type: ("SageMaker Endpoint Config State Change", endpoint_config_detail),
    ENDPOINT.arn_type: ("SageMaker Endpoint State Change", endpoint_detail),
}
"""By the kind of resource, the detail-type of its events and what makes their detail."""


def _described(noun: str, document: Members, describe: Describe) -> Members:
    """The Describe body without members that say nothing."""
    described = describe(noun, document)
    return {name: value for name, value in described.items() if value not in _EMPTY}


def epoch_ms(epoch_s: float) -> int:
    """A time in milliseconds, as models and endpoints have it."""
    return round(epoch_s * 1000)


def upper_snake(status: Any) -> str:
    """`InService` as `IN_SERVICE`."""
    return _WORD.sub("_", str(status)).upper()
