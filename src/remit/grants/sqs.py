"""Access to SQS queues: `sqs.send("orders")`.

Source of the actions: "Actions, resources, and condition keys for Amazon SQS" (Service Authorization Reference). A
queue is given by name, by ARN, or as a resource of the app; batch calls are authorised by the single actions. `key=`
is the queue's KMS key ("Key management", Amazon SQS Developer Guide): who sends needs GenerateDataKey and Decrypt,
who receives needs Decrypt.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import KeyRef, QueueRef
from remit.grants import typed

_QUEUE: Final = typed.ResourceKind("sqs", "{}", "queue", "AWS::SQS::Queue")


@verb
def send(queue: QueueRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Send messages, one or a batch: sqs:SendMessage. With `key`, kms:GenerateDataKey and kms:Decrypt through SQS."""
    return _QUEUE.grants("sqs.send", "sends to", queue, ("sqs:SendMessage",), key=key, with_key=typed.ENCRYPT)


@verb
def consume(queue: QueueRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Take messages: sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility.

    With `key`, kms:Decrypt through SQS.
    """
    actions = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")
    return _QUEUE.grants("sqs.consume", "takes messages from", queue, actions, key=key, with_key=typed.DECRYPT)


@verb
def read(queue: QueueRef) -> typed.Grants:
    """Find the queue's URL by its name, and read its attributes: sqs:GetQueueUrl, sqs:GetQueueAttributes."""
    return _QUEUE.grants("sqs.read", "reads attributes of", queue, ("sqs:GetQueueUrl", "sqs:GetQueueAttributes"))
