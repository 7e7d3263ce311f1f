"""Bytes whose framing is in doubt, each with the answers they may have.

An answer is its status; several in a row are joined by blanks; nothing at all is a closed
connection. What stands in tests/wire/test_server.py is not repeated here.
"""

from collections.abc import Mapping

Bytes = Mapping[str, tuple[bytes, frozenset[str]]]
"""What is sent, by what it is, with the answers it may have."""

LIST = b"X-Amz-Target: SageMaker.ListModelPackages\r\n"
CALL = b"POST / HTTP/1.1\r\nHost: localhost\r\n" + LIST
CHUNKED = CALL + b"Transfer-Encoding: chunked\r\n"
WHOLE = CALL + b"Content-Length: 2\r\n\r\n{}"
"""A good call; where another one ends in doubt, the one that would be hidden."""

REFUSED = frozenset({"400", "501", ""})
"""Refused, or closed without a word."""

SERVED = frozenset({"200"})
TOO_LARGE = frozenset({"413", ""})
OF_A_VERSION = frozenset({"400", "501", "505", ""})

LENGTHS: Bytes = {
    f"content length {length!r}": (
        CALL + b"Content-Length: " + length + b"\r\n\r\n{}" + WHOLE,
        frozenset({"400", "413", ""}),
    )
    for length in (
        *(
            b"",
            b" ",
            b"-0",
            b"+2",
            b"2.0",
            b"2e0",
            b"0x2",
            b"0b10",
            b"1_0",
            b"2 2",
            b"2,",
            b",2",
            b"2;",
        ),
        *(
            b"2\x00",
            b"\x002",
            b"2\x0b",
            b"\x0c2",
            b"\xc2\xb2",
            b"\xb2",
            "\uff12".encode(),
            b"2,2",
            b"2, 3",
        ),
        *(
            b"-9223372036854775808",
            b"18446744073709551618",
            b"9" * 400,
            b"9" * 5000,
            b"NaN",
            b'"2"',
            b"2\r3",
        ),
    )
} | {
    "a length given twice alike": (
        CALL + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        frozenset({"200", "400"}),
    ),
    "a length of zeros before the digit": (
        CALL + b"Content-Length: 0000002\r\n\r\n{}",
        frozenset({"200", "400"}),
    ),
    "a length with an underscore in its name": (
        CALL + b"Content_Length: 99\r\nContent-Length: 2\r\n\r\n{}",
        frozenset({"200", "400"}),
    ),
    "a length with a blank before the colon": (
        CALL + b"Content-Length : 2\r\n\r\n{}",
        REFUSED,
    ),
    "a length beyond what was sent": (CALL + b"Content-Length: 9\r\n\r\n{}", REFUSED),
    "a length at the largest body and one byte": (
        CALL + b"Content-Length: 8388609\r\n\r\n{",
        TOO_LARGE,
    ),
    "a length of a terabyte": (CALL + b"Content-Length: 1099511627776\r\n\r\n{", TOO_LARGE),
    "a GET with a body": (
        b"GET /_sagemock/health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
        frozenset({"200", "400"}),
    ),
}

CHUNKS: Bytes = {
    f"chunks {chunks[:40]!r}": (CHUNKED + b"\r\n" + chunks, allowed)
    for chunks, allowed in (
        (b"-2\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"+2\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b" 2\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"2 \r\n{}\r\n0\r\n\r\n", REFUSED | SERVED),
        (b"2_0\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"2.0\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"g\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"2{}\r\n0\r\n\r\n", REFUSED),
        (b"2\r\n{}0\r\n\r\n", REFUSED),
        (b"2\r\n{}\n0\r\n\r\n", REFUSED),
        (b"2\n{}\n0\n\n", REFUSED),
        (b"2\r{}\r0\r\r", REFUSED),
        (b"2\n\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"2\r\n{}\r\n0\n\r\n\r\n", REFUSED),
        (b"\r\n2\r\n{}\r\n0\r\n\r\n", REFUSED | SERVED),
        (b"2\r\n{}XX\r\n0\r\n\r\n", REFUSED),
        (b"1\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"3\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"\xb2\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"2\x00\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"ffffffffffffffff\r\n{}\r\n0\r\n\r\n", REFUSED | TOO_LARGE),
        (b"10000000000000002\r\n{}\r\n0\r\n\r\n", REFUSED | TOO_LARGE),
        (b"7fffffffffffffff\r\n{}", REFUSED | TOO_LARGE),
        (b"0" * 30_000 + b"2\r\n{}\r\n0\r\n\r\n", REFUSED | SERVED),
        (b"2;a=b\r\n{}\r\n0\r\n\r\n", REFUSED | SERVED),
        (b'2;a="b;c"\r\n{}\r\n0;x\r\n\r\n', REFUSED | SERVED),
        (b"2;\x00\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"2;" + b"a" * 200_000 + b"\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"2;a\n\r\n{}\r\n0\r\n\r\n", REFUSED),
        (b"2\r\n{}\r\n0\r\nX-Trailer: y\r\n\r\n", REFUSED | SERVED),
        (b"2\r\n{}\r\n0\r\nContent-Length: 9\r\nHost: evil.example\r\n\r\n", REFUSED | SERVED),
        (b"2\r\n{}\r\n0\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n", REFUSED),
        (b"2\r\n{}\r\n0\r\n" + b"X: y\r\n" * 30_000 + b"\r\n", REFUSED),
        (b"2\r\n{}\r\n", REFUSED),
        (b"2\r\n{}\r\n0\r\n", REFUSED | SERVED),
        (b"2\r\n{", REFUSED),
        (b"0\r\n\r\n", SERVED),
        (b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", SERVED),
        (b"1\r\n{\r\n" + b"1\r\n \r\n" * 20_000 + b"1\r\n}\r\n0\r\n\r\n", SERVED),
        (b"800001\r\n" + b"[" * 8_388_609 + b"\r\n0\r\n\r\n", TOO_LARGE),
        (b"400000\r\n" + b"[" * 4_194_304 + b"\r\n400001\r\n" + b"[" * 4_194_305, TOO_LARGE),
    )
}

SMUGGLED: Bytes = (
    {
        "a length and chunks": (
            CHUNKED + b"Content-Length: 4\r\n\r\n0\r\n\r\n" + WHOLE,
            REFUSED,
        ),
        "chunks and a length": (
            CALL + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + WHOLE,
            REFUSED,
        ),
    }
    | {
        f"coding {coding!r}": (
            CALL + b"Content-Length: 5\r\n" + coding + b"\r\n\r\n0\r\n\r\n" + WHOLE,
            REFUSED,
        )
        for coding in (
            *(
                b"Transfer-Encoding: xchunked",
                b"Transfer-Encoding: identity",
                b"Transfer-Encoding: Chunked",
            ),
            *(
                b"Transfer-Encoding : chunked",
                b"Transfer-Encoding:\x0bchunked",
                b"Transfer-Encoding:\x0cchunked",
            ),
            *(
                b"Transfer-Encoding: chunked\x00",
                b"Transfer-Encoding: \x00chunked",
                b"Transfer-Encoding:\xa0chunked",
            ),
            *(
                b"Transfer-Encoding: chunked, identity",
                b"Transfer-Encoding: chunked;q=1",
                b"Transfer-Encoding:\tchunked",
            ),
            *(
                b'Transfer-Encoding: "chunked"',
                b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            ),
            *(
                b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
                b"Transfer-Encoding:\r\n chunked",
            ),
            *(
                b"X: y\nTransfer-Encoding: chunked",
                b"X: y\rTransfer-Encoding: chunked",
                b"\x00Transfer-Encoding: chunked",
            ),
            *(
                b" Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
                b"Transfer-Encoding\x00: chunked",
            ),
            *(
                b"Transfer-Encoding: chun\x00ked",
                b"TRANSFER-ENCODING: CHUNKED",
                b"Transfer-Encoding: chunked,",
            ),
        )
    }
    | {
        f"chunks in HTTP/{version.decode()}": (
            CHUNKED.replace(b"HTTP/1.1", b"HTTP/" + version)
            + b"Connection: keep-alive\r\n\r\n"
            + WHOLE,
            OF_A_VERSION,
        )
        for version in (b"0.9", b"1.0", b"1.2", b"2.0", b"9.9")
    }
    | {
        "a body that looks like a request": (
            CALL + b"Content-Length: %d\r\n\r\n" % len(WHOLE) + WHOLE,
            frozenset({"400"}),
        ),
        "bytes after a request": (
            WHOLE + b"\x00\xff rubbish\r\n\r\n",
            frozenset({"200 400", "200"}),
        ),
        "a request hidden by a bare line feed": (
            CALL + b"X: y\n\nPOST / HTTP/1.1\r\n\r\n",
            REFUSED,
        ),
    }
)
