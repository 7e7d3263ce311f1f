"""Inference specifications of model packages: what AWS demands of containers, and fills in.

A package has one InferenceSpecification and further ones by name; unversioned packages may say
less than versions. S3 objects and images are not looked at (CP26, CP32).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sagemock.errors import ValidationException
from sagemock.operation import Members

SOURCE_AND_SPECIFICATION = "SourceUri and InferenceSpecification cannot both be specified."
NO_ADDITIONAL_S3 = "AdditionalS3DataSource is not allowed in InferenceSpecification"
NO_ENVIRONMENT = (
    "1 validation errors detected:Environment variable map cannot be specified when using "
    "non-versioned ModelPackages"
)
TWO_ARTIFACTS = "ModelDataUrl and ModelDataSource cannot both be specified."
VERSIONS_ONLY = "{member} is only supported for versioned Model Packages."
MISSING_INSTANCE_TYPES = "{member} is required in InferenceSpecification of unversioned packages."
DUPLICATE_NAME = "AdditionalInferenceSpecification with name {name} is given more than once."
TOO_MANY = "A Model Package can have {most} AdditionalInferenceSpecifications at most."
MOST_ADDITIONAL = 15

_REQUIRED_OF_UNVERSIONED = (
    "SupportedTransformInstanceTypes",
    "SupportedRealtimeInferenceInstanceTypes",
)
_PINNED_IMAGE = re.compile(r".+@(sha256:[0-9a-fA-F]{64})")


def check_specifications(request: Members, *, versioned: bool) -> None:
    """Refuse a request whose specifications or containers AWS would refuse.

    Errors: ValidationException, SourceUri beside InferenceSpecification (CP18);
    AdditionalS3DataSource in InferenceSpecification (CP16); two artifacts in one container (CP20);
    for an unversioned package an Environment (CP15), a ModelDataSource (CP18) or missing instance
    types (CP12).
    """
    if "SourceUri" in request and "InferenceSpecification" in request:
        raise ValidationException(SOURCE_AND_SPECIFICATION)
    specification = request.get("InferenceSpecification", {})
    for container in specification.get("Containers", ()):
        if "AdditionalS3DataSource" in container:
            raise ValidationException(NO_ADDITIONAL_S3)
    for holder in _artifact_holders(request):
        _check_holder(holder, versioned=versioned)
    if specification and not versioned:
        for member in _REQUIRED_OF_UNVERSIONED:
            if not specification.get(member):
                raise ValidationException(MISSING_INSTANCE_TYPES.format(member=member))


def _check_holder(holder: Members, *, versioned: bool) -> None:
    if "ModelDataUrl" in holder and "ModelDataSource" in holder:
        raise ValidationException(TWO_ARTIFACTS)
    if not versioned and holder.get("Environment"):
        raise ValidationException(NO_ENVIRONMENT)
    if not versioned and "ModelDataSource" in holder:
        raise ValidationException(VERSIONS_ONLY.format(member="ModelDataSource"))


def with_digests(specification: Mapping[str, Any]) -> Members:
    """The specification with each ImageDigest that an image's own name tells.

    AWS looks the digest of every image up (CP31); here only a name ending in one tells it (OQ7).
    """
    return {
        **specification,
        "Containers": [_with_digest(container) for container in specification["Containers"]],
    }


def joined(present: Sequence[Members], added: Sequence[Members]) -> list[Members]:
    """Additional inference specifications with those added, in order.

    Errors: ValidationException, a name comes twice or there are more than 15 (CP22, UP7).
    """
    names: set[str] = set()
    specifications = [*present, *(with_digests(each) for each in added)]
    for specification in specifications:
        if specification["Name"] in names:
            raise ValidationException(DUPLICATE_NAME.format(name=specification["Name"]))
        names.add(specification["Name"])
    if len(specifications) > MOST_ADDITIONAL:
        raise ValidationException(TOO_MANY.format(most=MOST_ADDITIONAL))
    return specifications


def _artifact_holders(request: Members) -> Iterator[Members]:
    """Everything in a request that names a model artifact: containers and source algorithms."""
    specifications = [
        request.get("InferenceSpecification", {}),
        *request.get("AdditionalInferenceSpecifications", ()),
        *request.get("AdditionalInferenceSpecificationsToAdd", ()),
    ]
    for specification in specifications:
        yield from specification.get("Containers", ())
    yield from request.get("SourceAlgorithmSpecification", {}).get("SourceAlgorithms", ())


def _with_digest(container: Members) -> Members:
    pinned = _PINNED_IMAGE.fullmatch(container.get("Image", ""))
    if pinned is None or "ImageDigest" in container:
        return container
    return {**container, "ImageDigest": pinned[1]}
