"""Search and GetSearchSuggestions over model package groups and model packages.

A search expression becomes a condition that the store answers; what its parts may say is ruled
here. AWS's index lags by seconds; this one does not (SR12).
"""

from collections.abc import Iterator
from dataclasses import replace

from sagemock.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Created,
    Label,
    Not,
    TagOf,
    Value,
)
from sagemock.errors import ValidationException
from sagemock.listing import page_size, place_of
from sagemock.operation import Call, Members, operation
from sagemock.ports import Order, Query, Row
from sagemock.resource_type import ResourceType, page_and_token
from sagemock.resources.model_package import MODEL_PACKAGE
from sagemock.resources.model_package_group import MODEL_PACKAGE_GROUP
from sagemock.resources.search_expression import (
    MOST_PARTS,
    expression_condition,
    property_value,
)
from sagemock.tagging import tag_list

SEARCHABLE = {noun.noun: noun for noun in (MODEL_PACKAGE, MODEL_PACKAGE_GROUP)}

NOT_SEARCHABLE = "Resource {resource} cannot be searched in sagemock; {searchable} can."
NOT_SORTABLE = "The property {name} has parts and cannot be sorted by."
TOO_MANY_CONDITIONS = "A search can have {most} visibility conditions at most, not {count}."
VISIBILITY_KEY = "The key of a visibility condition has the form Tags.<key>, not '{key}'."
MOST_COUNTED = 10_000
DEFAULT_SORT = "LastModifiedTime"


@operation
def search(call: Call, request: Members) -> Members:
    """A page of records that meet the expression, newest modification first unless asked otherwise.

    Without an expression all records of the resource. TotalHits is exact up to 10 000 (OQ21).
    Errors: ValidationException, the resource is not served; a part of the expression is not
    allowed; a NextToken of another search.
    Cases: fixtures/conformance/search/*.json
    """
    resource = request["Resource"]
    noun = _searchable(resource)
    sort_by = request.get("SortBy", DEFAULT_SORT)
    query = Query(
        kind=noun.arn_type,
        limit=page_size(request),
        order=_order(call, noun, sort_by),
        descending=request.get("SortOrder", "Descending") == "Descending",
        where=_condition(call, noun, request),
    )
    scope = f"{resource}/{sort_by}"
    if request.get("NextToken"):
        query = replace(query, after=place_of(scope, request["NextToken"]))
    if request.get("CrossAccountFilterOption") == "CrossAccount":
        return {"Results": [], "TotalHits": _total_hits(0)}
    rows, token = page_and_token(call.store.page, query, scope)
    return {
        "Results": [{resource: _record(call, noun, row)} for row in rows],
        "TotalHits": _total_hits(call.store.count(query, MOST_COUNTED + 1)),
        **token,
    }


@operation
def get_search_suggestions(call: Call, request: Members) -> Members:
    """The property names that begin with the hint, tags in use among them; all without a hint.

    Errors: ValidationException, the resource is not served.
    Cases: fixtures/conformance/search/suggestions_*.json
    """
    resource = request["Resource"]
    noun = _searchable(resource)
    query = request.get("SuggestionQuery", {}).get("PropertyNameQuery", {})
    hint = query.get("PropertyNameHint", "")
    names = [name for name in call.properties.names(resource) if not name.startswith("Tags.")]
    tags = call.store.tag_keys(noun.arn_type)
    names += [f"Tags.{key}" for key in tags]
    found = [{"PropertyName": name} for name in sorted(names) if name.startswith(hint)]
    return {"PropertyNameSuggestions": found}


def _searchable(resource: str) -> ResourceType:
    if resource not in SEARCHABLE:
        message = NOT_SEARCHABLE.format(resource=resource, searchable=" and ".join(SEARCHABLE))
        raise ValidationException(message)
    return SEARCHABLE[resource]


def _condition(call: Call, noun: ResourceType, request: Members) -> Condition:
    visible = request.get("VisibilityConditions", ())
    if len(visible) > MOST_PARTS:
        # AWS's constraint allows five; this is for where constraints are only warned about.
        raise ValidationException(TOO_MANY_CONDITIONS.format(most=MOST_PARTS, count=len(visible)))
    conditions = list(_visibility(request))
    if "SearchExpression" in request:
        conditions.append(expression_condition(call, noun, request["SearchExpression"]))
    return AllOf(tuple(conditions))


def _visibility(request: Members) -> Iterator[Condition]:
    """Who has the key must have the value; who lacks it stays visible (SR11)."""
    for visible in request.get("VisibilityConditions", ()):
        key = visible.get("Key", "")
        if not key.startswith("Tags.") or key == "Tags.":
            raise ValidationException(VISIBILITY_KEY.format(key=key))
        tag = TagOf(key.removeprefix("Tags."))
        if "Value" in visible:
            lacks = Not(Compare(tag, "exists"))
            yield AnyOf((lacks, Compare(tag, "=", visible["Value"])))


def _order(call: Call, noun: ResourceType, sort_by: str) -> Order | Value:
    if sort_by == DEFAULT_SORT:
        # What was never modified, a group always, was last touched when it was created (SR3).
        return "modified"
    value, kind = property_value(call, noun, sort_by)
    if kind == "structure":
        raise ValidationException(NOT_SORTABLE.format(name=sort_by))
    if isinstance(value, Label):
        return "name"
    return "created" if isinstance(value, Created) else value


def _record(call: Call, noun: ResourceType, row: Row) -> Members:
    record = dict(row.document)
    if noun is MODEL_PACKAGE:
        # The record of a version has a name, though Describe shows none (A16).
        record["ModelPackageName"] = f"{row.name}/{row.number}" if row.number else row.name
    # Versions have none (TA2).
    tags = {} if row.number else call.store.tags(noun.arn_type, row.name)
    if tags:
        record["Tags"] = tag_list(tags)
    return record


def _total_hits(count: int) -> Members:
    if count > MOST_COUNTED:
        return {"Value": MOST_COUNTED, "Relation": "GreaterThanOrEqualTo"}
    return {"Value": count, "Relation": "EqualTo"}
