"""What the events and records have that patterns look at: a field that none of them has matches nothing.

Sources: "Using event filtering with an Amazon SQS event source", "… with a DynamoDB event source", "… with a Kinesis
event source", "Using Lambda with Amazon SQS", "Process Amazon DynamoDB records with Lambda" (AWS Lambda Developer
Guide; examples of records), "StreamRecord", "AttributeValue" (Amazon DynamoDB API Reference), "AWS service event
metadata" (Amazon EventBridge User Guide).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """A field whose value is a string: one of a few, if there are `choices`, or of a form, as `form` says in words."""

    choices: tuple[str, ...] = ()
    pattern: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """A field whose value is a number or a truth value."""


@dataclass(frozen=True, slots=True)
class AnyNames:
    """An object whose fields have any names, and all the same kind of value."""

    each: Shape


Shape: TypeAlias = "Mapping[str, Shape] | AnyNames | Text | Value | None"
"""What a field holds: an object with these fields, an object with any, a value; None: anything."""

_ATTRIBUTE: Final[dict[str, Shape]] = {
    "S": Text(),
    "N": Text(),
    "B": Text(),
    "BOOL": Value(),
    "NULL": Value(),
    "SS": Text(),
    "NS": Text(),
    "BS": Text(),
    "L": None,
}
_ATTRIBUTE["M"] = AnyNames(_ATTRIBUTE)
_ATTRIBUTES_OF_MESSAGES: Final = (
    "ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp", "SequenceNumber",
    "MessageGroupId", "MessageDeduplicationId", "AWSTraceHeader", "DeadLetterQueueSourceArn",
)  # fmt: skip
SQS: Final[Mapping[str, Shape]] = {
    "messageId": Text(),
    "receiptHandle": Text(),
    "body": None,
    "attributes": dict.fromkeys(_ATTRIBUTES_OF_MESSAGES, Text()),
    "messageAttributes": AnyNames({
        "stringValue": Text(),
        "binaryValue": Text(),
        "stringListValues": None,
        "binaryListValues": None,
        "dataType": Text(),
    }),
    "md5OfBody": Text(),
    "md5OfMessageAttributes": Text(),
    "eventSource": Text(("aws:sqs",)),
    "eventSourceARN": Text(),
    "awsRegion": Text(),
}  # fmt: skip
DYNAMODB_CHANGE: Final[Mapping[str, Shape]] = {
    "Keys": AnyNames(_ATTRIBUTE),
    "NewImage": AnyNames(_ATTRIBUTE),
    "OldImage": AnyNames(_ATTRIBUTE),
    "ApproximateCreationDateTime": Value(),
    "SequenceNumber": Text(),
    "SizeBytes": Value(),
    "StreamViewType": Text(("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES")),
}
"""What a record of a table has about its item ("StreamRecord")."""
DYNAMODB: Final[Mapping[str, Shape]] = {
    "eventID": Text(),
    "eventName": Text(("INSERT", "MODIFY", "REMOVE")),
    "eventVersion": Text(),
    "eventSource": Text(("aws:dynamodb",)),
    "eventSourceARN": Text(),
    "awsRegion": Text(),
    "userIdentity": {"type": Text(("Service",)), "principalId": Text(("dynamodb.amazonaws.com",))},
    "dynamodb": DYNAMODB_CHANGE,
}
KINESIS: Final[Mapping[str, Shape]] = {"data": None}
"""Lambda filters by the data alone."""
EVENT: Final[Mapping[str, Shape]] = {
    "source": Text(),
    "detail-type": Text(),
    "account": Text(pattern=r"\d{12}", form="12 digits"),
    "region": Text(pattern=r"[a-z]+(-[a-z]+)+-\d", form="such as eu-west-1"),
    "resources": Text(pattern="arn:.+", form="an ARN"),
    "detail": None,
}
