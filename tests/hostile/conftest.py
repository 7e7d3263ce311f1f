"""How many hostile requests are sent, from which seed, and what is told of them at the end."""

from collections.abc import Callable

import pytest

_lines = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hostile")
    group.addoption("--hostile", type=int, default=1500, help="How many requests are made up.")
    group.addoption("--hostile-seed", type=int, default=1, help="Which requests are made up.")
    group.addoption("--soak", type=int, default=0, help="How many requests memory must bear (R21).")


def _option(config: pytest.Config, name: str, default: int) -> int:
    # Options are known only where this folder was named on the command line.
    return int(config.getoption(name, default=default))


@pytest.fixture(scope="session")
def wanted(pytestconfig: pytest.Config) -> tuple[int, int]:
    """How many requests are made up, and from which seed."""
    return _option(pytestconfig, "hostile", 1500), _option(pytestconfig, "hostile_seed", 1)


@pytest.fixture(scope="session")
def soak(pytestconfig: pytest.Config) -> int:
    return _option(pytestconfig, "soak", 0)


@pytest.fixture(scope="session")
def tell(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Has a line printed when the run is over."""
    return pytestconfig.stash.setdefault(_lines, []).append


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash.get(_lines, []):
        terminalreporter.line(line)
