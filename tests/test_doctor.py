"""`sagemock doctor`: what is wrong with a set-up, told without changing anything."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import COMMAND, assert_one_sentence, run
from sagemock import RunningServer, doctor
from sagemock.doctor import Subject, diagnosed, installed_versions, version_findings
from sagemock.doctor_findings import Finding
from test_cli_habits import on_a_terminal
from test_cli_wait import answering

URL = "http://127.0.0.1:4577"
GOOD = {
    "AWS_ENDPOINT_URL_SAGEMAKER": URL,
    "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": URL,
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "very",
    "AWS_SECRET_ACCESS_KEY": "s3cret",
}


@pytest.fixture
def url(sagemock_server: RunningServer) -> str:
    return sagemock_server.url


@pytest.fixture
def closed_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def examined(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The doctor as a process with these variables and no others that matter to it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "SAGEMOCK_")) and not name.lower().endswith("_proxy")
    }
    return subprocess.run(
        [*COMMAND, "doctor", *arguments],
        cwd=folder,
        env={**kept, "HOME": str(folder), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def at(url: str) -> dict[str, str]:
    return {name: url if value == URL else value for name, value in GOOD.items()}


# --- the whole


def test_a_set_up_as_env_exports_it_is_well_and_nothing_was_changed(
    tmp_path: Path, url: str
) -> None:
    result = examined(tmp_path, **at(url))
    assert (result.returncode, result.stderr) == (0, "")
    assert {line.split()[0] for line in result.stdout.splitlines()} == {"ok"}
    assert f" answers at {url}.\n" in result.stdout
    assert "s3cret" not in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_is_told_with_what_helps_and_exit_code_1(
    tmp_path: Path, closed_url: str
) -> None:
    result = examined(tmp_path, AWS_ENDPOINT_URL_SAGEMAKER=closed_url)
    assert (result.returncode, result.stderr) == (1, "")
    port = closed_url.rpartition(":")[2]
    told = f"wrong    Nothing listens at {closed_url}: Connection refused.\n"
    assert f"{told}         -> Start one: sagemock serve --port {port}\n" in result.stdout
    assert "wrong    There is no region: " in result.stdout
    assert "warning  AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME is not set" in result.stdout


def test_as_json_it_is_one_object_with_all_checks(tmp_path: Path, url: str) -> None:
    result = examined(tmp_path, "--json", **{**at(url), "AWS_ACCESS_KEY_ID": ""})
    said = json.loads(result.stdout)
    assert (result.returncode, said["ok"]) == (1, False)
    assert [each for each in said["checks"] if each["verdict"] != "ok"] == [
        {
            "check": "credentials",
            "verdict": "wrong",
            "message": "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not.",
            "fix": "export AWS_ACCESS_KEY_ID=test",
        }
    ]
    checks = [each["check"] for each in said["checks"]]
    assert checks[:3] == ["python", "botocore", "boto3"]
    assert checks[-2:] == ["server", "database"]


def test_on_a_terminal_verdicts_have_colours(url: str) -> None:
    assert "\x1b[" in on_a_terminal("doctor", "--url", url)[1]
    assert "\x1b[" not in on_a_terminal("doctor", "--url", url, NO_COLOR="1")[1]


def test_an_address_that_is_none_is_a_mistake() -> None:
    result = run("doctor", "--url", "localhost")
    assert_one_sentence(result, "^sagemock: An address looks like http://127.0.0.1:4577")


# --- versions


@pytest.mark.parametrize(
    ("package", "version", "verdict", "told"),
    [
        ("botocore", "1.30.9", "wrong", "botocore is 1.30.9; we need 1.31 or newer."),
        ("botocore", None, "wrong", "botocore is missing; we need 1.31 or newer."),
        ("boto3", "1.27.99", "wrong", "boto3 1.27.99 does not read endpoints"),
        ("boto3", "1.28.0", "ok", "boto3 1.28.0 reads endpoints"),
        ("boto3", None, "ok", "boto3 is not installed here"),
        ("awscli", "1.28.1", "wrong", "awscli 1.28.1 does not read endpoints"),
        ("awscli", "1.44.49", "ok", "awscli 1.44.49 reads endpoints"),
        ("sagemaker", "2.257.7", "ok", "SageMaker SDK 2.257.7, of a line that was tried."),
        ("sagemaker", "3.27.0", "ok", "SageMaker SDK 3.27.0, of a line that was tried."),
        ("sagemaker", "1.72.0", "warning", "SageMaker SDK 1.72.0 was never tried"),
    ],
)
def test_versions_are_judged(package: str, version: str | None, verdict: str, told: str) -> None:
    findings = version_findings({**installed_versions(), package: version})
    (found,) = [each for each in findings if each.check == package]
    assert (found.verdict, found.told[: len(told)]) == (verdict, told)


def test_a_python_that_is_too_old_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    assert next(version_findings({})) == Finding(
        "python", "wrong", "Python 3.10.4 is too old.", "Use Python 3.11 or newer."
    )


# --- the server


def server(url: str, version: str | None) -> list[tuple[str, str]]:
    return [(each.verdict, each.told) for each in doctor.server_findings(url, version)]


def test_a_server_of_another_version_may_be_meant_so(url: str) -> None:
    ours = installed_versions()["sagemock"]
    assert server(url, ours) == [("ok", f"sagemock {ours} answers at {url}.")]
    assert server(url, "9.9") == [
        ("warning", f"sagemock {ours} answers at {url}, but 9.9 is installed here.")
    ]


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (200, b"<html>", "status 200"),
        (200, b'{"status": "ok"}', "status 200"),
        (404, b"[]", "it answers with status 404"),
        (403, b'{"message": "This host is not served."}', "This host is not served"),
    ],
)
def test_a_port_that_somebody_else_has_is_wrong(status: int, content: bytes, said: str) -> None:
    with answering(status, content) as url:
        assert server(url, None) == [("wrong", f"What answers at {url} is not sagemock: {said}.")]


def test_a_server_that_is_not_ready_is_wrong() -> None:
    with answering(200, b'{"status": "ok", "version": "1", "botocore": "1"}') as url:
        assert server(url, "1") == [
            ("ok", f"sagemock 1 answers at {url}."),
            ("wrong", f"The server at {url} is not ready: it does not say why."),
        ]


def test_something_that_listens_and_is_silent_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ((verdict, told),) = server(url, None)
    assert verdict == "wrong"
    assert told.startswith(f"Something listens at {url} and does not answer as sagemock does: ")


def test_where_nothing_listens_a_server_elsewhere_is_named(
    url: str, closed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "DEFAULT_URL", url)
    assert list(doctor.server_findings(closed_url, None)) == [
        Finding(
            "server",
            "wrong",
            f"Nothing listens at {closed_url}: Connection refused; there is a sagemock at {url}.",
            f'Point clients there: eval "$(sagemock env --url {url})"',
        )
    ]
    monkeypatch.setattr(doctor, "DEFAULT_URL", closed_url)
    (found,) = doctor.server_findings(closed_url, None)
    assert found.told == f"Nothing listens at {closed_url}: Connection refused."


def test_without_any_address_the_one_that_serve_takes_is_looked_at(
    tmp_path: Path, closed_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "DEFAULT_URL", closed_url)
    findings = {each.check: each for each in diagnosed(Subject({}, tmp_path, database=":memory:"))}
    assert findings["server"].told == f"Nothing listens at {closed_url}: Connection refused."
    memory = "The database is in memory: it ends with the server."
    assert findings["database"] == Finding("database", "ok", memory)


def test_a_database_that_the_server_does_not_have_is_told_so(
    tmp_path: Path, url: str, closed_url: str
) -> None:
    here = tmp_path / "it.db"

    def database(served: str) -> str:
        subject = Subject({}, tmp_path, url=served, database=str(here))
        return {each.check: each.told for each in diagnosed(subject)}["database"]

    told = f"There is no {here} yet; `sagemock serve` makes it."
    assert database(url) == (
        f"{told} It is not that of the server at {url}; --db FILE looks at another."
    )
    assert database(closed_url) == told
