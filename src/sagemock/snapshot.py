"""Snapshots: all of a registry as one JSON file, which can be read, kept and loaded again.

    {"accounts": {ACCOUNT: {REGION: {
        "counters": {SCOPE: the last number given},
        "resources": {NOUN: [{"document": {...}, "tags": [...]}, ...]}}}},
     "sagemock": {"snapshot": 1}}

A document is what is stored, to the digit: AWS's members with their ARNs and times, and in lower
case what the rules keep for themselves, such as a group's policy and what an endpoint runs.
Resources stand in the order of their names and numbers; `"added": 3` beside a document says that
it was the third of its noun, where times and names do not tell. The same state is the same bytes on
any machine: nothing tells when, where or by whom it was saved.

What is not in it: the activity log, the history of deployments, and remembered ClientTokens, for
they tell what was done, not what is. A load begins them anew; a Describe as of a time before it is
refused. How far the targets of events have come, and dead letters: nothing has happened to what is
loaded, so no events are sent of it. Canned rules: they are the server's, and stay.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson

from sagemock.api.json_types import JsonTypes
from sagemock.api.service_model import ServiceModel
from sagemock.api.words import Words
from sagemock.arn import Arn, partition_of
from sagemock.contents import Contents, Counted, Stored
from sagemock.errors import SerializationException
from sagemock.json_document import refuse_constant
from sagemock.operation import Members
from sagemock.resource_type import ResourceType
from sagemock.resources.endpoint import ENDPOINT
from sagemock.resources.model_package import MODEL_PACKAGE
from sagemock.resources.model_package_group import MODEL_PACKAGE_GROUP
from sagemock.schema_words import place_text, said_of_word, shown
from sagemock.snapshot_order import in_order, with_places

VERSION = 2
"""Of the second version are those that say of a resource which it was to be added."""
SCHEMA = Path(__file__).with_name("snapshot.schema.json")

NO_JSON = "it is no JSON: {reason}"
NO_SNAPSHOT = 'it is no snapshot of sagemock, which begins with "accounts" and has a version'
NEWER = (
    "it is of version {version}, this sagemock knows {known}; load it with the newer sagemock that "
    "saved it, or upgrade this one"
)
NO_VERSION = (
    "it is of version {version}, and the first is 1; save it again with "
    "`sagemock snapshot save FILE`"
)
A_SEED = "it is a seed; plant it with `sagemock seed FILE`"
WRONG_ARN = "'{arn}' is no ARN of a {noun} in account {account}, region {region}"
WRONG_NAME = "{arn} is not the ARN of what its document names, '{name}'"
TWICE = "{arn} is there twice, or once more in another case"
TAG_TWICE = "{arn} has the tag '{key}' twice"
UNKNOWN_MEMBER = (
    "{arn} has a member '{member}', which Describe{noun} does not show; upgrade botocore if it is "
    "new, else take it out"
)
WRONG_MEMBER = "the {member} of {arn} is wrong: {said}"
WRONG_WORD = (
    "the {member} of {arn} is wrong: {said}; upgrade botocore if it is new, else correct it, or "
    "load it into a server of `sagemock serve --validation warn`"
)
NO_GROUP = "the group of {arn} is not there"
COUNTED = "{arn} has the number {number}, and the counter '{scope}' only reached {value}"
WRONG_FLEET = "{arn} has a fleet '{fleet}'; it would be '{form}' and a number"

_MOST_SHOWN = 300
_IN_SEEDS = frozenset({"groups", "packages"})
# Of a text that is no JSON: YAML that begins so, or what was meant to be JSON.
_LIKE_A_SEED = re.compile(
    rb'^(?:\xef\xbb\xbf)?(?:(?:groups|packages)\s*:|\{\s*"?(?:groups|packages)"?\s*:)', re.MULTILINE
)
# The counter that fleets are numbered by, and where an endpoint has one.
_FLEETS = "fleets"
_STAGES = frozenset({"current", "next"})
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_SORTED = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


class SnapshotError(ValueError):
    """A snapshot that cannot be loaded; the message is a sentence that says where and why."""

    def __init__(self, said: str) -> None:
        super().__init__(f"The snapshot cannot be loaded: {said.rstrip('.')}.")


def canonical(content: Members) -> bytes:
    """The text of a snapshot: sorted, indented, UTF-8 as it is.

    Errors: SnapshotError, it holds what no snapshot does: half a character, a number too long.
    """
    try:
        return orjson.dumps(content, option=_SORTED)
    except TypeError as error:
        raise SnapshotError(NO_JSON.format(reason=error)) from error


def parsed(text: bytes) -> Any:
    """The value of a snapshot's text; whether it is a snapshot is not looked at.

    Errors: SnapshotError, it is no JSON, has a key twice, or is a seed in YAML.
    """
    try:
        return json.loads(
            text.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=refuse_constant
        )
    except (ValueError, RecursionError) as error:
        said = A_SEED if _LIKE_A_SEED.search(text) else NO_JSON.format(reason=error)
        raise SnapshotError(said) from error


def _unique(pairs: list[tuple[str, Any]]) -> Members:
    members = dict(pairs)
    if len(members) != len(pairs):
        key = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        message = f"the key '{key}' is given twice in one object"
        raise ValueError(message)
    return members


def check_format(content: Any) -> None:
    """Refuse what is no snapshot of a version that is known.

    Errors: SnapshotError, with the first place that is wrong.
    """
    # Imported here: few servers load a snapshot, and it is slow to import.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    about = content.get("sagemock") if isinstance(content, dict) else None
    version = about.get("snapshot") if isinstance(about, dict) else None
    if about is None and isinstance(content, dict) and _IN_SEEDS & content.keys():
        raise SnapshotError(A_SEED)
    if type(version) is not int:
        raise SnapshotError(NO_SNAPSHOT)
    if version < 1:
        raise SnapshotError(NO_VERSION.format(version=version))
    if version > VERSION:
        raise SnapshotError(NEWER.format(version=version, known=VERSION))
    schema = json.loads(SCHEMA.read_text("utf-8"))
    broken = next(Draft202012Validator(schema).iter_errors(content), None)
    if broken is not None:
        said = broken.message
        if len(said) > _MOST_SHOWN:
            # It begins with what is there, and ends with what is wrong about it.
            said = f"... {said[-_MOST_SHOWN:]}"
        where = "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}" for step in broken.absolute_path
        )
        raise SnapshotError(f"at {where.lstrip('.') or 'the top'}, {said}")
    # What could not be stored: numbers beyond 64 bits, half characters, too many levels.
    canonical(content)


class Snapshots:
    """Makes snapshots of what a store holds, and the other way round.

    `nouns` are the resource types by their kinds in the store. With `lenient` words may be loaded
    that AWS's enums do not have: a server that is lenient stores them.
    """

    def __init__(
        self, model: ServiceModel, nouns: Mapping[str, ResourceType], *, lenient: bool = False
    ) -> None:
        self._model = model
        self._lenient = lenient
        self._nouns = nouns
        self._by_noun = {each.noun: each for each in nouns.values()}
        self._types = JsonTypes(model.shapes)
        self._words = Words(model.shapes)

    def taken(self, contents: Contents) -> Members:
        """The snapshot of what a store holds."""
        accounts: Members = {}
        version = 1
        for (account, region, kind), added in groupby(contents.resources, _account_region_kind):
            shown = [_shown(*each) for each in with_places(list(added))]
            if any("added" in each for each in shown):
                version = VERSION
            place = _place(accounts, account, region)
            place["resources"][self._nouns[kind].noun] = shown
        for counted in contents.counters:
            place = _place(accounts, counted.account, counted.region)
            place["counters"][counted.scope] = counted.value
        return {"accounts": accounts, "sagemock": {"snapshot": version}}

    def checked(self, content: Any) -> Contents:
        """What a store would hold after a load. Errors: SnapshotError, it cannot be loaded."""
        check_format(content)
        resources: list[Stored] = []
        counters: list[Counted] = []
        for account, regions in content["accounts"].items():
            for region, place in regions.items():
                here = list(self._resources(account, region, place.get("resources", {})))
                self._check_together(here, place.get("counters", {}))
                resources += here
                counters += (
                    Counted(account, region, scope, int(value))
                    for scope, value in place.get("counters", {}).items()
                )
        return Contents(resources, counters)

    def counts(self, loaded: Contents, replaced: Mapping[str, int]) -> Members:
        """How many resources of each noun were loaded, and how many replaced."""
        now = Counter(each.kind for each in loaded.resources)
        return {"loaded": self._named(now), "replaced": self._named(replaced)}

    def _named(self, kinds: Mapping[str, int]) -> dict[str, int]:
        return dict(sorted((self._nouns[kind].noun, count) for kind, count in kinds.items()))

    def _resources(
        self, account: str, region: str, resources: Mapping[str, list[Members]]
    ) -> Iterator[Stored]:
        for noun, given in resources.items():
            yield from in_order(
                (self._stored(account, region, self._by_noun[noun], each), each.get("added"))
                for each in given
            )

    def _stored(self, account: str, region: str, noun: ResourceType, given: Members) -> Stored:
        document = given["document"]
        arn = _checked_arn(account, region, noun, document)
        self._check_members(noun, str(arn), document)
        tags = {each["Key"]: each["Value"] for each in given.get("tags", ())}
        if len(tags) < len(given.get("tags", ())):
            keys = Counter(each["Key"] for each in given["tags"])
            raise SnapshotError(TAG_TWICE.format(arn=arn, key=keys.most_common(1)[0][0]))
        created_ms = round(document["CreationTime"] * 1000)
        modified = document.get("LastModifiedTime")
        due_ms = given.get("due_ms")
        return Stored(
            account=account,
            region=region,
            kind=noun.arn_type,
            name=document.get(f"{noun.noun}Name", arn.name),
            number=arn.number,
            created_ms=created_ms,
            modified_ms=created_ms if modified is None else round(modified * 1000),
            due_ms=None if due_ms is None else int(due_ms),
            document=document,
            tags=tags,
        )

    def _check_members(self, noun: ResourceType, arn: str, document: Members) -> None:
        """Refuse members that Describe would not show, or not be able to."""
        describe = self._model.operation(f"Describe{noun.noun}")
        if describe is None or describe.output is None:
            raise LookupError(noun.noun)
        members = self._model.shapes[describe.output]["members"]
        for member, value in document.items():
            if not member[:1].isupper() or value is None:
                continue
            if member not in members:
                facts = {"arn": arn, "member": member, "noun": noun.noun}
                raise SnapshotError(UNKNOWN_MEMBER.format(**facts))
            shape = members[member]["shape"]
            try:
                self._types.parser(shape)(value)
            except SerializationException as error:
                said = error.message or "it holds half a character"
                raise SnapshotError(
                    WRONG_MEMBER.format(member=member, arn=arn, said=said)
                ) from error
            unknown = None if self._lenient else self._words.unknown(shape, value)
            if unknown is not None:
                said = said_of_word(shown(unknown.word), unknown.word, unknown.known)
                where = place_text((member, *unknown.place))
                raise SnapshotError(WRONG_WORD.format(member=where, arn=arn, said=said))

    def _check_together(self, resources: list[Stored], counters: Mapping[str, int]) -> None:
        """Refuse resources of one account and region that cannot be there together."""
        keys = Counter((each.kind, _one_case(each.name), each.number) for each in resources)
        groups = {
            each.name: each.document[MODEL_PACKAGE_GROUP.arn_member]
            for each in resources
            if each.kind == MODEL_PACKAGE_GROUP.arn_type
        }
        for each in resources:
            arn = each.document[self._nouns[each.kind].arn_member]
            if keys[each.kind, _one_case(each.name), each.number] > 1:
                raise SnapshotError(TWICE.format(arn=arn))
            if each.kind == MODEL_PACKAGE.arn_type and each.number:
                if each.name not in groups:
                    raise SnapshotError(NO_GROUP.format(arn=arn))
                _check_counted(arn, each.number, groups[each.name], counters)
            if each.kind == ENDPOINT.arn_type:
                for stage in each.document.keys() & _STAGES:
                    number = _fleet_number(arn, each, each.document[stage]["fleet"])
                    _check_counted(arn, number, _FLEETS, counters)


def _place(accounts: Members, account: str, region: str) -> Members:
    regions = accounts.setdefault(account, {})
    place: Members = regions.setdefault(region, {"counters": {}, "resources": {}})
    return place


def _account_region_kind(stored: Stored) -> tuple[str, str, str]:
    return stored[:3]


def _shown(stored: Stored, added: int | None) -> Members:
    shown: Members = {"document": stored.document}
    if added is not None:
        shown["added"] = added
    if stored.tags:
        shown["tags"] = [{"Key": key, "Value": value} for key, value in stored.tags.items()]
    if stored.due_ms is not None:
        shown["due_ms"] = stored.due_ms
    return shown


def _checked_arn(account: str, region: str, noun: ResourceType, document: Members) -> Arn:
    """The ARN of a document, if it is one of its place, its noun and its names."""
    text = str(document[noun.arn_member])
    arn = Arn.parse(text)
    if arn is None or (arn.account, arn.region, arn.type, arn.partition) != (
        *(account, region, noun.arn_type),
        partition_of(region),
    ):
        facts = {"arn": text, "noun": noun.noun, "account": account, "region": region}
        raise SnapshotError(WRONG_ARN.format(**facts))
    named = str(document.get(f"{noun.noun}Name", ""))
    if noun is MODEL_PACKAGE and not named:
        named = f"{document['ModelPackageGroupName']}/{document['ModelPackageVersion']}"
    of_arn = f"{arn.name}/{arn.number}" if arn.number else arn.name
    if (named.lower() if noun.lower_case_arn else named) != of_arn:
        raise SnapshotError(WRONG_NAME.format(arn=arn, name=named))
    return arn


def _one_case(name: str) -> bytes:
    """What a store takes for the same name: only ASCII has one case."""
    return name.encode().lower()


def _fleet_number(arn: str, endpoint: Stored, fleet: str) -> int:
    form = f"{endpoint.account}/{endpoint.region}/{endpoint.name.lower()}/"
    number = _NUMBER.fullmatch(fleet.removeprefix(form))
    if number is None or not fleet.startswith(form):
        raise SnapshotError(WRONG_FLEET.format(arn=arn, fleet=fleet, form=form))
    return int(number[0])


def _check_counted(arn: str, number: int, scope: str, counters: Mapping[str, int]) -> None:
    """Refuse a number that would be given again."""
    value = counters.get(scope, 0)
    if number > value:
        facts = {"arn": arn, "number": number, "scope": scope, "value": value}
        raise SnapshotError(COUNTED.format(**facts))
