"""How a seed comes into a registry: what is there is read first, then what is missing is written.

Everything goes through AWS's own operations, so a seed can do what a client could. It is
declarative for what it names and silent about the rest: tags, keys of metadata, versions and
specifications that it does not name stay as they are.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sagemock.arn import Arn
from sagemock.errors import SageMakerError
from sagemock.operation import Members
from sagemock.resources.model_card import updated_card
from sagemock.resources.model_package_group import MODEL_PACKAGE_GROUP
from sagemock.resources.model_package_group_policy import INVALID, what_is_wrong
from sagemock.seed_document import Mistake, Place, SeedDocument, SeedError
from sagemock.tagging import MOST_TAGS

Ask = Callable[[str, Members], Members]
"""A call to one account in one region: the operation and its request, and the answer."""

CANNOT_CHANGE = (
    "it is {present} in the registry and {given} here, and SageMaker cannot change it; {remedy}"
)
OTHER_CARD = "it is another in the registry, and SageMaker cannot change it; {remedy}"
NO_NUMBER = (
    "version {number} of {group} is no more, and SageMaker gives no number twice; plant the seed "
    "under another group's name, or delete the group"
)
PLANTED_BEFORE = "what comes before it has been planted"
TOO_MANY_TAGS = "there would be {count} tags with those that are there, and {most} is the most"

_MISSING = re.compile(r"does not exist|Cannot find")
_MOST_SHOWN = 80
_PAGE = 100
# What SageMaker adds by itself to what it was given, a digest from the image's name and a key that
# is none: the values by the member's name; None stands for any.
_ADDED: Mapping[str, object] = {"ImageDigest": None, "KmsKeyId": ""}
_REPLACED = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
    "InferenceSpecification",
    "SourceUri",
)
"""Members of a version that UpdateModelPackage puts others in place of."""

_ONLY_UPDATED = ("ApprovalDescription",)


@dataclass(frozen=True)
class PlantedResource:
    """A group, version or package of a seed, and what became of it.

    `outcome` is `made`, `changed` or `unchanged`; `members` are those that were changed.
    """

    arn: str
    outcome: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Write:
    """A call that changes something; `arn_member` of its request is filled with the ARN."""

    operation: str
    request: Members
    place: Place
    arn_member: str | None = None
    changes: tuple[str, ...] = ()


@dataclass
class Intent:
    """What is to be done about one resource; without an ARN it is to be made by the first write.

    `number` is that which a version is to have.
    """

    arn: str | None = None
    number: int | None = None
    writes: list[Write] = field(default_factory=list)


class Planting:
    """One seed on its way into one account and region."""

    def __init__(self, document: SeedDocument, ask: Ask, account: str, region: str) -> None:
        self._document = document
        self._ask = ask
        self._place = account, region
        self._has_written = False

    def intents(self) -> list[Intent]:
        """What is to be done, in order; nothing is written for it.

        Errors: SeedError, something is there that cannot become what the seed says, or a policy is
        of another account or region.
        """
        self._check_policies()
        found: list[Intent] = []
        for number, group in enumerate(self._document.content["groups"]):
            found += self._group(("groups", number), group)
        for number, package in enumerate(self._document.content["packages"]):
            found.append(self._package(("packages", number), package))
        return found

    def carry_out(self, intents: Sequence[Intent]) -> tuple[PlantedResource, ...]:
        """Do it. Errors: SeedError, a call is refused; what was done before it stays done."""
        return tuple(self._carried_out(intent) for intent in intents)

    def _carried_out(self, intent: Intent) -> PlantedResource:
        arn = intent.arn
        for write in intent.writes:
            request = write.request
            if write.arn_member is not None:
                request = {**request, write.arn_member: arn}
            answer = self._asked(write.operation, request, write.place)
            self._has_written = True
            if arn is None:
                arn = str(answer.get("ModelPackageArn") or answer["ModelPackageGroupArn"])
                self._check_number(intent, arn, write.place)
        if intent.arn is None:
            return PlantedResource(str(arn), "made")
        changes = tuple(member for write in intent.writes for member in write.changes)
        return PlantedResource(intent.arn, "changed" if changes else "unchanged", changes)

    def _check_number(self, intent: Intent, arn: str, place: Place) -> None:
        """Take back a version that got another number: later ones had been there, and deleted."""
        if intent.number is not None and not arn.endswith(f"/{intent.number}"):
            self._asked("DeleteModelPackage", {"ModelPackageName": arn}, place)
            group = arn.split("/")[-2]
            raise self._document.error(place, NO_NUMBER.format(number=intent.number, group=group))

    def _asked(self, operation: str, request: Members, place: Place) -> Members:
        try:
            return self._ask(operation, request)
        except SageMakerError as error:
            raise self._refused(operation, error, place) from error

    def _found(self, operation: str, request: Members, place: Place) -> Members | None:
        """The answer to a question, or None where there is no such thing."""
        try:
            return self._ask(operation, request)
        except SageMakerError as error:
            if _MISSING.search(error.message or ""):
                return None
            raise self._refused(operation, error, place) from error

    def _refused(self, operation: str, error: SageMakerError, place: Place) -> SeedError:
        said = " ".join(str(error.message or "no reason is given").split())
        so_far = f"; {PLANTED_BEFORE}" if self._has_written else ""
        reason = f"{operation} is refused, {error.code}: {said.rstrip('.')}{so_far}"
        return self._document.error(place, reason)

    # Groups

    def _group(self, place: Place, group: Members) -> Iterator[Intent]:
        name = group["ModelPackageGroupName"]
        own = {
            key: value for key, value in group.items() if key not in {"ResourcePolicy", "versions"}
        }
        present = self._found("DescribeModelPackageGroup", {"ModelPackageGroupName": name}, place)
        if present is None:
            intent = Intent(writes=[Write("CreateModelPackageGroup", own, place)])
        else:
            intent = Intent(arn=present["ModelPackageGroupArn"])
            remedy = "write it as it is, or plant the seed under another group's name"
            self._check_same(place, _without(own, "Tags"), present, remedy)
            intent.writes += self._tags(place, group, present["ModelPackageGroupArn"])
        intent.writes += self._policy(place, group, is_there=present is not None)
        yield intent
        numbers = self._numbers(name, place) if present and group["versions"] else {}
        for position, version in enumerate(group["versions"]):
            yield self._version(
                (*place, "versions", position), name, position + 1, version, numbers
            )

    def _policy(self, place: Place, group: Members, *, is_there: bool) -> Iterator[Write]:
        if "ResourcePolicy" not in group:
            return
        place = (*place, "ResourcePolicy")
        key = {"ModelPackageGroupName": group["ModelPackageGroupName"]}
        present = self._found("GetModelPackageGroupPolicy", key, place) if is_there else None
        if present is None or not _same_json(present["ResourcePolicy"], group["ResourcePolicy"]):
            request = {**key, "ResourcePolicy": group["ResourcePolicy"]}
            yield Write("PutModelPackageGroupPolicy", request, place, changes=("ResourcePolicy",))

    def _check_policies(self) -> None:
        """Refuse policies that their groups could not have, before anything is written.

        Where the account is not known yet, what they allow is looked at when they are put.
        """
        account, region = self._place
        if not (account and region):
            return
        mistakes: list[Mistake] = []
        for number, group in enumerate(self._document.content["groups"]):
            name = group["ModelPackageGroupName"]
            arn = Arn(region=region, account=account, type=MODEL_PACKAGE_GROUP.arn_type, name=name)
            policy = group.get("ResourcePolicy")
            reason = policy and what_is_wrong(policy, {"ModelPackageGroupArn": str(arn)})
            if reason:
                place = ("groups", number, "ResourcePolicy")
                mistakes.append((place, INVALID.format(reason=reason)))
        if mistakes:
            raise self._document.errors(mistakes)

    def _tags(self, place: Place, members: Members, arn: str) -> Iterator[Write]:
        """The tags that are missing or have other values."""
        if not members.get("Tags"):
            return
        place = (*place, "Tags")
        answer = self._asked("ListTags", {"ResourceArn": arn}, place)
        present = {tag["Key"]: tag["Value"] for tag in answer["Tags"]}
        wanted = [tag for tag in members["Tags"] if present.get(tag["Key"]) != tag["Value"]]
        count = len({*present, *(tag["Key"] for tag in wanted)})
        if count > MOST_TAGS:
            raise self._document.error(place, TOO_MANY_TAGS.format(count=count, most=MOST_TAGS))
        if wanted:
            yield Write("AddTags", {"Tags": wanted}, place, "ResourceArn", ("Tags",))

    def _numbers(self, group: str, place: Place) -> dict[int, str]:
        """The versions of a group that there are: their ARNs by their numbers."""
        asked: Members = {"ModelPackageGroupName": group, "MaxResults": _PAGE}
        numbers: dict[int, str] = {}
        while True:
            page = self._asked("ListModelPackages", asked, place)
            for each in page["ModelPackageSummaryList"]:
                numbers[each["ModelPackageVersion"]] = each["ModelPackageArn"]
            if not page.get("NextToken"):
                return numbers
            asked = {**asked, "NextToken": page["NextToken"]}

    # Versions and packages

    def _version(
        self, place: Place, group: str, number: int, version: Members, numbers: dict[int, str]
    ) -> Intent:
        if number in numbers:
            return self._version_there(place, version, numbers[number])
        if any(later > number for later in numbers):
            raise self._document.error(place, NO_NUMBER.format(number=number, group=group))
        create = {"ModelPackageGroupName": group, **_without(version, *_ONLY_UPDATED)}
        writes = [Write("CreateModelPackage", create, place)]
        later = {name: version[name] for name in _ONLY_UPDATED if name in version}
        if later:
            writes.append(Write("UpdateModelPackage", later, place, "ModelPackageArn"))
        return Intent(number=number, writes=writes)

    def _version_there(self, place: Place, version: Members, arn: str) -> Intent:
        present = self._asked("DescribeModelPackage", {"ModelPackageName": arn}, place)
        update: Members = {
            name: version[name]
            for name in _REPLACED
            if name in version and difference(version[name], present.get(name)) is not None
        }
        update |= self._metadata(version, present)
        update |= self._card(place, version, present)
        update |= self._additional(place, version, present)
        changeable = (
            *_REPLACED,
            "CustomerMetadataProperties",
            "ModelCard",
            "AdditionalInferenceSpecifications",
        )
        remedy = "write it as it is, or add a version to the list"
        self._check_same(place, _without(version, *changeable), present, remedy)
        if not update:
            return Intent(arn=arn)
        changes = tuple(name.removesuffix("ToAdd") for name in update)
        write = Write("UpdateModelPackage", update, place, "ModelPackageArn", changes)
        return Intent(arn=arn, writes=[write])

    def _metadata(self, version: Members, present: Members) -> Members:
        name = "CustomerMetadataProperties"
        there = present.get(name, {})
        wanted = {
            key: each for key, each in version.get(name, {}).items() if there.get(key) != each
        }
        return {name: wanted} if wanted else {}

    def _card(self, place: Place, version: Members, present: Members) -> Members:
        there, wanted = present.get("ModelCard", {}), dict(version.get("ModelCard", {}))
        if wanted.get("ModelCardStatus") == there.get("ModelCardStatus"):
            wanted.pop("ModelCardStatus", None)
        content = "ModelCardContent"
        if content in wanted and content in there and _same_json(there[content], wanted[content]):
            del wanted[content]
        if not wanted:
            return {}
        try:
            updated_card(there, wanted)
        except SageMakerError as error:
            raise self._refused("UpdateModelPackage", error, (*place, "ModelCard")) from error
        return {"ModelCard": wanted}

    def _additional(self, place: Place, version: Members, present: Members) -> Members:
        """The additional specifications of names that there are none of."""
        name = "AdditionalInferenceSpecifications"
        there = {each["Name"]: each for each in present.get(name, ())}
        added = []
        for position, each in enumerate(version.get(name, ())):
            if each["Name"] in there:
                remedy = "give it another name"
                self._check_same((*place, name, position), each, there[each["Name"]], remedy)
            else:
                added.append(each)
        return {f"{name}ToAdd": added} if added else {}

    def _package(self, place: Place, package: Members) -> Intent:
        key = {"ModelPackageName": package["ModelPackageName"]}
        present = self._found("DescribeModelPackage", key, place)
        if present is None:
            return Intent(writes=[Write("CreateModelPackage", package, place)])
        arn = present["ModelPackageArn"]
        remedy = "write it as it is, or give the package another name"
        self._check_same(place, _without(package, "Tags"), present, remedy)
        return Intent(arn=arn, writes=[*self._tags(place, package, arn)])

    def _check_same(self, place: Place, given: Members, present: Members, remedy: str) -> None:
        """Refuse a member that cannot be changed and differs."""
        for name, value in given.items():
            if name == "ModelCard":
                # Its content is sensitive: no value of it is repeated.
                if self._card(place, given, present):
                    raise self._document.error((*place, name), OTHER_CARD.format(remedy=remedy))
                continue
            differs = difference(value, present.get(name))
            if differs is not None:
                inner, here, there = differs
                said = CANNOT_CHANGE.format(
                    present=_short(there), given=_short(here), remedy=remedy
                )
                raise self._document.error((*place, name, *inner), said)


def difference(given: Any, present: Any) -> tuple[Place, Any, Any] | None:
    """The first place at which two values differ, with both; None where they are the same.

    What SageMaker adds by itself to what it is given is no difference.
    """
    if isinstance(given, dict) and isinstance(present, dict):
        for key in (*given, *(each for each in present if each not in given)):
            if key not in given and _is_added(key, present[key]):
                continue
            inner = difference(given.get(key), present.get(key))
            if inner is not None:
                return (key, *inner[0]), inner[1], inner[2]
        return None
    if isinstance(given, list) and isinstance(present, list) and len(given) == len(present):
        for position, (here, there) in enumerate(zip(given, present, strict=True)):
            inner = difference(here, there)
            if inner is not None:
                return (position, *inner[0]), inner[1], inner[2]
        return None
    return None if given == present else ((), given, present)


def _is_added(key: str, value: object) -> bool:
    return key in _ADDED and _ADDED[key] in {None, value}


def _without(members: Members, *names: str) -> Members:
    return {name: value for name, value in members.items() if name not in names}


def _same_json(one: str, other: str) -> bool:
    """Whether two texts are the same JSON, or the same text."""
    try:
        return one == other or json.loads(one) == json.loads(other)
    except ValueError:
        return False


def _short(value: object) -> str:
    text = "not there" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
