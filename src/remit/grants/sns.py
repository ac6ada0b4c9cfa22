"""Access to SNS topics: `sns.publish("orders")`.

Source of the actions: "Actions, resources, and condition keys for Amazon SNS" (Service Authorization Reference). A
topic is given by name, by ARN, or as a resource of the app; PublishBatch is authorised by Publish. `key=` is the
topic's KMS key ("Key management", Amazon SNS Developer Guide): who publishes needs GenerateDataKey and Decrypt.
"""

from __future__ import annotations

from typing import Final

from remit.declare.asked import verb
from remit.declare.resource_references import KeyRef, TopicRef
from remit.grants import typed
from remit.resources.names import name_of

_TOPIC: Final = typed.HERE % ("sns", "{}")


@verb
def publish(topic: TopicRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Publish messages, one or a batch: sns:Publish. With `key`, kms:GenerateDataKey and kms:Decrypt through SNS."""
    arn = typed.arn(topic, "sns.publish", _TOPIC)
    because = f"publishes to topic {name_of(arn)}"
    through_key = typed.through("sns", typed.key_of(topic, key), typed.ENCRYPT, "sns.publish", because)
    return typed.grant(("sns:Publish",), (arn,), because) + through_key


@verb
def read(topic: TopicRef) -> typed.Grants:
    """Read the topic's attributes: sns:GetTopicAttributes."""
    arn = typed.arn(topic, "sns.read", _TOPIC)
    return typed.grant(("sns:GetTopicAttributes",), (arn,), f"reads attributes of topic {name_of(arn)}")


@verb
def list(topic: TopicRef) -> typed.Grants:  # noqa: A001 - the verb, spelled sns.list
    """List the topic's subscriptions: sns:ListSubscriptionsByTopic."""
    arn = typed.arn(topic, "sns.list", _TOPIC)
    return typed.grant(("sns:ListSubscriptionsByTopic",), (arn,), f"lists subscriptions of topic {name_of(arn)}")
