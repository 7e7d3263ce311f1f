"""Fleets as plain values, for tests of what serves them."""

from typing import Any

from sagemock.hosting import Container, Fleet, Invocation, Variant
from sagemock.serving.canned import Called

IMAGE = "registry.example/churn:1"
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/1"


def container(hostname: str = "primary", **members: Any) -> Container:
    return Container(**{"hostname": hostname, "image": IMAGE, **members})


def variant(*containers: Container, name: str = "AllTraffic", **members: Any) -> Variant:
    given = containers or (container(),)
    return Variant(**{"name": name, "model": "churn-model", "containers": given, **members})


def fleet(*variants: Variant, name: str = "churn-endpoint", number: int = 1) -> Fleet:
    return Fleet(
        id=f"123456789012/us-east-1/{name}/{number}",
        account="123456789012",
        region="us-east-1",
        endpoint=name,
        variants=variants or (variant(),),
    )


def called(body: bytes | str = b"", of: Fleet | None = None, **members: Any) -> Called:
    """A call of the first variant of a fleet."""
    asked = of or fleet()
    sent = body.encode() if isinstance(body, str) else body
    return Called(asked, asked.variants[0], "primary", Invocation(body=sent, **members))
