"""`sagemock diff` and the servers it asks: whose registry they answer for, and what they notice."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import assert_one_sentence, run
from sagemock.api.service_model import ServiceModel
from sagemock.server_client import ask, send
from tls_server import tls_server
from two_registries import Client, answering, moto_served, sagemock_served

HOME, AWAY = "123456789012", "111122223333"


@pytest.fixture
def a(model: ServiceModel) -> Iterator[str]:
    with sagemock_served(model) as url:
        yield url


def diff(*arguments: str) -> tuple[int, str, str]:
    result = run("diff", *arguments)
    return result.returncode, result.stdout, result.stderr


@pytest.fixture
def of_one_account() -> Iterator[str]:
    """The address of a server that is of one account, whoever asks: moto, with a group."""
    with moto_served() as url:
        with Client(url) as client:
            client.group()
        yield url


def saved(url: str, file: Path) -> str:
    """The name of a file with a snapshot of a server."""
    assert run("snapshot", "save", str(file), "--url", url).returncode == 0
    return str(file)


def filled_accounts(url: str, file: Path, *accounts: str) -> str:
    """A snapshot of as many accounts, each with a group and one that only it has."""
    for account in accounts:
        with Client(url, account) as client:
            client.group()
            client.group(f"of-{account}")
    return saved(url, file)


def test_a_server_of_one_account_is_compared_with_that_one(
    a: str, of_one_account: str, tmp_path: Path
) -> None:
    file = filled_accounts(a, tmp_path / "a.json", HOME, AWAY)
    code, out, err = diff(file, of_one_account, "--json")
    assert (code, json.loads(out)["Differences"]) == (
        1,
        [{"Group": f"of-{HOME}", "Only": "A", "Versions": 0}],
    )
    assert err == (
        f"sagemock: What {of_one_account} holds is of account {HOME}, whichever is asked for; of "
        f"{file} only that account is compared.\n"
    )
    assert diff(of_one_account, file, "--json")[2] == err


def test_a_server_of_one_account_is_compared_with_the_only_one_there_is_and_says_so(
    a: str, of_one_account: str, tmp_path: Path
) -> None:
    file = filled_accounts(a, tmp_path / "a.json", HOME, AWAY, "444455556666")
    said = (
        f"sagemock: What {of_one_account} holds is of account {HOME}, not of {AWAY}; it is "
        "compared all the same.\n"
    )
    for first in (file, a):
        code, out, err = diff(first, of_one_account, "--account", AWAY, "--json")
        assert (code, err) == (1, said)
        assert json.loads(out)["Differences"] == [
            {"Group": f"of-{AWAY}", "Only": "A", "Versions": 0}
        ]


def test_a_server_of_an_account_that_a_snapshot_has_not_asks_which_is_meant(
    a: str, of_one_account: str, tmp_path: Path
) -> None:
    file = filled_accounts(a, tmp_path / "a.json", AWAY, "444455556666")
    assert_one_sentence(
        run("diff", file, of_one_account),
        f"of account {HOME}, whichever is asked for, and {file} holds account {AWAY}, us-east-1; "
        "account 444455556666, us-east-1; choose one with --account-a",
    )


def test_a_word_that_aws_does_not_know_is_a_difference_like_any_other(
    a: str, tmp_path: Path
) -> None:
    with Client(a, HOME) as client:
        client.group()
        client.version(ModelApprovalStatus="Approved")
    file = Path(saved(a, tmp_path / "a.json"))
    # What a server of `--validation warn` may have stored.
    file.write_text(file.read_text("utf-8").replace('"Approved"', '"Approoved"'), "utf-8")
    code, out, _ = diff(str(file), a, "--json")
    (found,) = json.loads(out)["Differences"]
    assert (code, found["A"], found["B"]) == (1, "Approoved", "Approved")


def test_comparing_is_no_call_of_the_program_under_test(a: str, tmp_path: Path) -> None:
    with Client(a, HOME) as client:
        client.group()
        client.version()
    file = saved(a, tmp_path / "a.json")
    send(a, "DELETE", "/_sagemock/requests")
    rule = {"fault": {"error": {"code": "ThrottlingException"}}, "times": 1}
    send(a, "POST", "/_sagemock/faults", rule)
    for pair in ((a, a, "--account", HOME), (file, a), (a, file, "--region-a", "us-east-1")):
        assert diff(*pair)[:2] == (0, "No differences.\n")
    (known,) = ask(a, "/_sagemock/faults")["faults"]
    assert known["matched"] == 0
    assert ask(a, "/_sagemock/requests")["Requests"] == []


def test_no_other_server_is_told_that_a_tool_asks() -> None:
    empty = b'{"ModelPackageGroupSummaryList": [], "ModelPackageSummaryList": []}'
    heard: list[str] = []
    with answering(lambda _: (200, empty), heard) as url:
        assert diff(url, url) == (0, "No differences.\n", "")
    assert "X-Amz-Target" in heard
    assert not [each for each in heard if each.lower().startswith("x-sagemock")]


@pytest.mark.parametrize("more", [(), ("--account", HOME)], ids=["all accounts", "one account"])
@pytest.mark.parametrize("is_file", [True, False], ids=["a snapshot", "a server"])
def test_https_where_plain_http_is_spoken_is_told_with_the_address_that_is_right(
    a: str, tmp_path: Path, more: tuple[str, ...], *, is_file: bool
) -> None:
    with Client(a, HOME) as client:
        client.group()
    right = saved(a, tmp_path / "a.json") if is_file else a
    wrong = a.replace("http:", "https:")
    said = f"^sagemock: What answers at {wrong} speaks plain http; use {a}\\.$"
    # Botocore would wait for half a minute, longer than a command is given here.
    assert_one_sentence(run("diff", right, wrong, *more), said)
    assert_one_sentence(run("diff", wrong, right, *more), said)


def test_a_snapshot_is_not_compared_with_https_where_plain_http_is_spoken(
    a: str, tmp_path: Path
) -> None:
    wrong = a.replace("http:", "https:")
    assert_one_sentence(
        run("snapshot", "diff", saved(a, tmp_path / "a.json"), "--url", wrong),
        f"^sagemock: What answers at {wrong} speaks plain http; use {a}\\.$",
    )


def test_http_where_https_is_spoken_is_told_with_the_address_that_is_right(
    a: str, tmp_path: Path
) -> None:
    with tls_server(tmp_path) as port:
        wrong, right = (f"{scheme}://127.0.0.1:{port}" for scheme in ("http", "https"))
        said = f"^sagemock: What answers at {wrong} speaks https; use {right}\\.$"
        assert_one_sentence(run("diff", a, wrong), said)
        assert_one_sentence(run("diff", wrong, a, "--account", HOME), said)
