"""The one request whose body may be longer than all others: a snapshot that is loaded."""

SNAPSHOT_PATH = "/_sagemock/snapshot"
SNAPSHOT_TIMES = 64
"""So many times as long as any other body a snapshot may be."""


def times_as_long(method: str, path: str) -> int:
    """How many times as long as any other the body of a request may be."""
    return SNAPSHOT_TIMES if path == SNAPSHOT_PATH and method == "PUT" else 1
