"""Alarms of the AWS on this machine: what they watch, and whom they tell."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from remit.local.control.clients import client_arguments, session
from terminals import HANGS

if TYPE_CHECKING:
    from remit.local.aws import LocalAws


def states_told(queues: Any, url: str, number: int) -> list[tuple[str, str]]:
    """The alarms that a topic has told a queue of, with their states, once there are so many."""
    told: list[tuple[str, str]] = []
    deadline = time.monotonic() + HANGS
    while len(told) < number:
        assert time.monotonic() < deadline, told
        for message in queues.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
            alarm = json.loads(json.loads(message["Body"])["Message"])
            told.append((alarm["AlarmName"], alarm["NewStateValue"]))
            queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return told


def test_an_alarm_tells_of_messages_in_its_own_queue_and_when_they_are_gone(shared: LocalAws) -> None:
    clients, arguments = session(shared), client_arguments(shared)
    queues, topics, alarms = (clients.client(name, **arguments) for name in ("sqs", "sns", "cloudwatch"))
    dead, other, told = (queues.create_queue(QueueName=name)["QueueUrl"] for name in ("dead", "other", "told"))
    topic = topics.create_topic(Name="failures")["TopicArn"]
    told_arn = queues.get_queue_attributes(QueueUrl=told, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=told_arn)
    for name in ("dead", "other"):
        alarms.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Dimensions=[{"Name": "QueueName", "Value": name}],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[topic],
            OKActions=[topic],
        )
    assert {("dead", "OK"), ("other", "OK")} == set(states_told(queues, told, 2))
    queues.send_message(QueueUrl=dead, MessageBody="a failed job")
    assert [("dead", "ALARM")] == states_told(queues, told, 1)
    assert "OK" == alarms.describe_alarms(AlarmNames=["other"])["MetricAlarms"][0]["StateValue"]
    alarms.delete_alarms(AlarmNames=["dead", "other"])
    queues.delete_queue(QueueUrl=other)


def test_an_alarm_counts_the_periods_of_its_own_function(shared: LocalAws) -> None:
    alarms = session(shared).client("cloudwatch", **client_arguments(shared))
    for name, treatment in (("errors", "missing"), ("heartbeat", "breaching")):
        alarms.put_metric_alarm(
            AlarmName=name,
            Namespace="Shop",
            MetricName="Errors",
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=2,
            DatapointsToAlarm=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData=treatment,
        )

    def states() -> dict[str, str]:
        return {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms.describe_alarms()["MetricAlarms"]}

    assert {"errors": "INSUFFICIENT_DATA", "heartbeat": "ALARM"} == states()
    for function in ("errors", "another", "errors"):
        dimensions = [{"Name": "FunctionName", "Value": function}]
        alarms.put_metric_data(
            Namespace="Shop", MetricData=[{"MetricName": "Errors", "Value": 1, "Dimensions": dimensions}]
        )
    assert "ALARM" == states()["errors"]
