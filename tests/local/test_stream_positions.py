"""What is written right after a start, a restart or a deploy runs its function: Lambda skips no record of a source."""

from __future__ import annotations

import importlib
import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit, write
from random_cases import in_all_cases
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from remit.local.control.server_commands import keep_data, put_data_back
from remit.local.event_sources import streams as stream_reading
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """
from remit import configure

with configure() as config:
    config.lambda_.function.timeout = {timeout}
    config.lambda_.function.environment = {{"LEDGER": {ledger!r}}}
"""
SHARED = """
from remit import Shared, resource


class Data(Shared):
    items = resource(
        "AWS::DynamoDB::Table",
        TableName="items",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    clicks = resource("AWS::Kinesis::Stream", Name="clicks", ShardCount=1)
    orders = resource("AWS::SQS::Queue", QueueName="orders")
"""
APP = """
import base64
import os
import time

from remit import App, aws, grants, on
from shared.resources.data import Data

app = App()


def note(source, texts):
    with open(os.environ["LEDGER"], "a") as ledger:
        for text in texts:
            ledger.write(f"{source} {text}\\n")


@app.function(on.dynamodb(Data.items))
def of_table(event, context):
    if event["Records"][0]["dynamodb"]["Keys"]["id"]["S"] == "slow":
        note("table", ["begins"])
        while not os.path.exists(os.environ["LEDGER"] + ".go"):
            time.sleep(0.05)
    note("table", [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]])


@app.function(on.kinesis(Data.clicks))
def of_stream(event, context):
    texts = [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]
    if "slow" in texts:
        note("stream", ["begins"])
        while not os.path.exists(os.environ["LEDGER"] + ".go-stream"):
            time.sleep(0.05)
    note("stream", texts)


PAST = f"arn:aws:kinesis:{aws.region}:{aws.account}:stream/past-*"


@app.function(policy=[grants.kinesis.read(PAST), grants.allow("kinesis:DescribeStream", on=PAST)])
def of_past(event, context):
    note("past", [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]])


@app.function(on.sqs(Data.orders))
def of_queue(event, context):
    note("queue", [record["body"] for record in event["Records"]])
"""


def deploy(folder: Path, timeout: int) -> None:
    ledger = folder.parent / "ledger"
    config = CONFIG.format(ledger=str(ledger), timeout=timeout)
    write(folder, {"app.py": APP, "shared/resources/data.py": SHARED, "config/deploy.py": config})
    deployed = remit("deploy", "--local", "--yes", "-C", str(folder))
    assert 0 == deployed.status, deployed.err


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An app with a table, a stream and a queue, each of which runs a function."""
    folder = tmp_path_factory.mktemp("streams") / "records"
    folder.mkdir()
    yield folder
    aws.stop(folder)


def client(folder: Path, service: str) -> Any:
    running = aws.find(folder)
    assert running is not None
    return session(running).client(service, **client_arguments(running))


def put(folder: Path, *names: str) -> None:
    """Write something into each source."""
    for name in names:
        client(folder, "dynamodb").put_item(TableName="items", Item={"id": {"S": name}})
        client(folder, "kinesis").put_record(StreamName="clicks", Data=name.encode(), PartitionKey="1")
        queue = client(folder, "sqs").get_queue_url(QueueName="orders")["QueueUrl"]
        client(folder, "sqs").send_message(QueueUrl=queue, MessageBody=name)


def is_delivered(folder: Path, name: str) -> bool:
    """Whether each source has run its function with what was written."""
    return is_noted(folder, {f"table {name}", f"stream {name}", f"queue {name}"})


def is_noted(folder: Path, expected: set[str]) -> bool:
    """Wait until the functions have noted these lines."""
    ledger = folder.parent / "ledger"
    deadline = time.monotonic() + HANGS
    while time.monotonic() < deadline:
        if ledger.exists() and expected <= set(ledger.read_text().splitlines()):
            return True
        time.sleep(0.1)
    return False


@in_all_cases
def test_no_record_is_skipped_after_a_deploy_or_a_restart(project: Path) -> None:
    deploy(project, timeout=29)
    put(project, "after-a-deploy", "another")
    assert is_delivered(project, "after-a-deploy")
    assert is_delivered(project, "another")
    aws.stop(project)
    aws.start(project)
    put(project, "after-a-restart")
    assert is_delivered(project, "after-a-restart")
    deploy(project, timeout=30)
    put(project, "after-a-redeploy")
    assert is_delivered(project, "after-a-redeploy")
    put(project, "before-a-stop")
    aws.stop(project)
    aws.start(project)
    assert is_delivered(project, "before-a-stop")


def test_no_record_is_skipped_after_the_data_of_tests_is_put_back(project: Path) -> None:
    deploy(project, timeout=30)
    running = aws.find(project)
    assert running is not None
    keep_data(running)
    put(project, "of-a-test")
    assert is_delivered(project, "of-a-test")
    put_data_back(running)
    put(project, "of-another-test")
    assert is_delivered(project, "of-another-test")


def test_a_function_that_takes_long_holds_up_no_other_source(project: Path) -> None:
    client(project, "dynamodb").put_item(TableName="items", Item={"id": {"S": "slow"}})
    assert is_noted(project, {"table begins"})
    client(project, "kinesis").put_record(StreamName="clicks", Data=b"meanwhile", PartitionKey="1")
    queue = client(project, "sqs").get_queue_url(QueueName="orders")["QueueUrl"]
    client(project, "sqs").send_message(QueueUrl=queue, MessageBody="meanwhile")
    assert is_noted(project, {"stream meanwhile", "queue meanwhile"})
    (project.parent / "ledger.go").touch()
    assert is_noted(project, {"table slow"})


def test_no_position_in_a_stream_is_behind_its_last_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that was killed may have saved how far it had read, and not what."""
    place = ("000000000000", "us-east-1", "mapping")
    source = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks"
    shards = {"full": {"records": ["a", "b"]}, "empty": {"records": []}}
    streams = SimpleNamespace(get_scoped=lambda *_: {"shards": shards})
    loaded = importlib.import_module("ministack.services.kinesis")  # anew, where other tests took it away
    monkeypatch.setattr(loaded, "_streams", streams)
    positions = {"full": 1, "empty": 7, "gone": 3}
    functions = SimpleNamespace(
        _dynamodb_stream_positions=SimpleNamespace(_data={}),
        _kinesis_positions=SimpleNamespace(_data={place: positions}),
    )
    stream_reading._end_at_the_last_record(functions, place, source)
    assert {"full": 1, "empty": 0, "gone": 3} == positions
    in_tables = {place: 5}
    functions._dynamodb_stream_positions._data = in_tables
    source = "arn:aws:dynamodb:us-east-1:000000000000:table/none/stream/1"
    stream_reading._end_at_the_last_record(functions, place, source)
    assert {place: 0} == in_tables


@pytest.mark.parametrize("made_by", ["call", "stack"])
def test_a_mapping_that_starts_at_a_time_reads_what_came_since(project: Path, made_by: str) -> None:
    kinesis, name = client(project, "kinesis"), f"past-{made_by}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    for text in ("before", "since"):
        kinesis.put_record(StreamName=name, Data=f"{made_by} {text}".encode(), PartitionKey="1")
        time.sleep(0.01)  # the times of records have milliseconds
    iterator = kinesis.get_shard_iterator(
        StreamName=name, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    _, since = kinesis.get_records(ShardIterator=iterator)["Records"]
    mapping = {
        "EventSourceArn": kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"],
        "FunctionName": "records-dev-of_past",
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": since["ApproximateArrivalTimestamp"],
    }
    if made_by == "call":
        client(project, "lambda").create_event_source_mapping(**mapping)
    else:
        mapping["StartingPositionTimestamp"] = mapping["StartingPositionTimestamp"].timestamp()
        resources = {"Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping}}
        template = json.dumps({"Resources": resources})
        client(project, "cloudformation").create_stack(StackName="past", TemplateBody=template)
    assert is_noted(project, {f"past {made_by} since"})
    assert f"past {made_by} before" not in (project.parent / "ledger").read_text().splitlines()
