"""The pytest plugin, and `sagemock.running`, where a port is named: one that is free, or taken."""

import re
import socket
from collections.abc import Iterator

import pytest

import sagemock
from sagemock.in_process import ListeningError
from test_pytest_plugin import ran

pytest_plugins = ["pytester"]

SENTENCE = (
    "sagemock cannot listen on 127.0.0.1 port {port}: Address already in use; without the setting "
    "port each server has a free one of its own."
)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else has."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port: int = other.getsockname()[1]
        yield port


def assert_refused(result: pytest.RunResult, port: int) -> None:
    result.assert_outcomes(errors=1)
    shown = "\n".join(result.outlines)
    assert SENTENCE.format(port=port) in shown
    assert not re.search(r"Traceback|OSError|running_server\.py", shown)


def test_a_port_that_a_marker_names_and_another_has_is_one_sentence(
    pytester: pytest.Pytester, taken: int
) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.sagemock(port={taken})
        def test_it(sagemock_client):
            pass

        def test_without(sagemock_client):
            assert str({taken}) not in sagemock_client.meta.endpoint_url
        """
    )
    result = ran(pytester)
    result.assert_outcomes(errors=1, passed=1)
    assert SENTENCE.format(port=taken) in "\n".join(result.outlines)


def test_a_port_that_the_configuration_names_and_another_has_is_one_sentence(
    pytester: pytest.Pytester, taken: int
) -> None:
    pytester.makeini(f"[pytest]\nsagemock_settings = port = {taken}\n")
    pytester.makepyfile("def test_it(sagemock_client): pass")
    assert_refused(ran(pytester), taken)


def test_two_servers_of_one_port_are_told_so(pytester: pytest.Pytester) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    pytester.makeini(f"[pytest]\nsagemock_settings = port = {port}\n")
    pytester.makepyfile(
        f"""
        import pytest

        def test_first(sagemock_client):
            assert sagemock_client.meta.endpoint_url == "http://127.0.0.1:{port}"

        @pytest.mark.sagemock(approval_gate="off")
        def test_second(sagemock_client):
            pass
        """
    )
    result = ran(pytester)
    result.assert_outcomes(errors=1, passed=1)
    assert SENTENCE.format(port=port) in "\n".join(result.outlines)


def test_variables_of_a_server_that_is_served_mean_nothing_to_tests(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    monkeypatch.setenv("SAGEMOCK_PORT", str(taken))
    monkeypatch.setenv("SAGEMOCK_URL", f"http://127.0.0.1:{taken}")
    pytester.makepyfile(
        f"""
        def test_it(sagemock_client):
            assert str({taken}) not in sagemock_client.meta.endpoint_url
            sagemock_client.create_model_package_group(ModelPackageGroupName="churn")
        """
    )
    ran(pytester).assert_outcomes(passed=1)


def test_running_on_a_port_that_another_has_is_one_sentence(taken: int) -> None:
    with pytest.raises(ListeningError) as refused, sagemock.running(port=taken):
        pass
    assert str(refused.value) == SENTENCE.format(port=taken)
    assert isinstance(refused.value, OSError)


def test_running_on_a_host_that_is_none_names_the_host() -> None:
    host = "no.such.host.invalid"
    with pytest.raises(ListeningError) as refused, sagemock.running(host=host):
        pass
    assert re.fullmatch(
        rf"sagemock cannot listen on {host} port 0: .*; without the setting host it is 127.0.0.1\.",
        str(refused.value),
    )
