"""A server in this process, for tests: started at once, in memory unless told otherwise."""

import itertools
import os
import random
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagemock.app import create_front, create_service
from sagemock.operation import Caller, Members
from sagemock.settings import Settings
from sagemock.store.sqlite_store import IN_MEMORY
from sagemock.wire.caller import Callers
from sagemock.wire.listening import listen, url_of
from sagemock.wire.server import Server

if TYPE_CHECKING:
    from sagemock.api.service_model import ServiceModel
    from sagemock.clients import Clients
    from sagemock.seeds import Planted, Seed

REMOVED = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")
"""Variables that must not be set beside those of `RunningServer.environment`."""

_MOST_ACCOUNTS = 10**12
_LEAST_ACCOUNT = 10**11


class RunningServer:
    """A server that answers from when it is made until `stop`.

    `url` is where, `settings` how, `service` what it is without a socket. Servers may share a
    service `model`, which takes longer to read than they to start.
    Errors: OSError, the port is taken; those of `create_service`.
    """

    def __init__(self, settings: Settings, model: "ServiceModel | None" = None) -> None:
        self.settings = settings
        self._callers = Callers(settings)
        # Begun anywhere, for what a database file keeps: its accounts are to be fresh as well.
        self._accounts = itertools.count(_LEAST_ACCOUNT + first_account(settings))
        self._listening = listen(settings.host, settings.port)
        self.url = url_of(self._listening)
        try:
            self.service = create_service(settings, model=model)
        except BaseException:
            self._listening.close()
            raise
        self._server = Server(
            create_front(self.service, settings),
            self._listening,
            max_body_bytes=settings.max_body_bytes,
            request_id=self.service.ids.request_id,
        )
        self._seeds: dict[tuple[Path, int], Seed] = {}
        self._stopped = threading.Event()
        self._stopping = threading.Lock()
        self.service.keep_settling()
        self._thread = threading.Thread(
            target=self._server.run, name="sagemock server", daemon=True
        )
        self._thread.start()

    def client(
        self, service: str = "sagemaker", *, account: str | None = None, region: str | None = None
    ) -> Any:
        """A boto3 client, closed when the server stops.

        Without an account or region it is in those of the settings, as every such client is.
        It asks no profile, configuration or proxy of the machine.
        Errors: ValueError, the service is neither sagemaker nor sagemaker-runtime.
        """
        return self._clients.client(
            service, account or self.settings.account_id, region or self.settings.region
        )

    def environment(self, account: str | None = None, region: str | None = None) -> dict[str, str]:
        """The variables by which programs and SDKs reach the server, in an account and region.

        A profile that is chosen by a variable would be looked for all the same: see `REMOVED`.
        """
        region = region or self.settings.region
        unproxied = ["127.0.0.1", "localhost", "::1"]
        if kept := os.environ.get("no_proxy", os.environ.get("NO_PROXY")):
            unproxied.insert(0, kept)
        return {
            "AWS_ENDPOINT_URL_SAGEMAKER": self.url,
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": self.url,
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ACCESS_KEY_ID": account or self.settings.account_id,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_EC2_METADATA_DISABLED": "true",
            # Programs take either spelling.
            "NO_PROXY": ",".join(unproxied),
            "no_proxy": ",".join(unproxied),
        }

    @contextmanager
    def in_environment(
        self, account: str | None = None, region: str | None = None
    ) -> Iterator[None]:
        """Set this process's variables as `environment` has them; as they were, afterwards.

        boto3's default session, which remembers whose it is, is made anew before and after.
        """
        values = self.environment(account, region)
        before = {name: os.environ.get(name) for name in (*values, *REMOVED)}
        for name in REMOVED:
            os.environ.pop(name, None)
        os.environ.update(values)
        forget_default_session()
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            forget_default_session()

    def new_account(self) -> str:
        """An account of 12 digits that nobody has used; each is given once."""
        used = {self.settings.account_id, *self.settings.access_keys.values()}
        accounts = (f"{number % _MOST_ACCOUNTS:012d}" for number in self._accounts)
        return next(account for account in accounts if account not in used)

    def account_of(self, access_key: str) -> str:
        """The account that calls with an access key are of."""
        return self._caller(access_key, self.settings.region).account

    def seed(
        self, path: str | Path, account: str | None = None, region: str | None = None
    ) -> "Planted":
        """Put what a seed file declares into an account and region.

        An account or region that is given has precedence over what the file names.
        Answers what became of each resource.
        Errors: SeedError, the file cannot be read or cannot be planted.
        """
        from sagemock.seeds import plant, read_seed  # noqa: PLC0415 - few tests have a seed

        path = Path(path)
        changed = path.stat().st_mtime_ns if path.is_file() else 0
        if (path, changed) not in self._seeds:
            self._seeds[path, changed] = read_seed(path, self._seeding_model)
        seed = self._seeds[path, changed]
        here = account or seed.account or self.settings.account_id
        there = region or seed.region or self.settings.region
        return plant(
            seed.into(here, there),
            lambda operation, request, *_: self._call(operation, request, here, there),
            account=here,
            region=there,
        )

    def stop(self) -> None:
        """Answer what has been asked, and let go of everything; once is enough."""
        with self._stopping:
            if self._stopped.is_set():
                return
            self._stopped.set()
            if "_clients" in self.__dict__:
                self._clients.close()
            self.service.faults.close()  # no call is late any longer
            self._server.stop()
            try:
                self._thread.join()
            finally:  # an impatient Ctrl-C may end the waiting
                self.service.close()
                self._listening.close()

    @cached_property
    def _clients(self) -> "Clients":
        from sagemock.clients import Clients  # noqa: PLC0415 - botocore takes longer than a server

        return Clients(self.url)

    @cached_property
    def _seeding_model(self) -> "ServiceModel":
        return self.service.model.admitting_files()

    def _call(self, operation: str, request: Members, account: str, region: str) -> Members:
        """An operation as a client of this account would call it."""
        return self.service.invoke(operation, request, self._caller(account, region)) or {}

    def _caller(self, access_key: str, region: str) -> Caller:
        scope = f"Credential={access_key}/20260101/{region}/sagemaker/aws4_request"
        return self._callers.caller(scope)


def first_account(settings: Settings) -> int:
    """Which of all accounts is the first that is given; foretold by the seed of ids, if any."""
    span = _MOST_ACCOUNTS - _LEAST_ACCOUNT
    # In a file there are those of the run before.
    if settings.id_seed is None or str(settings.db) != IN_MEMORY:
        return secrets.randbelow(span)
    return random.Random(settings.id_seed).randrange(span)  # noqa: S311 - to be foretold


def forget_default_session() -> None:
    """Have boto3 make a new default session for the next client."""
    boto3 = sys.modules.get("boto3")
    if boto3 is not None:
        boto3.DEFAULT_SESSION = None  # type: ignore[attr-defined]  # a module's variable
