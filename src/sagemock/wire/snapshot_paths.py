"""Our own path for snapshots: everything as one file, and such a file in place of everything."""

from typing import Any

from flask import Blueprint, Response, request

from sagemock.errors import ValidationException
from sagemock.service import Service
from sagemock.settings import Settings
from sagemock.snapshot import SnapshotError, canonical, parsed
from sagemock.wire.arguments import refuse_unknown
from sagemock.wire.long_bodies import SNAPSHOT_PATH, SNAPSHOT_TIMES

TOO_LONG = (
    "The snapshot is longer than {most} bytes; start sagemock with a larger --max-body-bytes, of "
    "which a snapshot may be {times} times as long."
)
NO_LENGTH = "The length of the snapshot is not told; send it with a Content-Length."

_NONE: frozenset[str] = frozenset()


def add_snapshot_paths(paths: Blueprint, service: Service, settings: Settings) -> None:
    """Put the paths into a blueprint."""
    most = settings.max_body_bytes * SNAPSHOT_TIMES

    @paths.get(SNAPSHOT_PATH)
    def snapshot() -> Response:
        refuse_unknown(_NONE)
        return Response(canonical(service.snapshot()), mimetype="application/json")

    @paths.put(SNAPSHOT_PATH)
    def load() -> dict[str, Any]:
        refuse_unknown(_NONE)
        try:
            return service.load(parsed(_body(most)))
        except SnapshotError as error:
            raise ValidationException(str(error)) from error


def _body(most: int) -> bytes:
    """The body of the request, which may be longer than Flask is told to read."""
    length = request.content_length
    if length is None:
        raise ValidationException(NO_LENGTH)
    if length > most:
        raise ValidationException(TOO_LONG.format(most=most, times=SNAPSHOT_TIMES))
    # Past Flask's own limit, which is that of all other bodies.
    body: bytes = request.environ["wsgi.input"].read(length)
    return body
