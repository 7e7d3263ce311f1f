"""A server of TLS on this machine, for tests of what happens when one is asked otherwise."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Made for these tests by itself: nobody trusts it, and nothing else is locked by the key.
_CERTIFICATE = """
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIMgOTJhTftxeN9bCDPoN3JxwG2PDYzQUoblRFSwMTwZioAoGCCqGSM49
AwEHoUQDQgAEL1bDu70mnjVjmy5w7T89mjc3vT8+SU5VzdDOqAZAgLPdsV0cHcDt
VtdDbEP+H0SWu0O3JuvARDlK21v4fi9tRg==
-----END EC PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUPqkkT2Pnc4ZNhrAUuZHClIPL6LMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEzMDAyMjU0OVoYDzIxMjYxMTA2
MDIyNTQ5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQvVsO7vSaeNWObLnDtPz2aNze9Pz5JTlXN0M6oBkCAs92xXRwdwO1W
10NsQ/4fRJa7Q7cm68BEOUrbW/h+L21Go28wbTAdBgNVHQ4EFgQUx5jzwhyOxMbt
MccJFkMkudM7qCwwHwYDVR0jBBgwFoAUx5jzwhyOxMbtMccJFkMkudM7qCwwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDSAAwRQIgNwXIwbmbMxcziPXbN/7dWdJBQl0TJ7ia8LdIegT0mzQCIQDe
Wdd2KnoVu8Na6LdIDBpHlMaMdjAv96xWDUkV0KyObw==
-----END CERTIFICATE-----
"""
_HELLO = b"\x16"
"""The first byte of TLS."""
_LIMIT_S = 10


@contextmanager
def tls_server(folder: Path, plain: bytes = b"") -> Iterator[int]:
    """The port of a server of TLS, which answers plain requests with some bytes, or hangs up."""
    file = folder / "certificate.pem"
    file.write_text(_CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(_LIMIT_S)
            # Whoever asks may hang up at any time, and does where the certificate is not trusted.
            with suppress(OSError):
                if self.request.recv(1, socket.MSG_PEEK) == _HELLO:
                    context.wrap_socket(self.request, server_side=True).close()
                else:
                    self.request.recv(65536)
                    self.request.sendall(plain)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(_LIMIT_S)
