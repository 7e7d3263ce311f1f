"""Whether a server is reached at an address, and why it is not, in words.

An address may name the wrong one of http and https. A server of plain HTTP takes what begins TLS
for half a request and waits for the rest; one of TLS hangs up. Neither says what is wrong.
"""

from urllib.parse import urlsplit

_TIMEOUT_S = 5.0
# As long is waited where plain HTTP is spoken: it is the one mistake that shows by nothing else.
_HANDSHAKE_S = 1.0
_ASKED = b"GET /_sagemock/health HTTP/1.0\r\n\r\n"
_ANSWERED, _REFUSED = b"HTTP/", b"400"
_LINE_BYTES = 1024


def other_address(url: str, timeout_s: float = _TIMEOUT_S) -> str | None:
    """The address with the other scheme, if what is there speaks that one and not this one.

    Each is tried for a few seconds at most. An address without a port has no other.
    """
    scheme, _, place = url.partition("://")
    scheme = scheme.lower()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if scheme not in {"http", "https"} or not host or not port:
        return None
    limit_s = min(timeout_s, _TIMEOUT_S)
    if scheme == "http":
        return f"https://{place}" if _speaks_tls(host, port, limit_s) else None
    if _speaks_tls(host, port, min(limit_s, _HANDSHAKE_S)):
        return None
    return f"http://{place}" if _speaks_http(host, port, limit_s) else None


def told_other(url: str, other: str) -> str:
    """In a sentence that what is at an address is reached by another."""
    spoken = "plain http" if other.startswith("http:") else "https"
    return f"What answers at {url} speaks {spoken}; use {other}."


def unreached(error: Exception) -> str:
    """Why a request was not answered, without the numbers of systems and libraries."""
    from http.client import HTTPException, IncompleteRead  # noqa: PLC0415 - only for mistakes
    from ssl import SSLCertVerificationError, SSLError  # noqa: PLC0415 - the same
    from urllib.error import URLError  # noqa: PLC0415 - the same

    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, SSLCertVerificationError):
        why = f"its certificate is not trusted: {reason.verify_message}"
        return f"{why} (the file in SSL_CERT_FILE has those that are)"
    if isinstance(reason, SSLError):
        return "what answers there speaks no TLS that is known here"
    if isinstance(reason, IncompleteRead):
        return "its answer broke off"
    if isinstance(reason, HTTPException) and not isinstance(reason, OSError):
        return "what answers there speaks no HTTP"
    return getattr(reason, "strerror", None) or str(reason)


def _speaks_tls(host: str, port: int, timeout_s: float) -> bool:
    import socket  # noqa: PLC0415 - only who asks a server needs it
    import ssl  # noqa: PLC0415 - the same

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing is sent to it: whose certificate that is, is looked at when something is.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, port), timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return True
    except (OSError, ValueError):
        return False


def _speaks_http(host: str, port: int, timeout_s: float) -> bool:
    import socket  # noqa: PLC0415 - only who asks a server needs it

    try:
        with socket.create_connection((host, port), timeout_s) as plain:
            plain.sendall(_ASKED)
            with plain.makefile("rb") as answer:
                version, _, status = answer.readline(_LINE_BYTES).partition(b" ")
            # A server of TLS, a slow one say, tells so that it was asked in plain HTTP.
            return version.startswith(_ANSWERED) and not status.startswith(_REFUSED)
    except OSError:
        return False
