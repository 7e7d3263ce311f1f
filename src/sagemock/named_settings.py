"""Settings by their names: from keyword arguments, and from lines of a configuration file."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from sagemock.settings import Settings, SettingsError

_IN_MEMORY = ":memory:"
_NOUNS = {
    Path: "a file's name",
    str: "text",
    bool: "true or false",
    float: "a number",
    int: "a whole number",
}
_WORDS = {"true": True, "yes": True, "on": True, "1": True}
_WORDS |= {"false": False, "no": False, "off": False, "0": False}


def settings_for_tests(named: Mapping[str, Any], beside: Iterable[str] = ()) -> Settings:
    """The settings of a server for tests: in memory and on a free port, where not named.

    Errors: SettingsError, there is no such setting, and none among the names `beside`; or it
    cannot be.
    """
    types = get_type_hints(Settings)
    for name in named:
        if name not in types:
            raise SettingsError(unknown_setting(name, [*types, *beside]))
    typed = {name: _typed(name, value, types[name]) for name, value in named.items()}
    return Settings(**{"db": _IN_MEMORY, "port": 0, **typed})


def unknown_setting(name: str, names: Iterable[str]) -> str:
    """That there is no such setting, and which one may be meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - for mistakes alone

    near = get_close_matches(name, names, n=1, cutoff=0.5)
    meant = f"did you mean '{near[0]}'?" if near else "README lists those there are."
    return f"sagemock has no setting '{name}'; {meant}"


def _typed(name: str, value: Any, kind: Any) -> Any:
    """A value of the setting's type, lists as tuples; one alone is a list of one.

    Errors: SettingsError, it is of another type.
    """
    if get_origin(kind) is tuple:
        element = get_args(kind)[0]
        if isinstance(value, list | tuple):
            return tuple(_element_typed(name, each, element) for each in value)
        if get_origin(element) is not tuple:
            return (_element_typed(name, value, element),)
        raise SettingsError(f"{name} is a list of pairs, not {value!r}.")
    if get_origin(kind) is Mapping:
        if not isinstance(value, Mapping):
            raise SettingsError(f"{name} is a dictionary, not {value!r}.")
        element = get_args(kind)[1]
        return {key: _element_typed(name, each, element) for key, each in value.items()}
    return _element_typed(name, value, kind)


def _element_typed(name: str, value: Any, kind: Any) -> Any:
    """One value; a pair as a tuple. Errors: SettingsError, it is of another type."""
    if get_origin(kind) is tuple:
        if (
            isinstance(value, list | tuple)
            and len(value) == len(get_args(kind))
            and all(isinstance(each, str) for each in value)
        ):
            return tuple(value)
        raise SettingsError(f"{name} has pairs of two texts, not {value!r}.")
    kinds = set(get_args(kind)) or {kind}
    if float in kinds:
        kinds.add(int)
    # True is a number to Python, and a mistake here.
    if type(value) in kinds or (isinstance(value, tuple(kinds)) and not isinstance(value, bool)):
        return value
    noun = next(noun for each, noun in _NOUNS.items() if each in kinds)
    quoted = f"; put it in quotes: '{value}'" if str in kinds and type(value) is int else ""
    raise SettingsError(f"{name} is {noun}, not {value!r}{quoted}.")


def read_lines(lines: Iterable[str], folder: Path) -> dict[str, Any]:
    """Settings from lines as `name = value`, each as the type it has; files lie in the folder.

    What can be given more than once takes a line each: `sinks = file=events.jsonl`,
    `access_keys = KEY=ACCOUNT`.
    Errors: SettingsError, a line names no setting, or its value is not of the setting's type.
    """
    types = get_type_hints(Settings)
    read: dict[str, Any] = {}
    for line in lines:
        name, equals, text = (part.strip() for part in line.partition("="))
        if not equals:
            raise SettingsError(f"A setting is given as name = value, not '{line}'.")
        if name not in types:
            raise SettingsError(unknown_setting(name, types))
        value = _value(name, text, types[name], folder)
        if isinstance(value, tuple):
            value = read.get(name, ()) + value
        elif isinstance(value, dict):
            value = read.get(name, {}) | value
        read[name] = value
    return read


def _value(name: str, text: str, kind: Any, folder: Path) -> Any:
    """One line's value, as the setting's type has it."""
    if get_origin(kind) is tuple:
        return (_element(name, text, get_args(kind)[0], folder),)
    if get_origin(kind) is Mapping:
        key, value = _pair(name, text)
        return {key: _element(name, value, get_args(kind)[1], folder)}
    kinds = {kind, *get_args(kind)}
    if bool in kinds:
        if text.lower() not in _WORDS:
            raise SettingsError(f"{name} is true or false, not '{text}'.")
        return _WORDS[text.lower()]
    for number, noun in ((int, "a whole number"), (float, "a number")):
        if number in kinds:
            try:
                return number(text)
            except ValueError as error:
                raise SettingsError(f"{name} is {noun}, not '{text}'.") from error
    return text if text == _IN_MEMORY else _element(name, text, kind, folder)


def _element(name: str, text: str, kind: Any, folder: Path) -> Any:
    """A pair, a file, or the text itself."""
    if get_origin(kind) is tuple:
        return _pair(name, text)
    return folder / text if Path in get_args(kind) else text


def _pair(name: str, text: str) -> tuple[str, str]:
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals:
        raise SettingsError(f"{name} is given as {name} = KEY=VALUE, not '{name} = {text}'.")
    return key, value
