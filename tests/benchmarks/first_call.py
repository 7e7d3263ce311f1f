"""A test session's first call, as a program: `first_call.py sagemock|moto`.

pytest and boto3 are imported already, as they are where a test begins. Prints how many seconds it
took from then on, to import the server, start it in a thread, make a client, and have an answer;
then how many of these went into the client.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

REGION = "us-east-1"


@contextmanager
def sagemock_client() -> Iterator[tuple[Any, float]]:
    """A client of sagemock's, and when it began to be made."""
    import sagemock  # noqa: PLC0415 - it is measured

    with sagemock.running() as server:
        began = time.perf_counter()
        yield server.client(), began


@contextmanager
def moto_client() -> Iterator[tuple[Any, float]]:
    """A client of moto's server, and when it began to be made."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - it is measured

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    began = time.perf_counter()
    client = boto3.client(
        "sagemaker",
        region_name=REGION,
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id="123456789012",
        aws_secret_access_key="secret",  # noqa: S106 - none
    )
    yield client, began
    server.stop()


def main() -> None:
    """Measure one, print the seconds."""
    began = time.perf_counter()
    made = {"sagemock": sagemock_client, "moto": moto_client}[sys.argv[1]]
    with made() as (client, client_began):
        client_made = time.perf_counter()
        client.list_model_package_groups()
        ended = time.perf_counter()
    print(ended - began, client_made - client_began, pytest.__version__)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
