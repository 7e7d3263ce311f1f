"""Search expressions: what AWS allows in them, and the condition they stand for.

The kind of a property decides which operators it takes and how their value is read: text, number,
time, flag, or a structure that can only be there or not.
"""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from sagemock.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Comparison,
    Condition,
    Created,
    Each,
    Label,
    Member,
    Modified,
    Name,
    Not,
    Number,
    SomeElement,
    TagOf,
    Value,
)
from sagemock.errors import ValidationException
from sagemock.operation import Call, Members
from sagemock.resource_type import ResourceType

EMPTY = "A search expression needs at least one subexpression, filter or nested filter."
TOO_MANY_PARTS = (
    "A search expression can have {most} subexpressions, nested filters and filters at most, not "
    "{count}."
)
ONE_CONTAINS = "'CONTAINS' operator usage limit of 1 exceeded."
UNKNOWN_PROPERTY = "{name} is not a property of {resource}."
NOT_SUPPORTED = "Operator {operator} is not supported for the property {name}."
NO_VALUE = "Operator {operator} needs a value for the property {name}."
NOT_A_NUMBER = "The value '{value}' of the property {name} is not a number."
NOT_A_TIME = "The value '{value}' of the property {name} is not of the form YYYY-mm-dd'T'HH:MM:SS."
NOT_A_FLAG = "The value '{value}' of the property {name} is neither true nor false."
NOT_A_LIST = "The nested property {name} is not a list of structures of {resource}."
NOT_NESTED = "The property {name} does not belong to the nested property {nested}."
TOO_MANY_CHOICES = "The property {name} is compared with more than {most} values."
MOST_PARTS = 50
MOST_CHOICES = 1000
"""More than fit into the longest value that AWS's constraint allows."""
GROUP_NAME = "ModelPackageGroupName"

_ORDERS: dict[str, Comparison] = {
    "GreaterThan": ">",
    "GreaterThanOrEqualTo": ">=",
    "LessThan": "<",
    "LessThanOrEqualTo": "<=",
}
_NEGATED = {"NotEquals": "Equals", "NotExists": "Exists"}
_OPERATORS = {
    "text": {"Equals", "NotEquals", "Contains", "In"},
    "number": {"Equals", "NotEquals", *_ORDERS},
    "time": {"Equals", "NotEquals", *_ORDERS},
    "flag": {"Equals", "NotEquals"},
    "structure": set[str](),
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def expression_condition(call: Call, noun: ResourceType, expression: Members) -> Condition:
    """The condition an expression stands for.

    Errors: ValidationException, it is empty or has more than 50 parts in all (SR4), more than one
    Contains (SR6), an unknown property, or an operator or value that does not fit one (SR5).
    """
    parts = list(_parts(expression))
    if len(parts) > MOST_PARTS:
        raise ValidationException(TOO_MANY_PARTS.format(most=MOST_PARTS, count=len(parts)))
    if sum(part.get("Operator") == "Contains" for part in parts) > 1:
        raise ValidationException(ONE_CONTAINS)
    return _condition(call, noun, expression)


def property_value(call: Call, noun: ResourceType, name: str) -> tuple[Value, str]:
    """Where a property's value lies, and its kind.

    Errors: ValidationException, the record has no such property.
    """
    if name == f"{noun.noun}Name":
        # Made from group and number for a version (A16).
        return Label(), "text"
    if name.startswith("Tags.") and name != "Tags.":
        return TagOf(name.removeprefix("Tags.")), "text"
    found = call.properties.find(noun.noun, name)
    if found is None:
        raise ValidationException(UNKNOWN_PROPERTY.format(name=name, resource=noun.noun))
    if name == "Tags":
        return TagOf(None), "structure"
    if name == "CreationTime":
        return Created(), "time"
    return Member(found.path), found.kind


def _parts(expression: Members) -> Iterator[Members]:
    """Every filter, nested filter and subexpression of an expression, over all nesting."""
    yield from expression.get("Filters", ())
    for nested in expression.get("NestedFilters", ()):
        yield nested
        yield from nested["Filters"]
    for inner in expression.get("SubExpressions", ()):
        yield inner
        yield from _parts(inner)


def _condition(call: Call, noun: ResourceType, expression: Members) -> Condition:
    conditions: list[Condition] = [
        _filter(call, noun, each) for each in expression.get("Filters", ())
    ]
    conditions += [_nested(call, noun, each) for each in expression.get("NestedFilters", ())]
    conditions += [_condition(call, noun, each) for each in expression.get("SubExpressions", ())]
    if not conditions:
        raise ValidationException(EMPTY)
    of_all = expression.get("Operator", "And") == "And"
    return AllOf(tuple(conditions)) if of_all else AnyOf(tuple(conditions))


def _filter(call: Call, noun: ResourceType, given: Members) -> Condition:
    value, kind = property_value(call, noun, given["Name"])
    if given["Name"] != GROUP_NAME or noun.noun == "ModelPackageGroup":
        return _test(value, kind, given)
    # Versions have the name of their group; what has no number is in no group.
    operator = given.get("Operator", "Equals" if "Value" in given else "Exists")
    versions = Compare(Number(), ">", 0)
    if operator in _NEGATED:
        return Not(
            AllOf((versions, _test(Name(), kind, {**given, "Operator": _NEGATED[operator]})))
        )
    return AllOf((versions, _test(Name(), kind, given)))


def _nested(call: Call, noun: ResourceType, given: Members) -> Condition:
    """Filters that one and the same element of a list must meet."""
    nested = given["NestedPropertyName"]
    outer = call.properties.find(noun.noun, nested)
    if outer is None or outer.kind != "structure":
        raise ValidationException(NOT_A_LIST.format(name=nested, resource=noun.noun))
    depth = len(outer.path)
    tests: list[Condition] = []
    for each in given["Filters"]:
        if not each["Name"].startswith(f"{nested}."):
            raise ValidationException(NOT_NESTED.format(name=each["Name"], nested=nested))
        value, kind = property_value(call, noun, each["Name"])
        if not isinstance(value, Member) or value.path[depth : depth + 1] != (Each(),):
            raise ValidationException(NOT_A_LIST.format(name=nested, resource=noun.noun))
        tests.append(_test(Member(value.path[depth + 1 :]), kind, each))
    return SomeElement(outer.path, AllOf(tuple(tests)))


def _test(value: Value, kind: str, given: Members) -> Condition:
    name, text = given["Name"], given.get("Value")
    operator = given.get("Operator", "Exists" if text is None else "Equals")
    if operator == "Exists":
        return Compare(value, "exists")
    if operator == "NotExists":
        return Not(Compare(value, "exists"))
    if operator not in _OPERATORS[kind]:
        raise ValidationException(NOT_SUPPORTED.format(operator=operator, name=name))
    if text is None:
        raise ValidationException(NO_VALUE.format(operator=operator, name=name))
    if operator == "In":
        choices = tuple(dict.fromkeys(each.strip() for each in text.split(",")))
        if len(choices) > MOST_CHOICES:
            raise ValidationException(TOO_MANY_CHOICES.format(most=MOST_CHOICES, name=name))
        return _by_index(Compare(value, "in", choices))
    if operator == "Contains":
        return Compare(value, "contains", text)
    operand = _operand(kind, name, text)
    if operator == "NotEquals":
        return Not(_by_index(Compare(value, "=", operand)))
    return _by_index(Compare(value, _ORDERS.get(operator, "="), operand))


def _by_index(test: Compare) -> Condition:
    """The same test, put so that the store can find what meets it: by time or by name."""
    value, comparison, operand = test.value, test.comparison, test.operand
    if isinstance(value, Created):
        return Compare(value, comparison, _milliseconds(operand))
    if value == Member(("LastModifiedTime",)):
        return AllOf((Compare(Modified(), comparison, _milliseconds(operand)), test))
    if isinstance(value, Label) and comparison == "=":
        # The label of a version is the name of its group, and its number.
        return AllOf((Compare(Name(), "=", operand.partition("/")[0]), test))
    return test


def _milliseconds(seconds: float) -> float:
    """A time as the store counts it: as it was written, not as its binary fraction has it."""
    exact = Decimal(repr(seconds)) * 1000
    return int(exact) if exact == int(exact) else float(exact)


def _operand(kind: str, name: str, text: str) -> str | float | bool:
    if kind == "number":
        number = float(text) if _NUMBER.fullmatch(text) else math.inf
        if not math.isfinite(number):
            raise ValidationException(NOT_A_NUMBER.format(value=text, name=name))
        return number
    if kind == "time":
        return _epoch_seconds(name, text)
    if kind == "flag":
        if text.lower() not in ("true", "false"):
            raise ValidationException(NOT_A_FLAG.format(value=text, name=name))
        return text.lower() == "true"
    return text


def _epoch_seconds(name: str, text: str) -> float:
    """A time as AWS has it written; without a zone it is UTC."""
    if not _TIME.fullmatch(text):
        raise ValidationException(NOT_A_TIME.format(value=text, name=name))
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValidationException(NOT_A_TIME.format(value=text, name=name)) from None
