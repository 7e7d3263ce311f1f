"""Which server commands ask: --url, else SAGEMOCK_URL, else where `sagemock serve` listens."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from command_line import Started, assert_one_sentence, run

NOWHERE = "http://127.0.0.1:1"
DEFAULT = "http://127.0.0.1:4577"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    started = Started(tmp_path_factory.mktemp("served"), "--db", ":memory:")
    started.call("CreateModelPackageGroup", ModelPackageGroupName="churn")
    yield started.url
    assert started.stop()[0] == 0


def pointed(*arguments: str, **variables: str) -> str:
    """Where `sagemock env` points clients with these variables and no others."""
    nothing = dict.fromkeys(("SAGEMOCK_URL", "SAGEMOCK_HOST", "SAGEMOCK_PORT"), "")
    result = run("env", "--json", *arguments, **{**nothing, **variables})
    assert (result.returncode, result.stderr) == (0, "")
    return str(json.loads(result.stdout)["AWS_ENDPOINT_URL_SAGEMAKER"])


def test_who_serves_by_a_variable_finds_the_server_by_it(url: str) -> None:
    port = str(urlsplit(url).port)
    assert run("wait", SAGEMOCK_PORT=port).returncode == 0
    assert "churn" in run("log", SAGEMOCK_PORT=port).stdout
    assert "CreateModelPackageGroup" in run("requests", SAGEMOCK_PORT=port).stdout
    assert f"answers at {url}.\n" in run("doctor", SAGEMOCK_PORT=port).stdout
    assert pointed(SAGEMOCK_PORT=port) == url


def test_an_option_comes_before_variables_and_an_address_before_a_port(url: str) -> None:
    port = str(urlsplit(url).port)
    assert pointed() == DEFAULT
    assert pointed(SAGEMOCK_URL=url, SAGEMOCK_PORT="1") == url
    assert pointed("--url", url, SAGEMOCK_URL=NOWHERE, SAGEMOCK_PORT="1") == url
    result = run("log", SAGEMOCK_URL=NOWHERE, SAGEMOCK_PORT=port)
    assert_one_sentence(result, f"There is no sagemock at {NOWHERE}: Connection refused; start one")


@pytest.mark.parametrize(
    ("host", "port", "address"),
    [
        ("", "4600", "http://127.0.0.1:4600"),
        ("localhost", "", "http://localhost:4577"),
        ("10.0.0.7", "4600", "http://10.0.0.7:4600"),
        ("0.0.0.0", "4600", "http://127.0.0.1:4600"),  # noqa: S104 - nothing listens
        ("::", "4600", "http://[::1]:4600"),
        ("::1", "", "http://[::1]:4577"),
        ("", "0", DEFAULT),
        ("", "00", DEFAULT),
    ],
)
def test_the_address_is_where_a_server_with_these_variables_is_reached(
    host: str, port: str, address: str
) -> None:
    assert pointed(SAGEMOCK_HOST=host, SAGEMOCK_PORT=port) == address


@pytest.mark.parametrize("host", ["a/b", "[::1]", "a b"])
def test_a_host_that_is_none_is_told_with_its_variable(host: str) -> None:
    result = run("log", SAGEMOCK_HOST=host)
    assert_one_sentence(
        result, "^sagemock: SAGEMOCK_HOST is the name or the address of this machine"
    )


@pytest.mark.parametrize("port", ["many", "70000", "-1", "4600.0"])
def test_a_port_that_is_none_is_told_with_its_variable(port: str) -> None:
    result = run("log", SAGEMOCK_PORT=port)
    assert_one_sentence(
        result, f"^sagemock: SAGEMOCK_PORT is a port, a number from 0 to 65535, not '{port}'\\.$"
    )
    assert pointed("--url", NOWHERE, SAGEMOCK_PORT=port) == NOWHERE
    assert run("log", "--help", SAGEMOCK_PORT=port).returncode == 0
    completed = run(
        _SAGEMOCK_COMPLETE="bash_complete",
        COMP_WORDS="sagemock log --act",
        COMP_CWORD="2",
        SAGEMOCK_PORT=port,
    )
    assert completed.stdout == "plain,--actor\n"


@pytest.mark.parametrize("command", ["log", "requests", "wait", "doctor", "env"])
def test_what_is_no_address_is_told_the_same_by_all_commands(command: str) -> None:
    said = r"^sagemock: An address looks like http://127.0.0.1:4577, not 'localhost:4600'\.$"
    assert_one_sentence(run(command, "--url", "localhost:4600"), said)
    assert_one_sentence(run(command, SAGEMOCK_URL="localhost:4600"), said)


ELSEWHERE = "http://127.0.0.1:4713"


@pytest.mark.parametrize("command", [("log",), ("faults", "list"), ("requests",)])
def test_where_no_server_is_the_one_that_clients_are_pointed_at_is_named(
    command: tuple[str, ...],
) -> None:
    result = run(*command, "--url", NOWHERE, AWS_ENDPOINT_URL_SAGEMAKER=f"{ELSEWHERE}/")
    assert_one_sentence(
        result,
        f"^sagemock: There is no sagemock at {NOWHERE}: Connection refused; "
        f"AWS_ENDPOINT_URL_SAGEMAKER points at {ELSEWHERE}: --url {ELSEWHERE} asks that one\\.$",
    )


@pytest.mark.parametrize("pointed", ["", NOWHERE, "http://localhost:1/", "4713", "http://a:b@c:1"])
def test_where_clients_are_pointed_at_no_other_server_none_is_named(pointed: str) -> None:
    result = run("log", "--url", NOWHERE, AWS_ENDPOINT_URL_SAGEMAKER=pointed)
    assert_one_sentence(result, "Connection refused; start one with `sagemock serve`, or name its")
    assert "AWS_ENDPOINT_URL_SAGEMAKER" not in result.stderr


def test_the_doctor_sends_clients_to_the_server_that_is_meant(url: str) -> None:
    result = run("doctor", SAGEMOCK_URL=url, AWS_ENDPOINT_URL_SAGEMAKER=NOWHERE)
    told = f"AWS_ENDPOINT_URL_SAGEMAKER sends clients of SageMaker to {NOWHERE}, not to {url}.\n"
    assert f'{told}         -> eval "$(sagemock env --url {url})"\n' in result.stdout
