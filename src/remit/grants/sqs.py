"""Access to SQS queues: `sqs.send("orders")`.

A queue is given by name, by ARN, or as a resource of the app. Source of the actions: "Actions, resources, and
condition keys for Amazon SQS" (Service Authorization Reference); batch calls are authorised by the single actions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.grants import typed
from remit.triggers.source import name_of

if TYPE_CHECKING:
    from remit.app import Grant

_QUEUE: Final = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:{}"


def send(queue: Any) -> Grant:
    """Send messages, one or a batch."""
    arn = typed.arn(queue, "sqs.send", _QUEUE)
    return typed.grant(("sqs:SendMessage",), (arn,), f"sends to queue {name_of(arn)}")


def consume(queue: Any) -> Grant:
    """Receive messages, delete them, and change how long they stay hidden."""
    arn = typed.arn(queue, "sqs.consume", _QUEUE)
    actions = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")
    return typed.grant(actions, (arn,), f"takes messages from queue {name_of(arn)}")


def read(queue: Any) -> Grant:
    """Find the queue's URL by its name, and read its attributes; no messages."""
    arn = typed.arn(queue, "sqs.read", _QUEUE)
    actions = ("sqs:GetQueueUrl", "sqs:GetQueueAttributes")
    return typed.grant(actions, (arn,), f"reads attributes of queue {name_of(arn)}")
