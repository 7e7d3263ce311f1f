"""The command line as a user has it: started as a process, told mistakes in one sentence."""

import re
import signal
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from command_line import Started, assert_one_sentence, run
from sagemock.cli import cli
from sagemock.wire.listening import url_of


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    started = Started(tmp_path)
    yield started
    if started.process.poll() is None:
        started.stop()


def test_serve_announces_where_it_listens_and_what_to_paste(started: Started) -> None:
    assert re.fullmatch(r"sagemock listening on http://127\.0\.0\.1:\d+\n", started.announced)
    assert started.to_paste == f"export AWS_ENDPOINT_URL_SAGEMAKER={started.url}\n"
    assert started.to_paste_too == f"export AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME={started.url}\n"
    assert started.call("ListModelPackageGroups") == {"ModelPackageGroupSummaryList": []}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_with_exit_code_0_when_told_to(started: Started, number: int) -> None:
    code, errors = started.stop(number)
    assert code == 0
    assert "Traceback" not in errors


def test_what_was_registered_survives_a_restart(tmp_path: Path, started: Started) -> None:
    started.call("CreateModelPackageGroup", ModelPackageGroupName="churn")
    created = started.call("CreateModelPackage", ModelPackageGroupName="churn", ClientToken="t")
    started.stop()
    assert (tmp_path / ".sagemock" / "sagemock.db").exists()
    again = Started(tmp_path)
    version = again.call("DescribeModelPackage", ModelPackageName="churn/1")
    assert version["ModelPackageVersion"] == 1
    replayed = again.call("CreateModelPackage", ModelPackageGroupName="churn", ClientToken="t")
    assert replayed == created
    again.stop()


def test_a_call_is_one_line_in_the_log_without_its_body(started: Started) -> None:
    started.call("CreateModelPackageGroup", ModelPackageGroupName="very-secret")
    _, errors = started.stop()
    lines = [line for line in errors.splitlines() if "CreateModelPackageGroup" in line]
    assert len(lines) == 1
    assert re.search(r"123456789012 us-east-1 200 \d+\.\d ms$", lines[0])
    assert "very-secret" not in errors


def test_options_can_be_given_as_variables(tmp_path: Path) -> None:
    started = Started(
        tmp_path,
        SAGEMOCK_DB=":memory:",
        SAGEMOCK_ACCOUNT_ID="999988887777",
        SAGEMOCK_REGION="eu-central-1",
    )
    group = started.call("CreateModelPackageGroup", ModelPackageGroupName="g")
    arn = "arn:aws:sagemaker:eu-central-1:999988887777:model-package-group/g"
    assert group == {"ModelPackageGroupArn": arn}
    started.stop()
    assert list(tmp_path.iterdir()) == []


def test_termination_under_load_loses_nothing_it_answered(tmp_path: Path, started: Started) -> None:
    started.call("CreateModelPackageGroup", ModelPackageGroupName="g")
    answered: list[str] = []

    def register() -> None:
        try:
            while True:
                answer = started.call("CreateModelPackage", ModelPackageGroupName="g")
                answered.append(answer["ModelPackageArn"])
        except OSError:
            return

    threads = [threading.Thread(target=register) for _ in range(8)]
    for thread in threads:
        thread.start()
    while len(answered) < 50:
        assert started.process.poll() is None
    code, errors = started.stop()
    for thread in threads:
        thread.join()
    assert code == 0
    assert "Traceback" not in errors
    with sqlite3.connect(tmp_path / ".sagemock" / "sagemock.db") as database:
        rows = database.execute("SELECT number FROM resource WHERE number > 0 ORDER BY number")
        stored = [number for (number,) in rows]
    database.close()
    assert sorted(int(arn.rsplit("/", 1)[1]) for arn in answered) == stored
    assert stored == list(range(1, len(stored) + 1))


def test_a_log_that_nobody_reads_holds_up_neither_calls_nor_the_end(started: Started) -> None:
    for _ in range(1500):
        started.call("ListModelPackageGroups")
    started.process.send_signal(signal.SIGTERM)
    assert started.process.wait(timeout=10) == 0
    started.process.communicate()


def test_a_taken_port_is_told_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_one_sentence(
            run("serve", "--port", port, "--db", ":memory:"),
            rf"^sagemock: Cannot listen on 127.0.0.1 port {port}: Address already in use; choose",
        )


def test_a_host_that_is_none_is_told_in_one_sentence() -> None:
    assert_one_sentence(
        run("serve", "--host", "no.such.host.invalid", "--db", ":memory:"),
        r"^sagemock: Cannot listen on no.such.host.invalid port 4577: ",
    )


def test_a_foreign_database_is_told_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("no database " * 1000)
    assert_one_sentence(
        run("serve", "--port", "0", "--db", str(path)),
        r"^sagemock: Cannot use .*notes\.db as a database: file is not a database\.$",
    )


@pytest.mark.parametrize(
    ("options", "pattern"),
    [
        (("--port", "many"), "Invalid value for '--port'"),
        (("--port", "70000"), "A port is a number from 0 to 65535, not 70000"),
        (("--account-id", "12"), "An account id is 12 digits, not '12'"),
        (("--region", "US East"), "A region looks like us-east-1"),
        (("--principal", "me"), "A principal is an IAM or STS ARN, not 'me'"),
        (("--access-key", "AKIA"), "given as ID=ACCOUNT or ID=ARN, not 'AKIA'"),
        (("--access-key", "AKIA=x"), "Access key 'AKIA' needs a 12-digit account"),
        (("--max-body-bytes", "0"), "A body has at least 1 byte, not 0"),
        (("--max-json-depth", "1000"), "a number from 1 to 256, not 1000"),
        (("--no-such-option",), "No such option"),
        (("--validation", "lax"), "Validation is strict or warn, not 'lax'"),
        (("--host", ""), "A host is a name or an address to listen on, not nothing"),
        (("--allow-host", "a/b"), "A host to allow is a name, not 'a/b'"),
        (("--allow-origin", "foo"), "An origin looks like http://localhost:3000, not 'foo'"),
        (("--approval-gate", "on"), "The approval gate is enforce or warn or off, not 'on'"),
        (("--serving-fallback", "x"), "The fallback of serving is canned or fail, not 'x'"),
        (("--routing", "random"), "Routing is weighted or seeded or round_robin, not 'random'"),
        (("--serving", "model:m"), "What is served is chosen as SELECTOR=BACKEND, not 'model:m'"),
        (("--serving", "m=canned"), "chosen by group:, model:, endpoint: or image: and a pattern"),
        (("--serving", "model:=canned"), "and a pattern, not 'model:'"),
        (("--serving", "model:m=docker"), "served by auto or canned or process, not 'docker'"),
        (("--interpreter", "model:m"), "An interpreter is given as SELECTOR=PYTHON"),
        (("--interpreter", "m=python3"), "and a pattern, not 'm'"),
        (("--bucket", "models"), "A bucket is given as NAME=FOLDER, not 'models'"),
        (("--bucket", "a/b=/tmp"), "A bucket's name is letters, digits, dots and hyphens"),
        (
            ("--bucket", "models=/no/such"),
            "The folder '/no/such' of bucket 'models' does not exist",
        ),
        (
            ("--s3-endpoint", "minio"),
            "An S3 endpoint looks like http://localhost:9000, not 'minio'",
        ),
        (("--hold-s", "61"), "An answer is held from 0 to 60 seconds, not 61.0"),
        (("--hold-s", "-1"), "An answer is held from 0 to 60 seconds, not -1.0"),
        (("--hold-s", "nan"), "An answer is held from 0 to 60 seconds, not nan"),
        (("--hold-s", "long"), "Invalid value for '--hold-s'"),
    ],
)
def test_a_bad_option_is_told_in_one_sentence(options: tuple[str, ...], pattern: str) -> None:
    assert_one_sentence(run("serve", *options), f"^sagemock: .*{pattern}")


def test_a_bad_variable_is_told_in_one_sentence() -> None:
    assert_one_sentence(run("serve", SAGEMOCK_PORT="many"), "^sagemock: .*'many'")


def test_help_shows_an_example_and_every_option_has_its_variable() -> None:
    result = run("serve", "--help")
    assert result.returncode == 0
    assert "Example: sagemock serve" in result.stdout
    for option in cli.commands["serve"].params:
        expected = f"SAGEMOCK_{str(option.name).upper()}"
        assert option.envvar == expected


def test_no_command_shows_the_help() -> None:
    result = run()
    assert result.returncode == 0
    assert "serve" in result.stdout


def test_coverage_prints_served_operations_first_and_absent_ones_after() -> None:
    table = CliRunner().invoke(cli, ["coverage"]).output
    assert re.search(r"\| CreateModelPackage \| ruled \| 0 \| \d+ \| \d+ \| \d+ \|", table)
    assert "| CreateTrainingJob | absent | 0 | 0 | 0 | 0 |" in table
    served = CliRunner().invoke(cli, ["coverage", "--served"]).output
    *rows, last = served.splitlines()
    assert table.splitlines()[: len(rows)] == rows
    assert last == table.splitlines()[-1]
    assert re.fullmatch(r"\| all cases \|  \| 0 \| \d+ \| \d+ \| \d+ \|", table.splitlines()[-1])


def test_the_url_to_paste_is_reachable_whatever_the_address() -> None:
    with socket.create_server(("0.0.0.0", 0)) as everywhere:  # noqa: S104 - closed at once
        port = everywhere.getsockname()[1]
        assert url_of(everywhere) == f"http://127.0.0.1:{port}"
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as version_6:
        port = version_6.getsockname()[1]
        assert url_of(version_6) == f"http://[::1]:{port}"
