"""What variables and the AWS config tell clients: the endpoint, region, credentials, proxies.

Read as botocore reads them: a variable of the service, then that of all services, then the
services section of the profile, then its `endpoint_url`. No value that could be secret is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sagemock.aws_profile import (
    AwsConfig,
    AwsConfigError,
    Section,
    read_config,
    read_credentials,
)
from sagemock.client_setup import is_address
from sagemock.doctor_findings import Finding, ok, warning, wrong
from sagemock.settings import is_loopback

_SERVICES = {"sagemaker": "SageMaker", "sagemaker_runtime": "SageMaker Runtime"}
_ALL = "AWS_ENDPOINT_URL"
_IGNORE = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
# By these a profile gets its credentials elsewhere.
_OTHER_CREDENTIALS = (
    "credential_process",
    "credential_source",
    "login_session",
    "role_arn",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
)
_OTHER_VARIABLES = (
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


@dataclass(frozen=True)
class Endpoint:
    """Where the clients of a service call, and what told them."""

    url: str
    source: str


@dataclass(frozen=True)
class ClientView:
    """What a client sees that starts in this environment."""

    environment: Mapping[str, str]
    config: AwsConfig = field(default_factory=AwsConfig)
    credentials: Mapping[str, Section] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str], home: Path) -> "ClientView":
        """What is seen with these variables, the AWS config read from where they say."""
        config, credentials = AwsConfig(), dict[str, Section]()
        unreadable = []
        try:
            config = read_config(_file(environment, "AWS_CONFIG_FILE", home, "config"))
        except AwsConfigError as error:
            unreadable.append(str(error))
        try:
            place = _file(environment, "AWS_SHARED_CREDENTIALS_FILE", home, "credentials")
            credentials.update(read_credentials(place))
        except AwsConfigError as error:
            unreadable.append(str(error))
        return cls(environment, config, credentials, tuple(unreadable))

    @property
    def profile_name(self) -> str | None:
        """The profile that is chosen by a variable; botocore looks at them in this order."""
        names = map(self.environment.get, ("AWS_DEFAULT_PROFILE", "AWS_PROFILE"))
        return next((name for name in names if name), None)

    @property
    def profile(self) -> Section:
        """What the AWS config and the credentials file say of the profile, the latter first."""
        name = self.profile_name or "default"
        return {**self.config.profiles.get(name, {}), **self.credentials.get(name, {})}

    def endpoint(self, service: str) -> Endpoint | None:
        """Where the clients of a service call; None is AWS."""
        for variable in (f"{_ALL}_{service.upper()}", _ALL):
            if self.environment.get(variable):
                return Endpoint(self.environment[variable], variable)
        profile = self.profile
        services = self.config.services.get(str(profile.get("services")), {}).get(service, {})
        url = services.get("endpoint_url") if isinstance(services, Mapping) else None
        if url:
            return Endpoint(url, f"[services {profile['services']}] of the AWS config")
        if of_all := profile.get("endpoint_url"):
            name = self.profile_name or "default"
            return Endpoint(str(of_all), f"endpoint_url of the profile '{name}'")
        return None

    def ignores_endpoints(self) -> str | None:
        """What makes botocore look at none of these, if anything does."""
        if self.environment.get(_IGNORE, "").lower() == "true":
            return _IGNORE
        key = _IGNORE.removeprefix("AWS_").lower()
        if _IGNORE not in self.environment and str(self.profile.get(key)).lower() == "true":
            return f"{key} in the AWS config"
        return None


def _file(environment: Mapping[str, str], variable: str, home: Path, name: str) -> Path:
    given = environment.get(variable)
    if not given:
        return home / ".aws" / name
    return home / given[2:] if given.startswith("~/") else Path(given)


def export(url: str | None) -> str:
    """What points this shell at a server; without an address, at that of `sagemock env`."""
    return f'eval "$(sagemock env --url {url})"' if url else 'eval "$(sagemock env)"'


def client_findings(view: ClientView, url: str | None) -> Iterator[Finding]:
    """What is to be said of all of it; `url` is where clients are meant to call, if that is known.

    Clients are not started, and no credentials are fetched.
    """
    for sentence in view.unreadable:
        yield wrong("aws config", sentence, "Mend the file; no AWS client can read it either.")
    yield from _profile(view)
    for service in _SERVICES:
        yield _endpoint(view, service, url)
    yield from _all_services(view, url)
    yield from _ignored(view)
    yield from _region(view, url)
    yield _credentials(view, url)
    yield from _proxy(view)


def _profile(view: ClientView) -> Iterator[Finding]:
    name = view.profile_name
    if name and name not in view.config.profiles and name not in view.credentials:
        told = f"AWS_PROFILE names the profile '{name}', and there is none of that name."
        yield wrong("profile", told, f"sagemock profile create {name}, or unset AWS_PROFILE.")
        return
    services = view.profile.get("services")
    if services is not None and services not in view.config.services:
        told = f"The profile names [services {services}], and the AWS config has no such section."
        yield wrong("profile", told, "sagemock profile create NAME writes both.")
    elif name:
        yield ok("profile", f"The profile '{name}' is there.")


def _endpoint(view: ClientView, service: str, meant: str | None) -> Finding:
    variable, noun = f"{_ALL}_{service.upper()}", _SERVICES[service]
    found = view.endpoint(service)
    if found is None:
        told = f"{variable} is not set: clients of {noun} that are given no endpoint_url call AWS."
        # Who only registers calls no endpoints.
        return (wrong if service == "sagemaker" else warning)(variable, told, export(meant))
    if not is_address(found.url):
        told = f"{found.source} is no address like http://127.0.0.1:4577: '{_plain(found.url)}'."
        return wrong(variable, told, export(meant))
    if meant is not None and not is_same_server(found.url, meant):
        told = f"{found.source} sends clients of {noun} to {found.url}, not to {meant}."
        return wrong(variable, told, export(meant))
    main = view.endpoint("sagemaker")
    if main is not None and is_address(main.url) and not is_same_server(main.url, found.url):
        told = f"{found.source} sends clients of {noun} to {found.url}, those of SageMaker go to"
        return warning(variable, f"{told} {main.url}.", export(meant))
    return ok(variable, f"{found.source} sends clients of {noun} to {found.url}.")


def is_same_server(one: str, other: str) -> bool:
    """Whether two addresses are of one server; this machine has several names."""
    places = []
    for parts in map(urlsplit, (one, other)):
        host = parts.hostname or ""
        places.append((parts.scheme, "localhost" if is_loopback(host) else host, parts.port))
    return places[0] == places[1]


def _plain(url: str) -> str:
    """An address without what is before an @: that is a password."""
    return url.rpartition("@")[2]


def _all_services(view: ClientView, meant: str | None) -> Iterator[Finding]:
    if view.environment.get(_ALL):
        told = f"{_ALL} sends every service there, S3 too; sagemock serves only SageMaker."
        yield warning(_ALL, told, f"unset {_ALL}; {export(meant)}")


def _ignored(view: ClientView) -> Iterator[Finding]:
    reason = view.ignores_endpoints()
    if reason is not None:
        told = f"{reason} makes clients ignore every endpoint that is set: they call AWS."
        yield wrong(_IGNORE, told, f"export {_IGNORE}=false")


def _region(view: ClientView, meant: str | None) -> Iterator[Finding]:
    region = view.environment.get("AWS_DEFAULT_REGION") or view.profile.get("region")
    other = view.environment.get("AWS_REGION")
    if region and other and region != other:
        told = f"boto3 works in {region}, other SDKs, which read AWS_REGION, in {other}."
        yield warning("region", told, "Set AWS_REGION and AWS_DEFAULT_REGION to the same.")
    elif region:
        yield ok("region", f"Clients work in {region}.")
    elif other:
        told = "AWS_REGION is set, but boto3 reads AWS_DEFAULT_REGION."
        yield warning("region", told, f"export AWS_DEFAULT_REGION={other}")
    else:
        told = "There is no region: AWS_DEFAULT_REGION is not set, nor has the profile one."
        yield wrong("region", told, export(meant))


def _credentials(view: ClientView, meant: str | None) -> Finding:
    pair = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    given = [name for name in pair if view.environment.get(name)]
    if len(given) == len(pair):
        return ok("credentials", "There are credentials in variables; any will do.")
    if given:
        (missing,) = set(pair) - set(given)
        told = f"{given[0]} is set, but {missing} is not."
        return wrong("credentials", told, f"export {missing}=test")
    profile = view.profile
    if all(profile.get(name.lower()) for name in pair):
        return ok("credentials", "There are credentials in the profile; any will do.")
    if any(profile.get(name) for name in _OTHER_CREDENTIALS) or any(
        view.environment.get(name) for name in _OTHER_VARIABLES
    ):
        return ok("credentials", "Credentials are fetched from elsewhere; any will do.")
    told = "There are no credentials in variables, nor in the profile; any will do."
    return wrong("credentials", told, export(meant))


def _proxy(view: ClientView) -> Iterator[Finding]:
    found = view.endpoint("sagemaker")
    if found is None or not is_address(found.url):
        return
    parts = urlsplit(found.url)
    variable = f"{parts.scheme}_proxy"
    name = next((name for name in (variable, variable.upper()) if view.environment.get(name)), None)
    without = view.environment.get("no_proxy") or view.environment.get("NO_PROXY") or ""
    if name is None or _bypassed(parts.hostname or "", parts.netloc, without):
        return
    told = f"{name} sends calls to {found.url} to a proxy."
    hosts = ",".join(each for each in (without, parts.hostname or "") if each)
    grade = wrong if is_loopback(parts.hostname or "") else warning
    yield grade("proxy", told, f"export NO_PROXY={hosts} no_proxy={hosts}")


def _bypassed(host: str, host_and_port: str, without: str) -> bool:
    """Whether NO_PROXY names a host: itself, a domain that it is in, or all."""
    names = [name.strip().lstrip(".").lower() for name in without.split(",")]
    return without.strip() == "*" or any(
        name and f".{each}".lower().endswith(f".{name}")
        for name in names
        for each in (host, host_and_port)
    )
