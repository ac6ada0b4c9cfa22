"""What the AWS on this machine has acknowledged is there after its server was killed, saved or not."""

from __future__ import annotations

import json
import os
import select
import signal
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit, write
from random_cases import in_all_cases
from remit.local import aws
from remit.local.control.clients import client_arguments, session
from remit.local.emulator import emulated
from remit.local.journal import _Replay
from terminals import HANGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
OF_TEXT = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
OF_NUMBERS = {
    "KeySchema": [*KEY["KeySchema"], {"AttributeName": "at", "KeyType": "RANGE"}],
    "AttributeDefinitions": [*OF_TEXT["AttributeDefinitions"], {"AttributeName": "at", "AttributeType": "N"}],
    "BillingMode": "PAY_PER_REQUEST",
}


def client(running: aws.LocalAws, service: str) -> Any:
    return session(running).client(service, **client_arguments(running))


def journal(project: Path) -> Path:
    return project / ".remit/local/state/messages.jsonl"


def killed(project: Path, running: aws.LocalAws) -> None:
    process = os.pidfd_open(running.pid)
    os.kill(running.pid, signal.SIGKILL)
    assert select.select([process], [], [], HANGS)[0]
    os.close(process)
    assert aws.find(project) is None


def restarted(project: Path, running: aws.LocalAws) -> aws.LocalAws:
    """The AWS after its server was killed."""
    killed(project, running)
    return aws.start(project)


def until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + HANGS
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def item(name: str, **attributes: str) -> dict[str, Any]:
    return {"id": {"S": name}, **{key: {"S": value} for key, value in attributes.items()}}


def items(tables: Any, name: str = "orders") -> list[str]:
    """The items of a table, by their keys, each with its attribute v if it has one."""
    found = [found for page in tables.get_paginator("scan").paginate(TableName=name) for found in page["Items"]]
    return sorted(one["id"]["S"] + one.get("v", {"S": ""})["S"] for one in found)


def _updates(tables: Any, name: str) -> None:
    tables.update_item(
        TableName=name,
        Key=item("a"),
        UpdateExpression="SET v = :v",
        ExpressionAttributeValues={":v": {"S": "2"}},
    )


def _deletes(tables: Any, name: str) -> None:
    tables.delete_item(TableName=name, Key=item("a"))


def _conditional(tables: Any, name: str) -> None:
    new = {"TableName": name, "ConditionExpression": "attribute_not_exists(id)"}
    tables.put_item(Item=item("c", v="1"), **new)
    with pytest.raises(tables.exceptions.ConditionalCheckFailedException):
        tables.put_item(Item=item("a", v="9"), **new)


def _batch(tables: Any, name: str) -> None:
    puts = [{"PutRequest": {"Item": item(key, v="3")}} for key in "cd"]
    tables.batch_write_item(RequestItems={name: [*puts, {"DeleteRequest": {"Key": item("b")}}]})


def _transaction(tables: Any, name: str) -> None:
    tables.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": name, "Item": item("c", v="4")}},
            {"Delete": {"TableName": name, "Key": item("a")}},
        ]
    )
    with pytest.raises(tables.exceptions.TransactionCanceledException):
        tables.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": name, "Item": item("d")}},
                {
                    "ConditionCheck": {
                        "TableName": name,
                        "Key": item("a"),
                        "ConditionExpression": "attribute_exists(id)",
                    }
                },
            ]
        )


def _statements(tables: Any, name: str) -> None:
    tables.execute_statement(Statement=f"INSERT INTO {name} VALUE {{'id': 'c', 'v': '5'}}")
    statements = [f"INSERT INTO {name} VALUE {{'id': '{key}'}}" for key in "da"]
    with pytest.raises(tables.exceptions.TransactionCanceledException):
        tables.execute_transaction(TransactStatements=[{"Statement": statement} for statement in statements])


WRITES = {
    _updates: ["a2", "b1"],
    _deletes: ["b1"],
    _conditional: ["a1", "b1", "c1"],
    _batch: ["a1", "c3", "d3"],
    _transaction: ["b1", "c4"],
    _statements: ["a1", "b1", "c5"],
}
"""Each kind of write, and the items of its table after it."""


def _before_the_save(running: aws.LocalAws) -> None:
    tables, parameters = client(running, "dynamodb"), client(running, "ssm")
    for change in WRITES:
        tables.create_table(TableName=change.__name__, **KEY, **OF_TEXT)
        for name in "ab":
            tables.put_item(TableName=change.__name__, Item=item(name, v="1"))
    for name in ("gone", "again", "orders"):
        tables.create_table(TableName=name, **KEY, **OF_TEXT)
        tables.put_item(TableName=name, Item=item("a"))
    for name in ("kept", "gone"):
        parameters.put_parameter(Name=name, Value="1", Type="String")
    url = client(running, "sqs").create_queue(QueueName="work")["QueueUrl"]
    topics, raw = client(running, "sns"), {"RawMessageDelivery": "true"}
    topic = topics.create_topic(Name="news")["TopicArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE, Attributes=raw)
    allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:*", "Resource": QUEUE}
    client(running, "sqs").set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allowed]})}
    )


def _undo_by_a_stack(running: aws.LocalAws) -> None:
    """A change of a table, which an update of its stack undoes."""
    tables, stacks = client(running, "dynamodb"), client(running, "cloudformation")
    for verb, is_protected in (("create", True), ("update", False)):
        table = {"TableName": "of-a-stack", **KEY, **OF_TEXT, "DeletionProtectionEnabled": is_protected}
        resources = {"Orders": {"Type": "AWS::DynamoDB::Table", "Properties": table}}
        getattr(stacks, f"{verb}_stack")(StackName="shop", TemplateBody=json.dumps({"Resources": resources}))
        stacks.get_waiter(f"stack_{verb}_complete").wait(StackName="shop", WaiterConfig={"Delay": 0.02})
        if is_protected:
            tables.update_table(TableName="of-a-stack", DeletionProtectionEnabled=True)


QUEUE = "arn:aws:sqs:us-east-1:000000000000:work"
TAGS = [{"Key": "team", "Value": "shop"}]
STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}


def _change_tables(running: aws.LocalAws) -> None:
    tables = client(running, "dynamodb")
    for name in ("gone", "again"):
        tables.delete_table(TableName=name)
    tables.create_table(TableName="again", **OF_NUMBERS)
    tables.put_item(TableName="again", Item={**item("b"), "at": {"N": "1"}})
    tables.update_table(TableName="orders", DeletionProtectionEnabled=True)
    setting = {"Enabled": True, "AttributeName": "expires"}
    tables.update_time_to_live(TableName="orders", TimeToLiveSpecification=setting)
    arn = tables.describe_table(TableName="orders")["Table"]["TableArn"]
    tables.tag_resource(ResourceArn=arn, Tags=TAGS)
    tables.create_table(TableName="streamed", **KEY, **OF_TEXT, StreamSpecification=STREAM)
    tables.put_item(TableName="streamed", Item=item("a"))


def _change_parameters(running: aws.LocalAws) -> None:
    parameters = client(running, "ssm")
    parameters.put_parameter(Name="kept", Value="2", Type="String", Overwrite=True)
    parameters.label_parameter_version(Name="kept", ParameterVersion=1, Labels=["first"])
    parameters.add_tags_to_resource(ResourceType="Parameter", ResourceId="kept", Tags=TAGS)
    parameters.delete_parameter(Name="gone")


def _write_many(running: aws.LocalAws) -> None:
    tables, parameters = client(running, "dynamodb"), client(running, "ssm")
    tables.create_table(TableName="many", **KEY, **OF_TEXT)
    for number in range(200):
        tables.put_item(TableName="many", Item=item(f"{number:03}"))
        if number % 10 == 0:
            parameters.put_parameter(Name=f"/p/{number:03}", Value=str(number), Type="String")
    client(running, "secretsmanager").create_secret(Name="key", SecretString="s")


def _send_messages(running: aws.LocalAws) -> None:
    queues, topics = client(running, "sqs"), client(running, "sns")
    url = queues.get_queue_url(QueueName="work")["QueueUrl"]
    queues.send_message(QueueUrl=url, MessageBody="alone")
    queues.send_message_batch(QueueUrl=url, Entries=[{"Id": name, "MessageBody": name} for name in ("one", "two")])
    topics.publish(TopicArn=topics.list_topics()["Topics"][0]["TopicArn"], Message="published")


@pytest.fixture(scope="module")
def after_a_kill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    """The clients, by service, of an AWS that was killed after each kind of change since its last save."""
    folder = tmp_path_factory.mktemp("project")
    running = aws.start(folder)
    _before_the_save(running)
    _undo_by_a_stack(running)
    assert aws.save(folder) is None
    for change in WRITES:
        change(client(running, "dynamodb"), change.__name__)
    for changed in (_change_tables, _change_parameters, _write_many, _send_messages):
        changed(running)
    client(running, "dynamodb").update_table(TableName="of-a-stack", DeletionProtectionEnabled=True)
    yield partial(client, restarted(folder, running))
    aws.stop(folder)


def test_of_200_items_and_20_parameters_none_is_missing_after_a_kill(after_a_kill: Callable[[str], Any]) -> None:
    tables, parameters, secrets = (after_a_kill(service) for service in ("dynamodb", "ssm", "secretsmanager"))
    assert [f"{number:03}" for number in range(200)] == items(tables, "many")
    assert 200 == tables.describe_table(TableName="many")["Table"]["ItemCount"]
    pages = parameters.get_paginator("get_parameters_by_path").paginate(Path="/p")
    values = {one["Name"]: one["Value"] for page in pages for one in page["Parameters"]}
    assert {f"/p/{number:03}": str(number) for number in range(0, 200, 10)} == values
    assert "s" == secrets.get_secret_value(SecretId="key")["SecretString"]


@pytest.mark.parametrize("change", WRITES)
def test_every_kind_of_write_is_kept(after_a_kill: Callable[[str], Any], change: Callable[[Any, str], None]) -> None:
    assert WRITES[change] == items(after_a_kill("dynamodb"), change.__name__)


def test_tables_are_kept_as_they_are_made_changed_and_deleted(after_a_kill: Callable[[str], Any]) -> None:
    tables = after_a_kill("dynamodb")
    made = {"again", "many", "of-a-stack", "orders", "streamed", *(change.__name__ for change in WRITES)}
    assert sorted(made) == sorted(tables.list_tables()["TableNames"])
    assert (["b"], ["a"]) == (items(tables, "again"), items(tables))
    table = tables.describe_table(TableName="orders")["Table"]
    assert table["DeletionProtectionEnabled"]
    described = tables.describe_time_to_live(TableName="orders")["TimeToLiveDescription"]
    assert ("ENABLED", "expires") == (described["TimeToLiveStatus"], described["AttributeName"])
    assert TAGS == tables.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]


def test_a_change_is_kept_that_a_stack_had_undone(after_a_kill: Callable[[str], Any]) -> None:
    assert after_a_kill("dynamodb").describe_table(TableName="of-a-stack")["Table"]["DeletionProtectionEnabled"]


def test_parameters_are_kept_with_their_history_labels_and_tags_and_stay_deleted(
    after_a_kill: Callable[[str], Any],
) -> None:
    parameters = after_a_kill("ssm")
    assert "2" == parameters.get_parameter(Name="kept")["Parameter"]["Value"]
    assert "1" == parameters.get_parameter(Name="kept:first")["Parameter"]["Value"]
    assert TAGS == parameters.list_tags_for_resource(ResourceType="Parameter", ResourceId="kept")["TagList"]
    pages = parameters.get_paginator("describe_parameters").paginate()
    names = [one["Name"] for page in pages for one in page["Parameters"]]
    assert ["kept"] == [name for name in names if not name.startswith("/p/")]


def test_a_message_is_kept_whoever_puts_it_into_a_queue(after_a_kill: Callable[[str], Any]) -> None:
    queues = after_a_kill("sqs")
    url = queues.get_queue_url(QueueName="work")["QueueUrl"]
    messages = queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert ["alone", "one", "published", "two"] == sorted(message["Body"] for message in messages)


def test_the_record_of_a_stream_is_kept_with_the_item_that_made_it(after_a_kill: Callable[[str], Any]) -> None:
    arn = after_a_kill("dynamodb").describe_table(TableName="streamed")["Table"]["LatestStreamArn"]
    streams = after_a_kill("dynamodbstreams")
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    start = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    records = streams.get_records(ShardIterator=streams.get_shard_iterator(**start)["ShardIterator"])["Records"]
    assert [item("a")] == [record["dynamodb"]["NewImage"] for record in records]


@in_all_cases
def test_a_line_that_was_cut_off_is_left_out_and_the_next_one_is_not(project: Path) -> None:
    running = aws.start(project)
    tables = client(running, "dynamodb")
    tables.create_table(TableName="orders", **KEY, **OF_TEXT)
    assert aws.save(project) is None
    tables.put_item(TableName="orders", Item=item("a"))
    killed(project, running)
    whole = journal(project).read_bytes()
    journal(project).write_bytes(whole + whole[: len(whole) // 2])  # ends within a line
    running = aws.start(project)
    client(running, "dynamodb").put_item(TableName="orders", Item=item("b"))
    assert ["a", "b"] == items(client(restarted(project, running), "dynamodb"))


def test_a_save_empties_the_journal_and_what_it_had_is_not_put_back_over_newer_changes(project: Path) -> None:
    running = aws.start(project)
    tables = client(running, "dynamodb")
    tables.create_table(TableName="orders", **KEY, **OF_TEXT)
    tables.put_item(TableName="orders", Item=item("a", v="1"))
    assert aws.save(project) is None
    assert [] == list(journal(project).parent.glob("messages.*"))
    tables.put_item(TableName="orders", Item=item("a", v="2"))
    tables.delete_item(TableName="orders", Key=item("a"))
    tables.put_item(TableName="orders", Item=item("b"))
    assert ["b"] == items(client(restarted(project, running), "dynamodb"))


@in_all_cases
def test_a_reset_forgets_what_is_written_down(project: Path) -> None:
    running = aws.start(project)
    client(running, "dynamodb").create_table(TableName="orders", **KEY, **OF_TEXT)
    client(running, "ssm").put_parameter(Name="p", Value="1", Type="String")
    assert aws.reset(project) is not None
    again = restarted(project, running)
    assert [] == client(again, "dynamodb").list_tables()["TableNames"]
    assert [] == client(again, "ssm").describe_parameters()["Parameters"]


@in_all_cases
def test_the_journal_of_an_older_remit_is_read(project: Path) -> None:
    """It has messages alone."""
    running = aws.start(project)
    queues = client(running, "sqs")
    queue = {"QueueUrl": queues.create_queue(QueueName="work")["QueueUrl"]}
    assert aws.save(project) is None
    queues.send_message(**queue, MessageBody="one")
    killed(project, running)
    line = json.loads(journal(project).read_text())
    assert {"queue", "message"} == set(line)
    journal(project).write_text(f"{json.dumps(line)}\n")
    received = client(aws.start(project), "sqs").receive_message(**queue)["Messages"]
    assert ["one"] == [message["Body"] for message in received]


ONCE = """
import os
from remit import App, on

app = App()


@app.job(once=True)
def pay(path):
    with open(path, "a") as ledger:
        ledger.write("paid\\n")


@app.function(on.http(), sends=[pay])
def order(event, context):
    pay.perform_later(event["path"])
"""


@in_all_cases
def test_a_job_that_has_finished_does_not_run_again_after_a_kill(project: Path, tmp_path: Path) -> None:
    """Its message comes again, since nothing has saved that it was deleted."""
    jobs = "from remit import config\nconfig.job.enable = True\n"
    write(project, {"app.py": ONCE, "config/deploy.py": jobs})
    assert 0 == remit("deploy", "--local", "--yes", "--project", str(project)).status
    running = aws.find(project)
    assert running is not None
    (queue,) = [url for url in client(running, "sqs").list_queues()["QueueUrls"] if "ead" not in url]
    # A message that the last save had in flight is invisible as long as the queue says.
    client(running, "sqs").set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    assert aws.save(project) is None
    ledger = tmp_path / "ledger"
    event = json.dumps({"path": str(ledger)})
    assert 0 == remit("invoke", "--local", "order", "--event", event, "--project", str(project)).status
    (table,) = client(running, "dynamodb").list_tables()["TableNames"]
    until(lambda: "finished" in str(client(running, "dynamodb").scan(TableName=table)["Items"]))
    again = restarted(project, running)
    queues = client(again, "sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    until(
        lambda: {"0"} == set(queues.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"].values())
    )
    assert "paid\n" == ledger.read_text()


def test_what_is_there_already_is_not_put_back_a_second_time() -> None:
    arn = "arn:aws:sqs:us-east-1:888877776666:orders"
    queues = emulated("services.sqs")._queues._data
    queues["888877776666", "us-east-1", "orders"] = queue = {"attributes": {"QueueArn": arn}, "messages": [{"id": "a"}]}
    replay = _Replay()
    for name in ("a", "b", "b"):
        replay.put_back({"queue": arn, "message": {"id": name}})
    with pytest.raises(KeyError):
        replay.put_back({"queue": f"{arn}-gone", "message": {"id": "c"}})
    assert [{"id": "a"}, {"id": "b"}] == queue["messages"]
    del queues["888877776666", "us-east-1", "orders"]
