"""Profiles of the AWS config by which SDKs find a server: read, planned, written.

The file belongs to its user: what is in it stays as it is, byte by byte; a new profile is put
behind it. The syntax is that of botocore, which reads it with `configparser`.
"""

import configparser
import os
import re
import shlex
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path

from sagemock.client_setup import TEST_KEY, ClientSetup

CONFIG = "~/.aws/config"
CREDENTIALS = "~/.aws/credentials"

Section = Mapping[str, str | Mapping[str, str]]

_NAME = re.compile(r"[A-Za-z0-9._@+/:-]+")
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700


class AwsConfigError(Exception):
    """The AWS config cannot be read, or not be changed so; the message is a sentence."""


@dataclass(frozen=True)
class AwsConfig:
    """What the AWS config says: profiles and sections of services, by their names."""

    profiles: Mapping[str, Section] = field(default_factory=dict)
    services: Mapping[str, Section] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """A file as it is and as it will be; `before` is None where there is none yet."""

    path: Path
    before: bytes | None
    after: bytes

    @property
    def needed(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after

    def diff(self) -> list[str]:
        """The change as lines of a unified diff."""
        before, after = (
            (content or b"").decode("utf-8").splitlines() for content in (self.before, self.after)
        )
        name = str(self.path)
        return list(unified_diff(before, after, name, name, lineterm=""))


def read_config(path: Path) -> AwsConfig:
    """What a file of the AWS config says; one that is not there says nothing.

    Errors: AwsConfigError, it cannot be read.
    """
    return parsed(_text(path, _content(path)), path)


def read_credentials(path: Path) -> Mapping[str, Section]:
    """The profiles of a credentials file, where each section is one. Errors: AwsConfigError."""
    return _sections(_text(path, _content(path)), path)


def parsed(text: str, path: Path) -> AwsConfig:
    """What the text of an AWS config says. Errors: AwsConfigError, it has another syntax."""
    profiles: dict[str, Section] = {}
    services: dict[str, Section] = {}
    for header, section in _sections(text, path).items():
        try:
            kind, *names = shlex.split(header)
        except ValueError:
            continue
        if header == "default":
            profiles[header] = section
        elif kind == "profile" and len(names) == 1:
            # `[default]` and `[profile default]` are one; the latter wins, as in botocore.
            profiles[names[0]] = section
        elif kind == "services" and len(names) == 1:
            services[names[0]] = section
    return AwsConfig(profiles, services)


def planned(path: Path, name: str, setup: ClientSetup) -> Change:
    """The change that gives a file a profile of this name, and its section of services.

    Nothing is left to do where both are there already.
    Errors: AwsConfigError, the name cannot be, is taken by another profile, or the file cannot be
    read.
    """
    if not _NAME.fullmatch(name):
        raise AwsConfigError(f"The name of a profile is letters, digits and ._@+/:-, not '{name}'.")
    before = _content(path)
    text = _text(path, before)
    config = parsed(text, path)
    services_name = f"{name}-sagemock"
    profile, services = _profile(setup, services_name), _services(setup)
    lines: list[str] = []
    if name not in config.profiles:
        lines += ["[default]" if name == "default" else f"[profile {name}]", *_told(profile), ""]
    elif config.profiles[name] != profile:
        raise AwsConfigError(
            f"There is a profile '{name}' in {path} already, with other content; choose another"
            " name, or delete that profile first."
        )
    if services_name not in config.services:
        lines += [f"[services {services_name}]", *_told(services), ""]
    elif config.services[services_name] != services:
        raise AwsConfigError(
            f"There is a section [services {services_name}] in {path} already, with other content;"
            " choose another name, or delete that section first."
        )
    if not lines:
        return Change(path, before, before or b"")
    return Change(path, before, (before or b"") + _appended(text, lines))


def write(change: Change) -> None:
    """Put the new content in the place of the old one: all of it, or nothing.

    Its permissions stay; a new file, and a new folder, are their owner's alone. A link stays one.
    Errors: AwsConfigError, it cannot be written, or was changed since it was read.
    """
    path = change.path.resolve()
    try:
        path.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(change.after)
                file.flush()
                os.fsync(file.fileno())
            mode = _PRIVATE_FILE if change.before is None else path.stat().st_mode & 0o7777
            Path(name).chmod(mode)
            _refuse_changed(change, path)
            Path(name).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise AwsConfigError(f"Cannot write {change.path}: {error.strerror}.") from error


def _refuse_changed(change: Change, path: Path) -> None:
    if _content(path) != change.before:
        raise AwsConfigError(
            f"{change.path} was changed by somebody else meanwhile and is left as it is; try again."
        )


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AwsConfigError(f"Cannot read {path}: {error.strerror}.") from error


def _text(path: Path, content: bytes | None) -> str:
    try:
        return (content or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise AwsConfigError(f"Cannot read {path}: it is not UTF-8.") from error


def _sections(text: str, path: Path) -> dict[str, Section]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text, source=str(path))
    except configparser.Error as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise AwsConfigError(f"Cannot read {path}: {reason}.") from error
    return {
        header: {name: _value(value) for name, value in parser.items(header)}
        for header in parser.sections()
    }


def _value(text: str) -> str | Mapping[str, str]:
    """A value, or those of the indented lines below its name."""
    if not text.startswith("\n"):
        return text
    pairs = (line.partition("=") for line in text.splitlines() if line.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _profile(setup: ClientSetup, services_name: str) -> Section:
    return {
        "region": setup.region,
        "aws_access_key_id": setup.access_key,
        "aws_secret_access_key": TEST_KEY,
        "services": services_name,
    }


def _services(setup: ClientSetup) -> Section:
    endpoint = {"endpoint_url": setup.url}
    return {"sagemaker": endpoint, "sagemaker_runtime": endpoint}


def _told(section: Section) -> list[str]:
    lines = []
    for name, value in section.items():
        if isinstance(value, str):
            lines.append(f"{name} = {value}")
        else:
            lines += [f"{name} =", *(f"  {key} = {below}" for key, below in value.items())]
    return lines


def _appended(text: str, lines: list[str]) -> bytes:
    """The lines as they go on behind a text, in its own line ends, after a blank line."""
    end = "\r\n" if "\r\n" in text else "\n"
    gap = ""
    if text:
        gap = "" if text.endswith("\n") else end
        gap += "" if re.search(r"\n\r?\n\Z", text) else end
    return (gap + end.join(lines)).encode("utf-8")
