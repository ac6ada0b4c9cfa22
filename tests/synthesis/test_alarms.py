"""The alarms that `config.alarms` gives to functions and queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

import cfn_lint
from every_trigger import APP as EVERY_TRIGGER
from every_trigger import DATA as EVERY_SOURCE
from projects import at
from remit.app import App, Function, Resource
from remit.synthesis.alarms import app_alarms

if TYPE_CHECKING:
    from conftest import Make
    from projects import Project

JOBS = 'config.job.queues = {"urgent": {"alarm": "pager"}}\nconfig.job.enable = True\n'
CONFIG = "from shared.resources.data import Data\nconfig.alarms = Data.alerts\n"
DATA = """
from remit import Shared, resource
class Data(Shared):
    alerts = resource("AWS::SNS::Topic")
    failed = resource("AWS::SQS::Queue")
    orders = resource("AWS::SQS::Queue", redrive_policy={"deadLetterTargetArn": failed.arn, "maxReceiveCount": 3})
    sent = resource("AWS::SQS::Queue")
"""
APP = """
from shared.resources.data import Data
@app.function(on.sqs(Data.orders))
def ingest(event, context): ...
@app.job
def mail(to): ...
@app.job(queue="urgent")
def page(to): ...
"""
ALL = {"app": APP, "shared/resources/data.py": DATA}


def watched(project: Project) -> dict[str, tuple[str, Any]]:
    """The metric that each alarm watches, and whom it tells."""
    alarms = project.resources("AWS::CloudWatch::Alarm")
    return {name: (alarm["MetricName"], alarm["AlarmActions"]) for name, alarm in alarms.items()}


def test_functions_tell_of_errors_and_queues_of_what_failed_or_waits(make: Make) -> None:
    topic = [{"Ref": "DataAlerts"}]
    other = [{"Fn::Sub": "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:pager"}]
    failed, oldest = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
    expected = {
        "IngestAlarm": ("Errors", topic),
        "WorkerDefaultAlarm": ("Errors", topic),
        "WorkerUrgentAlarm": ("Errors", topic),
        "DataFailedAlarm": (failed, topic),
        "DataOrdersAlarm": (oldest, topic),
        "JobDefaultDeadLetterAlarm": (failed, topic),
        "JobDefaultQueueAlarm": (oldest, topic),
        "JobUrgentDeadLetterAlarm": (failed, other),
        "JobUrgentQueueAlarm": (oldest, topic),
    }
    assert expected == watched(make(config=CONFIG + JOBS, **ALL))


ALARMS: Final = {
    # "Types of metrics for Lambda functions", "Available CloudWatch metrics for Amazon SQS"
    "HelloAlarm": (
        "AWS/Lambda", "Errors", "FunctionName", "${HelloFunction}", "Sum", 300, 1, "The function hello failed",
    ),
    "OrdersAlarm": (
        "AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "${OrdersQueue.QueueName}", "Maximum", 300, 3600,
        "A message has waited an hour in the queue OrdersQueue",
    ),
    "FailedAlarm": (
        "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${Failed.QueueName}", "Maximum", 60, 1,
        "A message failed for good: it is in the queue Failed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "sending",
    [
        Resource("Other", "AWS::SQS::Queue", {"RedrivePolicy": {"deadLetterTargetArn": "${Failed.Arn}"}}),
        Resource("Rule", "AWS::Events::Rule", {"Targets": [{"DeadLetterConfig": {"Arn": "${Failed.Arn}"}}]}),
        Resource("On", "AWS::Lambda::EventSourceMapping", {"DestinationConfig": {"OnFailure": "${Failed.Arn}"}}),
    ],
)
def test_an_alarm_is_on_while_one_period_reaches_what_its_metric_may_not(sending: Resource) -> None:
    hello = Function("hello", "Hello", "app.hello", {})
    queues = [Resource(name, "AWS::SQS::Queue", {}) for name in ("OrdersQueue", "Failed", "Idle")]
    mapping = Resource("Reads", "AWS::Lambda::EventSourceMapping", {"EventSourceArn": "${OrdersQueue.Arn}"})
    made = app_alarms(App("shop", "dev", (hello,)), [*queues, mapping, sending], "arn:topic")
    expected = {
        name.replace("OrdersAlarm", "OrdersQueueAlarm"): {
            "AlarmDescription": description, "Namespace": namespace, "MetricName": metric,
            "Dimensions": [{"Name": dimension, "Value": value}], "Statistic": statistic, "Period": seconds,
            "EvaluationPeriods": 1, "Threshold": threshold, "TreatMissingData": "notBreaching",
            "ComparisonOperator": "GreaterThanOrEqualToThreshold", "AlarmActions": ["arn:topic"],
        }
        for name, (namespace, metric, dimension, value, statistic, seconds, threshold, description) in ALARMS.items()
    }  # fmt: skip
    assert expected == {alarm.logical_id: alarm.properties for alarm in made}


def test_a_queue_of_what_failed_tells_so_also_where_a_function_reads_it() -> None:
    queue = Resource("Failed", "AWS::SQS::Queue", {})
    sending = Resource("Other", "AWS::SQS::Queue", {"RedrivePolicy": {"deadLetterTargetArn": "${Failed.Arn}"}})
    mapping = Resource("Reads", "AWS::Lambda::EventSourceMapping", {"EventSourceArn": "${Failed.Arn}"})
    (alarm,) = app_alarms(App("shop", "dev", ()), [queue, sending, mapping], "arn:topic")
    assert ("FailedAlarm", "ApproximateNumberOfMessagesVisible") == (alarm.logical_id, alarm.properties["MetricName"])


def test_every_trigger_and_its_alarms_are_as_cloudformation_takes_them(make: Make) -> None:
    files = {"app.py": EVERY_TRIGGER, "shared/resources/data.py": EVERY_SOURCE}
    project = make(config="config.alarms = 'pager'\n", **files)
    template = project.folder / "template.json"
    template.write_text(project.built().body)
    functions = {f"{function.logical_id}Alarm" for function in project.load().functions}
    queues = {"DataFailedAlarm", "DataOrdersAlarm", "DataOrdersInOrderAlarm", "ArchiveDataNewsTopicQueueAlarm"}
    assert functions | queues == set(project.resources("AWS::CloudWatch::Alarm"))
    assert [] == cfn_lint.findings(template)


def test_no_alarm_is_made_without_the_setting(make: Make) -> None:
    assert {} == watched(make(config=JOBS.replace('{"alarm": "pager"}', "{}"), **ALL))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("7", "`config.alarms` must be an SNS topic, got int '7'"),
        ('"a topic"', "`config.alarms` is 'a topic', which is no SNS topic"),
        ('"alerts.fifo"', "`config.alarms` is 'alerts.fifo', which is no SNS topic"),
    ],
)
def test_what_is_no_topic_is_told_at_its_line(make: Make, written: str, said: str) -> None:
    error = make(config=f"config.alarms = {written}\n").error()
    assert said in error.message
    assert at(error).startswith("config/deploy.py:")
