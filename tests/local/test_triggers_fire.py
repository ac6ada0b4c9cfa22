"""Every trigger that the AWS on this machine can fire: deployed for real, set off, and its handler seen."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from projects import remit, write
from random_cases import in_all_cases
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DATA = """
from remit import Shared, resource


class Data(Shared):
    uploads = resource("AWS::S3::Bucket")
    news = resource("AWS::SNS::Topic")
    bus = resource("AWS::Events::EventBus", name="shop")
    dead = resource("AWS::SQS::Queue")
    orders = resource(
        "AWS::SQS::Queue", visibility_timeout=12, redrive_policy={"deadLetterTargetArn": dead.arn, "maxReceiveCount": 1}
    )
    in_order = resource("AWS::SQS::Queue", queue_name="orders.fifo", fifo_queue=True, visibility_timeout=30,
                        content_based_deduplication=True)
    table = resource(
        "AWS::DynamoDB::Table",
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[{"AttributeName": "id", "AttributeType": "S"}],
        key_schema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    clicks = resource("AWS::Kinesis::Stream", shard_count=1)
    readings = resource("AWS::Kinesis::Stream", shard_count=1)
    given_up = resource("AWS::SQS::Queue")
    failures = resource("AWS::S3::Bucket")
    group = resource("AWS::Logs::LogGroup", log_group_name="/shop/web")
    users = resource("AWS::Cognito::UserPool")
    archive = resource("AWS::Events::Archive", source_arn=bus.arn)
"""
APP = """
import json

import boto3
from remit import App, grants, on
from shared.resources.data import Data

app = App()


def see(event):
    print("SEEN " + json.dumps(event, default=str))


@app.function(
    on.s3(Data.uploads, prefix="in/"), policy=[grants.s3.read(Data.uploads, "in/*")],
    environment={{"BUCKET": Data.uploads.ref}},
)
def thumbnail(event, context):
    import os

    (record,) = event["Records"]
    body = boto3.client("s3").get_object(Bucket=os.environ["BUCKET"], Key=record["s3"]["object"]["key"])["Body"].read()
    see({{"read": body.decode(), **event}})


@app.function(on.s3("theirs", suffix=".jpg"))
def theirs(event, context): see(event)


@app.function(on.sns(Data.news, filter={{"kind": ["new"]}}))
def notify(event, context): see(event)


@app.function(on.sns(Data.news, raw=True))
def raw(event, context): see(event)


@app.function(on.event(source="shop", detail={{"total": [{{"numeric": [">", 5]}}]}}))
def default_bus(event, context): see(event)


@app.function(on.event(source="shop", bus=Data.bus))
def own_bus(event, context): see(event)


@app.function(on.schedule("rate(1 minute)", input={{"by": "rate"}}))
def every_minute(event, context): see(event)


@app.function(on.schedule("at({at})", timezone="Pacific/Kiritimati", input={{"by": "at"}}))
def once(event, context): see(event)


@app.function(on.sqs(Data.orders, filter={{"body": {{"kind": ["order"]}}}}, report_failures=True), timeout=10)
def ingest(event, context):
    see(event)
    failed = [item for item in event["Records"] if "bad" in item["body"]]
    misnamed = [{{"itemIdentifier": ""}} for item in event["Records"] if "misnamed" in item["body"]]
    return {{"batchItemFailures": [*misnamed, *({{"itemIdentifier": item["messageId"]}} for item in failed)]}}


@app.function(on.sqs(Data.in_order), timeout=30)
def ingest_in_order(event, context): see(event)


@app.function(on.dynamodb(Data.table, filter={{"eventName": ["INSERT"]}}))
def follow(event, context): see(event)


@app.function(on.kinesis(Data.clicks, starting_position="TRIM_HORIZON"))
def count(event, context): see(event)


@app.function(on.kinesis(Data.clicks, fan_out=True, starting_position="TRIM_HORIZON"))
def count_apart(event, context): see(event)


@app.function(
    on.kinesis(
        Data.readings, batch_size=100, bisect_batch=True, retries=0, on_failure=Data.given_up,
        starting_position="TRIM_HORIZON",
    )
)
def measure(event, context):
    import base64

    readings = [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]
    see(readings)
    if "bad" in readings:
        raise ValueError("a bad reading")


@app.function(
    on.dynamodb(
        Data.table, filter={{"eventName": ["MODIFY"]}}, report_failures=True, retries=1, on_failure=Data.failures
    )
)
def follow_changes(event, context):
    states = [record["dynamodb"]["NewImage"]["state"]["S"] for record in event["Records"]]
    see(states)
    failed = [record for record, state in zip(event["Records"], states) if state == "bad"]
    return {{"batchItemFailures": [{{"itemIdentifier": item["dynamodb"]["SequenceNumber"]}} for item in failed]}}


@app.function(durable=60)
def approve(event, context):
    # As the SDK of durable functions does it: note that it waits, end, and go on from there when it is run again.
    operations = event["InitialExecutionState"]["Operations"]
    waits = [item["Status"] for item in operations if item["Type"] == "WAIT"]
    see({{"waits": waits}})
    if waits:
        return {{"Status": "SUCCEEDED", "Result": operations[0]["ExecutionDetails"]["InputPayload"]}}
    waiting = {{"Id": "a", "Type": "WAIT", "Action": "START", "WaitOptions": {{"WaitSeconds": 1}}}}
    place = {{"DurableExecutionArn": event["DurableExecutionArn"], "CheckpointToken": event["CheckpointToken"]}}
    boto3.client("lambda").checkpoint_durable_execution(**place, Updates=[waiting])
    return {{"Status": "PENDING"}}


@app.function(durable=60)
def ask(event, context):
    operations = event["InitialExecutionState"]["Operations"]
    answers = [item for item in operations if item["Type"] == "CALLBACK"]
    if answers:
        see({{"answer": answers[0]["Status"], "result": answers[0]["CallbackDetails"].get("Result")}})
        return {{"Status": "SUCCEEDED", "Result": "{{}}"}}
    waiting = {{"Id": "a", "Type": "CALLBACK", "Action": "START", "CallbackOptions": {{"TimeoutSeconds": 50}}}}
    place = {{"DurableExecutionArn": event["DurableExecutionArn"], "CheckpointToken": event["CheckpointToken"]}}
    checkpoint = boto3.client("lambda").checkpoint_durable_execution(**place, Updates=[waiting])
    (callback,) = [item for item in checkpoint["NewExecutionState"]["Operations"] if item["Type"] == "CALLBACK"]
    see({{"callback": callback["CallbackDetails"]["CallbackId"]}})
    return {{"Status": "PENDING"}}


@app.function(policy=[grants.lambda_.answer("orders-dev-ask")])
def decide(event, context):
    functions = boto3.client("lambda")
    functions.send_durable_execution_callback_heartbeat(CallbackId=event["callback"])
    if event["approved"]:
        functions.send_durable_execution_callback_success(CallbackId=event["callback"], Result=b'"yes"')
    else:
        functions.send_durable_execution_callback_failure(CallbackId=event["callback"])


@app.function()
def intrude(event, context):
    boto3.client("lambda").send_durable_execution_callback_success(CallbackId=event["callback"])


@app.function(on.logs(Data.group, "ERROR"), alias="live")
def alert(event, context): see({{"called": context.invoked_function_arn, **event}})


@app.function(on.iot("SELECT * FROM 'devices/+/state'"))
def track(event, context): see(event)


@app.function(
    on.cognito(Data.users, "PreSignUp"), policy=[grants.allow("cognito-idp:AdminGetUser", on=Data.users)],
    alias="live",
)
def greet(event, context):
    see({{"called": context.invoked_function_arn, **event}})
    event["response"]["autoConfirmUser"] = True
    return event
"""
AGAIN_SECONDS = 20.0
PAUSES = (0.05, 0.05, 0.1, 0.1, 0.2, 0.2, 0.5)
"""Seconds between two looks at what a handler has seen; the last one again and again."""


class Cloud:
    """The deployed app: its clients, its resources, when its one schedule is due, and what its handlers saw."""

    def __init__(self, folder: Path, running: aws.LocalAws, deployed: str, at: str) -> None:
        self.folder = folder
        clients, arguments = session(running), client_arguments(running)
        self.client: Callable[[str], Any] = cache(lambda service: clients.client(service, **arguments))
        self.deployed = deployed
        self.at = at
        resources = self.client("cloudformation").describe_stack_resources(StackName="orders-dev")["StackResources"]
        self.ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}

    def seen(self, function: str) -> list[dict[str, Any]]:
        """The events that a handler has seen so far, oldest first."""
        logs = self.client("logs")
        group = f"/aws/lambda/orders-dev-{function}"
        events = logs.filter_log_events(logGroupName=group)["events"]
        lines = [event["message"].strip() for event in events]
        return [json.loads(line.removeprefix("SEEN ")) for line in lines if line.startswith("SEEN ")]

    def until(self, function: str, enough: Callable[[list[dict[str, Any]]], bool] = bool) -> list[dict[str, Any]]:
        """What a handler has seen, once it is enough."""
        deadline = time.monotonic() + HANGS
        for pause in chain(PAUSES, repeat(PAUSES[-1])):
            if enough(events := self.seen(function)):
                return events
            assert time.monotonic() < deadline, (function, events)
            time.sleep(pause)
        raise AssertionError

    def messages(self, queue: str) -> list[str]:
        """The messages of a queue, once there are some."""
        deadline = time.monotonic() + HANGS
        while not (messages := self.client("sqs").receive_message(QueueUrl=self.ids[queue]).get("Messages", [])):
            assert time.monotonic() < deadline, queue
            time.sleep(0.2)
        for message in messages:
            self.client("sqs").delete_message(QueueUrl=self.ids[queue], ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]

    def sent_until_seen(self, send: Callable[[], None], *functions: str) -> list[list[dict[str, Any]]]:
        """What handlers have seen of what is sent, again after a while: the emulator delivers once, busy or not."""
        deadline = time.monotonic() + HANGS
        while True:
            send()
            patience = time.monotonic() + AGAIN_SECONDS
            while time.monotonic() < patience:
                events = [self.seen(function) for function in functions]
                if all(events):
                    return events
                time.sleep(0.05)
            assert time.monotonic() < deadline, functions


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The app, deployed to an AWS of its own a minute ago; one schedule is due, by the clock of its time zone."""
    folder: Path = tmp_path_factory.mktemp("fire") / "orders"
    folder.mkdir()
    in_a_minute = datetime.now(UTC) + timedelta(minutes=1)
    at = in_a_minute.astimezone(ZoneInfo("Pacific/Kiritimati")).strftime("%Y-%m-%dT%H:%M:%S")
    write(folder, {"app.py": APP.format(at=at), "shared/resources/data.py": DATA})
    running = aws.start(folder)
    clients = session(running)
    storage = clients.client("s3", **client_arguments(running))
    storage.create_bucket(Bucket="theirs")
    storage.put_bucket_notification_configuration(
        Bucket="theirs", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    ran = remit("deploy", "--local", "--yes", "-C", str(folder))
    assert ran.status == 0, ran.out + ran.err
    yield Cloud(folder, a_minute_later(folder), ran.out + ran.err, at)
    aws.stop(folder)


def a_minute_later(folder: Path) -> aws.LocalAws:
    """The AWS of the app, started again with all of its schedules made a minute earlier."""
    aws.stop(folder)
    kept = folder / ".remit/local/state/services/scheduler.json"
    state = json.loads(kept.read_text())
    for schedule in state["payload"]["schedules"]["data"].values():
        schedule["CreationDate"] -= 60
        if schedule["ScheduleExpression"].startswith("at("):
            at = datetime.fromisoformat(schedule["ScheduleExpression"][3:-1]) - timedelta(minutes=1)
            schedule["ScheduleExpression"] = f"at({at.isoformat()})"
    kept.write_text(json.dumps(state))
    return aws.start(folder)


def test_an_object_in_the_apps_bucket_runs_the_function_that_reads_it(cloud: Cloud) -> None:
    storage = cloud.client("s3")
    storage.put_object(Bucket=cloud.ids["DataUploads"], Key="out/b", Body=b"other")
    storage.put_object(Bucket=cloud.ids["DataUploads"], Key="in/a", Body=b"hello")
    (event,) = cloud.until("thumbnail")
    assert ("hello", "in/a") == (event["read"], event["Records"][0]["s3"]["object"]["key"])


def test_the_example_that_is_sent_names_the_bucket_that_is_deployed(cloud: Cloud) -> None:
    cloud.client("s3").put_object(Bucket=cloud.ids["DataUploads"], Key="in/example", Body=b"sample")
    ran = remit("invoke", "thumbnail", "--local", "--json", "--example", "s3", "-C", str(cloud.folder))
    assert (0, False) == (ran.status, json.loads(ran.out)["failed"]), ran.out


def test_an_object_in_a_bucket_that_exists_already_runs_its_function_through_eventbridge(cloud: Cloud) -> None:
    storage = cloud.client("s3")

    def send() -> None:
        storage.put_object(Bucket="theirs", Key="a.png", Body=b"")
        storage.put_object(Bucket="theirs", Key="a.jpg", Body=b"")

    (events,) = cloud.sent_until_seen(send, "theirs")
    assert {("Object Created", "a.jpg")} == {
        (event["detail-type"], event["detail"]["object"]["key"]) for event in events
    }


def test_a_message_that_the_filter_of_a_subscription_lets_through_runs_its_function(cloud: Cloud) -> None:
    topic = cloud.client("sns")
    for kind in ("old", "new"):
        attribute = {"kind": {"DataType": "String", "StringValue": kind}}
        topic.publish(TopicArn=cloud.ids["DataNews"], Message=kind, MessageAttributes=attribute)
    (event,) = cloud.until("notify")
    assert "new" == event["Records"][0]["Sns"]["Message"]
    events = cloud.until("raw", lambda events: len(events) == 2)
    assert ["new", "old"] == sorted(record["body"] for event in events for record in event["Records"])


def test_events_on_the_default_bus_and_on_one_of_the_apps_run_their_functions(cloud: Cloud) -> None:
    events = cloud.client("events")

    def send() -> None:
        for total in (5, 6):
            entry = {"Source": "shop", "DetailType": "Order placed", "Detail": json.dumps({"total": total})}
            events.put_events(Entries=[entry, {**entry, "EventBusName": "shop"}])

    on_default_bus, on_own_bus = cloud.sent_until_seen(send, "default_bus", "own_bus")
    assert {6} == {event["detail"]["total"] for event in on_default_bus}
    assert {5, 6} >= {event["detail"]["total"] for event in on_own_bus}


def test_a_queue_runs_its_function_and_what_fails_goes_to_the_dead_letters(cloud: Cloud) -> None:
    queues, queue = cloud.client("sqs"), cloud.ids["DataOrders"]

    def bodies(events: list[dict[str, Any]]) -> set[str]:
        return {record["body"] for event in events for record in event["Records"]}

    for body in ({"kind": "note"}, {"kind": "order"}):
        queues.send_message(QueueUrl=queue, MessageBody=json.dumps(body))
    cloud.until("ingest")
    # What fails comes again when it is visible.
    queues.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    queues.send_message(QueueUrl=queue, MessageBody='{"kind": "order", "state": "bad"}')
    events = cloud.until("ingest", lambda events: len(bodies(events)) == 2)
    assert {'{"kind": "order"}', '{"kind": "order", "state": "bad"}'} == bodies(events)
    assert ['{"kind": "order", "state": "bad"}'] == cloud.messages("DataDead")


def test_a_failure_that_is_reported_under_no_name_fails_its_batch(cloud: Cloud) -> None:
    body = '{"kind": "order", "state": "misnamed"}'
    queues, queue = cloud.client("sqs"), cloud.ids["DataOrders"]
    queues.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    queues.send_message(QueueUrl=queue, MessageBody=body)
    assert cloud.until("ingest", lambda events: any("misnamed" in str(event) for event in events))
    assert [body] == cloud.messages("DataDead")


def test_a_fifo_queue_runs_its_function_in_order(cloud: Cloud) -> None:
    queues = cloud.client("sqs")
    for number in range(3):
        queues.send_message(QueueUrl=cloud.ids["DataInOrder"], MessageBody=str(number), MessageGroupId="a")

    def bodies(events: list[dict[str, Any]]) -> list[str]:
        return [record["body"] for event in events for record in event["Records"]]

    events = cloud.until("ingest_in_order", lambda events: len(bodies(events)) == 3)
    assert ["0", "1", "2"] == bodies(events)


def test_a_new_item_of_a_table_runs_its_function(cloud: Cloud) -> None:
    table, key = cloud.client("dynamodb"), {"id": {"S": "1"}}
    table.put_item(TableName=cloud.ids["DataTable"], Item=key)
    table.delete_item(TableName=cloud.ids["DataTable"], Key=key)
    (event,) = cloud.until("follow")
    assert [("INSERT", key)] == [(record["eventName"], record["dynamodb"]["Keys"]) for record in event["Records"]]


def test_a_record_of_a_stream_runs_its_functions_with_and_without_a_consumer_of_their_own(cloud: Cloud) -> None:
    cloud.client("kinesis").put_record(StreamName=cloud.ids["DataClicks"], Data=b"click", PartitionKey="a")
    for function in ("count", "count_apart"):
        (event,) = cloud.until(function)
        assert ["Y2xpY2s="] == [record["kinesis"]["data"] for record in event["Records"]]


def test_a_batch_that_fails_is_halved_until_the_record_that_fails_is_alone_and_its_place_goes_to_the_queue(
    cloud: Cloud,
) -> None:
    readings = [{"Data": text.encode(), "PartitionKey": "a"} for text in ("1", "bad", "3", "4")]
    written = cloud.client("kinesis").put_records(StreamName=cloud.ids["DataReadings"], Records=readings)["Records"]
    events = cloud.until("measure", lambda events: any("4" in texts and "bad" not in texts for texts in events))
    assert ["bad"] in events
    assert {"1", "3", "4"} == {text for texts in events if "bad" not in texts for text in texts}
    (message,) = cloud.messages("DataGivenUp")
    document = json.loads(message)
    place = document["KinesisBatchInfo"]
    expected = (1, written[1]["SequenceNumber"], "shardId-000000000000", "RetryAttemptsExhausted")
    assert expected == (
        place["batchSize"], place["startSequenceNumber"], place["shardId"], document["requestContext"]["condition"],
    )  # fmt: skip


def test_changes_that_a_function_says_to_have_failed_come_again_and_then_go_to_the_bucket(cloud: Cloud) -> None:
    table = cloud.client("dynamodb")
    item = {"id": {"S": "changes"}}
    for state in ("new", "good", "bad", "better"):
        table.put_item(TableName=cloud.ids["DataTable"], Item={**item, "state": {"S": state}})
    storage = cloud.client("s3")
    deadline = time.monotonic() + HANGS
    while not (objects := storage.list_objects_v2(Bucket=cloud.ids["DataFailures"]).get("Contents", [])):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    with storage.get_object(Bucket=cloud.ids["DataFailures"], Key=objects[0]["Key"])["Body"] as body:
        document = json.loads(body.read())
    (change, *_) = json.loads(document["payload"])["Records"]
    assert "bad" == change["dynamodb"]["NewImage"]["state"]["S"]
    assert 2 == document["requestContext"]["approximateInvokeCount"]
    seen = cloud.until("follow_changes")
    assert 2 == sum("bad" in states for states in seen)


def test_a_line_of_a_log_group_runs_its_function(cloud: Cloud) -> None:
    logs = cloud.client("logs")
    logs.create_log_stream(logGroupName="/shop/web", logStreamName="a")
    lines = [{"timestamp": int(time.time() * 1000), "message": text} for text in ("all is well", "ERROR: disk full")]
    logs.put_log_events(logGroupName="/shop/web", logStreamName="a", logEvents=lines)
    (event,) = cloud.until("alert")
    assert ("function:orders-dev-alert:live", ["data"]) == (event["called"][-30:], list(event["awslogs"]))


def test_a_message_of_a_device_runs_its_function(cloud: Cloud) -> None:
    devices = cloud.client("iot-data")

    def send() -> None:
        devices.publish(topic="devices/7/state", payload=json.dumps({"on": True}))

    (events,) = cloud.sent_until_seen(send, "track")
    assert {"on": True} == events[0]


def test_a_sign_up_runs_its_function(cloud: Cloud) -> None:
    pools = cloud.client("cognito-idp")
    client = pools.create_user_pool_client(UserPoolId=cloud.ids["DataUsers"], ClientName="shop")["UserPoolClient"]
    answer = pools.sign_up(ClientId=client["ClientId"], Username="ann", Password="Secret-123")  # noqa: S106 - nobody's
    assert answer["UserConfirmed"]
    (event,) = cloud.until("greet")
    assert ("PreSignUp_SignUp", "ann") == (event["triggerSource"], event["userName"])
    assert "function:orders-dev-greet:live" == event["called"][-30:]


def test_a_durable_function_waits_and_goes_on_from_its_checkpoint_under_its_role(cloud: Cloud) -> None:
    ran = remit("invoke", "approve", "--local", "--json", "--event", '{"order": 7}', "-C", str(cloud.folder))
    assert (0, {"order": 7}) == (ran.status, json.loads(ran.out)["answer"]), ran.err
    assert [{"waits": []}, {"waits": ["SUCCEEDED"]}] == cloud.until("approve", lambda events: len(events) > 1)


def test_a_durable_function_goes_on_with_the_answer_of_whoever_may_give_it(cloud: Cloud) -> None:
    functions = cloud.client("lambda")

    def invoke(function: str, event: dict[str, Any]) -> str:
        answer = functions.invoke(FunctionName=f"orders-dev-{function}", Payload=json.dumps(event))
        with answer["Payload"] as payload:
            return str(payload.read().decode())

    for place, (approved, outcome) in enumerate(((True, "SUCCEEDED"), (False, "FAILED"))):
        functions.invoke(FunctionName="orders-dev-ask", Qualifier="1", InvocationType="Event", Payload=b"{}")
        events = cloud.until("ask", lambda events, first=2 * place: len(events) > first)  # type: ignore[misc]
        callback = events[2 * place]["callback"]
        assert "AccessDenied" in invoke("intrude", {"callback": callback})
        assert "null" == invoke("decide", {"callback": callback, "approved": approved})
        events = cloud.until("ask", lambda events, both=2 * place + 1: len(events) > both)  # type: ignore[misc]
        assert outcome == events[2 * place + 1]["answer"]


def test_a_resource_of_a_type_that_is_not_simulated_is_left_out_and_said(cloud: Cloud) -> None:
    line = next(line for line in cloud.deployed.splitlines() if "DataArchive" in line and "CREATE_COMPLETE" in line)
    assert line.endswith("AWS::Events::Archive  DataArchive  not simulated here")


@in_all_cases
def test_nothing_changes_when_the_same_app_is_deployed_again(cloud: Cloud) -> None:
    """Neither roles that name a bucket nor those of schedules look as if somebody had changed them by hand."""
    # The tests above shortened it by hand, and this AWS has the schedule of `once` a minute earlier than the app says.
    cloud.client("sqs").set_queue_attributes(QueueUrl=cloud.ids["DataOrders"], Attributes={"VisibilityTimeout": "12"})
    scheduler = cloud.client("scheduler")
    (name,) = [known["Name"] for known in scheduler.list_schedules()["Schedules"] if "OnceScheduled" in known["Name"]]
    schedule = scheduler.get_schedule(Name=name)
    kept = {field: schedule[field] for field in ("FlexibleTimeWindow", "ScheduleExpressionTimezone", "Target")}
    scheduler.update_schedule(
        Name=name, Description=schedule["Description"], ScheduleExpression=f"at({cloud.at})", **kept
    )
    ran = remit("deploy", "--local", "--yes", "-C", str(cloud.folder))
    assert (0, True) == (ran.status, ran.err.endswith(": no changes\n")), ran.out + ran.err


def test_a_time_of_another_time_zone_runs_its_function_once(cloud: Cloud) -> None:
    assert [{"by": "at"}] == cloud.until("once")


def test_a_rate_runs_its_function_each_minute(cloud: Cloud) -> None:
    assert {"by": "rate"} == cloud.until("every_minute")[0]
