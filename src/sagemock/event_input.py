"""What a target is sent of an event: a constant, a part of it, or a template filled from it.

The three members are EventBridge's: Input, InputPath, InputTransformer. What is known of them has
one of these sources. "Documented": the user guide's page on input transformation, or the API
reference. "Recorded": LocalStack's answers of AWS, tests/aws/services/events/test_events_inputs.*.
"Reported": the rules of badmintoncryer/cdk-preflight, which say what PutTargets answered. The rest
is "our reading".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from sagemock.arn import partition_of

MOST_CHARACTERS = 8192
MOST_PATH_CHARACTERS = 256
MOST_NAME_CHARACTERS = 256
MOST_VARIABLES = 100

# The words up to the colon are AWS's, less "for target ..." (recorded, reported).
ONE_OF_THREE = (
    "Only one of Input, InputPath, or InputTransformer must be provided: there are {given}."
)
NO_VARIABLE = (
    "InputTemplate contains invalid placeholder {name}: "
    "InputPathsMap has no variable of that name, and it is no predefined one."
)
ONLY_IN_JSON = (
    "InputTemplate contains placeholder {name} valid only for JSON template: "
    "write it as the value of a member of an object, outside quotes."
)
NO_PATH = (
    "{where} is invalid: '{path}' is no JSON path that EventBridge takes. Write it like "
    "$.detail.Containers[0].Image, with names of letters, digits, '_', '-' and '/', or with '*'; "
    "names in brackets, slices and filters are refused."
)

BAD_INPUT = "Input must be valid JSON text, or an object or list to make it of: {reason}."
BAD_TEMPLATE = (
    "InputTemplate must be JSON, or text in double quotes, once its placeholders are filled: "
    "{reason} near '{near}'."
)
NO_MORE = "Nothing can follow a value"
NO_KEY = (
    "InputTemplate has the placeholder {name} in a member's name: "
    "a placeholder cannot be used as an object key."
)
NO_TEXT = "{where} must be text."
NO_MAP = "{where} must be an object."
TOO_LONG = "{where} has {length} characters: it can have {most} at most."
NO_TEMPLATE = "InputTransformer must have an InputTemplate that is not empty."
OTHER_MEMBER = (
    "InputTransformer has no member '{name}': it has InputPathsMap and InputTemplate only."
)
TOO_MANY = "InputPathsMap has {count} variables: it can have {most} at most."
BAD_NAME = (
    "InputPathsMap has a variable '{name}': "
    "a name is made of letters, digits, '_' and '-', 256 of them at most."
)
RESERVED_NAME = "InputPathsMap has a variable '{name}': names that start with 'aws.' are reserved."

_MEMBERS = ("Input", "InputPath", "InputTransformer")
_TEXTS = frozenset(
    {"aws.events.rule-arn", "aws.events.rule-name", "aws.events.event.ingestion-time"}
)
_DOCUMENTS = frozenset({"aws.events.event", "aws.events.event.json"})

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PATH = re.compile(r"\$(?:\.[A-Za-z0-9_/-]+|\.\*|\[[0-9]+\]|\[\*\])*")
_STEP = re.compile(r"\.([A-Za-z0-9_/-]+)|\[([0-9]+)\]|\.\*|\[\*\]")
# An escape, a quote, a placeholder, white space, or what lies between them.
_TOKEN = re.compile(r'\\.|"|<([A-Za-z0-9_.-]+)>|[ \t\r\n]+|[^\\"< \t\r\n]+|.', re.DOTALL)
_ESCAPE_OR_QUOTE = re.compile(r'\\.|"', re.DOTALL)
_SPACE = " \t\r\n"
_NEAR = 20


class EventInputError(ValueError):
    """Input that EventBridge would refuse; the message is a sentence that says where and why."""


@dataclass(frozen=True)
class EventInput:
    """What one target of a rule is sent of an event."""

    rule_name: str
    made_of: "str | _Path | _Template"

    @classmethod
    def of(cls, target: Mapping[str, object], rule_name: str) -> "EventInput":
        """The input a target's Input, InputPath or InputTransformer asks for.

        Its other members are ignored. With none of the three it is the whole envelope. An Input
        that is an object or a list is written as JSON; one that is text is sent as it is.
        Errors: EventInputError, there are several, or the one there is cannot be.
        """
        given = [name for name in _MEMBERS if name in target]
        if len(given) > 1:
            raise EventInputError(ONE_OF_THREE.format(given=" and ".join(given)))
        if "Input" in target:
            return cls(rule_name, _constant(target["Input"]))
        if "InputPath" in target:
            return cls(rule_name, _path("InputPath", target["InputPath"]))
        if "InputTransformer" in target:
            return cls(rule_name, _transformer(target["InputTransformer"]))
        return cls(rule_name, _Path(()))

    @property
    def is_whole(self) -> bool:
        """Whether the envelope goes as it is; the path `$` asks for that too."""
        return isinstance(self.made_of, _Path) and not self.made_of.steps

    def body(self, envelope: Mapping[str, Any], ingestion_time: str) -> str:
        """The text a target is sent, whatever the event holds.

        An InputPath that leads nowhere gives `null` (our reading). A filled template need not be
        JSON: strings go into its quoted texts unescaped (documented).
        """
        if isinstance(self.made_of, str):
            return self.made_of
        if isinstance(self.made_of, _Path):
            found = self.made_of.found_in(envelope)
            return _dumped(found[0] if found else None)
        predefined = self._predefined(envelope, ingestion_time)
        return self.made_of.filled(envelope, predefined)

    def _predefined(self, envelope: Mapping[str, Any], ingestion_time: str) -> dict[str, Any]:
        """The variables that need no path, by name.

        `aws.events.event` has no `detail` (documented), and `detailType` for `detail-type`
        (recorded). AWS writes its `time` in some other way, which is not known: ours is as it was.
        """
        region, account = str(envelope.get("region", "")), str(envelope.get("account", ""))
        return {
            "aws.events.rule-arn": (
                f"arn:{partition_of(region)}:events:{region}:{account}:rule/{self.rule_name}"
            ),
            "aws.events.rule-name": self.rule_name,
            "aws.events.event.ingestion-time": ingestion_time,
            "aws.events.event": {
                "detailType" if name == "detail-type" else name: value
                for name, value in envelope.items()
                if name != "detail"
            },
            "aws.events.event.json": envelope,
        }


class _Path(NamedTuple):
    """A JSON path as its steps: a member's name, an index, or None for all there are."""

    steps: tuple[str | int | None, ...]

    def found_in(self, envelope: Mapping[str, Any]) -> list[Any]:
        """The value it leads to, alone in a list; an empty list if it leads nowhere.

        With a `*` the value is the list of all that is found, which may be empty (our reading).
        """
        found: list[Any] = [envelope]
        several = False
        for step in self.steps:
            if not found and not several:
                return []
            several = several or step is None
            found = [child for node in found for child in _children(node, step)]
        return [found] if several else found


def _children(node: object, step: str | int | None) -> list[Any]:
    if isinstance(node, Mapping):
        if step is None:
            return list(node.values())
        return [node[step]] if step in node else []
    if isinstance(node, list):
        if step is None:
            return node
        return [node[step]] if isinstance(step, int) and step < len(node) else []
    return []


class _Placeholder(NamedTuple):
    """The place of a variable in a template; `quoted` if it lies within a text in quotes."""

    name: str
    quoted: bool


class _Template(NamedTuple):
    """A template cut at its placeholders, and the paths of its variables."""

    pieces: tuple[str | _Placeholder, ...]
    paths: Mapping[str, _Path]

    def filled(self, envelope: Mapping[str, Any], predefined: Mapping[str, Any]) -> str:
        texts = []
        for piece in self.pieces:
            if isinstance(piece, str):
                texts.append(piece)
            elif piece.name in predefined:
                texts.append(_written([predefined[piece.name]], quoted=piece.quoted))
            else:
                found = self.paths[piece.name].found_in(envelope)
                texts.append(_written(found, quoted=piece.quoted))
        return "".join(texts)


def _written(found: list[Any], *, quoted: bool) -> str:
    """A variable's value as it stands in the filled template; none is an empty list.

    Outside quotes it is JSON: a string gets its quotes (documented). Within quotes a string goes in
    unescaped, so that a quote or a line break in it makes bad JSON, as on AWS (documented: "doesn't
    escape values"); an object or a list loses its inner quotes (documented), escaped ones too (our
    reading); numbers, true, false and null are bare (our reading). What is not there is an empty
    text, quoted or not (recorded).
    """
    value = found[0] if found else ""
    if not quoted:
        return _dumped(value)
    if isinstance(value, str):
        return value
    return _ESCAPE_OR_QUOTE.sub(_unless_quote, _dumped(value))


def _unless_quote(match: re.Match[str]) -> str:
    return "" if match[0].endswith('"') else match[0]


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(where: str, value: object, most: int) -> str:
    if not isinstance(value, str):
        raise EventInputError(NO_TEXT.format(where=where))
    if len(value) > most:
        raise EventInputError(TOO_LONG.format(where=where, length=len(value), most=most))
    return value


def _constant(value: object) -> str:
    """The text of an Input. AWS refuses what is no JSON (documented, reported)."""
    if isinstance(value, Mapping | list):
        try:
            value = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise EventInputError(BAD_INPUT.format(reason=error)) from error
        return _text("Input", value, MOST_CHARACTERS)
    text = _text("Input", value, MOST_CHARACTERS)
    try:
        _decoder().decode(text)
    except (ValueError, RecursionError) as error:
        raise EventInputError(BAD_INPUT.format(reason=error)) from error
    return text


def _path(where: str, value: object) -> _Path:
    """The steps of a JSON path.

    Dots, dashes, underscores, letters, digits, slashes, indices and `*` are documented. A name in
    brackets is refused on AWS, for InputPath too, where the API reference allows it (reported).
    """
    text = _text(where, value, MOST_PATH_CHARACTERS)
    if not _PATH.fullmatch(text):
        raise EventInputError(NO_PATH.format(where=where, path=text))
    steps = (match.groups() for match in _STEP.finditer(text))
    return _Path(tuple(name or (int(index) if index else None) for name, index in steps))


def _transformer(value: object) -> _Template:
    if not isinstance(value, Mapping):
        raise EventInputError(NO_MAP.format(where="InputTransformer"))
    for name in value:
        if name not in {"InputPathsMap", "InputTemplate"}:
            raise EventInputError(OTHER_MEMBER.format(name=name))
    paths = _variables(value.get("InputPathsMap", {}))
    if "InputTemplate" not in value:
        raise EventInputError(NO_TEMPLATE)
    template = _text("InputTemplate", value["InputTemplate"], MOST_CHARACTERS).strip(_SPACE)
    if not template:
        raise EventInputError(NO_TEMPLATE)
    return _Template(_pieces(template, paths), paths)


def _variables(value: object) -> dict[str, _Path]:
    """The variables' paths by their names; the limits are those of the API reference."""
    if not isinstance(value, Mapping):
        raise EventInputError(NO_MAP.format(where="InputPathsMap"))
    if len(value) > MOST_VARIABLES:
        raise EventInputError(TOO_MANY.format(count=len(value), most=MOST_VARIABLES))
    for name in value:
        # "AWS" without a dot is accepted (reported).
        if str(name).lower().startswith("aws."):
            raise EventInputError(RESERVED_NAME.format(name=name))
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise EventInputError(BAD_NAME.format(name=name))
        if len(name) > MOST_NAME_CHARACTERS:
            raise EventInputError(BAD_NAME.format(name=name))
    return {name: _path(f"InputPathsMap.{name}", path) for name, path in value.items()}


def _pieces(template: str, paths: Mapping[str, _Path]) -> tuple[str | _Placeholder, ...]:
    """A template cut at its placeholders, without the white space that its JSON does not need.

    JSON is sent minified (documented, in the guide of 2023). Between texts on lines of their own
    the white space stays, so that they stay lines (our reading). `<` and `>` cannot be escaped
    (documented).
    """
    pieces: list[str | _Placeholder] = []
    sample: list[str] = []
    inside: list[str] = []
    quoted, depth = False, 0
    for token in _TOKEN.finditer(template):
        text, name = token[0], token[1]
        if name:
            _check_placeholder(template, name, paths, quoted=quoted)
            inside.append(name)
            pieces.append(_Placeholder(name, quoted))
            # Any value would do outside quotes; within them it must not complete an escape.
            sample.append("null")
        else:
            if text == '"':
                quoted = not quoted
            elif not quoted:
                depth += sum(text.count(each) for each in "{[")
                depth -= sum(text.count(each) for each in "}]")
            sample.append(text)
            if quoted or depth == 0 or text.strip(_SPACE):
                pieces.append(text)
        if inside and not quoted:
            _check_no_key(template[token.end() :], inside[0])
            inside = []
    _check_json("".join(sample))
    return tuple(pieces)


def _check_placeholder(
    template: str, name: str, paths: Mapping[str, _Path], *, quoted: bool
) -> None:
    """Refuse a placeholder that stands for nothing, or for a document where none can be.

    Documents are for JSON objects only (reported), and not for texts in them: documented, but
    whether AWS refuses that is not known.
    """
    if name not in paths and name not in _TEXTS | _DOCUMENTS:
        raise EventInputError(NO_VARIABLE.format(name=name))
    if name in _DOCUMENTS and (quoted or not template.startswith("{")):
        raise EventInputError(ONLY_IN_JSON.format(name=name))


def _check_no_key(rest: str, name: str) -> None:
    """Refuse a placeholder in a member's name, which a colon follows (documented)."""
    if rest.lstrip(_SPACE).startswith(":"):
        raise EventInputError(NO_KEY.format(name=name))


def _check_json(text: str) -> None:
    """Refuse what is not one JSON value after the other, with white space between them."""
    decoder, position = _decoder(), 0
    try:
        while position < len(text):
            _, end = decoder.raw_decode(text, position)
            rest = text[end:].lstrip(_SPACE)
            position = len(text) - len(rest)
            if rest and position == end:
                raise json.JSONDecodeError(NO_MORE, text, end)
    except (ValueError, RecursionError) as error:
        near = text[getattr(error, "pos", position) :][:_NEAR]
        reason = getattr(error, "msg", str(error)).rstrip(": ")
        raise EventInputError(BAD_TEMPLATE.format(reason=reason, near=near)) from error


def _decoder() -> json.JSONDecoder:
    """A reader that only tells whether a text is JSON: its numbers may have any length."""
    return json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_no_constant)


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is no JSON"
    raise ValueError(message)
