"""Model packages: versions in a group, and unversioned packages for Marketplace.

Both are described by one document; which members it has tells them apart. A version is known as
`group/number`, an unversioned package by its name. No validation job is run: a package with a
ValidationSpecification is Completed at once, with a Completed status for each profile.
"""

import re
from dataclasses import replace

from sagemock.conditions import Compare, Member
from sagemock.errors import SageMakerError, ValidationException
from sagemock.listing import list_query
from sagemock.operation import Call, Members, operation
from sagemock.resource_type import ResourceType, empty_page
from sagemock.resources.containers import (
    VERSIONS_ONLY,
    check_specifications,
    joined,
    with_digests,
)
from sagemock.resources.model_card import metadata_only, updated_card
from sagemock.resources.model_package_group import MODEL_PACKAGE_GROUP, VERSIONS_KIND
from sagemock.tagging import VERSIONS_NOT_TAGGED, checked_tags

MODEL_PACKAGE = ResourceType(
    noun="ModelPackage",
    arn_type=VERSIONS_KIND,
    not_found="ModelPackage {arn} does not exist.",
    # The SDKs look for the first three words, without a blank in the first.
    already_exists="ModelPackage already exists: {arn}",
    indexed={"ModelApprovalStatus": None, "ModelPackageStatus": "Completed"},
)

BOTH_NAMES = (
    "Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot determine "
    "which one to use."
)
NO_NAME = "Missing ARN"
NO_GROUP = "Model Package Group does not exist."
NOT_FOR_MARKETPLACE = "CertifyForMarketplace is not supported for versioned Model Packages."
UPDATE_OF_UNVERSIONED = "UpdateModelPackage is only supported for versioned Model Packages."
NOT_A_VERSION = "ModelPackage {arn} is not a versioned Model Package."
TOO_MANY_PROPERTIES = (
    "A Model Package can have {most} CustomerMetadataProperties at most; it would have {count}."
)
MOST_PROPERTIES = 50
_PACKAGE_ARN = re.compile(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:model-package/\S+")
DEFAULT_APPROVAL = "PendingManualApproval"
NEWEST_FIRST = True
"""Descending, against the documentation's Ascending: deploy templates rely on it (OQ25)."""


@operation
def create_model_package(call: Call, request: Members) -> Members:
    """Register a version in a group, or create an unversioned package.

    A version gets the group's next number, from 1, never given twice while the group lives (A14).
    Errors: ValidationException, as the checks below say; the group is missing; the name of an
    unversioned package is taken.
    Cases: fixtures/conformance/model_package/create_*.json
    """
    group_name = request.get("ModelPackageGroupName")
    if group_name is not None and "ModelPackageName" in request:
        raise ValidationException(BOTH_NAMES)
    if group_name is None and "ModelPackageName" not in request:
        raise ValidationException(NO_NAME)
    check_specifications(request, versioned=group_name is not None)
    if group_name is None:
        return _create_unversioned(call, request)
    return _create_version(call, request, group_name)


def _create_version(call: Call, request: Members, group_name: str) -> Members:
    group = MODEL_PACKAGE_GROUP.get(call, group_name, not_found=NO_GROUP)
    if request.get("Tags"):
        raise ValidationException(VERSIONS_NOT_TAGGED)
    if request.get("CertifyForMarketplace"):
        raise ValidationException(NOT_FOR_MARKETPLACE)
    name = group["ModelPackageGroupName"]
    package = _new_document(call, request)
    package.setdefault("ModelApprovalStatus", DEFAULT_APPROVAL)
    number = call.store.next_number(group["ModelPackageGroupArn"])
    package |= {"ModelPackageGroupName": name, "ModelPackageVersion": number}
    return MODEL_PACKAGE.add(call, name, package, number)


def _create_unversioned(call: Call, request: Members) -> Members:
    if "SourceUri" in request:
        raise ValidationException(VERSIONS_ONLY.format(member="SourceUri"))
    tags = checked_tags(request.get("Tags", []))
    package = _new_document(call, request)
    # AWS's own SDK sends one with every package; an unversioned one has none (CP8).
    package.pop("ModelApprovalStatus", None)
    return MODEL_PACKAGE.add(call, package["ModelPackageName"], package, tags=tags)


def _new_document(call: Call, request: Members) -> Members:
    """The document of a new package, as far as both kinds have it in common."""
    package = {
        name: value for name, value in request.items() if name not in ("Tags", "ClientToken")
    }
    package.setdefault("CertifyForMarketplace", False)
    package["ModelPackageStatus"] = "Completed"
    package["ModelPackageStatusDetails"] = _status_details(request)
    if "ValidationSpecification" in package:
        package["ValidationSpecification"] = _with_output_key(package["ValidationSpecification"])
    if "InferenceSpecification" in package:
        package["InferenceSpecification"] = with_digests(package["InferenceSpecification"])
    if "AdditionalInferenceSpecifications" in package:
        package["AdditionalInferenceSpecifications"] = joined(
            (), package["AdditionalInferenceSpecifications"]
        )
    if "ModelCard" in package:
        package["ModelCard"] = updated_card(None, package["ModelCard"])
    return package | _from_source(call, request)


def _status_details(request: Members) -> Members:
    profiles = request.get("ValidationSpecification", {}).get("ValidationProfiles", ())
    return {
        "ValidationStatuses": [
            {"Name": profile["ProfileName"], "Status": "Completed"} for profile in profiles
        ],
        "ImageScanStatuses": [],
    }


def _with_output_key(validation: Members) -> Members:
    """A ValidationSpecification with the empty KmsKeyId that AWS adds to it (CP34)."""
    profiles = []
    for profile in validation["ValidationProfiles"]:
        job = profile["TransformJobDefinition"]
        output = {"KmsKeyId": "", **job["TransformOutput"]}
        profiles.append({**profile, "TransformJobDefinition": {**job, "TransformOutput": output}})
    return {**validation, "ValidationProfiles": profiles}


def _from_source(call: Call, request: Members) -> Members:
    """What a SourceUri brings along: the InferenceSpecification of the package it names (CP19).

    Errors: ValidationException, it names a package that is not there. Any other text brings
    nothing and is kept as it is.
    """
    source = request.get("SourceUri", "")
    if not _PACKAGE_ARN.fullmatch(source):
        return {}
    package = MODEL_PACKAGE.get(call, source)
    if "InferenceSpecification" not in package:
        return {}
    return {"InferenceSpecification": package["InferenceSpecification"]}


@operation
def describe_model_package(call: Call, request: Members) -> Members:
    """The package, by name, `group/number` or ARN.

    Errors: ValidationException, there is none.
    Cases: fixtures/conformance/model_package/describe_*.json
    """
    package = MODEL_PACKAGE.get(call, request["ModelPackageName"])
    if request.get("IncludedData") == "MetadataOnly" and "ModelCard" in package:
        return {**package, "ModelCard": metadata_only(package["ModelCard"])}
    return package


@operation
def update_model_package(call: Call, request: Members) -> Members:
    """Change a version; what the request leaves out keeps its value.

    Every approval status may follow every other, itself too (UP3, OQ14).
    Errors: ValidationException, there is none; it is unversioned; SourceUri together with
    InferenceSpecification; too many or equally named specifications; content for an archived
    card; more than 50 properties.
    Cases: fixtures/conformance/model_package/update_*.json
    """
    package = MODEL_PACKAGE.get(call, request["ModelPackageArn"])
    if "ModelPackageVersion" not in package:
        raise ValidationException(UPDATE_OF_UNVERSIONED)
    check_specifications(request, versioned=True)
    return MODEL_PACKAGE.change(call, package, _changes(call, package, request))


def _changes(call: Call, package: Members, request: Members) -> Members:
    changes: Members = {
        member: request[member]
        for member in (
            "ApprovalDescription",
            "ModelApprovalStatus",
            "ModelLifeCycle",
            "ModelPackageRegistrationType",
            "SourceUri",
        )
        if member in request
    }
    brought = _from_source(call, request)
    if "InferenceSpecification" not in package:
        changes |= brought
    if "InferenceSpecification" in request:
        changes["InferenceSpecification"] = with_digests(request["InferenceSpecification"])
    if "AdditionalInferenceSpecificationsToAdd" in request:
        changes["AdditionalInferenceSpecifications"] = joined(
            package.get("AdditionalInferenceSpecifications", ()),
            request["AdditionalInferenceSpecificationsToAdd"],
        )
    if "ModelCard" in request:
        changes["ModelCard"] = updated_card(package.get("ModelCard"), request["ModelCard"])
    changes["CustomerMetadataProperties"] = _properties(package, request)
    return changes


def _properties(package: Members, request: Members) -> Members | None:
    """The properties after a request: additions first, then removals (OQ15); None for none."""
    properties = {
        **package.get("CustomerMetadataProperties", {}),
        **request.get("CustomerMetadataProperties", {}),
    }
    for key in request.get("CustomerMetadataPropertiesToRemove", ()):
        properties.pop(key, None)
    if len(properties) > MOST_PROPERTIES:
        raise ValidationException(
            TOO_MANY_PROPERTIES.format(most=MOST_PROPERTIES, count=len(properties))
        )
    return properties or None


@operation
def list_model_packages(call: Call, request: Members) -> Members:
    """A page of packages, newest first unless asked otherwise.

    With a group its versions; without one, and without a type, unversioned packages only (LP1).
    Errors: ValidationException, the group is missing; a NextToken of another list.
    Cases: fixtures/conformance/model_package/list_*.json
    """
    group_name = request.get("ModelPackageGroupName")
    kind = request.get("ModelPackageType", "Unversioned" if group_name is None else "Versioned")
    query = list_query(MODEL_PACKAGE.arn_type, request, descending=NEWEST_FIRST)
    if group_name is not None:
        group = MODEL_PACKAGE_GROUP.get(call, group_name)
        query = replace(query, name=group["ModelPackageGroupName"], numbered=True)
        if kind == "Unversioned":
            return empty_page(call)
    elif kind != "Both":
        query = replace(query, numbered=kind == "Versioned")
    if "ModelApprovalStatus" in request:
        status = Member(("ModelApprovalStatus",))
        query = replace(query, where=Compare(status, "=", request["ModelApprovalStatus"]))
    return MODEL_PACKAGE.page(call, query)


@operation
def delete_model_package(call: Call, request: Members) -> Members:
    """Delete a package, whatever its approval status; its number is not given again.

    Errors: ValidationException, there is none.
    Cases: fixtures/conformance/model_package/delete_*.json
    """
    return MODEL_PACKAGE.remove(call, MODEL_PACKAGE.get(call, request["ModelPackageName"]))


@operation
def batch_describe_model_package(call: Call, request: Members) -> Members:
    """Summaries of versions by ARN, and an error for each ARN that has none to show.

    Cases: fixtures/conformance/model_package/batch_describe_*.json
    """
    summaries: Members = {}
    errors: Members = {}
    for arn in request["ModelPackageArnList"]:
        try:
            summaries[arn] = _version(call, arn)
        except SageMakerError as error:
            errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
    return {"ModelPackageSummaries": summaries, "BatchDescribeModelPackageErrorMap": errors}


def _version(call: Call, arn: str) -> Members:
    package = MODEL_PACKAGE.get(call, arn)
    if "ModelPackageVersion" not in package:
        raise ValidationException(NOT_A_VERSION.format(arn=arn))
    return package
