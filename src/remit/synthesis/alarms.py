"""The alarms of an app's functions and queues, which tell the topic of `config.alarms`.

Sources: "Types of metrics for Lambda functions" (AWS Lambda Developer Guide), "Available CloudWatch metrics for Amazon
SQS" (Amazon SQS Developer Guide), "AWS::CloudWatch::Alarm" (CloudFormation reference).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from remit.app import App, Resource
from remit.template.references import references

_QUEUE: Final = "AWS::SQS::Queue"
_FOR_FAILED: Final = frozenset({"deadLetterTargetArn", "DeadLetterConfig", "OnFailure"})
"""The properties that name a queue for what failed."""


class Metric(NamedTuple):
    """The metric that an alarm looks at, and from which value on it tells."""

    namespace: str
    name: str
    dimension: str
    statistic: str
    seconds: int
    """Of each period."""
    threshold: int


_ERRORS: Final = Metric("AWS/Lambda", "Errors", "FunctionName", "Sum", 300, 1)
_OLDEST_MESSAGE: Final = Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "Maximum", 300, 3600)
_FAILED_MESSAGES: Final = Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "Maximum", 60, 1)


def failed_messages_alarm(queue_id: str, description: str, topic: str) -> Resource:
    """An alarm that notifies `topic` (an ARN) when a dead-letter queue of this logical id holds a message."""
    alarm_id = f"{queue_id.removesuffix('Queue')}Alarm"
    return _alarm(alarm_id, description, _FAILED_MESSAGES, f"${{{queue_id}.QueueName}}", topic)


def app_alarms(app: App, resources: Sequence[Resource], topic: str) -> Iterator[Resource]:
    """The alarms on the functions and queues among a template's resources, which tell a topic (an ARN).

    A function tells of its errors, a queue for what failed of any message, and a queue that functions read of a message
    that has waited an hour. A queue of jobs with a topic of its own has its alarm already.
    """
    for function in app.functions:
        description = f"The function {function.name} failed"
        yield _alarm(f"{function.logical_id}Alarm", description, _ERRORS, function.ref, topic)
    have_alarms = {
        dimension["Value"] for resource in resources for dimension in resource.properties.get("Dimensions", ())
    }
    for_failed = set(_referred_ids([resource.properties for resource in resources], _FOR_FAILED))
    read = set(_referred_ids([resource.properties for resource in resources], frozenset({"EventSourceArn"})))
    for queue in resources:
        if queue.type != _QUEUE or f"${{{queue.logical_id}.QueueName}}" in have_alarms:
            continue
        if queue.logical_id in for_failed:
            description = f"A message failed for good: it is in the queue {queue.logical_id}"
            yield failed_messages_alarm(queue.logical_id, description, topic)
        elif queue.logical_id in read:
            description = f"A message has waited an hour in the queue {queue.logical_id}"
            name = f"${{{queue.logical_id}.QueueName}}"
            yield _alarm(f"{queue.logical_id}Alarm", description, _OLDEST_MESSAGE, name, topic)


def _alarm(alarm_id: str, description: str, metric: Metric, name: str, topic: str) -> Resource:
    """An alarm on a metric of the function or queue of a name: on while a period is at the threshold or over it."""
    return Resource(
        alarm_id,
        "AWS::CloudWatch::Alarm",
        {
            "AlarmDescription": description,
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": [{"Name": metric.dimension, "Value": name}],
            "Statistic": metric.statistic,
            "Period": metric.seconds,
            "EvaluationPeriods": 1,
            "Threshold": metric.threshold,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [topic],
        },
    )


def _referred_ids(value: Any, properties: frozenset[str]) -> Iterator[str | None]:
    """Yield the logical ids that properties of these names refer to, at any depth of a value.

    None for what names no resource.
    """
    parts: Iterable[Any] = value if isinstance(value, list | tuple) else ()
    if isinstance(value, Mapping):
        for name in properties & set(value):
            for reference, _ in references(value[name], late=True):
                yield reference.target
        parts = value.values()
    for part in parts:
        yield from _referred_ids(part, properties)
