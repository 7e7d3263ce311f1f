"""What a webhook is told of its receiver, looked at before anything is sent."""

import ipaddress
import re
import string
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from sagemock.sinks.address import host_name

_PORTS = {"http": 80, "https": 443}
_MOST_PORT = 65535

_PLACE = re.compile(r"(?:\[(?P<address>[^\[\]]+)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[^:]*))?")
_NO_URL = "The URL of a webhook is not well formed: write it as http://localhost:8080/events."

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

_OWN = frozenset(
    (
        "content-type",
        "user-agent",
        "x-sagemock-event-id",
        "x-sagemock-event-type",
        "x-sagemock-signature",
        "x-hub-signature-256",
        # What the message on the wire is made of.
        "host",
        "content-length",
        "transfer-encoding",
        "accept-encoding",
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "upgrade",
        "expect",
    )
)


class WebhookUrl(NamedTuple):
    """A URL in parts: `target` is what a request line names, `origin` what a message may show.

    The rest of a URL is not shown: many carry a secret there.
    """

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, url: str) -> "WebhookUrl":
        """The parts of a URL. Errors: ValueError, it is none that events can be posted to."""
        if not all(each.isprintable() and not each.isspace() for each in url):
            # `urlsplit` would leave some of these out without a word.
            raise ValueError("The URL of a webhook has no blanks, line breaks or control codes.")
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise ValueError(_NO_URL) from error
        if parts.scheme not in _PORTS:
            raise ValueError(
                "The URL of a webhook begins with http:// or https://, not with "
                f"{parts.scheme + ':' if parts.scheme else 'neither'}."
            )
        if "@" in parts.netloc:
            raise ValueError(
                "The URL of a webhook has no user name or password: give what the receiver asks "
                "for as a header."
            )
        place = _PLACE.fullmatch(parts.netloc)
        if not place:
            raise ValueError(_NO_URL)
        target = quote(parts.path or "/", safe=string.punctuation)
        if parts.query:
            target = f"{target}?{quote(parts.query, safe=string.punctuation)}"
        port = _port(place["port"]) if place["port"] else _PORTS[parts.scheme]
        host = _address(place["address"]) if place["address"] else _name(place["name"])
        return cls(parts.scheme, host, port, target)

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme == "https"

    @property
    def default_port(self) -> int:
        """The port of its scheme."""
        return _PORTS[self.scheme]

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == self.default_port else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that can be sent besides a webhook's own. Errors: ValueError, one cannot."""
    seen = set(_OWN)
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a webhook's header.")
        if name.lower() in _OWN:
            raise ValueError(f"The header {name} is set by sagemock itself: leave it out.")
        if name.lower() in seen:
            raise ValueError(f"The header {name} of a webhook is given twice.")
        if not _VALUE.fullmatch(value):
            # Without the value, which may be a secret.
            raise ValueError(
                f"The value of the header {name} has a line break, a control code or a character "
                "that is not in Latin-1: leave it out."
            )
        seen.add(name.lower())
    return dict(headers)


def _address(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError as error:
        raise ValueError(_NO_URL) from error


def _name(text: str) -> str:
    if not text:
        raise ValueError("The URL of a webhook names a host, as in http://localhost:8080/events.")
    try:
        return host_name(text)
    except ValueError as error:
        message = f"The host {text!r} in the URL of a webhook cannot be the name of one."
        raise ValueError(message) from error


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= _MOST_PORT):
        raise ValueError(
            f"The port in the URL of a webhook is from 1 to {_MOST_PORT}, not {text[:20]}."
        )
    return int(text)
