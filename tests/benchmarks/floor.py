"""The floor, a program of its own: bare Flask on sagemock's HTTP server, constant answers.

It answers what `--answers` (a JSON file: operation to body) has for the operation, else the bytes
of a CreateModelPackage answer, with the four headers AWS sends.
"""

import json
import signal
import socket
from pathlib import Path

import click
from flask import Flask, Response, request

from sagemock.wire.server import Server

ANSWER = b'{"ModelPackageArn":"arn:aws:sagemaker:us-east-1:123456789012:model-package/benchmark/1"}'
REQUEST_ID = "6f1d0c3e-8a52-4b0f-9a7e-0d4a1c2b3e4f"
MAX_BODY = 8 * 1024 * 1024


def floor_app(answers: dict[str, bytes]) -> Flask:
    """A Flask app that looks at no more than the target."""
    app = Flask("floor", static_folder=None)
    headers = {"x-amzn-RequestId": REQUEST_ID, "Content-Type": "application/x-amz-json-1.1"}

    if not answers:

        @app.post("/")
        def constant() -> Response:
            return Response(ANSWER, headers=headers)

        return app

    @app.post("/")
    def canned() -> Response:
        operation = request.headers["X-Amz-Target"].partition(".")[2]
        return Response(answers.get(operation, ANSWER), headers=headers)

    return app


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--answers", type=click.Path(exists=True, path_type=Path))
def main(port: int, answers: Path | None) -> None:
    """Serve constant answers until told to stop."""
    canned = json.loads(answers.read_text("utf-8")) if answers else {}
    app = floor_app({operation: body.encode() for operation, body in canned.items()})
    with socket.create_server(("127.0.0.1", port)) as listening:
        server = Server(app, listening, max_body_bytes=MAX_BODY, request_id=lambda: REQUEST_ID)
        signal.signal(signal.SIGTERM, lambda *_: server.stop())
        server.run()


if __name__ == "__main__":
    main()
