"""The two sides of a comparison: which each is, by what the user typed, and what both hold.

A side is a server, AWS itself or a snapshot. A server has a registry for each account and region,
and is asked for those that the other side is about.
"""

import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from sagemock import resources
from sagemock.api.projection import Projection
from sagemock.api.service_model import ServiceModel
from sagemock.arn import Arn
from sagemock.contents import Contents
from sagemock.own_calls import OWN_CALL
from sagemock.reaching import told_other
from sagemock.registry_reader import Endpoint, Progress, read_registry
from sagemock.registry_view import GroupView, Place, RegistryError, RegistryView, described
from sagemock.resource_type import collect_resource_types
from sagemock.resources.model_package import MODEL_PACKAGE
from sagemock.resources.model_package_group import MODEL_PACKAGE_GROUP
from sagemock.server_client import NoServerError, ask
from sagemock.server_probe import probe
from sagemock.settings import Settings
from sagemock.snapshot import SnapshotError, Snapshots, parsed

NO_SIDE = (
    "'{text}' is neither a server's address nor a snapshot file that exists: write "
    "http://127.0.0.1:4577, aws, aws:PROFILE or the path of a file."
)
NOT_IN_IT = "{text} holds nothing of {wanted}; it holds {places}."
SEVERAL = (
    "{text} holds registries of several places ({places}); choose one with --account-{letter} and "
    "--region-{letter}."
)
OF_ANOTHER = "What {url} holds is of account {owner}, not of {asked}; it is compared all the same."
OF_ONE = (
    "What {url} holds is of account {owner}, whichever is asked for; of {text} only that account "
    "is compared."
)
OF_NONE = (
    "What {url} holds is of account {owner}, whichever is asked for, and {text} holds {places}; "
    "choose one with --account-{letter}."
)
PROFILE_FOR_NOBODY = (
    "Credentials of a profile go to AWS and to https addresses only; leave --profile out."
)
NO_FILE = "There is no snapshot file '{file}'; make one with `sagemock snapshot save {file}`."
UNREADABLE = "The file '{file}' cannot be read: {reason}."
NO_GROUP = "There is no group '{name}' on either side; check its name."

_STORED_POLICY = "resource_policy"
"""Where a stored group has its policy: resources/model_package_group_policy.py puts it there."""

_CONNECT_S = 5
_PORTS = MappingProxyType({"http": 80, "https": 443})

Views = Mapping[Place, RegistryView]
Note = Callable[[str], None]
"""Told in a sentence what a user should know of a comparison."""


@dataclass(frozen=True)
class Side:
    """One side: an endpoint, or else a file. `text` is what the user typed, `letter` A or B."""

    letter: str
    text: str
    account: str | None = None
    region: str | None = None
    endpoint: Endpoint | None = None

    @classmethod
    def of(
        cls,
        letter: str,
        text: str,
        account: str | None = None,
        region: str | None = None,
        *,
        profile: str | None = None,
    ) -> "Side":
        """The side that a user typed. `profile` is for servers at https addresses.

        Errors: RegistryError, it is none; SettingsError, the account or the region is none.
        """
        Settings(account_id=account or Settings.account_id, region=region or Settings.region)
        side = cls(letter, text, account, region)
        kind, _, name = text.partition(":")
        if kind == "aws":
            return replace(side, endpoint=Endpoint(region=region, profile=name or profile))
        if kind.lower() in ("http", "https"):
            used = profile if kind.lower() == "https" else None
            endpoint = Endpoint(text, account, region, used)
            return replace(side, endpoint=endpoint)
        if not Path(text).is_file():
            raise RegistryError(NO_SIDE.format(text=text))
        return side

    @property
    def is_aws(self) -> bool:
        """Whether it is AWS itself."""
        return self.endpoint is not None and self.endpoint.is_aws


def read_both(
    a: Side,
    b: Side,
    *,
    groups: Sequence[str] = (),
    progress: Progress | None = None,
    note: Note = lambda _: None,
) -> tuple[Views, Views]:
    """What both sides hold, narrowed to some groups if any are named.

    A snapshot, and a sagemock where no account or region is chosen, tell of all they have. Any
    other server is asked for the accounts and regions of the snapshot it is held against, or for
    its own. A server of one account, whichever it is asked for, is held against that one.
    Errors: RegistryError, a side cannot be read, a named group is on neither, or it is not clear
    which of several registries of a snapshot is meant.
    """
    is_open = not any(each.account or each.region or each.is_aws for each in (a, b))
    views: dict[str, Views] = {}
    for side in (a, b):
        whole = _of_file(side) if side.endpoint is None else _of_sagemock(side) if is_open else None
        if whole is not None:
            views[side.letter] = {key: _narrowed(view, groups) for key, view in whole.items()}
    if len(views) < len((a, b)):
        endpoints = {each.letter: _marked(each.endpoint) for each in (a, b) if each.endpoint}
        for side, other in ((a, b), (b, a)):
            if side.letter in endpoints:
                # Two servers are held against each other whosever their registries are.
                places = [Place("", "")] if other.endpoint else list(views[other.letter])
                endpoint = endpoints[side.letter]
                told = _asked(endpoint, other, places, groups, progress)
                views[side.letter] = told = _of_its_accounts(endpoint, other, told, note)
                if other.endpoint is None:
                    views[other.letter] = {key: views[other.letter][key] for key in told}
    found = {name for each in views.values() for view in each.values() for name in view.groups}
    for name in groups:
        if name not in found:
            raise RegistryError(NO_GROUP.format(name=name))
    return views[a.letter], views[b.letter]


def _asked(
    endpoint: Endpoint,
    other: Side,
    places: Sequence[Place],
    groups: Sequence[str],
    progress: Progress | None,
) -> Views:
    """What a server answers of these places, under their names, wherever the user sent it."""
    endpoints = {place: _at(place, endpoint) for place in places}
    if len(set(endpoints.values())) < len(endpoints):
        letter = other.letter.lower()
        raise RegistryError(SEVERAL.format(text=other.text, places=_listed(places), letter=letter))
    return {
        place: read_registry(each, groups=groups, progress=progress)
        for place, each in endpoints.items()
    }


def _of_its_accounts(endpoint: Endpoint, other: Side, views: Views, note: Note) -> Views:
    """What was answered, but for accounts that the server has not.

    Servers that know no accounts answer each with the same, as its ARNs tell.
    """
    owners = {place: _owners(view) for place, view in views.items()}
    asked = {place: _at(place, endpoint).account for place in views}
    if not any(asked[place] and owners[place] - {asked[place]} for place in views):
        return views
    known = set().union(*owners.values())
    owner, wanted = _in_words(known), _in_words(each for each in asked.values() if each)
    if len(known) > 1 or len(set(asked.values())) == 1:
        note(OF_ANOTHER.format(url=endpoint.called, owner=owner, asked=wanted))
        return views
    chosen = {place: view for place, view in views.items() if place.account == owner}
    said = {"url": endpoint.called, "owner": owner, "text": other.text}
    if not chosen:
        said |= {"places": _listed(views), "letter": other.letter.lower()}
        raise RegistryError(OF_NONE.format(**said))
    note(OF_ONE.format(**said))
    return chosen


def _owners(view: RegistryView) -> set[str]:
    """The accounts in the ARNs of what a registry holds."""
    groups = (each.members for each in view.groups.values())
    arns = (
        *(str(each.get("ModelPackageGroupArn")) for each in groups),
        *(str(each.get("ModelPackageArn")) for each in view.packages.values()),
    )
    return {arn.account for arn in map(Arn.parse, arns) if arn}


def _in_words(accounts: Iterable[str]) -> str:
    return " and ".join(sorted(set(accounts)))


def _marked(endpoint: Endpoint) -> Endpoint:
    """An endpoint whose calls are told to be a tool's own, if a sagemock is there.

    Errors: RegistryError, what is there speaks the other one of http and https.
    """
    if endpoint.url is None or endpoint.is_aws:
        return endpoint
    found = probe(endpoint.url.rstrip("/"), "/_sagemock/health", _CONNECT_S)
    if found.other is not None:
        # To botocore plain HTTP that is asked in TLS is half a minute of silence.
        raise RegistryError(told_other(endpoint.url, found.other))
    return replace(endpoint, headers=((OWN_CALL, "diff"),)) if found.is_healthy else endpoint


def _at(place: Place, endpoint: Endpoint) -> Endpoint:
    """An endpoint for a place that the other side is about, where the user chose no other."""
    if endpoint.is_aws:
        return endpoint
    account, region = endpoint.account or place.account, endpoint.region or place.region
    return replace(endpoint, account=account or None, region=region or None)


def _of_file(side: Side) -> Views:
    """The registries of a snapshot that the user means; an empty one where it has none."""
    try:
        views = _views_in(parsed(Path(side.text).read_bytes()))
    except OSError as error:
        raise RegistryError(UNREADABLE.format(file=side.text, reason=error.strerror)) from error
    except SnapshotError as error:
        # Its sentence says where and why, and not of which file.
        message = str(error).replace("The snapshot", f"The snapshot {side.text}", 1)
        raise RegistryError(message) from error
    chosen = {
        place: view
        for place, view in views.items()
        if side.account in (None, place.account) and side.region in (None, place.region)
    }
    if views and not chosen:
        wanted = " in ".join(each for each in (side.account, side.region) if each)
        places = _listed(views)
        raise RegistryError(NOT_IN_IT.format(text=side.text, wanted=wanted, places=places))
    return chosen or {Place("", ""): RegistryView()}


def _of_sagemock(side: Side) -> Views | None:
    """The registries of all accounts and regions of a server; None where it does not tell."""
    parts = urlsplit(side.text)
    try:
        # A machine that is not there is not waited for as long as a large answer is.
        address = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        socket.create_connection(address, _CONNECT_S).close()
        views = _views_in(ask(side.text, "/_sagemock/snapshot"))
    except (OSError, NoServerError, SnapshotError):
        # Another server, or one of another version: it is asked in the words of AWS.
        return None
    return views or {Place("", ""): RegistryView()}


def _views_in(content: Any) -> Views:
    nouns = {each.arn_type: each for each in collect_resource_types(resources)}
    # Nothing is loaded: a word that AWS does not know is a difference like any other.
    snapshots = Snapshots(ServiceModel.installed(), nouns, lenient=True)
    return views_of(snapshots.checked(content))


def views_of(contents: Contents) -> Views:
    """The registries in what a store holds, as Describe would tell of them."""
    projection = Projection(ServiceModel.installed().shapes)
    groups: dict[Place, dict[str, dict[str, Any]]] = {}
    versions: dict[Place, dict[str, dict[int, dict[str, Any]]]] = {}
    packages: dict[Place, dict[str, dict[str, Any]]] = {}
    for each in contents.resources:
        place, document = Place(each.account, each.region), dict(each.document)
        tags = [{"Key": key, "Value": value} for key, value in each.tags.items()]
        if each.kind == MODEL_PACKAGE_GROUP.arn_type:
            told = projection.answer("DescribeModelPackageGroupOutput", document, whole=True)
            members = described(told, tags=tags, policy=document.get(_STORED_POLICY))
            groups.setdefault(place, {})[each.name] = members
        elif each.kind == MODEL_PACKAGE.arn_type:
            told = projection.answer("DescribeModelPackageOutput", document, whole=True)
            if each.number:
                numbered = versions.setdefault(place, {}).setdefault(each.name, {})
                numbered[each.number] = described(told)
            else:
                packages.setdefault(place, {})[each.name] = described(told, tags=tags)
    return {
        place: RegistryView(
            groups={
                name: GroupView(members, versions.get(place, {}).get(name, {}))
                for name, members in groups.get(place, {}).items()
            },
            packages=packages.get(place, {}),
        )
        for place in dict.fromkeys((*groups, *packages))
    }


def _narrowed(view: RegistryView, groups: Sequence[str]) -> RegistryView:
    if not groups:
        return view
    return RegistryView({name: view.groups[name] for name in groups if name in view.groups})


def _listed(places: Iterable[Place]) -> str:
    return "; ".join(map(str, places))


def sides(
    a: tuple[str, str | None, str | None],
    b: tuple[str, str | None, str | None],
    *,
    profile: str | None = None,
) -> tuple[Side, Side]:
    """Both sides, each given as text, account and region. Errors: those of `Side.of`."""
    pair = (Side.of("A", *a, profile=profile), Side.of("B", *b, profile=profile))
    if profile is not None and not any(each.endpoint and each.endpoint.profile for each in pair):
        raise RegistryError(PROFILE_FOR_NOBODY)
    return pair


def file_and_server(file: str, url: str) -> tuple[Side, Side]:
    """A snapshot file and a server. Errors: RegistryError, the one is no file, the other none."""
    if not Path(file).is_file():
        raise RegistryError(NO_FILE.format(file=file))
    return Side("A", file), Side("B", url, endpoint=Endpoint(url))
