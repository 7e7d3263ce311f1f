"""Invocations from a seed: good ones, and those with an odd path, odd headers or an odd body.

Case n of a seed is the same whatever came before it. Which headers there are is read from the
service model of SageMaker Runtime.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from hostile.deploy_requests import ENDPOINTS, VARIANTS
from hostile.heads import OTHERS
from hostile.served import signed_by
from sagemock.api.service_model import ServiceModel

Headers = list[tuple[bytes, bytes]]

INVOKE, STREAM = b"invocations", b"invocations-response-stream"

_ODD_NAMES = (
    *(
        b"",
        b"%",
        b"%2",
        b"%zz",
        b"%00",
        b"%0a",
        b"%0d%0aX: y",
        b"%2e%2e",
        b"..",
        b".",
        b"%2f",
        b"a%2fb",
    ),
    *(
        b"%5c",
        b"a%20b",
        b"%ff",
        b"%c3%a4",
        b"%ed%a0%80",
        b"\xc3\xa4",
        b"\xff",
        b"a;b",
        b"a:b",
        b"a@b",
    ),
    *(
        b"N0",
        b"n0%20",
        b"n%30",
        b"n0.",
        b"-n0",
        b"n0-",
        b"nowhere",
        b"*",
        b"{0}",
        b"{EndpointName}",
    ),
    *(
        b"a" * 63,
        b"a" * 64,
        b"a" * 5000,
        b"a-" * 20_000,
        b"%61" * 9000,
        b"$(id)",
        b"'",
        b'"',
        b"<b>",
    ),
    *(b"arn:aws:sagemaker:us-east-1:123456789012:endpoint", b"n0?x=y", b"n0#x", b"[", b"|", b"^"),
)
_ODD_PATHS = (
    *(
        b"/endpoints",
        b"/endpoints/",
        b"/endpoints//",
        b"/endpoints///",
        b"//endpoints/n0/invocations",
    ),
    *(
        b"/endpoints//invocations",
        b"/endpoints/n0",
        b"/endpoints/n0/",
        b"/endpoints/n0/invocations/",
    ),
    *(
        b"/endpoints/n0//invocations",
        b"/endpoints/n0/x/../invocations",
        b"/endpoints/../n0/invocations",
    ),
    *(b"/endpoints/n0/INVOCATIONS", b"/Endpoints/n0/invocations", b"/endpoints/n0/invocation"),
    *(
        b"/endpoints/n0/invocations?",
        b"/endpoints/n0/invocations?a=b&a",
        b"/endpoints/n0/invocations#x",
    ),
    *(
        b"/endpoints/n0/invocations%20",
        b"/endpoints/n0%2finvocations",
        b"%2fendpoints/n0/invocations",
    ),
    *(b"/endpoints/n0/async-invocations", b"/endpoints/n0/invocations-bidirectional-stream"),
    *(
        b"/endpoints/n0/invocations;x",
        b"/endpoints/n0/invocations\\",
        b"/endpoints/" + b"a/" * 9000,
    ),
    *(
        b"/./endpoints/n0/invocations",
        b"http://localhost/endpoints/n0/invocations",
        b"*",
        b"/endpoints/%",
    ),
    *(b"http://evil.example/endpoints/n0/invocations", b"/endpoints/n0/invocations/n0/invocations"),
    *(
        b"/_sagemock/../endpoints/n0/invocations",
        b"/endpoints/../_sagemock/reset",
        b"/endpoints/n0/ping",
    ),
)
_METHODS = (b"GET", b"HEAD", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"post", b"BREW")
_ODD_VALUES = (
    *(
        b"",
        b" ",
        b"\x01",
        b"a\x00b",
        b"\x0b",
        b"\x7f",
        b"\x85",
        b"\xa0",
        b"\xff\xfe",
        b"a\tb",
        b"\t",
    ),
    *(
        "Größe 语".encode(),
        b"%00",
        b"%0d%0a",
        b"<b>",
        b"{0}",
        b"%s",
        b"${body}",
        b"$body",
        b"'",
        b'"',
    ),
    *(
        b"a" * 256,
        b"a" * 257,
        b"a" * 1024,
        b"a" * 1025,
        b"a" * 60_000,
        b"a" * 300_000,
        b"a," * 5000,
    ),
    *(
        b"text/csv; charset=nope",
        b"*/*",
        b"null",
        b"true",
        b"-1",
        b"9" * 400,
        b"../../x",
        b"v0",
        b"v9",
    ),
)
_GOOD_VALUES: Mapping[str, bytes] = {
    "ContentType": b"text/csv",
    "Accept": b"application/json",
    "CustomAttributes": b"trace=1",
    "TargetModel": b"a.tar.gz",
    "TargetVariant": b"v0",
    "TargetContainerHostname": b"primary",
    "InferenceId": b"id-1",
    "SessionId": b"NEW_SESSION",
    "EnableExplanations": b"`true`",
}
_LARGE = (b"x" * 6_291_456, b"x" * 6_291_457)
_BODIES = (
    *(b"", b"a", b"1,2\n3,4", b'{"a": 1}', b"\x00", b"\xff" * 100, b"{" * 100_000, b"a" * 100_000),
    *("Größe".encode(), b"\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n", b"$body ${x} $", b"\xed\xa0\x80"),
    *(b"a" * 1_000_000, b"\x1f\x8b\x08", b"NaN"),
)
_ENCODINGS = (b"gzip", b"br", b"identity", b"aws-chunked", b"\xff", b"gzip, gzip", b"")


@dataclass(frozen=True)
class Invoking:
    """One request to the data plane, and what is odd about it."""

    number: int
    about: str
    line: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    chunked: bool

    @property
    def sent(self) -> bytes:
        """What goes over the wire."""
        head = b"".join(b"%b: %b\r\n" % header for header in self.headers)
        if self.chunked:
            pieces = [self.body[at : at + 50_000] for at in range(0, len(self.body), 50_000)]
            chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
            ending = b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
        else:
            ending = b"Content-Length: %d\r\n\r\n" % len(self.body) + self.body
        return self.line + b"\r\n" + head + ending

    @property
    def is_head(self) -> bool:
        """Whether the answer has no body, whatever its length says."""
        return self.line.startswith(b"HEAD ")

    def __str__(self) -> str:
        return f"invocation {self.number} ({self.about})"


class Invocations:
    """The cases of one seed."""

    def __init__(self, seed: int, runtime: ServiceModel) -> None:
        self.seed = seed
        self._headers = {
            operation: {
                member: facts["locationName"].encode()
                for member, facts in runtime.shapes[f"{operation}Input"]["members"].items()
                if facts.get("location") == "header"
            }
            for operation in ("InvokeEndpoint", "InvokeEndpointWithResponseStream")
        }

    def case(self, number: int) -> Invoking:
        """One case, by its number from 0."""
        draw = random.Random(f"{self.seed}/{number}")  # noqa: S311 - it must be repeatable
        about = draw.choice(["good", "path", "name", "header", "header", "head", "body", "body"])
        streams = draw.random() < 0.3
        name = draw.choice(_ODD_NAMES if about == "name" else [e.encode() for e in ENDPOINTS])
        path = b"/endpoints/" + name + b"/" + (STREAM if streams else INVOKE)
        method = b"POST"
        if about == "path":
            path = draw.choice(_ODD_PATHS)
            method = draw.choice(_METHODS) if draw.random() < 0.3 else method
        headers: Headers = [
            (b"Host", b"localhost"),
            (b"Authorization", signed_by("123456789012").encode()),
        ]
        members = self._headers[f"InvokeEndpoint{'WithResponseStream' * streams}"]
        headers += self._members(draw, members, odd=about == "header")
        if about == "head":
            chosen, values = draw.choice(OTHERS)
            headers.append((chosen, draw.choice(values)))
        chunked, body = False, b"1,2"
        if about == "body":
            chunked = draw.random() < 0.3
            # The largest are slow.
            body = draw.choice(_LARGE if draw.random() < 0.05 else _BODIES)
            if draw.random() < 0.3:
                headers.append((b"Content-Encoding", draw.choice(_ENCODINGS)))
        line = method + b" " + path + b" HTTP/1.1"
        return Invoking(number, about, line, tuple(headers), body, chunked)

    @staticmethod
    def _members(draw: random.Random, members: Mapping[str, bytes], *, odd: bool) -> Headers:
        """Some of the members that travel in headers; of odd ones one or two, or one twice."""
        headers = [
            (members[member], value)
            for member, value in _GOOD_VALUES.items()
            if member in members and draw.random() < 0.2
        ]
        if odd:
            for _ in range(draw.randint(1, 2)):
                header = draw.choice(list(members.values()))
                times = 2 if draw.random() < 0.1 else 1
                headers += [(header, draw.choice(_ODD_VALUES))] * times
        return headers


RULES = [
    {"match": {"endpoint": "n1"}, "reply": {"template": "$body $content_type $accept $model"}},
    {"match": {"endpoint": "n2"}, "reply": {"stream_chunks": ["one", "", "two"] * 20}},
    {"match": {"endpoint": "n3", "variant": VARIANTS[0]}, "reply": {"status": 500, "body": "no"}},
    {"match": {"endpoint": "n4"}, "reply": {"status": 404, "body": {"not": "there"}}},
    {"match": {"endpoint": "n5", "body_regex": "^[0-9,\\s]+$"}, "reply": {"status": 204}},
    {"match": {"content_type": "text/*", "target_model": "a*"}, "reply": {"body": "a model's"}},
]
"""Canned rules, so that the endpoints do not all say the same."""
