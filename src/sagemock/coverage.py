"""Which operations are served, and what proves each: the table of README and `sagemock coverage`.

An operation is *ruled* when it has a rule of its own, *absent* when it is not served. The cases of
fixtures/conformance are counted by their evidence; only a recorded one was played against AWS.
"""

from collections import Counter
from collections.abc import Iterator

from sagemock import resources
from sagemock.api.service_model import ServiceModel
from sagemock.conformance import EVIDENCE, Case, installed_cases
from sagemock.operation import collect_operations
from sagemock.runtime import SERVED

RUNTIME = "sagemaker-runtime"


HEADER = ("operation", "level", *EVIDENCE)


def coverage_table(*, served_only: bool = False) -> str:
    """The rows as a Markdown table."""
    rows = coverage_rows(served_only=served_only)
    return "\n".join(_markdown([HEADER, ("---",) * len(HEADER), *rows]))


def coverage_rows(*, served_only: bool = False) -> list[tuple[str, ...]]:
    """One row an operation, as HEADER has it, served ones first; the last row counts all cases.

    A case that proves two operations stands in both their rows, and once in the last.
    """
    model = ServiceModel.installed()
    served = {*model.match_rules(collect_operations(resources)), *SERVED}
    names = {*model.operation_names(), *ServiceModel.installed(RUNTIME).operation_names()}
    cases = list(installed_cases())
    rows = [
        _row(name, "ruled" if name in served else "absent", cases)
        for name in sorted(names, key=lambda name: (name not in served, name))
        if name in served or not served_only
    ]
    counts = Counter(case.evidence for case in cases)
    rows.append(("all cases", "", *(str(counts[kind]) for kind in EVIDENCE)))
    return rows


def _row(operation: str, level: str, cases: list[Case]) -> tuple[str, ...]:
    counts = Counter(case.evidence for case in cases if operation in case.operations)
    return (operation, level, *(str(counts[kind]) for kind in EVIDENCE))


def _markdown(rows: list[tuple[str, ...]]) -> Iterator[str]:
    for row in rows:
        yield f"| {' | '.join(row)} |"
