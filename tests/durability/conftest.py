"""Servers for tests of what is promised under faults, and the counts they print at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from durability.counts import Counts
from durability.server_process import Servers
from durability.small_disk import mounted
from durability.writers import Team

_counts = pytest.StashKey[Counts]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("durability")
    group.addoption("--rounds", type=int, default=4, help="How often a server is killed (R8).")
    group.addoption("--kill-seed", type=int, default=1, help="Chooses the moments of the kills.")
    group.addoption(
        "--full-counts", action="store_true", help="As many clients' calls as R1 names."
    )


def _option(config: pytest.Config, name: str, default: int) -> int:
    # Options are known only where this folder was named on the command line.
    return int(config.getoption(name, default=default))


@pytest.fixture
def rounds(pytestconfig: pytest.Config) -> int:
    return _option(pytestconfig, "rounds", 4)


@pytest.fixture
def kill_seed(pytestconfig: pytest.Config) -> int:
    return _option(pytestconfig, "kill_seed", 1)


@pytest.fixture
def full_counts(pytestconfig: pytest.Config) -> bool:
    return bool(_option(pytestconfig, "full_counts", 0))


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Where servers leave their logs."""
    logs = tmp_path / "logs"
    logs.mkdir()
    return logs


@pytest.fixture
def servers(logs: Path) -> Iterator[Servers]:
    servers = Servers(logs)
    yield servers
    servers.end()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A place for a database, in a folder of its own."""
    folder = tmp_path / "registry"
    folder.mkdir()
    return folder / "registry.db"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """The folder of a small file system of its own; asked for before the servers that use it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder) as done:
        if not done:
            pytest.skip("no file system can be mounted here; root can, outside of most containers")
        yield folder


@pytest.fixture
def team(kill_seed: int) -> Iterator[Team]:
    """Eight writers."""
    team = Team(seed=kill_seed)
    yield team
    team.close()


@pytest.fixture
def counts(pytestconfig: pytest.Config) -> Counts:
    """Takes what was counted of a promise, for the end of the run."""
    return pytestconfig.stash.setdefault(_counts, Counts())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts = terminalreporter.config.stash.get(_counts, None)
    if counts is not None:
        terminalreporter.section("nothing lost")
        for line in counts.lines():
            terminalreporter.line(line)
