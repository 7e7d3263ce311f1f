"""Model package groups: the named shelves on which versions stand.

A group never changes once created; there is no UpdateModelPackageGroup (CG5). Its versions are
model packages, its policy has a file of its own.
"""

from sagemock.errors import ConflictException
from sagemock.listing import list_query
from sagemock.operation import Call, Members, operation
from sagemock.resource_type import ResourceType, empty_page
from sagemock.tagging import checked_tags

MODEL_PACKAGE_GROUP = ResourceType(
    noun="ModelPackageGroup",
    arn_type="model-package-group",
    not_found="ModelPackageGroup {arn} does not exist.",
    already_exists="Model Package Group already exists: {arn}",
    indexed={"ModelPackageGroupStatus": "Completed"},
)

VERSIONS_KIND = "model-package"
"""The kind under which versions are stored: the group's name with a number."""

STILL_HAS_VERSIONS = (
    "Model Package Group {ModelPackageGroupArn} cannot be deleted because it contains Model "
    "Packages."
)
NEWEST_FIRST = False
"""Ascending, as documented (OQ25). ListModelPackages is the other way round."""


@operation
def create_model_package_group(call: Call, request: Members) -> Members:
    """Create a group; it is Completed at once.

    Errors: ValidationException, the name is taken, in whatever case, however equal the request;
    a tag key begins with `aws:` or comes twice.
    Cases: fixtures/conformance/model_package_group/create_*.json
    """
    tags = checked_tags(request.get("Tags", []))
    group = {name: value for name, value in request.items() if name != "Tags"}
    group["ModelPackageGroupStatus"] = "Completed"
    return MODEL_PACKAGE_GROUP.add(call, group["ModelPackageGroupName"], group, tags=tags)


@operation
def describe_model_package_group(call: Call, request: Members) -> Members:
    """The group, by name or ARN. Tags and policy have operations of their own.

    Errors: ValidationException, there is none.
    Cases: fixtures/conformance/model_package_group/describe_*.json
    """
    return MODEL_PACKAGE_GROUP.get(call, request["ModelPackageGroupName"])


@operation
def list_model_package_groups(call: Call, request: Members) -> Members:
    """A page of groups, oldest first unless asked otherwise.

    CrossAccount asks for groups shared through AWS RAM; none are (LG6).
    Errors: ValidationException, a NextToken of another list.
    Cases: fixtures/conformance/model_package_group/list_*.json
    """
    query = list_query(MODEL_PACKAGE_GROUP.arn_type, request, descending=NEWEST_FIRST)
    if request.get("CrossAccountFilterOption") == "CrossAccount":
        return empty_page(call)
    return MODEL_PACKAGE_GROUP.page(call, query)


@operation
def delete_model_package_group(call: Call, request: Members) -> Members:
    """Delete an empty group, its tags and its policy; a group made anew counts from 1 again.

    Errors: ValidationException, there is none; ConflictException, it still has versions.
    Cases: fixtures/conformance/model_package_group/delete_*.json
    """
    group = MODEL_PACKAGE_GROUP.get(call, request["ModelPackageGroupName"])
    if call.store.has_numbered(VERSIONS_KIND, group["ModelPackageGroupName"]):
        raise ConflictException(STILL_HAS_VERSIONS.format(**group))
    call.store.end_numbers(group["ModelPackageGroupArn"])
    return MODEL_PACKAGE_GROUP.remove(call, group)
