"""Reads a registry from whatever answers the API: sagemock, another local server, AWS itself.

Only List, Describe and Get operations are called. A local server is called with credentials that
are none; the user's own go to AWS, or where a profile is named.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sagemock.nobodys_session import in_one_line, session_of_nobody
from sagemock.operation import Members
from sagemock.registry_view import (
    POLICY,
    TAGS,
    GroupView,
    RegistryError,
    RegistryView,
    described,
)
from sagemock.settings import Settings, is_loopback

NO_SERVER = (
    "There is no server at {called}: {reason}; start one with `sagemock serve`, or name the "
    "address of the one that runs."
)
NO_REGISTRY = (
    "{called} does not answer as a model registry does ({reason}); name the address of a server "
    "that speaks SageMaker's API."
)
REFUSED = "{called} refuses {operation}: {code}, {reason}; check who may call it there."
FAILED = "{called} cannot tell what it holds: {operation} answers {code}, {reason}."
IMPOSSIBLE = "{called} cannot be asked: {reason}; {fix}."
NO_URL = "The address of a server looks like http://127.0.0.1:4577, not '{url}'."
PROFILE_FOR_HTTP = (
    "Credentials of a profile are only sent to https addresses, not to {url}; leave --profile out."
)

_AWS_HOST = re.compile(r".*\.(amazonaws\.com(\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)")
_AWS_REGION = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.")
_AT_ONCE = 8
_PAGE = 100
_ATTEMPTS = 3
_CONNECT_S = 10
_SERVER_ERROR = 500
_NOT_FOUND = 404
_NOT_SERVED = frozenset({"UnknownOperationException", "UnknownOperation", "NotImplemented"})
_WHAT_PARSERS_RAISE = (ValueError, LookupError, TypeError, AttributeError)
_REFUSALS = ("AccessDenied", "UnrecognizedClient", "InvalidClientToken", "Signature", "Expired")

Progress = Callable[[int, int], None]
"""Told how many of how many things are read."""

T = TypeVar("T")


class NotToldError(RegistryError):
    """What a server does not answer, because it does not serve the operation."""


@dataclass(frozen=True)
class Endpoint:
    """Where a registry is, and whose: of AWS itself where there is no `url`.

    At a local server the account is the access key; without one it is the server's own choice.
    With `profile` the user's own credentials are used, from there. `headers` go with each call.
    """

    url: str | None = None
    account: str | None = None
    region: str | None = None
    profile: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.url is None:
            return
        try:
            parts = urlsplit(self.url)
            _ = parts.port
        except ValueError:
            raise RegistryError(NO_URL.format(url=self.url)) from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RegistryError(NO_URL.format(url=self.url))
        if self.profile is not None and parts.scheme == "http":
            raise RegistryError(PROFILE_FOR_HTTP.format(url=self.url))

    @property
    def called(self) -> str:
        """Its name, for people."""
        if self.url is not None:
            return self.url
        return "AWS" if self.profile is None else f"AWS (profile {self.profile})"

    @property
    def is_aws(self) -> bool:
        """Whether the user's own credentials belong there without being asked for."""
        return self.url is None or bool(
            self.url.startswith("https:") and _AWS_HOST.fullmatch(self._host)
        )

    @property
    def _host(self) -> str:
        return urlsplit(self.url or "").hostname or ""

    def client(self) -> Any:
        """A client of botocore's for it. Errors: RegistryError, such as missing credentials."""
        from botocore.config import Config  # noqa: PLC0415 - slow to import
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - the same

        own = self.is_aws or self.profile is not None
        options: Members = {
            "retries": {"total_max_attempts": _ATTEMPTS, "mode": "standard"},
            "connect_timeout": _CONNECT_S,
            "max_pool_connections": _AT_ONCE,
            # AWS is AWS here, also while a variable sends everybody else to sagemock.
            "ignore_configured_endpoint_urls": True,
        }
        if is_loopback(self._host):
            options["proxies"] = {}
        try:
            session = _session(self.profile) if own else session_of_nobody()
            if own and session.get_credentials() is None:
                raise self.impossible("there are no credentials for it")
            session.register("before-call.sagemaker", self._add_headers)
            return session.create_client(
                "sagemaker",
                region_name=self._region(session if own else None),
                endpoint_url=self.url,
                config=Config(**options),
                **({} if own else _keys_of(self.account)),
            )
        except (BotoCoreError, ValueError) as error:
            if isinstance(error, RegistryError):
                raise
            raise self.impossible(error) from error

    def _add_headers(self, params: Members, **_: Any) -> None:
        params["headers"].update(self.headers)

    def _region(self, session: Any) -> str | None:
        if self.region is not None:
            return self.region
        named = _AWS_REGION.search(self._host) if self.is_aws else None
        if named is not None:
            return named[1]
        if session is None:
            return Settings.region
        region: str | None = session.get_config_variable("region")
        return region

    def impossible(self, reason: object) -> RegistryError:
        """What to say when it cannot be asked for this reason."""
        fix = "log in, or name a profile that has credentials and a region"
        return RegistryError(
            IMPOSSIBLE.format(called=self.called, reason=in_one_line(reason), fix=fix)
        )


def _session(profile: str | None) -> Any:
    from botocore.session import Session  # noqa: PLC0415 - slow to import

    return Session(profile=profile)


def _keys_of(account: str | None) -> Members:
    return {"aws_access_key_id": account or "test", "aws_secret_access_key": "test"}


class Asked:
    """One endpoint that is asked; to be closed. Errors of all its methods: RegistryError."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._called = endpoint.called
        self._is_aws = endpoint.is_aws
        self._endpoint = endpoint
        self._client = endpoint.client()

    def __call__(self, operation: str, proof: str, **members: Any) -> Members | None:
        """The answer to one call; None where what is asked for is not there.

        An answer without the member `proof` is none of a registry.
        Errors: NotToldError, a server other than AWS does not serve the operation.
        """
        from botocore import xform_name  # noqa: PLC0415 - slow to import
        from botocore.exceptions import (  # noqa: PLC0415 - the same
            BotoCoreError,
            ClientError,
            ConnectionError,  # noqa: A004 - botocore's name
            HTTPClientError,
        )
        from botocore.parsers import ResponseParserError  # noqa: PLC0415 - the same

        try:
            answer: Members = getattr(self._client, xform_name(operation))(**members)
        except ClientError as error:
            refusal = self._refusal(operation, error.response)
            if refusal is None:
                return None
            raise refusal from error
        except (ConnectionError, HTTPClientError) as error:
            message = NO_SERVER.format(called=self._called, reason=in_one_line(error))
            raise RegistryError(message) from error
        except BotoCoreError as error:
            raise self._endpoint.impossible(error) from error
        except (ResponseParserError, *_WHAT_PARSERS_RAISE) as error:
            raise self._strange("its answer cannot be read") from error
        if proof not in answer:
            raise self._strange(f"there is no {proof} in its answer")
        return answer

    def all(self, operation: str, member: str, **members: Any) -> list[Members] | None:
        """The rows of a list from all its pages; None where what is asked for is not there."""
        rows: list[Members] = []
        token: Members = {}
        while True:
            page = self(operation, member, **members, **token)
            if page is None:
                return None
            rows += page[member]
            following = page.get("NextToken")
            if not following:
                return rows
            if {"NextToken": following} == token:
                raise self._strange(f"{operation} does not come to an end")
            token = {"NextToken": following}

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _refusal(self, operation: str, answer: Members) -> RegistryError | None:
        """What an error is to us; None for one that says that something is not there."""
        told = answer.get("Error", {})
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code, reason = str(told.get("Code", "?")), in_one_line(told.get("Message", ""))
        if code in _NOT_SERVED or (status >= _SERVER_ERROR and not self._is_aws):
            # A page in HTML says nothing that fits a sentence.
            if "<" in reason or not code[:1].isalpha():
                return NotToldError(self._strangely(f"status {status} to {operation}"))
            said = FAILED.format(called=self._called, operation=operation, code=code, reason=reason)
            return NotToldError(said)
        if code == "ResourceNotFound" or (
            code == "ValidationException"
            and ("does not exist" in reason or "Cannot find" in reason)
        ):
            return None
        if status == _NOT_FOUND or not code[:1].isalpha():
            return self._strange(f"status {status} to {operation}")
        words = REFUSED if any(each in code for each in _REFUSALS) else FAILED
        return RegistryError(
            words.format(called=self._called, operation=operation, code=code, reason=reason)
        )

    def _strange(self, reason: str) -> RegistryError:
        return RegistryError(self._strangely(reason))

    def _strangely(self, reason: str) -> str:
        return NO_REGISTRY.format(called=self._called, reason=reason)


def read_registry(
    endpoint: Endpoint, *, groups: Sequence[str] = (), progress: Progress | None = None
) -> RegistryView:
    """What a registry holds now; with `groups` only those of them that it has, and no packages.

    Errors: RegistryError.
    """
    asked = Asked(endpoint)
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        return _Reading(asked, pool, progress).registry(groups)
    finally:
        pool.shutdown(cancel_futures=True)
        asked.close()


class _Reading:
    """The reading of one registry, many calls at once."""

    def __init__(self, asked: Asked, pool: ThreadPoolExecutor, progress: Progress | None) -> None:
        self._asked = asked
        self._pool = pool
        self._progress = progress
        self._untold: set[str] = set()

    def registry(self, wanted: Sequence[str]) -> RegistryView:
        names = self._names(wanted)
        arns = dict(zip(names, self._many(self._versions, names), strict=True))
        packages = [] if wanted else self._unversioned()
        self._find_out_what_is_told(names[:1], packages[:1])
        versions = [arn for each in arns.values() for arn in each or ()]
        things: list[tuple[Callable[[str], Any], str]] = [
            *((self._group, name) for name in names),
            *((self._version, arn) for arn in versions),
            *((self._package, arn) for arn in packages),
        ]
        read = iter(list(self._counted(things)))
        found = {name: next(read) for name in names}
        documents = {arn: next(read) for arn in versions}
        unversioned = [next(read) for _ in packages]
        return RegistryView(
            groups={
                name: GroupView(members, _numbered(documents[arn] for arn in arns[name] or ()))
                # What was deleted since it was listed is not there.
                for name, members in found.items()
                if members is not None
            },
            packages={each["ModelPackageName"]: each for each in unversioned if each is not None},
            untold=frozenset(self._untold),
        )

    def _counted(self, things: Sequence[tuple[Callable[[str], T], str]]) -> Iterator[T]:
        for done, each in enumerate(self._many(lambda thing: thing[0](thing[1]), things), 1):
            if self._progress is not None:
                self._progress(done, len(things))
            yield each

    def _many(self, read: Callable[[Any], T], things: Iterable[Any]) -> Iterator[T]:
        return self._pool.map(read, things)

    def _names(self, wanted: Sequence[str]) -> list[str]:
        if wanted:
            return list(dict.fromkeys(wanted))
        member = "ModelPackageGroupSummaryList"
        rows = self._asked.all("ListModelPackageGroups", member, MaxResults=_PAGE)
        return [row["ModelPackageGroupName"] for row in rows or ()]

    def _versions(self, group: str) -> list[str] | None:
        return self._packages(ModelPackageGroupName=group)

    def _unversioned(self) -> list[str]:
        return self._packages(ModelPackageType="Unversioned") or []

    def _packages(self, **asked: str) -> list[str] | None:
        member = "ModelPackageSummaryList"
        rows = self._asked.all("ListModelPackages", member, MaxResults=_PAGE, **asked)
        return None if rows is None else [row["ModelPackageArn"] for row in rows]

    def _find_out_what_is_told(self, groups: Sequence[str], packages: Sequence[str]) -> None:
        """Ask once for what some servers do not have, so that they are not asked for all."""
        asked = ((POLICY, self._policy, groups), (TAGS, self._tags, packages))
        for member, read, things in asked:
            try:
                for each in things:
                    read(each)
            except NotToldError:
                self._untold.add(member)

    def _group(self, name: str) -> Members | None:
        proof = "ModelPackageGroupArn"
        group = self._asked("DescribeModelPackageGroup", proof, ModelPackageGroupName=name)
        if group is None:
            return None
        policy = None if POLICY in self._untold else self._policy(name)
        return described(group, tags=self._tags(group[proof]), policy=policy)

    def _policy(self, group: str) -> str | None:
        told = self._asked("GetModelPackageGroupPolicy", POLICY, ModelPackageGroupName=group)
        return None if told is None else told[POLICY]

    def _tags(self, arn: str) -> list[Members]:
        return self._asked.all("ListTags", TAGS, ResourceArn=arn) or []

    def _version(self, arn: str) -> Members | None:
        package = self._asked("DescribeModelPackage", "ModelPackageArn", ModelPackageName=arn)
        return None if package is None else described(package)

    def _package(self, arn: str) -> Members | None:
        package = self._asked("DescribeModelPackage", "ModelPackageArn", ModelPackageName=arn)
        if package is None:
            return None
        return described(package, tags=() if TAGS in self._untold else self._tags(arn))


def _numbered(versions: Iterable[Members | None]) -> dict[int, Members]:
    found = [each for each in versions if each is not None]
    return {each["ModelPackageVersion"]: each for each in found}
