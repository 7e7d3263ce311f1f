"""A Serving before another: what rules for faults hold up, or have fail, stands as they say.

Of all others nothing is changed. What is held up by a rule that is taken away goes on: a deployment
is started after all, an endpoint that is being deleted is stopped.
"""

import threading
from typing import TYPE_CHECKING

from sagemock.faults import Faults
from sagemock.hosting import Answer, Fleet, Invocation, Serving, Standing

if TYPE_CHECKING:
    from sagemock.fault_rules import Fault


class _Fate:
    """How a fleet is said to stand, and by which rule; whether it was to be stopped."""

    def __init__(self, rule_id: int, standing: Standing, *, stops: bool = False) -> None:
        self.rule_id = rule_id
        self.standing = standing
        self.stops = stops


class FaultyFleets:
    """Fleets as another Serving runs them, but for those that rules are about."""

    def __init__(self, fleets: Serving, faults: Faults) -> None:
        self._fleets = fleets
        self._faults = faults
        self._fates: dict[str, _Fate] = {}
        self._changing = threading.Lock()
        self._changes = 0

    def start(self, fleet: Fleet) -> None:
        """Begin to start a fleet, unless it is to be stuck or to fail."""
        if self._fate(fleet.id) is not None:
            return
        fault = self._faults.status_of_start(fleet.account, fleet.region, fleet.endpoint)
        # One that runs already is not started by this call.
        if fault is None or self._fleets.observe(fleet.id) is not None:
            self._fleets.start(fleet)
        else:
            self._decide(fleet.id, _Fate(fault.rule_id, _standing(fault)))

    def observe(self, fleet_id: str) -> Standing | None:
        """How a fleet is."""
        fate = self._fate(fleet_id)
        return self._fleets.observe(fleet_id) if fate is None else fate.standing

    def stop(self, fleet_id: str) -> None:
        """Begin to stop a fleet, unless it is to be stuck in that."""
        fate = self._fate(fleet_id)
        if fate is not None:
            if not fate.stops:
                with self._changing:
                    del self._fates[fleet_id]
                    self._changes += 1
            return
        # As deployments name their fleets: account, region, endpoint and a number.
        fault = self._faults.status_of_stop(*fleet_id.split("/")[:3])
        if fault is None:
            self._fleets.stop(fleet_id)
        else:
            standing = self._fleets.observe(fleet_id) or Standing("ready")
            self._decide(fleet_id, _Fate(fault.rule_id, standing, stops=True))

    def invoke(self, fleet_id: str, variant: str, invocation: Invocation) -> Answer:
        """What a variant answers; one that never started is not running."""
        return self._fleets.invoke(fleet_id, variant, invocation)

    def logs(self, fleet_id: str) -> dict[str, str]:
        """The last lines of what each container wrote."""
        return self._fleets.logs(fleet_id)

    def changes(self) -> int:
        """How often the standing of a fleet, or a rule that is about some, has changed so far."""
        return self._fleets.changes() + self._own_changes()

    def wait_for_change(self, seen: int, timeout_s: float) -> None:
        """Wait until there have been more changes than `seen`, or for so long."""
        self._fleets.wait_for_change(seen - self._own_changes(), timeout_s)

    def reset(self) -> None:
        """Stop all fleets."""
        with self._changing:
            self._fates.clear()
        self._fleets.reset()

    def close(self) -> None:
        """Stop all fleets for good."""
        self._fleets.close()

    def _own_changes(self) -> int:
        return self._changes + self._faults.removed

    def _fate(self, fleet_id: str) -> _Fate | None:
        """What a rule that is still there has made of a fleet."""
        fate = self._fates.get(fleet_id) if self._fates else None
        if fate is not None and not self._faults.has(fate.rule_id):
            with self._changing:
                self._fates.pop(fleet_id, None)
            return None
        return fate

    def _decide(self, fleet_id: str, fate: _Fate) -> None:
        with self._changing:
            self._fates[fleet_id] = fate
            self._changes += 1


def _standing(fault: "Fault") -> Standing:
    if fault.status == "stuck":
        return Standing("starting")
    return Standing("failed", fault.reason)
