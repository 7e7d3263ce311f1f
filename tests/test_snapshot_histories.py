"""Any history, saved and loaded elsewhere: every answer and every next number is the same."""

import shutil
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import travels
from conftest import FIXTURES, TickingClock
from fictions import ANN, call
from sagemock import Service, Settings, create_service
from sagemock.api.service_model import ServiceModel
from sagemock.errors import SageMakerError
from sagemock.snapshot import parsed
from snapshot_fiction import lists, text
from travels import NAMES, STEPS, Step, at_rest, everything

DATABASES = sorted((FIXTURES / "databases").glob("schema-*.db"))


def played(model: ServiceModel, steps: list[Step]) -> Service:
    service = create_service(
        Settings(db=":memory:"), model=model, clock=TickingClock(), strict=True
    )
    for step in steps:
        travels.played(service, step)
    return service


def next_versions(service: Service) -> list[Any]:
    """What is said of one more version in every group."""
    said: list[Any] = []
    for name in NAMES:
        try:
            said.append(call(service, "CreateModelPackage", ModelPackageGroupName=name))
        except SageMakerError as error:
            said.append(error.message)
    return said


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEPS, min_size=1, max_size=30), others=st.lists(STEPS, max_size=8))
def test_a_loaded_registry_is_told_and_goes_on_as_the_one_that_was_saved(
    model: ServiceModel, steps: list[Step], others: list[Step]
) -> None:
    service, other = played(model, steps), played(model, others)
    try:
        kept = text(service)
        other.load(parsed(kept))
        at_rest(other)
        assert text(other) == kept
        assert everything(other) == everything(service)
        assert lists(other, ANN) == lists(service, ANN)
        assert next_versions(other) == next_versions(service)
    finally:
        service.close()
        other.close()


@pytest.mark.parametrize("path", DATABASES, ids=lambda path: path.stem)
def test_what_an_older_version_left_is_saved_and_loaded(
    path: Path, model: ServiceModel, tmp_path: Path
) -> None:
    database = Path(shutil.copy(path, tmp_path))
    service, other = (
        create_service(Settings(db=db), model=model, strict=True) for db in (database, ":memory:")
    )
    kept = text(service)
    assert len(service.snapshot()["accounts"]) > 1
    other.load(parsed(kept))
    assert text(other) == kept
    service.close()
    other.close()


def test_the_same_state_is_the_same_bytes_whatever_came_before(model: ServiceModel) -> None:
    texts = set()
    for order in product((True, False), repeat=2):
        service = played(model, [])
        for first, name in zip(order, ("a", "b"), strict=True):
            service.clock.freeze(1_700_000_000.0 + ord(name))
            tags = [{"Key": "k", "Value": "v"}]
            given = {"Tags": tags} if first else {}
            call(service, "CreateModelPackageGroup", ModelPackageGroupName=name, **given)
            if not first:
                arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package-group/{name}"
                call(service, "AddTags", ResourceArn=arn, Tags=tags)
        texts.add(text(service))
        service.close()
    assert len(texts) == 1
