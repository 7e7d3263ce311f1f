"""What stands before the service: AWS's two protocols, the guard, and the limit of a body."""

from dataclasses import dataclass

from sagemock.ports import Ids
from sagemock.service import Service
from sagemock.settings import Settings
from sagemock.wire.aws_json import AwsJson
from sagemock.wire.guard import Guard
from sagemock.wire.rest_json import RestJson


@dataclass(frozen=True)
class Front:
    """The parts by which requests come in, made once for a service."""

    aws_json: AwsJson
    rest_json: RestJson
    guard: Guard
    max_body_bytes: int
    ids: Ids

    @classmethod
    def of(cls, service: Service, settings: Settings, ids: Ids) -> "Front":
        """The front of a service, as the settings have it."""
        return cls(
            aws_json=AwsJson(service, settings, ids),
            rest_json=RestJson(service, settings, ids),
            guard=Guard(settings.allow_hosts, settings.allow_origins),
            max_body_bytes=settings.max_body_bytes,
            ids=ids,
        )
