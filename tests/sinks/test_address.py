"""Which addresses a webhook may go to."""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from sagemock.eventing import NotDeliveredError
from sagemock.sinks.address import AddressGuard, Place, Resolve

LIMIT_S = 10.0


def place(address: str, port: int = 80) -> Place:
    if ":" in address:
        return Place(socket.AF_INET6, (address, port, 0, 0))
    return Place(socket.AF_INET, (address, port))


def answering(*addresses: str) -> Resolve:
    """Says that every host has these addresses."""
    return lambda _host, port: [place(each, port) for each in addresses]


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "::1",
        "fc00::1",
        "fd12:3456::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
    ],
)
def test_loopback_and_private_addresses_need_no_allowance(address: str) -> None:
    guard = AddressGuard(resolve=answering(address))
    assert guard.places("receiver", 80, LIMIT_S) == [place(address)]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("0.0.0.0", "unspecified"),  # noqa: S104 - nothing is bound
        ("0.1.2.3", "unspecified"),
        ("100.100.100.200", "a cloud's metadata service"),
        ("169.254.169.254", "link-local, as the metadata services of clouds are"),
        ("169.254.170.2", "link-local, as the metadata services of clouds are"),
        ("192.0.0.192", "reserved"),
        ("192.0.2.1", "reserved for documents"),
        ("192.88.99.1", "reserved"),
        ("198.18.0.1", "reserved for benchmarks"),
        ("198.51.100.1", "reserved for documents"),
        ("203.0.113.1", "reserved for documents"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::7f00:1", "reserved"),
        ("::ffff:a9fe:a9fe", "link-local, as the metadata services of clouds are"),
        ("::ffff:0.0.0.0", "unspecified"),
        ("64:ff9b::a9fe:a9fe", "link-local, as the metadata services of clouds are"),
        ("64:ff9b::7f00:1", "127.0.0.1 in disguise"),
        ("64:ff9b:1::a9fe:a9fe", "reserved"),
        ("2002:a9fe:a9fe::1", "link-local, as the metadata services of clouds are"),
        ("2002:a00:1::1", "10.0.0.1 in disguise"),
        ("100::1", "reserved"),
        ("2001::1", "reserved"),
        ("2001:db8::1", "reserved for documents"),
        ("3fff::1", "reserved for documents"),
        ("4000::1", "reserved"),
        ("fd00:ec2::254", "a cloud's metadata service"),
        ("fd20:ce::254", "a cloud's metadata service"),
        ("fe80::1", "link-local"),
        ("fe80::1%1", "link-local"),
        ("fec0::1", "site-local, which nobody uses any more"),
        ("ff02::1", "multicast"),
    ],
)
def test_an_address_of_no_receiver_is_refused_even_if_it_is_allowed(
    address: str, kind: str
) -> None:
    guard = AddressGuard(("receiver", address), resolve=answering(address))
    with pytest.raises(NotDeliveredError) as refused:
        guard.places("receiver", 80, LIMIT_S)
    assert not refused.value.again
    assert str(refused.value).endswith(
        f" of the host receiver is {kind}. No event is sent there, whatever allow_hosts in the "
        "rules file says: give the webhook another address."
    )


@pytest.mark.parametrize(
    "host", ["2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "169.254.43518", "0xa9.254.169.254"]
)
def test_an_address_in_another_spelling_is_the_same_address(host: str) -> None:
    with pytest.raises(NotDeliveredError) as refused:
        AddressGuard().places(host, 80, LIMIT_S)
    assert not refused.value.again
    assert str(refused.value).startswith(
        f"The address 169.254.169.254 of the host {host} is link-local"
    )


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "017700000001", "127.1"])
def test_loopback_in_another_spelling_is_loopback(host: str) -> None:
    assert AddressGuard().places(host, 80, LIMIT_S) == [place("127.0.0.1")]


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "100.64.0.1", "2606:4700::1111", "64:ff9b::808:808"]
)
def test_a_public_address_is_refused_where_its_host_is_not_named(address: str) -> None:
    guard = AddressGuard(("other.test",), resolve=answering(address))
    with pytest.raises(NotDeliveredError) as refused:
        guard.places("hooks.test", 80, LIMIT_S)
    assert not refused.value.again
    assert str(refused.value) == (
        f"The address {address} of the host hooks.test is public. Name the host in allow_hosts of "
        "the rules file if events may go there."
    )


def test_a_public_address_that_is_the_host_is_named_once() -> None:
    with pytest.raises(NotDeliveredError, match=r"^The address 8.8.8.8 is public\."):
        AddressGuard(resolve=answering("8.8.8.8")).places("8.8.8.8", 80, LIMIT_S)


@pytest.mark.parametrize(
    ("allowed", "host", "address"),
    [
        ("hooks.test", "hooks.test", "8.8.8.8"),
        ("Hooks.TEST", "hooks.test", "8.8.8.8"),
        ("hooks.test", "HOOKS.test", "8.8.8.8"),
        ("hooks.test.", "hooks.test", "8.8.8.8"),
        ("hooks.test", "hooks.test.", "8.8.8.8"),
        ("bücher.test", "xn--bcher-kva.test", "8.8.8.8"),
        ("8.8.8.8", "8.8.8.8", "8.8.8.8"),
        ("8.8.8.8", "134744072", "8.8.8.8"),
        ("8.8.8.8", "hooks.test", "8.8.8.8"),
        ("2606:4700:0::1111", "2606:4700::1111", "2606:4700::1111"),
        ("[2606:4700::1111]", "2606:4700::1111", "2606:4700::1111"),
        ("2606:4700::ABCD", "hooks.test", "2606:4700::abcd"),
    ],
)
def test_a_public_address_is_let_through_where_it_or_its_host_is_named(
    allowed: str, host: str, address: str
) -> None:
    guard = AddressGuard((allowed,), resolve=answering(address))
    assert guard.places(host, 80, LIMIT_S) == [place(address)]


@pytest.mark.parametrize("host", ["a.hooks.test", "hooks.test.evil.test", "hooks"])
def test_only_the_whole_name_is_a_name(host: str) -> None:
    guard = AddressGuard(("hooks.test",), resolve=answering("8.8.8.8"))
    with pytest.raises(NotDeliveredError, match="is public"):
        guard.places(host, 80, LIMIT_S)


def test_one_refused_address_among_others_refuses_the_host() -> None:
    guard = AddressGuard(resolve=answering("127.0.0.1", "169.254.169.254"))
    with pytest.raises(NotDeliveredError, match=r"^The address 169\.254\.169\.254 of the host"):
        guard.connect("receiver", 80, LIMIT_S)


@pytest.mark.parametrize(
    "allowed",
    [
        "",
        "https://hooks.test",
        "hooks.test:443",
        "*.hooks.test",
        "a b",
        "hooks..test",
        "h\n",
        "é" * 99,
    ],
)
def test_what_names_no_host_cannot_be_allowed(allowed: str) -> None:
    with pytest.raises(ValueError, match=r"^allow_hosts names hosts"):
        AddressGuard((allowed,))


def test_a_host_is_resolved_once_and_what_was_looked_at_is_connected_to(
    listening: socket.socket,
) -> None:
    port = listening.getsockname()[1]
    answers = [[place("127.0.0.1", port)], [place("169.254.169.254", port)]]
    asked: list[tuple[str, int]] = []

    def rebinding(host: str, port: int) -> list[Place]:
        asked.append((host, port))
        return answers.pop(0)

    with AddressGuard(resolve=rebinding).connect("rebinding.test", port, LIMIT_S) as connection:
        assert connection.getpeername() == ("127.0.0.1", port)
    assert asked == [("rebinding.test", port)]


def test_the_next_address_is_tried_when_one_takes_no_connection(listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    guard = AddressGuard(resolve=answering("127.0.0.2", "127.0.0.1"))
    with guard.connect("receiver", port, LIMIT_S) as connection:
        assert connection.getpeername() == ("127.0.0.1", port)


@pytest.mark.skipif(sys.platform != "linux", reason="Elsewhere a full queue refuses.")
def test_an_address_that_says_nothing_leaves_time_for_the_next(listening: socket.socket) -> None:
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(full.getsockname())
        places = [Place(socket.AF_INET, each.getsockname()) for each in (full, listening)]
        begun = time.monotonic()
        guard = AddressGuard(resolve=lambda _host, _port: places)
        connection = stack.enter_context(guard.connect("receiver", 80, 2.0))
        assert connection.getpeername() == listening.getsockname()
        assert time.monotonic() - begun < 1.8


def test_a_connection_that_nobody_takes_fails_as_the_system_says() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        AddressGuard().connect("127.0.0.1", port, LIMIT_S)


def test_a_host_without_an_address_takes_no_connection() -> None:
    with pytest.raises(OSError, match="no address"):
        AddressGuard(resolve=answering()).connect("receiver", 80, LIMIT_S)


def test_a_host_that_is_not_found_may_be_found_later() -> None:
    def failing(_host: str, _port: int) -> list[Place]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(NotDeliveredError) as refused:
        AddressGuard(resolve=failing).places("receiver", 80, LIMIT_S)
    assert refused.value.again
    assert str(refused.value) == "The host receiver is not found: Name or service not known."


def test_a_look_up_that_hangs_is_not_waited_for() -> None:
    goes_on = threading.Event()

    def hanging(_host: str, _port: int) -> list[Place]:
        goes_on.wait(LIMIT_S)
        return []

    try:
        with pytest.raises(NotDeliveredError) as refused:
            AddressGuard(resolve=hanging).connect("receiver", 80, 0.05)
        assert refused.value.again
        assert str(refused.value) == "The host receiver was not found within 0.05 s."
    finally:
        goes_on.set()
