"""Destinations of invocations: Lambda sends the result to a queue, a topic, a function, an event bus, or a bucket.

Each record is sent through the service's own API, with what the function's role may do.

Sources: "Capturing records of Lambda asynchronous invocations", "Adding a dead-letter queue" (AWS Lambda Developer
Guide).
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from remit.catalogue.arns import Arn, parse
from remit.local.timestamp import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.local.event_sources.service_calls import ServiceCalls
    from remit.local.functions.deployed_function import DeployedFunction

_LAMBDA: Final = "lambda.amazonaws.com"
_JSON: Final = "application/x-amz-json-1.0"
_FORM: Final = "application/x-www-form-urlencoded"
_LONGEST_ERROR: Final = 1024
"""Characters of an error's message beside a dead letter."""


@dataclass(frozen=True, slots=True)
class DestinationRecord:
    """What is told of invocations that ended: the record as destinations get it, and as buckets do.

    `object_name` begins the key of the object in a bucket; `failed` is true if no attempt succeeded.
    """

    failed: bool
    document: Mapping[str, Any]
    stored: Mapping[str, Any]
    object_name: str


@dataclass(frozen=True, slots=True)
class InvocationRecord:
    """The result of an asynchronous invocation.

    `condition` is Success, RetriesExhausted or EventAgeExceeded; `response` is what the function returned, or its
    error; `invoked` the ARN that the event was sent to.
    """

    request_id: str
    invoked: str
    version: str
    condition: str
    attempts: int
    event: Any
    response: Any

    @property
    def failed(self) -> bool:
        """True if no attempt succeeded."""
        return self.condition != "Success"

    def record_for(self, function: DeployedFunction) -> DestinationRecord:
        """The record for the function's destination; the ARN in it has the version where the event's had none."""
        document = record_document(
            self.request_id,
            self.invoked if self.invoked.count(":") > _PLAIN else f"{self.invoked}:{self.version}",
            self.version,
            self.condition,
            self.attempts,
        )
        if not self.failed:
            del document["responseContext"]["functionError"]
        document |= {"requestPayload": self.event, "responsePayload": self.response}
        return DestinationRecord(self.failed, document, document, f"async/{function.name}")


def record_document(request_id: str, arn: str, version: str, condition: str, attempts: int) -> dict[str, Any]:
    """A new document with what all records say: of the function (ARN), how it ended, and after how many attempts.

    It names an error, `Unhandled`, which whoever records a success removes.
    """
    return {
        "version": "1.0",
        "timestamp": timestamp(time.time()),
        "requestContext": {
            "requestId": request_id,
            "functionArn": arn,
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "responseContext": {"statusCode": 200, "executedVersion": version, "functionError": "Unhandled"},
    }


_PLAIN: Final = 6  # colons of a function's ARN without a version or an alias


@dataclass(frozen=True, slots=True)
class DestinationRequest:
    """A request that sends something to a destination: the service, and its parameters."""

    action: str
    service: str
    path: str
    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Destinations:
    """Sends records of invocations to destinations, and events to dead-letter queues.

    `ask` sends a request to this server, as `control.signed_request.ask` takes it.
    """

    ask: Callable[..., object]
    calls: ServiceCalls

    def send(self, function: DeployedFunction, destination: str, record: DestinationRecord) -> None:
        """Send a record to a destination (ARN); nothing is sent where the function's role may not, or to another kind.

        Kinds are a queue, a topic, a function, an event bus and a bucket.
        """
        arn = parse(destination)
        request = None if arn is None else _request(arn, function, record)
        if arn is not None and request is not None:
            self._send(function, destination, arn, request)

    def send_dead_letter(self, function: DeployedFunction, target: str, record: InvocationRecord) -> None:
        """Send the event itself to a dead-letter queue or topic (ARN), with the error as attributes.

        Nothing is sent where the function's role may not, or to a target of another service.
        """
        arn = parse(target)
        if arn is not None and arn.service in ("sqs", "sns"):
            error = record.response.get("errorMessage", "") if isinstance(record.response, dict) else ""
            attributes = {"RequestID": ("String", record.request_id), "ErrorCode": ("Number", "200")}
            if error:
                attributes["ErrorMessage"] = ("String", str(error)[:_LONGEST_ERROR])
            send = _message if arn.service == "sqs" else _publication
            self._send(function, target, arn, send(arn, json.dumps(record.event), attributes))

    def _send(self, function: DeployedFunction, target: str, arn: Arn, request: DestinationRequest) -> None:
        """Make a request to a destination if the function's role may; its answer is not looked at."""
        resource = f"{target}/*" if arn.service == "s3" else target
        if self.calls.may_act(function.role, _LAMBDA, request.action, resource, function.name):
            self.ask(
                request.method,
                request.path,
                service=request.service,
                body=request.body,
                headers=request.headers,
                region=arn.region or function.region,
            )


def _request(arn: Arn, function: DeployedFunction, record: DestinationRecord) -> DestinationRequest | None:
    """The request that sends a record, by the service of the destination; None: Lambda has no such destination."""
    document = json.dumps(record.document)
    match arn.service:
        case "sqs":
            return _message(arn, document, {})
        case "sns":
            return _publication(arn, document, {})
        case "lambda":
            path = f"/2015-03-31/functions/{quote(arn.resource.partition(':')[2], safe='')}/invocations"
            headers = {"content-type": "application/json", "x-amz-invocation-type": "Event"}
            return DestinationRequest("lambda:InvokeFunction", "lambda", path, document.encode(), headers)
        case "events":
            outcome = "Failure" if record.failed else "Success"
            own_arn = f"arn:{arn.partition}:lambda:{function.region}:{function.account}:{function.name}"
            entry = {
                "Source": "lambda",
                "DetailType": f"Lambda Function Invocation Result - {outcome}",
                "Resources": [str(arn), own_arn],
                "Detail": document,
                "EventBusName": arn.resource.partition("/")[2],
            }
            body = json.dumps({"Entries": [entry]}).encode()
            headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "AWSEvents.PutEvents"}
            return DestinationRequest("events:PutEvents", "events", "/", body, headers)
        case "s3":
            # An object for each failure, by the function's or the mapping's name, the day and the time.
            now = datetime.now(UTC)
            key = f"aws/lambda/{record.object_name}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
            body = json.dumps(record.stored).encode()
            return DestinationRequest("s3:PutObject", "s3", f"/{arn.resource}/{key}", body, {}, method="PUT")
    return None


def _message(arn: Arn, body: str, attributes: Mapping[str, tuple[str, str]]) -> DestinationRequest:
    """The request that sends a message to a queue; `attributes` are kinds and values by name."""
    document = {
        "QueueUrl": f"http://127.0.0.1/{arn.account}/{arn.resource}",
        "MessageBody": body,
        "MessageAttributes": {
            name: {"DataType": kind, "StringValue": value} for name, (kind, value) in attributes.items()
        },
    }
    headers = {"content-type": _JSON, "x-amz-target": "AmazonSQS.SendMessage"}
    return DestinationRequest("sqs:SendMessage", "sqs", "/", json.dumps(document).encode(), headers)


def _publication(arn: Arn, message: str, attributes: Mapping[str, tuple[str, str]]) -> DestinationRequest:
    """The request that publishes a message to a topic; `attributes` are kinds and values by name."""
    form = {"Action": "Publish", "Version": "2010-03-31", "TopicArn": str(arn), "Message": message}
    for number, (name, (kind, value)) in enumerate(attributes.items(), 1):
        entry = f"MessageAttributes.entry.{number}"
        form |= {f"{entry}.Name": name, f"{entry}.Value.DataType": kind, f"{entry}.Value.StringValue": value}
    return DestinationRequest("sns:Publish", "sns", "/", urlencode(form).encode(), {"content-type": _FORM})
