"""YAML documents that stand for JSON: files that people write by hand.

YAML is read as JSON would be. What looks like a date, `on`, `yes`, `12:30`, `007` or `.inf` is
text, and `<<` is a key like any other.
"""

import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import yaml
from yaml.constructor import ConstructorError

from sagemock.json_document import MOST_DEPTH, TOO_DEEP

_NULL = "tag:yaml.org,2002:null"
_BOOL = "tag:yaml.org,2002:bool"
_INT = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"
_STR = "tag:yaml.org,2002:str"
_SEQ = "tag:yaml.org,2002:seq"
_MAP = "tag:yaml.org,2002:map"

Lines = Callable[[Iterable[str | int]], int]
"""The line, from 1, at which stands what a path of keys and positions leads to."""


def parsed(text: str, *, short_forms: bool = False) -> Any:
    """The value of a YAML document, which `check_json` has yet to see.

    With `short_forms` those of CloudFormation are read: `!Ref x` is `{"Ref": "x"}`, and `!Sub x` is
    `{"Fn::Sub": "x"}`.

    Errors: ValueError, it is no YAML, nests too deep, has a key twice or one that is no text, or a
    tag that JSON has no value for.
    """
    return _read(text, _TemplateLoader if short_forms else _JsonLoader)[0]


def parsed_with_lines(text: str) -> tuple[Any, Lines]:
    """The value of a YAML document as `parsed` has it, and where in the text its parts begin.

    Errors: those of `parsed`.
    """
    value, node = _read(text, _JsonLoader)
    return value, lambda path: _line(node, path)


def _read(text: str, kind: type["_JsonLoader"]) -> tuple[Any, yaml.Node | None]:
    """The value of a document and the node it was made of; an empty one has none."""
    try:
        loader = kind(text)
        node = loader.get_single_node()
        return (None if node is None else loader.construct_document(node)), node
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        message = f"{error.problem or error.context}{where}"
        raise ValueError(message) from error
    except yaml.YAMLError as error:
        message = " ".join(str(error).split())
        raise ValueError(message) from error
    except OverflowError as error:
        message = "an escape in it is no character"
        raise ValueError(message) from error
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def _line(node: yaml.Node | None, path: Iterable[str | int]) -> int:
    """The line of the key, or of the element, that a path leads to; of the last there is of it."""
    mark = node.start_mark if node is not None else None
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next((each for each in node.value if each[0].value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            found = next(((each, each) for each in node.value[step : step + 1]), None)
        else:
            found = None
        if found is None:
            break
        mark, node = found[0].start_mark, found[1]
    return mark.line + 1 if mark else 1


def check_json(value: object, most: int) -> None:
    """Refuse what JSON cannot say; `most` is how many characters and values there can be in all.

    An alias counts as what it stands for, so that nobody who walks the value walks for ever.
    Errors: ValueError.
    """
    size, height = _measured(value, {}, 0)
    if height > MOST_DEPTH:
        raise ValueError(TOO_DEEP)
    if size > most:
        message = f"it has more than {most} characters once its aliases are written out"
        raise ValueError(message)


class _JsonLoader(yaml.SafeLoader):
    """YAML with the values of JSON and no others; a key is text and stands once in its mapping."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML's types have it
        None: [
            (_NULL, re.compile(r"(?:~|null|Null|NULL)?\Z")),
            (_BOOL, re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")),
            (_INT, re.compile(r"-?(?:0|[1-9][0-9]*)\Z")),
            (_FLOAT, re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")),
        ]
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - as PyYAML calls it
        """A mapping. Errors: ConstructorError, a key is no text or stands in it twice."""
        given: set[str] = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if not isinstance(key, yaml.ScalarNode) or key.tag != _STR:
                problem = "a key is no text; put it in quotes"
                raise ConstructorError(None, None, problem, key.start_mark)
            if key.value in given:
                problem = f"the key {key.value[:80]!r} stands twice in one mapping"
                raise ConstructorError(None, None, problem, key.start_mark)
            given.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_json(self, node: yaml.ScalarNode) -> Any:
        """A number, true or false. Errors: ConstructorError, it has that tag and is none."""
        text = str(self.construct_scalar(node))
        try:
            return json.loads(text.lower())
        except ValueError as error:
            problem = f"{text[:80]!r} is no value that can be read"
            raise ConstructorError(None, None, problem, node.start_mark) from error

    yaml_constructors: ClassVar[dict[Any, Any]] = {
        _NULL: yaml.SafeLoader.construct_yaml_null,
        _BOOL: construct_json,
        _INT: construct_json,
        _FLOAT: construct_json,
        _STR: yaml.SafeLoader.construct_yaml_str,
        _SEQ: yaml.SafeLoader.construct_yaml_seq,
        _MAP: yaml.SafeLoader.construct_yaml_map,
        None: yaml.SafeLoader.construct_undefined,
    }


class _TemplateLoader(_JsonLoader):
    """YAML of CloudFormation: a tag of its own is short for an object with one member."""

    def construct_short_form(self, name: str, node: yaml.Node) -> dict[str, Any]:
        """What a tag is short for."""
        value: Any = None
        if isinstance(node, yaml.MappingNode):
            value = self.construct_mapping(node, deep=True)
        elif isinstance(node, yaml.SequenceNode):
            value = self.construct_sequence(node, deep=True)
        elif isinstance(node, yaml.ScalarNode):
            value = self.construct_scalar(node)
        return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}

    yaml_multi_constructors: ClassVar[dict[Any, Any]] = {"!": construct_short_form}


def _measured(value: object, known: dict[int, tuple[int, int]], above: int) -> tuple[int, int]:
    """How many characters and values there are, and how deep they nest; each is looked at once."""
    if id(value) in known:
        return known[id(value)]
    if above > MOST_DEPTH:
        # An alias that lies within what it stands for comes here too.
        raise ValueError(TOO_DEEP)
    if isinstance(value, dict | list):
        parts = value
        if isinstance(value, dict):
            _check_keys(value)
            parts = [part for member in value.items() for part in member]
        inside = [_measured(part, known, above + 1) for part in parts]
        size = 1 + sum(each for each, _ in inside)
        known[id(value)] = size, 1 + max((height for _, height in inside), default=0)
    else:
        _check_scalar(value)
        known[id(value)] = (len(value) if isinstance(value, str) else 1), 0
    return known[id(value)]


def _check_keys(value: dict[Any, Any]) -> None:
    for key in value:
        if not isinstance(key, str):
            message = f"the key {str(key)[:80]} is no text; put it in quotes"
            raise ValueError(message)  # noqa: TRY004 - it is the content that is wrong


def _check_scalar(value: object) -> None:
    if value is not None and not isinstance(value, str | int | float):
        message = f"a {type(value).__name__} in it is no value of JSON"
        raise ValueError(message)
    if isinstance(value, float) and not math.isfinite(value):
        message = "a number in it is too large, or none"
        raise ValueError(message)
    if isinstance(value, str) and any("\ud800" <= each <= "\udfff" for each in value):
        message = f"{value[:80]!r} holds half of a character"
        raise ValueError(message)
