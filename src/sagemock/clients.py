"""Clients of a server in this process: botocore's own, as `boto3.client` makes them.

boto3 adds nothing to a client of SageMaker, so it need not be installed. What is set up on the
machine (profiles, a configuration, proxies) is not asked.
"""

import gzip
import os
import threading
import weakref
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session

SERVED = ("sagemaker", "sagemaker-runtime")
_UNASKED = (None, None, None, None)
_NO_FILE = (None, None, os.devnull, None)


class ModelFiles:
    """botocore's service models, read in less than half the time that it takes itself.

    What its `Loader` asks of a `file_loader`; a path is without `.json`, gzipped or not.
    """

    def exists(self, file_path: str) -> bool:
        """Whether there is such a file."""
        return _plain(file_path).is_file() or _packed(file_path).is_file()

    def load_file(self, file_path: str) -> Any:
        """The content of a file; None where there is none."""
        if _packed(file_path).is_file():
            return orjson.loads(gzip.decompress(_packed(file_path).read_bytes()))
        path = _plain(file_path)
        return orjson.loads(path.read_bytes()) if path.is_file() else None


class Clients:
    """Makes clients of one server. What botocore reads for the first is kept for all of a process.

    That takes longer than to start a server.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        # Weakly: whoever makes a client for each of many tests need not hand them back.
        self._made: weakref.WeakSet[Any] = weakref.WeakSet()
        self._session, self._making = _session()

    def client(self, service: str, account: str, region: str) -> Any:
        """A client in an account and region. Errors: ValueError, no such service is served."""
        if service not in SERVED:
            message = f"sagemock serves {' and '.join(SERVED)}, not '{service}'."
            raise ValueError(message)
        with self._making:
            client = self._session.create_client(
                service,
                region_name=region,
                endpoint_url=self._url,
                aws_access_key_id=account,
                aws_secret_access_key="secret",  # noqa: S106 - signatures are not verified
                config=Config(proxies={}, use_fips_endpoint=False, use_dualstack_endpoint=False),
            )
            self._made.add(client)
        return client

    def close(self) -> None:
        """Close the connections of all clients that are left."""
        with self._making:
            for client in self._made:
                client.close()


@cache
def _session() -> tuple[Session, threading.Lock]:
    """What makes clients, and what to hold meanwhile: it serves one thread at a time."""
    session = Session(
        session_vars={
            "profile": _UNASKED,
            "config_file": _NO_FILE,
            "credentials_file": _NO_FILE,
        }
    )
    loader = Loader(
        extra_search_paths=[Loader.BUILTIN_DATA_PATH],
        file_loader=ModelFiles(),
        include_default_search_paths=False,
    )
    # Or it looks for the files of all that AWS has, twice, which takes as long as all the rest.
    loader.list_available_services = lambda _: list(SERVED)
    session.register_component("data_loader", loader)
    return session, threading.Lock()


def _plain(file_path: str) -> Path:
    return Path(f"{file_path}.json")


def _packed(file_path: str) -> Path:
    return Path(f"{file_path}.json.gz")
