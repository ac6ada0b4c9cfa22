"""Options of triggers, each fired on the AWS on this machine: what reaches a handler, and what must not.

`tests/local/test_triggers_fire.py` has one way of each trigger for every `make test`.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from projects import remit, write
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DATA = """
from remit import Shared, resource


class Data(Shared):
    photos = resource("AWS::S3::Bucket")
    news = resource("AWS::SNS::Topic")
    ledger = resource("AWS::SNS::Topic", topic_name="ledger.fifo", fifo_topic=True, content_based_deduplication=True)
    entries = resource("AWS::SQS::Queue", queue_name="entries.fifo", fifo_queue=True, visibility_timeout=30,
                       content_based_deduplication=True)
    entered = resource("AWS::SNS::Subscription", protocol="sqs", topic_arn=ledger.ref, endpoint=entries.arn,
                       raw_message_delivery=True)
    may_enter = resource("AWS::SQS::QueuePolicy", queues=[entries.ref], policy_document={
        "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": entries.arn,
                       "Principal": {"Service": "sns.amazonaws.com"},
                       "Condition": {"ArnEquals": {"aws:SourceArn": ledger.ref}}}]})
    dead = resource("AWS::SQS::Queue", queue_name="dead.fifo", fifo_queue=True)
    groups = resource("AWS::SQS::Queue", queue_name="groups.fifo", fifo_queue=True, visibility_timeout=3,
                      content_based_deduplication=True,
                      redrive_policy={"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2})
    bus = resource("AWS::Events::EventBus", name="shop")
    lines = resource("AWS::Logs::LogGroup", log_group_name="/shop/json")
"""
APP = """
import json

import boto3
from remit import App, grants, on
from shared.resources.data import Data

app = App()


def see(event):
    print("SEEN " + json.dumps(event, default=str))


@app.function(on.s3(Data.photos, prefix="in/", suffix=".jpg"), policy=[grants.s3.put(Data.photos, "out/*")],
              environment={{"BUCKET": Data.photos.ref}})
def added(event, context):
    import os

    (record,) = event["Records"]
    see(record["s3"]["object"]["key"])
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key="out/copy.jpg", Body=b"x")


@app.function(on.s3(Data.photos, events=["s3:ObjectRemoved:*"], prefix="in/"))
def removed(event, context): see([item["s3"]["object"]["key"] for item in event["Records"]])


@app.function(on.s3(Data.photos, events=["s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"], prefix="out/"))
def copied(event, context): see([item["s3"]["object"]["key"] for item in event["Records"]])


@app.function(
    on.sns(
        Data.news, filter={{"kind": ["order"], "total": [{{"numeric": [">=", 5]}}]}}, filter_scope="MessageBody"
    )
)
def by_body(event, context): see([item["Sns"]["Message"] for item in event["Records"]])


@app.function(on.sns(Data.news, filter={{"region": [{{"prefix": "eu-"}}], "test": [{{"exists": False}}]}}))
def by_attribute(event, context): see([item["Sns"]["Message"] for item in event["Records"]])


@app.function(on.sqs(Data.entries), timeout=5)
def enter(event, context): see([item["body"] for item in event["Records"]])


@app.function(on.sqs(Data.groups, batch_size=10, report_failures=True), timeout=3)
def in_groups(event, context):
    see([item["body"] for item in event["Records"]])
    bodies = [item["body"] for item in event["Records"]]
    first = next((place for place, body in enumerate(bodies) if "bad" in body), len(bodies))
    return {{"batchItemFailures": [{{"itemIdentifier": item["messageId"]}} for item in event["Records"][first:]]}}


@app.function(on.event(source="shop", detail={{"state": [{{"anything-but": ["test"]}}], "id": [{{"prefix": "A"}}]}}))
def by_prefix(event, context): see(event["detail"])


@app.function(on.event(source="shop", detail={{"coupon": [{{"exists": True}}]}}, bus=Data.bus))
def by_presence(event, context): see(event["detail"])


@app.function(on.event(source="shop", detail={{"file": [{{"wildcard": "*/in/*.csv"}}]}}, bus=Data.bus))
def by_wildcard(event, context): see(event["detail"])


@app.function(on.event(source="shop", detail_type=["Paid"], detail={{"total": [{{"numeric": [">", 0, "<=", 10]}}]}},
                       bus=Data.bus, input={{"only": "this"}}))
def with_input(event, context): see(event)


@app.function(on.schedule("cron({minute} {hour} * * ? *)", timezone="Asia/Kolkata", input={{"by": "cron"}}))
def by_cron(event, context): see(event)


@app.function(on.logs(Data.lines, '{{ $.level = "error" && $.code > 499 }}'))
def on_errors(event, context):
    import base64
    import gzip

    lines = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))["logEvents"]
    see([line["message"] for line in lines])


@app.function(on.iot("SELECT temperature AS t FROM 'rooms/+/air' WHERE temperature > 30"))
def too_warm(event, context): see(event)
"""


class Fired:
    """The deployed app: its clients, its resources, and what its handlers saw."""

    def __init__(self, running: aws.LocalAws) -> None:
        clients, arguments = session(running), client_arguments(running)
        self.client: Callable[[str], Any] = cache(lambda service: clients.client(service, **arguments))
        resources = self.client("cloudformation").describe_stack_resources(StackName="variants-dev")["StackResources"]
        self.ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}

    def seen(self, function: str) -> list[Any]:
        group = f"/aws/lambda/variants-dev-{function}"
        events = self.client("logs").filter_log_events(logGroupName=group)["events"]
        lines = [event["message"].strip() for event in events]
        return [json.loads(line.removeprefix("SEEN ")) for line in lines if line.startswith("SEEN ")]

    def until(self, function: str, enough: Callable[[list[Any]], bool] = bool) -> list[Any]:
        deadline = time.monotonic() + HANGS
        while not enough(events := self.seen(function)):
            assert time.monotonic() < deadline, (function, events)
            time.sleep(0.2)
        return events

    def messages(self, queue: str) -> list[str]:
        deadline = time.monotonic() + HANGS
        while not (found := self.client("sqs").receive_message(QueueUrl=self.ids[queue]).get("Messages", [])):
            assert time.monotonic() < deadline, queue
            time.sleep(0.2)
        return [message["Body"] for message in found]


@pytest.fixture(scope="module")
def fired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fired]:
    folder: Path = tmp_path_factory.mktemp("variants") / "variants"
    folder.mkdir()
    soon = (datetime.now(UTC) + timedelta(minutes=2)).astimezone(ZoneInfo("Asia/Kolkata"))
    app = APP.format(minute=soon.minute, hour=soon.hour)
    write(folder, {"app.py": app, "shared/resources/data.py": DATA})
    running = aws.start(folder)
    ran = remit("deploy", "--local", "--yes", "-C", str(folder))
    assert ran.status == 0, ran.out + ran.err
    yield Fired(running)
    aws.stop(folder)


def test_a_bucket_tells_of_objects_by_prefix_suffix_and_event_and_of_what_its_function_writes(fired: Fired) -> None:
    storage, bucket = fired.client("s3"), fired.ids["DataPhotos"]
    for key in ("in/a.jpg", "in/a.png", "other/a.jpg"):
        storage.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert ["in/a.jpg"] == fired.until("added")
    assert [["out/copy.jpg"]] == fired.until("copied")
    storage.copy_object(Bucket=bucket, Key="out/b.jpg", CopySource=f"{bucket}/in/a.png")
    assert [["out/copy.jpg"], ["out/b.jpg"]] == fired.until("copied", lambda events: len(events) > 1)
    storage.delete_object(Bucket=bucket, Key="other/a.jpg")
    storage.delete_object(Bucket=bucket, Key="in/a.png")
    assert [["in/a.png"]] == fired.until("removed")


def test_a_topic_filters_by_body_and_by_attributes(fired: Fired) -> None:
    topics, topic = fired.client("sns"), fired.ids["DataNews"]
    for kind, total in (("note", 9), ("order", 4), ("order", 5)):
        topics.publish(TopicArn=topic, Message=json.dumps({"kind": kind, "total": total}))
    assert [['{"kind": "order", "total": 5}']] == fired.until("by_body")
    for region, test in (("us-east-1", None), ("eu-west-1", "yes"), ("eu-west-1", None)):
        attributes = {"region": {"DataType": "String", "StringValue": region}}
        if test:
            attributes["test"] = {"DataType": "String", "StringValue": test}
        topics.publish(TopicArn=topic, Message=f"{region} {test}", MessageAttributes=attributes)
    assert [["eu-west-1 None"]] == fired.until("by_attribute")


def test_a_fifo_topic_keeps_the_order_of_a_group_through_its_queue(fired: Fired) -> None:
    for number in range(4):
        fired.client("sns").publish(TopicArn=fired.ids["DataLedger"], Message=str(number), MessageGroupId="a")
    events = fired.until("enter", lambda events: sum(map(len, events)) == 4)
    assert ["0", "1", "2", "3"] == [body for bodies in events for body in bodies]


def test_a_message_that_fails_holds_up_its_group_alone_until_it_is_a_dead_letter(fired: Fired) -> None:
    queues, url = fired.client("sqs"), fired.ids["DataGroups"]
    for group, body in (("a", "a1"), ("a", "a2 bad"), ("a", "a3"), ("b", "b1")):
        queues.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group)
    assert ["a2 bad"] == fired.messages("DataDead")
    events = fired.until("in_groups", lambda events: any(bodies == ["a3"] or bodies[-1] == "a3" for bodies in events))
    bodies = [body for event in events for body in event]
    assert {"a1", "a2 bad", "a3", "b1"} == set(bodies)
    assert bodies.index("a1") < bodies.index("a2 bad") < len(bodies) - 1 - bodies[::-1].index("a3")


def test_events_are_chosen_by_their_details(fired: Fired) -> None:
    events = fired.client("events")

    def send(detail: dict[str, Any], bus: str, detail_type: str = "Placed") -> None:
        entry = {"Source": "shop", "DetailType": detail_type, "Detail": json.dumps(detail), "EventBusName": bus}
        assert 0 == events.put_events(Entries=[entry])["FailedEntryCount"]

    for state, number in (("test", "A1"), ("paid", "B1"), ("paid", "A1")):
        send({"state": state, "id": number}, "default")
    send({"total": 1}, "shop")
    send({"coupon": "X"}, "shop")
    for file in ("a/out/b.csv", "a/in/b.txt", "a/in/b.csv"):
        send({"file": file}, "shop")
    for detail_type, total in (("Placed", 5), ("Paid", 0), ("Paid", 11), ("Paid", 10)):
        send({"total": total}, "shop", detail_type)
    assert [{"state": "paid", "id": "A1"}] == fired.until("by_prefix")
    assert [{"coupon": "X"}] == fired.until("by_presence")
    assert [{"file": "a/in/b.csv"}] == fired.until("by_wildcard")
    assert [{"only": "this"}] == fired.until("with_input")


def test_lines_and_messages_of_devices_are_chosen_by_what_is_in_them(fired: Fired) -> None:
    logs = fired.client("logs")
    logs.create_log_stream(logGroupName="/shop/json", logStreamName="a")
    lines = [{"level": level, "code": code} for level, code in (("info", 500), ("error", 404), ("error", 503))]
    now = int(time.time() * 1000)
    written = [{"timestamp": now, "message": json.dumps(line)} for line in lines]
    logs.put_log_events(logGroupName="/shop/json", logStreamName="a", logEvents=written)
    assert [['{"level": "error", "code": 503}']] == fired.until("on_errors")
    for room, temperature in (("kitchen", 20), ("attic", 31)):
        payload = json.dumps({"temperature": temperature})
        fired.client("iot-data").publish(topic=f"rooms/{room}/air", payload=payload)
    assert [{"t": 31}] == fired.until("too_warm")


def test_a_cron_of_another_time_zone_runs_its_function(fired: Fired) -> None:
    assert [{"by": "cron"}] == fired.until("by_cron")
