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

_TOPIC: Final = typed.ResourceKind("sns", "{}", "topic", "AWS::SNS::Topic")


@verb
def publish(topic: TopicRef, *, key: KeyRef | None = None) -> typed.Grants:
    """Publish messages, one or a batch: sns:Publish. With `key`, kms:GenerateDataKey and kms:Decrypt through SNS."""
    return _TOPIC.grants("sns.publish", "publishes to", topic, ("sns:Publish",), key=key, with_key=typed.ENCRYPT)


@verb
def read(topic: TopicRef) -> typed.Grants:
    """Read the topic's attributes: sns:GetTopicAttributes."""
    return _TOPIC.grants("sns.read", "reads attributes of", topic, ("sns:GetTopicAttributes",))


@verb
def list(topic: TopicRef) -> typed.Grants:  # noqa: A001 - the verb, spelled sns.list
    """List the topic's subscriptions: sns:ListSubscriptionsByTopic."""
    return _TOPIC.grants("sns.list", "lists subscriptions of", topic, ("sns:ListSubscriptionsByTopic",))
