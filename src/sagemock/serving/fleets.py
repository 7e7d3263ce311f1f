"""The Serving port: fleets of hosts, started and stopped in the background, told of from memory."""

import logging
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from sagemock.hosting import (
    Answer,
    Fleet,
    Invocation,
    NoAnswerError,
    NotRunningError,
    Standing,
    Variant,
)
from sagemock.pieces import Pieces
from sagemock.serving.host import Host, HostFailed, Whole, folder_name
from sagemock.serving.hosts import Hosts

PING_FAILED = (
    "The {hostname} container for production variant {variant} did not pass the ping health "
    "check. Please check CloudWatch logs for this endpoint. {said}"
)
MOST_REASON = 1000
"""A FailureReason has 1024 characters; of a longer one the middle is left out."""

_DRAIN_S = 65.0  # longer than an invocation may take
_LATE_S = 2.0
_RESET_S = 9.0  # whoever stops the server gives it ten
_STARTS_AT_ONCE = 8
_BEGINNING = 400
_SUCCESSES = range(200, 300)

_NO_CONTAINER = "There is no container {container} to be called directly."
_FAULT = "Internal server error."
_NOTHING_REAL = "Endpoint %s, variant %s: canned answers, nothing real runs: %s"
_NOT_RUNNING = "The container {container} is not running."
_BETWEEN_TYPE = "application/octet-stream"

_log = logging.getLogger("sagemock.serving")


class _Running:
    """One fleet: its hosts by variant, and how it stands."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.standing = Standing("starting")
        self.hosts: dict[str, list[Host]] = {}
        self.starter: threading.Thread | None = None
        self.stopping = False
        self.last_logs: dict[str, str] = {}
        self.ended = False
        self.asked = 0
        self.variants = {each.name: each for each in fleet.variants}

    def all_hosts(self) -> Iterator[Host]:
        for hosts in self.hosts.values():
            yield from hosts


class Fleets:
    """Runs fleets on this machine; their folders lie in `root`, which is theirs alone."""

    def __init__(self, hosts: Hosts, root: Path) -> None:
        self._hosts = hosts
        self._root = root
        self._running: dict[str, _Running] = {}
        self._changed = threading.Condition()
        self._changes = 0
        self._closed = False
        # More at once would only keep one another from answering in time.
        self._starts = threading.BoundedSemaphore(_STARTS_AT_ONCE)
        # What a server left that was killed: its workers ended with it, their folders stayed.
        shutil.rmtree(root, ignore_errors=True)

    def start(self, fleet: Fleet) -> None:
        """Begin to start a fleet; where nothing has to be run it is ready at once."""
        running = _Running(fleet)
        with self._changed:
            if self._closed or fleet.id in self._running:
                return
            self._running[fleet.id] = running
        if self._is_canned(running):
            self._stand(running, "ready")
        else:
            starter = threading.Thread(target=self._start, args=(running,), daemon=True)
            try:
                starter.start()
            except RuntimeError as error:
                self._fail(running, f"{_FAULT} {error}")
                return
            running.starter = starter

    def observe(self, fleet_id: str) -> Standing | None:
        """How a fleet is."""
        running = self._running.get(fleet_id)
        return running.standing if running else None

    def stop(self, fleet_id: str) -> None:
        """Begin to stop a fleet; one that runs nothing is stopped at once."""
        with self._changed:
            running = self._running.get(fleet_id)
            if running is None or running.stopping:
                return
            running.stopping = True
        if running.starter is None and not running.asked:
            self._stop(running)
        else:
            threading.Thread(target=self._stop, args=(running,), daemon=True).start()

    def invoke(self, fleet_id: str, variant: str, invocation: Invocation) -> Answer:
        """What a variant answers: one container, or each fed with what the one before said."""
        with self._changed:
            running = self._running.get(fleet_id)
            if running is None or running.ended or running.standing.state != "ready":
                raise NotRunningError(_NOT_RUNNING.format(container="primary"), container="primary")
            running.asked += 1
        try:
            asked = running.variants[variant]
            answer = self._hosts.ruled(
                running.fleet, asked, running.hosts[variant], invocation
            ) or _answer(asked, running.hosts[variant], invocation)
        except BaseException:
            self._answered(running)
            raise
        if isinstance(answer.chunks, Whole):
            self._answered(running)
            return answer
        return Answer(
            status=answer.status,
            content_type=answer.content_type,
            chunks=Pieces(answer.chunks, lambda: self._answered(running)),
            custom_attributes=answer.custom_attributes,
            container=answer.container,
        )

    def logs(self, fleet_id: str) -> dict[str, str]:
        """The last lines of what each container wrote, by `variant/hostname`."""
        running = self._running.get(fleet_id)
        if running is None:
            return {}
        return {
            f"{variant.name}/{container.hostname}": host.log_tail()
            for variant in running.fleet.variants
            for container, host in zip(
                variant.containers, running.hosts.get(variant.name, ()), strict=False
            )
        }

    def changes(self) -> int:
        """How often the standing of a fleet has changed so far."""
        return self._changes

    def wait_for_change(self, seen: int, timeout_s: float) -> None:
        """Wait until there have been more changes than `seen`, or for so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._changes > seen, timeout_s)

    def reset(self) -> None:
        """Stop all fleets, whatever they are asked; return when nothing of them is left."""
        running = list(self._running.values())
        for each in running:
            with self._changed:
                each.ended = True
                self._changed.notify_all()
            self.stop(each.fleet.id)
        with self._changed:
            gone = self._changed.wait_for(
                lambda: all(self._running.get(each.fleet.id) is not each for each in running),
                _RESET_S,
            )
        if not gone:
            _log.error("Some endpoints could not be stopped within %s s", _RESET_S)

    def close(self) -> None:
        """Stop all fleets, remove their folders, and start none any more."""
        with self._changed:
            self._closed = True
        self.reset()
        shutil.rmtree(self._root, ignore_errors=True)

    def _is_canned(self, running: _Running) -> bool:
        """Whether nothing of a fleet has to be run; its hosts are made then."""
        hosts: dict[str, list[Host]] = {}
        for variant in running.fleet.variants:
            hosts[variant.name] = []
            for container in variant.containers:
                host = self._hosts.canned_at_once(running.fleet, variant, container)
                if host is None:
                    return False
                hosts[variant.name].append(host)
        running.hosts = hosts
        return True

    def _start(self, running: _Running) -> None:
        try:
            for variant in running.fleet.variants:
                self._prepare(running, variant)
            self._start_hosts(running)
        except HostFailed as failure:
            _log.error("Endpoint %s: %s", running.fleet.endpoint, failure)
            self._fail(running, _shortened(str(failure)))
        except Exception:  # noqa: BLE001 - else the fleet would be starting for ever
            _log.exception("Endpoint %s could not be started", running.fleet.endpoint)
            self._fail(running, _FAULT)
        else:
            self._stand(running, "ready")

    def _fail(self, running: _Running, reason: str) -> None:
        """Leave nothing of a fleet but that it has failed, and why."""
        running.last_logs = self.logs(running.fleet.id)
        _stop_all(running)
        self._remove_folder(running)
        self._stand(running, "failed", reason)

    def _prepare(self, running: _Running, variant: Variant) -> None:
        hosts = running.hosts.setdefault(variant.name, [])
        for container in variant.containers:
            if running.stopping:
                raise HostFailed(_NOT_RUNNING.format(container=container.hostname))
            folder = self._folder(running)
            hosts.append(self._hosts.host(running.fleet, variant, container, folder))

    def _start_hosts(self, running: _Running) -> None:
        """Start all hosts side by side. Errors: HostFailed, of the first that failed."""
        failures: list[str] = []

        def start(variant: Variant, hostname: str, host: Host) -> None:
            try:
                with self._starts:
                    host.start()
            except HostFailed as failure:
                said = {"hostname": hostname, "variant": variant.name, "said": failure}
                failures.append(PING_FAILED.format(**said))
            except Exception:  # noqa: BLE001 - else it would pass for a success
                _log.exception("Endpoint %s could not be started", running.fleet.endpoint)
                failures.append(_FAULT)

        starts = [
            (variant, container.hostname, host)
            for variant in running.fleet.variants
            for container, host in zip(variant.containers, running.hosts[variant.name], strict=True)
        ]
        threads = [threading.Thread(target=start, args=each, daemon=True) for each in starts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise HostFailed(failures[0])

    def _stop(self, running: _Running) -> None:
        with self._changed:
            self._changed.wait_for(lambda: running.ended or not running.asked, _DRAIN_S)
            is_reset = running.ended
            running.ended = True
        # What is starting is stopped too, and what it still begins meanwhile once it has ended.
        for _ in range(2):
            _stop_all(running)
            if running.starter is not None:
                # What is being brought may take for ever: it is let go, and finds that it is late.
                running.starter.join(_LATE_S if is_reset else None)
        self._remove_folder(running)
        with self._changed:
            self._running.pop(running.fleet.id, None)
            self._changes += 1
            self._changed.notify_all()

    def _folder(self, running: _Running) -> Path:
        return self._root / folder_name(running.fleet.id.replace("/", "-"))

    def _remove_folder(self, running: _Running) -> None:
        shutil.rmtree(self._folder(running), ignore_errors=True)

    def _answered(self, running: _Running) -> None:
        with self._changed:
            running.asked -= 1
            if running.stopping:
                self._changed.notify_all()

    def _stand(
        self, running: _Running, state: Literal["ready", "failed"], reason: str = ""
    ) -> None:
        backends = {
            name: "+".join(dict.fromkeys(host.backend for host in hosts))
            for name, hosts in running.hosts.items()
        }
        notes = {
            name: " ".join(dict.fromkeys(host.why for host in hosts if host.why))
            for name, hosts in running.hosts.items()
            if any(host.why for host in hosts)
        }
        for variant, why in notes.items():
            if state == "ready":
                _log.info(_NOTHING_REAL, running.fleet.endpoint, variant, why)
        with self._changed:
            running.standing = Standing(state, reason, backends, notes, running.last_logs)
            self._changes += 1
            self._changed.notify_all()


def _stop_all(running: _Running) -> None:
    """Stop all hosts side by side: each may take its time."""
    hosts = list(running.all_hosts())
    threads = [threading.Thread(target=host.stop, daemon=True) for host in hosts[1:]]
    for thread in threads:
        thread.start()
    for host in hosts[:1]:
        host.stop()
    for thread in threads:
        thread.join()


def _answer(variant: Variant, hosts: Sequence[Host], invocation: Invocation) -> Answer:
    """What a variant's containers answer: one of them where they are called directly."""
    if len(hosts) == 1:
        return hosts[0].invoke(invocation)
    if not variant.direct:
        # What gives canned answers gives one, however many containers it is said to have.
        canned = all(host.backend == "canned" for host in hosts)
        return _in_series(hosts[-1:] if canned else hosts, invocation)
    names = [each.hostname for each in variant.containers]
    target = str(invocation.target_container)
    if target not in names:
        raise NoAnswerError(_NO_CONTAINER.format(container=target), container=target)
    return hosts[names.index(target)].invoke(invocation)


def _in_series(hosts: Sequence[Host], invocation: Invocation) -> Answer:
    """The answer of the last container; each gets what the one before it said."""
    asked = replace(invocation, accept=None)
    for host in hosts[:-1]:
        answer = host.invoke(asked)
        if answer.status not in _SUCCESSES:
            return answer
        asked = replace(
            asked, body=b"".join(answer.chunks), content_type=answer.content_type or _BETWEEN_TYPE
        )
    return hosts[-1].invoke(replace(asked, accept=invocation.accept))


def _shortened(reason: str) -> str:
    """A reason that fits: how it begins, and how it ends, where a log's last line stands."""
    if len(reason) <= MOST_REASON:
        return reason
    return f"{reason[:_BEGINNING]} ... {reason[_BEGINNING - MOST_REASON + 5 :]}"
