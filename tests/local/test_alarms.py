"""Alarms of the AWS on this machine: what they watch, and whom they tell."""

from __future__ import annotations

import json
import operator
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from random_cases import cases, in_all_cases
from remit.local.control.clients import client_arguments, session
from remit.local.emulator import as_request_of, emulated
from remit.local.repairs.alarms import _QUEUE_METRICS, _evaluate, _measure_queue, _values, alarm_state
from terminals import HANGS
from zips import zip_of

if TYPE_CHECKING:
    from remit.local.state_files import LocalAws


ERRORS = {
    "Namespace": "AWS/Lambda",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
}


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


def watch(alarms: Any, name: str, dimension: str, **settings: Any) -> None:
    """Make an alarm of a name on the metric of what has the same name."""
    dimensions = [{"Name": dimension, "Value": name}]
    alarms.put_metric_alarm(AlarmName=name, Dimensions=dimensions, Period=600, Threshold=1, **settings)


def changes(alarms: Any, name: str) -> list[str]:
    """The states that an alarm came to, the newest first."""
    items = alarms.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    return [json.loads(item["HistoryData"])["newState"]["stateValue"] for item in items]


def test_a_queue_has_one_value_for_each_minute_and_an_alarm_the_newest_period_first() -> None:
    with as_request_of("888877776666", "us-east-1"):
        cloudwatch, sqs = emulated("services.cloudwatch"), emulated("services.sqs")
        sqs._queues[sqs._queue_url("orders")] = {"messages": [{"visible_at": 0, "sent_at": 0}]}
        alarm = {
            "Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Statistic": "Maximum",
            "Dimensions": [{"Name": "QueueName", "Value": "orders"}], "Period": 60, "EvaluationPeriods": 4,
        }  # fmt: skip
        _measure_queue(cloudwatch, alarm | {"Namespace": "Shop"})
        _measure_queue(cloudwatch, alarm | {"Dimensions": [{"Name": "QueueName", "Value": "none"}]})
        _measure_queue(cloudwatch, alarm | {"Dimensions": [{"Name": "Queue", "Value": "orders"}]})
        assert {} == dict(cloudwatch._metrics)
        for _ in range(3):
            _measure_queue(cloudwatch, alarm)
        points = cloudwatch._metrics[
            alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key({"QueueName": "orders"})
        ]
        assert len({point["Timestamp"] // 60 for point in points}) == len(points)
        now = time.time()
        points[:] = [
            {**points[0], "Timestamp": now - age, "Value": value} for age, value in ((90, 7), (91, 5), (30, 1))
        ]
        assert [1, 7, None, None] == _values(cloudwatch, alarm)
        assert [1, 6, None, None] == _values(cloudwatch, alarm | {"ExtendedStatistic": "p50"})
        cloudwatch._metrics.clear()
        sqs._queues.clear()


def test_a_queue_counts_its_visible_messages_and_the_age_of_the_oldest() -> None:
    messages = [{"visible_at": 5, "sent_at": 4}, {"visible_at": 6, "sent_at": 1}, {"visible_at": 5, "sent_at": 3}]
    expected = {"ApproximateNumberOfMessagesVisible": 2, "ApproximateAgeOfOldestMessage": 4}
    assert expected == {name: measured(messages, 5) for name, measured in _QUEUE_METRICS.items()}
    assert dict.fromkeys(expected, 0) == {name: measured([], 5) for name, measured in _QUEUE_METRICS.items()}


OPERATORS: dict[str, Any] = {
    "GreaterThanOrEqualToThreshold": operator.ge, "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le, "LessThanThreshold": operator.lt,
}  # fmt: skip


@settings(max_examples=cases(50, deep=2000))
@given(
    st.lists(st.sampled_from((None, 0.0, 1.0, 2.0)), min_size=1, max_size=4), st.sampled_from(sorted(OPERATORS)),
    st.sampled_from((None, "missing", "ignore", "breaching", "notBreaching")), st.integers(0, 3),
)  # fmt: skip
def test_an_alarm_has_the_state_that_its_periods_give(
    values: list[float | None], comparison: str, treatment: str | None, datapoints: int
) -> None:
    """Source: "Evaluating an alarm", "Configuring how CloudWatch alarms treat missing data"."""
    alarm = {"Threshold": "1", "ComparisonOperator": comparison, "EvaluationPeriods": len(values), "StateValue": "old"}
    alarm |= {} if treatment is None else {"TreatMissingData": treatment}
    alarm |= {"DatapointsToAlarm": datapoints} if datapoints else {}
    if all(value is None for value in values):
        of_treatment = {"ignore": "old", "breaching": "ALARM", "notBreaching": "OK"}
        state = of_treatment.get(str(treatment), "INSUFFICIENT_DATA")
        counts = f"no datapoints were received for {len(values)} period(s), which count as {treatment or 'missing'}"
        assert (state, counts) == alarm_state(alarm, values)
        return
    breaching = [
        treatment == "breaching" if value is None else bool(OPERATORS[comparison](value, 1)) for value in values
    ]
    state = "ALARM" if breaching.count(True) >= (datapoints or len(values)) else "OK"
    crossed = f"{breaching.count(True)} of {len(values)} datapoints: {comparison} 1.0"
    assert (state, f"Threshold Crossed: {crossed}") == alarm_state(alarm, values)


def test_a_change_of_an_alarm_is_recorded_told_and_asked_for_by_alarms_above_it_and_nothing_else_is() -> None:
    calls: list[Any] = []
    names = ("_record_history", "_dispatch_alarm_actions", "_evaluate_parent_alarms")
    noting = {name: lambda *arguments, name=name: calls.append((name, *arguments)) for name in names}
    cloudwatch = SimpleNamespace(_dims_key=str, _metrics={}, _calc_stats=lambda _points: None, **noting)
    alarm = {
        "AlarmName": "a", "Namespace": "Shop", "MetricName": "m", "Threshold": 1, "StateValue": "OK",
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "breaching",
    }  # fmt: skip
    _evaluate(cloudwatch, alarm)
    reason = "no datapoints were received for 1 period(s), which count as breaching"
    change = ("OK", "ALARM", reason)
    assert {"StateValue": "ALARM", "StateReason": reason}.items() <= alarm.items()
    expected = [(names[0], "a", *change), (names[1], alarm, *change), (names[2], alarm)]
    assert expected == calls
    _evaluate(cloudwatch, alarm)
    assert expected == calls


@in_all_cases
def test_an_alarm_tells_of_messages_in_its_own_queue_and_when_they_are_gone(shared: LocalAws) -> None:
    clients, arguments = session(shared), client_arguments(shared)
    queues, topics, alarms = (clients.client(name, **arguments) for name in ("sqs", "sns", "cloudwatch"))
    dead, other, told = (queues.create_queue(QueueName=name)["QueueUrl"] for name in ("dead", "other", "told"))
    topic = topics.create_topic(Name="failures")["TopicArn"]
    told_arn = queues.get_queue_attributes(QueueUrl=told, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=told_arn)
    for name in ("dead", "other"):
        watch(
            alarms,
            name,
            "QueueName",
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfMessagesVisible",
            Statistic="Maximum",
            EvaluationPeriods=1,
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
        watch(
            alarms,
            name,
            "FunctionName",
            Namespace="Shop",
            MetricName="Errors",
            Statistic="Sum",
            EvaluationPeriods=2,
            DatapointsToAlarm=1,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData=treatment,
        )

    def states() -> dict[str, str]:
        return {alarm["AlarmName"]: alarm["StateValue"] for alarm in alarms.describe_alarms()["MetricAlarms"]}

    assert {"errors": "INSUFFICIENT_DATA", "heartbeat": "ALARM"} == states()
    measured = (("errors", 1), ("another", 1), ("errors", 1), ("heartbeat", 0))
    data = []
    for function, value in measured:
        dimensions = [{"Name": "FunctionName", "Value": function}]
        data.append({"MetricName": "Errors", "Value": value, "Dimensions": dimensions})
    alarms.put_metric_data(Namespace="Shop", MetricData=data)
    assert {"errors": "ALARM", "heartbeat": "ALARM"} == states()  # of the period before, the heartbeat has no data
    alarms.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Others", "Value": 1}])  # all look again
    assert ["ALARM", "INSUFFICIENT_DATA"] == changes(alarms, "errors")


def test_a_queue_is_measured_by_what_its_messages_wait_for(shared: LocalAws) -> None:
    clients, arguments = session(shared), client_arguments(shared)
    queues, alarms = (clients.client(name, **arguments) for name in ("sqs", "cloudwatch"))
    url = queues.create_queue(QueueName="measured", Attributes={"VisibilityTimeout": "900"})["QueueUrl"]
    for number in range(3):
        queues.send_message(QueueUrl=url, MessageBody=str(number))
    queues.receive_message(QueueUrl=url, MaxNumberOfMessages=2)
    queues.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
    watched = {"Namespace": "AWS/SQS", "Statistic": "Maximum", "EvaluationPeriods": 1}
    more_than = {
        "ComparisonOperator": "GreaterThanThreshold",
        "Dimensions": [{"Name": "QueueName", "Value": "measured"}],
    }
    metric = "ApproximateNumberOfMessagesVisible"
    alarms.put_metric_alarm(AlarmName=metric, MetricName=metric, Period=600, Threshold=100, **watched, **more_than)
    deadline = time.monotonic() + HANGS
    while values(alarms, metric) == set():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert {1} == values(alarms, metric)


def test_an_alarm_tells_of_a_function_that_fails_and_of_a_message_that_waits(shared: LocalAws) -> None:
    clients, arguments = session(shared), client_arguments(shared)
    names = ("sqs", "sns", "cloudwatch", "lambda")
    queues, topics, alarms, functions = (clients.client(name, **arguments) for name in names)
    told, waiting = (queues.create_queue(QueueName=name)["QueueUrl"] for name in ("told-of-errors", "waiting"))
    topic = topics.create_topic(Name="errors")["TopicArn"]
    told_arn = queues.get_queue_attributes(QueueUrl=told, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=told_arn)
    for name, code in (("failing", "def handler(event, context): 1 / 0"), ("working", "def handler(*_): ...")):
        functions.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="app.handler",
            Role=f"arn:aws:iam::{shared.account}:role/app",
            Code={"ZipFile": zip_of(code)},
        )
        watch(alarms, name, "FunctionName", **ERRORS, AlarmActions=[topic])
    oldest = {**ERRORS, "Namespace": "AWS/SQS", "MetricName": "ApproximateAgeOfOldestMessage", "Statistic": "Maximum"}
    dimensions = [{"Name": "QueueName", "Value": "waiting"}]
    queues.send_message(QueueUrl=waiting, MessageBody="an order")
    alarms.put_metric_alarm(
        AlarmName="waiting", Dimensions=dimensions, Period=600, Threshold=1, AlarmActions=[topic], **oldest
    )
    for name in ("failing", "working"):
        functions.invoke(FunctionName=name)
    assert {("failing", "ALARM"), ("waiting", "ALARM")} == set(states_told(queues, told, 2))
    assert "OK" == alarms.describe_alarms(AlarmNames=["working"])["MetricAlarms"][0]["StateValue"]
    alarms.delete_alarms(AlarmNames=["failing", "working", "waiting"])


def values(alarms: Any, metric: str) -> set[float]:
    """What was measured of a queue, rounded to periods of an hour."""
    now = datetime.now(UTC)
    statistics = alarms.get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName=metric,
        Dimensions=[{"Name": "QueueName", "Value": "measured"}],
        StartTime=now - timedelta(hours=2),
        EndTime=now + timedelta(hours=2),
        Period=3600,
        Statistics=["Maximum"],
    )
    return {point["Maximum"] for point in statistics["Datapoints"]}
