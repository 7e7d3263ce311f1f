"""Runs a container's model in a process of its own, and keeps it running.

A worker is started, asked for `/ping` until it answers, asked for invocations, started anew when it
ends by itself, and ended with all that it started. What lies in its folder is not looked after
here, and what runs where is for others to decide.
"""

import logging
import threading
import time
from typing import Literal

from sagemock.hosting import Answer, Invocation, NoAnswerError
from sagemock.serving.worker_child import Child
from sagemock.serving.worker_client import Client
from sagemock.serving.worker_launch import WorkerLaunch
from sagemock.serving.worker_log import WorkerLog

__all__ = ["StartFailed", "WorkerLaunch", "WorkerProcess"]

_PING_S = 2.0  # The guide's, as are all who are asked here.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.01, 0.2
_WATCH_S = 1.0
_GRACE_S = 5.0  # AWS gives 30 s; nobody waits so long for a stop on their own machine.
_FAILED_GRACE_S = 0.5
_FIRST_BACK_OFF_S, _LONGEST_BACK_OFF_S = 0.1, 5.0
_LONG_LIFE_S = 30.0

_STOPPED = "The container was stopped before it was ready."
_NOT_HERE = (
    "Code that names a path under /opt/ml itself does not work in this backend: use the model_dir "
    "that model_fn is given, or the environment variable SM_MODEL_DIR."
)

_State = Literal["new", "starting", "ready", "down", "failed", "stopped"]

_log = logging.getLogger("sagemock.serving")


class StartFailed(Exception):  # noqa: N818 - a fact about a worker, told as such
    """A worker did not come to answer; the message says why, with the last lines of its log."""


class WorkerProcess:
    """The worker of one container, from its first start to its stop."""

    def __init__(self, launch: WorkerLaunch) -> None:
        self._launch = launch
        self._log = WorkerLog(launch.folder / "log")
        self._changed = threading.Condition()
        self._state: _State = "new"
        self._failure = ""
        self._child: Child | None = None
        self._client: Client | None = None
        self._stopping = threading.Event()
        self._poked = threading.Event()
        self._keeper = threading.Thread(
            target=self._keep, name=f"sagemock-worker-{launch.hostname}", daemon=True
        )

    @property
    def is_ready(self) -> bool:
        """Whether it answers invocations now."""
        return self._client is not None

    def start(self) -> None:
        """Start it and return when it answers; once only. Errors: StartFailed."""
        with self._changed:
            if self._state == "new":
                self._state = "starting"
                self._keeper.start()
            self._changed.wait_for(lambda: self._state not in {"new", "starting"})
            if self._stopping.is_set():
                raise StartFailed(_STOPPED)
            if self._state == "failed":
                raise StartFailed(self._failure)

    def stop(self) -> None:
        """End it, and return when nothing of it is left. May be called at any time, and again."""
        self._stopping.set()
        self._poked.set()
        with self._changed:
            child = self._child
            if self._state in {"new", "starting"}:
                self._state = "stopped"
                self._changed.notify_all()
        if child:
            child.end(_GRACE_S)
        if self._keeper.ident:
            self._keeper.join()

    def invoke(self, invocation: Invocation) -> Answer:
        """What the model answers. Errors: NoAnswerError."""
        client = self._client
        if client is None:
            raise NoAnswerError(self._absence(), container=self._launch.hostname)
        try:
            return client.invoke(invocation)
        except NoAnswerError:
            self._poked.set()
            raise

    def log_tail(self) -> str:
        """The last lines of its log."""
        return self._log.tail()

    def _absence(self) -> str:
        name = self._launch.hostname
        if self._stopping.is_set() or self._state != "down":
            return f"Container {name} is not running."
        return f"Container {name} has ended and is being restarted.{self._last_words()}"

    def _last_words(self) -> str:
        line = self._log.last_line()
        return f" The last line of its log: {line}" if line else ""

    def _keep(self) -> None:
        """Start it, and again whenever it ends, until it is stopped or never came to answer."""
        failure = "The container could not be started: see the server's log."
        try:
            failure = self._kept()
        finally:
            self._become("stopped" if self._stopping.is_set() else "failed", failure=failure)

    def _kept(self) -> str:
        """Why it is given up; nothing when it was stopped."""
        was_ready = False
        back_off_s = _FIRST_BACK_OFF_S
        while not self._stopping.is_set():
            born = time.monotonic()
            try:
                child = self._launched()
            except StartFailed as failed:
                if not was_ready:
                    return str(failed)
                _log.warning("%s", failed)
            else:
                was_ready = True
                self._watch(child)
            if time.monotonic() - born > _LONG_LIFE_S:
                back_off_s = _FIRST_BACK_OFF_S
            self._stopping.wait(back_off_s)
            back_off_s = min(back_off_s * 2, _LONGEST_BACK_OFF_S)
        return ""

    def _become(self, state: _State, *, client: Client | None = None, failure: str = "") -> None:
        """Be in another state; whatever client was in use is not, from now on."""
        with self._changed:
            used, self._client = self._client, client
            self._state, self._failure = state, failure
            self._changed.notify_all()
        if used:
            used.close()

    def _launched(self) -> Child:
        """A process that answers. Errors: StartFailed."""
        deadline = time.monotonic() + self._launch.startup_timeout_s
        with self._changed:
            # Under the lock, so that `stop` either comes before it or finds the process.
            if self._stopping.is_set():
                raise StartFailed(_STOPPED)
            try:
                self._child = child = Child(self._launch, self._log)
            except (OSError, ValueError) as error:
                raise StartFailed(
                    f"The process of container {self._launch.hostname} cannot start: {error}"
                ) from error
        client = self._answering(child, deadline)
        if client is None:
            failure = self._told_of(child)
            child.end(_FAILED_GRACE_S)
            raise StartFailed(failure)
        self._become("ready", client=client)
        return child

    def _answering(self, child: Child, deadline: float) -> Client | None:
        """A client of the process, once it answers `/ping`; None when it does not."""
        client = None
        pause_s = _FIRST_PAUSE_S
        while not self._stopping.is_set() and time.monotonic() < deadline:
            if child.has_ended():
                break
            self._log.cut()
            port = None if client else child.port()
            if port:
                client = self._client_for(child, port)
            if client and client.is_ready(_PING_S):
                return client
            self._stopping.wait(pause_s)
            pause_s = min(pause_s * 1.3, _LONGEST_PAUSE_S)
        if client:
            client.close()
        return None

    def _client_for(self, child: Child, port: int) -> Client:
        return Client(
            port,
            container=self._launch.hostname,
            timeout_s=self._launch.invocation_timeout_s,
            most_bytes=self._launch.most_answer_bytes,
            is_alive=lambda: not child.has_ended(),
            last_words=self._last_words,
        )

    def _told_of(self, child: Child) -> str:
        """Why a process that does not answer `/ping` does not."""
        name = self._launch.hostname
        told = (
            f"The process of container {name} ended with exit code {child.exit_code} before it "
            "answered /ping."
            if child.has_ended()
            else f"The process of container {name} did not answer /ping with 200 within "
            f"{self._launch.startup_timeout_s:g} s."
        )
        if self._log.mentions_opt_ml():
            told = f"{told} {_NOT_HERE}"
        tail = self._log.tail()
        return f"{told} The last lines of its log:\n{tail}" if tail else told

    def _watch(self, child: Child) -> None:
        """Return when the process has ended, and nothing goes to it any more."""
        pause_s = _WATCH_S
        while not child.has_ended():
            self._log.cut()
            if self._poked.wait(pause_s):
                # A connection that broke is the first sign of an end, and comes before it.
                self._poked.clear()
                pause_s = _FIRST_PAUSE_S
            else:
                pause_s = min(pause_s * 2, _WATCH_S)
        self._become("down")
        if not self._stopping.is_set():
            _log.warning(
                "The process of container %s ended with exit code %s and is started again.",
                self._launch.hostname,
                child.exit_code,
            )
