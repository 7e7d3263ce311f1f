"""`sagemock.running`: a server for the length of a `with`, of a function, or of a TestCase."""

import errno
import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, overload

from sagemock.api.service_model import ServiceModel
from sagemock.named_settings import settings_for_tests
from sagemock.running_server import RunningServer
from sagemock.settings import Settings

if TYPE_CHECKING:
    from types import TracebackType
    from unittest import TestCase

Answer = TypeVar("Answer")
Case = TypeVar("Case", bound=type)

SERVER = "server"
"""The parameter by which a decorated function gets the server."""


class ListeningError(OSError):
    """A server cannot listen where its settings say; the message is a sentence with what helps."""


def started(settings: Settings, model: ServiceModel | None = None) -> RunningServer:
    """A server that answers, until it is stopped.

    Errors: ListeningError; those of `sagemock.create_service`.
    """
    try:
        return RunningServer(settings, model)
    except OSError as error:
        # Python itself tells so what a socket is refused for; a file that is has no such words.
        reason, bound, _ = str(error.strerror or error).partition(" (while attempting to bind")
        if not bound:
            raise
        where = f"{settings.host} port {settings.port}"
        instead = "port each server has a free one of its own"
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            instead = "host it is 127.0.0.1"
        raise ListeningError(
            f"sagemock cannot listen on {where}: {reason}; without the setting {instead}."
        ) from error


class Running:
    """Starts a server at the beginning of what it is put around, and stops it at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._servers: list[RunningServer] = []

    def __enter__(self) -> RunningServer:
        server = started(self._settings, _model())
        self._servers.append(server)
        return server

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        self._servers.pop().stop()

    @overload
    def __call__(self, decorated: Case) -> Case: ...
    @overload
    def __call__(self, decorated: Callable[..., Answer]) -> Callable[..., Answer]: ...
    def __call__(self, decorated: Any) -> Any:
        """The same function or TestCase, with a server whenever it runs.

        The environment is set, so that clients made inside reach the server. A function that has a
        parameter `server` gets it. A TestCase has it as `self.server`, one for all of its tests,
        and each test has an account of its own, `self.account`, with what `seeds` declare.
        Errors: TypeError, it is a class, but no TestCase.
        """
        if isinstance(decorated, type):
            return _decorated_case(decorated, self)
        if inspect.iscoroutinefunction(decorated):

            @functools.wraps(decorated)
            async def run(*args: Any, **kwargs: Any) -> Any:
                with self._reached(decorated, kwargs):
                    return await decorated(*args, **kwargs)
        else:

            @functools.wraps(decorated)
            def run(*args: Any, **kwargs: Any) -> Any:
                with self._reached(decorated, kwargs):
                    return decorated(*args, **kwargs)

        # Without the server, for which pytest would look for a fixture.
        run.__signature__ = _without_server(decorated)  # type: ignore[attr-defined]  # inspect's
        return run

    @contextmanager
    def _reached(self, decorated: Callable[..., Any], kwargs: dict[str, Any]) -> Iterator[None]:
        """A server, reached by the environment, and added to what a function is called with."""
        with Running(self._settings) as server, server.in_environment():
            if SERVER in inspect.signature(decorated).parameters:
                kwargs.setdefault(SERVER, server)
            yield


@overload
def running(**settings: Any) -> Running: ...
@overload
def running(decorated: Case, /) -> Case: ...
@overload
def running(decorated: Callable[..., Answer], /) -> Callable[..., Answer]: ...
def running(decorated: Any = None, /, **settings: Any) -> Any:
    """A server in this process: `with sagemock.running() as server:`, or a decorator.

    The settings are those of `sagemock.Settings`; without them it keeps all in memory and listens
    on a free port.
    Errors: SettingsError, a setting is unknown or cannot be; when entered, ListeningError, which is
    an OSError, the port is taken, and those of `sagemock.create_service`.
    """
    around = Running(settings_for_tests(settings))
    return around if decorated is None else around(decorated)


@functools.cache
def _model() -> ServiceModel:
    """The service model, which takes as long to read as a server to start; it never changes."""
    return ServiceModel.installed()


def _without_server(function: Callable[..., Any]) -> inspect.Signature:
    signature = inspect.signature(function)
    kept = [each for each in signature.parameters.values() if each.name != SERVER]
    return signature.replace(parameters=kept)


def _decorated_case(case: type, around: Running) -> type:
    from unittest import TestCase  # noqa: PLC0415 - only who has one needs it

    if not issubclass(case, TestCase):
        raise TypeError(
            f"sagemock.running decorates functions and TestCases, and {case.__name__} is neither; "
            "decorate its methods, or use the fixture sagemock_server."
        )
    set_up_class, set_up = case.setUpClass.__func__, case.setUp  # type: ignore[attr-defined]

    def set_up_class_with_server(cls: "type[TestCase]") -> None:
        server = cls.enterClassContext(around)
        cls.server = server  # type: ignore[attr-defined]  # for the tests
        cls.enterClassContext(server.in_environment())
        set_up_class(cls)

    def set_up_in_account(self: "TestCase") -> None:
        server: RunningServer = self.server  # type: ignore[attr-defined]  # set above
        account = server.new_account()
        self.account = account  # type: ignore[attr-defined]  # for the test
        self.addCleanup(server.service.journal.past_accounts.add, account)
        # What is planted at the start is in the account of no test.
        for path in server.settings.seeds:
            server.seed(path, account, server.settings.region)
        self.enterContext(server.in_environment(account))
        set_up(self)

    case.setUpClass = classmethod(set_up_class_with_server)  # type: ignore[assignment, method-assign]
    case.setUp = set_up_in_account  # type: ignore[method-assign]
    return case
