"""The fixture `sagemock_clock`: time for a test, put back after it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sagemock import RunningServer
from sagemock.clock import TurnableClock
from sagemock.ids import SeededIds

pytest_plugins = ["pytester"]

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CHURN = {"ModelPackageGroupName": "churn"}


def created(client: Any) -> datetime:
    """When the group was made."""
    group: datetime = client.describe_model_package_group(**CHURN)["CreationTime"]
    return group


def test_what_is_made_has_the_time_that_is_shown(
    sagemock_clock: TurnableClock, sagemock_client: Any
) -> None:
    sagemock_clock.freeze("2026-01-31T12:00:00Z")
    sagemock_client.create_model_package_group(**CHURN)
    assert created(sagemock_client) == NOON == sagemock_clock.time()
    sagemock_clock.advance(timedelta(days=7))
    arn = sagemock_client.create_model_package(**CHURN)["ModelPackageArn"]
    version = sagemock_client.describe_model_package(ModelPackageName=arn)
    assert version["CreationTime"] == NOON + timedelta(days=7)
    since = sagemock_client.list_model_packages(**CHURN, CreationTimeAfter=NOON)
    assert len(since["ModelPackageSummaryList"]) == 1


@pytest.mark.parametrize("at", ["1970-01-01", "2001-09-09", "9999-12-31"])
def test_clients_sign_by_the_real_time_whatever_it_shows(
    at: str, sagemock_clock: TurnableClock, sagemock_client: Any
) -> None:
    sagemock_clock.freeze(at)
    answer = sagemock_client.create_model_package_group(**CHURN)
    date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
    real = datetime.strptime(date, "%a, %d %b %Y %H:%M:%S %Z").replace(tzinfo=UTC)
    assert abs(real - datetime.now(UTC)) < timedelta(minutes=1)
    with pytest.raises(ClientError, match="already exists"):
        sagemock_client.create_model_package_group(**CHURN)
    assert created(sagemock_client) == datetime.fromisoformat(at).replace(tzinfo=UTC)


@pytest.mark.sagemock(freeze="2026-01-31T12:00:00Z")
def test_a_marker_gives_a_server_whose_clock_stands_still(
    sagemock_clock: TurnableClock, sagemock_client: Any, sagemock_server: RunningServer
) -> None:
    assert sagemock_server.settings.freeze
    assert sagemock_server.service.clock is sagemock_clock
    sagemock_client.create_model_package_group(**CHURN)
    assert created(sagemock_client) == NOON


@pytest.mark.sagemock(id_seed=7)
def test_a_marker_gives_a_server_whose_ids_are_foretold(sagemock_client: Any) -> None:
    answer = sagemock_client.create_model_package_group(**CHURN)
    assert answer["ResponseMetadata"]["RequestId"] == SeededIds(7).request_id()


def test_it_is_put_back_after_each_test_also_after_one_that_failed(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import pytest

        def is_real(server):
            state = server.service.clock.state()
            return (state["frozen"], state["offset_s"]) == (False, 0.0)

        def test_turned(sagemock_clock):
            sagemock_clock.freeze(0)
            sagemock_clock.advance("7d")

        def test_as_before(sagemock_server):
            assert is_real(sagemock_server)

        def test_failed(sagemock_clock):
            sagemock_clock.offset("-2h")
            raise AssertionError("on purpose")

        def test_as_before_again(sagemock_server):
            assert is_real(sagemock_server)

        @pytest.mark.sagemock(freeze="2026-01-31")
        def test_turned_though_frozen(sagemock_clock):
            sagemock_clock.resume()

        @pytest.mark.sagemock(freeze="2026-01-31")
        def test_frozen_again(sagemock_clock, sagemock_server):
            assert sagemock_server.service.clock.now() == 1769817600.0

        @pytest.mark.sagemock(freeze="noon")
        def test_mistaken(sagemock_clock): ...
        """
    )
    result = pytester.runpytest_subprocess("-W", "error", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=5, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*A time is written like 2026-01-31T09:30:00Z,*not 'noon'."])
