"""What every client sees that does as the programs in `programs` do."""

from typing import Any

REGISTRY = "arn:aws:sagemaker:us-east-1:123456789012"
GROUP = f"{REGISTRY}:model-package-group/churn"
VERSION_1 = f"{REGISTRY}:model-package/churn/1"

PAGES = {
    "groups": [["a", "b"], ["c", "d"], ["e"]],
    "versions": [[5, 4], [3, 2], [1]],
    "found": [[1, 2], [3, 4], [5]],
}
"""Five groups by name and the five versions of the first of them, listed and found, two a page."""

MESSAGES = {
    "conflict": (
        f"Model Package Group {GROUP} cannot be deleted because it contains Model Packages."
    ),
    "again": f"Model Package Group already exists: {GROUP}",
    "missing": f"ModelPackageGroup {REGISTRY}:model-package-group/no does not exist.",
    "constraint": (
        "1 validation error detected: Value '1000' at 'maxResults' failed to satisfy constraint: "
        "Member must have value less than or equal to 100"
    ),
}
"""A group with a version deleted; a group created again; a group that is not; a page of 1000."""

DEPLOY_MESSAGES = {
    "unapproved": (
        f"ModelPackage {VERSION_1} cannot be deployed: its ModelApprovalStatus is "
        "PendingManualApproval. Set it to Approved with UpdateModelPackage first."
    ),
    "model": f'Cannot create already existing model "{REGISTRY}:model/churn".',
    "config": (
        f'Cannot create already existing endpoint configuration "{REGISTRY}:endpoint-config/one".'
    ),
    "endpoint": f'Cannot create already existing endpoint "{REGISTRY}:endpoint/churn-live".',
    "no_config": f'Could not find endpoint configuration "{REGISTRY}:endpoint-config/no".',
    "no_model": f'Could not find model "{REGISTRY}:model/no".',
    "no_endpoint": f'Could not find endpoint "{REGISTRY}:endpoint/no".',
    "not_there": "Endpoint no of account 123456789012 not found.",
}
"""A version deployed before its approval; three names taken; three not there; and one called."""

LOOK_THERE = (
    " See https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
    "#logEventViewer:group=/aws/sagemaker/Endpoints/Churn-Live in account 123456789012 for more "
    "information."
)
"""How each error from a model of the endpoint `Churn-Live` ends."""


def botocore_errors() -> dict[str, Any]:
    """What the four refused calls raise in a client made of botocore: its class and what it has."""
    refused = {"class": "ClientError", "code": "ValidationException", "status": 400, "retries": 0}
    errors = {name: refused | {"message": message} for name, message in MESSAGES.items()}
    # Only this one is in the service model, so only it has a class.
    errors["conflict"] |= {"class": "ConflictException", "code": "ConflictException"}
    return errors
