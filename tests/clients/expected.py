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


def botocore_errors() -> dict[str, Any]:
    """What the four refused calls raise in a client made of botocore: its class and what it has."""
    refused = {"class": "ClientError", "code": "ValidationException", "status": 400, "retries": 0}
    errors = {name: refused | {"message": message} for name, message in MESSAGES.items()}
    # Only this one is in the service model, so only it has a class.
    errors["conflict"] |= {"class": "ConflictException", "code": "ConflictException"}
    return errors
