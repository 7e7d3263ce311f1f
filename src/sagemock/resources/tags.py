"""Tags: AddTags, ListTags and DeleteTags on what can be tagged.

Versions cannot (TA2), groups and all the others can. Tags live beside the resources.
"""

from sagemock.errors import ValidationException
from sagemock.listing import refuse_token
from sagemock.operation import Call, Members, operation
from sagemock.resource_type import ResourceType, own_arn
from sagemock.resources.endpoint import ENDPOINT
from sagemock.resources.endpoint_config import ENDPOINT_CONFIG
from sagemock.resources.model import MODEL
from sagemock.resources.model_package import MODEL_PACKAGE
from sagemock.resources.model_package_group import MODEL_PACKAGE_GROUP
from sagemock.tagging import MOST_TAGS, VERSIONS_NOT_TAGGED, checked_tags, tag_list

TAGGABLE = {
    noun.arn_type: noun
    for noun in (MODEL_PACKAGE_GROUP, MODEL_PACKAGE, MODEL, ENDPOINT_CONFIG, ENDPOINT)
}

TOO_MANY = "A resource can have {most} tags at most; {arn} would have {count}."
NO_SUCH_RESOURCE = "Resource {arn} does not exist."


@operation
def add_tags(call: Call, request: Members) -> Members:
    """Add tags to a resource, overwriting by key; all its tags are answered.

    Errors: ValidationException, the resource is missing or a version, a key is reserved or comes
    twice, or there would be more than 50.
    Cases: fixtures/conformance/tags/add_*.json
    """
    arn = request["ResourceArn"]
    noun, resource = _existing(call, arn)
    if "ModelPackageVersion" in resource:
        raise ValidationException(VERSIONS_NOT_TAGGED)
    added = checked_tags(request["Tags"])
    count = len({*noun.tags(call, resource), *added})
    if count > MOST_TAGS:
        raise ValidationException(TOO_MANY.format(most=MOST_TAGS, arn=arn, count=count))
    return {"Tags": tag_list(noun.add_tags(call, resource, added))}


@operation
def list_tags(call: Call, request: Members) -> Members:
    """All tags of a resource on one page, in the order they were first added; a version has none.

    Errors: ValidationException, the resource is missing; there is a NextToken.
    Cases: fixtures/conformance/tags/list_*.json
    """
    refuse_token(request)
    noun, resource = _existing(call, request["ResourceArn"])
    return {"Tags": tag_list(noun.tags(call, resource))}


@operation
def delete_tags(call: Call, request: Members) -> Members:
    """Take tags from a resource; keys it does not have are ignored.

    Errors: ValidationException, the resource is missing.
    Cases: fixtures/conformance/tags/delete_*.json
    """
    noun, resource = _existing(call, request["ResourceArn"])
    noun.remove_tags(call, resource, request["TagKeys"])
    return {}


def _existing(call: Call, arn: str) -> tuple[ResourceType, Members]:
    """The resource of an ARN and its noun; an error when there is none, in the noun's words."""
    noun = TAGGABLE.get(arn.rpartition(":")[2].partition("/")[0])
    if noun is None:
        own_arn(call, arn)
        raise ValidationException(NO_SUCH_RESOURCE.format(arn=arn))
    return noun, noun.get(call, arn)
