"""Which addresses a webhook may go to, and connections to these alone.

A host is resolved once per connection, all its addresses are looked at, and what is connected to
is an address that was looked at: a name server that answers otherwise a moment later gains nothing.
"""

import ipaddress
import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

from sagemock.eventing import NotDeliveredError

# Loopback, RFC 1918 and RFC 4193: development machines and networks of containers.
_LOCAL = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")

# IANA's special-purpose registries, but for what is local, and the clouds' metadata services.
_REFUSED = {
    "0.0.0.0/8": "unspecified",
    "100.100.100.200/32": "a cloud's metadata service",
    "169.254.0.0/16": "link-local, as the metadata services of clouds are",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "reserved for documents",
    "192.88.99.0/24": "reserved",
    "198.18.0.0/15": "reserved for benchmarks",
    "198.51.100.0/24": "reserved for documents",
    "203.0.113.0/24": "reserved for documents",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "::/128": "unspecified",
    "2001::/23": "reserved",
    "2001:db8::/32": "reserved for documents",
    "3fff::/20": "reserved for documents",
    "fd00:ec2::/32": "a cloud's metadata service",
    "fd20:ce::254/128": "a cloud's metadata service",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local, which nobody uses any more",
    "ff00::/8": "multicast",
}
_GLOBAL_IPV6 = "2000::/3"  # All that is given out; the rest is reserved.
_NAT64 = "64:ff9b::/96"

_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_LEAST_S = 0.001

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Place(NamedTuple):
    """An address as sockets have it: its family, and what `connect` takes."""

    family: int
    address: tuple[Any, ...]


Resolve = Callable[[str, int], Sequence[Place]]


def resolved(host: str, port: int) -> Sequence[Place]:
    """The places of a host, in the order to try them. Errors: OSError, it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [Place(family, address) for family, _, _, _, address in found]


class AddressGuard:
    """Lets through loopback and private addresses, and public ones that `allow` names.

    `allow` holds names of hosts, which may have any public address, and addresses; case does not
    matter. Link-local, unspecified, multicast and reserved addresses are refused whatever it says,
    also inside of an IPv6 address.
    Errors: ValueError, something in `allow` is neither a host's name nor an address.
    """

    def __init__(self, allow: Sequence[str] = (), *, resolve: Resolve = resolved) -> None:
        self._allow = frozenset(_allowed(each) for each in allow)
        self._resolve = resolve
        self._local = [ipaddress.ip_network(each) for each in _LOCAL]
        self._refused = [(ipaddress.ip_network(each), what) for each, what in _REFUSED.items()]
        self._global = ipaddress.IPv6Network(_GLOBAL_IPV6)
        self._nat64 = ipaddress.IPv6Network(_NAT64)

    def connect(self, host: str, port: int, timeout_s: float) -> socket.socket:
        """A connection to the first place of a host that takes one, made within this time.

        Errors: NotDeliveredError, the host is not found or one of its addresses is refused;
        OSError, none of them takes a connection.
        """
        deadline = time.monotonic() + timeout_s
        places = self.places(host, port, timeout_s)
        failure = OSError("It has no address.")
        for number, place in enumerate(places):
            # A share each: an address that says nothing leaves time for the next.
            share_s = (deadline - time.monotonic()) / (len(places) - number)
            try:
                return _connected(place, max(share_s, _LEAST_S))
            except OSError as error:
                failure = error
        raise failure

    def places(self, host: str, port: int, timeout_s: float) -> Sequence[Place]:
        """The places of a host, all of them looked at. Errors: NotDeliveredError."""
        places = self._found(host, port, timeout_s)
        for place in places:
            self._look_at(host, ipaddress.ip_address(str(place.address[0]).partition("%")[0]))
        return places

    def _found(self, host: str, port: int, timeout_s: float) -> Sequence[Place]:
        future: Future[Sequence[Place]] = Future()

        def find() -> None:
            try:
                future.set_result(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                future.set_exception(error)

        # Nothing ends a look-up that hangs: it goes on in a thread that nobody waits for.
        threading.Thread(target=find, name="sagemock-resolve", daemon=True).start()
        try:
            return future.result(max(timeout_s, _LEAST_S))
        except TimeoutError as error:
            message = f"The host {host} was not found within {timeout_s:g} s."
            raise NotDeliveredError(message) from error
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise NotDeliveredError(f"The host {host} is not found: {reason}.") from error

    def _look_at(self, host: str, address: _Address) -> None:
        """Errors: NotDeliveredError, this address of the host is refused."""
        kind = self._kind(address)
        if kind == "local" or (kind == "public" and self._names(host, address)):
            return
        subject = f"The address {address}"
        if str(address) != host:
            subject = f"{subject} of the host {host}"
        if kind == "public":
            message = (
                f"{subject} is public. Name the host in allow_hosts of the rules file if events "
                "may go there."
            )
        else:
            message = (
                f"{subject} is {kind}. No event is sent there, whatever allow_hosts in the rules "
                "file says: give the webhook another address."
            )
        raise NotDeliveredError(message, again=False)

    def _names(self, host: str, address: _Address) -> bool:
        return host.lower().removesuffix(".") in self._allow or str(address) in self._allow

    def _kind(self, address: _Address) -> str:
        """Local, public, or what else it is."""
        if isinstance(address, ipaddress.IPv6Address):
            if address.ipv4_mapped:
                return self._kind(address.ipv4_mapped)
            inner = self._translated(address)
            if inner:
                # By their RFCs 3056 and 6052 these carry public addresses only.
                kind = self._kind(inner)
                return f"{inner} in disguise" if kind == "local" else kind
        for network, what in self._refused:
            if address in network:
                return what
        if any(address in network for network in self._local):
            return "local"
        if isinstance(address, ipaddress.IPv6Address) and address not in self._global:
            return "reserved"
        return "public"

    def _translated(self, address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
        """The IPv4 address that what is sent to this one arrives at, by 6to4 or NAT64."""
        if address in self._nat64:
            return ipaddress.IPv4Address(address.packed[-4:])
        return address.sixtofour


def host_name(text: str) -> str:
    """The name of a host as it is looked up, in ASCII. Errors: ValueError, it cannot be one."""
    name = text.lower().encode("idna").decode("ascii")
    if not _HOST.fullmatch(name.removesuffix(".")):
        raise ValueError(f"{text!r} cannot be the name of a host.")
    return name


def _allowed(text: str) -> str:
    """A host's name or an address as it is compared. Errors: ValueError, it is neither."""
    try:
        return str(ipaddress.ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError:
        try:
            return host_name(text.removesuffix("."))
        except ValueError as error:
            raise ValueError(
                "allow_hosts names hosts, each by its name or its address, with no scheme, port "
                f"or wildcard; {text!r} is neither."
            ) from error


def _connected(place: Place, timeout_s: float) -> socket.socket:
    connection = socket.socket(place.family, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        connection.connect(place.address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connection.close()
        raise
    return connection
