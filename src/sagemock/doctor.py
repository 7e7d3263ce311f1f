"""What is wrong with a set-up: versions, the server, the database. Nothing is changed by looking.

What clients are told by variables and the AWS config is looked at in `doctor_clients`. The
environment is given; values that could be secret are never told.
"""

import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit

from sagemock.client_setup import is_address
from sagemock.doctor_clients import ClientView, client_findings, export
from sagemock.doctor_findings import Finding, ok, warning, wrong
from sagemock.server_probe import Probe, probe
from sagemock.settings import Settings
from sagemock.store.failures import StoreError
from sagemock.store.inspection import Inspection, inspect
from sagemock.store.schema import VERSION

DEFAULT_URL = f"http://{Settings.host}:{Settings.port}"
PACKAGES = ("sagemock", "botocore", "boto3", "awscli", "sagemaker", "sagemaker-core")

_TIMEOUT_S = 3.0
_LEAST_PYTHON = (3, 11)
_LEAST_BOTOCORE = (1, 31, 0)
# Older ones do not read AWS_ENDPOINT_URL_SAGEMAKER, nor a services section.
_READS_ENDPOINTS = {"boto3": (1, 28), "awscli": (1, 29)}
# Those that were seen to work: reference of clients, 2.257 and 3.27.
_SAGEMAKER_SDKS = (2, 3)
_LITTLE_ROOM, _NO_ROOM = 100 * 1024 * 1024, 4 * 1024 * 1024


@dataclass(frozen=True)
class Subject:
    """What is looked at. Without a `url` it is that to which the clients are pointed."""

    environment: Mapping[str, str]
    home: Path
    url: str | None = None
    database: str = ""
    versions: Mapping[str, str | None] = field(default_factory=dict)


def installed_versions() -> dict[str, str | None]:
    """The versions of the packages that matter here, None for those that are not installed."""
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def diagnosed(subject: Subject) -> Iterator[Finding]:
    """All findings, in the order in which one would look: versions, clients, server, database."""
    yield from version_findings(subject.versions)
    view = ClientView.of(subject.environment, subject.home)
    yield from client_findings(view, subject.url)
    pointed = view.endpoint("sagemaker")
    url = subject.url or (pointed.url if pointed else DEFAULT_URL)
    served: str | None = None
    if is_address(url):
        found = list(server_findings(url.rstrip("/"), subject.versions.get("sagemock")))
        yield from found
        if found[0].verdict != "wrong":
            served = url.rstrip("/")
    yield from database_findings(subject.database, served)


def version_findings(versions: Mapping[str, str | None]) -> Iterator[Finding]:
    """What Python and the packages beside us are fit for."""
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _LEAST_PYTHON:
        yield wrong("python", f"Python {python} is too old.", "Use Python 3.11 or newer.")
    else:
        yield ok("python", f"Python {python} with sagemock {versions.get('sagemock')}.")
    botocore = versions.get("botocore")
    if botocore is None or numbers(botocore) < _LEAST_BOTOCORE:
        fix = "pip install -U botocore"
        yield wrong("botocore", f"botocore is {botocore or 'missing'}; we need 1.31 or newer.", fix)
    else:
        yield ok("botocore", f"botocore {botocore}, whose model of SageMaker is served.")
    yield from _client_packages(versions)


def _client_packages(versions: Mapping[str, str | None]) -> Iterator[Finding]:
    for name, least in _READS_ENDPOINTS.items():
        found = versions.get(name)
        if found is None:
            continue
        if numbers(found) < least:
            told = f"{name} {found} does not read endpoints from variables or the AWS config."
            fix = f"pip install -U {name}, or pass endpoint_url to each client."
            yield wrong(name, told, fix)
        else:
            yield ok(name, f"{name} {found} reads endpoints from variables and the AWS config.")
    if versions.get("boto3") is None:
        yield ok("boto3", "boto3 is not installed here; clients elsewhere were not looked at.")
    sdk = versions.get("sagemaker")
    if sdk is None:
        return
    if numbers(sdk)[:1] and numbers(sdk)[0] in _SAGEMAKER_SDKS:
        yield ok("sagemaker", f"SageMaker SDK {sdk}, of a line that was tried.")
    else:
        fix = "pip install 'sagemaker>=2.257,<4', if it does not work."
        yield warning("sagemaker", f"SageMaker SDK {sdk} was never tried with sagemock.", fix)


def numbers(version_text: str) -> tuple[int, ...]:
    """The leading numbers of a version, to be compared."""
    found = re.match(r"\d+(?:\.\d+)*", version_text)
    return tuple(map(int, found[0].split("."))) if found else ()


def server_findings(url: str, our_version: str | None) -> Iterator[Finding]:
    """What answers at an address."""
    found = probe(url, "/_sagemock/health", _TIMEOUT_S)
    if not found.is_healthy:
        yield _no_server(url, found)
        return
    theirs = found.members.get("version")
    if theirs == our_version:
        yield ok("server", f"sagemock {theirs} answers at {url}.")
    else:
        told = f"sagemock {theirs} answers at {url}, but {our_version} is installed here."
        yield warning("server", told, "Stop that server and start it again.")
    ready = probe(url, "/_sagemock/ready", _TIMEOUT_S)
    if not ready.is_ready:
        said = ready.members.get("message") or ready.reason or "it does not say why"
        told = f"The server at {url} is not ready: {str(said).rstrip('.')}."
        yield wrong("ready", told, "Look at what it printed; `sagemock wait` waits for it.")


def _no_server(url: str, found: Probe) -> Finding:
    if found.other:
        return wrong("server", found.reason, f"Point clients there: {export(found.other)}")
    if found.answered:
        said = found.members.get("message") or found.reason or f"status {found.status}"
        told = f"What answers at {url} is not sagemock: {str(said).rstrip('.')}."
        return wrong("server", told, "Stop it, or serve on another port: sagemock serve --port 0")
    if _listens(url):
        told = f"Something listens at {url} and does not answer as sagemock does: {found.reason}."
        return wrong("server", told, "Stop it, or serve on another port: sagemock serve --port 0")
    told = f"Nothing listens at {url}: {found.reason}."
    if url != DEFAULT_URL and probe(DEFAULT_URL, "/_sagemock/health", _TIMEOUT_S).is_healthy:
        return wrong(
            "server",
            f"{told.rstrip('.')}; there is a sagemock at {DEFAULT_URL}.",
            f"Point clients there: {export(DEFAULT_URL)}",
        )
    port = urlsplit(url).port
    start = "sagemock serve" if port in (None, Settings.port) else f"sagemock serve --port {port}"
    return wrong("server", told, f"Start one: {start}")


def _listens(url: str) -> bool:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=_TIMEOUT_S):
            return True
    except OSError:
        return False


def database_findings(database: str, served: str | None = None) -> Iterator[Finding]:
    """Whether a server could use the database; `served` is the address of one that answers."""
    if database == ":memory:":
        yield ok("database", "The database is in memory: it ends with the server.")
        return
    path = Path(database).absolute()
    try:
        found = inspect(path)
    except (StoreError, OSError) as error:
        yield wrong("database", str(error), "`sagemock serve --db FILE` takes another file.")
        return
    yield _database(path, found, served)
    folder = next(each for each in path.parents if each.exists())
    unwritable = next(
        (each for each in ([path] if path.exists() else []) + [folder] if not _writable(each)), None
    )
    if not folder.is_dir():
        told = f"{folder} is a file, and the database is to be below it."
        yield wrong("folder", told, "`sagemock serve --db FILE` takes another file.")
        return
    if unwritable is not None and found.holder is None:
        told = f"{unwritable} cannot be written by you, so nothing can be registered."
        yield wrong("folder", told, f"Make it writable: chmod u+w {unwritable}")
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_ROOM:
        grade = wrong if free < _NO_ROOM else warning
        told = f"The disk of {folder} has {free // (1024 * 1024)} MiB left."
        yield grade("disk", told, "Make room on it, or name a file elsewhere with --db.")


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK)


def _database(path: Path, found: Inspection, served: str | None) -> Finding:
    if found.holder is not None:
        process = f" (process {found.holder})" if found.holder else ""
        return ok("database", f"{path} is served by a running sagemock{process}.")
    # Whoever serves a file holds it.
    other = f" It is not that of the server at {served}; --db FILE looks at another."
    return ok("database", _unserved(path, found) + (other if served else ""))


def _unserved(path: Path, found: Inspection) -> str:
    if not found.exists:
        return f"There is no {path} yet; `sagemock serve` makes it."
    if found.is_older:
        told = f"{path} has schema {found.schema}; the next `sagemock serve` brings it to {VERSION}"
        return f"{told}, after a copy of it was put beside it."
    if not found.schema:
        return f"{path} is free; it was not looked into."
    return f"{path} is whole and free, with schema {found.schema}."
