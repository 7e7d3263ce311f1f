"""Heads of requests that no SDK sends: odd methods, paths, targets, signatures, hosts and headers.

Framing is left alone: lengths and codings have their own cases in test_raw_sockets.
"""

import random
from collections.abc import Callable, Mapping

Head = dict[bytes, bytes]
"""Headers by name; the request line stands under `""`."""

_ACCOUNT_KEY = b"AKIAQ4J5YQH2BWXYZABC"
_SCOPE = b"123456789012/20260101/us-east-1/sagemaker/aws4_request"
_REGIONS = (
    *(
        b"",
        b"US-EAST-1",
        b"eu-central-1",
        b"cn-north-1",
        b"us-gov-west-1",
        b"us-iso-east-1",
        b"-" * 9,
    ),
    *(
        b"a" * 16,
        b"a" * 17,
        b"a" * 6000,
        b"../../../x",
        b"eu'central",
        b"us east 1",
        b"us-east-1\x00",
    ),
    *("мир-мир-мир".encode(), b"\xff" * 9, b"us-east-1%00", b"us-east-1\n", b"*", b"us-east-1;"),
)
_KEYS = (
    *(
        b"",
        b"test",
        b"000000000000",
        b"999999999999",
        b"12345678901",
        b"1234567890123",
        _ACCOUNT_KEY,
    ),
    *(
        b"AKIA" + b"7" * 16,
        b"ASIA" + b"A" * 16,
        b"AKIA" + b"a" * 16,
        b"AKIAIOSFODNN7EXAMPLE",
        b"AKIA",
    ),
    *(
        b"a/b/c",
        b"../x",
        b"a" * 6000,
        "ключ".encode(),
        b"\xff\xfe",
        b"{account}",
        b"%s",
        b"\x00",
        b"=",
    ),
    "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10\uff11\uff12".encode(),
)
_WHOLE_SIGNATURES = (
    *(
        b"",
        b" ",
        b"Bearer x",
        b"Basic Zm9vOmJhcg==",
        b"AWS4-HMAC-SHA256",
        b"AWS4-HMAC-SHA256 ",
        b"AWS x:y",
    ),
    *(
        b"AWS4-HMAC-SHA256 Credential=",
        b"AWS4-HMAC-SHA256 Credential=/////",
        b"Credential=" + _SCOPE,
    ),
    b"AWS4-ECDSA-P256-SHA256 Credential=" + _SCOPE + b", SignedHeaders=host, Signature=0",
    b"AWS4-HMAC-SHA256 Credential=" + _SCOPE + b", Credential=1/2/3/4/5, Signature=",
    b'AWS4-HMAC-SHA256 Credential="' + _SCOPE + b'"',
    b"AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0",
    b"AWS4-HMAC-SHA256 " + b"Credential=" * 3000,
    b"AWS4-HMAC-SHA256 Credential=" + b"/" * 20_000,
    b"\xff\x00\x01",
)
_TARGETS = (
    *(
        b"",
        b" ",
        b".",
        b"SageMaker",
        b"SageMaker.",
        b".ListTags",
        b"SageMaker..ListTags",
        b"sagemaker.ListTags",
    ),
    *(
        b"SageMaker.listtags",
        b"SageMaker.ListTags ",
        b"SageMaker.ListTags.x",
        b"SageMaker.__class__",
    ),
    *(
        b"SageMaker.CreateTrainingJob",
        b"SageMaker.DescribeEndpoint",
        b"SageMaker.UpdateModelPackageGroup",
    ),
    *(
        b"DynamoDB_20120810.ListTables",
        b"SageMaker.ListTags\x00",
        b"SageMaker." + "Списки".encode(),
    ),
    *(
        b"SageMaker." + b"A" * 60_000,
        b"SageMaker.\xff",
        b"SageMaker.../../x",
        b"SageMaker.%4cistTags",
    ),
    *(b"SageMaker.{0}", b"SageMaker.'", b"SageMaker.ListTags, SageMaker.ListModels", b"*"),
)
_TYPES = (
    *(
        b"",
        b"text/plain",
        b"application/json",
        b"application/x-amz-json-1.0",
        b"application/x-amz-json-9.9",
    ),
    *(
        b"application/x-amz-json-1.1; charset=utf-16",
        b"application/json; charset=\xff",
        b"*/*",
        b";;;",
    ),
    *(
        b"application/x-www-form-urlencoded",
        b"multipart/form-data",
        b"multipart/form-data; boundary=x",
    ),
    *(
        b"application/x-amz-json-1.1" * 500,
        b"text/html",
        b"application/cbor",
        b"\x00",
        b"a/b; charset=nope",
    ),
    b"application/x-amz-json-1.1; charset=idna",
)
_ENCODINGS = (
    b"",
    b"gzip",
    b"identity",
    b"IDENTITY",
    b"aws-chunked",
    b"br",
    b"gzip, gzip",
    b"\xff",
    b"x" * 9000,
)
_HOSTS = (
    *(
        b"",
        b"localhost",
        b"LOCALHOST:1",
        b"127.0.0.1",
        b"[::1]:80",
        b"[::1",
        b"[fe80::1%eth0]",
        b"[]",
        b":80",
    ),
    *(
        b"api.sagemaker.us-east-1.amazonaws.com",
        b"evil.example",
        b"localhost:99999",
        b"localhost:x",
        b"a b",
    ),
    *(
        b"localhost.",
        b"localhost..",
        b".",
        b"\xff",
        "пример".encode(),
        b"a" * 5000,
        b"user@localhost",
        b"*",
    ),
    *(
        b"127.1",
        b"0x7f000001",
        b"127.0.0.1.nip.io",
        b"localhost, localhost",
        b"localhost/",
        b"999.1.1.1",
    ),
)
_LINES = (
    *(
        b"GET /",
        b"HEAD /",
        b"PUT /",
        b"DELETE /",
        b"PATCH /",
        b"OPTIONS /",
        b"TRACE /",
        b"BREW /",
        b"post /",
    ),
    *(
        b"POST /x",
        b"POST //",
        b"POST /.",
        b"POST /..",
        b"POST /%2e%2e/",
        b"POST /%00",
        b"POST /%ff",
        b"POST /%",
    ),
    *(
        b"POST /?",
        b"POST /?a=b&a=c",
        b"POST /?X-Amz-Algorithm=x",
        b"POST /?" + b"a" * 30_000,
        b"POST /#x",
    ),
    *(
        b"POST /;x=1",
        b"POST /\xc3\xa9",
        b"POST /index.html",
        b"POST /_sagemock",
        b"POST /_sagemock/health",
    ),
    *(
        b"GET /_sagemock/health",
        b"GET /_sagemock/ready",
        b"HEAD /_sagemock/health",
        b"GET /_sagemock/reset",
    ),
    *(
        b"PUT /_sagemock/reset",
        b"GET /moto-api/reset",
        b"POST /_sagemock/reset/",
        b"POST /_SAGEMOCK/RESET",
    ),
    *(
        b"GET /static/x",
        b"GET /favicon.ico",
        b"GET /_sagemock//health",
        b"GET /" + b"a/" * 10_000,
        b"GET /\\",
    ),
    *(
        b"POST http://localhost/",
        b"POST http://evil.example/",
        b"POST HTTP://user:x@localhost:99999/",
    ),
    *(
        b"GET http://localhost/_sagemock/health",
        b"POST *",
        b"POST http://localhost",
        b"POST ?x",
        b"OPTIONS *",
        b"CONNECT localhost:80",
        b"POST x",
    ),
    *(
        b"POST /endpoints",
        b"GET /v2/models",
        b"PUT /BatchPutMetrics",
        b"POST file:///etc/passwd",
    ),
    *(b"POST /%0d%0aX: y", b"POST /\x7f", b"POST /<script>", b"POST /{0}"),
    *(
        b"POST mailto:x",
        b"POST javascript:x",
        b"GET /?%00=%ff&" + b"&" * 2000,
        b"PROPFIND /",
        b"A" * 300 + b" /",
    ),
)
OTHERS: tuple[tuple[bytes, tuple[bytes, ...]], ...] = (
    (b"X-Amz-Date", (b"", b"20260101T000000Z", b"x", b"99999999T999999Z", b"\xff", b"0" * 5000)),
    (b"X-Amz-Security-Token", (b"", b"x", b"\x00", b"A" * 20_000)),
    (
        b"X-Amz-Content-Sha256",
        (b"", b"UNSIGNED-PAYLOAD", b"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", b"0" * 64),
    ),
    (
        b"Origin",
        (
            b"",
            b"null",
            b"http://localhost",
            b"http://evil.example",
            b"http://[",
            b"x" * 3000,
            b"\xff",
        ),
    ),
    (b"Sec-Fetch-Site", (b"", b"none", b"same-origin", b"cross-site", b"CROSS-SITE", b"x")),
    (
        b"Connection",
        (b"", b"close", b"keep-alive", b"Keep-Alive, Upgrade", b"upgrade", b"host", b"x" * 999),
    ),
    (b"Upgrade", (b"h2c", b"websocket", b"TLS/1.0")),
    (b"Expect", (b"", b"100-continue", b"100-Continue", b"200-ok", b"100-continue, x")),
    (b"Accept-Encoding", (b"gzip", b"*;q=0", b"\xff")),
    (b"Accept", (b"text/html", b"*/*", b"application/xml", b"x" * 4000)),
    (b"Accept-Language", (b"de", b"*" * 5000)),
    (b"Range", (b"bytes=0-1", b"bytes=-", b"x")),
    (b"If-None-Match", (b"*", b'"x"')),
    (
        b"If-Modified-Since",
        (b"x", b"Thu, 01 Jan 1970 00:00:00 GMT", b"Thu, 99 Foo 99999 99:99:99 XXX"),
    ),
    (b"Cookie", (b"", b"session=x", b";" * 5000, b"a=\xff")),
    (b"Forwarded", (b"for=1.2.3.4;host=evil.example", b'for="', b"x")),
    (b"X-Forwarded-For", (b"1.2.3.4", b"x" * 2000)),
    (b"X-Forwarded-Host", (b"evil.example",)),
    (b"X-Forwarded-Proto", (b"https", b"gopher")),
    (b"X-HTTP-Method-Override", (b"DELETE", b"GET")),
    (b"X-Original-URL", (b"/_sagemock/reset",)),
    (b"User-Agent", (b"", b"() { :; }; x", b"${jndi:ldap://x}", b"A" * 50_000, b"\x1b[2J")),
    (b"amz-sdk-request", (b"attempt=9; max=3", b"\xff")),
    (b"X-Long", (b"a" * 100_000, b"a" * 200_000)),
    (b"X-Control", (b"\x01", b"a\x00b", b"\x0b", b"\x7f", b"\x85", b"\xa0")),
    (b"X-Space ", (b"x",)),
    (b"X(y)", (b"x",)),
    (b"Trailer", (b"X-Amz-Target", b"x")),
    (b"TE", (b"trailers", b"chunked")),
    (b"Proxy", (b"http://evil.example",)),
    (b"Content-MD5", (b"x",)),
    (b"Content-Range", (b"bytes 0-1/2",)),
    (b"Transfer_Encoding", (b"chunked",)),
    (b"Content_Length", (b"9999",)),
    (b"X-Amz-Target ", (b"SageMaker.ListTags",)),
    (b"x-amzn-requestid", (b"00000000-0000-4000-8000-000000000000", b"x\xff")),
)


def changed_head(draw: random.Random, head: Head) -> tuple[Head, str]:
    """A head with one part of it made odd, and which part."""
    name = draw.choice(list(_PARTS))
    return head | _PARTS[name](draw), name


def _signature(draw: random.Random) -> Head:
    chosen = draw.random()
    if chosen < 0.3:
        return {b"Authorization": draw.choice(_WHOLE_SIGNATURES)}
    key, region = _SCOPE.split(b"/")[0], b"us-east-1"
    if chosen < 0.65:
        region = draw.choice(_REGIONS)
    else:
        key = draw.choice(_KEYS)
    scope = b"/".join((key, b"20260101", region, b"sagemaker", b"aws4_request"))
    signature = b"AWS4-HMAC-SHA256 Credential=" + scope + b", SignedHeaders=host, Signature=0"
    return {b"Authorization": signature}


def _another(draw: random.Random) -> Head:
    head: Head = {}
    for _ in range(draw.randint(1, 4)):
        name, values = draw.choice(OTHERS)
        head[name] = draw.choice(values)
    return head


def _many(draw: random.Random) -> Head:
    return {b"X-%d" % number: b"y" for number in range(draw.choice([100, 1000, 5000]))}


_PARTS: Mapping[str, Callable[[random.Random], Head]] = {
    "signature": _signature,
    "signature again": _signature,
    "target": lambda draw: {b"X-Amz-Target": draw.choice(_TARGETS)},
    "content type": lambda draw: {b"Content-Type": draw.choice(_TYPES)},
    "content encoding": lambda draw: {b"Content-Encoding": draw.choice(_ENCODINGS)},
    "host": lambda draw: {b"Host": draw.choice(_HOSTS)},
    "request line": lambda draw: {b"": draw.choice(_LINES) + b" HTTP/1.1"},
    "another header": _another,
    "other headers": _another,
    "many headers": _many,
}
