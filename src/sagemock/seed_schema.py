"""What a seed may hold: seed.schema.json, filled with the members of the installed service model.

Here is held what a file says against it, with `jsonschema`, and told what is wrong in words.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagemock.api.schema import Schema, definitions, reference
from sagemock.api.service_model import ServiceModel
from sagemock.schema_words import (
    hint_at_type,
    listed,
    nearest,
    perhaps,
    said_of_type,
    said_of_word,
    shown,
)
from sagemock.seed_document import Mistake, Place, SeedDocument

if TYPE_CHECKING:
    from jsonschema import ValidationError

SCHEMA = Path(__file__).with_name("seed.schema.json")

_LIMITS = {
    "minItems": "it must have {} at least",
    "maxItems": "it can have {} at most",
    "minProperties": "it must have {} at least",
    "maxProperties": "it can have {} at most",
    "minLength": "it must have {} characters at least",
    "maxLength": "it can have {} characters at most",
    "minimum": "it must be {} at least",
    "maximum": "it can be {} at most",
}
A_LIST = (
    "this is what {listing} answers, which has not all members; put what {shown_by} answers of "
    "each {stands}"
)
MISPLACED = "{named} are members of a {kind}; put them together {stands}"
ONE_MISPLACED = "{named} is a member of a {kind}; put it {stands}"
_MOST_NAMED = 3
_OF_SDKS = "ResponseMetadata"
"""What boto3 and other SDKs add to an answer, and no service model has."""


def seed_schema(model: ServiceModel) -> Schema:
    """The JSON Schema of a seed, whole: with the members that this service model has."""
    schema: Schema = json.loads(SCHEMA.read_text("utf-8"))
    own = schema["$defs"]
    needed: set[str] = set()
    for each in own.values():
        if "x-operations" in each:
            members = _members(model, each)
            needed.update(members.values())
            derived = {name: reference(shape) for name, shape in members.items()}
            each["properties"] = {**derived, **each["properties"]}
    schema["$defs"] = {**definitions(model.shapes, sorted(needed | {"Tag"})), **own}
    return schema


def schema_mistakes(document: SeedDocument, model: ServiceModel) -> list[Mistake]:
    """All places of a document at which stands what no seed can have there."""
    # Imported here: it is slow to import, and most servers are given no seeds.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    errors = list(Draft202012Validator(seed_schema(model)).iter_errors(document.content))
    of_wrong_type = {tuple(each.absolute_path) for each in errors if each.validator == "type"}
    mistakes = (
        mistake
        for error in errors
        # What is of another type is no known word either; that goes without saying.
        if error.validator == "type" or tuple(error.absolute_path) not in of_wrong_type
        for mistake in _wrong(error, model)
    )
    # Each member that is missing is an error, and all of them are told of each.
    return list(dict.fromkeys(mistakes))


def _members(model: ServiceModel, definition: Schema) -> dict[str, str]:
    """The members that a definition takes from the service model, each with its shape."""
    known = _shown_by(model, definition)
    return {
        name: member["shape"]
        for operation in definition["x-operations"]
        for name, member in _parameters(model, operation).items()
        if name in known and not _is_arn(name) and name not in definition["x-without"]
    }


def _is_arn(name: str) -> bool:
    """Whether a member is the ARN of what is seeded, which SageMaker makes."""
    return name in {"ModelPackageArn", "ModelPackageGroupArn"}


def _shown_by(model: ServiceModel, definition: Schema) -> Mapping[str, Any]:
    operation = model.operation(definition["x-shown-by"])
    members: Mapping[str, Any] = {}
    if operation is not None and operation.output is not None:
        members = model.shapes[operation.output]["members"]
    return members


def _parameters(model: ServiceModel, operation_name: str) -> Mapping[str, Any]:
    operation = model.operation(operation_name)
    members: Mapping[str, Any] = {}
    if operation is not None and operation.input is not None:
        members = model.shapes[operation.input]["members"]
    return members


def _wrong(error: "ValidationError", model: ServiceModel) -> Iterator[tuple[Place, str]]:
    """The places at which a value does not fit, each with what is wrong there."""
    place: Place = tuple(error.absolute_path)
    schema: Any = error.schema
    value: Any = error.instance
    if error.validator == "additionalProperties":
        keys = [key for key in value if key not in schema["properties"]]
        yield from _unwanted(place, keys, schema, model)
    elif "propertyNames" in error.absolute_schema_path:
        yield (*place, value), f"as a key, {_said(error)}"
    elif error.validator == "required":
        known = list(schema["properties"])
        others = {*known, *_answered(schema, model)}
        misspelled = {nearest(each, known) for each in value if each not in others}
        missing = [each for each in schema["required"] if each not in {*value, *misspelled}]
        if missing:
            yield place, f"{listed(missing)} must be given"
    else:
        yield place, _said(error)


def _answered(schema: Schema, model: ServiceModel) -> set[str]:
    """The members of a Describe answer, as SDKs have it, where a schema is of what has one."""
    return {*_shown_by(model, schema), _OF_SDKS} if "x-shown-by" in schema else set()


def _unwanted(
    place: Place, keys: list[str], schema: Schema, model: ServiceModel
) -> Iterator[Mistake]:
    """What is said of keys that cannot stand at a place."""
    if not place:
        keys, mistakes = _misplaced(keys, schema["$defs"], model)
        yield from mistakes
    others, mistakes = _pasted(place, keys, schema, model)
    yield from mistakes
    for key in others:
        yield (*place, key), _said_of_key(key, schema)


def _pasted(
    place: Place, keys: list[str], schema: Schema, model: ServiceModel
) -> tuple[list[str], list[Mistake]]:
    """What is said of keys that only a Describe answer has, all at once; and the other keys."""
    reasons = schema.get("x-without", {})
    answered = _answered(schema, model)
    set_by_aws = [key for key in keys if key in answered and key not in reasons]
    if not set_by_aws:
        return keys, []
    pasted = [key for key in keys if key in answered and key in reasons]
    both = [*set_by_aws, *pasted]
    said = f"AWS sets {listed(set_by_aws)} itself; take {'them' if both[1:] else 'it'} out"
    if pasted:
        said += f", also {listed([f'{key} ({reasons[key]})' for key in pasted])}"
    return [key for key in keys if key not in both], [
        ((place if both[1:] else (*place, *both)), said)
    ]


def _misplaced(
    keys: list[str], definitions: Schema, model: ServiceModel
) -> tuple[list[str], list[Mistake]]:
    """What is said of an answer that stands at the top of a file, all at once; and other keys."""
    kinds = {kind: each for kind, each in definitions.items() if "x-stands" in each}
    for each in kinds.values():
        listing = model.operation(f"{each['x-shown-by'].replace('Describe', 'List', 1)}s")
        if listing is not None and listing.result_member in keys:
            answered = {listing.result_member, "NextToken", _OF_SDKS}
            facts = {"shown_by": each["x-shown-by"], "stands": each["x-stands"]}
            said = A_LIST.format(listing=listing.name, **facts)
            return [key for key in keys if key not in answered], [((), said)]
    known = {kind: {*each["properties"], *_shown_by(model, each)} for kind, each in kinds.items()}
    kind = max(known, key=lambda kind: len(known[kind].intersection(keys)))
    # A version and a package have the same members, but for what they are called by.
    if "ModelPackageGroupName" not in keys and "ModelPackageName" in keys:
        kind = "package"
    found = [key for key in keys if key in known[kind]]
    others = [key for key in keys if key not in known[kind]]
    if len(found) <= len([key for key in others if key != _OF_SDKS]):
        return keys, []
    said = (MISPLACED if found[1:] else ONE_MISPLACED).format(
        named=_briefly(found), kind=kind, stands=kinds[kind]["x-stands"]
    )
    unwanted = [key for key in keys if key not in kinds[kind]["properties"]]
    unsaid, mistakes = _pasted((), unwanted, kinds[kind], model)
    return [key for key in others if key in unsaid], [((), said), *mistakes]


def _briefly(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return listed([*names[:_MOST_NAMED], f"{more} more"] if more > 1 else names)


def _said_of_key(key: str, schema: Schema) -> str:
    known = list(schema["properties"])
    reasons = schema.get("x-without", {})
    if key in reasons:
        return f"{key} cannot stand here: {reasons[key]}"
    return f"{shown(key)} is not known{perhaps(key, known)}; known are {listed(known)}"


def _said(error: "ValidationError") -> str:
    """What is wrong, as the end of a sentence."""
    value: Any = error.instance
    schema: Any = error.schema
    expected: Any = error.validator_value
    # What AWS marks as sensitive is repeated in no message.
    printed = "what is written" if schema.get("writeOnly") else shown(value)
    match error.validator:
        case "type":
            return said_of_type(printed, expected) + hint_at_type(value, expected)
        case "enum":
            return said_of_word(printed, value, expected)
        case "pattern":
            return f"{printed} is not {schema['description']}"
    limit = _LIMITS.get(str(error.validator))
    return limit.format(expected) if limit else error.message
