"""What a webhook is told of its receiver."""

import pytest

from sagemock.sinks.webhook import AddressGuard, WebhookSink
from sagemock.sinks.webhook_url import WebhookUrl, checked_headers


@pytest.mark.parametrize(
    ("url", "parts", "origin"),
    [
        ("http://localhost", ("http", "localhost", 80, "/"), "http://localhost"),
        (
            "https://Hooks.Test/a?b=c#d",
            ("https", "hooks.test", 443, "/a?b=c"),
            "https://hooks.test",
        ),
        ("HTTP://localhost:8080/", ("http", "localhost", 8080, "/"), "http://localhost:8080"),
        ("http://localhost:443/", ("http", "localhost", 443, "/"), "http://localhost:443"),
        ("http://localhost:/", ("http", "localhost", 80, "/"), "http://localhost"),
        ("http://[::1]:65535/x", ("http", "::1", 65535, "/x"), "http://[::1]:65535"),
        ("http://[FE80::1%1]/", ("http", "fe80::1%1", 80, "/"), "http://[fe80::1%1]"),
        ("http://0x7f.1/", ("http", "0x7f.1", 80, "/"), "http://0x7f.1"),
        ("http://a_b.test./", ("http", "a_b.test.", 80, "/"), "http://a_b.test."),
        ("http://[::1]", ("http", "::1", 80, "/"), "http://[::1]"),
        (
            "http://bücher.test/%7Eü",
            ("http", "xn--bcher-kva.test", 80, "/%7E%C3%BC"),
            "http://xn--bcher-kva.test",
        ),
    ],
)
def test_a_url_has_parts(url: str, parts: tuple[str, str, int, str], origin: str) -> None:
    assert WebhookUrl.parse(url) == parts
    assert WebhookUrl.parse(url).origin == origin


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "begins with http:// or https://, not with neither"),
        ("localhost:8080/events", "begins with http:// or https://, not with localhost:"),
        ("//localhost/events", "begins with http:// or https://"),
        ("ftp://localhost/", "begins with http:// or https://, not with ftp:"),
        ("file:///etc/passwd", "begins with http:// or https://, not with file:"),
        ("http:///events", "names a host"),
        ("http://", "names a host"),
        ("http://:8080/", "names a host"),
        ("http://me:secret@localhost/", "has no user name or password"),
        ("http://@localhost/", "has no user name or password"),
        ("http://localhost:0/", "is from 1 to 65535, not 0"),
        ("http://localhost:65536/", "is from 1 to 65535, not 65536"),
        ("http://localhost:-1/", "is from 1 to 65535, not -1"),
        ("http://localhost:http/", "is from 1 to 65535, not http"),
        ("http://localhost:٣/", "is from 1 to 65535, not ٣"),
        ("http://localhost:" + "9" * 5000, "is from 1 to 65535"),
        ("http://[::1/", "is not well formed"),
        ("http://[::1]x/", "is not well formed"),
        ("http://[v1.a]/", "is not well formed"),
        ("http://[127.0.0.1]/", "is not well formed"),
        ("http://::1/", "is not well formed"),
        ("http://a:1:2/", "is not well formed"),
        ("http://a%62/", "cannot be the name of one"),
        ("http://a\\b/", "cannot be the name of one"),
        ("http://a..b/", "cannot be the name of one"),
        (f"http://{'é' * 99}.test/", "cannot be the name of one"),
        ("http://local host/", "has no blanks"),
        ("http://localhost/a b", "has no blanks"),
        (" http://localhost/", "has no blanks"),
        ("http://localhost/\r\nX: y", "has no blanks"),
        ("http://localhost/\t", "has no blanks"),
        ("http://localhost/\x00", "has no blanks"),
        ("http://localhost/\x7f", "has no blanks"),
        ("http://localhost/\u2028", "has no blanks"),
    ],
)
def test_a_url_that_nothing_can_be_posted_to_is_refused(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        WebhookUrl.parse(url)
    assert str(refused.value).endswith(".")


def test_a_refusal_shows_no_password() -> None:
    with pytest.raises(ValueError, match="user name") as refused:
        WebhookUrl.parse("http://me:secret@localhost/")
    assert "secret" not in str(refused.value)


def test_headers_are_sent_as_they_are() -> None:
    headers = {"Authorization": "Bearer é\tx", "X-1": "", "x!#$%&'*+.^_`|~": "y"}
    assert checked_headers(headers) == headers


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"": "x"}, "'' cannot be the name"),
        ({"A B": "x"}, "'A B' cannot be the name"),
        ({"A:": "x"}, "'A:' cannot be the name"),
        ({"A\n": "x"}, "cannot be the name"),
        ({"Ä": "x"}, "'Ä' cannot be the name"),
        ({"A": "x\r\nB: y"}, "The value of the header A has a line break"),
        ({"A": "x\n y"}, "The value of the header A has a line break"),
        ({"A": "\x00"}, "The value of the header A has a line break"),
        ({"A": "x\n"}, "The value of the header A has a line break"),
        ({"A": "€"}, "a character that is not in Latin-1"),
        ({"A": "1", "a": "2"}, "The header a of a webhook is given twice"),
        *(
            ({name: "x"}, f"The header {name} is set by sagemock itself")
            for name in (
                "Host",
                "content-length",
                "Content-Type",
                "USER-AGENT",
                "Transfer-Encoding",
                "Connection",
                "X-Sagemock-Event-Id",
                "X-Sagemock-Event-Type",
                "x-sagemock-signature",
                "X-Hub-Signature-256",
            )
        ),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused(headers: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        checked_headers(headers)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": "ftp://localhost/"}, "begins with http"),
        ({"headers": {"Host": "x"}}, "The header Host is set by sagemock itself"),
        ({"secret": ""}, "An empty secret signs nothing"),
        ({"timeout_s": 0}, "The time-out of a webhook is a number of seconds, not 0"),
        ({"timeout_s": float("nan")}, "not nan"),
        ({"timeout_s": float("inf")}, "not inf"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_when_made(
    options: dict[str, object], message: str
) -> None:
    whole = {"url": "http://localhost/", "headers": {}, "guard": AddressGuard(), **options}
    with pytest.raises(ValueError, match=message):
        WebhookSink(**whole)  # type: ignore[arg-type]
