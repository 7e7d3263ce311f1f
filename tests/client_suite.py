"""What client tests share: the table of clients that passed.

A module of client tests names its client and version in `CLIENT`. When all of them have run
(`pytest -m clients`), README's table must say what passed; a stale one fails the run and shows the
table to paste.
"""

import re
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
_TABLE = re.compile(r"<!-- clients -->\n(.*?)\n<!-- /clients -->", re.DOTALL)

_CLIENT = "client"

_passed: Counter[str] = Counter()
_failed: Counter[str] = Counter()
_skipped: Counter[str] = Counter()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    client = getattr(getattr(item, "module", None), "CLIENT", None)
    if client and item.get_closest_marker("clients"):
        report.user_properties.append((_CLIENT, client))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # Counted here, for with several processes the reports come together in one.
    client = str(dict(report.user_properties).get(_CLIENT, ""))
    if not client:
        return
    if report.failed:
        _failed[client] += 1
    elif report.skipped:
        _skipped[client] += 1
    elif report.when == "call":
        _passed[client] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _is_stale(terminalreporter.config):
        terminalreporter.line("README's table of clients is stale; paste between its markers:")
        terminalreporter.line(clients_table())


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _is_stale(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _is_stale(config: pytest.Config) -> bool:
    """Whether all client tests have run, and README's table does not say what they showed."""
    narrowed = any("::" in argument or argument.endswith(".py") for argument in config.args)
    whole = config.getoption("markexpr") == "clients" and not config.getoption("keyword")
    is_part = hasattr(config, "workerinput")
    return whole and not narrowed and not is_part and clients_table() != _readme_table()


def clients_table() -> str:
    """What passed in this run, as README shows it."""
    rows = [
        f"| {client} | {_passed[client]} |"
        for client in sorted(_passed, key=str.lower)
        if not _failed[client] and not _skipped[client]
    ]
    return "\n".join(("| client | tests passed |", "| --- | --- |", *rows))


def _readme_table() -> str:
    """README's table, but for clients that this machine could not run: their skip is seen."""
    found = _TABLE.search(README.read_text("utf-8"))
    rows = found[1].splitlines() if found else []
    absent = tuple(f"| {client} |" for client in _skipped)
    return "\n".join(row for row in rows if not row.startswith(absent))
