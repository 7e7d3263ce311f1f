"""Request lines, headers and other protocols that no client of ours sends, and pipelined calls.

Each with the answers it may have, as in `raw_framing`.
"""

from hostile.raw_framing import (
    CALL,
    CHUNKED,
    LIST,
    OF_A_VERSION,
    REFUSED,
    SERVED,
    TOO_LARGE,
    WHOLE,
    Bytes,
)

TOO_LONG = frozenset({"400", "414", "431", ""})
NOWHERE = frozenset({"400", "403", "404", "501", ""})

LINES: Bytes = {
    f"line {line[:40]!r}": (line + b"\r\nHost: localhost\r\n" + LIST + b"\r\n", allowed)
    for line, allowed in (
        (b"POST /", REFUSED | SERVED),
        (b"POST", REFUSED),
        (b"GET /_sagemock/health", REFUSED | SERVED),
        (b"POST / HTTP/0.9", OF_A_VERSION | SERVED),
        (b"POST http://localhost HTTP/1.1", NOWHERE | SERVED),
        (b"POST ?a=b HTTP/1.1", NOWHERE | SERVED),
        (b"POST #a HTTP/1.1", NOWHERE | SERVED),
        (b"POST / HTTP/1.2", OF_A_VERSION | SERVED),
        (b"POST / HTTP/2", OF_A_VERSION),
        (b"POST / HTTP/2.0", OF_A_VERSION | SERVED),
        (b"POST / HTTP/9.9", OF_A_VERSION | SERVED),
        (b"POST / HTTP/1.", OF_A_VERSION),
        (b"POST / HTTP/11", OF_A_VERSION),
        (b"POST / HTTP/1.1.1", OF_A_VERSION),
        (b"POST / HTTP/-1.1", OF_A_VERSION),
        (b"POST / HTTP/1.1 x", OF_A_VERSION),
        (b"POST / http/1.1", OF_A_VERSION),
        (b"POST / HTTPS/1.1", OF_A_VERSION),
        (b"POST / HTTP/1,1", OF_A_VERSION),
        (b"POST / HTTP/1.1\x00", OF_A_VERSION),
        (b"POST / HTTP/\xb1.1", OF_A_VERSION),
        (b"POST /  HTTP/1.1", REFUSED | SERVED),
        (b"POST\t/\tHTTP/1.1", REFUSED),
        (b" POST / HTTP/1.1", REFUSED | SERVED),
        (b"\x00POST / HTTP/1.1", REFUSED),
        (b"P\xc3\x96ST / HTTP/1.1", REFUSED | NOWHERE),
        (b"POST /a b HTTP/1.1", REFUSED),
        (b"POST /\x00 HTTP/1.1", NOWHERE),
        (b"POST /\r HTTP/1.1", REFUSED),
        (b"POST /\n HTTP/1.1", REFUSED),
        (b"POST /" + b"a" * 200_000 + b" HTTP/1.1", NOWHERE | TOO_LONG),
        (b"POST /" + b"a" * 300_000 + b" HTTP/1.1", TOO_LONG),
        (b"POST /?" + b"%ff" * 40_000 + b" HTTP/1.1", SERVED | TOO_LONG),
        (b"POST http://[::1 HTTP/1.1", REFUSED),
        (b"POST http://[v1.x]/ HTTP/1.1", NOWHERE | SERVED),
        (b"POST http://localhost:port/ HTTP/1.1", NOWHERE | SERVED),
        (b"POST http:// HTTP/1.1", NOWHERE | SERVED),
        (b"POST http://\xff/ HTTP/1.1", NOWHERE | SERVED),
        (b"POST :// HTTP/1.1", NOWHERE),
        (b"CONNECT localhost:80 HTTP/1.1", NOWHERE),
        (b"OPTIONS * HTTP/1.1", NOWHERE),
        (b"* * *", REFUSED),
        (b"A" * 100_000 + b" / HTTP/1.1", NOWHERE | TOO_LONG),
        (b"A" * 300_000, TOO_LONG),
    )
}

HEADERS: Bytes = {
    f"header {header[:40]!r}": (CALL + header + b"\r\n\r\n", allowed)
    for header, allowed in (
        (b"no colon", REFUSED),
        (b": no name", REFUSED),
        (b"X Y: z", REFUSED),
        (b"X : y", REFUSED),
        (b" X: y", REFUSED | SERVED),
        (b"X: y\r\n folded", REFUSED | SERVED),
        (b"X: y\r\n\tTransfer-Encoding: chunked", REFUSED | SERVED),
        (b"X\x00: y", REFUSED),
        (b"X: \x00", REFUSED),
        (b"X: a\rb", REFUSED),
        (b"X: a\nb", REFUSED),
        (b"X: a\nY: b", REFUSED),
        (b"X: a\n\nb", REFUSED),
        (b"\xff: y", REFUSED),
        (b"X\xc3\xa4: y", REFUSED),
        (b"X: \xff\xfe\xc3\x28", REFUSED | SERVED),
        (b"X: \x7f", REFUSED | SERVED),
        (b"X: \x85", REFUSED | SERVED),
        (b"[]: {}", REFUSED),
        (b"=", REFUSED),
        (b"X:", SERVED),
        (b"X: " + b"a" * 65_536, SERVED | TOO_LONG),
        (b"X: " + b"a" * 300_000, TOO_LONG),
        (b"X" * 65_536 + b": a", SERVED | TOO_LONG),
        (b"\r\n".join(b"X-%d: a" % number for number in range(10_000)), SERVED | TOO_LONG),
        (b"\r\n".join([b"X: a"] * 10_000), SERVED | TOO_LONG),
        (b"\r\n".join([b"X: a"] * 100_000), TOO_LONG),
        (b"X: a" + b"\r\n b" * 30_000, REFUSED | SERVED | TOO_LONG),
        (b"X-Amz-Target: SageMaker.ListTags", frozenset({"400"})),
        (b"Host: evil.example", frozenset({"400", "403"})),
        (b"Host: localhost", frozenset({"200", "400", "403"})),
        (b"Connection: close, keep-alive", SERVED),
        (b"Connection: Transfer-Encoding", SERVED),
        (b"Expect: 999-nothing", frozenset({"200", "417"})),
        (b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA", SERVED),
    )
} | {
    "no host": (b"POST / HTTP/1.1\r\n" + LIST + b"\r\n", frozenset({"400", "403"})),
    "no headers": (b"POST / HTTP/1.1\r\n\r\n", frozenset({"400", "403"})),
    "line feeds alone": (CALL.replace(b"\r\n", b"\n") + b"\n", REFUSED | SERVED),
    "carriage returns alone": (CALL.replace(b"\r\n", b"\r") + b"\r", REFUSED),
    "a head that does not end": (CALL + b"X: y", REFUSED),
    "blank lines before": (b"\r\n" * 3 + WHOLE, REFUSED | SERVED),
    "a megabyte of blank lines": (b"\r\n" * 500_000, REFUSED | TOO_LONG),
    "a megabyte of line feeds": (b"\n" * 1_000_000, REFUSED | TOO_LONG),
}

OTHER_PROTOCOLS: Bytes = {
    "nothing": (b"", frozenset({""})),
    "one byte": (b"P", REFUSED),
    "a NUL": (b"\x00" * 5000 + b"\r\n\r\n", REFUSED),
    "noise": (bytes(range(256)) * 40, REFUSED),
    "noise with an end": (bytes(range(128, 256)) * 40 + b"\r\n\r\n", REFUSED),
    "HTTP/0.9": (b"GET /\r\n\r\n", REFUSED | {"403", "404"}),
    "HTTP/2": (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
        OF_A_VERSION | NOWHERE,
    ),
    "TLS": (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2 + b"\r\n\r\n",
        REFUSED,
    ),
    "SSH": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", REFUSED),
    "SMTP": (b"EHLO example\r\nMAIL FROM:<a@b>\r\n\r\n", REFUSED),
    "PROXY": (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + WHOLE, REFUSED),
    "a proxy's binary greeting": (
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + b"\x01" * 12 + WHOLE,
        REFUSED,
    ),
    "Redis": (b"*1\r\n$4\r\nPING\r\n\r\n", REFUSED),
    "an answer": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", REFUSED | NOWHERE),
    "a websocket": (
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            b"\x81\x05hello"
        ),
        frozenset({"404", "404 400"}),
    ),
}

PIPELINES: Bytes = {
    "two calls": (WHOLE * 2, frozenset({"200 200"})),
    "fifty calls": (WHOLE * 50, frozenset({" ".join(["200"] * 50)})),
    "a call after one that is refused": (
        CALL + b"Content-Length: 1\r\n\r\n[" + WHOLE,
        frozenset({"400 200"}),
    ),
    "a call after one that is no HTTP": (CALL + b"no colon\r\n\r\n" + WHOLE, REFUSED),
    "a call after one that asks to close": (
        CALL + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}" + WHOLE,
        SERVED,
    ),
    "a call after a body too large": (
        CALL + b"Content-Length: 9999999999\r\n\r\n" + WHOLE,
        TOO_LARGE,
    ),
    "a call after chunks": (
        CHUNKED + b"\r\n2\r\n{}\r\n0\r\n\r\n" + WHOLE,
        frozenset({"200 200"}),
    ),
    "a call after HTTP/1.0": (WHOLE.replace(b"HTTP/1.1", b"HTTP/1.0") + WHOLE, SERVED),
    "a call after HTTP/1.0 that stays": (
        CALL.replace(b"HTTP/1.1", b"HTTP/1.0")
        + b"Connection: keep-alive\r\nContent-Length: 2\r\n\r\n{}"
        + WHOLE,
        frozenset({"200 200", "200"}),
    ),
    "half a call after a whole one": (WHOLE + CALL, frozenset({"200", "200 400"})),
    "calls to several places": (
        WHOLE + b"GET /_sagemock/health HTTP/1.1\r\nHost: localhost\r\n\r\n" + WHOLE,
        frozenset({"200 200 200"}),
    ),
}
