"""The socket a server listens on, and where clients on this machine reach it."""

import socket

from sagemock.client_setup import address_of


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address; port 0 takes a free one. Errors: OSError, it cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def url_of(listening: socket.socket) -> str:
    """Where a client on this machine reaches the socket."""
    return address_of(*listening.getsockname()[:2])
