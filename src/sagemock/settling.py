"""Settling: bringing resources that have yet to move to where they should be.

A rule that begins something leaves its resource due and is answered. Here what is due is compared
with how fleets stand: what is missing is started, what is left over stopped, and a status that has
been reached is written, with its activity record, in a writing call of our own. Nothing sleeps, and
a crash loses nothing: what it interrupted is still due at the next start.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from sagemock.hosting import Serving
from sagemock.operation import Call, Caller, Look, Operation
from sagemock.ports import Session, StorageFailed, Store

SETTLE = Operation(
    name="Settle", input=None, output=None, reads=False, result_member=None, token_member=None
)
"""What the activity log calls a move nobody called for."""

PRINCIPAL = "sagemaker.amazonaws.com"

Place = tuple[str, str, str, str, int]
"""An account, a region, and the kind, name and number of a resource there."""

NewCall = Callable[[Operation, Caller, str, Session], Call]

# While something is due: how long a stop, or a fault's rule that is taken away, may go unseen.
_LOOK_S = 0.05
_CHORE_S = 600.0
_RETRY_S = 5.0

_log = logging.getLogger("sagemock.settling")


class Settling:
    """Moves the resources of one store, by what `looks` says for each kind."""

    def __init__(
        self, *, store: Store, serving: Serving, looks: Mapping[str, Look], new_call: NewCall
    ) -> None:
        self._store = store
        self._serving = serving
        self._looks = looks
        self._new_call = new_call
        # How often each has become due: one that does so again while it is found at rest stays.
        self._due: dict[Place, int] = {}
        self._booking = threading.Condition()
        self._turn = threading.Lock()
        self._stopping = threading.Event()
        # Whether something has become due, or has failed, since all that was due was looked at.
        self._outdated = False
        self._seen = -1
        self._not_before = 0.0
        self._thread: threading.Thread | None = None

    def resume(self) -> set[Place]:
        """Take up what is in the store, left there by whoever served it before, or just loaded.

        What is missing is started. All that was taken up is returned.
        """
        places: set[Place] = set()
        for kind in self._looks:
            for _, account, region, *resource in self._store.places(kind):
                places |= self.add(account, region, [tuple(resource)])  # type: ignore[list-item]  # kind, name and number
        self.settle()
        return places

    def add(
        self, account: str, region: str, resources: Iterable[tuple[str, str, int]]
    ) -> set[Place]:
        """Take up what a call has left due, now that it is committed."""
        places: set[Place] = {(account, region, *resource) for resource in resources}
        with self._booking:
            for place in places:
                self._due[place] = self._due.get(place, 0) + 1
            self._outdated = True
            self._booking.notify_all()
        return places

    def hold(self, places: set[Place], timeout_s: float) -> None:
        """Settle until these resources have come to rest, or for so long."""
        deadline = time.monotonic() + timeout_s
        while True:
            seen = self._serving.changes()
            if not self._turn.acquire(timeout=max(deadline - time.monotonic(), 0)):
                return
            try:
                self._settle_all()
            finally:
                self._turn.release()
            left_s = deadline - time.monotonic()
            if not places & self._due.keys() or left_s <= 0:
                return
            self._serving.wait_for_change(seen, left_s)

    def glance(self) -> None:
        """Settle if something is due and has changed, unless it is being done already."""
        if self._due and self._needs_look() and self._turn.acquire(blocking=False):
            try:
                self._settle_all()
            finally:
                self._turn.release()

    def settle(self) -> None:
        """Look at everything that is due, and move what can be moved."""
        with self._turn:
            self._settle_all()

    def start(self, chore: Callable[[], None]) -> None:
        """Settle whenever something has changed, until stopped; do the chore now and then."""
        self._thread = threading.Thread(
            target=self._run, args=(chore,), name="sagemock settling", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Move nothing any more, and return when nothing is being moved, nor a chore done."""
        self._stopping.set()
        with self._booking:
            self._booking.notify_all()
        with self._turn:
            self._due.clear()
        # A chore may be what stops it.
        if self._thread not in {None, threading.current_thread()}:
            self._thread.join()

    def forget(self, empty: Callable[[], None]) -> None:
        """Have everything emptied while nothing is moved; nothing is due afterwards.

        Where that fails, all that was due is so still.
        """
        with self._turn:
            # First, so that what is made anew meanwhile stays due.
            with self._booking:
                due = dict(self._due)
                self._due.clear()
            try:
                empty()
            except BaseException:
                with self._booking:
                    for place, times in due.items():
                        self._due.setdefault(place, times)
                    self._outdated = True
                    self._booking.notify_all()
                raise

    def _run(self, chore: Callable[[], None]) -> None:
        next_chore = 0.0
        while not self._stopping.is_set():
            seen = self._serving.changes()
            self.glance()
            if time.monotonic() >= next_chore:
                next_chore = time.monotonic() + _CHORE_S
                try:
                    chore()
                except Exception:  # noqa: BLE001 - it has another turn
                    _log.exception("A chore failed")
            if self._due:
                self._serving.wait_for_change(seen, _LOOK_S)
            else:
                # Whatever fleets do: nobody waits for it.
                with self._booking:
                    self._booking.wait_for(
                        lambda: self._due or self._stopping.is_set(),
                        max(next_chore - time.monotonic(), 0),
                    )

    def _needs_look(self) -> bool:
        changed = self._outdated or self._serving.changes() != self._seen
        return changed and time.monotonic() >= self._not_before

    def _settle_all(self) -> None:
        if self._stopping.is_set():
            return
        self._seen, self._outdated = self._serving.changes(), False
        for place in tuple(self._due):
            try:
                self._settle(place)
            except StorageFailed as failure:
                _log.error("%s/%s waits for the storage: %s", place[2], place[3], failure)
                self._try_again()
            except Exception:  # noqa: BLE001 - the others, and whoever called, are not to suffer
                _log.exception("%s/%s could not be moved", place[2], place[3])
                self._try_again()

    def _try_again(self) -> None:
        self._outdated = True
        self._not_before = time.monotonic() + _RETRY_S

    def _settle(self, place: Place) -> None:
        """Move one resource as far as it goes now."""
        account, region, *resource = place
        asked = False
        while True:
            times_due = self._due.get(place)
            with self._store.reading(account, region) as session:
                row = session.get(*resource)  # type: ignore[arg-type]  # kind, name and number
            if row is None:
                break
            move = self._looks[place[2]](row.document, self._serving.observe)
            if move.apply is not None:
                self._apply(place)
                continue
            if (move.start or move.stop) and not asked:
                for fleet in move.start:
                    self._serving.start(fleet)
                for fleet_id in move.stop:
                    self._serving.stop(fleet_id)
                asked = True
                continue
            if move.start or move.stop or move.waits:
                return
            break
        with self._booking:
            if self._due.get(place) == times_due:
                self._due.pop(place, None)
            else:
                self._outdated = True

    def _apply(self, place: Place) -> None:
        account, region, kind, name, number = place
        caller = Caller(account=account, region=region, principal=PRINCIPAL, principal_id="")

        def work(session: Session) -> tuple[str, ...]:
            row = session.get(kind, name, number)
            if row is None:
                return ()
            # Asked again, for it may have changed since it was read.
            move = self._looks[kind](row.document, self._serving.observe)
            if move.apply is None:
                return ()
            move.apply(self._new_call(SETTLE, caller, "", session), row.document)
            return move.stop_after

        for fleet_id in self._store.write(account, region, work):
            self._serving.stop(fleet_id)
