"""That what is measured of first calls is what it is taken for."""

from pathlib import Path

import pytest
from prebuilt import Prebuilt
from run import Run
from session import first_call


@pytest.mark.parametrize("name", ["sagemock", "moto"])
def test_a_first_call_is_taken_from_its_parts(name: str, tmp_path: Path) -> None:
    call = first_call(Run(tmp_path, Prebuilt(), quick=True), name)
    assert 0 < call.client_s < call.work_s < call.whole_s
