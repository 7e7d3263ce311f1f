"""What holds for every list of tags a request carries, whichever operation it is given to."""

from collections.abc import Mapping, Sequence

from sagemock.errors import ValidationException
from sagemock.operation import Members

MOST_TAGS = 50
RESERVED_PREFIX = "aws:"

VERSIONS_NOT_TAGGED = (
    "Tags are not supported in Model Package versions. Please add them to the Model Package Group."
)
DUPLICATE_KEY = "Tag key '{key}' is given more than once."
RESERVED_KEY = "Tag key '{key}' is not allowed: keys that start with 'aws:' are reserved."


def checked_tags(tags: Sequence[Members]) -> dict[str, str]:
    """The tags of a request by key.

    Errors: ValidationException, a key is reserved for AWS or comes twice (TA5, TA7; own texts).
    """
    checked: dict[str, str] = {}
    for tag in tags:
        key = tag["Key"]
        if key.lower().startswith(RESERVED_PREFIX):
            raise ValidationException(RESERVED_KEY.format(key=key))
        if key in checked:
            raise ValidationException(DUPLICATE_KEY.format(key=key))
        checked[key] = tag["Value"]
    return checked


def tag_list(tags: Mapping[str, str]) -> list[Members]:
    """Tags as an answer has them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
