"""A request as it comes in: waitress's parser, stricter about lengths and quicker on plain heads.

Not for answers, nor for what a request asks: it only says where one ends, or refuses it.
"""

import re
from copy import copy
from typing import Any

from waitress.buffers import OverflowableBuffer
from waitress.parser import HTTPRequestParser, ParsingError, TransferEncodingNotImplemented
from waitress.receiver import ChunkedReceiver, FixedStreamReceiver
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge

from sagemock.wire.long_bodies import times_as_long

_CHUNK_LINE_BYTES = 64 * 1024
_LENGTH_DIGITS = 15

_TRANSFER_ENCODING = re.compile(rb"(?im)^transfer-encoding:(.*)$")
_CONTENT_LENGTH = re.compile(rb"(?im)^content-length:")

# A head as SDKs send it: without folding, escapes, a query or odd bytes. Anything else, and any
# head with one of the headers below, is read by waitress.
_PLAIN_HEAD = re.compile(
    rb"([A-Z]+) (/[A-Za-z0-9/_.-]*) HTTP/1\.1\r\n((?:[A-Za-z0-9-]+:[ -~]*\r\n)+)\r\n"
)
_NOT_PLAIN = ("TRANSFER_ENCODING", "EXPECT")


class HttpRequest(HTTPRequestParser):
    """A request that is refused when its length is not beyond doubt, or beyond the limits.

    What a second reader could take for the end of the body would hide a request (RFC 9112, 6.3).
    """

    adj: Any

    def parse_header(self, header_plus: bytes) -> None:
        """Read the first line and the headers, all of them received."""
        if not self._read_plain(header_plus):
            self._read_any(header_plus)
        times = times_as_long(self.command, self.path)
        if times > 1:
            self.adj = copy(self.adj)
            self.adj.max_request_body_size *= times

    def _read_any(self, header_plus: bytes) -> None:
        chunked = b"transfer-encoding" in header_plus.lower()
        codings = _TRANSFER_ENCODING.findall(header_plus) if chunked else []
        if codings and [coding.strip().lower() for coding in codings] != [b"chunked"]:
            raise TransferEncodingNotImplemented("Transfer-Encoding requested is not supported.")
        if codings and _CONTENT_LENGTH.search(header_plus):
            raise ParsingError("Both Content-Length and Transfer-Encoding are given")
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("Bad URI") from error
        if codings and self.version != "1.1":
            # waitress takes the body for no body then, and what is in it for a second request.
            raise ParsingError("Transfer-Encoding is of HTTP/1.1")

    def _read_plain(self, head: bytes) -> bool:
        """Read a head of the usual shape, as waitress would; False when it is of another."""
        plain = _PLAIN_HEAD.fullmatch(head)
        if plain is None or plain[2].startswith(b"//"):
            return False
        headers: dict[str, str] = {}
        for line in plain[3].decode("ascii").split("\r\n")[:-1]:
            name, _, value = line.partition(":")
            key = name.upper().replace("-", "_")
            value = value.strip(" ")
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        length = headers.get("CONTENT_LENGTH", "0")
        if not length.isdecimal() or len(length) > _LENGTH_DIGITS:
            return False
        if any(key in headers for key in _NOT_PLAIN):
            return False
        if headers.get("CONNECTION", "").lower() == "close":
            return False
        self.headers = headers
        self.first_line = head[: head.index(b"\r\n")]
        self.command = plain[1].decode("ascii")
        self.path = self.request_uri = plain[2].decode("ascii")
        self.proxy_scheme = self.proxy_netloc = self.query = self.fragment = ""
        self.version = "1.1"
        self.url_scheme = self.adj.url_scheme
        self.content_length = int(length)
        if self.content_length > 0:
            buffer = OverflowableBuffer(self.adj.inbuf_overflow)
            self.body_rcv = FixedStreamReceiver(self.content_length, buffer)
        return True

    def body(self) -> bytes:
        """The body, which has been received."""
        if self.body_rcv is None:
            return b""
        buffer = self.body_rcv.getbuf()
        # A short one has no file yet, and need not be given one.
        if buffer.buf is None:
            return bytes(buffer.strbuf)
        return bytes(buffer.getfile().read())

    def received(self, data: bytes) -> int:
        """Take bytes as they come; the number that belong to this request."""
        consumed: int = super().received(data)
        if self.error is not None:
            # What is refused already need not be sent.
            self.expect_continue = False
        body = self.body_rcv
        if isinstance(body, ChunkedReceiver) and not self.completed:
            if body.chunk_remainder >= self.adj.max_request_body_size:
                self._refuse(RequestEntityTooLarge("chunk too large"))
            elif len(body.control_line) + len(body.trailer) > _CHUNK_LINE_BYTES:
                self._refuse(BadRequest("Invalid chunk"))
        return consumed

    def _refuse(self, error: Error) -> None:
        self.error = error
        self.completed = True
