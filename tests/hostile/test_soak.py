"""Whether the server's memory stays where it is, over as many requests as are asked for.

`pytest tests/hostile/test_soak.py --soak 200000` sends that many: the cases of a seed, good
and bad, over and over, with everything forgotten after each round.
"""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hostile.generator import Requests
from hostile.line import Line
from hostile.served import Served, serving
from sagemock.api.service_model import ServiceModel

_RESET = b"POST /_sagemock/reset HTTP/1.1\r\nHost: localhost\r\n\r\n"
_A_ROUND = 1000
_LARGEST = 100_000  # larger bodies say what a peak is, not whether something is kept
_MOST_GROWTH_MB = 10


def test_memory_stays_where_it_is_after_the_first_requests(
    tmp_path: Path, model: ServiceModel, soak: int, tell: Callable[[str], None]
) -> None:
    if not soak:
        pytest.skip("takes minutes; --soak says how many requests")
    requests = Requests(1, model)
    cases = [requests.case(number) for number in range(_A_ROUND)]
    kept = [(case.sent, case.is_head) for case in cases if len(case.body) < _LARGEST]
    warm = min(50_000, soak // 4)
    sent, measured = 0, [0.0]
    started = time.monotonic()
    with serving(tmp_path) as served, closing(Line(served.address)) as line:
        while sent < soak:
            sent += _round(served, line, requests, kept)
            if sent >= warm:
                measured.append(served.memory_mb())
        first, last, highest = measured[1], measured[-1], max(measured)
        assert served.tracebacks() == ""
    rate = sent / (time.monotonic() - started)
    tell(
        f"hostile: {sent} requests at {rate:.0f}/s; memory {first:.1f} MB after {warm}, "
        f"{last:.1f} MB at the end, {highest:.1f} MB at most: {last - first:+.1f} MB",
    )
    assert last - first < _MOST_GROWTH_MB


def _round(served: Served, line: Line, requests: Requests, cases: list[tuple[bytes, bool]]) -> int:
    """All cases once on fresh state; how many requests that were."""
    assert line.exchange(_RESET) is not None
    beginning = requests.beginning()
    for operation, members in beginning:
        served.call(operation, members)
    for sent, bodyless in cases:
        assert line.exchange(sent, bodyless=bodyless) is not None
    return 1 + len(beginning) + len(cases)
