"""The pytest plugin: a registry for tests, and an account of its own for each of them.

It is loaded in every test run of whoever has installed us. So this file imports nothing but pytest
and the standard library; servers and clients are imported by the fixture that needs them. It has no
assertions for pytest to rewrite: PYTEST_DONT_REWRITE, nor to warn of that it cannot.
"""

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sagemock.clock import TurnableClock
    from sagemock.faults import AccountFaults
    from sagemock.journal_checks import Requests
    from sagemock.running_server import RunningServer
    from sagemock.settings import Settings

NAME = "sagemock"
_MARKER = (
    "sagemock(region=None, account=None, seed=None, **settings): region and account of a test's "
    "clients, seed files for its account, and settings of a server of its own."
)
_OWN_OPTIONS = ("account", "region", "seed")
# Settings of a server, by which a marker would change no test's account.
_MEANT = {"account_id": "account", "seeds": "seed"}
# How pytest names the fixtures that it makes of a class's or a module's functions for each test.
_XUNIT = ("_xunit_setup_method_fixture_", "_xunit_setup_function_fixture_")
_BEGAN: "pytest.StashKey[tuple[RunningServer, str, int]]" = pytest.StashKey()
"""A test's server and account, and the number of the last call before it."""


@dataclass(frozen=True)
class Options:
    """What a test's markers ask for; those nearest to the test have the last word.

    `seeds` are of all markers, outermost first. `settings` are of a server of its own, if any;
    `bare` are values without a name, which mean nothing.
    """

    region: str | None
    account: str | None
    seeds: tuple[str | Path, ...]
    settings: dict[str, Any]
    bare: tuple[Any, ...]


def pytest_addoption(parser: pytest.Parser) -> None:
    """What can be set for all tests."""
    parser.addini("sagemock_region", "Region of the clients that sagemock's fixtures make.")
    parser.addini(
        "sagemock_settings", "Settings of sagemock's server, each as name = value.", type="linelist"
    )
    parser.addini(
        "sagemock_seed", "Seed files for the account of each test, by lines.", type="linelist"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Tell of the marker, and of mistakes in what is set for all tests."""
    config.addinivalue_line("markers", _MARKER)
    if config.getini("sagemock_settings") or config.getini("sagemock_region"):
        from sagemock.settings import SettingsError  # noqa: PLC0415 - only who sets something

        try:
            _settings(config, {})
        except SettingsError as error:
            raise pytest.UsageError(f"sagemock's settings: {error}") from error


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test whose markers name settings a server of its own."""
    if "sagemock_server" in metafunc.fixturenames:
        settings = _options(metafunc.definition).settings
        if settings:
            told = ",".join(f"{name}={value}" for name, value in settings.items())
            # Newer versions of pytest can leave it out of the test's name.
            hidden = getattr(pytest, "HIDDEN_PARAM", told)
            metafunc.parametrize(
                "sagemock_server", [settings], indirect=True, scope="session", ids=[hidden]
            )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test whose marker is mistaken, and have its seeds planted whatever it uses.

    `setup_method` and the like come after `sagemock_endpoint`, for they may make clients.
    """
    names = getattr(item, "fixturenames", ())
    if "sagemock_endpoint" in names and isinstance(names, list):
        ours = names.index("sagemock_endpoint")
        xunit = next((i for i, name in enumerate(names) if name.startswith(_XUNIT)), ours)
        if xunit < ours:
            names.insert(xunit, names.pop(ours))
    if item.get_closest_marker(NAME) is None:
        return
    options = _options(item)
    mistake = _mistake(item.config, options)
    if mistake:
        pytest.fail(f"pytest.mark.sagemock: {mistake}", pytrace=False)
    if options.seeds and "sagemock_account" not in names and isinstance(names, list):
        names.append("sagemock_account")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Tell why a test may have failed all of whose calls came to other accounts."""
    report = (yield).get_result()
    if report.failed and report.when != "teardown" and _BEGAN in item.stash:
        from sagemock.stray_calls import stray_calls  # noqa: PLC0415 - few tests fail

        server, account, after = item.stash[_BEGAN]
        if not server.service.journal.accounts(after)[account]:
            told = stray_calls(server, account, after)
            if told and told not in report.longreprtext:
                report.sections.append((NAME, told))


@pytest.fixture(scope="session")
def sagemock_servers(
    request: pytest.FixtureRequest,
) -> "Iterator[Callable[..., RunningServer]]":
    """A function from settings to a server with them; equal settings have the same server."""
    with _imported_as_it_is(request.config):
        from sagemock.api.service_model import ServiceModel  # noqa: PLC0415 - from the first use on
        from sagemock.in_process import ListeningError, started  # noqa: PLC0415 - the same

    model = ServiceModel.installed()
    servers: list[tuple[Settings, RunningServer]] = []

    def server(**named: Any) -> "RunningServer":
        settings = _settings(request.config, named)
        for known, running in servers:
            if known == settings:
                return running
        try:
            with _imported_as_it_is(request.config):
                running = started(settings, model)
        except ListeningError as error:
            pytest.fail(str(error), pytrace=False)
        servers.append((settings, running))
        return running

    yield server
    for _, running in servers:
        running.stop()


@pytest.fixture(scope="session")
def sagemock_server(
    request: pytest.FixtureRequest, sagemock_servers: "Callable[..., RunningServer]"
) -> "RunningServer":
    """A SageMaker in this process, in memory, on a free port: the session's, or a marker's."""
    return sagemock_servers(**getattr(request, "param", {}))


@pytest.fixture
def sagemock_region(request: pytest.FixtureRequest, sagemock_server: "RunningServer") -> str:
    """The region of the test's clients."""
    return _options(request.node).region or sagemock_server.settings.region


@pytest.fixture
def sagemock_account(
    request: pytest.FixtureRequest, sagemock_server: "RunningServer", sagemock_region: str
) -> Iterator[str]:
    """An account of 12 digits that no other test has, with what is seeded.

    One that a marker names keeps what tests before it have left there.
    """
    options = _options(request.node)
    account = options.account or sagemock_server.new_account()
    journal = sagemock_server.service.journal
    request.node.stash[_BEGAN] = (sagemock_server, account, journal.newest)
    for_all = [_folder(request.config)]
    files = [_existing(name, for_all) for name in request.config.getini("sagemock_seed")]
    files += [_existing(name, _seed_folders(request)) for name in options.seeds]
    for path in files:
        sagemock_server.seed(path, account, sagemock_region)
    yield account
    if not options.account:
        journal.past_accounts.add(account)


@pytest.fixture
def sagemock_client(
    sagemock_server: "RunningServer", sagemock_account: str, sagemock_region: str
) -> Iterator[Any]:
    """A boto3 client of `sagemaker`, in the test's account."""
    client = sagemock_server.client(account=sagemock_account, region=sagemock_region)
    yield client
    client.close()


@pytest.fixture
def sagemock_runtime_client(
    sagemock_server: "RunningServer", sagemock_account: str, sagemock_region: str
) -> Iterator[Any]:
    """A boto3 client of `sagemaker-runtime`, in the test's account."""
    client = sagemock_server.client(
        "sagemaker-runtime", account=sagemock_account, region=sagemock_region
    )
    yield client
    client.close()


@pytest.fixture
def sagemock_endpoint(
    monkeypatch: pytest.MonkeyPatch,
    sagemock_server: "RunningServer",
    sagemock_account: str,
    sagemock_region: str,
) -> Generator[str, None, None]:
    """The server's URL, with the environment set: clients that code makes reach it by themselves.

    They are in the test's account and region.
    """
    from sagemock.running_server import REMOVED, forget_default_session  # noqa: PLC0415 - thrift

    for name, value in sagemock_server.environment(sagemock_account, sagemock_region).items():
        monkeypatch.setenv(name, value)
    for name in REMOVED:
        monkeypatch.delenv(name, raising=False)
    forget_default_session()
    yield sagemock_server.url
    forget_default_session()


@pytest.fixture
def sagemock_seed(
    request: pytest.FixtureRequest,
    sagemock_server: "RunningServer",
    sagemock_account: str,
    sagemock_region: str,
) -> Callable[..., Any]:
    """A function that puts what a seed file declares into the test's account and region.

    So are those of a file which names others: tests are not to meet there. The file is looked for
    beside the test, then in pytest's root folder.
    """

    def seed(name: str | Path, *more: Any) -> Any:
        if more or not isinstance(name, str | Path):
            given = ", ".join(map(repr, (name, *more)))
            sentence = f"sagemock_seed takes the name of one file, not {given}; call it for each."
            pytest.fail(sentence, pytrace=False)
        path = _existing(name, _seed_folders(request))
        return sagemock_server.seed(path, sagemock_account, sagemock_region)

    return seed


@contextmanager
def _imported_as_it_is(config: pytest.Config) -> Iterator[None]:
    """Import without pytest's rewriting of assertions, for there are none.

    pytest would do so with all of a plugin's package; in a new environment, which has nothing
    rewritten yet, that takes several times as long as to start a server.
    """
    hook = getattr(config.pluginmanager, "rewrite_hook", None)
    if hook not in sys.meta_path:  # with --assert=plain
        yield
        return
    place = sys.meta_path.index(hook)
    del sys.meta_path[place]
    try:
        yield
    finally:
        sys.meta_path.insert(place, hook)


@pytest.fixture
def sagemock_clock(sagemock_server: "RunningServer") -> "Iterator[TurnableClock]":
    """The server's clock, to be turned: `freeze`, `advance`, `back`, `offset`; reset afterwards.

    The clock is that of all accounts. A marker such as `sagemock(freeze="2026-01-31")` gives the
    test a server whose clock stands still from the start.
    """
    yield sagemock_server.service.clock
    sagemock_server.service.clock.reset()


@pytest.fixture
def sagemock_faults(
    sagemock_server: "RunningServer", sagemock_account: str
) -> "Iterator[AccountFaults]":
    """Has calls of the test's account go wrong, by rules that are taken away after it.

    `sagemock_faults.add(operation="CreateModelPackage", error="ThrottlingException", times=2)`
    returns the rule, and `clear(rule)` takes it away before.
    """
    from sagemock.faults import AccountFaults  # noqa: PLC0415 - thrift

    faults = AccountFaults(sagemock_server.service.faults, sagemock_account)
    yield faults
    faults.clear()


@pytest.fixture
def sagemock_requests(
    request: pytest.FixtureRequest, sagemock_server: "RunningServer", sagemock_account: str
) -> "Requests":
    """The calls of the test's account, with assertions: `assert_called`, `assert_not_called`.

    Those that its fixtures made are among them.
    `sagemock_requests.assert_called("CreateModelPackage", times=1, ModelPackageGroupName="churn")`
    """
    from sagemock.journal_checks import OFF, Requests  # noqa: PLC0415 - thrift
    from sagemock.stray_calls import stray_calls  # noqa: PLC0415 - the same

    journal = sagemock_server.service.journal
    if not journal.most:
        pytest.fail(OFF, pytrace=False)
    # Without it a project has a fixture of its own for the account, which many tests may share.
    began = request.node.stash.get(_BEGAN, None)
    elsewhere = partial(stray_calls, sagemock_server, sagemock_account)
    after = began[2] if began else journal.newest
    return Requests(sagemock_server.service, sagemock_account, after=after, elsewhere=elsewhere)


def _options(node: pytest.Item | pytest.Collector) -> Options:
    """What all markers of a test ask for."""
    named: dict[str, Any] = {}
    seeds: list[str | Path] = []
    bare: tuple[Any, ...] = ()
    for marker in reversed(list(node.iter_markers(NAME))):
        bare += marker.args
        named.update(marker.kwargs)
        seed = marker.kwargs.get("seed") or ()
        seeds += seed if isinstance(seed, list | tuple) else [seed]
    settings = {name: value for name, value in named.items() if name not in _OWN_OPTIONS}
    return Options(named.get("region"), named.get("account"), tuple(seeds), settings, bare)


def _mistake(config: pytest.Config, options: Options) -> str | None:
    """What is wrong with a marker's options, as one sentence."""
    from sagemock.named_settings import settings_for_tests  # noqa: PLC0415 - few tests are marked
    from sagemock.settings import SettingsError  # noqa: PLC0415 - the same

    if options.bare:
        return f"what it takes has a name, region='eu-west-1' say, not {options.bare[0]!r}."
    for seed in options.seeds:
        if not isinstance(seed, str | Path):
            return f"seed is a file's name or a list of them, not {seed!r}."
    for name, meant in _MEANT.items():
        if name in options.settings:
            return f"{name} is of no test's account; did you mean '{meant}'?"
    called = {"region": options.region, "account_id": options.account}
    if options.account is not None and not isinstance(options.account, str):
        return f"account is 12 digits in quotes, not {options.account!r}."
    try:
        settings_for_tests({name: value for name, value in called.items() if value is not None})
        settings_for_tests({**_named_for_all(config), **options.settings}, beside=_OWN_OPTIONS)
    except SettingsError as error:
        return str(error)
    return None


def _settings(config: pytest.Config, named: dict[str, Any]) -> "Settings":
    """The settings of a server: what is set for all tests, and what is named here."""
    from sagemock.named_settings import settings_for_tests  # noqa: PLC0415 - thrift

    return settings_for_tests({**_named_for_all(config), **named})


def _named_for_all(config: pytest.Config) -> dict[str, Any]:
    from sagemock.named_settings import read_lines  # noqa: PLC0415 - thrift

    read = read_lines(config.getini("sagemock_settings"), _folder(config))
    region = config.getini("sagemock_region")
    return {**read, "region": region} if region else read


def _folder(config: pytest.Config) -> Path:
    """Where files lie that are named in pytest's configuration."""
    return config.inipath.parent if config.inipath else config.rootpath


def _seed_folders(request: pytest.FixtureRequest) -> list[Path]:
    return [request.node.path.parent, request.config.rootpath]


def _existing(name: str | Path, folders: list[Path]) -> Path:
    """The file of this name in the first folder that has it."""
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    places = " and ".join(dict.fromkeys(map(str, folders)))
    sentence = f"The seed file '{name}' does not exist; it is looked for in {places}."
    pytest.fail(sentence, pytrace=False)
