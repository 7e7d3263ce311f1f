"""Every error a client can see: its code, its HTTP status, and the words it was raised with.

The code is the class's own name, as AWS spells it. The message stands where the rule is broken,
so that a reader of the rule sees what the user will see. How an error becomes bytes is `wire`'s.
"""

from collections.abc import Mapping
from typing import ClassVar


class SageMakerError(Exception):
    """An answer other than success.

    `message` is None where AWS sends a body without one (a body that is no JSON, an operation
    nobody knows).
    """

    status: ClassVar[int] = 400

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message)
        self.message = message

    @property
    def code(self) -> str:
        """What clients read as the error's code."""
        return type(self).__name__


class ValidationException(SageMakerError):
    """A broken constraint or rule; SageMaker also uses it for what is missing or there already."""


class ConflictException(SageMakerError):
    """The resource's state does not allow the call."""


class AccessDeniedException(SageMakerError):
    """The caller may not do this to that resource."""


class SerializationException(SageMakerError):
    """The body is no JSON, or a member has the wrong JSON type."""


class UnknownOperationException(SageMakerError):
    """No such operation, or none that is served here."""


class InternalFailure(SageMakerError):
    """The server failed; nothing of the call was stored."""

    status = 500


class ValidationError(SageMakerError):
    """SageMaker Runtime's word for a broken constraint, and for what is missing."""


class ModelError(SageMakerError):
    """A model's container answered with an error, or not at all.

    `details` are the members beside the message.
    """

    status = 424

    def __init__(self, message: str, details: Mapping[str, object]) -> None:
        super().__init__(message)
        self.details = details


class ModelStreamError(ModelError):
    """A model's container broke off in the middle of a stream."""


class ServiceUnavailable(SageMakerError):
    """The storage cannot be read or written now; nothing of the call was stored."""

    status = 503
