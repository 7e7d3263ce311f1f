"""Sinks that call EventBridge, SQS, SNS and Lambda at an address that the user gave.

Such services run on the user's machine as a rule. Nothing here reads what the AWS tools read:
no AWS_* variable, no profile, no file of credentials, no proxy, so that an event never goes to an
account in the cloud by accident. A call is made once: when to try again is for others to decide.
"""

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sagemock.eventing import Event, NotDeliveredError
from sagemock.nobodys_session import in_one_line, session_of_nobody

__all__ = ["AwsEndpoint", "EventBridgeSink", "LambdaSink", "SnsSink", "SqsSink"]

_NOT_AUTHORIZED_FOR_SOURCE = "NotAuthorizedForSourceException"
_LONGEST_GROUP = 128
_TIMEOUT_OR_THROTTLED = frozenset({408, 429})
_PASSING = frozenset(
    {
        *("InternalFailure", "InternalError", "InternalException", "InternalServerError"),
        *("ServiceUnavailable", "ServiceUnavailableException", "ServiceException"),
        *("RequestTimeout", "RequestTimeoutException", "RequestLimitExceeded", "SlowDown"),
        *("TooManyRequestsException", "OverLimit"),
        "ResourceConflictException",  # Lambda's, while a function is being made or updated.
    }
)
# botocore's, of an answer that is well formed and not of the service.
_WHAT_PARSERS_RAISE = (ValueError, LookupError, TypeError, AttributeError)

_log = logging.getLogger("sagemock.events")

Members = dict[str, Any]


@dataclass(frozen=True)
class AwsEndpoint:
    """Where an AWS API answers, and whom it is called as.

    Without a `region`, calls are made in the one that the target's ARN names, or else in the
    event's. `timeout_s` is for connecting and for each wait for the answer.
    """

    endpoint_url: str
    region: str | None = None
    access_key_id: str = "test"
    secret_access_key: str = "test"  # noqa: S105 - what local servers take
    timeout_s: float = 5.0


class _Service:
    """One AWS service at an endpoint, called with a client for each region."""

    def __init__(
        self, service: str, called: str, endpoint: AwsEndpoint, *, arn: str | None = None
    ) -> None:
        self.called = f"{called} at {endpoint.endpoint_url}"
        self._service = service
        self._endpoint = endpoint
        self._region = endpoint.region or _region_of(arn or "")
        self._session: Any = None
        self._clients: dict[str, Any] = {}

    def call(self, operation: str, event: Event, proof: str, **parameters: object) -> Members:
        """What is answered to one call; without the member `proof` it is no answer of the service.

        Errors: NotDeliveredError.
        """
        # botocore takes longer to import than most servers ever need it.
        from botocore.exceptions import (  # noqa: PLC0415 - as said
            BotoCoreError,
            ClientError,
            ConnectionError,  # noqa: A004 - botocore's name
            HTTPClientError,
        )
        from botocore.parsers import ResponseParserError  # noqa: PLC0415 - the same

        client = self._client(self._region or event.envelope["region"])
        try:
            answer: Members = getattr(client, operation)(**parameters)
        except ClientError as error:
            raise self._refusal_in(error.response) from error
        except (ConnectionError, HTTPClientError) as error:
            message = f"{self.called} does not answer: {in_one_line(error)}."
            raise NotDeliveredError(message) from error
        except BotoCoreError as error:
            raise self._impossible(error) from error
        except (ResponseParserError, *_WHAT_PARSERS_RAISE) as error:
            raise self._strange() from error
        if proof not in answer:
            raise self._strange()
        return answer

    def refusal(self, code: str, message: str, status: int = 0) -> NotDeliveredError:
        """What is raised when the service refuses an event for this reason."""
        again = (
            status in _TIMEOUT_OR_THROTTLED
            or status >= 500  # noqa: PLR2004 - where HTTP's errors of a server begin
            or code in _PASSING
            or "throttl" in code.lower()
        )
        reason = in_one_line(message)
        told = f"{self.called} refuses the event: {code}{reason and f', {reason}'}."
        return NotDeliveredError(told, again=again)

    def close(self) -> None:
        """Close all connections."""
        while self._clients:
            self._clients.popitem()[1].close()

    def _client(self, region: str) -> Any:
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - slow to import

        if region not in self._clients:
            try:
                self._clients[region] = self._new_client(region)
            except (BotoCoreError, ValueError) as error:
                raise self._impossible(error) from error
        return self._clients[region]

    def _new_client(self, region: str) -> Any:
        from botocore.config import Config  # noqa: PLC0415 - slow to import

        if self._session is None:
            self._session = session_of_nobody()
        return self._session.create_client(
            self._service,
            region_name=region,
            endpoint_url=self._endpoint.endpoint_url,
            aws_access_key_id=self._endpoint.access_key_id,
            aws_secret_access_key=self._endpoint.secret_access_key,
            config=Config(
                connect_timeout=self._endpoint.timeout_s,
                read_timeout=self._endpoint.timeout_s,
                retries={"total_max_attempts": 1, "mode": "standard"},
                proxies={},
            ),
        )

    def _refusal_in(self, answer: Members) -> NotDeliveredError:
        told = answer.get("Error", {})
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return self.refusal(str(told.get("Code", "?")), str(told.get("Message", "")), status)

    def _impossible(self, error: Exception) -> NotDeliveredError:
        message = f"{self.called} cannot be sent the event: {in_one_line(error)}."
        return NotDeliveredError(message, again=False)

    def _strange(self) -> NotDeliveredError:
        # What answers in its place may be on its way up.
        return NotDeliveredError(
            f"{self.called} does not answer as that service does: check the target's endpoint_url."
        )


def _region_of(arn: str) -> str | None:
    """The region that an ARN names, if it is one and names one."""
    parts = arn.split(":")
    return parts[3] or None if parts[0] == "arn" and len(parts) > 5 else None  # noqa: PLR2004


class _AwsSink:
    """What all of these have in common: nothing of ours is kept, and connections are closed."""

    def __init__(self, service: _Service) -> None:
        self._service = service

    def flush(self) -> None:
        """Nothing: what the service has taken is the service's to keep."""

    def close(self) -> None:
        """Close all connections."""
        self._service.close()


class EventBridgeSink(_AwsSink):
    """Puts events on an event bus, by its name or ARN.

    A body that differs from the envelope is not sent: buses know no input transformers. Real
    EventBridge lets nobody but AWS send events whose source begins with `aws.`, and some local
    servers do the same. With a `source_alias` the event is then sent with that source, and all
    that follow are.
    Source: reference of PutEvents, PutEventsResultEntry; the refusal is from public issues.
    """

    def __init__(
        self, endpoint: AwsEndpoint, *, bus: str = "default", source_alias: str | None = None
    ) -> None:
        super().__init__(_Service("events", "EventBridge", endpoint, arn=bus))
        self._bus = bus
        self._alias = source_alias
        self._is_source_refused = False

    def send(self, event: Event, body: str) -> None:  # noqa: ARG002 - as the class says
        """Put the event on the bus, in a call of its own.

        Errors: NotDeliveredError; again where the call or the entry failed for a passing reason.
        """
        own: str = event.envelope["source"]
        if not (self._alias and self._is_source_refused):
            refused = self._put(event, own)
            if refused is None:
                return
            code, message = refused
            if code != _NOT_AUTHORIZED_FOR_SOURCE:
                raise self._service.refusal(code, message)
            if self._alias is None:
                raise self._without_alias(own, message)
            self._is_source_refused = True
            _log.warning(
                "%s refuses events of the source '%s': they are sent as '%s' from now on, which "
                "is what its rules have to match.",
                *(self._service.called, own, self._alias),
            )
        refused = self._put(event, self._alias)
        if refused is not None:
            raise self._service.refusal(*refused)

    def _put(self, event: Event, source: str) -> tuple[str, str] | None:
        """Why the entry was refused, as code and message; None when it was taken."""
        envelope = event.envelope
        entry = {
            "Source": source,
            "DetailType": envelope["detail-type"],
            "Detail": json.dumps(envelope["detail"], ensure_ascii=False, separators=(",", ":")),
            "Resources": list(envelope["resources"]),
            "Time": datetime.fromisoformat(envelope["time"]),
            "EventBusName": self._bus,
        }
        answer = self._service.call("put_events", event, "FailedEntryCount", Entries=[entry])
        if not answer["FailedEntryCount"]:
            return None
        told: Members = (answer.get("Entries") or [{}])[0] or {}
        return str(told.get("ErrorCode", "?")), str(told.get("ErrorMessage", ""))

    def _without_alias(self, source: str, message: str) -> NotDeliveredError:
        return NotDeliveredError(
            f"{self._service.called} refuses events of the source '{source}' "
            f"({in_one_line(message)}), as AWS does: set source_alias of the target in the rules "
            "file, to local.sagemaker for instance, and match that source in the rules there.",
            again=False,
        )


class SqsSink(_AwsSink):
    """Sends events to a queue, by its URL.

    In a FIFO queue, events of one resource keep their order: its ARN is their message group unless
    `message_group` is given, and an event that comes twice within five minutes is taken once.
    Source: reference of SendMessage.
    """

    def __init__(
        self, endpoint: AwsEndpoint, *, queue_url: str, message_group: str | None = None
    ) -> None:
        super().__init__(_Service("sqs", "SQS", endpoint))
        self._queue_url = queue_url
        self._group = message_group

    def send(self, event: Event, body: str) -> None:
        """Send the body as a message. Errors: NotDeliveredError."""
        self._service.call(
            "send_message",
            event,
            "MessageId",
            QueueUrl=self._queue_url,
            MessageBody=body,
            **_of_fifo(self._queue_url, event, self._group),
        )


class SnsSink(_AwsSink):
    """Publishes events to a topic, by its ARN, without a subject; to FIFO topics as to such queues.

    Source: reference of Publish.
    """

    def __init__(self, endpoint: AwsEndpoint, *, topic_arn: str) -> None:
        super().__init__(_Service("sns", "SNS", endpoint, arn=topic_arn))
        self._topic_arn = topic_arn

    def send(self, event: Event, body: str) -> None:
        """Publish the body as a message. Errors: NotDeliveredError."""
        self._service.call(
            "publish",
            event,
            "MessageId",
            TopicArn=self._topic_arn,
            Message=body,
            **_of_fifo(self._topic_arn, event),
        )


def _of_fifo(place: str, event: Event, group: str | None = None) -> dict[str, str]:
    """What a message for a FIFO queue or topic has to have besides; nothing for others."""
    if not place.endswith(".fifo"):
        return {}
    # The longest ARNs are a little too long; what tells them apart is their end.
    return {
        "MessageGroupId": (group or event.envelope["resources"][0])[-_LONGEST_GROUP:],
        "MessageDeduplicationId": event.envelope["id"],
    }


class LambdaSink(_AwsSink):
    """Invokes a Lambda function with each event, by its name or ARN, and does not wait for it.

    Source: reference of Invoke.
    """

    def __init__(self, endpoint: AwsEndpoint, *, function: str) -> None:
        super().__init__(_Service("lambda", "Lambda", endpoint, arn=function))
        self._function = function

    def send(self, event: Event, body: str) -> None:
        """Invoke the function with the body as its payload. Errors: NotDeliveredError."""
        answer = self._service.call(
            "invoke",
            event,
            "Payload",
            FunctionName=self._function,
            InvocationType="Event",
            Payload=body.encode(),
        )
        # Lambda says nothing in it; what another server says, at any length, is not waited for.
        answer["Payload"].close()
