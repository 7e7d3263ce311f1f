"""botocore's data files, read once by all tests of a process instead of once by every session.

Each session still looks for its files itself, and reads those that lie anywhere else.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.loaders import JSONFileLoader

_INSTALLED = str(Path(botocore.__file__).parent / "data")


@pytest.fixture(scope="session", autouse=True)
def _read_once() -> Iterator[None]:
    load = JSONFileLoader.load_file
    installed = cache(lambda path: load(JSONFileLoader(), path))

    def load_file(loader: JSONFileLoader, path: str) -> Any:
        # botocore's own sessions hand the same parsed file to all of their clients, too.
        return installed(path) if path.startswith(_INSTALLED) else load(loader, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", load_file)
        yield
