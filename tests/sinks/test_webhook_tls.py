"""Events by HTTPS, with certificates made for the test."""

import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from receivers import EVENT, LIMIT_S, HttpReceiver, refusal

from sagemock.sinks.address import AddressGuard, Place
from sagemock.sinks.webhook import WebhookSink

pytest.importorskip("cryptography", reason="Without it no certificate can be made.")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

Certified = Callable[[str], HttpReceiver]


def certificate(name: str) -> bytes:
    """A key and a certificate, signed by itself, for a name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sagemock's tests")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin.replace(year=2120))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Certified]:
    """Starts a receiver with a certificate for a name; this process trusts that one."""
    made: list[HttpReceiver] = []

    def start(name: str) -> HttpReceiver:
        path = tmp_path / "certificate.pem"
        path.write_bytes(certificate(name))
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        made.append(HttpReceiver(tls=context))
        return made[-1]

    yield start
    for each in made:
        each.close()


def sink_for(host: str, port: int, timeout_s: float = LIMIT_S) -> WebhookSink:
    guard = AddressGuard(resolve=lambda _host, port: [Place(socket.AF_INET, ("127.0.0.1", port))])
    return WebhookSink(f"https://{host}:{port}/", headers={}, guard=guard, timeout_s=timeout_s)


def test_an_event_is_posted_over_a_kept_encrypted_connection(certified: Certified) -> None:
    receiver = certified("receiver.test")
    sink = sink_for("receiver.test", receiver.port)
    for body in ("1", "2", "x" * 1_000_000):
        sink.send(EVENT, body)
    sink.close()
    assert [body for _, _, body in receiver.seen] == [b"1", b"2", b"x" * 1_000_000]
    assert receiver.seen[0][1]["Host"] == f"receiver.test:{receiver.port}"
    assert receiver.connections == 1


@pytest.mark.parametrize(("port", "host"), [(443, "receiver.test"), (80, "receiver.test:80")])
def test_the_port_of_the_scheme_is_not_said(certified: Certified, port: int, host: str) -> None:
    receiver = certified("receiver.test")
    place = Place(socket.AF_INET, ("127.0.0.1", receiver.port))
    guard = AddressGuard(resolve=lambda _host, _port: [place])
    sink = WebhookSink(f"https://receiver.test:{port}/", headers={}, guard=guard)
    sink.send(EVENT, "{}")
    sink.close()
    assert [headers["Host"] for _, headers, _ in receiver.seen] == [host]


def test_a_certificate_for_another_name_is_refused(certified: Certified) -> None:
    receiver = certified("other.test")
    told, again = refusal(sink_for("receiver.test", receiver.port))
    origin = f"https://receiver.test:{receiver.port}"
    assert told.startswith(f"The webhook at {origin} has a certificate that does not hold: ")
    assert "receiver.test" in told.removeprefix(f"The webhook at {origin}")
    assert (again, receiver.seen) == (True, [])


def test_a_certificate_that_nobody_vouches_for_is_refused(
    certified: Certified, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    receiver = certified("receiver.test")
    other = tmp_path / "other.pem"
    other.write_bytes(certificate("receiver.test"))
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    told, again = refusal(sink_for("receiver.test", receiver.port))
    assert " has a certificate that does not hold: " in told
    assert (again, receiver.seen) == (True, [])


def test_a_receiver_that_does_not_encrypt_is_told() -> None:
    receiver = HttpReceiver()
    try:
        told, again = refusal(sink_for("receiver.test", receiver.port))
    finally:
        receiver.close()
    assert told.startswith(
        f"The webhook at https://receiver.test:{receiver.port} cannot be reached"
    )
    assert (again, receiver.seen) == (True, [])


def test_a_handshake_that_does_not_come_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        told = f"The webhook at https://receiver.test:{port} did not answer within 0.2 s."
        assert refusal(sink_for("receiver.test", port, timeout_s=0.2)) == (told, True)
