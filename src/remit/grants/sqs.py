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
from remit.resources.names import name_of

_QUEUE: Final = typed.HERE % ("sqs", "{}")


@verb
def send(queue: QueueRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Send messages, one or a batch: sqs:SendMessage. With `key`, kms:GenerateDataKey and kms:Decrypt through SQS."""
    arn = typed.arn(queue, "sqs.send", _QUEUE)
    because = f"sends to queue {name_of(arn)}"
    through_key = typed.through("sqs", typed.key_of(queue, key), typed.ENCRYPT, "sqs.send", because)
    return typed.grant(("sqs:SendMessage",), (arn,), because) + through_key


@verb
def consume(queue: QueueRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Take messages: sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility.

    With `key`, kms:Decrypt through SQS.
    """
    arn = typed.arn(queue, "sqs.consume", _QUEUE)
    actions = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")
    because = f"takes messages from queue {name_of(arn)}"
    through_key = typed.through("sqs", typed.key_of(queue, key), typed.DECRYPT, "sqs.consume", because)
    return typed.grant(actions, (arn,), because) + through_key


@verb
def read(queue: QueueRef) -> typed.Grants:
    """Find the queue's URL by its name, and read its attributes: sqs:GetQueueUrl, sqs:GetQueueAttributes."""
    arn = typed.arn(queue, "sqs.read", _QUEUE)
    actions = ("sqs:GetQueueUrl", "sqs:GetQueueAttributes")
    return typed.grant(actions, (arn,), f"reads attributes of queue {name_of(arn)}")
