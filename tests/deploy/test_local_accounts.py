"""What other accounts have for an app, made on the AWS of this machine from `config/local/`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from projects import remit, write
from random_cases import cases_of, in_all_cases
from remit.local import aws

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARN = "arn:aws:{}:us-east-1:111122223333:{}"
QUEUE, TOPIC, TABLE = ARN.format("sqs", "theirs"), ARN.format("sns", "news"), ARN.format("dynamodb", "table/people")
KEY = ARN.format("kms", "alias/theirs")
APP = f"""
import boto3
from remit import App, grants

app = App()

CALLS = {{
    "queue": ("sqs", "send_message", {{
        "QueueUrl": "https://sqs.us-east-1.amazonaws.com/111122223333/theirs", "MessageBody": "x",
    }}),
    "topic": ("sns", "publish", {{"TopicArn": "{TOPIC}", "Message": "x"}}),
    "key": ("kms", "encrypt", {{"KeyId": "{KEY}", "Plaintext": b"x"}}),
    "table": ("dynamodb", "put_item", {{"TableName": "{TABLE}", "Item": {{"id": {{"S": "1"}}}}}}),
}}


@app.function(
    policy=[
        grants.sqs.send("{QUEUE}"), grants.sns.publish("{TOPIC}"), grants.dynamodb.put("{TABLE}"),
        grants.kms.encrypt("{KEY}"),
    ]
)
def call(event, context):
    said = {{}}
    for name, (service, operation, arguments) in CALLS.items():
        try:
            getattr(boto3.client(service), operation)(**arguments)
            said[name] = "answered"
        except Exception as error:
            said[name] = str(error).rpartition(" because ")[2]
    return said
"""


def allowing(action: str, resource: str) -> dict[str, Any]:
    """A policy that lets the app's account do one thing."""
    statement = {"Effect": "Allow", "Principal": {"AWS": "000000000000"}, "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def template(*, queue: bool = True, topic: bool = True, table: bool = True, key: bool = True) -> str:
    """A queue, a topic, a table and a key, which let the app use them, or not."""
    attributes = [{"AttributeName": "id", "AttributeType": "S"}]
    owner = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
    of_key = allowing("kms:Encrypt" if key else "kms:Verify", "*")
    alias = {"AliasName": "alias/theirs", "TargetKeyId": {"Ref": "Key"}}
    of_key["Statement"] = [owner, *of_key["Statement"]]
    people = {
        "TableName": "people",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": attributes,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    }
    if table:
        people["ResourcePolicy"] = {"PolicyDocument": allowing("dynamodb:PutItem", TABLE)}
    resources: dict[str, object] = {
        "Theirs": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "theirs"}},
        "News": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "news"}},
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": of_key}},
        "Alias": {"Type": "AWS::KMS::Alias", "Properties": alias},
        "People": {"Type": "AWS::DynamoDB::Table", "Properties": people},
    }
    if queue:
        policy = {"Queues": [{"Ref": "Theirs"}], "PolicyDocument": allowing("sqs:SendMessage", QUEUE)}
        resources["TheirsPolicy"] = {"Type": "AWS::SQS::QueuePolicy", "Properties": policy}
    if topic:
        policy = {"Topics": [{"Ref": "News"}], "PolicyDocument": allowing("sns:Publish", TOPIC)}
        resources["NewsPolicy"] = {"Type": "AWS::SNS::TopicPolicy", "Properties": policy}
    return json.dumps({"Resources": resources})


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    write(tmp_path, {"app.py": APP})
    yield tmp_path
    aws.stop(tmp_path)


def answers(project: Path) -> dict[str, str]:
    """What the function is told by each of the three, after a deploy."""
    deployed = remit("deploy", "--local", "--yes", "-C", str(project))
    assert deployed.status == 0, deployed.err
    answer: dict[str, str] = json.loads(remit("invoke", "call", "--local", "-C", str(project)).out)
    return answer


def test_functions_use_what_other_accounts_let_them(project: Path) -> None:
    refused = {
        "queue": "sqs:SendMessage", "topic": "sns:Publish", "key": "kms:Encrypt", "table": "dynamodb:PutItem",
    }  # fmt: skip
    words = {name: f"no resource-based policy allows the {action} action" for name, action in refused.items()}
    before = answers(project)
    assert before.pop("key").endswith(f"Key {KEY} not found")
    assert before == {name: words[name] for name in before}
    write(project, {"config/local/111122223333.json": template()})
    assert dict.fromkeys(refused, "answered") == answers(project)
    for name in cases_of(tuple(refused), 1):
        write(project, {"config/local/111122223333.json": template(**{name: False})})
        assert {**dict.fromkeys(refused, "answered"), name: words[name]} == answers(project)


CANNOT_BE_MADE = (
    ("theirs.yaml", "Resources: {}", "'theirs.yaml' is not the name of another account's template", 2),
    ("000000000000.yaml", "Resources: {}", "'000000000000.yaml' is not the name of another account's template", 2),
    ("111122223333.yaml", "Resources: [", "config/local/111122223333.yaml:2:1", 2),
    ("111122223333.yaml", "- a", "this is no template", 2),
    (
        "111122223333.yaml",
        "Resources: {Q: {Type: 'AWS::SQS::Queue', Properties: {Colour: red}}}",
        "extraneous key [Colour] is not permitted",
        1,
    ),
)


@in_all_cases
def test_what_cannot_be_made_is_told_with_its_file(project: Path) -> None:
    for name, text, said, status in CANNOT_BE_MADE:
        write(project, {f"config/local/{name}": text})
        deployed = remit("deploy", "--local", "--yes", "-C", str(project))
        assert (status, True) == (deployed.status, said in deployed.err), deployed.err
        (project / "config" / "local" / name).unlink()
