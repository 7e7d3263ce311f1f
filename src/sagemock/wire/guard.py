"""What the cloud's front end keeps away, kept away here: foreign hosts and web pages.

A page in the developer's browser must not reach a server on the developer's machine, neither
directly nor through a DNS name that was made to point here. Looked at before anything is routed
(wire-protocol 2.4).
"""

import ipaddress
import re
from urllib.parse import urlsplit

from sagemock.wire.answers import Headers

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+)(?::[0-9]{0,5})?")
_SINGLE_LABEL = re.compile(r"[a-z0-9_-]+")
_AWS = ".amazonaws.com"
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Guard:
    """Decides from method and headers alone whether a request may come in."""

    def __init__(
        self, allow_hosts: tuple[str, ...] = (), allow_origins: tuple[str, ...] = ()
    ) -> None:
        self._hosts = frozenset(host.lower() for host in allow_hosts)
        self._origins = frozenset(origin.lower() for origin in allow_origins)
        # A client writes the same Host into all its calls.
        self._served: str | None = None

    def refusal(self, method: str, headers: Headers) -> str | None:
        """Why a request is refused, as a sentence for its sender; None when it may come in."""
        host = headers.get("Host", "")
        if host != self._served and not self._serves(host):
            return (
                f"Host {host!r} is not served; "
                "start sagemock with --allow-host to serve another name."
            )
        self._served = host
        if method == "OPTIONS":
            return "Cross-origin requests are not served; there is nothing to ask for beforehand."
        origin = headers.get("Origin", "").lower()
        if origin and origin in self._origins:
            return None
        if headers.get("Sec-Fetch-Site", "").lower() == "cross-site" or (
            origin and not _same_authority(origin, host)
        ):
            return (
                "Requests of other web pages are not served; "
                "start sagemock with --allow-origin to serve one."
            )
        return None

    def _serves(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match["name"].lower()
        if name in self._hosts or host.lower() in self._hosts:
            return True
        name = name.removesuffix(".")
        if name.endswith(_AWS) or _SINGLE_LABEL.fullmatch(name):
            return True
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True


def _same_authority(origin: str, host: str) -> bool:
    """Whether an Origin names the host, port included, that the request was sent to."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    default = _DEFAULT_PORTS.get(parts.scheme, "")
    return parts.netloc.removesuffix(f":{default}") == host.lower().removesuffix(f":{default}")
