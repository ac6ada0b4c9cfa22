"""Access to SNS topics: `sns.publish("orders")`.

A topic is given by name, by ARN, or as a resource of the app. Source of the actions: "Actions, resources, and
condition keys for Amazon SNS" (Service Authorization Reference); PublishBatch is authorised by Publish.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from remit.grants import typed
from remit.triggers.source import name_of

if TYPE_CHECKING:
    from remit.app import Grant

_TOPIC: Final = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:{}"


def publish(topic: Any) -> Grant:
    """Publish messages, one or a batch."""
    arn = typed.arn(topic, "sns.publish", _TOPIC)
    return typed.grant(("sns:Publish",), (arn,), f"publishes to topic {name_of(arn)}")


def read(topic: Any) -> Grant:
    """Read the topic's attributes."""
    arn = typed.arn(topic, "sns.read", _TOPIC)
    return typed.grant(("sns:GetTopicAttributes",), (arn,), f"reads attributes of topic {name_of(arn)}")


def list(topic: Any) -> Grant:  # noqa: A001 - the verb, spelled sns.list
    """List the topic's subscriptions."""
    arn = typed.arn(topic, "sns.list", _TOPIC)
    return typed.grant(("sns:ListSubscriptionsByTopic",), (arn,), f"lists subscriptions of topic {name_of(arn)}")
