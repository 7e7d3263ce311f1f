"""A seed as it is planted, and all that can be told to be wrong with it before any server is asked.

After the schema come AWS's patterns and those rules that look at one request alone, in the server's
own words.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from sagemock.api.constraints import Constraints
from sagemock.api.documents import ModelCardSchema
from sagemock.api.service_model import ServiceModel
from sagemock.api.wording import lower_first
from sagemock.arn import Arn, partition_of
from sagemock.errors import SageMakerError
from sagemock.json_document import parsed
from sagemock.operation import Members
from sagemock.resources.containers import check_specifications, joined
from sagemock.resources.model_package_group import MODEL_PACKAGE_GROUP
from sagemock.resources.model_package_group_policy import INVALID, what_is_wrong
from sagemock.seed_document import Mistake, Place, SeedDocument
from sagemock.seed_schema import schema_mistakes, seed_schema
from sagemock.tagging import checked_tags, tag_list

UNKNOWN = (
    "{name} stands for what this server does not tell; give the command `--account 123456789012 "
    "--region us-east-1`, or begin the file with `account:` and `region:`"
)

# By which texts are looked at that name no account yet.
_ACCOUNT = "123456789012"
_REGION = "us-east-1"
_OF_SAGEMAKER = re.compile(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:[0-9]{12}:([^\"\\]*)")
_AT = re.compile(r" at '([^']*)' failed to satisfy")


def checked(document: SeedDocument, model: ServiceModel) -> SeedDocument:
    """The document with all that is planted in one form: lists of tags, and JSON as text.

    Errors: SeedError, with all places that cannot be.
    """
    rules = _Rules(document, model, schema_mistakes(document, model))
    for place, group in _elements(document.content, "groups"):
        rules.check_group(place, group)
    for place, package in _elements(document.content, "packages"):
        rules.check_package(place, package, versioned=False)
    for kind, member in (("groups", "ModelPackageGroupName"), ("packages", "ModelPackageName")):
        rules.check_once(kind, member)
    if rules.mistakes:
        raise document.errors(rules.mistakes)
    normal = {
        **document.content,
        "groups": [_normal_group(each) for each in document.content.get("groups", ())],
        "packages": [_normal_package(each) for each in document.content.get("packages", ())],
    }
    return replace(document, content=normal)


def filled(document: SeedDocument, *, account: str, region: str) -> SeedDocument:
    """The document with what CloudFormation calls account, region and partition in all its texts.

    Errors: SeedError, one of them is asked for and is empty: it is the server's, and not known.
    """
    values = {
        "${AWS::AccountId}": account,
        "${AWS::Region}": region,
        "${AWS::Partition}": partition_of(region) if region else "",
    }

    def fill(value: Any, place: Place) -> Any:
        if isinstance(value, dict):
            return {key: fill(each, (*place, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [fill(each, (*place, number)) for number, each in enumerate(value)]
        if isinstance(value, str) and "${AWS::" in value:
            for name, text in values.items():
                if name in value and not text:
                    raise document.error(place, UNKNOWN.format(name=name))
                value = value.replace(name, text)
        return value

    return SeedDocument(document.path, fill(document.content, ()), document.line)


def _normal_group(group: Members) -> Members:
    normal = _with_tag_list(group)
    if "ResourcePolicy" in group:
        normal["ResourcePolicy"] = _as_text(group["ResourcePolicy"])
    normal["versions"] = [_normal_package(each) for each in group.get("versions", ())]
    return normal


def _normal_package(package: Members) -> Members:
    normal = _with_tag_list(package)
    card = package.get("ModelCard", {})
    if "ModelCardContent" in card:
        normal["ModelCard"] = {**card, "ModelCardContent": _as_text(card["ModelCardContent"])}
    return normal


def _with_tag_list(members: Members) -> Members:
    tags = members.get("Tags")
    return {**members, "Tags": tag_list(tags)} if isinstance(tags, dict) else {**members}


def _as_text(value: Any) -> str:
    """JSON as the text of a member; one on several lines is put on one, for AWS takes no others."""
    if isinstance(value, str):
        if "\n" not in value:
            return value
        try:
            value = parsed(value)
        except ValueError:
            return str(value)
    return json.dumps(value, ensure_ascii=False)


def _elements(content: Any, kind: str, at: Place = ()) -> Iterator[tuple[Place, Members]]:
    """The objects of a list, each with its place; where no list or no object stands, none."""
    listed = content.get(kind) if isinstance(content, dict) else None
    for number, each in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(each, dict):
            yield (*at, kind, number), each


class _Rules:
    """The server's own rules, as far as they look at one request alone.

    They look at what the schema has found nothing wrong with; what they find joins `mistakes`.
    """

    def __init__(
        self, document: SeedDocument, model: ServiceModel, mistakes: list[Mistake]
    ) -> None:
        self.mistakes = mistakes
        # All places in which something is wrong, somewhere: to the schema, and to anybody.
        self._wrong = {each for place, _ in mistakes for each in _with_outer(place)}
        self._told = set(self._wrong)
        self._document = document
        self._constraints = Constraints(model.shapes)
        self._cards = ModelCardSchema()
        definitions = seed_schema(model)["$defs"]
        self._shapes = {
            kind: {
                name: schema["$ref"].rpartition("/")[2]
                for name, schema in definitions[kind]["properties"].items()
                if "$ref" in schema
            }
            for kind in ("group", "version", "package")
        }

    def check_group(self, place: Place, group: Members) -> None:
        members = self._example(_normal_group(self._sound(place, group, without="versions")))
        self._check_members(place, members, "group")
        self._check_member(place, "Tags", lambda: checked_tags(members.get("Tags", ())))
        if "ResourcePolicy" in members:
            self._check_policy(place, members)
        for inner, version in _elements(group, "versions", place):
            self.check_package(inner, version, versioned=True)

    def check_package(self, place: Place, package: Members, *, versioned: bool) -> None:
        members = self._example(_normal_package(self._sound(place, package)))
        self._check_members(place, members, "version" if versioned else "package")
        self._check_member(place, "Tags", lambda: checked_tags(members.get("Tags", ())))
        self._check_member(place, "ModelCard", lambda: self._cards.check(members))
        name = "AdditionalInferenceSpecifications"
        self._check_member(place, name, lambda: joined((), members.get(name, ())))
        # What a member that is left out would break beside others is told once it is right.
        self._check(place, lambda: check_specifications(members, versioned=versioned))

    def check_once(self, kind: str, member: str) -> None:
        """Refuse a name that comes twice; letters' case makes no other name of it at AWS."""
        lines: dict[str, int] = {}
        for element, each in _elements(self._document.content, kind):
            place = (*element, member)
            if member not in each or place in self._wrong:
                continue
            name = each[member]
            if name.lower() in lines:
                self._tell(place, f"{name} stands at line {lines[name.lower()]} already")
            else:
                lines[name.lower()] = self._document.line(place)

    def _sound(self, place: Place, members: Members, *, without: str = "") -> Members:
        return {
            name: value
            for name, value in members.items()
            if name != without and (*place, name) not in self._wrong
        }

    def _example(self, members: Members) -> Members:
        """Members as they are once an account and region are known."""
        document = replace(self._document, content=members)
        example: Members = filled(document, account=_ACCOUNT, region=_REGION).content
        return example

    def _check_members(self, place: Place, members: Members, kind: str) -> None:
        for name, shape in self._shapes[kind].items():
            check = self._constraints.check(shape) if name in members else None
            found: list[str] = []
            if check is not None:
                check(members[name], lower_first(name), found)
            for violation in found:
                at = _AT.search(violation)
                inner = _walked(members, at[1].split(".")) if at else (name,)
                written = _as_written(self._document.content, (*place, *inner))
                self._tell(tuple(written), violation)

    def _check_policy(self, place: Place, group: Members) -> None:
        """Look at a group's policy as if it were of the account and region it is planted in."""
        name = group.get("ModelPackageGroupName")
        arn = Arn(_REGION, _ACCOUNT, MODEL_PACKAGE_GROUP.arn_type, name or "unknown")
        here = str(arn).removesuffix(f"{arn.type}/{arn.name}")

        def moved(found: re.Match[str]) -> str:
            # A group whose name is not known may be the one that is meant.
            return f"{here}{found[1]}" if name else str(arn)

        policy = _OF_SAGEMAKER.sub(moved, group["ResourcePolicy"])
        reason = what_is_wrong(policy, {"ModelPackageGroupArn": str(arn)})
        if reason is not None:
            self._tell((*place, "ResourcePolicy"), INVALID.format(reason=reason))

    def _check_member(self, place: Place, name: str, rule: Callable[[], object]) -> None:
        """Hold a rule about one member against it, whatever is wrong with others."""
        if (*place, name) not in self._told:
            self._check((*place, name), rule)

    def _check(self, place: Place, rule: Callable[[], object]) -> None:
        try:
            rule()
        except SageMakerError as error:
            self._tell(place, str(error.message))

    def _tell(self, place: Place, said: str) -> None:
        self.mistakes.append((place, said))
        self._told.update(_with_outer(place))


def _with_outer(place: Place) -> Iterator[Place]:
    """A place, and all that it lies in."""
    return (place[:end] for end in range(len(place) + 1))


def _as_written(content: Any, place: Place) -> Iterator[str | int]:
    """A place in lists of tags as it is in the file, which may have them as a map."""
    for step in place:
        if isinstance(content, dict) and isinstance(step, int):
            yield list(content)[step]
            return
        yield step
        content = content[step]


def _walked(value: Any, path: list[str]) -> Iterator[str | int]:
    """The place in a value that AWS's spelling of a path leads to, as far as it can be followed."""
    for step in path:
        if isinstance(value, dict):
            key = next((each for each in value if step in {each, lower_first(each)}), None)
            # `member` stands between a position or a key and what is there.
            if key is not None:
                yield key
                value = value[key]
        elif isinstance(value, list) and step.isdecimal() and 0 < int(step) <= len(value):
            yield int(step) - 1
            value = value[int(step) - 1]
