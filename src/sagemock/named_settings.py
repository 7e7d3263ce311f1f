"""Settings by their names: from keyword arguments, and from lines of a configuration file."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from sagemock.settings import Settings, SettingsError

_IN_MEMORY = ":memory:"
_WORDS = {"true": True, "yes": True, "on": True, "1": True}
_WORDS |= {"false": False, "no": False, "off": False, "0": False}


def settings_for_tests(named: Mapping[str, Any], beside: Iterable[str] = ()) -> Settings:
    """The settings of a server for tests: in memory and on a free port, where not named.

    Errors: SettingsError, there is no such setting, and none among the names `beside`; or it
    cannot be.
    """
    names = {each.name for each in fields(Settings)}
    for name in named:
        if name not in names:
            raise SettingsError(unknown_setting(name, [*names, *beside]))
    try:
        return Settings(**{"db": _IN_MEMORY, "port": 0, **named})
    except (AttributeError, TypeError) as error:
        # A value of another type, which what checks its content trips over.
        told = ", ".join(f"{name}={value!r}" for name, value in named.items())
        raise SettingsError(f"The settings {told} cannot be: {error}.") from error


def unknown_setting(name: str, names: Iterable[str]) -> str:
    """That there is no such setting, and which one may be meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - for mistakes alone

    near = get_close_matches(name, names, n=1, cutoff=0.5)
    meant = f"did you mean '{near[0]}'?" if near else "README lists those there are."
    return f"sagemock has no setting '{name}'; {meant}"


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
