"""The registry's operations told again in plain Python, over dictionaries.

It answers requests as the service must, whole, so that any sequence of calls can be played to both
and compared. It knows only requests that break no constraint, and not every member: what a request
may look like is for other tests. Where the words of a refusal are our own, a part of them will do.
Sources: the rules of the reference, by their ids.
"""

import copy
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from registry_lists import (
    DEPLOYED,
    GROUP,
    PACKAGE,
    Place,
    Resource,
    is_found,
    is_listed,
    page_of,
    tag_list,
)
from sagemock.operation import Members

NOUNS = {GROUP: "ModelPackageGroup", PACKAGE: "ModelPackage"}
KINDS = {noun: kind for kind, noun in NOUNS.items()}
GROUP_ROW = (
    *("ModelPackageGroupName", "ModelPackageGroupArn", "ModelPackageGroupDescription"),
    *("CreationTime", "ModelPackageGroupStatus"),
)
PACKAGE_ROW = (
    *("ModelPackageName", "ModelPackageGroupName", "ModelPackageVersion", "ModelPackageArn"),
    *("ModelPackageDescription", "CreationTime", "ModelPackageStatus", "ModelApprovalStatus"),
    *("ModelLifeCycle", "ModelPackageRegistrationType"),
)
BATCH_ROW = (
    *("ModelPackageGroupName", "ModelPackageVersion", "ModelPackageArn", "CreationTime"),
    *("ModelPackageDescription", "InferenceSpecification", "ModelPackageStatus"),
    *("ModelApprovalStatus", "ModelPackageRegistrationType"),
)
REPLACED = (
    *("ApprovalDescription", "ModelApprovalStatus", "ModelLifeCycle", "InferenceSpecification"),
    *("ModelPackageRegistrationType", "SourceUri"),
)
"""What an update replaces whole (UP2)."""

POLICY_GROUP_MISSING = "Cannot find Model Package Group: {arn}"
WRONG_CASE = (
    "The requested resource was not found. Please check the capitalization of the requested "
    "resource."
)
NO_VERSION_TAGS = (
    "Tags are not supported in Model Package versions. Please add them to the Model Package Group."
)


class Refused(Exception):  # noqa: N818 - an answer, told as such
    """A refusal: its code, and its message or the part of it that is known."""

    def __init__(self, text: str, code: str = "ValidationException") -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def arn_of(place: Place, kind: str, label: str) -> str:
    account, region = place
    return f"arn:aws:sagemaker:{region}:{account}:{kind}/{label}"


def user_context(account: str) -> Members:
    """Who calls from an account, as CreatedBy and LastModifiedBy show it."""
    return {"IamIdentity": {"Arn": f"arn:aws:iam::{account}:user/ana", "PrincipalId": "AIDAANA"}}


def shown(resource: Resource, members: Iterable[str]) -> Members:
    return {name: resource.document[name] for name in members if name in resource.document}


def checked_tags(tags: Iterable[Members]) -> dict[str, str]:
    """Tags by key, or the refusal of a reserved key or one given twice (TA5, TA7)."""
    checked: dict[str, str] = {}
    for tag in tags:
        if tag["Key"].startswith("aws:") or tag["Key"] in checked:
            raise Refused(f"'{tag['Key']}'")
        checked[tag["Key"]] = tag["Value"]
    return checked


def joined(present: list[Members], added: list[Members]) -> list[Members]:
    """Additional specifications with those added, or the refusal of a name twice (CP22, UP7)."""
    names = [each["Name"] for each in (*present, *added)]
    if len(set(names)) < len(names):
        raise Refused("more than once")
    return [*present, *added]


def updated_card(present: Members, given: Members) -> Members:
    """The card with what is given of it; content without a status is a Draft (UP10, OQ19)."""
    if present.get("ModelCardStatus") == "Archived" and "ModelCardContent" in given:
        raise Refused("Model Card is in Archived state")
    card = {**present, **given}
    return {"ModelCardStatus": "Draft", **card} if "ModelCardContent" in card else card


@dataclass
class Shelf:
    """All there is of one account in one region."""

    place: Place
    resources: dict[tuple[str, str, int], Resource] = field(default_factory=dict)
    tokens: dict[tuple[str, str], tuple[Members, Members]] = field(default_factory=dict)

    def all_of(self, kind: str) -> list[Resource]:
        return [each for each in self.resources.values() if each.kind == kind]

    def versions_of(self, group: Resource) -> list[Resource]:
        return [each for each in self.all_of(PACKAGE) if each.number and each.name == group.name]

    def find(self, operation: str, kind: str, name_or_arn: str, missing: str = "") -> Resource:
        """The resource, or the refusal of what is missing or belongs to others (A7, A12)."""
        label = name_or_arn
        if name_or_arn.startswith("arn:"):
            label = self._own(operation, name_or_arn)
        name, _, number = label.partition("/")
        found = self.resources.get((kind, name.lower(), int(number or 0)))
        if found is None and kind in DEPLOYED:
            # An ARN is told as it was asked for; a name as its ARN would be.
            label = label if name_or_arn.startswith("arn:") else label.lower()
            missing = f'Could not find {DEPLOYED[kind]} "{{arn}}".'
        if found is None:
            missing = missing or f"{NOUNS[kind]} {{arn}} does not exist."
            raise Refused(missing.format(arn=arn_of(self.place, kind, label)))
        if found.name != name and kind not in DEPLOYED:
            raise Refused(WRONG_CASE)
        return found

    def _own(self, operation: str, arn: str) -> str:
        *_, region, account, rest = arn.split(":")
        if region != self.place[1]:
            raise Refused(f"ARN should be scoped to correct region: {self.place[1]}")
        if account != self.place[0]:
            user = user_context(self.place[0])["IamIdentity"]["Arn"]
            action = f"sagemaker:{operation}"
            text = (
                f"User: {user} is not authorized to perform: {action} on resource: {arn} because "
                f"no identity-based policy allows the {action} action"
            )
            raise Refused(text, "AccessDeniedException")
        return rest.partition("/")[2]


@dataclass
class SetClock:
    """A clock that stands still until it is set."""

    ms: int

    def now(self) -> float:
        return self.ms / 1000


class RegistryModel:
    """All shelves, and the operations. `now_ms` is the time of the next call."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.shelves: dict[Place, Shelf] = {}

    def shelf(self, place: Place) -> Shelf:
        return self.shelves.setdefault(place, Shelf(place))

    def invoke(self, operation: str, request: Members, place: Place) -> Members | None:
        """The answer; Refused otherwise, and then everything is as before."""
        shelf = self.shelf(place)
        rule = getattr(self, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
        token = request.get("ClientToken")
        if token is None:
            answer: Members | None = copy.deepcopy(rule(shelf, copy.deepcopy(request)))
            return answer
        # CP35, OQ16
        if (operation, token) not in shelf.tokens:
            kept = copy.deepcopy(request)
            shelf.tokens[operation, token] = (kept, rule(shelf, copy.deepcopy(request)))
        asked, answer = shelf.tokens[operation, token]
        if asked != request:
            raise Refused(token, "ConflictException")
        return answer

    def _add(self, shelf: Shelf, resource: Resource) -> Members:
        """Put it on the shelf, with what the service adds to every document (CG2, OQ1, OQ3)."""
        noun = NOUNS[resource.kind]
        there = shelf.resources.get(resource.key)
        if there:
            raise Refused(f"already exists: {arn_of(shelf.place, there.kind, there.label)}")
        resource.document[f"{noun}Arn"] = arn_of(shelf.place, resource.kind, resource.label)
        resource.document[f"{noun}Status"] = "Completed"
        resource.document["CreationTime"] = self.now_ms / 1000
        resource.document["CreatedBy"] = user_context(shelf.place[0])
        self._put(shelf, resource)
        return shown(resource, [f"{noun}Arn"])

    def _put(self, shelf: Shelf, resource: Resource) -> None:
        """Put it on the shelf, after all that is on any."""
        there = (each.row for other in self.shelves.values() for each in other.resources.values())
        resource.row = max(there, default=0) + 1
        shelf.resources[resource.key] = resource

    def create_model_package_group(self, shelf: Shelf, request: Members) -> Members:
        tags = checked_tags(request.pop("Tags", []))
        name = request["ModelPackageGroupName"]
        return self._add(shelf, Resource(GROUP, name, 0, self.now_ms, request, tags))

    def describe_model_package_group(self, shelf: Shelf, request: Members) -> Members:
        name = request["ModelPackageGroupName"]
        return shelf.find("DescribeModelPackageGroup", GROUP, name).document

    def delete_model_package_group(self, shelf: Shelf, request: Members) -> None:
        name = request["ModelPackageGroupName"]
        group = shelf.find("DeleteModelPackageGroup", GROUP, name)
        if shelf.versions_of(group):
            raise Refused(group.document["ModelPackageGroupArn"], "ConflictException")
        # With it go its tags, its policy and its counter (XG5, A14).
        del shelf.resources[group.key]

    def put_model_package_group_policy(self, shelf: Shelf, request: Members) -> Members:
        group = self._of_policy(shelf, "Put", request)
        group.policy = request["ResourcePolicy"]
        return shown(group, ["ModelPackageGroupArn"])

    def get_model_package_group_policy(self, shelf: Shelf, request: Members) -> Members:
        group = self._of_policy(shelf, "Get", request)
        return {"ResourcePolicy": group.policy}

    def delete_model_package_group_policy(self, shelf: Shelf, request: Members) -> None:
        self._of_policy(shelf, "Delete", request).policy = None

    def _of_policy(self, shelf: Shelf, verb: str, request: Members) -> Resource:
        name, operation = request["ModelPackageGroupName"], f"{verb}ModelPackageGroupPolicy"
        group = shelf.find(operation, GROUP, name, POLICY_GROUP_MISSING)
        if verb != "Put" and group.policy is None:
            arn = group.document["ModelPackageGroupArn"]
            raise Refused(f"Cannot find resource policy for: {arn}")
        return group

    def create_model_package(self, shelf: Shelf, request: Members) -> Members:
        operation, name = "CreateModelPackage", request.get("ModelPackageGroupName")
        if "SourceUri" in request and "InferenceSpecification" in request:
            raise Refused("SourceUri and InferenceSpecification")
        request.pop("ClientToken", None)
        tags = request.pop("Tags", [])
        if name is None:
            request.pop("ModelApprovalStatus", None)  # CP8
            return self._create(
                shelf, Resource(PACKAGE, request["ModelPackageName"], 0, self.now_ms, request), tags
            )
        group = shelf.find(operation, GROUP, name, "Model Package Group does not exist.")
        if tags:
            raise Refused(NO_VERSION_TAGS)
        number = group.given + 1
        members = {"ModelApprovalStatus": "PendingManualApproval", **request}
        members |= {"ModelPackageGroupName": group.name, "ModelPackageVersion": number}
        answer = self._create(
            shelf, Resource(PACKAGE, group.name, number, self.now_ms, members), []
        )
        group.given = number
        return answer

    def _create(self, shelf: Shelf, package: Resource, tags: list[Members]) -> Members:
        document = package.document
        package.tags = checked_tags(tags)
        document.setdefault("CertifyForMarketplace", False)
        document["ModelPackageStatusDetails"] = {"ValidationStatuses": [], "ImageScanStatuses": []}
        joined([], document.get("AdditionalInferenceSpecifications", []))
        if "ModelCard" in document:
            document["ModelCard"] = updated_card({}, document["ModelCard"])
        document |= self._from_source(shelf, "CreateModelPackage", document)
        return self._add(shelf, package)

    def _from_source(self, shelf: Shelf, operation: str, request: Members) -> Members:
        """The specification of the package that a SourceUri names (CP19)."""
        source = request.get("SourceUri", "")
        if not source.startswith("arn:"):
            return {}
        return copy.deepcopy(
            shown(shelf.find(operation, PACKAGE, source), ["InferenceSpecification"])
        )

    def describe_model_package(self, shelf: Shelf, request: Members) -> Members:
        return shelf.find("DescribeModelPackage", PACKAGE, request["ModelPackageName"]).document

    def batch_describe_model_package(self, shelf: Shelf, request: Members) -> Members:
        found, errors = {}, {}
        for arn in request["ModelPackageArnList"]:
            try:
                found[arn] = shown(self._version(shelf, arn), BATCH_ROW)
            except Refused as refused:
                errors[arn] = {"ErrorCode": refused.code, "ErrorResponse": refused.text}
        return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": errors}

    def _version(self, shelf: Shelf, arn: str) -> Resource:
        package = shelf.find("BatchDescribeModelPackage", PACKAGE, arn)
        if not package.number:
            raise Refused(f"ModelPackage {arn} is not a versioned Model Package.")
        return package

    def update_model_package(self, shelf: Shelf, request: Members) -> Members:
        operation = "UpdateModelPackage"
        package = shelf.find(operation, PACKAGE, request["ModelPackageArn"])
        if not package.number:
            raise Refused("only supported for versioned")
        if "SourceUri" in request and "InferenceSpecification" in request:
            raise Refused("SourceUri and InferenceSpecification")
        document = copy.deepcopy(package.document)
        document = self._from_source(shelf, operation, request) | document
        document |= {name: request[name] for name in REPLACED if name in request}
        if added := request.get("AdditionalInferenceSpecificationsToAdd"):
            present = document.get("AdditionalInferenceSpecifications", [])
            document["AdditionalInferenceSpecifications"] = joined(present, added)
        if "ModelCard" in request:
            document["ModelCard"] = updated_card(
                document.get("ModelCard", {}), request["ModelCard"]
            )
        # UP5, UP6, OQ15
        given = request.get("CustomerMetadataProperties", {})
        properties = document.pop("CustomerMetadataProperties", {}) | given
        for key in request.get("CustomerMetadataPropertiesToRemove", []):
            properties.pop(key, None)
        if properties:
            document["CustomerMetadataProperties"] = properties
        # UP12
        earlier = document.get("LastModifiedTime") or document["CreationTime"]
        document["LastModifiedTime"] = max(self.now_ms / 1000, earlier)
        document["LastModifiedBy"] = user_context(shelf.place[0])
        package.document = document
        return shown(package, ["ModelPackageArn"])

    def delete_model_package(self, shelf: Shelf, request: Members) -> None:
        package = shelf.find("DeleteModelPackage", PACKAGE, request["ModelPackageName"])
        del shelf.resources[package.key]

    def list_model_package_groups(self, shelf: Shelf, request: Members) -> Members:
        groups = [each for each in shelf.all_of(GROUP) if is_listed(each, request)]
        page, token = page_of(groups, request, "CreationTime", descending=False)
        return {"ModelPackageGroupSummaryList": [shown(each, GROUP_ROW) for each in page], **token}

    def list_model_packages(self, shelf: Shelf, request: Members) -> Members:
        packages = shelf.all_of(PACKAGE)
        kind, name = request.get("ModelPackageType"), request.get("ModelPackageGroupName")
        if name is not None:
            # LP2, LP4
            packages = shelf.versions_of(shelf.find("ListModelPackages", GROUP, name))
            packages = [] if kind == "Unversioned" else packages
        elif kind != "Both":
            packages = [each for each in packages if bool(each.number) is (kind == "Versioned")]
        packages = [each for each in packages if is_listed(each, request)]
        page, token = page_of(packages, request, "CreationTime", descending=True)
        return {"ModelPackageSummaryList": [shown(each, PACKAGE_ROW) for each in page], **token}

    def search(self, shelf: Shelf, request: Members) -> Members:
        noun = request["Resource"]
        expression = request.get("SearchExpression", {"Filters": []})
        found = [each for each in shelf.all_of(KINDS[noun]) if is_found(each, expression)]
        page, token = page_of(found, request, "LastModifiedTime", descending=True)
        hits = {"Value": len(found), "Relation": "EqualTo"}
        return {"Results": [{noun: each.record()} for each in page], "TotalHits": hits, **token}

    def add_tags(self, shelf: Shelf, request: Members) -> Members:
        resource = self._tagged(shelf, "AddTags", request)
        if resource.number:
            raise Refused(NO_VERSION_TAGS)
        tags = resource.tags | checked_tags(request["Tags"])
        if len(tags) > 50:
            raise Refused("50 tags")
        resource.tags = tags
        return {"Tags": tag_list(tags)}

    def list_tags(self, shelf: Shelf, request: Members) -> Members:
        return {"Tags": tag_list(self._tagged(shelf, "ListTags", request).tags)}

    def delete_tags(self, shelf: Shelf, request: Members) -> Members:
        resource = self._tagged(shelf, "DeleteTags", request)
        for key in request["TagKeys"]:
            resource.tags.pop(key, None)
        return {}

    def _tagged(self, shelf: Shelf, operation: str, request: Members) -> Resource:
        arn: Any = request["ResourceArn"]
        kind = arn.rpartition(":")[2].partition("/")[0]
        return shelf.find(operation, kind, arn)
