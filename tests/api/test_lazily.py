"""Lazily made values: once, whole, whatever thread asks."""

import threading
from collections.abc import Callable

import pytest

from sagemock.api.lazily import Lazily
from sagemock.api.service_model import ServiceModel
from sagemock.api.validation import Validator


def test_sixteen_threads_may_make_the_first_call_of_an_operation(model: ServiceModel) -> None:
    operation = model.operation("CreateModelPackage")
    search = model.operation("Search")
    assert operation
    assert search
    for _ in range(5):
        validator = Validator(model)
        barrier = threading.Barrier(16)
        failures: list[BaseException] = []

        def call(validator: Validator = validator, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            try:
                validator.validate(operation, {"ModelPackageGroupName": "g"})
                nested = {"SubExpressions": [{"SubExpressions": [{"Operator": "And"}]}]}
                validator.validate(search, {"Resource": "Model", "SearchExpression": nested})
            except BaseException as failure:  # noqa: BLE001 - whatever it is, the test tells it
                failures.append(failure)  # noqa: B023 - the thread ends before the next round

        threads = [threading.Thread(target=call) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []


def test_a_value_that_needs_itself_gets_a_stand_in() -> None:
    made: Lazily[Callable[[], str]]

    def make(name: str) -> Callable[[], str]:
        inner = made[name]
        return lambda: name if inner is stand_in else "made twice"

    def stand_in() -> str:
        return "stand-in"

    made = Lazily(make, lambda _: stand_in)
    assert made["a"]() == "a"
    assert made["a"] is made["a"]


def test_a_failure_to_make_is_told_again_the_next_time() -> None:
    def make(name: str) -> int:
        raise ValueError(name)

    made = Lazily(make, len)
    for _ in range(2):
        with pytest.raises(ValueError, match="a"):
            made["a"]
