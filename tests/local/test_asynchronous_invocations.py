"""What nobody waits for is tried again when it fails, and what came of it goes to destinations and dead letters."""

from __future__ import annotations

import base64
import gzip
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from remit.local.control.clients import client_arguments, session
from remit.local.control.server_commands import accesses
from terminals import HANGS
from zips import zip_of

if TYPE_CHECKING:
    from remit.local.state_files import LocalAws

PLACE = "us-east-1:000000000000"
RESULTS = f"arn:aws:sqs:{PLACE}:results"
HANDLER = """
def handler(event, context):
    if event == "fail" or "Records" in event or "awslogs" in event:
        raise ValueError("no")
    return {"made": event}
"""
MAY_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True, slots=True)
class Account:
    """An account with a queue `results`, and a role `may` and `may-not`."""

    aws: LocalAws

    def client(self, service: str) -> Any:
        client: Any = session(self.aws).client
        return client(service, **client_arguments(self.aws))

    def function(self, name: str, role: str = "may", **options: Any) -> str:
        """The ARN of a new function."""
        made = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="app.handler",
            Role=f"arn:aws:iam::000000000000:role/{role}",
            Code={"ZipFile": zip_of(HANDLER)},
            Publish=True,
            **options,
        )
        return str(made["FunctionArn"]).removesuffix(":1")

    def send(self, name: str, event: Any, **options: str) -> str:
        """The id of an invocation that is not waited for."""
        answer = self.client("lambda").invoke(
            FunctionName=name, InvocationType="Event", Payload=json.dumps(event), **options
        )
        return str(answer["ResponseMetadata"]["RequestId"])

    def configure(self, name: str, retries: int = 0, qualifier: str = "", **destinations: str) -> None:
        options = {"Qualifier": qualifier} if qualifier else {}
        self.client("lambda").put_function_event_invoke_config(
            FunctionName=name,
            MaximumRetryAttempts=retries,
            DestinationConfig={kind: {"Destination": arn} for kind, arn in destinations.items()},
            **options,
        )

    def received(self) -> dict[str, Any]:
        """The next message of the queue `results`."""
        queue = self.client("sqs")
        url = queue.get_queue_url(QueueName="results")["QueueUrl"]
        (message,) = queue.receive_message(QueueUrl=url, WaitTimeSeconds=20, MessageAttributeNames=["All"])["Messages"]
        queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return dict(message)


@pytest.fixture(scope="module")
def account(shared: LocalAws) -> Account:
    here = Account(shared)
    iam = here.client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    for name in ("may", "may-not"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    iam.put_role_policy(RoleName="may", PolicyName="all", PolicyDocument=json.dumps({"Statement": [MAY_ALL]}))
    here.client("sqs").create_queue(QueueName="results")
    return here


def test_a_success_goes_to_its_destination(account: Account) -> None:
    arn = account.function("succeeds")
    account.configure("succeeds", OnSuccess=RESULTS)
    account.send("succeeds", "tea")
    record = json.loads(account.received()["Body"])
    context = record["requestContext"]
    assert (f"{arn}:$LATEST", "Success", 1) == tuple(
        context[name] for name in ("functionArn", "condition", "approximateInvokeCount")
    )
    assert ("tea", {"made": "tea"}) == (record["requestPayload"], record["responsePayload"])
    assert {"statusCode": 200, "executedVersion": "$LATEST"} == record["responseContext"]


def test_a_failure_is_tried_again_and_goes_to_its_destination_under_one_id(account: Account) -> None:
    account.function("fails")
    account.configure("fails", retries=1, OnFailure=RESULTS)
    account.send("fails", "fail")
    record = json.loads(account.received()["Body"])
    context = record["requestContext"]
    assert ("RetriesExhausted", 2) == (context["condition"], context["approximateInvokeCount"])
    assert "ValueError" == record["responsePayload"]["errorType"]
    events = account.client("logs").filter_log_events(logGroupName="/aws/lambda/fails")["events"]
    starts = [event["message"].split()[2] for event in events if event["message"].startswith("START")]
    assert [context["requestId"]] * 2 == starts


def test_a_dead_letter_is_the_event_itself_with_the_error_beside_it(account: Account) -> None:
    account.function("dies", DeadLetterConfig={"TargetArn": RESULTS})
    account.configure("dies")
    account.send("dies", "fail")
    letter = account.received()
    assert '"fail"' == letter["Body"]
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert ("no", "200") == (attributes["ErrorMessage"], attributes["ErrorCode"])
    types = {name: value["DataType"] for name, value in letter["MessageAttributes"].items()}
    assert {"RequestID": "String", "ErrorCode": "Number", "ErrorMessage": "String"} == types


def test_an_alias_has_destinations_of_its_own(account: Account) -> None:
    arn = account.function("published")
    account.client("lambda").create_alias(FunctionName="published", Name="live", FunctionVersion="1")
    account.configure("published", qualifier="live", OnSuccess=RESULTS)
    account.send("published", "plain")
    account.send("published", "aliased", Qualifier="live")
    record = json.loads(account.received()["Body"])
    assert (f"{arn}:live", "aliased") == (record["requestContext"]["functionArn"], record["requestPayload"])
    assert "1" == record["responseContext"]["executedVersion"]


def test_what_a_topic_and_an_event_bus_send_is_tried_again_and_has_destinations_too(account: Account) -> None:
    arn = account.function("subscribed")
    account.configure("subscribed", retries=1, OnFailure=RESULTS, OnSuccess=RESULTS)
    sns = account.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    for service in ("sns", "events"):
        principal = {"StatementId": service, "Principal": f"{service}.amazonaws.com"}
        account.client("lambda").add_permission(FunctionName="subscribed", Action="lambda:InvokeFunction", **principal)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="hello")
    record = json.loads(account.received()["Body"])
    assert "hello" == record["requestPayload"]["Records"][0]["Sns"]["Message"]
    assert 2 == record["requestContext"]["approximateInvokeCount"]
    events = account.client("events")
    events.put_rule(Name="orders", EventPattern=json.dumps({"source": ["shop"]}))
    events.put_targets(Rule="orders", Targets=[{"Id": "function", "Arn": arn}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": "{}"}])
    record = json.loads(account.received()["Body"])
    assert ("Success", "order") == (record["requestContext"]["condition"], record["requestPayload"]["detail-type"])


def test_lines_of_a_log_group_are_tried_again_too_at_the_alias_that_the_filter_names(account: Account) -> None:
    arn = account.function("watches")
    account.client("lambda").create_alias(FunctionName="watches", Name="live", FunctionVersion="1")
    account.configure("watches", retries=1, qualifier="live", OnFailure=RESULTS)
    permission = {"StatementId": "logs", "Action": "lambda:InvokeFunction", "Principal": "logs.amazonaws.com"}
    account.client("lambda").add_permission(FunctionName="watches", Qualifier="live", **permission)
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/busy")
    logs.create_log_stream(logGroupName="/busy", logStreamName="one")
    logs.put_subscription_filter(
        logGroupName="/busy", filterName="errors", filterPattern="ERROR", destinationArn=f"{arn}:live"
    )
    events = [{"timestamp": int(1000 * time.time()), "message": message} for message in ("fine", "ERROR: no tea")]
    logs.put_log_events(logGroupName="/busy", logStreamName="one", logEvents=events)
    record = json.loads(account.received()["Body"])
    lines = json.loads(gzip.decompress(base64.b64decode(record["requestPayload"]["awslogs"]["data"])))
    assert ["ERROR: no tea"] == [event["message"] for event in lines["logEvents"]]
    context = record["requestContext"]
    assert (f"{arn}:live", 2) == (context["functionArn"], context["approximateInvokeCount"])
    account.client("lambda").remove_permission(FunctionName="watches", Qualifier="live", StatementId="logs")
    logs.put_log_events(logGroupName="/busy", logStreamName="one", logEvents=events)
    for _ in range(20 * HANGS):
        denied = [access for access in accesses(account.aws)[1] if access.resource == f"{arn}:live"]
        if [access.decision for access in denied] == ["denied"]:
            break
        time.sleep(0.05)
    else:
        pytest.fail("CloudWatch Logs still invokes a function that it may not")


def test_topics_buses_functions_and_buckets_are_destinations(account: Account) -> None:
    """Each hands on to the queue, but for the bucket, which keeps the record."""
    queue = account.client("sqs")
    url = queue.get_queue_url(QueueName="results")["QueueUrl"]
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": RESULTS}
    queue.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps({"Statement": [everybody]})})
    topic = account.client("sns").create_topic(Name="outcomes")["TopicArn"]
    account.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=RESULTS)
    events = account.client("events")
    bus = events.create_event_bus(Name="outcomes")["EventBusArn"]
    events.put_rule(Name="all", EventBusName="outcomes", EventPattern=json.dumps({"source": ["lambda"]}))
    events.put_targets(Rule="all", EventBusName="outcomes", Targets=[{"Id": "queue", "Arn": RESULTS}])
    account.client("s3").create_bucket(Bucket="outcomes")
    next_function = account.function("next")
    account.configure("next", OnSuccess=RESULTS)
    account.function("first")
    bodies = {}
    for name, destination in (("topic", topic), ("bus", bus), ("function", next_function)):
        account.configure("first", OnSuccess=destination)
        account.send("first", name)
        bodies[name] = json.loads(account.received()["Body"])
    assert "topic" == json.loads(bodies["topic"]["Message"])["requestPayload"]
    assert "Lambda Function Invocation Result - Success" == bodies["bus"]["detail-type"]
    assert "bus" == bodies["bus"]["detail"]["requestPayload"]
    assert "function" == bodies["function"]["requestPayload"]["requestPayload"]
    account.configure("first", OnFailure="arn:aws:s3:::outcomes")
    account.send("first", "fail")
    objects = until(lambda: account.client("s3").list_objects_v2(Bucket="outcomes").get("Contents"))
    assert objects[0]["Key"].startswith("aws/lambda/async/first/")


def test_a_destination_that_the_functions_role_may_not_use_gets_nothing_and_it_is_said(account: Account) -> None:
    closed = f"arn:aws:sqs:{PLACE}:closed"
    account.client("sqs").create_queue(QueueName="closed")
    account.function("poor", role="may-not")
    account.configure("poor", OnSuccess=closed)
    last, _ = accesses(account.aws)
    account.send("poor", "tea")

    def denied() -> list[str]:
        records = accesses(account.aws, last)[1]
        return [
            record.resource for record in records if (record.action, record.decision) == ("sqs:SendMessage", "denied")
        ]

    assert [closed] == until(denied)


def until(fact: Any) -> Any:
    """What a fact comes to, which is waited for."""
    deadline = time.monotonic() + HANGS
    while time.monotonic() < deadline:
        value = fact()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(fact)
