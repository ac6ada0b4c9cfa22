"""A topic whose messages run a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any, Final, Literal

from remit.app import Function, Grant, Resource
from remit.catalogue.arns import parse
from remit.declare.resource_references import QueueRef, TopicRef
from remit.errors import RemitError
from remit.iam import tokens
from remit.iam.policy import allow
from remit.resources.names import arn_of, logical, name_of
from remit.triggers.event_pattern import SNS, checked_pattern
from remit.triggers.failure_destination import dead_letter_queue, queue_policy
from remit.triggers.invoke_permission import permission
from remit.triggers.source import mapping, visibility_timeout
from remit.triggers.sqs import CONSUME
from remit.triggers.trigger import BaseTrigger, TriggerSource

_MOST_FIELDS: Final = 5
_MOST_COMBINATIONS: Final = 150
"""Fields and combinations of values of a filter policy ("Filter policy constraints", Amazon SNS Developer Guide)."""


@dataclass(frozen=True, slots=True)
class Sns(BaseTrigger):
    """Run the function on the messages of a topic, given by name, by ARN or as a resource of the app.

    `@app.function(on.sns(Data.orders, filter={"kind": ["new"]}))`. `filter` is a filter policy of the messages'
    attributes, or of their body with filter_scope="MessageBody". `dead_letter` is a queue for what could not be
    delivered. `raw=True` gives the handler the bare messages: SNS offers that to queues alone, so a queue of the app
    stands in between, and the handler gets events of SQS.
    """

    offers = ("topic", "Arn", "The topic to publish to")

    topic: TopicRef
    _: KW_ONLY
    filter: Mapping[str, Any] | None = None
    filter_scope: Literal["MessageAttributes", "MessageBody"] = "MessageAttributes"
    raw: bool = False
    dead_letter: QueueRef | None = None

    def checks(self) -> Iterator[Callable[[], object]]:
        """Yield the checks of the topic, the filter, the queue, and whether the topic can call a function."""
        yield partial(arn_of, self.topic, "sns")
        yield self._check_filter
        if self.dead_letter is not None:
            yield partial(dead_letter_queue, self.dead_letter)
        yield self._check_delivery

    def _check_filter(self) -> None:
        """Refuse a filter that SNS refuses, or a scope without a filter.

        RemitError (2): its form, too many fields or combinations, or attributes that nest.
        """
        if self.filter is None:
            if tokens.plain(self.filter_scope) == "MessageBody":
                hint = "add filter={…}, or leave filter_scope out"
                message = "filter_scope says what a filter is about, and there is none"
                raise RemitError(message, hint=hint)
            return
        pattern = checked_pattern(self.filter, "filter", SNS)
        fields, combinations = _count_fields(pattern), _combinations(pattern)
        if fields > _MOST_FIELDS:
            raise RemitError(f"filter has {fields} fields; SNS allows {_MOST_FIELDS}")
        if combinations > _MOST_COMBINATIONS:
            message = f"filter has {combinations:,} combinations of values; SNS allows {_MOST_COMBINATIONS}"
            hint = "the values of its fields, multiplied, those of nested ones as often as they are deep"
            raise RemitError(message, hint=hint)
        nested = [name for name, value in pattern.items() if isinstance(value, dict)]
        if nested and self.filter_scope == "MessageAttributes":
            raise RemitError(
                f"filter.{nested[0]} is nested: attributes of messages are not",
                hint='to filter by the body, add filter_scope="MessageBody"',
            )

    def _check_delivery(self) -> None:
        """Refuse with RemitError (2) a FIFO topic, which cannot call a function."""
        if self.arn.endswith(".fifo"):
            raise RemitError("a FIFO topic sends to queues alone", hint="subscribe a queue, and use `on.sqs`")

    @property
    def arn(self) -> str:
        """The topic's ARN."""
        return arn_of(self.topic, "sns")

    def _id(self, function: Function) -> str:
        return f"{function.logical_id}{logical(name_of(self.arn))}Topic"

    def grants(self, function: Function) -> Iterator[Grant]:
        """Yield the grant to take messages from the queue in between; none without: SNS calls the function itself."""
        if self.raw:
            reason = function.computed(f"takes raw messages of topic {name_of(self.arn)} from a queue")
            yield Grant(allow(*CONSUME, on=f"${{{self._id(function)}Queue.Arn}}"), reason)

    def sources(self) -> Iterator[TriggerSource]:
        """Yield the topic, and the dead-letter queue."""
        yield TriggerSource("topic", self.arn)
        if self.dead_letter is not None:
            yield TriggerSource("queue", dead_letter_queue(self.dead_letter).arn, "to which the topic may send")

    def resources(self, function: Function) -> Iterator[Resource]:
        """The subscription, the policy of a dead-letter queue of the app, and the function's permission for this topic.

        With `raw`, in place of the permission, a queue in between with its policy and its event source mapping.
        """
        subscription = self._id(function)
        properties: dict[str, Any] = {"TopicArn": self.arn, "Protocol": "lambda", "Endpoint": function.arn}
        if self.raw:
            to_queue = {"Protocol": "sqs", "Endpoint": f"${{{subscription}Queue.Arn}}", "RawMessageDelivery": True}
            properties |= to_queue
        if self.filter is not None:
            properties["FilterPolicy"] = checked_pattern(self.filter, "filter", SNS)
            properties["FilterPolicyScope"] = self.filter_scope
        arn = parse(self.arn)
        if arn is not None and "$" not in arn.region:
            properties["Region"] = arn.region
        if self.dead_letter is not None:
            properties["RedrivePolicy"] = {"deadLetterTargetArn": dead_letter_queue(self.dead_letter).arn}
        yield Resource(subscription, "AWS::SNS::Subscription", properties, origin=function.origin)
        if self.dead_letter is not None:
            yield from queue_policy(self.dead_letter, "sns.amazonaws.com", self.arn, function)
        if not self.raw:
            yield permission(function, f"{subscription}Permission", "sns.amazonaws.com", self.arn)
            return
        # The topic sends to the queue in between, and Lambda polls it.
        settings = {"SqsManagedSseEnabled": True, "VisibilityTimeout": visibility_timeout(function)}
        queue = Resource(f"{subscription}Queue", "AWS::SQS::Queue", settings, origin=function.origin)
        yield queue
        yield from queue_policy(queue.attribute("Arn"), "sns.amazonaws.com", self.arn, function)
        yield from mapping(function, f"{logical(name_of(self.arn))}TopicMessages", queue.attribute("Arn"))


def _count_fields(pattern: Mapping[str, Any]) -> int:
    """The number of fields of a filter policy that have values, at any depth; `$or` counts as one."""
    return sum(_count_fields(value) if isinstance(value, dict) else 1 for value in pattern.values())


def _combinations(pattern: Mapping[str, Any], depth: int = 1) -> int:
    """The combinations of values as SNS counts them: the product of each field's values, times its depth.

    `$or` is not counted.
    """
    combinations = 1
    for name, value in pattern.items():
        if isinstance(value, dict):
            combinations *= _combinations(value, depth + 1)
        elif name != "$or":
            combinations *= max(1, len(value) * depth)
    return combinations
