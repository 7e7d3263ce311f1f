"""Any sequence of calls, played to the service and to a model of it: both must say the same.

Hypothesis chooses the calls and prints them when the two differ.
`MACHINE_EXAMPLES=2000 pytest -s tests/test_registry_machine.py` plays more, each time new ones, and
takes minutes to find a short sequence that shows a difference.
"""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import (
    run_state_machine_as_test,
)

from registry_machine import MODEL, RegistryMachine
from sagemock import Settings, create_service

EXAMPLES = os.environ.get("MACHINE_EXAMPLES")

BOUNDED = settings(
    # As few as Hypothesis makes without beginning to vary what it has made: it would play the
    # same calls again and again.
    max_examples=10,
    stateful_step_count=40,
    deadline=None,
    derandomize=EXAMPLES is None,
    database=None,
    phases=[Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def play(machine: Callable[[], RegistryMachine], examples: int, seen: Counter[str]) -> None:
    """Play examples in runs of ten: always the same ones in the suite, new ones on demand."""
    for number in range(int(EXAMPLES or examples) // BOUNDED.max_examples):
        seeded = machine if EXAMPLES else seed(number)(machine)
        # Any maker of machines will do; only its type says that it is a class.
        run_state_machine_as_test(seeded, settings=BOUNDED)  # type: ignore[arg-type]
    counts = ", ".join(f"{name} {count}" for name, count in sorted(seen.items()))
    sys.stdout.write(f"\n{sum(seen.values())} calls agreed: {counts}\n")


# What the calls of a run must have come to, or it has proved little.
OUTCOMES = {
    "CreateModelPackage ConflictException",
    "CreateModelPackage ValidationException",
    "CreateModelPackage AccessDeniedException",
    "CreateModelPackageGroup ValidationException",
    "UpdateModelPackage ConflictException",
    "UpdateModelPackage ValidationException",
    "DeleteModelPackageGroup ConflictException",
    "DeleteModelPackageGroup ValidationException",
    "DescribeModelPackage ValidationException",
    "AddTags ValidationException",
    "GetModelPackageGroupPolicy ValidationException",
    *("CreateModel ValidationException", "CreateEndpointConfig ValidationException"),
    *("CreateEndpoint ValidationException", "UpdateEndpoint ValidationException"),
    *("UpdateEndpoint", "UpdateEndpointWeightsAndCapacities", "DeleteEndpoint", "DeleteModel"),
    "next page",
}


def test_the_registry_agrees_with_a_model_of_it_after_any_calls() -> None:
    seen: Counter[str] = Counter()
    kept = create_service(Settings(db=":memory:"), model=MODEL, strict=True)
    with closing(kept):
        play(lambda: RegistryMachine(seen, None, kept), 120, seen)
    assert seen.keys() >= OUTCOMES


def test_the_registry_agrees_when_its_file_is_closed_and_opened_between_calls() -> None:
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:

        def machine() -> RegistryMachine:
            return RegistryMachine(seen, Path(tempfile.mkdtemp(dir=folder), "registry.db"), None)

        play(machine, 20, seen)
    assert seen["opened again"] >= 10
    assert seen["reset"] >= 1
