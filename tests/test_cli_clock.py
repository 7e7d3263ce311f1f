"""`sagemock clock`, and `serve --freeze`, as processes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result

from command_line import Started, assert_one_sentence, run
from sagemock.cli import cli
from sagemock.cli.clock import _length

NOON = "2026-01-31T12:00:00.000Z"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("served")
    started = Started(folder, "--db", ":memory:", "--freeze", "2026-01-31T12:00Z")
    yield started
    assert started.stop()[0] == 0


@pytest.fixture
def url(served: Started) -> Iterator[str]:
    yield served.url
    assert clock(served.url, "reset").exit_code == 0


def clock(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["clock", *arguments], env={"SAGEMOCK_URL": url})


def told(url: str, *arguments: str) -> str:
    result = clock(url, *arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.removesuffix("\n")


def test_a_server_can_start_with_a_clock_that_stands_still(served: Started) -> None:
    result = run("clock", "show", "--url", served.url)
    said = f"{NOON}, standing still\n"
    assert (result.returncode, result.stdout, result.stderr) == (0, said, "")
    served.call("CreateModelPackageGroup", ModelPackageGroupName="churn")
    group = served.call("DescribeModelPackageGroup", ModelPackageGroupName="churn")
    assert group["CreationTime"] == 1769860800


def test_it_is_turned_and_says_what_it_shows(url: str) -> None:
    for arguments, expected in (
        (("freeze", "2026-02-01"), "2026-02-01T00:00:00.000Z, standing still"),
        (("advance", "1h30m"), "2026-02-01T01:30:00.000Z, standing still"),
        (("advance", "-30m"), "2026-02-01T01:00:00.000Z, standing still"),
        (("back", "2d"), "2026-01-30T01:00:00.000Z, standing still"),
        (("back", "--", "-1h"), "2026-01-30T02:00:00.000Z, standing still"),
        (("freeze",), "2026-01-30T02:00:00.000Z, standing still"),
        (("reset",), f"{NOON}, standing still"),
    ):
        assert told(url, *arguments) == expected


@pytest.mark.parametrize(
    ("arguments", "days", "how"),
    [
        (("offset", "2d"), 2, "running 2d ahead of the real time"),
        (("offset", "-30d"), -30, "running 30d behind the real time"),
        (("offset", "0"), 0, "running, the real time"),
    ],
)
def test_it_runs_ahead_or_behind(arguments: tuple[str, ...], days: int, how: str, url: str) -> None:
    time, _, said = told(url, *arguments).partition(", ")
    assert said == how
    expected = datetime.now(UTC) + timedelta(days=days)
    assert abs(datetime.fromisoformat(time) - expected) < timedelta(minutes=1)


def test_it_runs_on_from_where_it_stood(url: str) -> None:
    time, _, how = told(url, "resume").partition(", ")
    assert datetime.fromisoformat(time) - datetime.fromisoformat(NOON) < timedelta(minutes=1)
    assert how.startswith("running ")


def test_with_json_it_tells_its_state(url: str) -> None:
    state = json.loads(told(url, "freeze", "0", "--json"))
    assert state.pop("real_time")[:2] == "20"
    assert state.pop("offset_s") < -1.7e9
    assert state == {"time": "1970-01-01T00:00:00.000Z", "epoch_s": 0.0, "frozen": True}


def test_the_date_of_an_answer_is_the_real_one_by_which_clients_sign(url: str) -> None:
    with urlopen(f"{url}/_sagemock/health", timeout=10) as answer:  # noqa: S310 - just started
        date = parsedate_to_datetime(answer.headers["Date"])
    assert abs(date - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("advance", "soon"), "A duration is written like .* not 'soon'"),
        (("offset", "-2x"), "A duration is written like .* not '-2x'"),
        (("freeze", "noon"), "A time is written like .* not 'noon'"),
        (("back", "99999999d"), "turn it less far"),
        (("advance",), "for example: sagemock clock advance 7d"),
        (("forward", "2h"), "There is no command 'forward'; "),
        (("advance", "--long"), "No such option '--long'"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    arguments: tuple[str, ...], sentence: str, served: Started
) -> None:
    assert_one_sentence(run("clock", *arguments, SAGEMOCK_URL=served.url), sentence)


def test_no_server_is_a_mistake_told_in_a_sentence() -> None:
    url = "http://127.0.0.1:9"
    assert_one_sentence(run("clock", "advance", "2h", "--url", url), f"no sagemock at {url}: ")


def test_a_server_that_is_to_start_at_no_time_does_not_start(tmp_path: Path) -> None:
    options = ("--db", str(tmp_path / "new.db"), "--port", "0", "--freeze", "noon")
    assert_one_sentence(run("serve", *options), "A time is written like .* not 'noon'")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0s"),
        (0.25, "0.25s"),
        (59.9999, "1m"),
        (3600, "1h"),
        (90061.5, "1d1h1m1.5s"),
        (86399.9996, "1d"),
        (1234567.891, "14d6h56m7.891s"),
    ],
)
def test_a_length_is_told_as_it_is_given(seconds: float, text: str) -> None:
    assert _length(seconds) == text
