"""The containers of a model: what AWS demands of them, and what is to be hosted in the end.

A container names an image, or a model package whose containers it stands for. What was asked for
is kept as it is; what it comes to is resolved once, when the model is made, so that a package that
changes or goes later changes nothing.
"""

import logging
import re
from collections.abc import Iterator
from typing import Any

from sagemock.arn import Arn
from sagemock.errors import ValidationException
from sagemock.operation import Call, Members
from sagemock.resources.model_package import MODEL_PACKAGE

BOTH_FORMS = "PrimaryContainer and Containers cannot both be specified."
NO_CONTAINER = "Either PrimaryContainer or Containers must be specified."
NO_IMAGE = "A container needs an Image or a ModelPackageName."
NOT_WITH_PACKAGE = "{member} cannot be specified together with ModelPackageName."
NAME_WITHOUT_PACKAGE = "InferenceSpecificationName needs a ModelPackageName beside it."
TWO_ARTIFACTS = "ModelDataUrl and ModelDataSource cannot both be specified."
PREFIX_WITHOUT_SLASH = "The S3Uri of an S3Prefix ends in '/'; '{uri}' does not."
NO_MULTI_MODEL_SOURCE = "ModelDataSource cannot be used with the Mode MultiModel."
HOSTNAMES = (
    "Either all containers of an inference pipeline have a ContainerHostname, or none has one."
)
SAME_HOSTNAME = "ContainerHostname '{name}' is given more than once."
LONG_ENVIRONMENT = "The Environment of all containers together is longer than {most} bytes."
LONG_ENTRY = "The key and the value of an Environment entry have {most} bytes at most."
INVALID_IMAGE = 'ECR image "{image}" is invalid.'
NO_MODEL_DATA = "Could not find model data at {uri}."
NOT_SUBSCRIBED = "Caller is not subscribed to the marketplace offering."
NOT_APPROVED = (
    "ModelPackage {arn} cannot be deployed: its ModelApprovalStatus is {status}. Set it to "
    "Approved with UpdateModelPackage first."
)
NOT_COMPLETED = "ModelPackage {arn} cannot be deployed: its ModelPackageStatus is {status}."
NO_SPECIFICATION = "ModelPackage {arn} has no InferenceSpecification to deploy."
NO_SPECIFICATION_OF_NAME = "ModelPackage {arn} has no InferenceSpecification with name {name}."

MOST_ENVIRONMENT_BYTES = 32 * 1024
MOST_ENTRY_BYTES = 1024

_ADDITIONAL = "AdditionalModelDataSources"

_ECR = re.compile(r"[^/]*\.dkr\.ecr[.-].*")
_ECR_IMAGE = re.compile(
    r"[0-9]{12}\.dkr\.ecr(-fips)?(\.[a-z0-9-]+){2,5}/"
    r"[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?"
)

_log = logging.getLogger("sagemock.rules")


def checked_containers(request: Members) -> list[Members]:
    """The containers of a CreateModel request, as asked for.

    Errors: ValidationException, as the texts above say.
    """
    if "PrimaryContainer" in request and request.get("Containers"):
        raise ValidationException(BOTH_FORMS)
    primary = request.get("PrimaryContainer")
    containers: list[Members] = [primary] if primary is not None else request.get("Containers", [])
    if not containers:
        raise ValidationException(NO_CONTAINER)
    for container in containers:
        _check_container(container)
    _check_hostnames(containers)
    _check_environments(containers)
    return containers


def _check_container(container: Members) -> None:
    if "ModelPackageName" in container:
        for member in ("Image", "ModelDataUrl", "ModelDataSource"):
            if member in container:
                raise ValidationException(NOT_WITH_PACKAGE.format(member=member))
    elif "Image" not in container:
        raise ValidationException(NO_IMAGE)
    elif "InferenceSpecificationName" in container:
        raise ValidationException(NAME_WITHOUT_PACKAGE)
    if "ModelDataUrl" in container and "ModelDataSource" in container:
        raise ValidationException(TWO_ARTIFACTS)
    image = container.get("Image", "")
    if _ECR.fullmatch(image) and not _ECR_IMAGE.fullmatch(image):
        raise ValidationException(INVALID_IMAGE.format(image=image))
    for each in (container.get("ModelDataSource", {}), *container.get(_ADDITIONAL, ())):
        _check_source(each.get("S3DataSource", {}))


def _check_source(source: Members) -> None:
    if source.get("S3DataType") == "S3Prefix" and not source["S3Uri"].endswith("/"):
        raise ValidationException(PREFIX_WITHOUT_SLASH.format(uri=source["S3Uri"]))


def _check_hostnames(containers: list[Members]) -> None:
    hostnames = [each["ContainerHostname"] for each in containers if "ContainerHostname" in each]
    if hostnames and len(hostnames) < len(containers):
        raise ValidationException(HOSTNAMES)
    _refuse_namesakes(hostnames)


def _refuse_namesakes(hostnames: list[str]) -> None:
    for name in hostnames:
        if hostnames.count(name) > 1:
            raise ValidationException(SAME_HOSTNAME.format(name=name))


def _check_environments(containers: list[Members]) -> None:
    total = 0
    for container in containers:
        for key, value in container.get("Environment", {}).items():
            sizes = len(key.encode()), len(value.encode())
            if max(sizes) > MOST_ENTRY_BYTES:
                raise ValidationException(LONG_ENTRY.format(most=MOST_ENTRY_BYTES))
            total += sum(sizes)
    if total > MOST_ENVIRONMENT_BYTES:
        raise ValidationException(LONG_ENVIRONMENT.format(most=MOST_ENVIRONMENT_BYTES))


def resolved_containers(call: Call, containers: list[Members]) -> list[Members]:
    """What is to be hosted for these containers: the rules' own documents, one a container.

    Errors: ValidationException, a package is missing, not approved or not completed, or has no
    such specification; model data is missing where it could be looked for.
    """
    resolved = [each for container in containers for each in _resolved(call, container)]
    for position, each in enumerate(resolved, start=1):
        if len(resolved) == 1:
            # What AWS's messages call the container of a model that has just one.
            each["hostname"] = "primary"
        else:
            each.setdefault("hostname", f"container-{position}")
        uri = each.get("model_data")
        if each.get("source") and each.get("many"):
            raise ValidationException(NO_MULTI_MODEL_SOURCE)
        if uri is not None and call.hosting.model_data.is_missing(uri):
            raise ValidationException(NO_MODEL_DATA.format(uri=uri))
    _refuse_namesakes([each["hostname"] for each in resolved])
    return resolved


def _resolved(call: Call, container: Members) -> Iterator[Members]:
    if "ModelPackageName" not in container:
        yield _hosted(container, {})
        return
    package = _deployable(call, container["ModelPackageName"])
    arn = package["ModelPackageArn"]
    containers = _specification(package, container)["Containers"]
    # One name is that of one container; several keep those that the package gives them.
    told = ("ContainerHostname", "Mode") if len(containers) == 1 else ("Mode",)
    given = {name: container[name] for name in told if name in container}
    for each in containers:
        yield _hosted({**each, **given}, container.get("Environment", {})) | {"package": arn}


def _deployable(call: Call, name_or_arn: str) -> Members:
    """The package of a container, if it may be deployed. Deploy reference 2.2; own texts."""
    _refuse_unsubscribed(call, name_or_arn)
    package = MODEL_PACKAGE.get(call, name_or_arn)
    arn = package["ModelPackageArn"]
    if package["ModelPackageStatus"] != "Completed":
        raise ValidationException(
            NOT_COMPLETED.format(arn=arn, status=package["ModelPackageStatus"])
        )
    status = package.get("ModelApprovalStatus")
    if "ModelPackageVersion" in package and status != "Approved":
        message = NOT_APPROVED.format(arn=arn, status=status)
        if call.hosting.approval_gate == "enforce":
            raise ValidationException(message)
        if call.hosting.approval_gate == "warn":
            _log.warning("Served all the same: %s", message)
    return package


def _refuse_unsubscribed(call: Call, name_or_arn: str) -> None:
    """Refuse a Marketplace package: an unversioned one of another account. Inferred."""
    arn = Arn.parse(name_or_arn)
    if (
        arn is not None
        and arn.type == MODEL_PACKAGE.arn_type
        and not arn.number
        and arn.region == call.caller.region
        and arn.account != call.caller.account
    ):
        raise ValidationException(NOT_SUBSCRIBED)


def _specification(package: Members, container: Members) -> Members:
    arn, name = package["ModelPackageArn"], container.get("InferenceSpecificationName")
    specification: Members | None = package.get("InferenceSpecification")
    if name is not None:
        additional = package.get("AdditionalInferenceSpecifications", ())
        specification = next((each for each in additional if each["Name"] == name), None)
        if specification is None:
            raise ValidationException(NO_SPECIFICATION_OF_NAME.format(arn=arn, name=name))
    if specification is None:
        raise ValidationException(NO_SPECIFICATION.format(arn=arn))
    return specification


def _hosted(container: Members, environment: Members) -> Members:
    """One container as it is hosted, from a model's or a package's definition of it."""
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    # Of a multi-model container the artifact is where many models lie, none of them its own.
    single = container.get("Mode") != "MultiModel"
    uri = container.get("ModelDataUrl") or source.get("S3Uri")
    hosted: dict[str, Any] = {
        "hostname": container.get("ContainerHostname"),
        "image": container.get("Image", ""),
        "digest": container.get("ImageDigest"),
        "model_data": uri if single else None,
        "is_folder": source.get("CompressionType") == "None" or None,
        "source": bool(source) or None,
        "many": not single or None,
        "environment": {**container.get("Environment", {}), **environment},
        "framework": container.get("Framework"),
    }
    return {name: value for name, value in hosted.items() if value is not None}
